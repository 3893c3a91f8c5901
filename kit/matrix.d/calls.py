#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""calls.py TREE OURS CONTRACT USERS: does the rest of the kernel call only what we export?

TREE is a kernel tree with our files in it, OURS the list of them, CONTRACT the
table of symbols that others link to (kit/abi.d/exports.txt), USERS the table of
users of VFIO (kit/matrix.d/users.txt).  All files of the tree that are not ours
are searched, whatever the configuration, for the names in CONTRACT and for what
our public headers declare.  Prints a line for

 - a file that includes a header of ours and is not in USERS, or that USERS
   names and that is not there,
 - a name that is used somewhere and that CONTRACT does not give this user for,
   and a user of CONTRACT that does not use the name,
 - a name that has users and that no EXPORT_SYMBOL of ours exports, or not for
   the modules that CONTRACT says,
 - a function that a public header of ours declares, that someone calls, and
   that we do not export.

Prints nothing and exits with 0 if all is well.
"""
import fnmatch
import glob
import os
import re
import subprocess
import sys

# the kernel interface
HEADERS = ["include/linux/vfio.h", "include/linux/vfio_pci_core.h", "include/linux/mdev.h",
           "drivers/vfio/vfio.h", "drivers/vfio/pci/vfio_pci_priv.h"]
INCLUDE = re.compile(r'#\s*include\s+[<"]([\w./-]+)[>"]')
EXPORT = re.compile(r'\b(EXPORT_SYMBOL\w*)\s*\(\s*(\w+)\s*(?:,\s*"([^"]*)")?\s*\)')
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
# samples and tools bring copies of kernel headers, which nobody calls from
NOT_CODE = ("tools/include/", "Documentation/")

def read(path):
    with open(path, errors="replace") as f:
        return f.read()

def rows(path):
    return [l.split("\t") for l in read(path).splitlines() if l and not l.startswith("#")]

def code(path):
    return COMMENT.sub(" ", read(path))

def declared(header):
    """Functions that a header declares and does not define."""
    text = re.sub(r"^\s*#.*?(?<!\\)$", " ", code(header), flags=re.M | re.S)
    text = re.sub(r"\{[^{}]*\}", lambda m: " ", re.sub(r"\{[^{}]*\}", " ", text))
    found = set()
    for m in re.finditer(r"([^;{}]*?)\b(\w+)\s*\(([^;{}]*)\)\s*(?:__\w+\s*)*;", text):
        if not re.search(r"\b(static|typedef|define)\b|\(\s*$|[=,]\s*$", m.group(1)) and \
           re.match(r"_*(vfio|mdev)_", m.group(2)):
            found.add(m.group(2))
    return found

def wrappers(headers):
    """Names of a header's macros and inline functions, each with the names it stands for."""
    means = {}
    for h in headers:
        text = code(h)
        found = re.findall(r"^\s*#\s*define\s+(\w+)\(.*?\)((?:.*\\\n)*.*)", text, re.M)
        found += re.findall(r"^static inline\b[^;{}]*?\b(\w+)\s*\([^;{}]*\)\s*\{(.*?)^\}", text,
                            re.M | re.S)
        for name, body in found:
            means.setdefault(name, set()).update(re.findall(r"\w+", body))
    return means

def candidates(tree, ours):
    """Files of others that say anything like a name of VFIO's."""
    out = subprocess.run(
        ["grep", "-rlE", r"\b_*(vfio|mdev)_|[</\"](vfio|vfio_pci_core|mdev)\.h", "--include=*.c",
         "--include=*.h", "--include=*.S", "--include=*.rs", "."],
        cwd=tree, capture_output=True, text=True, check=True).stdout
    return [f for f in (l[2:] for l in out.splitlines())
            if f not in ours and not f.startswith(NOT_CODE)]

def includes_ours(path, text, ours):
    for name in INCLUDE.findall(text):
        near = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if near in ours or "include/" + name in ours or "include/uapi/" + name in ours:
            return True
    return False

def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, p) for p in patterns)

def check_includers(texts, ours, users):
    for path, text in sorted(texts.items()):
        if includes_ours(path, text, ours) and not matches(path, users):
            yield "%s includes a header of ours and is not in the table of users" % path

def check_calls(texts, contract, means):
    uses = {name: set() for name in contract}
    for path, text in texts.items():
        words = set(re.findall(r"\w+", text))
        for word in words & means.keys():
            words |= means[word]
        for name in words & uses.keys():
            uses[name].add(path)
    for name, row in contract.items():
        said = set() if row[6] == "-" else set(row[6].split(","))
        for path in sorted(uses[name] - said):
            yield "%s uses %s: the contract does not say so" % (path, name)
        for path in sorted(said - uses[name]):
            yield "%s does not use %s, though the contract says so" % (path, name)

def check_exports(exports, contract):
    for name, row in contract.items():
        e = exports.get(name)
        if e is None:
            if row[6] != "-":
                yield "%s is not exported, %s uses it" % (name, row[6].split(",")[0])
            continue
        macro, modules = e
        if macro != row[1]:
            yield "%s: %s, shall be %s" % (name, macro, row[1])
        want = row[2].replace("modules:", "") if row[2] != "-" else ""
        if modules != want:
            yield "%s: exported for '%s', shall be '%s'" % (name, modules, want)

def check_declared(texts, tree, exports, internal):
    names = set().union(*(declared(os.path.join(tree, h)) for h in HEADERS))
    if not names:
        yield "no function is declared in %s" % " ".join(HEADERS)
    for path, text in sorted(texts.items()):
        called = set(re.findall(r"\b(_*(?:vfio|mdev)_\w+)\s*\(", text))
        for name in sorted((called & names) - exports.keys() - internal):
            yield "%s calls %s, which we do not export" % (path, name)

def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    tree, ours_list, contract_list, users_list = sys.argv[1:]
    ours = set(read(ours_list).split())
    contract = {r[0]: r for r in rows(contract_list)}
    patterns = [p for r in rows(users_list) for p in r[1].split()]
    texts = {f: code(os.path.join(tree, f)) for f in candidates(tree, ours)}
    exports = {}
    for f in ours:
        if f.startswith("drivers/") and f.endswith(".c"):
            for macro, name, modules in EXPORT.findall(read(os.path.join(tree, f))):
                exports[name] = (macro, modules)
    # names that others have for functions of their own
    internal = set()
    for text in texts.values():
        internal |= set(re.findall(r"^static [^;={]*?\b(_*(?:vfio|mdev)_\w+)\s*\([^;]*?\)\s*\{",
                                   text, re.M))
    wrong = list(check_includers(texts, ours, patterns))
    wrong += ["%s: in the table of users, not in the kernel" % p for p in patterns
              if not glob.glob(os.path.join(tree, p))]
    wrong += check_calls(texts, contract, wrappers(os.path.join(tree, h) for h in HEADERS))
    wrong += check_exports(exports, contract)
    wrong += check_declared(texts, tree, exports, internal)
    if not exports:
        wrong.append("no file of ours exports anything")
    for w in wrong:
        print(w)
    sys.exit(1 if wrong else 0)

if __name__ == "__main__":
    main()
