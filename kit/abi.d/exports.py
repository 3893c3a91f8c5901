#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""exports.py SYMVERS CONTRACT CONFIG: do built modules export what they shall?

SYMVERS is the Module.symvers of a kernel, CONTRACT the table of symbols that
the rest of the kernel links to (tab separated: symbol, macro that exports it,
modules it is reserved for or "-", module, option it depends on or "-", header,
consumers or "-"), CONFIG the kernel's .config.

Every symbol of the contract that exists must come from the right module, by
the right macro (GPL-only or not), in the right name space.  One that does not
exist though its option is on fails if the contract names a consumer that this
configuration builds (its object lies beside SYMVERS); otherwise it is listed
as not there, which is information: modpost has the last word about links.
Exports of our modules beyond the contract are listed, too.

Prints "ok"/"not ok" lines; exit status 1 if one is "not ok".
"""
import os
import re
import sys

OURS = {"vfio", "vfio_iommu_type1", "vfio-pci-core", "vfio-pci", "mdev"}
# what is built in when the option is "y"
OPTIONS = {"vfio": "VFIO", "vfio-pci-core": "VFIO_PCI_CORE", "mdev": "VFIO_MDEV"}

class Export:
    def __init__(self, line):
        _, self.name, module, self.macro, space = (line.rstrip("\n") + "\t").split("\t")[:5]
        self.module = os.path.basename(module)
        self.space = space

class Wanted:
    def __init__(self, line):
        (self.name, macro, space, self.module, self.option, _, users) = line.split("\t")
        self.gpl = macro != "EXPORT_SYMBOL"
        self.space = "" if space == "-" else space.replace("modules:", "module:")
        self.users = [] if users == "-" else users.split(",")

    def complaints(self, e, builtin):
        if e.module != ("vmlinux" if OPTIONS[self.module] in builtin else self.module):
            yield "%s: in module %s, belongs into %s" % (self.name, e.module, self.module)
        if (e.macro == "EXPORT_SYMBOL_GPL") != self.gpl:
            yield "%s: exported by %s, GPL-only shall be %s" % (self.name, e.macro, self.gpl)
        if e.space != self.space:
            yield "%s: in name space '%s', shall be '%s'" % (self.name, e.space, self.space)

def read(path, make):
    with open(path) as f:
        return [make(l.rstrip("\n")) for l in f if l.strip() and not l.startswith("#")]

def options(path, values):
    with open(path) as f:
        return set(re.findall(r"^CONFIG_(\w+)=[%s]$" % values, f.read(), re.M))

def built(objdir, source):
    return os.path.exists(os.path.join(objdir, re.sub(r"\.[ch]$", ".o", source)))

def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    have = {e.name: e for e in read(sys.argv[1], Export)}
    want = read(sys.argv[2], Wanted)
    on = options(sys.argv[3], "ym")
    builtin = options(sys.argv[3], "y")
    objdir = os.path.dirname(sys.argv[1])
    wrong, needed, absent, off, right = [], [], [], [], 0

    for w in want:
        e = have.get(w.name)
        if e:
            found = list(w.complaints(e, builtin))
            wrong += found
            right += not found
        elif w.option != "-" and w.option not in on:
            off.append(w.name)
        else:
            users = [u for u in w.users if built(objdir, u)]
            absent.append(w.name)
            if users:
                needed.append("%s, which %s uses" % (w.name, users[0]))

    known = {w.name for w in want}
    new = sorted(e.name for e in have.values() if e.module in OURS and e.name not in known)

    def line(bad, what, details):
        print("%s exports: %s" % ("not ok" if bad else "ok", what))
        for d in details:
            print("#   " + d)

    line(wrong or not right, "%d of %d are what the contract says" % (right, len(want)), wrong)
    line(needed, "none is missing that something built here uses", needed)
    print("# %d not there (yet): %s" % (len(absent), " ".join(absent) or "-"))
    print("# %d whose option is off: %s" % (len(off), " ".join(off) or "-"))
    print("# %d of our own beyond the contract: %s" % (len(new), " ".join(new) or "-"))
    sys.exit(1 if wrong or needed or not right else 0)

if __name__ == "__main__":
    main()
