# SPDX-License-Identifier: GPL-2.0-or-later
"""The frame of a fault test: a seed that is printed, a folder that stays when the test is red, one summary line."""
import glob
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build/default"))
LONG = os.environ.get("OSNC_LONG") == "1"


class Failure(Exception):
	"""What makes a test red: the server did not start, did not end, or lost mail."""


def median(values):
	return sorted(values)[len(values) // 2]


def memory():
	"""A folder in memory for what need not survive: the power cut simulator wants inode numbers that are not used twice."""
	return "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None


def keep(folder, name, seed):
	"""Moves what a red test leaves to where the next clean removes it."""
	place = os.path.join(BUILD, "fault", f"{name}-{seed}")
	shutil.rmtree(place, ignore_errors=True)
	os.makedirs(os.path.dirname(place), exist_ok=True)
	for pattern in ("control", "porcupined", "*.so"):
		for path in glob.glob(os.path.join(glob.escape(folder), "**", pattern), recursive=True):
			shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
	subprocess.run(["mv", folder, place], check=True)  # images of disks are sparse, which shutil's copy would not keep
	return place


def run(name, trial, programs, where=None):
	"""trial(folder, seed) returns the summary or raises Failure. The seed is the first argument, OSNC_SEED, or random."""
	seed = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OSNC_SEED") or str(random.SystemRandom().randrange(1 << 32))
	absent = next((path for path in programs if not os.path.exists(path)), None)
	if absent:
		print(f"{name}: {absent} is not built")
		return 1
	folder = tempfile.mkdtemp(prefix=f"osnc-{name.partition('.')[0]}.", dir=where)
	began = time.monotonic()
	print(f"{name}: seed {seed}", flush=True)
	try:
		summary = trial(folder, seed)
	except Failure as failure:
		print(f"FAIL {name}: seed {seed}: {failure}\nall of it is kept in {keep(folder, name, seed)}")
		return 1
	shutil.rmtree(folder)
	print(f"{name}: {summary}, {time.monotonic() - began:.0f} s")
	return 0
