# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges a kernel log: which of its messages a test machine must not have."""
import re

# What is bad at any level, at any time.
BAD = re.compile(
	r"\bBUG\b|\bWARNING: |\bOops\b|[Kk]ernel panic|general protection fault|Call Trace:|cut here|INFO: (task|rcu|possible|trying)"
	r"|possible (circular|recursive|irq) |suspicious RCU|DEBUG_LOCKS_WARN_ON|(KASAN|KFENCE|KCSAN|UBSAN|kmemleak|refcount_t): "
	r"|soft lockup|hard LOCKUP|self-detected stall|rcu.*detected stall|unregister_netdevice: waiting|\btaint(s|ed|ing)\b"
)
# From the start of the script on, a message of this level or a graver one is bad whatever it says.
WARNING = 4
BLOCK_BEGIN = re.compile(r"-+\[ cut here \]-+|\bBUG: |^general protection fault")
BLOCK_END = re.compile(r"---\[ end (trace|Kernel panic)")
BLOCK_LIMIT = 200


class Record:
	def __init__(self, level, seconds, text):
		self.level, self.seconds, self.text = level, seconds, text


def parse(log, token):
	"""/dev/kmsg's text -> (records before the script, records from its start on, whether its end was reached)."""
	boot, script, ended = [], None, False
	for line in log.split("\n"):
		head, separator, text = line.partition(";")
		fields = head.split(",")
		if not separator or len(fields) < 4 or not fields[0].isdigit():
			continue  # a record's dictionary (" KEY=value"), or the torn end of a dead machine's log
		priority = int(fields[0])
		if priority >> 3:
			if text == f"osnc begin {token}":
				script = []
			elif text == f"osnc end {token}":
				ended = True
			continue  # other user space's words, not the kernel's
		record = Record(priority & 7, int(fields[2]) / 1e6, text)
		(boot if script is None else script).append(record)
	return boot, script or [], ended


def reports(boot, script):
	"""Bad messages, those of one trace together: a list of lists of records."""
	found = []
	for records, level in ((boot, -1), (script, WARNING)):
		position = 0
		while position < len(records):
			record = records[position]
			size = 0
			if BLOCK_BEGIN.search(record.text):
				size = 1
				for ahead, other in enumerate(records[position : position + BLOCK_LIMIT], 1):
					if BLOCK_END.search(other.text):
						size = ahead
						break
			elif BAD.search(record.text) or record.level <= level:
				size = 1
			if size:
				found.append(records[position : position + size])
			position += size or 1
	return found


def judge(log, token, allowed):
	"""The reports that no pattern of `allowed` excuses; a pattern excuses a whole trace by any of its lines."""
	boot, script, _ = parse(log, token)
	return [report for report in reports(boot, script) if not any(pattern.search(r.text) for r in report for pattern in allowed)]


def patterns(lines):
	"""An allow-list's lines -> compiled patterns. Empty lines and # comments are skipped. Raises re.error."""
	return [re.compile(line) for line in (raw.strip() for raw in lines) if line and not line.startswith("#")]
