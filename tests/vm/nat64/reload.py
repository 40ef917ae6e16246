#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic that belongs to one or the other of two configurations while they take turns. What arrives must be wholly of one of them.

usage: reload.py NAT64CTL RELOADS FILE FILE
       reload.py flood    sends until killed
"""
import collections
import os
import socket
import subprocess
import sys
import threading
import time

from netns import inside, opened

CLIENT6, SERVER4, EMBEDDED = "2001:db8:1::2", "198.51.100.2", "c633:6402"
PREFIX = {"a": "2001:db8:64::", "b": "2001:db8:65::"}
OWN = {"a": "192.0.2.8", "b": "192.0.2.9"}
UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM

stop = threading.Event()
wrong = []
seen = collections.Counter()


def send(source, targets):
	"""Datagrams to each target in turn; the payload says for which configuration."""
	while not stop.is_set():
		for which, target in targets.items():
			try:
				source.sendto(which.encode() * 100, target)
			except OSError:
				pass  # an error for an earlier one
		time.sleep(0.002)


def receive(sink, way, sources):
	sink.settimeout(0.2)
	while not stop.is_set():
		try:
			data, who = sink.recvfrom(1000)
		except TimeoutError:
			continue
		which = data[:1].decode()
		if data != which.encode() * 100 or who[0] != sources[which]:
			wrong.append(f"{way}: {data[:4]} from {who}")
		seen[way, which] += 1


def traffic():
	near, far = opened("client", socket.AF_INET6, UDP, bind=(CLIENT6, 5000)), opened("server", socket.AF_INET, UDP, bind=(SERVER4, 5000))
	embedded = {which: prefix + EMBEDDED for which, prefix in PREFIX.items()}
	work = (
		(send, (near, {which: (address, 5000) for which, address in embedded.items()})),
		(send, (far, {which: (address, 5000) for which, address in OWN.items()})),
		(receive, (far, "64", OWN)),
		(receive, (near, "46", embedded)),
	)
	for function, arguments in work:
		threading.Thread(target=function, args=arguments, daemon=True).start()


class Connection:
	"""One TCP connection over an address that both configurations have: every octet is echoed, in order, all the time."""

	def __init__(self):
		listener = opened("server", socket.AF_INET, TCP, bind=(SERVER4, 0))
		listener.listen()
		self.near = opened("client", socket.AF_INET6, TCP, bind=(CLIENT6, 7000))
		self.near.connect(("2001:db8:66::" + EMBEDDED, listener.getsockname()[1]))
		self.far, who = listener.accept()
		assert who == ("192.0.2.16", 7000), f"the connection comes from {who}"

	def echo(self):
		data = os.urandom(5000)
		for source, sink in ((self.near, self.far), (self.far, self.near)):
			source.sendall(data)
			got = b""
			while len(got) < len(data):
				piece = sink.recv(65536)
				assert piece, "the connection has ended"
				got += piece
			assert got == data, "the connection carries other octets"


def main():
	if sys.argv[1] == "flood":
		traffic()
		threading.Event().wait()
	ctl, reloads, files = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
	connection = Connection()
	lost = opened("client", socket.AF_INET6, UDP, bind=(CLIENT6, 0))
	far = opened("server", socket.AF_INET, UDP, bind=(SERVER4, 0))
	lost.sendto(b"x", ("2001:db8:66::" + EMBEDDED, far.getsockname()[1]))
	who = far.recvfrom(10)[1]
	assert who[0] == "192.0.2.20", f"what is mapped comes from {who}"
	traffic()
	for number in range(1, reloads + 1):
		with inside("nat"):
			subprocess.run([ctl, "load", files[number % 2]], check=True)
		if number % 10 == 0:
			connection.echo()
		assert not wrong, f"after {number} reloads: {wrong[:3]}"
	connection.echo()
	time.sleep(0.5)
	stop.set()
	assert not wrong, wrong[:3]
	for way in ("64", "46"):
		for which in "ab":
			assert seen[way, which] >= reloads / 2, f"{way} {which}: {seen[way, which]} packets in {reloads} reloads"
	print(f"{reloads} reloads under traffic: {dict(seen)}")


main()
