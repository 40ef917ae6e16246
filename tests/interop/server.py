# SPDX-License-Identifier: GPL-2.0-or-later
"""A porcupined of a test's own, with TLS, and its mailboxes read back. All of it is in one folder."""
import os
import poplib
import signal
import socket
import ssl
import subprocess
import time

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", os.environ.get("OSNC_VARIANT", "default"), "bin")
DOMAIN = "interop.example"

CONFIG = """
user = "";
hostname = "mx.{domain}";
smtp = {{ listen = [ "127.0.0.1:{smtp}" ]; message_size = "{message_size}"; timeout = "30s"; }};
lmtp = {{ listen = [ "127.0.0.1:{lmtp}" ]; }};
pop3 = {{ listen = [ "127.0.0.1:{pop3}" ]; plaintext_on_loopback = {plaintext}; timeout = "{timeout}"; }};
pop3s = {{ listen = [ "127.0.0.1:{pop3s}" ]; }};
tls = {{ certificate = "{folder}/certificate.pem"; key = "{folder}/key.pem"; }};
metrics = {{ listen = ""; }};
control = {{ path = "{folder}/control"; }};
auth = {{ yescrypt_cost = 1; }};
store = {{ path = "{folder}/store"; segment_size = "64M"; reserve = "1M"; }};
{more}
"""


class Failure(Exception):
	"""What makes a test red."""


def free_ports(names):
	sockets = {name: socket.socket() for name in names}
	for each in sockets.values():
		each.bind(("127.0.0.1", 0))
	ports = {name: each.getsockname()[1] for name, each in sockets.items()}
	for each in sockets.values():
		each.close()
	return ports


def untrusting():
	"""TLS that takes any certificate: the node's is self-signed."""
	context = ssl.create_default_context()
	context.check_hostname = False
	context.verify_mode = ssl.CERT_NONE
	return context


class Server:
	def __init__(self, folder, people=("anna", "bert"), message_size="20M", plaintext=True, timeout="10m", more="", build=BUILD, change=()):
		self.folder = folder
		self.build = build
		self.ports = free_ports(("smtp", "lmtp", "pop3", "pop3s"))
		self.passwords = {f"{person}@{DOMAIN}": f"secret of {person}" for person in people}
		self.process = None
		config = os.path.join(folder, "config")
		template = CONFIG
		for old, new in change:
			template = template.replace(old, new)
		with open(config, "w", encoding="ascii") as file:
			file.write(template.format(domain=DOMAIN, folder=folder, message_size=message_size, plaintext=str(plaintext).lower(),
						 timeout=timeout, more=more, **self.ports))
		self.start()
		try:
			self.ask("domain", "add", DOMAIN)
			for address, password in self.passwords.items():
				self.ask("user", "add", address, text=password + "\n")
		except BaseException:
			self.kill()
			raise

	def start(self):
		with open(os.path.join(self.folder, "log"), "ab") as log:
			said = log.tell()
			self.process = subprocess.Popen([os.path.join(self.build, "porcupined"), "--config", os.path.join(self.folder, "config")],
							stdin=subprocess.DEVNULL, stdout=log, stderr=log)
		try:
			self.wait_for_greeting(said)
		except BaseException:
			self.kill()
			raise

	def kill(self):
		"""As a power cut would, but for the page cache."""
		self.process.kill()
		self.process.wait()

	def log(self):
		with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
			return file.read()

	def wait_for_greeting(self, said):
		"""Until the log has the word behind that offset, and the port answers: what answers alone may be another's server."""
		until = time.monotonic() + 30
		while True:
			if self.process.poll() is not None:
				raise Failure(f"the server ended with status {self.process.returncode} at its start:\n{self.log()}")
			try:
				with socket.create_connection(("127.0.0.1", self.ports["smtp"]), 5) as sock:
					if sock.recv(3) == b"220" and b" ready version=" in self.log().encode()[said:]:
						return
			except OSError:
				pass
			if time.monotonic() > until:
				raise Failure(f"the server does not greet:\n{self.log()}")
			time.sleep(0.05)

	def ask(self, *verb, text=None):
		"""porcupinectl; its output."""
		run = subprocess.run([os.path.join(BUILD, "porcupinectl"), "--socket", os.path.join(self.folder, "control"), *verb], input=text,
				     capture_output=True, text=True, check=False, timeout=60)
		if run.returncode != 0:
			raise Failure(f"porcupinectl {' '.join(verb)}: {run.stderr.strip() or run.stdout.strip()}")
		return run.stdout

	def take(self, address):
		"""All messages of a mailbox, as octets with CRLF, oldest first; they are deleted."""
		pop = poplib.POP3_SSL("127.0.0.1", self.ports["pop3s"], timeout=30, context=untrusting())
		try:
			if not address.isascii():
				pop.utf8()
			pop.user(address)
			pop.pass_(self.passwords[address])
			found = []
			for number in range(1, pop.stat()[0] + 1):
				found.append(b"".join(line + b"\r\n" for line in pop.retr(number)[1]))
				pop.dele(number)
		finally:
			pop.quit()
		return found

	def end(self):
		if self.process and self.process.poll() is None:
			self.process.send_signal(signal.SIGTERM)
			try:
				if self.process.wait(30) != 0:
					raise Failure(f"status {self.process.returncode} after SIGTERM:\n{self.log()}")
			except subprocess.TimeoutExpired:
				self.process.kill()
				self.process.wait()
				raise Failure(f"the server did not end after SIGTERM:\n{self.log()}") from None
