# SPDX-License-Identifier: GPL-2.0-or-later
"""A node under everything at once: load by every protocol, clients that vanish in every state, reloads, operators, and the end."""
import json
import os
import poplib
import random
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import threading
import time

import server

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LOAD = os.path.join(ROOT, "build/default/bin/mailload")
REPORT = re.compile(r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|assertion|double free|corrupt", re.I)
MANY = b"x" * 70 + b"\r\n"


def refuse_reports(path):
	"""Nothing that a sanitizer or the C library says may be in a log."""
	with open(path, encoding="utf-8", errors="replace") as file:
		text = file.read()
	found = REPORT.search(text)
	if found:
		raise server.Failure(f"in the log: {text[max(0, found.start() - 200):found.start() + 6000]}")


def fail_on_reports(node):
	refuse_reports(os.path.join(node.folder, "log"))


class Crowd:
	"""Threads that do one thing over and over until stop(); what they raise is raised there."""

	def __init__(self):
		self.ending = threading.Event()
		self.threads = []
		self.trouble = []
		self.counts = {}

	def add(self, what, pause=0.0):
		def run():
			while not self.ending.wait(pause):
				try:
					what()
					self.counts[what.__name__] = self.counts.get(what.__name__, 0) + 1
				except Exception as error:  # pylint: disable=broad-except
					self.trouble.append((what.__name__, error))
					return

		self.threads.append(threading.Thread(target=run))
		self.threads[-1].start()

	def stop(self):
		self.ending.set()
		for thread in self.threads:
			thread.join(60)
			if thread.is_alive():
				raise server.Failure("a client hangs")
		if self.trouble:
			raise server.Failure(f"{self.trouble[0][0]}: {self.trouble[0][1]!r}") from self.trouble[0][1]


# ---- clients that vanish ---------------------------------------------------------------------------------


def talk(sock, *lines):
	"""Says each line, and waits for one answer to each."""
	file = sock.makefile("rb")
	for line in (None, *lines):
		if line is not None:
			sock.sendall(line + b"\r\n")
		while (answer := file.readline())[3:4] == b"-":
			pass
		if not answer:
			raise OSError("closed")


class Vanishing:
	"""Connections that are dropped, half of them by a reset, in each state of each protocol."""

	def __init__(self, node, addresses):
		self.ports = node.ports
		self.addresses = addresses
		self.passwords = node.passwords
		self.dice = random.Random(1)
		self.states = [self.greeting, self.envelope, self.data, self.text, self.chunk, self.committing, self.handshake, self.starttls,
			       self.login, self.retrieving, self.deleting, self.plain_tls]

	def to(self):
		return self.dice.choice(self.addresses).encode()

	def drop(self, sock):
		if self.dice.random() < 0.5:
			sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
		sock.close()

	def greeting(self, sock):
		pass

	def envelope(self, sock):
		talk(sock, b"EHLO here", b"MAIL FROM:<>", b"RCPT TO:<%s>" % self.to())

	def data(self, sock):
		talk(sock, b"EHLO here", b"MAIL FROM:<>", b"RCPT TO:<%s>" % self.to(), b"DATA")

	def text(self, sock):
		self.data(sock)
		sock.sendall(MANY * self.dice.choice((1, 100, 20000)))

	def chunk(self, sock):
		self.envelope(sock)
		sock.sendall(b"BDAT 1000000 LAST\r\n" + MANY * self.dice.choice((1, 100, 10000)))

	def committing(self, sock):
		self.envelope(sock)
		text = MANY * self.dice.choice((1, 30, 15000))
		sock.sendall(b"BDAT %d LAST\r\n%s" % (len(text), text))

	def starttls(self, sock):
		talk(sock, b"EHLO here", b"STARTTLS")
		sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")

	def handshake(self, sock):
		sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(self.dice.choice((0, 40, 2000))))

	def login(self, sock):
		address = self.to()
		talk(sock, b"USER " + address)
		sock.sendall(b"PASS %s\r\n" % self.passwords[address.decode()].encode())

	def retrieving(self, sock):
		self.login(sock)
		sock.sendall(b"".join(b"RETR %d\r\n" % n for n in range(1, 30)))

	def deleting(self, sock):
		self.login(sock)
		sock.sendall(b"".join(b"DELE %d\r\n" % n for n in range(1, 30)) + b"QUIT\r\n")

	def plain_tls(self, sock):
		tls = server.untrusting().wrap_socket(sock, do_handshake_on_connect=self.dice.random() < 0.7)
		try:
			tls.sendall(b"USER x\r\n")
		except (OSError, ValueError):
			pass
		self.drop(tls)

	def vanish(self):
		state = self.dice.choice(self.states)
		port = ("pop3s" if state in (self.handshake, self.plain_tls) else
			"pop3" if state in (self.login, self.retrieving, self.deleting) else self.dice.choice(("smtp", "smtp", "lmtp")))
		sock = socket.create_connection(("127.0.0.1", self.ports[port]), 20)
		try:
			if port == "lmtp":
				sock.sendall(b"LHLO here\r\n")
			state(sock)
		except (OSError, ssl.SSLError):
			pass
		if sock.fileno() >= 0:
			self.drop(sock)


# ---- operators --------------------------------------------------------------------------------------------


class Operators:
	def __init__(self, node):
		self.node = node
		self.turn = 0
		self.cares = self.reloads = 0
		self.config = os.path.join(node.folder, "config")
		with open(self.config, encoding="ascii") as file:
			self.text = file.read()

	def accounts(self):
		self.turn += 1
		name = f"passing{self.turn % 7}@{server.DOMAIN}"
		ask = self.node.ask
		ask("user", "add", name, text="one\n")
		ask("alias", "add", f"alias{self.turn % 7}@{server.DOMAIN}", name, "anna@" + server.DOMAIN)
		with smtplib.SMTP("127.0.0.1", self.node.ports["smtp"], timeout=30) as smtp:
			smtp.sendmail("", [f"alias{self.turn % 7}@{server.DOMAIN}", name], "Subject: passing\n\nby\n")
		ask("user", "passwd", name, text="two\n")
		pop = poplib.POP3("127.0.0.1", self.node.ports["pop3"], timeout=30)
		pop.user(name)
		pop.pass_("two")
		if pop.stat()[0] != 1:
			raise server.Failure(f"{name} has {pop.stat()[0]} messages, not 1")
		ask("user", "remove", name)
		pop.dele(1)
		pop.quit()
		ask("alias", "remove", f"alias{self.turn % 7}@{server.DOMAIN}")
		if self.turn % 5 == 0:
			ask("domain", "add", f"d{self.turn}.example")
			ask("domain", "remove", f"d{self.turn}.example", "--force")
		ask("metrics")
		ask("status")
		ask("user", "list")

	def passwords(self):
		"""Orders as fast as they are answered: one is under way whenever the rules change."""
		with socket.socket(socket.AF_UNIX) as sock:
			sock.connect(os.path.join(self.node.folder, "control"))
			file = sock.makefile("rb")
			for number in range(50):
				order = {"verb": "user.passwd", "address": "spare@" + server.DOMAIN, "password": f"secret {number}"}
				sock.sendall(json.dumps(order).encode() + b"\n")
				if not json.loads(file.readline())["ok"]:
					raise server.Failure("user.passwd")

	def care(self):
		self.cares += 1
		folder = os.path.join(self.node.folder, f"export{self.cares}")
		self.node.ask("compact")
		self.node.ask("export", "anna@" + server.DOMAIN, folder)
		self.node.ask("import", "spare@" + server.DOMAIN, folder)
		self.node.ask("scrub")
		shutil.rmtree(folder)

	def reload(self):
		"""Another certificate, other limits, at times settings that are wrong."""
		self.reloads += 1
		if self.reloads % 10 == 0:
			for name in ("certificate.pem", "key.pem"):
				if os.path.exists(os.path.join(self.node.folder, name)):
					os.unlink(os.path.join(self.node.folder, name))
		text = self.text.replace('message_size = "20M"', f'message_size = "{20 + self.reloads % 7}M"')
		text += "smtp = 3;\n" if self.reloads % 5 == 0 else f"limits = {{ errors = {20 + self.reloads % 3}; }};\n"
		with open(self.config + ".new", "w", encoding="ascii") as file:
			file.write(text)
		os.rename(self.config + ".new", self.config)
		self.node.process.send_signal(signal.SIGHUP)

	def restore(self):
		with open(self.config, "w", encoding="ascii") as file:
			file.write(self.text)


# ---- the whole ----------------------------------------------------------------------------------------------


def loads(node, seconds):
	"""Generators with accounts of their own: each checks that all it sent is there, once, octet for octet."""
	kinds = {
		"plain": [],
		"piped": ["--pipelining", "--recipients=3", "--from=10000000"],
		"local": ["--lmtp", "--from=20000000"],
		"secret": ["--starttls", "--from=30000000", "--pop3-tls", "--readers=1", "--delete"],
		"eaten": ["--from=40000000", "--readers=3", "--delete", "--per-connection=3"],
	}
	running = {}
	for kind, more in kinds.items():
		for number in range(4):
			node.ask("user", "add", f"{kind}{number}@{server.DOMAIN}", text="test\n")
		pop3 = node.ports["pop3s" if kind == "secret" else "pop3"]
		command = [LOAD, f"--smtp=127.0.0.1:{node.ports['lmtp' if kind == 'local' else 'smtp']}", f"--pop3=127.0.0.1:{pop3}",
			   f"--address={kind}%u@{server.DOMAIN}", "--accounts=4", "--connections=4", f"--duration={seconds}", "--corpus=200",
			   "--rate=100", "--readback", *more]
		running[kind] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	return running


def storm(node, seconds):
	crowd = Crowd()
	operators = Operators(node)
	vanishing = Vanishing(node, ["bert@" + server.DOMAIN, "carl@" + server.DOMAIN])
	running = loads(node, seconds)
	try:
		for _ in range(2):
			crowd.add(vanishing.vanish)
		crowd.add(operators.accounts)
		crowd.add(operators.care)
		crowd.add(operators.passwords, 0.1)
		crowd.add(operators.reload, 0.1)
		for kind, process in running.items():
			text = process.communicate(timeout=seconds + 240)[0]
			if process.returncode:
				raise server.Failure(f"mailload {kind}: status {process.returncode}\n{text}\n{node.log()[-3000:]}")
	finally:
		for process in running.values():
			if process.poll() is None:
				process.kill()
				process.wait()
		crowd.stop()
		operators.restore()
	for name, count in sorted(crowd.counts.items()):
		print(f"  {name}: {count} times")


class Sender:
	"""Sends numbered messages until the node goes, and knows which were acknowledged."""

	def __init__(self, node, number):
		self.node = node
		self.number = number
		self.sent = 0
		self.taken = []

	def send(self):
		try:
			with smtplib.SMTP("127.0.0.1", self.node.ports["smtp"], timeout=30) as smtp:
				for _ in range(20):
					self.sent += 1
					name = f"{self.number}-{self.sent}"
					smtp.sendmail("", ["dora@" + server.DOMAIN], f"Subject: {name}\n\n{name}\n")
					self.taken.append(name)
		except (OSError, smtplib.SMTPException):
			time.sleep(0.05)


def terminate(node, sig):
	"""SIGTERM (or an operator's stop) while mail comes in: all that was acknowledged is there after the next start."""
	prefix = f"round{len(node.log())}-"
	senders = [Sender(node, f"{prefix}{n}") for n in range(4)]
	crowd = Crowd()
	for sender in senders:
		crowd.add(sender.send)

	def compact():
		subprocess.run([os.path.join(server.BUILD, "porcupinectl"), "--socket", os.path.join(node.folder, "control"), "compact"],
			       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)

	crowd.add(compact)
	time.sleep(1.5)
	try:
		if sig == signal.SIGKILL:
			node.kill()
		else:
			node.end()
	finally:
		crowd.stop()
	fail_on_reports(node)
	node.start()
	taken = {name for sender in senders for name in sender.taken}
	texts = [text.split(b"Subject: ")[1].split(b"\r\n")[0].decode() for text in node.take("dora@" + server.DOMAIN)]
	if len(taken) < 10:
		raise server.Failure(f"only {len(taken)} messages were acknowledged")
	if taken - set(texts) or len(texts) != len(set(texts)):
		raise server.Failure(f"signal {sig}: lost {sorted(taken - set(texts))[:5]}, {len(texts) - len(set(texts))} twice")
	if not all(name.startswith(prefix) for name in texts):
		raise server.Failure(f"signal {sig}: mail that was deleted is back")
	print(f"  signal {sig}: {len(taken)} acknowledged, {len(texts)} found")


def run(folder, build, seconds):
	node = server.Server(folder, people=("anna", "bert", "carl", "dora", "spare"), build=build)
	try:
		storm(node, seconds)
		fail_on_reports(node)
		for sig in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
			terminate(node, sig)
		scrub = node.ask("scrub")
		node.end()
		fail_on_reports(node)
		return scrub
	finally:
		if node.process.poll() is None:
			node.kill()
