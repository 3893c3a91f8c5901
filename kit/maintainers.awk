# SPDX-License-Identifier: GPL-2.0-only
# maintainers.awk - awk -f kit/maintainers.awk kit/maintainers.txt MAINTAINERS:
# the second file on stdout, each of its sections that the first one has, too,
# replaced by that. A section of ours that the base does not have is an error.

FNR == NR {				# ours: title -> the lines below it
	if (/^#/)
		next
	if (/^$/)
		title = ""
	else if (title == "")
		title = $0
	else
		body[title] = body[title] $0 "\n"
	next
}

/^$/ {
	skip = 0
}

skip {
	next
}

{
	print
}

$0 in body {
	printf "%s", body[$0]
	done[$0] = 1
	skip = 1
}

END {
	for (title in body)
		if (!(title in done)) {
			print "no section \"" title "\" in MAINTAINERS" > "/dev/stderr"
			rc = 1
		}
	exit rc
}
