# SPDX-License-Identifier: GPL-2.0-or-later
"""The client's side of SMTP, LMTP and POP3, plain: every octet and every reply is under the test's control. What the standard
modules hide (which replies came before the connection broke) is what a history is about."""
import re
import socket


class Broken(Exception):
	"""The connection ended, timed out, or said what cannot be understood."""


def dial(address, timeout):
	"""address: HOST:PORT, or the path of a unix socket."""
	try:
		if address.startswith("/"):
			conn = socket.socket(socket.AF_UNIX)
			conn.settimeout(timeout)
			conn.connect(address)
		else:
			host, _, port = address.rpartition(":")
			conn = socket.create_connection((host, int(port)), timeout)
			conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
	except OSError as error:
		raise Broken(f"connect {address}: {error}") from error
	return conn


class Lines:
	def __init__(self, address, timeout=30):
		self.conn = dial(address, timeout)
		self.file = self.conn.makefile("rb", 65536)

	def close(self):
		self.file.close()
		self.conn.close()

	def write(self, data):
		try:
			self.conn.sendall(data)
		except OSError as error:
			raise Broken(f"write: {error}") from error

	def raw(self):
		"""Octets up to and with the next LF."""
		try:
			line = self.file.readline(1 << 24)
		except OSError as error:
			raise Broken(f"read: {error}") from error
		if not line.endswith(b"\n"):
			raise Broken("connection ended")
		return line

	def line(self):
		line = self.raw()
		if not line.endswith(b"\r\n"):
			raise Broken(f"a line without CRLF: {line[:80]!r}")
		return line[:-2]


def stuffed(data):
	"""data (ends in CRLF) as it travels: leading dots doubled, end marker appended."""
	out = re.sub(rb"(?m)^\.", b"..", data)
	return out + b".\r\n"


class Mailer(Lines):
	"""An SMTP or LMTP session. transaction() fills the dictionary given with the final replies as they come."""

	def __init__(self, address, lmtp=False, timeout=30):
		super().__init__(address, timeout)
		self.lmtp = lmtp
		try:
			self.expect(self.reply(), 220)
			self.write(b"LHLO client.example\r\n" if lmtp else b"EHLO client.example\r\n")
			self.expect(self.reply(), 250)
		except Broken:
			self.close()
			raise

	@staticmethod
	def expect(code, wanted):
		if code != wanted:
			raise Broken(f"reply {code} where {wanted} was due")

	def reply(self):
		while True:
			line = self.line()
			if not line[:3].isdigit() or line[3:4] not in (b" ", b"-", b""):
				raise Broken(f"not a reply: {line!r}")
			if line[3:4] != b"-":
				return int(line[:3])

	def transaction(self, sender, recipients, data, codes, chunked=False, give_up=None):
		"""codes: {recipient: code}, filled in place, right also when Broken is raised. give_up: share (below 1) of data after which the
		client closes the connection (code 0): nothing may be stored then."""
		head = [f"MAIL FROM:<{sender}> BODY=8BITMIME\r\n"] + [f"RCPT TO:<{to}>\r\n" for to in recipients]
		if not chunked:
			head.append("DATA\r\n")
		self.write("".join(head).encode("ascii"))
		mail = self.reply()
		accepted = []
		for to in recipients:
			code = self.reply()
			if mail == 250 and code == 250:
				accepted.append(to)
			else:
				codes[to] = code if mail == 250 else mail
		if not chunked:
			code = self.reply()
			if code != 354:
				codes.update(dict.fromkeys(accepted, code))
				return
		if not accepted:
			raise Broken("no recipient was accepted")
		if give_up is not None:
			codes.update(dict.fromkeys(accepted, 0))
			self.abandon(data, chunked, give_up)
		if chunked:
			self.chunks(data, accepted, codes)
		else:
			self.write(stuffed(data))
		for to in accepted if self.lmtp else accepted[:1]:
			code = self.reply()
			codes.update(dict.fromkeys([to] if self.lmtp else accepted, code))

	def abandon(self, data, chunked, share):
		if chunked:
			self.write(b"BDAT %d LAST\r\n" % len(data) + data[:int(len(data) * share)])
		else:
			whole = stuffed(data)
			self.write(whole[:int((len(whole) - 5) * share)])
		raise Broken("given up by the client")

	def chunks(self, data, accepted, codes):
		half = len(data) // 2
		self.write(b"BDAT %d\r\n" % half + data[:half] + b"BDAT %d LAST\r\n" % (len(data) - half) + data[half:])
		code = self.reply()
		if code != 250:
			codes.update(dict.fromkeys(accepted, code))
			raise Broken(f"reply {code} to the first chunk")

	def quit(self):
		self.write(b"QUIT\r\n")
		self.reply()


class Refused(Exception):
	"""-ERR."""


class Mailbox(Lines):
	"""A POP3 session."""

	def __init__(self, address, user, password, timeout=30):
		super().__init__(address, timeout)
		try:
			self.status()
			self.command(f"USER {user}")
			self.command(f"PASS {password}")
		except (Broken, Refused):
			self.close()
			raise

	def status(self):
		line = self.line()
		if line.startswith(b"-ERR"):
			raise Refused(line.decode("utf-8", "replace"))
		if not line.startswith(b"+OK"):
			raise Broken(f"not a status: {line!r}")
		return line

	def command(self, text):
		self.write(text.encode("ascii") + b"\r\n")
		return self.status()

	def multiline(self, text):
		"""The octets between the status and the final dot, unstuffed, whatever they are."""
		self.command(text)
		lines = []
		while True:
			line = self.raw()
			if line == b".\r\n":
				return b"".join(lines)
			lines.append(line[1:] if line.startswith(b".") else line)

	def table(self, text):
		rows = (row.split() for row in self.multiline(text).decode("ascii").splitlines())
		return {int(row[0]): row[1] for row in rows}

	def uidl(self):
		return self.table("UIDL")

	def sizes(self):
		return {number: int(size) for number, size in self.table("LIST").items()}

	def retr(self, number):
		return self.multiline(f"RETR {number}")

	def dele(self, number):
		self.command(f"DELE {number}")

	def quit(self):
		self.command("QUIT")
