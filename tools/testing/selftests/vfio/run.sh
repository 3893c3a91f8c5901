#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the VFIO selftests: bind the devices they want to vfio-pci, tell each
# program about them (VFIO_<KIND>=<BDF>), print KTAP, give the devices back.
#
# usage: run.sh [program...]	(default: every *_test beside this script)
#
# A variable VFIO_<KIND> that is already set wins over the search by PCI id;
# set it empty to do without the device. The variables of devices that are reset
# together, which are found by where they sit, hold several names:
# VFIO_HOTRESET	functions of one device, each in a group of its own
# VFIO_HOTRESET_SHARED	functions of one device, all in one group
# VFIO_SWITCH	devices behind different ports of one switch
# Where the IOMMU doesn't remap interrupts, users of devices are allowed to raise
# any, and VFIO_TEST_UNSAFE is set; without an IOMMU, no-IOMMU mode is on, and the
# programs that need an IOMMU are skipped. Both end with this script.
# VFIO_TEST_SLOW tells the programs how much slower than usual the kernel is, so
# that they repeat what is random or a race less often; it is 4 where lockdep is.
# Devices that exist for tests alone come with module vfio-test-device, which is
# loaded for the programs that want them only. For a kernel that doesn't have it
# VFIO_TEST_MODULE names a file. KVM is loaded for kvm_test, and stays.
# The output has one line for each program, with the program's own TAP, two
# columns further right, above it, and "# PROGRAM took SECONDS s".

# kind:vendor:device[:n], ids as sysfs shows them; the n-th of several
KINDS="NVME:0x1b36:0x0010 IGB:0x8086:0x10c9 E1000E:0x8086:0x10d3
EDU:0x1234:0x11e8 EDU2:0x1234:0x11e8:2 EDU3:0x1234:0x11e8:3
XHCI:0x1033:0x0194 IVSHMEM:0x1af4:0x1110 TESTDEV:0x1b36:0x0005
RNG:0x1af4:0x1044 NVMESRIOV:0x8086:0x5845
SDHCI:0x1b36:0x0007 VGA:0x1234:0x1111"
PCI=/sys/bus/pci/devices

skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $1"
	exit 4
}

# The functions below start no process that they can do without: a kernel that
# checks a lot takes long for each.

find_device()	# vendor device [n]
{
	left=${3:-1} bdf=
	for d in "$PCI"/*; do
		read -r id < "$d/vendor" && [ "$id" = "$1" ] || continue
		read -r id < "$d/device" && [ "$id" = "$2" ] || continue
		left=$((left - 1))
		[ $left = 0 ] || continue
		bdf=${d##*/}
		return
	done
}

has_vfio()	# bdf
{
	[ -e "/sys/bus/pci/drivers/vfio-pci/$1" ]
}

bind_vfio()	# bdf
{
	has_vfio "$1" && return
	echo vfio-pci > "$PCI/$1/driver_override"
	[ -e "$PCI/$1/driver" ] && echo "$1" > "$PCI/$1/driver/unbind"
	echo "$1" > /sys/bus/pci/drivers_probe
	if ! has_vfio "$1"; then
		echo > "$PCI/$1/driver_override"
		echo "$1" > /sys/bus/pci/drivers_probe
		return 1
	fi
	BOUND="$BOUND $1"
}

give_back()
{
	for bdf in $BOUND; do
		echo "$bdf" > "$PCI/$bdf/driver/unbind"
		echo > "$PCI/$bdf/driver_override"
		echo "$bdf" > /sys/bus/pci/drivers_probe
	done
	for p in $PARAMS; do
		echo "${p#*=}" > "${p%%=*}"
	done
}

# Let VFIO do without what the machine lacks. On x86 the I/O APIC's name tells
# whether interrupts are remapped; elsewhere that is the interrupt controller's job.
make_up_for_iommu()
{
	case $(cat /proc/interrupts) in
	*IR-IO-APIC*)	;;
	*IO-APIC*)
		echo "# interrupts are not remapped"
		export VFIO_TEST_UNSAFE=1
		set_param iommufd allow_unsafe_interrupts
		set_param vfio_iommu_type1 allow_unsafe_interrupts
		;;
	esac
	if [ -z "$(ls /sys/kernel/iommu_groups)" ]; then
		echo "# no IOMMU: no-IOMMU mode"
		NO_IOMMU=1
		set_param vfio enable_unsafe_noiommu_mode
	fi
}

set_param()	# module parameter
{
	param=/sys/module/$1/parameters/$2
	[ -w "$param" ] || return
	read -r was < "$param"
	echo Y > "$param"
	PARAMS="$PARAMS $param=$was"
}

take_devices()
{
	for k in $KINDS; do
		kind=${k%%:*} ids=${k#*:}
		eval "bdf=\${VFIO_$kind-unset}"
		if [ "$bdf" = unset ]; then
			IFS=:
			find_device $ids
			unset IFS
		fi
		if [ -z "$bdf" ]; then
			echo "# $kind: no device"
		elif bind_vfio "$bdf"; then
			echo "# $kind: $bdf"
		else
			echo "# $kind: $bdf: vfio-pci doesn't take it"
			bdf=
		fi
		eval "export VFIO_$kind=\$bdf"
	done
}

group_of()	# bdf
{
	readlink "$PCI/$1/iommu_group"
}

is_bridge()	# directory
{
	[ -e "$1/subordinate_bus_number" ]
}

find_sets()
{
	apart='' shared='' switch=''
	for d in "$PCI"/*; do
		is_bridge "$d" || ! is_bridge "$d/.." && continue
		bdf=${d##*/} next=${d%.0}.1
		is_bridge "$d/../.." && switch="$switch $bdf"
		[ "$next" != "$d.1" ] && [ -e "$next" ] || continue
		next=${next##*/}
		group=$(group_of "$bdf")
		if [ -n "$group" ] && [ "$group" = "$(group_of "$next")" ]; then
			shared="$bdf $next"
		else
			# without an IOMMU all are
			apart="${apart:-$bdf $next}"
		fi
	done
}

take_sets()
{
	find_sets
	[ "${VFIO_HOTRESET-unset}" = unset ] && VFIO_HOTRESET=$apart
	[ "${VFIO_HOTRESET_SHARED-unset}" = unset ] && VFIO_HOTRESET_SHARED=$shared
	[ "${VFIO_SWITCH-unset}" = unset ] && VFIO_SWITCH=${switch# }
	export VFIO_HOTRESET VFIO_HOTRESET_SHARED VFIO_SWITCH
	for bdf in $VFIO_HOTRESET $VFIO_HOTRESET_SHARED $VFIO_SWITCH; do
		bind_vfio "$bdf" || echo "# $bdf: vfio-pci doesn't take it"
	done
	echo "# HOTRESET: ${VFIO_HOTRESET:-no devices}"
	echo "# HOTRESET_SHARED: ${VFIO_HOTRESET_SHARED:-no devices}"
	echo "# SWITCH: ${VFIO_SWITCH:-no devices}"
}

# The time since the machine started, in hundredths of a second.
uptime_cs()
{
	read -r up _ < /proc/uptime
	echo "${up%.*}${up#*.}"
}

load_test_devices()
{
	modprobe vfio-test-device 2>/dev/null ||
		insmod "${VFIO_TEST_MODULE:-../reference/vfio-test-device.ko}" 2>/dev/null
}

# What an IOMMU does is all there is to see, or real groups are.
needs_iommu()	# program
{
	case $1 in
	container_test | type1_*_test | p2p_*test | dma_test)		;;
	group_test | hot_reset_group_test)				;;
	# the device may be told to write anywhere
	fuzz_test)							;;
	*)	return 1 ;;
	esac
}

run_one()	# number program
{
	name=${2##*/}
	if [ -n "$NO_IOMMU" ] && needs_iommu "$name"; then
		echo "ok $1 $name # SKIP no IOMMU"
		return
	fi
	begin=$(uptime_cs)
	case $name in
	migration*_test | dma_logging_test | emulated*_test)	load_test_devices ;;
	kvm_test)	modprobe -a kvm-intel kvm-amd 2>/dev/null ;;
	esac
	# The status of the program, not of the indenting; line by line, so that
	# a machine that dies has said what it was doing.
	rc=$( { { "$2" 2>&1; echo $? >&3; } | sed -u 's/^/  /' >&4; } 3>&1 ) 4>&1
	[ ! -e /sys/module/vfio_test_device ] || rmmod vfio-test-device
	took=$(($(uptime_cs) - begin))
	echo "# $name took $((took / 100)).$((took / 10 % 10)) s"
	case $rc in
	0)	echo "ok $1 $name" ;;
	4)	echo "ok $1 $name # SKIP" ;;
	*)	echo "not ok $1 $name # exit=$rc"; failed=$((failed + 1)) ;;
	esac
}

[ "$(id -u)" = 0 ] || skip_all "must be run as root"
cd "$(dirname "$0")" || exit 1
modprobe -a iommufd vfio-pci vfio_iommu_type1 2>/dev/null
[ ! -e /proc/lockdep ] || export VFIO_TEST_SLOW="${VFIO_TEST_SLOW:-4}"
[ -e /sys/bus/pci/drivers/vfio-pci ] || skip_all "no vfio-pci driver"
[ -e /dev/iommu ] || skip_all "no /dev/iommu"

[ $# -gt 0 ] || set -- ./*_test
failed=0 n=0 BOUND='' PARAMS='' NO_IOMMU=
echo "TAP version 13"
echo "1..$#"
trap give_back EXIT
make_up_for_iommu
take_devices
take_sets
for prog; do
	case $prog in
	*/*)	;;
	*)	prog=./$prog ;;
	esac
	n=$((n + 1))
	run_one $n "$prog"
done
echo "# $((n - failed)) programs passed or skipped, $failed failed"
[ $failed = 0 ]
