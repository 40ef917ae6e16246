# SPDX-License-Identifier: GPL-2.0-or-later
"""A node inside the test machine: its store on a disk of the machine, its history and log in the share."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fault"))
import node  # noqa: E402

DISK = "/run/disk"
DELETED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "deleted")


class DiskNode(node.Node):
	"""A node whose store is on the disk and whose history and log outlive the machine. Its folder is the machine's own."""

	def __init__(self, share):  # pylint: disable=super-init-not-called
		self.folder = "/run/node"
		self.at = dict(zip(("smtp", "lmtp", "pop3"), (f"127.0.0.1:{port}" for port in node.free_ports(3))))
		self.store = os.path.join(DISK, "store")
		self.shadow = self.process = None
		self.history = os.path.join(share, "history")
		self.log = os.path.join(share, "node.log")
		self.control = os.path.join(self.folder, "control")
		self.accounts = os.path.join(self.folder, "accounts.json")
		self.config = os.path.join(self.folder, "config")
		self.restarts = []
		self.server = node.SERVER
		self.people = [{"address": f"user{n}@{node.DOMAIN}", "password": f"secret {n}"} for n in range(8)]
		os.makedirs(self.folder)
		os.makedirs(self.store, mode=0o700, exist_ok=True)
		os.makedirs(self.history, exist_ok=True)
		with open(self.config, "w", encoding="ascii") as file:
			file.write(node.CONFIG.format(domain=node.DOMAIN, store=self.store, control=self.control, compress="true", reserve="1M", **self.at))
		with open(self.accounts, "w", encoding="ascii") as file:
			json.dump(self.people, file)

	def settle(self):
		"""The domain and the accounts, as far as the store has not got them."""
		if node.DOMAIN not in self.ask("domain.list")["domains"]:
			self.ask("domain.add", domain=node.DOMAIN)
		there = {user["address"] for user in self.ask("user.list")["users"]}
		for person in self.people:
			if person["address"] not in there:
				self.ask("user.add", address=person["address"], password=person["password"])

	def waits_for(self, client, done, pause):
		while not done():
			if client.poll() is not None or self.dead():
				raise node.Failure(f"the load ended by itself:\n{self.tail()}")
			time.sleep(pause)

	def waits_for_load(self, client, known=()):
		"""Until a client's first line is written in a file that is not among `known`."""
		self.waits_for(client, lambda: any(os.path.getsize(os.path.join(self.history, name))
						   for name in set(os.listdir(self.history)) - set(known)), 0.05)

	def waits_for_delete(self, client):
		"""Until a delete was answered +OK."""
		self.waits_for(client, lambda: not subprocess.run([DELETED] + [os.path.join(self.history, name) for name in os.listdir(self.history)],
								  check=False).returncode, 0.2)


def mount(device):
	os.makedirs(DISK, exist_ok=True)
	subprocess.run(["mount", device, DISK], check=True)


def unmount():
	subprocess.run(["umount", DISK], check=True)
