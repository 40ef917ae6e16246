# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams of classes (stream.h) and files of verdicts (verdict.h), and the oracle that turns one into the other."""
import os
import struct
import subprocess
import sys
from collections import namedtuple

STREAM, VERDICTS = b"OSNCCLS1", b"OSNCVRD1"
CERTIFICATES = "certificates"  # who says what generated classes must come to
PHASES = ("crash", "define", "link", "ok")
SUPER, SIBLING, MISSING, OPEN = 1, 2, 4, 8
BUILD = os.environ.get("OSNC_JVM", "build/default/conform/jvm")
Verdict = namedtuple("Verdict", "number hash phase flags bci error name method culprit message")


def fnv(data):
	value = 0xcbf29ce484222325
	for octet in data:
		value = (value ^ octet) * 0x100000001b3 & 0xffffffffffffffff
	return value


def write_stream(path, classes):
	"""classes: (note, bytes) each"""
	with open(path, "wb") as file:
		file.write(STREAM)
		for note, data in classes:
			note = note.encode()[:65535]
			file.write(struct.pack(">IH", len(data), len(note)) + note + data)


def read_stream(path):
	with open(path, "rb") as file:
		if file.read(8) != STREAM:
			raise ValueError(f"{path} is no stream of classes")
		while head := file.read(6):
			size, note = struct.unpack(">IH", head)
			note = file.read(note).decode("utf-8", "replace")
			data = file.read(size)
			if len(data) != size:
				raise ValueError(f"{path} is cut")
			yield note, data


def _texts(data, at):
	while at < len(data):
		size = data[at] << 8 | data[at + 1]
		yield data[at + 2:at + 2 + size].decode("utf-8", "replace")
		at += 2 + size


def read_verdicts(path):
	"""yields who judged, then every Verdict"""
	with open(path, "rb") as file:
		if file.read(8) != VERDICTS:
			raise ValueError(f"{path} holds no verdicts")
		yield file.read(struct.unpack(">H", file.read(2))[0]).decode()
		while head := file.read(4):
			data = file.read(struct.unpack(">I", head)[0])
			number, value, phase, flags, bci = struct.unpack_from(">IQBBi", data)
			yield Verdict(number, value, PHASES[phase], flags, bci, *_texts(data, 18))


def record(verdict):
	"""A Verdict as octets"""
	data = struct.pack(">IQBBi", verdict.number, verdict.hash, PHASES.index(verdict.phase), verdict.flags, verdict.bci)
	for text in verdict[5:]:
		text = text.encode()[:65535]
		data += struct.pack(">H", len(text)) + text
	return struct.pack(">I", len(data)) + data


def write_verdicts(path, who, verdicts):
	with open(path, "wb") as file:
		file.write(VERDICTS + struct.pack(">H", len(who)) + who.encode())
		for verdict in verdicts:
			file.write(record(verdict))


def jdk_home():
	return subprocess.run(["make", "-s", "print-JDK17"], capture_output=True, text=True, check=True).stdout.strip()


def judge(stream, verdicts, class_path=(), resident=False, heap="1g"):
	"""HotSpot's verdicts on a stream; a class that ends the JVM is a verdict of its own."""
	jdk, skip = jdk_home(), 0
	while True:
		command = [f"{jdk}/bin/java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
			   "-XX:-StackTraceInThrowable", "-XX:+DisplayVMOutputToStderr", "-XX:-CreateCoredumpOnCrash",
			   f"-XX:ErrorFile={verdicts}.crash", "--add-modules", "ALL-SYSTEM"]
		if resident:
			command.append("-Xverify:all")
		command += ["-cp", BUILD, "Oracle", os.path.abspath(f"{BUILD}/liboracle.so"), verdicts]
		command += ["resident"] * resident + (["skip", str(skip)] if skip else []) + list(class_path)
		with open(stream, "rb") as file:
			run = subprocess.run(command, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
		sys.stderr.write(run.stderr)
		if run.returncode == 0:
			return
		if run.returncode > 0 and not os.path.exists(f"{verdicts}.crash"):
			raise RuntimeError(f"the oracle ended with status {run.returncode}")
		skip = note_crash(stream, verdicts, skip)


def note_crash(stream, verdicts, least):
	"""Writes down the class that was under judgement when the JVM ended, and returns the number of the next one."""
	whole = 8
	with open(verdicts, "rb") as file:
		file.seek(8)
		whole += 2 + struct.unpack(">H", file.read(2))[0]
		file.seek(whole)
		number = least - 1
		while len(head := file.read(4)) == 4:
			data = file.read(struct.unpack(">I", head)[0])
			if len(data) != struct.unpack(">I", head)[0]:
				break
			number = struct.unpack_from(">I", data)[0]
			whole = file.tell()
	number += 1
	for at, (_, data) in enumerate(read_stream(stream)):
		if at == number:
			break
	else:
		raise RuntimeError("the JVM ended after the last class")
	with open(verdicts, "r+b") as file:
		file.truncate(whole)
		file.seek(whole)
		file.write(record(Verdict(number, fnv(data), "crash", 0, -1, "", "", "", "", "")))
	return number + 1
