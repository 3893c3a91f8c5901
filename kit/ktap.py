# SPDX-License-Identifier: GPL-2.0-only
"""Read KTAP or TAP and list its cases: one line a case, "result<TAB>name".

usage: ktap.py [--strip] < log

result is passed, failed or skipped. A case is a result line that has no result
lines of its own below it (indented further, and above it in the text). Its name
is the path of what it belongs to: "program:fixture.test" for a selftest,
"suite:case" for KUnit. A parent that failed though no case of it did, or that
announced more cases than it showed, is a failed case itself. Text that is not
KTAP is left aside; a log without any result line is an error (exit status 1).
"""

import re
import sys

RESULT = re.compile(r"^(?P<in>[ ]*)(?P<not>not )?ok (?P<n>\d+) *(?:- )?(?P<rest>.*)$")
PLAN = re.compile(r"^(?P<in>[ ]*)1\.\.(?P<n>\d+)(?P<rest>.*)$")
SKIP = re.compile(r"#\s*SKIP\b", re.I)


class Level:
    """Results seen at one depth of indentation, not yet claimed by a parent."""

    def __init__(self, indent):
        self.indent = indent
        self.plan = None
        self.seen = 0
        self.cases = []


def cases_of(lines):
    levels = []

    def level(indent):
        if not levels or levels[-1].indent < indent:
            levels.append(Level(indent))
        return levels[-1]

    def claim(indent):
        """Take the cases of every deeper level: they belong to the next line."""
        found, complete = [], True
        while levels and levels[-1].indent > indent:
            deeper = levels.pop()
            found = deeper.cases + found
            if deeper.plan is not None and deeper.seen < deeper.plan:
                complete = False
        return found, complete

    for line in lines:
        line = line.rstrip("\r\n")
        plan = PLAN.match(line)
        if plan:
            level(len(plan["in"])).plan = int(plan["n"])
            continue
        got = RESULT.match(line)
        if not got:
            continue
        indent = len(got["in"])
        children, complete = claim(indent)
        here = level(indent)
        here.seen += 1
        name = re.split(r"\s+#|\s*#\s", got["rest"], maxsplit=1)[0].strip() or got["n"]
        result = "failed" if got["not"] else "passed"
        if result == "passed" and SKIP.search(got["rest"]):
            result = "skipped"
        if not children:
            here.cases.append((result, name))
            continue
        here.cases += [(r, name + ":" + n) for r, n in children]
        if not complete or (result == "failed" and
                            all(r != "failed" for r, _ in children)):
            here.cases.append(("failed", name + ":(incomplete)"))
    # what no parent claimed: the run broke off below it
    out = []
    for i, lv in enumerate(levels):
        out += lv.cases
        if i > 0 or (lv.plan is not None and lv.seen < lv.plan):
            out.append(("failed", "(the run broke off)"))
    return out


def main():
    found = cases_of(sys.stdin)
    for result, name in found:
        print(result + "\t" + name)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
