# SPDX-License-Identifier: GPL-2.0-only
# table.awk - a row of README.md's table for each line of users.txt; called by
# kit/matrix with -v cases="all cases"

# the architectures of those cases that a pattern of the list chooses
function built(patterns,    n, i, j, m, p, c, re, seen, out) {
	n = split(patterns, p, " ")
	m = split(cases, c, " ")
	for (j = 1; j <= m; j++)
		for (i = 1; i <= n; i++) {
			re = p[i]
			gsub(/\*/, ".*", re)
			gsub(/\[!/, "[^", re)
			if (c[j] !~ "^" re "$")
				continue
			sub(/-.*/, "", c[j])
			sub(/^tools$/, "x86_64", c[j])	# programs of the machine at hand
			if (!(c[j] in seen))
				out = out (out == "" ? "" : ", ") c[j]
			seen[c[j]] = 1
			break
		}
	return out
}

/^#/ || /^$/ { next }
{
	made = built($3)
	printf "| %s | %s | %s |\n", $1, made == "" ? "not built" : made, $4 == "-" ? "not run" : $4
}
