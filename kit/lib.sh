# SPDX-License-Identifier: GPL-2.0-only
# lib.sh - what every step of kit/ shares; sourced, never run.
#
# Gives: TOP (the project), BUILD (everything made lies there), the base's
# version, messages with elapsed time, stamps (a step whose inputs did not
# change does nothing), locks, and in_root (run something inside build/root with
# the project at /src, so that objects survive being moved between clones).

set -euo pipefail
export LC_ALL=C

KIT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TOP=$(dirname "$KIT")
BUILD=$TOP/build
ROOT=$BUILD/root
LOGS=$BUILD/logs
STAMPS=$BUILD/stamps
JOBS=${JOBS:-$(nproc)}
BASE_VERSION=7.3
DEBIAN_RELEASE=trixie
KERNEL_KINDS='normal debug kcsan reference arm64 arm64-reference'
KIT_STEP=$(basename "$0")
KIT_START=${KIT_START:-$(date +%s)}
export KIT_START

elapsed() {
	local s=$(($(date +%s) - KIT_START))

	printf '%d:%02d' $((s / 60)) $((s % 60))
}

say() { printf '[%s] %s: %s\n' "$(elapsed)" "$KIT_STEP" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# no step ends without a word
set -E
on_err() { say "stopped at line ${BASH_LINENO[0]}: ${1%%$'\n'*}"; }
trap 'on_err "$BASH_COMMAND"' ERR

# hash_of [file...]: one short hash over names and contents; stdin when no file
hash_of() {
	if [ $# -gt 0 ]; then
		sha256sum -- "$@" | sha256sum | cut -c1-32
	else
		sha256sum | cut -c1-32
	fi
}

stamp_get() { cat "$STAMPS/$1" 2>/dev/null || true; }
stamp_is() { [ "$(stamp_get "$1")" = "$2" ]; }
stamp_set() {
	mkdir -p "$STAMPS"
	printf '%s\n' "$2" >"$STAMPS/$1.$$"
	mv "$STAMPS/$1.$$" "$STAMPS/$1"
}
stamp_drop() { rm -f "$STAMPS/$1"; }

# step_lock NAME: one writer of a step's output at a time; held until we exit or
# call step_unlock
step_lock() {
	mkdir -p "$BUILD/locks"
	exec {KIT_LOCK_FD}>"$BUILD/locks/$1"
	if ! flock -n "$KIT_LOCK_FD"; then
		say "waiting for another kit/$1"
		flock "$KIT_LOCK_FD"
	fi
}

step_unlock() { exec {KIT_LOCK_FD}>&-; }

# long WHAT LOG command...: run with output to LOG, a line every 20 s, and the
# end of LOG when it fails
long() {
	local what=$1 log=$2 pid rc=0 beat=0 t0
	shift 2

	mkdir -p "$(dirname "$log")"
	t0=$(date +%s)
	say "$what ..."
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	# the only child waited for is $pid: a lost parent leaves no ticker behind
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.5
		beat=$((beat + 1))
		[ $((beat % 40)) -ne 0 ] ||
			say "$what: $(($(date +%s) - t0)) s, $(wc -l <"$log") lines of log"
	done
	wait "$pid" || rc=$?
	if [ "$rc" -ne 0 ]; then
		say "$what FAILED ($rc); the end of $log:"
		tail -n 30 "$log" | sed 's/^/    /' >&2
		return "$rc"
	fi
	say "$what: done in $(($(date +%s) - t0)) s"
}

need_root_user() {
	[ "$(id -u)" = 0 ] ||
		die "this needs to be run as root (chroot, mount); try: sudo kit/$KIT_STEP"
}

# in_root command...: inside build/root, project at /src, cwd /src. Mounts live
# in a mount namespace of their own and vanish with the command. With
# AS_LINUX=build/base that directory appears at /src/build/linux, too, so that
# both sources compile to the same command lines.
in_root() {
	need_root_user
	# shellcheck disable=SC2016
	unshare --mount --propagation private -- /bin/bash -c '
		set -e
		root=$1 top=$2
		mkdir -p "$root/src"
		mountpoint -q "$root/src" || mount --bind "$top" "$root/src"
		if [ -n "$3" ]; then
			mkdir -p "$root/src/build/linux"
			mount --bind "$top/$3" "$root/src/build/linux"
		fi
		mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
		shift 3
		exec chroot "$root" /usr/bin/env -i \
			PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			LC_ALL=C TERM="${TERM:-dumb}" ${http_proxy:+http_proxy="$http_proxy"} \
			${https_proxy:+https_proxy="$https_proxy"} \
			DEBIAN_FRONTEND=noninteractive \
			/bin/sh -c "cd /src 2>/dev/null || cd /; exec \"\$@\"" sh "$@"
	' in_root "$ROOT" "$TOP" "${AS_LINUX:-}" "$@"
}

# root_adds FILE PACKAGE...: packages that one command alone needs, which FILE in
# build/root comes with. They are no part of kit/root's list: whoever has no use for
# that command does without, and no stamp changes
root_adds() {
	local file=$1
	shift

	[ ! -e "$ROOT/$file" ] || return 0
	step_lock root
	# shellcheck disable=SC2016
	long "$* into build/root" "$LOGS/root-$1.log" in_root sh -ec \
		'apt-get update -qq; apt-get install -y -qq --no-install-recommends "$@"' sh "$@" ||
		die "could not install $* into build/root: after a network problem run this again"
	step_unlock
}

# What make needs for an architecture, and the kernel that boots (below OBJ); the
# name of its file is the target that makes it
declare -A ARCH_MAKE=([x86]='' [arm64]='ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-')
declare -A ARCH_IMAGE=([x86]=arch/x86/boot/bzImage [arm64]=arch/arm64/boot/Image)

# kernel_paths KIND: sets SRC OBJ MODS (below $TOP), FRAGMENTS and ARCH for a build,
# IMAGE and MAKE_ARCH, which follow from ARCH, and AS_LINUX for in_root: make is
# always told /src/build/linux
kernel_paths() {
	local dir=build/$1

	ARCH=x86 SRC=build/linux AS_LINUX=
	case $1 in *-reference | reference) SRC=build/base AS_LINUX=build/base ;; esac
	case $1 in arm64*) ARCH=arm64 ;; esac
	FRAGMENTS=(kit/configs/vm.config "kit/configs/$ARCH.config")
	case $1 in
	normal) dir=build ;;
	debug | kcsan) FRAGMENTS+=("kit/configs/$1.config") ;;
	reference | arm64 | arm64-reference) ;;
	*) die "no such kernel: $1 (${KERNEL_KINDS// /, })" ;;
	esac
	OBJ=$dir/kernel MODS=$dir/mods
	IMAGE=${ARCH_IMAGE[$ARCH]}
	read -r -a MAKE_ARCH <<<"${ARCH_MAKE[$ARCH]}"
}

# guest_initramfs NAME INIT FILES MODULE...: build/demo/NAME, busybox with INIT as
# its first process, and of FILES (paths, one a line) those of the modules named
guest_initramfs() {
	local name=$1 init=$2 files=$3 key m
	shift 3

	files=$(for m; do grep "/$m\.ko$" <<<"$files" || die "no module $m"; done)
	key=$({ cat "$TOP/$init"; (cd "$TOP" && xargs sha256sum <<<"$files"); } | hash_of)
	if stamp_is "initramfs-$name" "$key" && [ -f "$BUILD/demo/$name" ]; then return 0; fi
	mkdir -p "$BUILD/demo"
	# shellcheck disable=SC2016,SC2086
	in_root /bin/sh -ec '
		init=$1 out=$2 t=$(mktemp -d)
		shift 2
		mkdir -p "$t/bin" "$t/dev" "$t/proc" "$t/sys" "$t/modules"
		cp /usr/bin/busybox "$t/bin/busybox"
		cp "$init" "$t/init"
		cp "$@" "$t/modules/"
		(cd "$t" && find . | cpio -o -H newc --quiet | gzip -1) >"$out"
		rm -rf "$t"' sh "$init" "/src/build/demo/$name" $files
	stamp_set "initramfs-$name" "$key"
}

usage_from_head() { sed -n '3,/^$/{s/^# \{0,1\}//;/^set -e/d;p}' "$1"; }

# tally LOG WHAT RC: prints the failed cases of a KTAP log and the line "N passed,
# N failed, N skipped"; RC is the exit status of the machine. Exits if any did.
tally() {
	local cases=${1%.log}.cases failed passed skipped

	in_root python3 kit/ktap.py <"$1" >"$cases" ||
		echo "failed	(no result at all)" >>"$cases"
	# 99 and 98 are kit/boot's own words: a splat or leak, a dead machine
	case $3 in
	99) echo "failed	(kernel splat or leak)" >>"$cases" ;;
	98) echo "failed	(the machine died)" >>"$cases" ;;
	0) ;;
	*) echo "failed	(exit status $3)" >>"$cases" ;;
	esac
	passed=$(grep -c '^passed' "$cases") || true
	failed=$(grep -c '^failed' "$cases") || true
	skipped=$(grep -c '^skipped' "$cases") || true
	sed -n "s/^failed\t/not ok $2: /p" "$cases"
	[ "$failed" = 0 ] || echo "# the whole log: ${1#"$TOP"/}"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] || exit 1
}
