# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test machine boots from, cached in build/vm: the unpacked kernel, the initramfs, the accelerator that works."""
import contextlib
import fcntl
import lzma
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
CACHE = os.path.join(TOP, "build", "vm")
BUSYBOX = "/bin/busybox"
MODULES = ("virtio_pci", "virtio_console", "virtiofs", "overlay")
PROBE_SECONDS = 10
# -arch-capabilities: some nested hosts offer that register and then refuse its value, which QEMU dies of.
ACCELERATORS = {"kvm": ["-accel", "kvm", "-cpu", "host,-arch-capabilities"], "tcg": ["-accel", "tcg,thread=multi", "-cpu", "max"],
	# One instruction is one nanosecond of the machine's time: for benchmarks, with one CPU. Without erms and fsrm, as 'rep movsb' counts once an octet.
	"icount": ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", "max,erms=off,fsrm=off"]}


class SetupError(Exception):
	pass


def tool(command):
	try:
		return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout
	except FileNotFoundError as error:
		raise SetupError(f"{command[0]} is missing: run tools/setup") from error
	except subprocess.CalledProcessError as error:
		raise SetupError(f"{os.path.basename(command[0])}: {error.stderr.strip()}") from error


def full_version(kernel):
	return tool([os.path.join(TOP, "kmod", "scripts", "kernels"), kernel]).strip()


@contextlib.contextmanager
def locked():
	os.makedirs(CACHE, exist_ok=True)
	with open(os.path.join(CACHE, "lock"), "w", encoding="ascii") as file:
		fcntl.flock(file, fcntl.LOCK_EX)
		yield


def stamp(paths):
	"""One line per input: a change of any, also to an older file, shows."""
	return "".join(f"{path} {status.st_size} {status.st_mtime_ns}\n" for path, status in ((p, os.stat(p)) for p in paths))


def cached(output, inputs, make):
	"""Calls make(output) unless `output` was made from these very inputs."""
	mark = stamp(inputs)
	with contextlib.suppress(OSError), open(output + ".from", encoding="utf-8") as file:
		if os.path.exists(output) and file.read() == mark:
			return output
	make(output)
	with open(output + ".from", "w", encoding="utf-8") as file:
		file.write(mark)
	return output


def vmlinux(version):
	source = f"/boot/vmlinuz-{version}"
	script = os.path.join(TOP, "kmod", "scripts", "vmlinux")
	if not os.access(source, os.R_OK):
		raise SetupError(f"{source} is not readable: run tools/setup")
	output = os.path.join(CACHE, f"vmlinux-{version}")
	tool([script, source, output])
	return output


def module_files(version):
	files = []
	for module in MODULES:
		for line in tool(["/usr/sbin/modprobe", "-S", version, "--show-depends", module]).splitlines():
			verb, path = line.split()[:2]
			if verb == "insmod" and path not in files:
				files.append(path)
	return files


def archive(entries):
	"""A newc cpio archive of [(name, mode, bytes)], the format of Documentation/driver-api/early-userspace/buffer-format.rst."""
	out = bytearray()
	for number, (name, mode, data) in enumerate(entries + [("TRAILER!!!", 0, b"")], 1):
		raw = name.encode() + b"\0"
		fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
		out += b"070701" + b"".join(b"%08X" % field for field in fields) + raw
		out += b"\0" * (-len(out) % 4) + data
		out += b"\0" * (-len(out) % 4)
	return bytes(out)


def read(path):
	with (lzma.open if path.endswith(".xz") else open)(path, "rb") as file:
		return file.read()


def initramfs(version):
	init = os.path.join(HERE, "init")
	modules = module_files(version)

	def make(output):
		entries = [(name, 0o040755, b"") for name in ("bin", "modules", "proc", "sys", "dev", "ro", "rw", "root")]
		entries += [("bin/busybox", 0o100755, read(BUSYBOX)), ("init", 0o100755, read(init))]
		for number, path in enumerate(modules):
			name = os.path.basename(path).removesuffix(".xz")
			entries.append((f"modules/{number:02}-{name}", 0o100644, read(path)))
		part = output + ".part"
		with open(part, "wb") as file:
			file.write(archive(entries))
		os.replace(part, output)

	if not os.access(BUSYBOX, os.X_OK):
		raise SetupError(f"{BUSYBOX} is missing: run tools/setup")
	return cached(os.path.join(CACHE, f"initramfs-{version}"), [BUSYBOX, init, os.path.abspath(__file__), *modules], make)


def noatime():
	"""The library that virtiofsd needs without root."""
	source = os.path.join(HERE, "noatime.c")

	def make(output):
		part = output + ".part"
		tool(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-U_FORTIFY_SOURCE", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", "-o", part, source])
		os.replace(part, output)

	return cached(os.path.join(CACHE, "noatime.so"), [source], make)


def probe(kernel, ramdisk):
	"""Boots the real kernel under KVM as far as its init. None if that worked, else the reason why not."""
	if not os.access("/dev/kvm", os.R_OK | os.W_OK):
		return "/dev/kvm is not there or not ours"
	command = ["qemu-system-x86_64", "-M", "pc,usb=off", *ACCELERATORS["kvm"], "-m", "512", "-smp", "2", "-nodefaults", "-no-user-config",
		   "-display", "none", "-no-reboot", "-kernel", kernel, "-initrd", ramdisk, "-serial", "stdio",
		   "-append", "console=ttyS0 quiet panic=-1 mitigations=off osnc.probe"]
	try:
		run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_SECONDS, check=False)
	except subprocess.TimeoutExpired:
		return f"a guest did not come up in {PROBE_SECONDS} s"
	if run.returncode == 0 and b"osnc: probe passed" in run.stdout:
		return None
	last = run.stderr.decode(errors="replace").strip().splitlines()
	return f"a guest died: {last[-1] if last else run.returncode}"


def accelerator(version, kernel, ramdisk):
	"""("kvm" or "tcg", why), probed once for each kernel and each boot of this machine."""
	with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
		boot = file.read().strip()
	path = os.path.join(CACHE, f"accelerator-{version}-{os.getuid()}")
	with contextlib.suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
		seen, name, why = file.read().split("\n")[:3]
		if seen == boot and name in ACCELERATORS:
			return name, why
	reason = probe(kernel, ramdisk)
	name, why = ("tcg", reason) if reason else ("kvm", "probed")
	with open(path, "w", encoding="utf-8") as file:
		file.write(f"{boot}\n{name}\n{why}\n")
	return name, why
