# SPDX-License-Identifier: GPL-2.0-only
# common.sh - what the steps in kit/lint.d share; sourced by them, inside
# build/root, in the project's top directory.

set -euo pipefail
export LC_ALL=C
SRC=/src/build/linux
OUT=/src/build/lint
JOBS=${JOBS:-$(nproc)}
# what checkpatch finds and we want in programs: BIT() and READ_ONCE() are the
# kernel's, not for them; the test harness is made of macros that open blocks and
# return, with an if of their own inside
PROGRAM_TYPES=BIT_MACRO,VOLATILE,MACRO_ARG_REUSE,MACRO_WITH_FLOW_CONTROL,COMPLEX_MACRO,BRACES

# our_files PATTERN...: files of the project that match one of the extended
# regular expressions. The project holds nothing but our files.
our_files() {
	local p args=()

	for p; do args+=(-e "$p"); done
	find . \( -path ./build -o -path ./.git -o -name __pycache__ \) -prune -o \
		-type f -printf '%P\n' | { grep -E "${args[@]}" || true; } | sort
}

kernel_c() { our_files '^drivers/vfio/.*\.c$'; }

# not_accepted: of the findings on stdin those that accepted.txt does not name
not_accepted() {
	local patterns

	patterns=$(sed -e 's/[[:space:]]*#.*//' -e '/^$/d' kit/lint.d/accepted.txt)
	if [ -n "$patterns" ]; then grep -vE "$patterns" || true; else cat; fi
}

# report FILE: print the findings in it, succeed if there is none
report() {
	not_accepted <"$1" >"$1.left"
	cat "$1.left"
	[ ! -s "$1.left" ]
}

# tree NAME [make arguments]: configure $OUT/NAME as build/kernel is, plus
# lint.config and the fragment that MORE_CONFIG names, if any
tree() {
	local out=$OUT/$1 line fragments=(kit/lint.d/lint.config ${MORE_CONFIG:+"$MORE_CONFIG"})
	shift

	if [ ! -f build/kernel/.config ]; then
		echo "no build/kernel/.config: run kit/build first"
		exit 1
	fi
	mkdir -p "$out"
	cat build/kernel/.config "${fragments[@]}" >"$out/wanted"
	cmp -s "$out/wanted" "$out/wanted.last" && [ -f "$out/.config" ] && return 0
	cp "$out/wanted" "$out/.config"
	make -s -C "$SRC" O="$out" "$@" olddefconfig >"$out/config.log" 2>&1 ||
		{ tail "$out/config.log"; exit 1; }
	cat "${fragments[@]}" | grep '^CONFIG_' | while read -r line; do
		grep -qx "$line" "$out/.config" || echo "Kconfig does not take $line"
	done >"$out/refused"
	if [ -s "$out/refused" ]; then cat "$out/refused"; exit 1; fi
	cp "$out/wanted" "$out/wanted.last"
}

# What the compilers warn about. Comparisons that are always true (what
# scripts/coccinelle/tests/unsigned_lesser_than_zero.cocci looks for) the kernel has
# in W=2 only, for the sake of its headers. sparse is told the same, or else
# everything would be compiled again for it.
WARNINGS=(W=1 KCFLAGS=-Wtype-limits)

# compile NAME [make arguments]: drivers/vfio with these warnings. What
# stays of the base may warn; ours may not, and each C file of ours must have
# become an object (else a fact was not checked).
compile() {
	local name=$1 out=$OUT/$1 f
	shift

	tree "$name" "$@"
	make -s -k "-j$JOBS" -C "$SRC" O="$out" "$@" "${WARNINGS[@]}" drivers/vfio/ \
		>"$out/make.log" 2>&1 || true
	ours_in_log "$out/make.log" '(error|warning):' >"$out/findings"
	kernel_c | while read -r f; do
		[ -f "$out/${f%.c}.o" ] ||
			grep -q "^uncompiled $f" kit/lint.d/accepted.txt ||
			echo "$f: no object was made of it"
	done >>"$out/findings"
	if [ ! -s "$out/findings" ]; then return 0; fi
	report "$out/findings" && return 0
	echo "the whole log: build/lint/$name/make.log"
	tail -n 5 "$out/make.log"
	return 1
}

# ours_in_log LOG PATTERN: lines "FILE:line: ..." about files of ours
ours_in_log() {
	our_files '^(drivers|include|tools)/.*\.[ch]$' | sed 's,$,:,' >"$OUT/ours"
	sed -e "s,^$SRC/,," -e 's,^\.\./\.\./linux/,,' "$1" |
		{ grep -F -f "$OUT/ours" || true; } |
		{ grep -E "^[^ ]*:[0-9]+(:[0-9]+)?: .*$2" || true; } | sort -u
}
