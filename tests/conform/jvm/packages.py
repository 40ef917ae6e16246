# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages as corpora: what `tools/setup --download DIR jars` fetched, unpacked below DIR/root. The universe of a package
is its jars, then those of the packages that it needs, directly or not, fetched or installed."""
import glob
import os
import re
import subprocess
from collections import namedtuple

Package = namedtuple("Package", "name jars universe")


def _names(text):
	"""The packages of a field Depends, whatever version"""
	return [re.split(r"[\s(:|]", each.strip())[0] for each in text.split(",") if each.strip()]


def _ask(*command):
	return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _jars(paths):
	return sorted(path for path in paths if path.endswith(".jar") and os.path.isfile(path) and not os.path.islink(path))


def _fetched(path, root):
	"""The jars of a package file, and what it needs"""
	if not os.path.isdir(root):
		subprocess.run(["dpkg-deb", "-x", path, f"{root}.part"], check=True)
		os.rename(f"{root}.part", root)
	return _jars(glob.glob(f"{root}/**/*.jar", recursive=True)), _names(_ask("dpkg-deb", "-f", path, "Depends"))


def _installed(name):
	return _jars(_ask("dpkg-query", "-L", name).splitlines()), _names(_ask("dpkg-query", "-f", "${Depends}", "-W", name))


def packages(folder):
	"""Every package that was fetched and has jars, by name"""
	files = {os.path.basename(path).split("_")[0]: path for path in sorted(glob.glob(f"{folder}/*.deb"))}
	os.makedirs(f"{folder}/root", exist_ok=True)
	known = {name: _fetched(path, f"{folder}/root/{name}") for name, path in files.items()}
	for first in sorted(files):
		order = [first]
		for name in order:
			for each in known[name][1]:
				if each not in known and (each.endswith("-java") or each in files):
					known[each] = _installed(each)
				if each in known and each not in order:
					order.append(each)
		if known[first][0]:
			yield Package(first, known[first][0], [jar for name in order for jar in known[name][0]])
