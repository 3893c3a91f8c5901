# SPDX-License-Identifier: GPL-2.0-only
# judge.awk AIMS RESULT - compare each operation with its aim.
#
# RESULT: lines "NAME UNIT BASE OURS", where a number may be "absent" or "-" (not
# measured). Output: tab separated NAME UNIT BASE OURS RATIO AIM VERDICT, in the
# order of RESULT, then the growth rows. VERDICT: reached, missed, open (a number
# is missing) or - (no aim).

function numeric(x) { return x ~ /^[0-9.]+$/ }
function verdict(value, aim) {
	if (aim == "-") return "-"
	if (!numeric(value)) return "open"
	return value <= aim * 1.005 ? "reached" : "missed"
}
function ratio(a, b) {
	if (!numeric(a) || !numeric(b) || b == 0) return "-"
	return sprintf("%.*f", a / b < 0.0995 ? 4 : 3, a / b)
}
function row(name, unit, base, ours, value, aim) {
	printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, unit, base, ours, value, aim, verdict(value, aim)
}

/^[ \t]*(#|$)/ { next }
FILENAME == ARGV[1] && $1 == "grows" { grows[++growths] = $2; from[growths] = $3; limit[growths] = $4; next }
FILENAME == ARGV[1] {
	pattern[++aims] = $1; allowed[aims] = $2
	gsub(/\./, "\\.", pattern[aims]); gsub(/\*/, "[^/]*", pattern[aims])
	next
}
{
	aim = "-"
	for (i = aims; i > 0; i--) if ($1 ~ "^" pattern[i] "$") aim = allowed[i]
	row($1, $2, $3, $4, ratio($4, $3), aim)
	base[$1] = $3; ours[$1] = $4
}
END {
	for (i = 1; i <= growths; i++) {
		if (!(grows[i] in ours) || !(from[i] in ours)) continue
		o = ratio(ours[grows[i]], ours[from[i]])
		row(grows[i] ":" from[i], "growth", ratio(base[grows[i]], base[from[i]]), o, o, limit[i])
	}
}
