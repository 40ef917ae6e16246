# SPDX-License-Identifier: GPL-2.0-or-later
"""Operators' mistakes at a start and at a reload, and what a node promises whatever they set."""
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import threading
import time
import urllib.request

import abuse
import server
from abuse import D, Line, require

NOBODY = 65534
MAN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Documentation/man/porcupined.8")


def start(node, config, user=None):
	"""Status and words of a porcupined that is to refuse."""
	program = shutil.copy(os.path.join(node.build, "porcupined"), node.folder)
	run = subprocess.run([program, "--config", config], capture_output=True, text=True, check=False, timeout=60, user=user,
			     extra_groups=None if user is None else [])
	return run.returncode, run.stderr


def variant(node, name, *changes):
	"""A copy of the node's configuration, with its own ports, control socket and store but for what changes say."""
	with open(os.path.join(node.folder, "config"), encoding="ascii") as file:
		text = file.read()
	for port, number in server.free_ports(node.ports).items():
		text = text.replace(str(node.ports[port]), str(number))
	text = text.replace(node.folder + "/", f"{node.folder}/{name}-")
	for old, new in changes:
		require(old in text, f"{old} is not in the configuration")
		text = text.replace(old, new)
	path = os.path.join(node.folder, name + ".conf")
	with open(path, "w", encoding="ascii") as file:
		file.write(text)
	os.chmod(path, 0o644)
	return path


def refuses(node, path, words, status=None, user=None):
	got, said = start(node, path, user)
	require(got == status if status else got > 0, f"status {got}: {said}")
	for word in words:
		require(word in said, f"'{word}' is not said: {said}")
	require("Sanitizer" not in said and "runtime error" not in said, said)


# ---- starts -----------------------------------------------------------------------------------------------


def case_second_start(node):
	path = variant(node, "second", ("second-store", "store"))
	refuses(node, path, [str(node.process.pid), f"{node.folder}/store"])
	abuse.serves(node)


def case_broken_settings(node):
	for text, words in (("smtp = {", ["broken.conf:", "syntax"]), ("nonsense = 1;", ["broken.conf:1", "nonsense"]),
			    ("\n\nloops = 1000;", ["broken.conf:3", "loops"]), ("\nsmtp = { listen = [ \"here\" ]; };", ["smtp.listen", "here"]),
			    ("log_level = \"loud\";", ["broken.conf:1", "log_level: must be one of"])):
		path = os.path.join(node.folder, "broken.conf")
		with open(path, "w", encoding="ascii") as file:
			file.write(text)
		refuses(node, path, words, status=78)
	refuses(node, os.path.join(node.folder, "missing.conf"), ["missing.conf", "No such file"], status=78)
	if os.geteuid() == 0:
		os.chmod(path, 0o600)
		refuses(node, path, ["broken.conf", "Permission denied"], status=78, user=NOBODY)


def case_port_in_use(node):
	port = str(node.ports["smtp"])
	path = variant(node, "port", ('smtp = { listen = [ "127.0.0.1:', f'smtp = {{ listen = [ "127.0.0.1:{port}", "127.0.0.1:'))
	refuses(node, path, [f"127.0.0.1:{port}", "in use", "another server has it"])
	require(not os.path.exists(f"{node.folder}/port-store"), "a refused start made a store")


def case_no_permission(node):
	if os.geteuid():
		return
	path = variant(node, "denied")
	refuses(node, path, ["denied-store", "Permission denied"], user=NOBODY)
	os.mkdir(f"{node.folder}/denied-store", 0o700)
	refuses(node, path, ["denied-store", "Permission denied"], user=NOBODY)


def case_bad_tls(node):
	path = variant(node, "tls")
	with open(f"{node.folder}/tls-certificate.pem", "w", encoding="ascii") as file:
		file.write("no certificate\n")
	refuses(node, path, ["tls-certificate.pem is there but", "tls-key.pem"])
	shutil.copy(f"{node.folder}/tls-certificate.pem", f"{node.folder}/tls-key.pem")
	refuses(node, path, ["tls-certificate.pem"])


# ---- reloads ----------------------------------------------------------------------------------------------


def reload(node, text, word):
	"""SIGHUP with that configuration; back when the log has the word."""
	said = len(node.log())
	with open(os.path.join(node.folder, "config"), "w", encoding="ascii") as file:
		file.write(text)
	node.process.send_signal(signal.SIGHUP)
	until = time.monotonic() + 20
	while word not in node.log()[said:]:
		require(time.monotonic() < until, f"'{word}' is not in the log: {node.log()[said:]}")
		time.sleep(0.02)


def greeting(node):
	with Line(node, hello=False) as smtp:
		return smtp.greeting


def offered(node):
	with smtplib.SMTP("127.0.0.1", node.ports["smtp"], timeout=30) as smtp:
		smtp.ehlo()
		return int(smtp.esmtp_features["size"])


def case_reload(node):
	with open(os.path.join(node.folder, "config"), encoding="ascii") as file:
		text = file.read()
	size = offered(node)
	reload(node, text.replace("mx." + D, "other." + D), "settings reloaded")
	require(greeting(node).startswith(b"220 other."), "the new name is not used")
	for broken in (text + "smtp = 1;\n", "}", text.replace("certificate.pem", "none.pem")):
		reload(node, broken, "reload refused, the old settings stay")
		require(greeting(node).startswith(b"220 other."), "a refused reload changed something")
	# what the store was opened with stays, however often it is asked for
	larger = text.replace('message_size = "20M"', 'message_size = "40M"')
	for _ in range(2):
		reload(node, larger, "settings reloaded")
		require(offered(node) == size, "message_size changed without a restart")
	node.ask("domain", "add", "more.example")
	require(offered(node) == size, "message_size changed by a new domain")
	reload(node, text, "settings reloaded")
	node.ask("domain", "remove", "more.example")


def case_local_socket(node):
	"""LMTP on a local socket, reloads, and the end: the socket goes with the node."""
	with open(os.path.join(node.folder, "config"), encoding="ascii") as file:
		text = file.read()
	path = f"{node.folder}/lmtp.socket"
	node.end()
	local = text.replace(f'"127.0.0.1:{node.ports["lmtp"]}"', f'"127.0.0.1:{node.ports["lmtp"]}", "unix:{path}"')
	with open(os.path.join(node.folder, "config"), "w", encoding="ascii") as file:
		file.write(local)
	node.start()
	for _ in range(3):
		reload(node, local, "settings reloaded")
	with smtplib.LMTP(path) as lmtp:
		lmtp.sendmail("", [f"anna@{D}"], "Subject: local\r\n\r\nlocal\r\n")
	require(len(node.take(f"anna@{D}")) == 1, "nothing came by the local socket")
	node.end()
	require(not os.path.exists(path), "the local socket stays")
	with open(os.path.join(node.folder, "config"), "w", encoding="ascii") as file:
		file.write(text)
	node.start()


# ---- promises ---------------------------------------------------------------------------------------------


def case_recipients(node):
	node.ask("user", "add", f"müller@{D}", text="secret\n")
	node.passwords[f"müller@{D}"] = "secret"
	node.ask("alias", "add", f"both@{D}", f"anna@{D}", f"bert@{D}")
	node.ask("user", "add", f"mute@{D}", text="secret\n")
	node.ask("user", "passwd", f"mute@{D}", "--no-login")
	d = D.encode()
	with Line(node) as smtp:
		smtp.expect(b"MAIL FROM:<> SMTPUTF8", b"250")
		for name in (b"ANNA", b"anna", b"Anna+list", b"both", b"bert+a+b", "MÜLLER".encode(), "mu\u0308ller+x".encode(), b"mute"):
			smtp.expect(b"RCPT TO:<%s@%s>" % (name, d), b"250")
		smtp.expect(b"RCPT TO:<anna@%s>" % d.upper(), b"250")
		smtp.expect(b"RCPT TO:<nobody@%s>" % d, b"550 5.1.1")
		smtp.expect("RCPT TO:<an\u0085na@".encode() + d + b">", b"550 5.1.1")
		smtp.expect("RCPT TO:<an\u0085na@foreign.example>".encode(), b"550 5.7.1")
		smtp.expect(b"RCPT TO:<anna@foreign.example>", b"550 5.7.1")
		smtp.expect(b"RCPT TO:<anna@sub.%s>" % d, b"550 5.7.1")
		smtp.expect(b"RCPT TO:<anna%%foreign.example@%s>" % d, b"550 5.1.1")
		smtp.expect(b"DATA", b"354")
		smtp.expect(b"Subject: once\r\n\r\nonce\r\n.", b"250")
	for name in ("anna", "bert", "müller"):
		found = node.take(f"{name}@{D}")
		require(len(found) == 1 and found[0].startswith(b"Return-Path: <>\r\nDelivered-To: "), f"{name}: {len(found)} copies, not one")
	with Line(node, "pop3") as pop:
		pop.expect(f"USER mute@{D}".encode(), b"+OK")
		pop.expect(b"PASS secret", b"-ERR [AUTH]")
	for verb in (("user", "remove", f"müller@{D}"), ("alias", "remove", f"both@{D}"), ("user", "remove", f"mute@{D}")):
		node.ask(*verb)


def case_postmaster(node):
	"""Always accepted: without a domain, in every local domain, over quota, in any case."""
	node.ask("domain", "add", "second.example")
	for address in (f"postmaster@{D}", "postmaster@second.example"):
		node.ask("quota", "set", address, "1k")
	text = "Subject: x\r\n\r\n" + "x" * 60 + "\r\n"
	names = ("<postmaster>", "<PostMaster>", f"<Postmaster@{D}>", "<postmaster@SECOND.example>", "<postmaster+x@second.example>")
	for _ in range(20):
		with Line(node) as smtp:
			smtp.expect(b"MAIL FROM:<a@b.example>", b"250")
			for name in names:
				smtp.expect(b"RCPT TO:" + name.encode(), b"250")
			smtp.expect(b"DATA", b"354")
			smtp.expect(text.encode() + b".", b"250")
	rows = {row["address"]: row for row in json.loads(node.ask("user", "list", "--json"))["users"]}
	require(rows["postmaster@second.example"]["messages"] == 20 and rows["postmaster@second.example"]["octets"] > 1024, "postmaster's mail")
	node.ask("domain", "remove", "second.example", "--force")


def case_postmaster_is_nobody(node):
	"""A setting that names nobody does not send the postmaster's mail away."""
	with open(os.path.join(node.folder, "config"), encoding="ascii") as file:
		text = file.read()
	reload(node, text + f'postmaster = "ghost@{D}";\n', "settings reloaded")
	for _ in range(2):
		with Line(node) as smtp:
			smtp.expect(b"MAIL FROM:<>", b"250")
			smtp.expect(b"RCPT TO:<postmaster>", b"250")
		node.ask("domain", "add", "third.example")  # new rules
		node.ask("domain", "remove", "third.example")
	reload(node, text, "settings reloaded")


def case_quota(node):
	"""Many at once: over the quota by no more than what was under way."""
	sessions, size = 8, 100000
	node.ask("user", "add", f"small@{D}", "--quota", "1M", text="secret\n")
	node.passwords[f"small@{D}"] = "secret"
	text = "Subject: x\r\n\r\n" + ("x" * 98 + "\r\n") * (size // 100)
	taken = []

	def send():
		for _ in range(20):
			with smtplib.SMTP("127.0.0.1", node.ports["smtp"], timeout=60) as smtp:
				try:
					smtp.sendmail("", [f"small@{D}"], text)
					taken.append(1)
				except smtplib.SMTPRecipientsRefused as refused:
					require(refused.recipients[f"small@{D}"][0] == 452, f"{refused}")

	threads = [threading.Thread(target=send) for _ in range(sessions)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	# the last look before each session's next message may be 50 ms old
	require(10 <= len(taken) <= 10 + 3 * sessions, f"{len(taken)} messages of {size} octets under a quota of 1 MiB")
	require(len(node.take(f"small@{D}")) == len(taken), "messages")
	node.ask("user", "remove", f"small@{D}")


def case_metrics(node):
	"""Valid text, and each name is in the manual page."""
	with open(MAN, encoding="utf-8") as file:
		manual = file.read()
	text = node.ask("metrics")
	types, seen = {}, set()
	for line in text.splitlines():
		if line.startswith("# TYPE "):
			name, kind = line.split()[2:]
			require(kind in ("counter", "gauge", "histogram") and name not in types, line)
			types[name] = kind
			require(f"Dv {name}" in manual, f"{name} is not in porcupined(8)")
		elif not line.startswith("# HELP "):
			match = re.fullmatch(r'([a-z_:][a-z0-9_:]*)(\{[a-z_]+="[^"\\\n]*"(?:,[a-z_]+="[^"\\\n]*")*\})? (-?[0-9.e+-]+|\+Inf)', line)
			require(match, f"not a sample: {line}")
			require(match.group(1, 2) not in seen, f"twice: {line}")
			seen.add(match.group(1, 2))
			base = re.sub(r"_(bucket|sum|count)$", "", match.group(1))
			require(match.group(1) in types or types.get(base) == "histogram", f"no type: {line}")
			require(types.get(match.group(1)) != "counter" or match.group(1).endswith("_total"), f"a counter without _total: {line}")
	require(len(types) > 15 and ("porcupined_messages_received_total", None) in seen, f"{types}")


def case_control_peers(node):
	"""Root and the node's own user; nobody else, even if he can reach the socket."""
	if os.geteuid():
		return
	path = os.path.join(node.folder, "control")
	require(os.stat(path).st_mode & 0o7777 == 0o660, "the mode of the control socket")
	os.chmod(path, 0o666)
	os.chmod(node.folder, 0o711)
	words = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.makefile().readline())"
	run = subprocess.run(["/usr/bin/python3", "-c", words, path], capture_output=True, text=True, check=True, timeout=30, user=NOBODY,
			     extra_groups=[])
	os.chmod(path, 0o660)
	require("this user is not admitted" in run.stdout, f"{run.stdout}{run.stderr}")


# ---- limits ------------------------------------------------------------------------------------------------


def limited_exempt(node):
	"""Loopback is exempt from what binds an address, not from what binds all."""
	held = [Line(node, hello=False) for _ in range(25)]
	require(all(line.greeting.startswith(b"220") for line in held), "loopback is not exempt")
	with Line(node, hello=False) as more:
		require(more.greeting.startswith(b"421"), f"the 26th of 25 connections: {more.greeting}")
	for line in held:
		line.__exit__()
	abuse.with_room(node)
	for _ in range(10):
		abuse.serves(node)


def limited_metrics(node):
	with urllib.request.urlopen(f"http://127.0.0.1:{node.ports['metrics']}/metrics", timeout=30) as answer:
		require(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), f"{answer.headers}")
		require(b"porcupined_sessions{" in answer.read(), "metrics")
	with urllib.request.urlopen(f"http://127.0.0.1:{node.ports['metrics']}/health", timeout=30) as answer:
		require(answer.read() == b"ok\n", "health")
	for words in (b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 100000, os.urandom(5000), b"POST /metrics HTTP/1.0\r\nContent-Length: 999999\r\n\r\n"):
		with socket.create_connection(("127.0.0.1", node.ports["metrics"]), 10) as sock:
			abuse.push(sock, words)
	abuse.serves(node)


def run(folder, build):
	cases = [case for name, case in globals().items() if name.startswith("case_")]
	metrics = server.free_ports(("metrics",))["metrics"]
	limited = {"more": "limits = { connections = 25; connections_per_address = 2; messages_per_minute = 1; };",
		   "change": (('metrics = {{ listen = ""; }}', f'metrics = {{{{ listen = "127.0.0.1:{metrics}"; }}}}'),)}
	for name, of, more in (("free", cases, {}), ("limited", [limited_exempt, limited_metrics], limited)):
		os.mkdir(os.path.join(folder, name))
		node = server.Server(os.path.join(folder, name), build=build, **more)
		node.ports["metrics"] = metrics
		try:
			for case in of:
				begin = time.monotonic()
				case(node)
				print(f"  {case.__name__} {time.monotonic() - begin:.1f} s", flush=True)
			node.end()
		finally:
			if node.process.poll() is None:
				node.kill()
