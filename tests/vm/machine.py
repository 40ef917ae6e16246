# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of a test machine: its file servers, its QEMU, its ports, its end."""
import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import time

from image import ACCELERATORS, SetupError

VIRTIOFSD = "/usr/lib/qemu/virtiofsd"
PORTS = ("out", "err", "control", "kernel")  # virtio ports 1 to 4, in `session`'s order
OFF_SECONDS = 10
ASK_SECONDS = 3

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, SYS_MOUNT_SETATTR = -100, 0x8000, 1, 442
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
	if result < 0:
		raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def die_with_parent():
	check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), "prctl")


def own_root(read_only_at):
	"""In a child about to become virtiofsd: root's view of a mount namespace of its own, by a user namespace if need be.
	With `read_only_at` (a folder) the whole tree appears there, and no mount of it can be written to."""

	def prepare():
		uid, gid = os.getuid(), os.getgid()
		check(libc.unshare(CLONE_NEWNS | (CLONE_NEWUSER if uid else 0)), "unshare")
		if uid:
			for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
				with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
					file.write(text)
		check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount --make-rprivate")
		if read_only_at:
			check(libc.mount(b"/", read_only_at.encode(), None, MS_BIND | MS_REC, None), "mount --rbind")
			attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
			check(libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, read_only_at.encode(), AT_RECURSIVE, attributes, 32), "mount_setattr")
		die_with_parent()

	return prepare


class Machine:
	"""Use as a context: leaving it ends every process it started."""

	def __init__(self, work, cpus, memory, accelerator, preload=None):
		"""preload: the library for file servers without root, see noatime.c"""
		self.preload = preload
		self.work, self.cpus, self.memory, self.accelerator = work, cpus, memory, accelerator
		self.devices, self.processes = [], []
		self.ports, self.qemu = {}, None
		self.console, self.kernel = bytearray(), bytearray()
		self.started = self.begun = self.ended = self.status = self.cut_at = None
		self.cut = False
		self.heard = None  # how much of the kernel's log was there when its time was up

	def __enter__(self):
		return self

	def __exit__(self, *_):
		for process in self.processes:
			if process.poll() is None:
				process.kill()
			process.wait()

	def serve(self, tag, folder, read_only=False):
		"""A virtiofs of `folder` under this tag. With `read_only`: of the whole tree, made to appear at `folder`."""
		name = f"{self.work}/{tag}"
		listener = socket.socket(socket.AF_UNIX)
		with contextlib.suppress(FileNotFoundError):
			os.unlink(f"{name}.socket")
		listener.bind(f"{name}.socket")
		listener.listen(1)
		command = [VIRTIOFSD, f"--fd={listener.fileno()}", "-o", f"source={folder}", "-o", "sandbox=chroot", "--thread-pool-size=0",
			   "-o", "cache=always" if read_only else "cache=auto"]
		environment = {**os.environ, "LD_PRELOAD": self.preload} if self.preload else None
		try:
			with open(f"{name}.log", "wb") as log:
				process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[listener.fileno()],
							   preexec_fn=own_root(folder if read_only else None), env=environment)
		except (OSError, subprocess.SubprocessError) as error:
			raise SetupError(f"virtiofsd for {tag}: {error} (needs root, or user namespaces for all)") from error
		listener.close()
		self.processes.append(process)
		self.devices += ["-chardev", f"socket,id=fs-{tag},path={name}.socket", "-device",
				 f"vhost-user-fs-pci,chardev=fs-{tag},tag={tag},queue-size=1024"]

	def disk(self, number, path, log=None):
		"""A virtio-blk disk on a raw image. What the guest wrote but did not flush may or may not be in it after a cut; `log`
		is a second image that QEMU writes in dm-log-writes' format, from which any legal state can be made."""
		node = f"disk{number}"
		self.devices += ["-blockdev", f"driver=file,filename={path},node-name={node}-file,cache.direct=off"]
		if log:
			self.devices += ["-blockdev", f"driver=file,filename={log},node-name={node}-log",
					 "-blockdev", f"driver=blklogwrites,node-name={node},file={node}-file,log={node}-log,log-sector-size=512,log-super-update-interval=1"]
		else:
			self.devices += ["-blockdev", f"driver=raw,node-name={node},file={node}-file"]
		self.devices += ["-device", f"virtio-blk-pci,drive={node}"]

	def start(self, kernel, ramdisk, arguments, extra):
		command = ["qemu-system-x86_64", "-M", "pc,usb=off,memory-backend=memory", *ACCELERATORS[self.accelerator],
			   "-object", f"memory-backend-memfd,id=memory,size={self.memory}M,share=on",
			   "-smp", str(self.cpus), "-m", str(self.memory), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
			   "-kernel", kernel, "-initrd", ramdisk, "-append", arguments, "-device", "virtio-serial-pci"]
		remote = {}
		for name in ("console", "monitor", *PORTS):
			self.ports[name], remote[name] = socket.socketpair()
			self.ports[name].setblocking(False)
			command += ["-chardev", f"socket,id={name},fd={remote[name].fileno()}"]
		command += ["-serial", "chardev:console", "-mon", "chardev=monitor,mode=control"]
		for number, name in enumerate(PORTS, 1):
			command += ["-device", f"virtserialport,chardev={name},nr={number}"]
		with open(f"{self.work}/qemu.log", "wb") as log:
			try:
				self.qemu = subprocess.Popen(command + self.devices + extra, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
							     pass_fds=[end.fileno() for end in remote.values()], preexec_fn=die_with_parent)
			except FileNotFoundError as error:
				raise SetupError("qemu-system-x86_64 is missing: run tools/setup") from error
		for end in remote.values():
			end.close()
		self.processes.insert(0, self.qemu)
		self.started = time.monotonic()

	def hear(self, line):
		"""One line of the control port: begin | exit STATUS | cut [SECONDS]."""
		words = line.split()
		if words[:1] == ["begin"]:
			self.begun = time.monotonic()
		elif words[:1] == ["exit"]:
			self.status = int(words[1])
		elif words[:1] == ["cut"]:
			self.cut_at = time.monotonic() + (float(words[1]) if len(words) > 1 else 0)

	def ask(self):
		"""Has a kernel whose time is up tell on the console what its processors do and who waits for what: SysRq at level 9, l and w."""
		self.heard = len(self.kernel)
		with contextlib.suppress(OSError):
			self.ports["monitor"].send(b'{"execute": "qmp_capabilities"}')
			for key in (b"9", b"l", b"w"):
				self.ports["monitor"].send(b'{"execute": "chardev-send-break", "arguments": {"id": "console"}}')
				time.sleep(0.1)  # the break and the key take different ways
				self.ports["console"].send(key)
				time.sleep(0.1)

	def run(self, boot_seconds, seconds, token, stdout, stderr):
		"""Until the machine is off: "off", "cut" (as the command asked), "timeout" or "died". Both limits count from power-on; the
		first holds until the command begins."""
		end_mark = f"osnc end {token}".encode()
		deadline = self.started + min(boot_seconds, seconds)
		control, off = bytearray(), False
		selector = selectors.DefaultSelector()
		for name, port in self.ports.items():
			selector.register(port, selectors.EVENT_READ, name)
		while selector.get_map():
			now = time.monotonic()
			if self.cut_at is not None and now >= self.cut_at:
				self.qemu.kill()
				self.cut, self.cut_at, deadline = True, None, now + OFF_SECONDS
			if now >= deadline:
				if off or self.heard is not None:
					return "off" if off else "timeout"
				self.ask()
				deadline = now + ASK_SECONDS
			for key, _ in selector.select(min(deadline, self.cut_at or deadline) - now):
				try:
					data = key.fileobj.recv(65536)
				except ConnectionResetError:
					data = b""
				if not data:
					selector.unregister(key.fileobj)
				elif key.data == "console":
					self.console += data
				elif key.data == "kernel":
					self.kernel += data
				elif self.heard is not None:
					continue  # a command that begins, or goes on, when the time is up counts for nothing
				elif key.data == "out":
					stdout(data)
				elif key.data == "err":
					stderr(data)
				elif key.data == "control":
					control += data
					while b"\n" in control:
						line, _, control = control.partition(b"\n")
						self.hear(line.decode(errors="replace"))
						if self.begun and not self.cut and not off:
							deadline = self.started + seconds
			if self.status is not None and not off and end_mark in self.kernel:
				self.qemu.terminate()  # orderly on the host's side: QEMU closes its images
				off, deadline = True, time.monotonic() + OFF_SECONDS
		self.qemu.wait()
		return "cut" if self.cut else "off" if off else "died" if self.heard is None else "timeout"
