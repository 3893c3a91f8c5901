#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""make.py - the patches, out of the plan and the overlay; run by kit/series.

usage: make.py NAME EMAIL DATE OUT

NAME and EMAIL sign every patch, DATE (seconds since 1970) is the date of all of
them.  Writes OUT/*.patch, and build/series.git with the same as commits (base,
one a patch), whose names are listed in OUT/commits with the patch's plan.

The plan: kit/series.d/plan/NNNN-name, in the order of their names, 0000-cover
being the cover letter.  Each begins with fields, a blank line ends them:

    Subject:  as git has it
    Files:    of ours that come with this patch, patterns as in kit/owned.txt
    Removes:  of the base that go with it; what is replaced need not be named
    Kconfig:  symbols that are there from this patch on
    Exempt:   why it may be longer than the others

Every file of ours comes with exactly one patch, and so does every symbol of our
Kconfig files.  Kconfig files and Makefiles below drivers/ grow by themselves
after the patch that names them: a line is there when all that it names is.

In a body @base:OPERATION@, @ours:...@ and @ratio:...@ are figures of
kit/bench.d/result.txt, @base:OPERATION|10@ one that is 10 columns wide; @left@ is a
reminder that stops this program.
"""

import os
import re
import subprocess
import sys

PLAN = "kit/series.d/plan"
GIT = "build/series.git"
BASE = "build/base"
LINUX = "build/linux"
FIELDS = ("Subject", "Files", "Removes", "Kconfig", "Exempt")


def die(*lines):
    sys.exit("\n".join(("error: " + lines[0], *("    " + x for x in lines[1:]))))


def regex(pattern):
    """Like kit/overlay: "*" does not cross a "/", a "/" at the end takes all below."""
    out = "".join("[^/]*" if c == "*" else "[^/]" if c == "?" else re.escape(c) for c in pattern)
    return re.compile(out if pattern.endswith("/") else out + r"\Z")


def chosen(patterns, paths):
    """Those of paths that one of the patterns matches and no "!" pattern does."""
    yes = [regex(p) for p in patterns if not p.startswith("!")]
    no = [regex(p[1:]) for p in patterns if p.startswith("!")]
    return [p for p in paths if any(r.match(p) for r in yes) and not any(r.match(p) for r in no)]


def pattern_lines(name):
    with open(name) as f:
        lines = [re.sub(r"#.*", "", line).strip() for line in f]
    return [line for line in lines if line]


class Patch:
    """One file of the plan."""

    def __init__(self, name):
        self.name = name
        with open(f"{PLAN}/{name}") as f:
            head, _, self.body = f.read().partition("\n\n")
        self.field = {}
        for line in re.sub(r"\n[ \t]+", " ", head).splitlines():
            key, colon, value = line.partition(":")
            if not colon or key not in FIELDS or key in self.field:
                die(f"{PLAN}/{name}: what is this: {line}")
            self.field[key] = value.strip()
        if not self.field.get("Subject"):
            die(f"{PLAN}/{name}: no subject")
        if "@left@" in self.body:
            die(f"{PLAN}/{name}: something is left to be written")

    def words(self, key):
        return self.field.get(key, "").split()


def figures():
    """OPERATION -> (base, ours) of the last measurement that was committed."""
    out = {}
    with open("kit/bench.d/result.txt") as f:
        for line in f:
            word = line.split()
            if len(word) == 4 and not line.startswith("#"):
                out[word[0]] = (word[2], word[3])
    return out


def with_figures(patch, text, table):
    def figure(m):
        what, name, width = m.groups()
        if name not in table:
            die(f"{PLAN}/{patch}: kit/bench.d/result.txt has no {name}")
        base, ours = map(float, table[name])
        if what == "ratio":
            return f"{ours / base:.2g}".rjust(int(width or 0))
        value = base if what == "base" else ours
        return (f"{value:.0f}" if value >= 100 else f"{value:g}").rjust(int(width or 0))

    text = re.sub(r"@(base|ours|ratio):([^@| ]+)(?:\|(\d+))?@", figure, text)
    for line in text.splitlines():
        if len(line) > 75:
            die(f"{PLAN}/{patch}: longer than 75 columns:", line)
    return text


def read(path):
    if os.path.islink(path):
        return 0o120000, os.readlink(path).encode()
    mode = 0o100755 if os.access(path, os.X_OK) else 0o100644
    with open(path, "rb") as f:
        return mode, f.read()


def ours():
    with open("build/stamps/overlay.files") as f:
        paths = f.read().split()
    if read(f"{LINUX}/MAINTAINERS")[1] != read(f"{BASE}/MAINTAINERS")[1]:
        paths.append("MAINTAINERS")
    return {p: read(f"{LINUX}/{p}") for p in paths}


def base_files(also):
    """Files of the base that we take out or replace."""
    patterns = pattern_lines("kit/removed.txt")
    found = set()
    for top in {os.path.dirname(p.lstrip("!")) for p in patterns}:
        for where, _, names in os.walk(f"{BASE}/{top}"):
            found.update(os.path.relpath(f"{where}/{n}", BASE) for n in names)
    found = set(chosen(patterns, found))
    found.update(p for p in also if os.path.isfile(f"{BASE}/{p}"))
    return {p: read(f"{BASE}/{p}") for p in found}


def grows(path):
    return path.startswith("drivers/") and os.path.basename(path) in ("Kconfig", "Makefile")


class Grown:
    """What a Kconfig file or Makefile holds while the tree is not complete."""

    def __init__(self, path, text, exists):
        self.path = path
        self.dir = os.path.dirname(path)
        self.lines = text.splitlines()
        self.exists = exists          # is this path in the tree by now?

    def tidy(self, lines):
        """No blank line at the end, nor two in a row."""
        out = []
        for line in lines:
            if line or (out and out[-1]):
                out.append(line)
        while out and not out[-1]:
            out.pop()
        return "\n".join(out) + "\n"

    # a Makefile of the kernel

    def token(self, name):
        """May this word stand in an assignment?"""
        if name.endswith("/"):
            return self.exists(f"{self.dir}/{name}Makefile")
        if not name.endswith(".o"):
            return True
        if self.exists(f"{self.dir}/{name[:-2]}.c"):
            return True
        part = re.compile(re.escape(name[:-2]) + r"-(?:y|m|objs|\$\(\w+\))\s*[:+]?=\s*(.*)")
        return any(any(self.token(t) for t in m.group(1).split())
                   for m in map(part.match, self.lines) if m)

    def assignment(self, line):
        m = re.match(r"(\S+\s*(?::=|\+=|=)\s*)(.*)\Z", line)
        if not m or line.endswith("\\"):
            die(f"{self.path}: only assignments of one line grow: {line}")
        words = m.group(2).split()
        kept = [w for w in words if self.token(w)]
        if kept == words:
            return line
        return m.group(1) + " ".join(kept) if kept else None

    def makefile(self):
        out, comment = [], []
        for line in self.lines:
            if line.startswith("#") and not line.startswith("# SPDX"):
                comment.append(line)
                continue
            new = self.assignment(line) if line and not line.startswith("#") else line
            if new is not None:
                out += comment + [new]
            if new is not None or line:
                comment = []
        return self.tidy(out)

    # a Kconfig file

    def kconfig(self, symbols):
        out, keep = [], True
        for line in self.lines:
            m = re.match(r"(config|menuconfig|source|\w+|#)", line)
            if m:
                word = line.split()
                keep = True
                if m.group(1) in ("config", "menuconfig"):
                    keep = word[1] in symbols
                elif m.group(1) == "source":
                    keep = self.exists(word[1].strip('"'))
            if keep:
                out.append(line)
        return self.tidy(out)


def grown(path, text, exists, symbols):
    g = Grown(path, text, exists)
    return g.kconfig(symbols) if path.endswith("Kconfig") else g.makefile()


class Series:
    """Goes through the plan; after each patch self.tree is what the tree holds."""

    def __init__(self, patches):
        self.patches = patches
        self.final = ours()
        self.base = base_files(self.final)
        self.tree = dict(self.base)
        self.symbols = set()
        self.growing = []
        self.who = {}                 # path or symbol -> patch that brings it

    def exists(self, path):
        if path in self.final or path in self.base:
            return path in self.tree
        return os.path.exists(f"{LINUX}/{path}")

    def claim(self, patch, what):
        if what in self.who:
            die(f"{what} comes twice, with {self.who[what]} and {patch.name}")
        self.who[what] = patch.name

    def named(self, patch, key, paths):
        """Those of paths that a field names; what it names must be there."""
        words = patch.words(key)
        for word in words:
            if not word.startswith("!") and not chosen([word], paths):
                die(f"{patch.name}: {key}: nothing matches {word}")
        return sorted(chosen(words, paths))

    def step(self, patch):
        old = dict(self.tree)
        for path in self.named(patch, "Removes", [p for p in self.tree if p not in self.who]):
            del self.tree[path]
        for path in self.named(patch, "Files", self.final):
            self.claim(patch, path)
            self.tree[path] = self.final[path]
            if grows(path):
                self.growing.append(path)
        for symbol in patch.words("Kconfig"):
            self.claim(patch, symbol)
            self.symbols.add(symbol)
        for path in self.growing:
            mode, data = self.final[path]
            data = grown(path, data.decode(), self.exists, self.symbols).encode()
            self.tree[path] = mode, data
        changed = {p: self.tree[p] for p in self.tree if self.tree[p] != old.get(p)}
        removed = [p for p in old if p not in self.tree]
        if not changed and not removed:
            die(f"{patch.name} changes nothing")
        return changed, sorted(removed)

    def finish(self):
        """All that we own has come, all that it replaces has gone."""
        left = sorted(p for p in self.final if p not in self.who)
        if left:
            die("no patch brings these files; name each in a plan's Files:", *left)
        left = sorted(p for p in self.tree if p not in self.final)
        if left:
            die("no patch removes these files of the base:", *left)
        symbols = set()
        for path in self.final:
            if grows(path) and path.endswith("Kconfig"):
                symbols.update(re.findall(r"^(?:menu)?config (\w+)", self.final[path][1].decode(),
                                          re.M))
        if symbols ^ self.symbols:
            die("symbols that no patch brings, or that are not there:",
                *sorted(symbols ^ self.symbols))
        left = sorted(p for p in self.final if self.tree[p] != self.final[p])
        if left:
            die("in the end these files are not what they should be:", *left)


def git(*args, **kwargs):
    env = {**os.environ, "GIT_DIR": GIT, "GIT_CONFIG_NOSYSTEM": "1"}
    env.update(kwargs.pop("env", {}))
    return subprocess.run(("git",) + args, env=env, check=True, stdout=subprocess.PIPE,
                          **kwargs).stdout


def commit(mark, ident, message, changed, removed):
    """One commit as git fast-import reads it."""
    message = message.encode()
    out = [b"commit refs/heads/series\nmark :%d\ncommitter %s\ndata %d\n%s\n" %
           (mark, ident, len(message), message)]
    out += [b"D %s\n" % p.encode() for p in removed]
    for path, (mode, data) in sorted(changed.items()):
        out.append(b"M %o inline %s\ndata %d\n%s\n" % (mode, path.encode(), len(data), data))
    return b"".join(out) + b"\n"


def write_patches(out, cover, tip, who, date):
    for name in os.listdir(out):
        if name.endswith(".patch"):
            os.unlink(f"{out}/{name}")
    name, email = who
    env = {"GIT_COMMITTER_DATE": f"{date} +0000", "GIT_COMMITTER_NAME": name,
           "GIT_COMMITTER_EMAIL": email}
    git("-c", f"user.name={name}", "-c", f"user.email={email}", "-c", "core.abbrev=12",
        "format-patch", "-q", "--no-signature", "--no-renames", "--break-rewrites",
        "--full-index", "--cover-letter", "-o", out, f"base..{tip}", env=env)
    path = f"{out}/0000-cover-letter.patch"
    with open(path) as f:
        text = f.read()
    table = figures()
    for placeholder, words in (("*** SUBJECT HERE ***", cover.field["Subject"]),
                               ("*** BLURB HERE ***",
                                with_figures(cover.name, cover.body.strip("\n"), table))):
        if text.count(placeholder) != 1:
            die(f"{path}: git writes no {placeholder} any more")
        text = text.replace(placeholder, words)
    with open(path, "w") as f:
        f.write(text)


def declare_8bit(out):
    """git does so for messages, and send-email would ask about the rest."""
    for name in os.listdir(out):
        if not name.endswith(".patch"):
            continue
        with open(f"{out}/{name}", "rb") as f:
            head, blank, body = f.read().partition(b"\n\n")
        if body.isascii() or b"\nContent-Transfer-Encoding:" in head:
            continue
        with open(f"{out}/{name}", "wb") as f:
            f.write(head + b"\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
                    b"Content-Transfer-Encoding: 8bit" + blank + body)


def main():
    name, email, date, out = sys.argv[1:]
    patches = [Patch(n) for n in sorted(os.listdir(PLAN)) if re.match(r"\d{4}-[\w-]+\Z", n)]
    cover = patches.pop(0)
    series = Series(patches)
    table = figures()
    ident = f"{name} <{email}> {date} +0000".encode()
    stream = [b"feature done\nreset refs/heads/series\n\n",
              commit(1, ident, "base", series.base, ())]
    for mark, patch in enumerate(patches, 2):
        changed, removed = series.step(patch)
        body = with_figures(patch.name, patch.body.strip("\n"), table)
        stream.append(commit(mark, ident, f"{patch.field['Subject']}\n\n{body}\n\n"
                             f"Signed-off-by: {name} <{email}>\n", changed, removed))
    series.finish()

    subprocess.run(("rm", "-rf", GIT), check=True)
    os.makedirs(out, exist_ok=True)
    subprocess.run(("git", "init", "-q", "--bare", GIT), check=True)
    git("fast-import", "--quiet", "--done", "--force", f"--export-marks={os.path.abspath(GIT)}/marks",
        input=b"".join(stream) + b"done\n")
    with open(f"{GIT}/marks") as f:
        marks = dict(line.split() for line in f)
    git("tag", "base", marks[":1"])
    with open(f"{out}/commits", "w") as f:
        for mark, patch in enumerate(patches, 2):
            f.write(f"{marks[f':{mark}']} {patch.name}\n")
    write_patches(out, cover, "series", (name, email), date)
    declare_8bit(out)
    print(f"{len(patches)} patches")


main()
