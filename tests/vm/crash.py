# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of crashing machines have in common: machines, images, histories."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FAULT = os.path.join(HERE, "..", "fault")
sys.path.insert(0, FAULT)
from trial import BUILD, Failure  # noqa: E402

KERNEL = os.environ.get("OSNC_KERNEL", "6.12")
STORM = os.path.join(BUILD, "bin/storm")
SERVER = os.path.join(BUILD, "bin/porcupined")
LOGREPLAY = os.path.join(BUILD, "bin/logreplay")
LOGMARK = os.path.join(BUILD, "bin/logmark")
LIAR = os.path.join(BUILD, "fault/liar.so")
POWER = os.path.join(HERE, "power")
CUT = 123


def run(*command, wanted=0):
	"""A program on this machine; its output."""
	done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
	if done.returncode != wanted:
		raise Failure(f"{' '.join(map(str, command))}: status {done.returncode}: {done.stdout[-3000:]}")
	return done.stdout


def machine(share, disks, *command, wanted=0, timeout=300, allow=(), append=()):
	"""A command in a test machine (runvm); its output. Raises Failure unless it ends with the wanted status."""
	arguments = [os.path.join(HERE, "runvm"), "--kernel", KERNEL, "--share", share, "--timeout", str(timeout),
		     "--allow-file", os.path.join(POWER, "allow")]
	for disk in disks:
		arguments += ["--disk", disk]
	for pattern in allow:
		arguments += ["--allow", pattern]
	return run(*arguments, *append, "--", *map(str, command), wanted=wanted)


def image(path, mebibytes):
	"""A blank raw image."""
	with open(path, "wb") as file:
		file.truncate(mebibytes << 20)
	return path


def verdict(folder, *histories):
	"""The checker's answer to what clients recorded: ({verdict: count}, counts, its words)."""
	out = os.path.join(folder, "verdicts")
	done = subprocess.run([os.path.join(FAULT, "history"), "--json", out, "--show", "5", *histories], stdout=subprocess.PIPE,
			      stderr=subprocess.STDOUT, text=True, check=False)
	if done.returncode not in (0, 1):
		raise Failure(f"no verdict: {done.stdout}")
	with open(out, encoding="ascii") as file:
		result = json.load(file)
	return {name: count for name, count in result["verdicts"].items() if count}, result["count"], done.stdout
