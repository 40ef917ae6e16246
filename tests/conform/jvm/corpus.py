#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""corpus.py STREAM FILE...: the classes of jars and jmods as a stream, in the order of their names; of those that stand in
several files the first. --largest N leaves out classes above N octets, --one-in N takes every Nth. module-info and what
lies below META-INF is left out. --outside-java leaves out java.*, which no loader but the JDK's may define."""
import argparse
import os
import sys
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from records import write_stream  # noqa: E402


def classes(paths, largest, one_in, outside_java):
	seen = {}
	for path in paths:
		archive = zipfile.ZipFile(path)
		for entry in archive.infolist():
			name = entry.filename.removeprefix("classes/") if path.endswith(".jmod") else entry.filename
			if not name.endswith(".class") or name.startswith("META-INF/") or name.endswith("module-info.class"):
				continue
			if entry.file_size <= largest and not (outside_java and name.startswith("java/")):
				seen.setdefault(name[:-6], (archive, entry))
	for name in sorted(seen)[::one_in]:
		archive, entry = seen[name]
		yield name, archive.read(entry)


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--largest", type=int, default=1 << 30)
	parser.add_argument("--one-in", type=int, default=1)
	parser.add_argument("--outside-java", action="store_true")
	parser.add_argument("stream")
	parser.add_argument("file", nargs="+")
	options = parser.parse_args()
	write_stream(options.stream, classes(options.file, options.largest, options.one_in, options.outside_java))


main()
