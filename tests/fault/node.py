# SPDX-License-Identifier: GPL-2.0-or-later
"""A porcupined of a test's own: ports, configuration, accounts, load and the ends it may come to. All of it is in one folder."""
import collections
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import disk
import wire
from trial import BUILD, Failure

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(BUILD, "bin/porcupined")
LIAR = os.path.join(BUILD, "fault/liar.so")
PROGRAMS = (SERVER, LIAR)
DOMAIN = "node.example"

CONFIG = """
user = "";
hostname = "mx.{domain}";
smtp = {{ listen = [ "{smtp}" ]; }};
lmtp = {{ listen = [ "{lmtp}" ]; }};
pop3 = {{ listen = [ "{pop3}" ]; plaintext_on_loopback = true; }};
pop3s = {{ listen = [ ]; }};
tls = {{ certificate = ""; key = ""; }};
metrics = {{ listen = ""; }};
control = {{ path = "{control}"; }};
auth = {{ yescrypt_cost = 1; }};
store = {{ path = "{store}"; segment_size = "4M"; body_memory = "128k"; reserve = "{reserve}"; compress = {compress}; }};
"""


def free_ports(count):
	sockets = [socket.socket() for _ in range(count)]
	for each in sockets:
		each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		each.bind(("127.0.0.1", 0))
	ports = [each.getsockname()[1] for each in sockets]
	for each in sockets:
		each.close()
	return ports


class Node:
	def __init__(self, folder, accounts=8, server=SERVER, shadow=False, compress=False, reserve="1M"):
		self.folder = folder
		self.at = dict(zip(("smtp", "lmtp", "pop3"), (f"127.0.0.1:{port}" for port in free_ports(3))))
		self.store = os.path.join(folder, "store")
		self.shadow = os.path.join(folder, "shadow") if shadow else None
		self.history = os.path.join(folder, "history")
		self.log = os.path.join(folder, "log")
		self.control = os.path.join(folder, "control")
		self.accounts = os.path.join(folder, "accounts.json")
		self.config = os.path.join(folder, "config")
		self.process = None
		self.restarts = []
		# Copies: a build that goes on meanwhile shall not change what is tested.
		self.server = shutil.copy(server, os.path.join(folder, "porcupined"))
		self.liar = shutil.copy(LIAR, folder)
		os.makedirs(self.history)
		os.makedirs(self.store, mode=0o700, exist_ok=True)
		with open(self.config, "w", encoding="ascii") as file:
			file.write(CONFIG.format(domain=DOMAIN, store=self.store, control=self.control, compress=str(compress).lower(), reserve=reserve,
						 **self.at))
		self.people = [{"address": f"user{n}@{DOMAIN}", "password": f"secret {n}"} for n in range(accounts)]
		with open(self.accounts, "w", encoding="ascii") as file:
			json.dump(self.people, file)
		if shadow:
			disk.init(self.store, self.shadow, "index")
		try:
			self.start()
			self.ask("domain.add", domain=DOMAIN)
			for person in self.people:
				self.ask("user.add", **person)
		except BaseException:
			self.end()
			raise

	def environment(self):
		if not self.shadow:
			return os.environ
		return {**os.environ, "LD_PRELOAD": self.liar, "LIAR_DIR": self.store, "LIAR_SHADOW": self.shadow, "LIAR_SKIP": "index"}

	def tail(self, lines=15):
		with open(self.log, encoding="utf-8", errors="replace") as file:
			return "".join(collections.deque(file, lines))

	def launch(self):
		with open(self.log, "ab") as log:
			self.process = subprocess.Popen([self.server, "--config", self.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
							env=self.environment())

	def start(self, timeout=60):
		"""Starts the server; returns when it greets, or raises. The seconds are noted in restarts."""
		self.launch()
		began = time.monotonic()
		while not (self.greets() and self.listens(self.control)):
			if self.process.poll() is not None:
				raise Failure(f"the server ended with status {self.process.returncode} at its start:\n{self.tail()}")
			if time.monotonic() - began > timeout:
				self.kill()
				raise Failure(f"the server does not greet after {timeout} s:\n{self.tail()}")
			time.sleep(0.002)
		self.restarts.append(time.monotonic() - began)

	def greets(self):
		try:
			conn = wire.Lines(self.at["smtp"], 5)
		except wire.Broken:
			return False
		try:
			return conn.line().startswith(b"220")
		except wire.Broken:
			return False
		finally:
			conn.close()

	@staticmethod
	def listens(address):
		try:
			wire.dial(address, 5).close()
		except wire.Broken:
			return False
		return True

	def dead(self):
		return self.process.poll() is not None

	def kill(self):
		self.process.kill()
		return self.process.wait()

	def stop(self, timeout=60):
		"""SIGTERM; the server must end by itself, with status 0."""
		self.process.send_signal(signal.SIGTERM)
		try:
			status = self.process.wait(timeout)
		except subprocess.TimeoutExpired:
			self.kill()
			raise Failure(f"the server did not end within {timeout} s of SIGTERM:\n{self.tail()}") from None
		if status != 0:
			raise Failure(f"status {status} after SIGTERM:\n{self.tail()}")

	def ask(self, verb, **members):
		"""One request on the control socket, as porcupinectl makes them: the answer."""
		with socket.socket(socket.AF_UNIX) as conn:
			conn.settimeout(60)
			conn.connect(self.control)
			conn.sendall(json.dumps({"verb": verb, **members}).encode() + b"\n")
			for line in conn.makefile("r", encoding="utf-8"):
				answer = json.loads(line)
				if "ok" in answer:
					break
			else:
				raise Failure(f"{verb}: the server ended the connection")
		if not answer["ok"]:
			raise Failure(f"{verb}: {answer['error']}")
		return answer

	def request(self, verb):
		"""The same without waiting: a connection to close once the answer does not matter any more."""
		conn = socket.socket(socket.AF_UNIX)
		conn.connect(self.control)
		conn.sendall(json.dumps({"verb": verb}).encode() + b"\n")
		return conn

	# ---- power

	def cut(self, seed):
		"""What a power cut leaves; the server is dead. After an orderly end the index is synced and says so: then it must stay whole."""
		try:
			with open(os.path.join(self.store, "index", "life"), encoding="ascii") as file:
				clean = " clean 1 " in file.read()
		except (FileNotFoundError, UnicodeDecodeError):
			clean = False
		return disk.cut(self.store, self.shadow, seed, "index", clean)

	def order(self, **orders):
		disk.order(self.shadow, **orders)

	# ---- load and verdict

	def load(self, seed, writers=6, readers=3, rate=0):
		"""Starts the client; end it with finish()."""
		return subprocess.Popen([os.path.join(HERE, "client"), "load", "--accounts", self.accounts, "--history", self.history, "--smtp",
					 self.at["smtp"], "--lmtp", self.at["lmtp"], "--pop3", self.at["pop3"], "--writers", str(writers),
					 "--readers", str(readers), "--rate", str(rate), "--seed", str(seed)], stdout=subprocess.DEVNULL)

	@staticmethod
	def finish(client):
		client.send_signal(signal.SIGTERM)
		if client.wait(120) != 0:
			raise Failure(f"the client ended with status {client.returncode}")

	def check(self, show=20):
		"""Reads all mail back and asks the checker: (its exit status, its output, {verdict: count}, counts)."""
		run = subprocess.run([os.path.join(HERE, "client"), "readback", "--accounts", self.accounts, "--history", self.history, "--pop3",
				      self.at["pop3"]], capture_output=True, text=True, check=False, timeout=600)
		if run.returncode != 0:
			raise Failure(f"read-back: {run.stderr}\n{self.tail()}")
		verdicts = os.path.join(self.folder, "verdicts")
		run = subprocess.run([os.path.join(HERE, "history"), "--json", verdicts, "--show", str(show), self.history], capture_output=True,
				     text=True, check=False)
		if run.returncode == 2:
			raise Failure(run.stdout)
		with open(verdicts, encoding="ascii") as file:
			found = json.load(file)
		return run.returncode, run.stdout, found["verdicts"], collections.Counter(found["count"])

	def must_be_right(self):
		status, output, _, count = self.check()
		if status != 0:
			raise Failure(f"the checker says:\n{output}\n{self.tail()}")
		self.must_be_sound()
		return count

	def must_be_sound(self):
		"""Every checksum holds, and the index says what the log says."""
		found = self.ask("scrub")
		if found["bad_records"] or found["missing"] or found["index_errors"]:
			raise Failure(f"scrub: {found['bad_records']} bad, {found['missing']} missing, {found['index_errors']} index errors: "
				      f"{found['findings'][:20]}\n{self.tail()}")

	def end(self):
		"""Whatever happened: no process is left."""
		if self.process and self.process.poll() is None:
			self.kill()
