# SPDX-License-Identifier: GPL-2.0-or-later
"""The two servers that tests/bench/mail compares, and what it reads about the machine they run on."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(TOP, "build/default/bin")
WORK = os.path.join(TOP, "build/bench/mail")
DOMAIN = "porc.test"
PASSWORD = "test"

CONFIG = """
user = "";
hostname = "mx.porc.test";
smtp = {{ listen = [ "127.0.0.1:{smtp}" ]; }};
lmtp = {{ listen = [ "unix:{folder}/lmtp" ]; }};
pop3 = {{ listen = [ "127.0.0.1:{pop3}" ]; plaintext_on_loopback = true; }};
pop3s = {{ listen = [ "127.0.0.1:{pop3s}" ]; }};
tls = {{ certificate = "{folder}/certificate.pem"; key = "{folder}/key.pem"; }};
metrics = {{ listen = ""; }};
control = {{ path = "{folder}/control"; }};
store = {{ path = "{folder}/store"; }};
"""


class Failure(Exception):
	pass


class Group:
	"""A control group: it counts the CPU of a server's processes and knows them. Without control groups it knows nothing."""

	def __init__(self, name):
		if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
			root, counter = "/sys/fs/cgroup", "cpu.stat"
		else:
			root, counter = "/sys/fs/cgroup/cpuacct", "cpuacct.usage"
		try:
			self.path = tempfile.mkdtemp(prefix=f"osnc-bench-{name}-", dir=root)  # process ids begin anew in a namespace
		except OSError:
			self.path = None
		self.counter = os.path.join(self.path, counter) if self.path else "machine"

	def enter(self):
		if self.path:
			with open(os.path.join(self.path, "cgroup.procs"), "w", encoding="ascii") as file:
				file.write("0")

	def processes(self):
		if not self.path:
			return []
		with open(os.path.join(self.path, "cgroup.procs"), encoding="ascii") as file:
			return [pid for pid in file.read().split() if pid != "0"]

	def remove(self):
		for _ in range(100 if self.path else 0):
			try:
				os.rmdir(self.path)
				return
			except OSError:
				time.sleep(0.1)


def written(path):
	"""Octets and flushes the device beneath path took since the machine was started; (0, 0) if it does not tell."""
	number = os.stat(path).st_dev
	with open("/proc/diskstats", encoding="ascii") as file:
		for line in file:
			word = line.split()
			if (int(word[0]), int(word[1])) == (os.major(number), os.minor(number)):
				return int(word[9]) * 512, int(word[18]) if len(word) > 18 else 0
	return 0, 0


def free_ports(count):
	held = [socket.socket() for _ in range(count)]
	for each in held:
		each.bind(("127.0.0.1", 0))
	ports = [each.getsockname()[1] for each in held]
	for each in held:
		each.close()
	return ports


class Node:
	"""porcupined as it is when nothing is set but where it listens and keeps its things."""

	name = "porcupined"
	drain = []

	def __init__(self, accounts, folder=os.path.join(WORK, "node")):
		self.folder = folder
		self.ports = dict(zip(("smtp", "pop3", "pop3s"), free_ports(3)))
		self.smtp, self.pop3, self.pop3s = (f"127.0.0.1:{port}" for port in self.ports.values())
		self.lmtp = f"unix:{folder}/lmtp"
		self.group = Group("node")
		subprocess.run(["rm", "-rf", folder], check=True)
		os.makedirs(os.path.join(folder, "store"), mode=0o700)
		with open(os.path.join(folder, "config"), "w", encoding="ascii") as file:
			file.write(CONFIG.format(folder=folder, **self.ports))
		self.log = os.path.join(folder, "log")
		with open(self.log, "wb") as log:
			self.process = subprocess.Popen([os.path.join(BIN, "porcupined"), "--config", os.path.join(folder, "config")],
							stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.group.enter)
		try:
			self.ready()
			self.ask("domain.add", domain=DOMAIN)
			for number in range(accounts):
				self.ask("user.add", address=f"u{number}@{DOMAIN}", password=PASSWORD)
		except BaseException:
			self.end()
			raise

	def ready(self):
		for _ in range(600):
			if self.process.poll() is not None:
				with open(self.log, encoding="utf-8", errors="replace") as file:
					raise Failure(f"porcupined ended with status {self.process.returncode}:\n{file.read()[-2000:]}")
			try:
				with socket.create_connection(("127.0.0.1", self.ports["smtp"]), 5) as conn, socket.socket(socket.AF_UNIX) as control:
					control.connect(os.path.join(self.folder, "control"))
					if conn.recv(100).startswith(b"220"):
						return
			except OSError:
				pass
			time.sleep(0.05)
		raise Failure("porcupined does not greet after 30 s: see " + self.log)

	def ask(self, verb, **members):
		with socket.socket(socket.AF_UNIX) as conn:
			conn.settimeout(60)
			conn.connect(os.path.join(self.folder, "control"))
			conn.sendall(json.dumps({"verb": verb, **members}).encode() + b"\n")
			for line in conn.makefile("r", encoding="utf-8"):
				answer = json.loads(line)
				if "ok" in answer:
					if not answer["ok"]:
						raise Failure(f"{verb}: {answer['error']}")
					return
		raise Failure(f"{verb}: no answer")

	def end(self):
		"""SIGTERM, and SIGKILL if that is not enough."""
		if self.process.poll() is None:
			self.process.send_signal(signal.SIGTERM)
			try:
				self.process.wait(60)
			except subprocess.TimeoutExpired:
				self.process.kill()
				self.process.wait()
		self.group.remove()


class Peer:
	"""Postfix and Dovecot as tests/bench/peers started them around us."""

	name = "Postfix 3.7 + Dovecot 2.3"
	smtp = "127.0.0.1:2525"
	pop3 = "127.0.0.1:2110"
	pop3s = None

	def __init__(self):
		self.folder = os.environ["PEER_MAIL"]
		self.lmtp = os.environ["PEER_LMTP"]
		self.drain = [os.path.join(self.folder, "spool", queue) for queue in ("maildrop", "incoming", "active", "deferred")]
		self.group = Group.__new__(Group)
		self.group.path = os.environ.get("PEER_GROUP") or None
		self.group.counter = os.environ.get("PEER_COUNTER", "machine")

	def end(self):
		pass
