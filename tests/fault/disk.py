# SPDX-License-Identifier: GPL-2.0-or-later
"""What a disk may hold after a power cut, from files and the shadow that liar.c kept of them: see powerloss."""
import json
import os
import random
import shutil
import struct
import uuid

SECTOR = 512
BLOCK = 1 << 20
ORDERS = ("kill_in", "eio_syncs", "eio_writes", "enospc", "lie", "lie_every")
COUNTS = ("steps", "syncs", "writes", "lies", "eios", "enospcs")
LIES = {"none": 0, "nosync": 1, "drop": 2, "flip": 3}


def order(shadow, **orders):
	with open(os.path.join(shadow, "orders"), "r+b", buffering=0) as file:
		for name, value in orders.items():
			file.seek(4 * ORDERS.index(name))
			file.write(struct.pack("=I", LIES[value] if name == "lie" and value in LIES else int(value)))


def counts(shadow):
	with open(os.path.join(shadow, "orders"), "rb") as file:
		words = struct.unpack("=12I", file.read(48))
	return dict(zip(COUNTS, words[len(ORDERS):]))


def folders(top, scrap):
	"""Every folder below top, relative to it, but for scrap."""
	for path, names, _ in os.walk(top):
		relative = os.path.relpath(path, top)
		if relative == ".":
			names[:] = [name for name in names if name != scrap]
		yield relative


def files_of(folder):
	with os.scandir(folder) as entries:
		return {entry.name: entry.inode() for entry in entries if entry.is_file(follow_symlinks=False)}


def manifest(shadow, relative):
	return os.path.join(shadow, "dir." + relative.replace("/", "%"))


def take_shadow(top, shadow, scrap):
	"""Makes shadow say that all of top is durable."""
	for name in os.listdir(shadow):
		if name.startswith(("ino.", "dir.")):
			os.unlink(os.path.join(shadow, name))
	for relative in folders(top, scrap):
		names = files_of(os.path.join(top, relative))
		with open(manifest(shadow, relative), "w", encoding="utf-8") as file:
			file.writelines(f"{ino} {name}\n" for name, ino in sorted(names.items()))
		for name, ino in names.items():
			shutil.copyfile(os.path.join(top, relative, name), os.path.join(shadow, f"ino.{ino}"))


def init(top, shadow, scrap=None):
	if not os.path.isdir(top):
		raise FileNotFoundError(f"{top}: no such folder")
	os.makedirs(shadow, exist_ok=True)
	orders = os.path.join(shadow, "orders")
	if not os.path.exists(orders):
		with open(orders, "wb") as file:
			file.write(bytes(4096))
	new_boot(shadow)
	take_shadow(top, shadow, scrap)


def new_boot(shadow):
	with open(os.path.join(shadow, "boot_id"), "w", encoding="ascii") as file:
		file.write(f"{uuid.uuid4()}\n")


class Chooser:
	"""Which of the unsynced sectors of a file were written: all, none, the first so many, the last so many, or each by the toss of a coin."""

	def __init__(self, rng, unsynced):
		self.rng = rng
		self.low, self.high = 0, unsynced[-1] + 1
		self.chance = 1.0
		kind = rng.choice(("all", "none", "first", "last", "coin", "coin"))
		if kind == "none":
			self.high = 0
		elif kind == "first":
			self.high = rng.choice(unsynced)
		elif kind == "last":
			self.low = rng.choice(unsynced)
		elif kind == "coin":
			self.chance = rng.choice((0.05, 0.5, 0.95))

	def kept(self, sector):
		return self.low <= sector < self.high and (self.chance == 1.0 or self.rng.random() < self.chance)


def differing(old, new, at):
	"""Numbers of the sectors in which two blocks at octet at differ."""
	if old == new:
		return []
	return [(at + i) // SECTOR for i in range(0, max(len(old), len(new)), SECTOR) if old[i:i + SECTOR] != new[i:i + SECTOR]]


def settle(path, shadow_path, rng, done):
	"""Turns the file at path into what the disk might hold of it."""
	with open(path, "r+b", buffering=0) as file:
		durable = open(shadow_path, "rb") if os.path.exists(shadow_path) else None
		size = os.fstat(file.fileno()).st_size
		old_size = os.fstat(durable.fileno()).st_size if durable else 0
		unsynced = []
		for at in range(0, max(size, old_size), BLOCK):
			file.seek(at)
			new = file.read(BLOCK)
			old = b""
			if durable:
				durable.seek(at)
				old = durable.read(BLOCK)
			width = max(len(old), len(new))
			unsynced += differing(old.ljust(width, b"\0"), new.ljust(width, b"\0"), at)
		choice = Chooser(rng, unsynced) if unsynced else None
		for sector in unsynced:
			done["unsynced"] += 1
			if choice.kept(sector):
				done["written"] += 1
				continue
			old = b""
			if durable:
				durable.seek(sector * SECTOR)
				old = durable.read(SECTOR)
			file.seek(sector * SECTOR)
			file.write(old.ljust(SECTOR, b"\0"))
		if durable:
			durable.close()
		if size != old_size:
			low, high = sorted((size, old_size))
			size = rng.choice((size, old_size, rng.randrange(low, high + 1) // SECTOR * SECTOR))
			done["resized"] += 1
		file.truncate(size)


def names_after(durable, actual, rng, done):
	"""{name: inode}: each inode has its durable names or its present ones; a name taken over by rename never points nowhere."""
	result = {}
	fresh = {}
	for ino in sorted(set(durable.values()) | set(actual.values())):
		old = {name for name, each in durable.items() if each == ino}
		new = {name for name, each in actual.items() if each == ino}
		if old == new:
			fresh[ino] = True
			continue
		done["names"] += 1
		fresh[ino] = rng.random() < 0.5
		if not fresh[ino]:
			done["names_undone"] += 1
	for name, ino in durable.items():
		taken = actual.get(name, ino)
		if not fresh[ino] or (taken != ino and not fresh[taken]):
			result[name] = ino
	for name, ino in actual.items():
		if fresh[ino]:
			result[name] = ino
	return result


def cut_folder(top, shadow, relative, rng, done):
	path = os.path.join(top, relative)
	durable = {}
	if os.path.exists(manifest(shadow, relative)):
		with open(manifest(shadow, relative), encoding="utf-8") as file:
			for line in file:
				ino, _, name = line.rstrip("\n").partition(" ")
				durable[name] = int(ino)
	actual = files_of(path)
	where = {ino: name for name, ino in actual.items()}
	after = names_after(durable, actual, rng, done)
	# Aside first: names may be swapped.
	aside = {}
	for ino in set(after.values()):
		kept = os.path.join(path, f".cut.{ino}")
		source = os.path.join(shadow, f"ino.{ino}")
		if ino in where:
			os.rename(os.path.join(path, where[ino]), kept)
			settle(kept, source, rng, done)
		elif os.path.exists(source):
			shutil.copyfile(source, kept)
		else:
			with open(kept, "wb"):
				pass
		aside[ino] = kept
	for name in files_of(path):
		if not name.startswith(".cut."):
			os.unlink(os.path.join(path, name))
	for name, ino in sorted(after.items()):
		os.link(aside[ino], os.path.join(path, name))
	for kept in aside.values():
		os.unlink(kept)


def damage(folder, rng, done):
	"""What an index that is never synced may look like: each page the old one, zeros or noise; files cut short."""
	for path, _, names in os.walk(folder):
		for name in names:
			file_path = os.path.join(path, name)
			size = os.path.getsize(file_path)
			kind = rng.choice(("leave", "cut", "pages", "pages"))
			done["scrapped"] += kind != "leave"
			with open(file_path, "r+b") as file:
				if kind == "cut":
					file.truncate(rng.randrange(size + 1))
				elif kind == "pages":
					for at in range(0, size, 4096):
						if rng.random() < 0.3:
							file.seek(at)
							file.write(rng.choice((bytes(4096), rng.randbytes(4096)))[:size - at])


def cut(top, shadow, seed, scrap=None, keep=False):
	"""keep: the folder scrap was left as it should be, and is not damaged."""
	rng = random.Random(seed)
	done = dict.fromkeys(("unsynced", "written", "resized", "names", "names_undone", "scrapped"), 0)
	for relative in list(folders(top, scrap)):
		cut_folder(top, shadow, relative, rng, done)
	if scrap and not keep:
		damage(os.path.join(top, scrap), rng, done)
	init(top, shadow, scrap)
	return done
