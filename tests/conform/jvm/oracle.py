#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""oracle.py STREAM VERDICTS [CLASSPATH-ENTRY...]: HotSpot 17's verdicts on a stream of classes. An entry is a jar, or
IMAGE for the JDK's classes outside java.*. --resident judges the JDK's own classes in place, by the names in the notes."""
import argparse
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from records import judge  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--resident", action="store_true")
parser.add_argument("--heap", default="1g")
parser.add_argument("stream")
parser.add_argument("verdicts")
parser.add_argument("entry", nargs="*")
options = parser.parse_args()
judge(options.stream, options.verdicts, options.entry, options.resident, options.heap)
