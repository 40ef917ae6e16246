# SPDX-License-Identifier: GPL-2.0-or-later
"""A mail server in memory, with bugs to order: it shows that client and checker see what they claim to see. Connections break at
random, before and after the work is done, as they do when a server is killed."""
import hashlib
import random
import re
import socketserver
import threading
import uuid

BUGS = {
	# bug: verdicts of which it must draw one, and no other. What loses or moves single copies draws PARTIAL as well, whenever
	# it meets an attempt that gets no reply.
	"none": "",
	"drop": "LOST",
	"flip": "CORRUPTED",
	"duplicate": "DUPLICATE",
	"resurrect": "RESURRECTED ORDER",
	"retry": "DUPLICATE",
	"refuse_and_keep": "PHANTOM",
	"keep_unfinished": "PHANTOM CORRUPTED",
	"half": "PARTIAL",
	"misdeliver": "PHANTOM LOST DUPLICATE PARTIAL",
	"vanish": "VANISHED LOST PARTIAL",
	"dele_without_quit": "VANISHED",
	"late": "STALE LOST PARTIAL",
	"reuse": "REUSED LOST RESURRECTED ORDER STALE PARTIAL",
	"shuffle": "ORDER",
	"unreadable": "UNREADABLE LOST PARTIAL",
	"size": "CORRUPTED",
}


class Cut(Exception):
	"""The connection is over."""


class Store:
	def __init__(self, bug, seed):
		self.bug = bug
		self.rng = random.Random(seed)
		self.lock = threading.Lock()
		self.boxes = {}  # account -> [[uidl, octets]]
		self.busy = set()
		self.ghosts = []
		self.late = []

	def hit(self, bug, chance):
		return self.bug == bug and self.rng.random() < chance

	def box(self, account):
		return self.boxes.setdefault(account, [])

	def deliver(self, to, data):
		"""True unless the reply is to be an error."""
		with self.lock:
			if self.hit("drop", 0.05):
				return True
			if self.hit("flip", 0.05):
				at = self.rng.randrange(len(data) // 2, len(data) - 2)  # the last line keeps its end
				data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
			if self.hit("misdeliver", 0.05):
				to = [self.rng.choice(list(self.boxes) or to)] * len(to)
			for account in to:
				uidl = uuid.uuid4().hex
				if self.bug == "reuse":
					uidl = hashlib.sha256(account.encode() + bytes([len(self.box(account)) % 4])).hexdigest()[:32]
				if self.hit("late", 0.1):
					self.late.append((account, uidl, data))
					continue
				self.box(account).append([uidl, b"Return-Path: <>\r\nReceived: by toy\r\n\tfor test\r\n" + data])
				if self.hit("duplicate", 0.05):
					self.box(account).append([uuid.uuid4().hex, data])
			return not self.hit("refuse_and_keep", 0.05)

	def look(self, account):
		with self.lock:
			box = self.box(account)
			if self.hit("vanish", 0.05) and box:
				box.pop(0)
			if self.hit("shuffle", 0.3):
				self.rng.shuffle(box)
			if self.bug == "resurrect":
				box[:0] = [row for name, row in self.ghosts if name == account]
				self.ghosts = [(name, row) for name, row in self.ghosts if name != account]
			listing = [list(row) for row in box]
			for row in [row for row in self.late if row[0] == account]:
				box.append([row[1], row[2]])
				self.late.remove(row)
			return listing

	def delete(self, account, uidls):
		with self.lock:
			gone = [row for row in self.box(account) if row[0] in uidls]
			self.boxes[account] = [row for row in self.box(account) if row[0] not in uidls]
			self.ghosts += [(account, row) for row in gone if self.hit("resurrect", 0.05)]


class Session(socketserver.StreamRequestHandler):
	store = None
	disable_nagle_algorithm = True

	def handle(self):
		try:
			self.talk()
		except (Cut, ConnectionError):
			pass

	def say(self, text):
		self.wfile.write(text.encode() + b"\r\n")

	def line(self):
		line = self.rfile.readline()
		if not line.endswith(b"\r\n"):
			raise Cut
		return line[:-2]

	def maybe_cut(self, chance=0.02):
		if self.store.rng.random() < chance:
			raise Cut


class Smtp(Session):
	lmtp = False

	def talk(self):
		self.say("220 toy")
		to = []
		data = b""
		while True:
			verb, _, argument = self.line().decode().partition(" ")
			if verb in ("EHLO", "LHLO"):
				self.say("250 CHUNKING")
			elif verb == "MAIL":
				to, data = [], b""
				self.say("250 OK")
			elif verb == "RCPT":
				to.append(re.search("<(.*)>", argument).group(1))
				self.say("250 OK")
			elif verb == "DATA":
				self.say("354 go on")
				self.end(to, self.until_dot(to))
			elif verb == "BDAT":
				size = int(argument.split()[0])
				part = self.rfile.read(size)
				if len(part) != size:
					raise Cut
				data += part
				if argument.endswith("LAST"):
					self.end(to, data)
				else:
					self.say("250 OK")
			else:
				self.say("221 bye")
				raise Cut

	def until_dot(self, to):
		lines = []
		while True:
			try:
				line = self.line()
			except Cut:
				if self.store.bug == "keep_unfinished":
					self.store.deliver(to, b"\r\n".join(lines) + b"\r\n")
				raise
			if line == b".":
				return b"\r\n".join(lines) + b"\r\n"
			lines.append(line[1:] if line.startswith(b".") else line)

	def end(self, to, data):
		self.maybe_cut()
		if self.store.hit("half", 0.05):
			self.store.deliver(to[:1], data)
			raise Cut
		good = self.store.deliver(to, data)
		if self.store.hit("retry", 0.05):
			self.store.deliver(to, data)
		self.maybe_cut()
		for _ in to if self.lmtp else "1":
			self.say("250 OK" if good else "451 no")


class Lmtp(Smtp):
	lmtp = True


class Pop3(Session):
	def talk(self):
		self.say("+OK toy")
		account = self.line().decode()[5:]
		self.say("+OK")
		self.line()
		with self.store.lock:
			free = account not in self.store.busy
			self.store.busy.add(account)
		if not free:
			self.say("-ERR [IN-USE]")
			return
		self.say("+OK")
		marked = set()
		try:
			self.serve(account, marked)
		finally:
			if self.store.bug == "dele_without_quit":
				self.store.delete(account, marked)
			self.store.busy.discard(account)

	def serve(self, account, marked):
		rows = self.store.look(account)
		while True:
			verb, _, argument = self.line().decode().partition(" ")
			if verb == "UIDL":
				self.table(row[0] for row in rows)
			elif verb == "LIST":
				off = 1 if self.store.bug == "size" else 0
				self.table(len(row[1]) + off for row in rows)
			elif verb == "RETR":
				self.maybe_cut(0.005)
				self.retr(rows[int(argument) - 1][1])
			elif verb == "DELE":
				marked.add(rows[int(argument) - 1][0])
				self.say("+OK")
			else:
				self.maybe_cut(0.1)
				self.store.delete(account, marked)
				self.maybe_cut(0.1)
				self.say("+OK")
				raise Cut

	def table(self, values):
		self.say("+OK")
		for number, value in enumerate(values, 1):
			self.say(f"{number} {value}")
		self.say(".")

	def retr(self, data):
		if self.store.hit("unreadable", 0.05):
			self.say("-ERR bad checksum")
			return
		self.wfile.write(b"+OK\r\n" + re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")


class Listener(socketserver.ThreadingTCPServer):
	daemon_threads = True
	allow_reuse_address = True
	request_queue_size = 64


def start(bug, seed):
	"""Three listeners on free loopback ports: {"smtp": ADDR, "lmtp": ADDR, "pop3": ADDR}, and the listeners to shut down."""
	store = Store(bug, seed)
	addresses, listeners = {}, []
	for name, handler in (("smtp", Smtp), ("lmtp", Lmtp), ("pop3", Pop3)):
		listener = Listener(("127.0.0.1", 0), type(handler.__name__, (handler,), {"store": store}))
		threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
		addresses[name] = f"127.0.0.1:{listener.server_address[1]}"
		listeners.append(listener)
	return addresses, listeners
