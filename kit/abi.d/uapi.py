#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""uapi.py HEADER FACTS: does HEADER hold the user ABI that FACTS lists?

FACTS has one fact a line:
  MACRO name = dec (hex) type=T      MACRO name = "text" type=string
  MACROFN name(argument) = dec       ENUM tag name = dec
  ENUMTYPE tag size=N                STRUCT m64|m32 name size=N align=N
  FIELD m64|m32 struct.member off=N size=N type=T
with T one of u1 u2 u4 u8 s4 (bytes), T[n], T[] and "struct X"; a member that
is "<anon union@N>" stands for an unnamed union at offset N.

Each fact becomes a static assertion on a source line of its own, which
"#line" gives the number of the fact: the compiler then names every fact that
does not hold, in both data models, and nothing needs to be run.  The other
direction, names that are in the header and in no fact, comes from the
preprocessor (macros) and from clang's syntax tree (types, members,
enumerators).  Last, the header has to compile alone, twice in one unit, in
the dialects of C and C++ that user space has.

Prints one "ok"/"not ok" line a check; exit status 1 if one is "not ok".
"""
import json
import re
import subprocess
import sys

CC = ["gcc", "-x", "c", "-std=gnu11", "-w", "-fmax-errors=0", "-fsyntax-only"]
CLANG = ["clang", "-x", "c", "-std=gnu11", "-w", "-fsyntax-only"]
DEFS = ["-D__user="]
# gcc -m32 finds the 64-bit asm/ directory only when told
MODELS = {"m64": ["-m64"], "m32": ["-m32", "-idirafter", "/usr/include/x86_64-linux-gnu"]}
DIALECTS = {
    "C90": ["gcc", "-x", "c", "-std=c90", "-Wall", "-Wextra", "-Werror"],
    "C11": ["gcc", "-x", "c", "-std=gnu11", "-Wall", "-Wextra", "-Werror"],
    "C11 (clang)": ["clang", "-x", "c", "-std=gnu11", "-Wall", "-Wextra", "-Werror"],
    "C++14": ["clang", "-x", "c++", "-std=gnu++14", "-Wall", "-Wextra", "-Werror"],
    "C++20": ["clang", "-x", "c++", "-std=gnu++20", "-Wall", "-Wextra", "-Werror"],
}
CTYPE = {"u1": "__u8", "u2": "__u16", "u4": "__u32", "u8": "__u64", "s4": "__s32"}
MACRO_TYPE = {"int": "int", "unsigned": "unsigned int"}
ANON = re.compile(r"<anon (union|struct)@(\d+)>$")

class Report:
    """TAP-like lines on stdout."""
    def __init__(self):
        self.bad = 0

    def line(self, good, what, details=()):
        print("%s uapi: %s" % ("ok" if good else "not ok", what))
        for d in details:
            print("#   " + d)
        self.bad += not good

def compile_text(cmd, text):
    return subprocess.run(cmd + DEFS + ["-"], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)

def c_type(code):
    """Spelling in C of a type code, (base, suffix) of a declarator."""
    m = re.match(r"(.*?)(\[\d*\])$", code)
    base, dims = (m.group(1), m.group(2)) if m else (code, "")
    m = re.match(r"ptr\((.*)\)$", base)
    if m:
        return c_type(m.group(1)) + " *" + dims
    return CTYPE.get(base, base) + dims

def field_assert(struct, member, off, size, code):
    obj = "((struct %s *)0)->%s" % (struct, member)
    tests = ["__builtin_offsetof(struct %s, %s) == %s" % (struct, member, off),
             "__builtin_types_compatible_p(__typeof__(%s), %s)" % (obj, c_type(code))]
    if not code.endswith("[]"):     # a flexible array has no size
        tests.append("sizeof(%s) == %s" % (obj, size))
    return " && ".join(tests)

def assertion(fact, model, unions):
    """C condition of a fact, or None when it is none of this data model."""
    kind, rest = fact.split(" ", 1)
    if kind == "MACRO":
        m = re.match(r'(\w+) = (".*") type=string$', rest)
        if m:
            return ("sizeof(%s) == sizeof(%s) && !__builtin_strcmp(%s, %s)" %
                    (m.group(1), m.group(2), m.group(1), m.group(2)))
        m = re.match(r"(\w+) = (-?\d+) \(0x[0-9a-f]+\) type=(\w+)$", rest)
        return ("(%s) == (%s) && __builtin_types_compatible_p(__typeof__(%s), %s)" %
                (m.group(1), c_number(m.group(2)), m.group(1), MACRO_TYPE[m.group(3)]))
    if kind == "MACROFN":
        m = re.match(r"(\w+\(\w+\)) = (-?\d+)$", rest)
        return "(long long)(%s) == %sLL" % m.groups()
    if kind == "ENUM":
        m = re.match(r"(\S+) (\w+) = (-?\d+)$", rest)
        return "%s == (%s)" % m.groups()[1:]
    if kind == "ENUMTYPE":
        m = re.match(r"(\w+) size=(\d+)$", rest)
        return "sizeof(enum %s) == %s" % m.groups()
    if not rest.startswith(model + " "):
        return None
    rest = rest[len(model) + 1:]
    if kind == "STRUCT":
        m = re.match(r"(\w+) size=(\d+) align=(\d+)$", rest)
        return ("sizeof(struct %s) == %s && _Alignof(struct %s) == %s" %
                (m.group(1), m.group(2), m.group(1), m.group(3)))
    if kind != "FIELD":
        sys.exit("unknown kind of fact: " + fact)
    m = re.match(r"(\w+)\.(.+?) off=(\d+) size=(\d+)(?: type=(.*))?$", rest)
    struct, member, off, size, code = m.groups()
    if not ANON.match(member):
        return field_assert(struct, member, off, size, code)
    # the members of the unnamed union, as the compiler sees them
    for names in unions.get(struct, ()):
        sizes = ["sizeof(((struct %s *)0)->%s)" % (struct, n) for n in names]
        tests = ["__builtin_offsetof(struct %s, %s) == %s" % (struct, n, off) for n in names]
        tests.append("(%s)" % " || ".join("%s == %s" % (s, size) for s in sizes))
        return " && ".join(tests)
    return "0"

def c_number(text):
    return "-2147483647 - 1" if text == "-2147483648" else text

def check_facts(rep, header, facts, model, unions):
    src = ['#include "%s"' % header]
    count = 0
    for n, fact in enumerate(facts, 1):
        cond = assertion(fact, model, unions)
        if cond is None:
            continue
        count += 1
        src += ['#line %d "facts"' % n, '_Static_assert(%s, "does not hold");' % cond]
    r = compile_text(CC + MODELS[model], "\n".join(src) + "\n")
    wrong = {int(n) for n in re.findall(r"^facts:(\d+):(?:\d+:)? error", r.stderr, re.M)}
    details = [facts[n - 1] for n in sorted(wrong)]
    if r.returncode and not wrong:      # the header itself does not compile
        details = r.stderr.splitlines()[:10]
    rep.line(r.returncode == 0, "%d facts hold in data model %s" % (count, model), details)

def header_macros(header):
    """Names of the macros that the header itself defines."""
    def names(text):
        r = compile_text(["gcc", "-x", "c", "-std=gnu11", "-E", "-dM"], text)
        return set(re.findall(r"^#define (\w+)", r.stdout, re.M))
    before = names("#include <linux/types.h>\n#include <linux/ioctl.h>\n")
    return names('#include "%s"\n' % header) - before

def syntax_tree(header):
    r = compile_text(CLANG + ["-Xclang", "-ast-dump=json"], '#include "%s"\n' % header)
    if r.returncode:
        return []
    nodes, mine = [], False
    for node in json.loads(r.stdout)["inner"]:
        loc = node.get("loc", {})
        loc = loc.get("expansionLoc", loc)
        if "file" in loc:       # clang names a file only when it changes
            mine = loc["file"] == header
        if mine:
            nodes.append(node)
    return nodes

def names_in_tree(nodes):
    """(facts-like names, unnamed unions by struct) of the header's types."""
    names, unions = set(), {}

    def members(struct, node):
        for k in node.get("inner", ()):
            if k["kind"] == "FieldDecl" and "name" in k:
                names.add("FIELD %s.%s" % (struct, k["name"]))
            elif k["kind"] == "RecordDecl" and "name" not in k:
                unions.setdefault(struct, []).append(
                    [f["name"] for f in k["inner"] if f["kind"] == "FieldDecl"])
                members(struct, k)

    for node in nodes:
        if node["kind"] == "RecordDecl" and node.get("completeDefinition"):
            names.add("STRUCT %s" % node["name"])
            members(node["name"], node)
        elif node["kind"] == "EnumDecl":
            tag = node.get("name", "-")
            names.update("ENUM %s %s" % (tag, k["name"]) for k in node["inner"]
                         if k["kind"] == "EnumConstantDecl")
    return names, unions

def names_in_facts(facts):
    names = set()
    for f in facts:
        m = (re.match(r"(MACRO|ENUMTYPE) (\w+)", f) or re.match(r"MACRO(FN) (\w+)", f))
        if m:
            if m.group(1) != "ENUMTYPE":
                names.add("MACRO %s" % m.group(2))
            continue
        m = re.match(r"(ENUM \S+ \w+)", f) or re.match(r"(STRUCT|FIELD) m64 (\S+)", f)
        if m and not ANON.search(f.split(" off=")[0]):
            names.add(" ".join(m.groups()))
    return names

def check_extra(rep, header, facts, tree_names):
    guard = re.search(r"#ifndef (\w+_H)\b", open(header).read())
    have = tree_names | {"MACRO " + n for n in header_macros(header)
                         if not guard or n != guard.group(1)}
    want = names_in_facts(facts)
    rep.line(bool(tree_names) and have == want,
             "%d names in the header are the %d names of the facts" % (len(have), len(want)),
             ["in the header only: " + n for n in sorted(have - want)] +
             ["in the facts only: " + n for n in sorted(want - have)])

def check_dialects(rep, header):
    text = '#include "%s"\n#include "%s"\nextern int unit;\n' % (header, header)
    for name, cmd in DIALECTS.items():
        r = compile_text(cmd + ["-fsyntax-only"], text)
        rep.line(r.returncode == 0, "compiles alone as " + name, r.stderr.splitlines()[:10])

def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    header = sys.argv[1]
    with open(sys.argv[2]) as f:
        facts = [l.strip() for l in f if l.strip() and not l.startswith("#")]
    rep = Report()
    tree_names, unions = names_in_tree(syntax_tree(header))
    for model in MODELS:
        check_facts(rep, header, facts, model, unions)
    check_extra(rep, header, facts, tree_names)
    check_dialects(rep, header)
    sys.exit(1 if rep.bad else 0)

if __name__ == "__main__":
    main()
