# SPDX-License-Identifier: GPL-2.0-or-later
"""What clients write down and what they send: the contract between tests/fault/client and tests/fault/history.

A history is a folder of JSON-lines files, one a worker, one object a line, "t" = seconds since 1970 when the line was written:

  send    id to sha size              before the first octet of an attempt is sent; to: accounts
  reply   id codes                    {account: code} of the final replies that came; 0 = the client itself gave up before the end of
                                      the message. An account without a code is in doubt
  login   account session             before a POP3 session asks to log in
  list    account session uidls final a complete UIDL listing; final: the read-back at the end of the run
  seen    account session uidl id sha size octets   a complete RETR: size as LIST said it, octets as they came
  refused account session uidl text   -ERR to a RETR
  quit    account session uidls       before QUIT is sent: the messages that DELE was answered +OK for
  bye     account session ok          the answer to QUIT; missing = in doubt
"""
import base64
import collections
import hashlib
import json
import os
import time

ID_FIELD = b"X-Attempt: "
ADDED_FIELDS = (b"return-path:", b"delivered-to:", b"received:")


class History:
	"""One worker's file. A line is with the kernel when write() returns, so it outlives the client."""

	def __init__(self, folder, worker):
		os.makedirs(folder, exist_ok=True)
		self.file = open(os.path.join(folder, worker + ".jsonl"), "a", buffering=1, encoding="ascii")

	def write(self, event, **fields):
		self.file.write(json.dumps({"e": event, "t": time.time(), **fields}, separators=(",", ":")) + "\n")

	def close(self):
		self.file.close()


def load(paths):
	"""All events of the files (or of folders of them) in order of time. A last line cut short by a kill is dropped."""
	events = []
	for path in paths:
		names = [path]
		if os.path.isdir(path):
			names = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(".jsonl"))
		for name in names:
			with open(name, encoding="utf-8") as file:
				lines = file.read().split("\n")
			for number, line in enumerate(lines, 1):
				if not line:
					continue
				try:
					event = json.loads(line)
				except ValueError as error:
					if number == len(lines):
						continue
					raise ValueError(f"{name}:{number}: {error}") from error
				if "e" not in event or "t" not in event:
					raise ValueError(f"{name}:{number}: no e or no t")
				events.append(event)
	events.sort(key=lambda event: event["t"])
	return events


class Replies:
	"""The final replies in a history that clients still write: a look reads what is new, not the hundred megabytes before it."""

	def __init__(self, folder):
		self.folder = folder
		self.read = {}  # file -> octets
		self.replies = []  # (t, codes)

	def since(self, moment):
		"""How often each code came since then."""
		names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
		for name in names:
			with open(os.path.join(self.folder, name), "rb") as file:
				file.seek(self.read.get(name, 0))
				lines = file.read().split(b"\n")[:-1]  # the last is not whole yet
			self.read[name] = self.read.get(name, 0) + sum(len(line) + 1 for line in lines)
			for line in lines:
				if line.startswith(b'{"e":"reply"'):
					event = json.loads(line)
					self.replies.append((event["t"], event["codes"]))
		codes = collections.Counter()
		for t, found in self.replies:
			if t >= moment:
				codes.update(found.values())
		return codes


def compose(ident, rng, size, sender, recipients):
	"""A message of about size octets, CRLF lines, that no other id has. Half of them compress well, half do not; lines with leading
	dots and octets above 127 are among them. The id field is the first line, so that what the server puts on top can be told apart."""
	head = ID_FIELD + ident.encode("ascii") + b"\r\n"
	head += f"From: <{sender}>\r\nTo: {', '.join(recipients)}\r\nSubject: attempt {ident}\r\n".encode("ascii")
	head += f"Message-ID: <{ident}@history.example>\r\nDate: Thu, 01 Jan 1998 00:00:00 +0000\r\n\r\n".encode("ascii")
	room = max(0, size - len(head))
	if rng.random() < 0.5:
		text = base64.b64encode(rng.randbytes(room * 3 // 4 + 1))
	else:
		text = (f"{ident} all work and no play ".encode("ascii") * (room // (len(ident) + 22) + 1))[:room]
	lines = [text[i:i + 76] for i in range(0, len(text), 76)]
	for _ in range(min(3, len(lines))):
		lines[rng.randrange(len(lines))] = rng.choice((b".", b"..", b".dot", b"", b"\xc3\xa9t\xc3\xa9", b"From here"))
	return head + b"\r\n".join(lines) + b"\r\n"


def identify(raw):
	"""(id, sha) of a message as POP3 gave it, without the fields the server puts on top. id is None if there is none."""
	at = 0
	while raw[at:at + 16].lower().startswith(ADDED_FIELDS):
		at = raw.find(b"\n", at) + 1
		while at and raw[at:at + 1] in (b" ", b"\t"):
			at = raw.find(b"\n", at) + 1
		if not at:
			return None, digest(raw)
	body = raw[at:]
	ident = None
	if body.startswith(ID_FIELD):
		ident = body[len(ID_FIELD):body.find(b"\r\n")].decode("ascii", "replace")
	return ident, digest(body)


def digest(data):
	return hashlib.sha256(data).hexdigest()
