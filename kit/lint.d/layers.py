#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""layers.py OBJDIR TABLE: do the calls inside our modules go down only?

TABLE says, one object a line: module, object, layer.  OBJDIR is where a kernel
was built; each module there has a .mod file that names its objects.  What an
object uses and another object of the same module defines (by nm: functions
and data) has to be defined in a lower layer.  Fails naming the symbol for a
use of the same or a higher layer and, from the uses themselves, for every
cycle of files; fails for an object without a layer and for a layer without an
object.  KUnit modules and what stays in the base are not looked at.

Prints one "ok"/"not ok" line a module; exit status 1 if one is "not ok".
"""
import glob
import os
import subprocess
import sys

def read_table(path):
    table = {}
    with open(path) as f:
        for line in f:
            fields = line.split("#")[0].split()
            if fields:
                module, obj, layer = fields
                table.setdefault(module, {})[obj] = int(layer)
    return table

def objects_of(objdir, module):
    """Paths of the objects of a module, None when it was not built."""
    found = glob.glob(os.path.join(objdir, "drivers/vfio", "**", module + ".mod"), recursive=True)
    if len(found) != 1:
        return None
    with open(found[0]) as f:
        return [os.path.join(objdir, l.strip()) for l in f if l.strip()]

def symbols(path):
    """(defined, used) global symbols of an object."""
    out = subprocess.run(["nm", "-P", path], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    defined, used = set(), set()
    for line in out.splitlines():
        name, kind = line.split()[:2]
        if kind in "Uvw":
            used.add(name)
        elif kind.isupper():
            defined.add(name)
    return defined, used

def cycles(uses):
    """Each cycle of the graph once, as a list of files."""
    seen, found = set(), []

    def visit(node, path):
        if node in path:
            loop = path[path.index(node):]
            if not any(set(loop) == set(f) for f in found):
                found.append(loop)
            return
        if node in seen:
            return
        for nxt in sorted(uses.get(node, ())):
            visit(nxt, path + [node])
        seen.add(node)

    for node in sorted(uses):
        visit(node, [])
    return found

def check(objdir, module, layers):
    paths = objects_of(objdir, module)
    if paths is None:
        return 0, ["the module was not built"]
    sym = {os.path.basename(p): symbols(p) for p in paths}
    owner = {s: obj for obj, (defined, _) in sym.items() for s in defined}
    bad = ["%s has no layer in the table" % o for o in sorted(set(sym) - set(layers))]
    bad += ["%s is in the table, not in the module" % o for o in sorted(set(layers) - set(sym))]
    uses, count = {}, 0

    for obj, (_, used) in sorted(sym.items()):
        for s in sorted(used):
            other = owner.get(s)
            if other is None or other == obj:
                continue
            count += 1
            uses.setdefault(obj, set()).add(other)
            mine, its = layers.get(obj), layers.get(other)
            if mine is not None and its is not None and its >= mine:
                bad.append("%s (layer %d) uses %s of %s (layer %d)" % (obj, mine, s, other, its))
    bad += ["cycle: " + " -> ".join(c + c[:1]) for c in cycles(uses)]
    return count, bad

def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    rc = 0
    for module, layers in read_table(sys.argv[2]).items():
        count, bad = check(sys.argv[1], module, layers)
        print("%s layers: %s, %d uses between %d files go down" %
              ("not ok" if bad else "ok", module, count, len(layers)))
        for b in bad:
            print("#   " + b)
        rc |= bool(bad)
    sys.exit(rc)

if __name__ == "__main__":
    main()
