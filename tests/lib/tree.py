# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that a rule written in Python judges."""
import os
import subprocess

HOME = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def files(*ends):
	"""Files of the working folder whose names end so; of the tree: git's, bad samples left out."""
	if os.path.exists(".git"):
		run = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=True)
		paths = [path for path in run.stdout.split("\n") if os.path.isfile(path)]
	else:
		paths = [os.path.relpath(os.path.join(at, name)) for at, _, names in os.walk(".") for name in names]
	return sorted(path for path in paths if path.endswith(ends) and not path.startswith(("tests/check/bad/", "build/")))
