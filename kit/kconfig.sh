# SPDX-License-Identifier: GPL-2.0-only
# kconfig.sh - configuration fragments, as kit/build and kit/matrix use them; sourced,
# never run. A fragment holds lines CONFIG_X=value, "n" too; the last one wins.

# merged fragments...: each symbol once, with its last value
merged() {
	cat "$@" | tac | grep '^CONFIG_' | awk -F= '!seen[$1]++' | tac
}

# fragment_check CONFIG fragments...: name the lines that Kconfig did not take
fragment_check() {
	local config=$1 line sym want got
	shift

	cat "$@" | grep '^CONFIG_' | while IFS= read -r line; do
		sym=${line%%=*} want=${line#*=}
		got=$(grep "^$sym=" "$config" | cut -d= -f2-) || true
		[ "${got:-n}" = "$want" ] || printf '%s (is %s)\n' "$line" "${got:-n}"
	done
}
