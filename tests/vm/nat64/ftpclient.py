#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One check each of the FTP gateway in the lab of lab.sh, from the client's namespace.

usage: ftpclient.py CHECK [ARGUMENT...]
"""
import ftplib
import hashlib
import io
import os
import socket
import struct
import sys
import time

from netns import opened

SERVER6, LIAR6, CLIENT6 = "2001:db8:64::c633:6402", "2001:db8:64::c633:6403", "2001:db8:1::2"
SECOND4 = "198.51.100.3"
LOG = "/run/ftp/log"


class Slow(ftplib.FTP):
	"""Sends its commands octet by octet: each a segment of its own, or as TCP likes."""
	nagle = False
	pause = 0.002

	def putline(self, line):
		self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, not self.nagle)
		for octet in line.encode() + b"\r\n":
			self.sock.sendall(bytes([octet]))
			time.sleep(self.pause)


def login(kind=ftplib.FTP, host=SERVER6):
	ftp = kind(timeout=60)
	ftp.connect(host, 21)
	ftp.login("osnc", "secret")
	return ftp


def heard():
	"""What the servers heard, line by line."""
	with open(LOG, encoding="utf-8") as log:
		return log.read().splitlines()


def transfer(ftp, size, name):
	data = os.urandom(int(size))
	ftp.storbinary(f"STOR {name}", io.BytesIO(data))
	with open(f"/run/ftp/files/{name}", "rb") as file:
		assert hashlib.sha256(file.read()).digest() == hashlib.sha256(data).digest(), "the upload is another file"
	got = hashlib.sha256()
	ftp.retrbinary(f"RETR {name}", got.update)
	assert got.digest() == hashlib.sha256(data).digest(), "the download is another file"
	assert name in ftp.nlst()
	ftp.delete(name)


def both(size, kind="ftplib", nagle=""):
	"""Up and down, passive and active."""
	before = len(heard())
	Slow.nagle = nagle == "nagle"
	Slow.pause = 0 if nagle == "burst" else 0.002
	ftp = login(Slow if kind == "slow" else ftplib.FTP)
	for passive in (True, False):
		ftp.set_pasv(passive)
		transfer(ftp, size, f"file-{passive}")
	ftp.quit()
	lines = heard()[before:]
	assert lines.count("PASV") == 3, lines
	assert sum(line.startswith("PORT 192,0,2,") for line in lines) == 3, lines
	assert not [line for line in lines if line[:4].upper() in ("EPSV", "EPRT")], lines


def refused(ftp, command, code):
	try:
		said = ftp.sendcmd(command)
	except ftplib.Error as error:
		said = str(error)
	assert said.startswith(code), f"{command}: '{said}'"


def words():
	"""What is answered by the gateway (RFC 6384 6 and 11), several in a segment too."""
	before = len(heard())
	ftp = login()
	refused(ftp, "EPSV ALL", "504")
	refused(ftp, "EPSV 1", "522")
	refused(ftp, "EPSV 3", "522")
	refused(ftp, "ALGS", "504")
	refused(ftp, "ALGS STATUS64", "216 EPSV EPRT")
	refused(ftp, "ALGS DISABLE64", "216 NONE")
	refused(ftp, "EPSV", "500")
	refused(ftp, "ALGS ENABLE64", "216 EPSV EPRT")
	refused(ftp, "EPSV 2", "229")
	refused(ftp, f"EPRT |2|{SERVER6}|1234|", "500")
	refused(ftp, "EPRT |1|192.0.2.1|1234|", "500")
	ftp.sock.sendall(b"NOOP\r\nALGS STATUS64\r\nEPSV\r\nEPSV ALL\r\nPWD\r\n")
	said = [ftp.getmultiline()[:3] for _ in range(5)]
	assert said == ["200", "216", "229", "504", "257"], said
	assert heard()[before:].count("NOOP") == 10, heard()[before:]
	ftp.quit()


def auth():
	"""After AUTH the connection is between client and server: the server has no EPSV."""
	ftp = login()
	refused(ftp, "EPSV", "229")
	refused(ftp, "AUTH TLS", "500")
	refused(ftp, "EPSV", "500")
	refused(ftp, "ALGS STATUS64", "500")
	ftp.quit()


def liar():
	"""A server whose 227 names a third host."""
	ftp = login(host=LIAR6)
	refused(ftp, "EPSV", "425")
	ftp.quit()


def plain():
	"""Nothing is translated: the gateway is off, or follows enough others."""
	ftp = login()
	refused(ftp, "EPSV", "500")
	refused(ftp, "ALGS STATUS64", "500")
	ftp.quit()


def crowd():
	"""One more than ftp-connections=2; a place is free again when one has ended, and its session."""
	others = [login(), login()]
	refused(others[0], "EPSV", "229")
	plain()
	refused(others[1], "EPSV", "229")


def nowhere():
	"""The subscriber may have no session more: EPRT gets no mapping."""
	ftp = login()
	refused(ftp, f"EPRT |2|{CLIENT6}|50000|", "425")
	refused(ftp, "NOOP", "200")


def expected(listener, port):
	"""Whether something comes from the server's namespace to where PORT told it to."""
	address = [line for line in heard() if line.startswith("PORT ")][-1][5:].split(",")
	place = (".".join(address[:4]), int(address[4]) << 8 | int(address[5]))
	sock = opened("server", socket.AF_INET, socket.SOCK_STREAM, bind=(port, 0))
	sock.settimeout(1)
	try:
		sock.connect(place)
	except OSError:
		return False
	finally:
		sock.close()
	listener.accept()[0].close()
	return True


def mapping():
	"""The data mapping is there for one connection from the server, and for nobody else."""
	ftp = login()
	ftp.storbinary("STOR small", io.BytesIO(b"small"))
	listener = socket.create_server((CLIENT6, 0), family=socket.AF_INET6)
	listener.settimeout(10)
	ftp.sendcmd(f"EPRT |2|{CLIENT6}|{listener.getsockname()[1]}|")
	assert not expected(listener, SECOND4), "a stranger comes through"
	ftp.voidcmd("TYPE I")
	ftp.putcmd("RETR small")
	data, _ = listener.accept()
	assert data.recv(100) == b"small"
	assert ftp.getresp().startswith("1")
	data.close()
	ftp.voidresp()
	assert not expected(listener, "198.51.100.2"), "a second connection comes through"
	assert not expected(listener, SECOND4), "a stranger comes through afterwards"
	ftp.delete("small")
	ftp.quit()


def raw(kind):
	"""A segment of a control connection that cannot be read: with a wrong checksum, or in fragments."""
	ftp = login()
	port = ftp.sock.getsockname()[1]
	out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP)
	out.bind((CLIENT6, 0))
	header = struct.pack("!HHIIBBHHH", port, 21, 1, 1, 0x50, 0x10, 1000, 0xdead, 0)
	out.sendto(header + b"x" * (3000 if kind == "fragment" else 10), (SERVER6, 0))
	time.sleep(0.3)
	refused(ftp, "EPSV", "229")
	ftp.quit()


def hold(size):
	"""A transfer, and when /run/ftp/on is there one more on the same control connection."""
	ftp = login()
	transfer(ftp, size, "one")
	with open("/run/ftp/holding", "w", encoding="utf-8"):
		pass
	while not os.path.exists("/run/ftp/on"):
		time.sleep(0.2)
	transfer(ftp, size, "two")
	ftp.quit()


CHECKS = {check.__name__: check for check in (both, words, auth, liar, plain, crowd, nowhere, mapping, raw, hold)}
CHECKS[sys.argv[1]](*sys.argv[2:])
