#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""interop_qemu - what the cases of interop share: devices of the machine and who
drives them, and QEMU, with a KVM guest that gets one of the devices.
"""

import json
import os
import re
import select
import socket
import subprocess
import time

PCI = "/sys/bus/pci"
MDEV = "/sys/bus/mdev"

# QEMU opens this file as its container
IOMMUFD_CONTAINER = ["unshare", "--mount", "sh", "-ec",
                     'mount --bind /dev/iommu /dev/vfio/vfio; exec "$@"', "sh"]


class Failed(Exception):
    """What goes behind "not ok"."""


def read(path):
    with open(path) as f:
        return f.read().strip()


def write(path, text):
    with open(path, "w") as f:
        f.write(text + "\n")


def run(*argv):
    subprocess.run(argv, check=True)


def until(seconds, what, condition):
    """Wait for what must happen; the time is for a kernel that is broken."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(what)
        time.sleep(0.05)


def find(ids):
    for bdf in sorted(os.listdir(PCI + "/devices")):
        dev = f"{PCI}/devices/{bdf}"
        if (read(dev + "/vendor"), read(dev + "/device")) == ids:
            return bdf
    raise Failed(f"no device {ids[0]}:{ids[1]}")


def driver(bdf):
    link = f"{PCI}/devices/{bdf}/driver"
    return os.path.basename(os.readlink(link)) if os.path.exists(link) else None


def bind(bdf, name):
    """Give a device to a driver, "" for whichever wants it."""
    dev = f"{PCI}/devices/{bdf}"
    if driver(bdf):
        write(dev + "/driver/unbind", bdf)
    write(dev + "/driver_override", name)
    write(PCI + "/drivers_probe", bdf)
    if name and driver(bdf) != name:
        raise Failed(f"{name} does not take {bdf}")


def sysfs(name):
    """The directory of a PCI device, or of a mediated one."""
    return (PCI if ":" in name else MDEV) + "/devices/" + name


def host_interrupts(bdf):
    """Interrupts that VFIO has counted for a device, by kind."""
    count = {}
    for line in read("/proc/interrupts").splitlines():
        m = re.search(r"vfio-(intx|msix?)(\[\d+\])?\(" + re.escape(bdf) + r"\)", line)
        if m:
            n = sum(int(w) for w in line.split()[1:] if w.isdigit())
            count[m[1]] = count.get(m[1], 0) + n
    return count


def device_node(bdf):
    return "/dev/vfio/devices/" + os.listdir(sysfs(bdf) + "/vfio-dev")[0]


def group_node(bdf):
    return "/dev/vfio/" + os.path.basename(os.readlink(sysfs(bdf) + "/iommu_group"))


def is_open(bdf):
    """Does a process have the device's node open?"""
    node = device_node(bdf)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fds = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        if node in fds:
            return True
    return False


class Qmp:
    """QEMU's monitor for programs; the events that came by stay in .events."""

    def __init__(self, path):
        self.events, self.rest = [], b""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        until(60, "QEMU has no monitor", lambda: self.sock.connect_ex(path) == 0)
        self.receive()
        self.command("qmp_capabilities")

    def receive(self):
        while b"\n" not in self.rest:
            data = self.sock.recv(65536)
            if not data:
                raise Failed("QEMU ended")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def command(self, name, **arguments):
        self.sock.sendall(json.dumps({"execute": name, "arguments": arguments}).encode())
        while True:
            reply = self.receive()
            if "return" in reply:
                return reply["return"]
            if "error" in reply:
                raise Failed(f"QEMU, to {name}: {reply['error']['desc']}")
            self.events.append(reply)


class Guest:
    """A KVM guest with one device of the machine."""

    # what all have in common; interop's arguments say it
    kernel = initrd = None
    seconds = 0
    started = 0

    def __init__(self, case, bdf, append="", port=False, backend="iommufd", more=(), options=""):
        self.case, self.bdf, self.lines = case, bdf, []
        self.backend, self.options = backend, options
        self.end = time.monotonic() + self.seconds
        bus = []
        if port:
            bus = ["-device", "pcie-root-port,id=slot1,chassis=1,slot=1",
                   "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]
        self.bus = ",bus=slot1" if port else ""
        Guest.started += 1
        self.socket = f"/tmp/monitor{Guest.started}"
        self.qmp = None
        self.proc = subprocess.Popen(
            [*(IOMMUFD_CONTAINER if backend == "container" else []),
             "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
             "-no-reboot", "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "192M",
             *(["-object", "iommufd,id=iommufd0"] if backend == "iommufd" else []), *bus,
             "-device", self.device("dev0"), "-kernel", self.kernel, "-initrd", self.initrd,
             "-append", f"console=ttyS0 quiet panic=-1 rdinit=/init kit_case={case} {append}",
             "-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial",
             "-qmp", f"unix:{self.socket},server=on,wait=off", *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        self.rest = b""

    def device(self, name):
        iommufd = ",iommufd=iommufd0" if self.backend == "iommufd" else ""
        what = f"host={self.bdf}" if ":" in self.bdf else f"sysfsdev={sysfs(self.bdf)}"
        return f"vfio-pci,{what}{iommufd},id={name}{self.bus}{self.options}"

    def check_backend(self):
        """QEMU has open what it is told to use, and nothing else of VFIO."""
        nodes = {"iommufd": ["/dev/iommu", device_node(self.bdf)],
                 "type1": ["/dev/vfio/vfio", group_node(self.bdf)],
                 "container": ["/dev/iommu", group_node(self.bdf)]}
        want = {os.stat(node).st_rdev for node in nodes[self.backend]}
        all_nodes = {os.stat(node).st_rdev for pair in nodes.values() for node in pair}
        seen = set()
        for fd in os.listdir(f"/proc/{self.proc.pid}/fd"):
            seen.add(os.stat(f"/proc/{self.proc.pid}/fd/{fd}").st_rdev)
        if seen & all_nodes != want:
            raise Failed(f"QEMU does not use {nodes[self.backend]}")

    def line(self):
        """The next line of the guest's serial line (or of QEMU), None at the end."""
        while b"\n" not in self.rest:
            left = self.end - time.monotonic()
            if left <= 0 or not select.select([self.proc.stdout], [], [], left)[0]:
                raise Failed(f"the guest is silent, {self.seconds} s after its start")
            data = os.read(self.proc.stdout.fileno(), 65536)
            if not data:
                return None
            self.rest += data
        text, self.rest = self.rest.split(b"\n", 1)
        text = text.decode(errors="replace").strip()
        self.lines.append(text)
        if text.startswith("guest: failed"):
            raise Failed(text)
        return text

    def expect(self, what):
        """Read up to the line "guest: WHAT"; the lines before it, without "guest: "."""
        seen = []
        while (text := self.line()) != "guest: " + what:
            if text is None:
                raise Failed(f'the guest ended before "{what}"')
            if text.startswith("guest: "):
                seen.append(text[len("guest: "):].split())
        return seen

    def go(self):
        self.proc.stdin.write(b"go\n")

    def report(self):
        """What the guest reports, and the machine's count at this moment."""
        seen = self.expect("reported")
        host = host_interrupts(self.bdf)
        self.go()
        return seen, host

    def command(self, name, **arguments):
        self.qmp = self.qmp or Qmp(self.socket)
        return self.qmp.command(name, **arguments)

    def monitor(self, line):
        """The same as a user would type it."""
        text = self.command("human-monitor-command", **{"command-line": line})
        if "Error" in text:
            raise Failed(f"QEMU, to {line}: {text.strip()}")

    def end_of_output(self):
        while self.line() is not None:
            pass
        if self.proc.wait(60):
            raise Failed(f"QEMU's exit status {self.proc.returncode}")

    def finish(self):
        self.expect("done")
        self.end_of_output()

    def quit(self):
        """End QEMU, whatever the guest is doing."""
        self.command("quit")
        self.end_of_output()

    def kill(self):
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()


def show(*guests):
    """The last that guests, and their QEMUs, said."""
    for guest in guests:
        guest.kill()
        rest = guest.rest + guest.proc.stdout.read()
        for line in (guest.lines + rest.decode(errors="replace").splitlines())[-40:]:
            print("#  ", line)
