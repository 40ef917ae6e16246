# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that mean ill, or know no better, against a running node: it refuses clearly, stays small and serves the others."""
import base64
import os
import poplib
import random
import resource
import smtplib
import socket
import ssl
import threading
import time

import server

D = server.DOMAIN
PORTS = ("smtp", "lmtp", "pop3", "pop3s")
RSS_MORE = 48 << 20  # what abuse may cost in memory


def require(holds, what):
	if not holds:
		raise server.Failure(what)


def rss(node):
	with open(f"/proc/{node.process.pid}/status", encoding="ascii") as file:
		return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmRSS:"))


def small(node, before, what):
	"""Sanitizers keep freed memory: only a plain build is held to it."""
	if "/default/" in node.build:
		require(rss(node) < before + RSS_MORE, f"{what}: {rss(node) >> 10} KiB resident, {before >> 10} before")


def connect(node, port):
	return socket.create_connection(("127.0.0.1", node.ports[port]), 30)


def read_all(sock):
	"""Until the end, which may be a reset once something was read."""
	got = b""
	try:
		while more := sock.recv(65536):
			got += more
	except ConnectionResetError:
		pass
	return got


def serves(node, text="still here"):
	"""A message goes in and comes out."""
	with smtplib.SMTP("127.0.0.1", node.ports["smtp"], timeout=30) as smtp:
		smtp.sendmail("", [f"anna@{D}"], f"Subject: {text}\r\n\r\n{text}\r\n")
	found = node.take(f"anna@{D}")
	require(len(found) == 1 and text.encode() in found[0], f"{len(found)} messages")


class Line:
	"""A session by hand."""

	def __init__(self, node, port="smtp", hello=True):
		self.sock = connect(node, port)
		self.file = self.sock.makefile("rb")
		self.greeting = self.answer()
		if hello and port != "pop3":
			self.say(b"LHLO x.example" if port == "lmtp" else b"EHLO x.example")

	def answer(self):
		while (line := self.file.readline())[3:4] == b"-":
			pass
		return line

	def say(self, line):
		self.sock.sendall(line + b"\r\n")
		return self.answer()

	def expect(self, line, start):
		got = self.say(line)
		require(got.startswith(start), f"{line[:80]}: {got}, not {start}")
		return got

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.file.close()
		self.sock.close()


# ---- a node as it comes ----------------------------------------------------------------------------------


def case_garbage(node):
	"""Ten thousand connections that say anything."""
	before = rss(node)

	def throw(seed):
		dice = random.Random(seed)
		for n in range(2500):
			with connect(node, PORTS[n % 4]) as sock:
				try:
					sock.sendall(dice.randbytes(dice.choice((0, 1, 50, 3000))))
					if n % 50 == 0:
						sock.shutdown(socket.SHUT_WR)
						read_all(sock)
				except OSError:
					pass

	threads = [threading.Thread(target=throw, args=(seed,)) for seed in range(4)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	serves(node)
	small(node, before, "garbage")


def case_huge_lines(node):
	before = rss(node)
	chunk = b"A" * 65536
	for port, start in (("smtp", b"EHLO "), ("lmtp", b"LHLO "), ("pop3", b"USER "), ("pop3", b"AUTH PLAIN ")):
		with connect(node, port) as sock:
			sock.sendall(start)
			try:
				for _ in range(160):
					sock.sendall(chunk)
				sock.sendall(b"\r\nQUIT\r\n")
				sock.shutdown(socket.SHUT_WR)
			except OSError:
				pass
			require(b"too long" in read_all(sock), f"{port}: no word about the line")
		small(node, before, f"a huge line to {port}")


def case_endless_auth(node):
	"""A client that guesses is cut off; one that never ends its answer costs nothing."""
	with Line(node, "pop3") as pop:
		answers = []
		while len(answers) < 50:
			pop.sock.sendall(b"AUTH PLAIN\r\n")
			if not pop.answer().startswith(b"+"):
				break
			answers.append(pop.say(base64.b64encode(b"\0anna@%s\0guess" % D.encode())))
			if b"too many" in answers[-1]:
				break
		require(len(answers) == 3 and b"too many times" in answers[-1] and not pop.file.read(), f"{answers}")
	before = rss(node)
	with Line(node, "pop3") as pop:
		pop.sock.sendall(b"AUTH PLAIN\r\n")
		pop.answer()
		try:
			for _ in range(160):
				pop.sock.sendall(b"A" * 65536)
			pop.sock.sendall(b"\r\n")
			require(pop.answer().startswith(b"-ERR"), "an endless answer to AUTH")
		except OSError:
			pass
	small(node, before, "an endless answer to AUTH")


def case_behind_quit(node):
	"""What comes behind QUIT is nothing: the goodbye arrives, and no reset overtakes it."""
	for port, end in (("smtp", b"221"), ("lmtp", b"221"), ("pop3", b"+OK")):
		for size in (10, 100000, 3000000):
			with Line(node, port) as line:
				sent = threading.Thread(target=push, args=(line.sock, b"QUIT\r\n" + os.urandom(size)))
				sent.start()
				time.sleep(0.05)
				try:
					got = line.file.readline()
				except ConnectionResetError:
					got = b"reset"
				sent.join()
				require(got.startswith(end), f"{port}: {got} to QUIT with {size} octets behind it")


def push(sock, data):
	try:
		sock.sendall(data)
	except OSError:
		pass


def case_recipients(node):
	with Line(node) as smtp:
		smtp.expect(b"MAIL FROM:<a@b.example>", b"250")
		for n in range(1000):
			smtp.expect(b"RCPT TO:<anna+%d@%s>" % (n, D.encode()), b"250")
		for n in range(15):
			smtp.expect(b"RCPT TO:<bert@%s>" % D.encode(), b"452 4.5.3")
		smtp.expect(b"DATA", b"354")
		smtp.expect(b"Subject: one\r\n\r\none\r\n.", b"250")
	require(len(node.take(f"anna@{D}")) == 1, "a thousand names of one account: not one copy")


def case_commands(node):
	with Line(node) as smtp:
		n = 0
		while not (last := smtp.say(b"NOOP")).startswith(b"421 4.7.0"):
			n += 1
			require(last.startswith(b"250 ") and n < 1001, f"endless NOOP: {last}")
	with Line(node) as smtp:
		n = 0
		while not (last := smtp.say(b"HUH")).startswith(b"421 4.7.0"):
			n += 1
			require(last.startswith(b"500 ") and n < 30, f"endless errors: {last}")


def case_never_reads(node):
	"""A POP3 client that asks for all and reads nothing: what waits for it is bounded."""
	with smtplib.SMTP("127.0.0.1", node.ports["smtp"], timeout=60) as smtp:
		for _ in range(8):
			smtp.sendmail("", [f"bert@{D}"], "Subject: large\r\n\r\n" + ("x" * 900 + "\r\n") * 2000)
	before = rss(node)
	with Line(node, "pop3") as pop:
		pop.expect(f"USER bert@{D}".encode(), b"+OK")
		pop.expect(f"PASS secret of bert".encode(), b"+OK")
		pop.sock.settimeout(2)
		push(pop.sock, b"".join(b"RETR %d\r\n" % (1 + n % 8) for n in range(20000)))
		small(node, before, "a client that does not read")
		serves(node)
	until = time.monotonic() + 20
	while True:
		try:
			require(len(node.take(f"bert@{D}")) == 8, "messages")
			return
		except Exception:  # pylint: disable=broad-except
			require(time.monotonic() < until, "the maildrop stays locked")
			time.sleep(0.2)


class Records:
	"""TLS whose records are sent by hand."""

	def __init__(self, node):
		self.sock = connect(node, "pop3s")
		self.coming, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
		self.tls = server.untrusting().wrap_bio(self.coming, self.going)
		self.until(self.tls.do_handshake)
		require(self.until(self.tls.read).startswith(b"+OK"), "greeting")

	def until(self, what):
		while True:
			try:
				return what()
			except ssl.SSLWantReadError:
				try:
					self.sock.sendall(self.going.read())
					more = self.sock.recv(65536)
				except OSError:
					more = b""
				require(more, "the session was ended")
				self.coming.write(more)

	def record(self, text):
		self.tls.write(text)
		return self.going.read()


def case_poisoned_tls(node):
	"""A broken record behind a good one ends its own session only: not one whose record comes in two pieces just then."""
	others = [Records(node) for _ in range(8)]
	for _ in range(10):
		halves = [other.record(b"CAPA\r\n") for other in others]
		bad = [Records(node) for _ in range(4)]
		for each in bad:
			each.sock.sendall(each.record(b"CA") + b"\x17\x03\x03\x00\x20" + os.urandom(32))
		for other, half in zip(others, halves):
			other.sock.sendall(half[:10])
		time.sleep(0.02)
		for other, half in zip(others, halves):
			other.sock.sendall(half[10:])
			got = b""
			while not got.endswith(b"\r\n.\r\n"):
				got += other.until(other.tls.read)
		for each in bad:
			each.sock.close()
	for other in others:
		other.sock.close()


def case_locked(node):
	with Line(node, "pop3") as one, Line(node, "pop3") as two:
		for pop in (one, two):
			pop.expect(f"USER anna@{D}".encode(), b"+OK")
		one.expect(b"PASS secret of anna", b"+OK")
		two.expect(b"PASS secret of anna", b"-ERR [IN-USE]")


def case_half_closed(node):
	"""All in one piece, and the end of it at once: each command has its answer."""
	text = b"Subject: piece\r\n\r\n" + b"x" * 60 + b"\r\n"
	for body in (b"DATA\r\n" + text + b".\r\n", b"BDAT %d LAST\r\n" % len(text) + text):
		with connect(node, "smtp") as sock:
			sock.sendall(b"EHLO x.example\r\nMAIL FROM:<>\r\nRCPT TO:<anna@%s>\r\n" % D.encode() + body + b"QUIT\r\n")
			sock.shutdown(socket.SHUT_WR)
			codes = [line[:3] for line in read_all(sock).split(b"\r\n") if line[3:4] == b" "]
		require(codes == [b"220", b"250", b"250", b"250"] + [b"354"] * (b"DATA" in body) + [b"250", b"221"], f"{codes}")
	with connect(node, "pop3") as sock:
		sock.sendall(b"USER anna@%s\r\nPASS secret of anna\r\nRETR 1\r\nRETR 2\r\nDELE 1\r\nDELE 2\r\nQUIT\r\n" % D.encode())
		sock.shutdown(socket.SHUT_WR)
		got = read_all(sock)
	require(got.count(b"\r\n+OK") == 7 and got.count(text[-62:]) == 2 and b"-ERR" not in got, f"{got}")


def case_descriptors(node):
	"""Without descriptors it waits, does not spin, and goes on when there are some."""
	was = resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE)
	used = len(os.listdir(f"/proc/{node.process.pid}/fd"))
	resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, (used + 20, was[1]))
	try:
		held = [connect(node, "smtp") for _ in range(40)]
		time.sleep(0.5)
		before = cpu(node)
		time.sleep(2)
		spent = cpu(node) - before
		require(spent < 0.5, f"{spent:.2f} s of CPU in 2 s without descriptors")
		require("cannot take a connection" in node.log(), "no word in the log")
		for sock in held[:30]:
			sock.close()
		time.sleep(2.2)
		for sock in held[30:]:
			sock.settimeout(10)
			require(sock.recv(100).startswith(b"220"), "a connection that waited is not served")
			sock.close()
	finally:
		resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, was)
	serves(node)


def cpu(node):
	with open(f"/proc/{node.process.pid}/stat", encoding="ascii") as file:
		fields = file.read().rpartition(")")[2].split()
	return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---- a node that is strict, and short of patience ----------------------------------------------------------


def strict_slow(node):
	"""Connections that drip or are silent are ended in time; others are served meanwhile."""
	slow = [connect(node, PORTS[n % 4]) for n in range(20)]
	dripping = connect(node, "pop3s")
	until = time.monotonic() + 12
	while time.monotonic() < until:
		try:
			dripping.sendall(b"\x16")
		except OSError:
			break
		time.sleep(0.2)
	require(time.monotonic() < until, "a handshake may drip for ever")
	serves(node)
	ends = [read_all(sock) for sock in slow]
	require(sum(end.startswith(b"220") and b"421 4.4.2" in end for end in ends) == 10, f"{ends[:2]}")
	for sock in slow:
		sock.close()


def strict_never_reads(node):
	"""Its maildrop is free again in time, though the client holds on."""
	with smtplib.SMTP("127.0.0.1", node.ports["smtp"], timeout=60) as smtp:
		for _ in range(4):
			smtp.sendmail("", [f"bert@{D}"], "Subject: large\r\n\r\n" + ("x" * 900 + "\r\n") * 5000)
	with Line(node, "pop3") as pop:
		pop.expect(f"USER bert@{D}".encode(), b"+OK")
		pop.expect(b"PASS secret of bert", b"+OK")
		pop.sock.sendall(b"".join(b"RETR %d\r\n" % (1 + n % 4) for n in range(1000)))
		until = time.monotonic() + 12
		while True:
			try:
				require(len(node.take(f"bert@{D}")) == 4, "messages")
				break
			except poplib.error_proto as error:
				require(b"IN-USE" in error.args[0] and time.monotonic() < until, f"{error}")
			time.sleep(0.3)


def strict_connections(node):
	"""The 31st of one address is told so, and there is room again when one has gone."""
	for port, words in (("smtp", b"421 "), ("lmtp", b"421 "), ("pop3", b"-ERR [SYS/TEMP] ")):
		with_room(node)
		held = [Line(node, port, hello=False) for _ in range(30)]
		with Line(node, port, hello=False) as more:
			require(more.greeting.startswith(words) and b"onnections" in more.greeting and not more.file.read(), f"{more.greeting}")
		for line in held:
			line.__exit__()
	with_room(node)
	serves(node)


def with_room(node):
	until = time.monotonic() + 10
	while True:
		with Line(node, hello=False) as line:
			if line.greeting.startswith(b"220") and '"sessions":1,' in node.ask("status", "--json").replace(" ", ""):
				return
		require(time.monotonic() < until, "sessions that ended are still counted")
		time.sleep(0.1)


def strict_rate(node):
	"""Twenty messages a minute, each session's counted for the address."""
	taken = 0
	while True:
		with Line(node) as smtp:
			smtp.expect(b"MAIL FROM:<>", b"250")
			smtp.expect(b"RCPT TO:<bert@%s>" % D.encode(), b"250")
			got = smtp.say(b"BDAT 17 LAST\r\nSubject: x\r\n\r\ny\r\n")
			if not got.startswith(b"250"):
				break
			taken += 1
			require(taken < 40, "no rate limit")
	require(got.startswith(b"450 4.7.1"), f"{got}")
	require(15 <= taken <= 22 and len(node.take(f"bert@{D}")) == taken, f"{taken} taken")


def strict_end(node):
	"""SIGTERM with clients in every state: each that can be told is told, and none holds up the end."""
	d = D.encode()
	idle, inside, reading = Line(node), Line(node), Line(node, "pop3")
	handshake, silent = connect(node, "pop3s"), connect(node, "pop3s")
	for word in (b"MAIL FROM:<>", b"RCPT TO:<bert@%s>" % d):
		inside.expect(word, b"250")
	inside.expect(b"DATA", b"354")
	inside.sock.sendall(b"Subject: half\r\n\r\nhalf\r\n")
	handshake.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
	for word in (b"USER anna@" + d, b"PASS secret of anna"):
		reading.expect(word, b"+OK")
	with socket.socket(socket.AF_UNIX) as control:
		control.connect(os.path.join(node.folder, "control"))
		control.sendall(b'{"verb":"scr')
		time.sleep(0.2)
		begin = time.monotonic()
		node.end()
		require(time.monotonic() - begin < 5, f"the end took {time.monotonic() - begin:.1f} s")
	require(idle.answer().startswith(b"421 4.3.2") and inside.answer().startswith(b"421 4.3.2"), "no word to SMTP clients")
	require(b"shutting down" in reading.answer(), "no word to a POP3 client")
	for line in (idle, inside, reading):
		line.__exit__()
	handshake.close()
	silent.close()
	node.start()
	require(not node.take(f"bert@{D}"), "half a message")


def run(folder, build):
	lenient = [case for name, case in globals().items() if name.startswith("case_")]
	strict = [strict_slow, strict_never_reads, strict_connections, strict_end, strict_rate]
	impatient = (('timeout = "30s"', 'timeout = "3s"'), ("certificate.pem\";", 'certificate.pem"; timeout = "2s";'))
	tight = "limits = { connections_per_address = 30; messages_per_minute = 20; exempt_loopback = false; };"
	for name, cases, more in (("lenient", lenient, {}), ("strict", strict, {"change": impatient, "more": tight, "timeout": "3s"})):
		os.mkdir(os.path.join(folder, name))
		node = server.Server(os.path.join(folder, name), build=build, **more)
		try:
			for case in cases:
				begin = time.monotonic()
				case(node)
				print(f"  {case.__name__} {time.monotonic() - begin:.1f} s", flush=True)
			node.end()
		finally:
			if node.process.poll() is None:
				node.kill()
