# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of subroutines (jsr and ret, class files up to version 50) with certificates: generated so that it is known
whether they may link, without asking a second verifier.

A program is a main routine and subroutines, each of which calls only later ones, so that a sound one has no recursion. What a
routine leaves in local variables is tracked while it is written: it reads only what it has written, what a subroutine has
left, or what a subroutine has not touched (JVMS 4.9.2, and 4.10.2.5 of editions that describe jsr). A defect is inserted at
a place between two statements where that knowledge makes it a defect for certain."""
import random
from collections import namedtuple

from assembler import PUBLIC, STATIC, Class

VERIFY = "java/lang/VerifyError"
LETTERS = {"int": "i", "float": "f", "long": "l", "double": "d", "ref": "a"}
PUSH = {"int": "iconst_1", "float": "fconst_1", "long": "lconst_1", "double": "dconst_1", "ref": "aconst_null"}
DATA = range(0, 12)
Place = namedtuple("Place", "routine line types")


def width(kind):
	return 2 if kind in ("long", "double") else 1


def drop(kind):
	return "pop2" if width(kind) == 2 else "pop"


class Program:
	"""places: where something may be inserted"""

	def __init__(self, seed, tree):
		"""tree: every subroutine is called from one routine only"""
		self.random, self.tree = random.Random(seed), tree
		self.places, self.labels = [], 0
		self.count = self.random.randint(1, 6)
		self.touched = [set() for _ in range(self.count + 1)]
		self.exits = [{} for _ in range(self.count + 1)]
		self.calls = [set() for _ in range(self.count + 1)]
		self.depth = [0] * (self.count + 1)  # ints on the stack when a routine is entered, under the address
		for j in range(1, self.count + 1):
			self.depth[j] = self.depth[j - 1] + self.random.choice((0, 0, 0, 0, 1))
		self.address = [None] * (self.count + 1)
		# a local that every caller has set to an int: the subroutine may read what it has not written
		self.wish = [40 + j if self.random.random() < 0.4 else None for j in range(self.count + 1)]
		self.finished = []  # the lines of each routine, the last routine first
		for routine in range(self.count, -1, -1):
			self.write(routine)

	def lines(self):
		return [line for part in reversed(self.finished) for line in part]

	def label(self):
		self.labels += 1
		return f"l{self.labels}"

	def local(self, operation, local):
		"""An instruction with its local, in a form at random"""
		if local > 255:
			return f"wide {operation} {local}"
		if local < 4 and operation not in ("ret",) and self.random.random() < 0.7:
			return f"{operation}_{local}"
		return f"{operation} {local}"

	def write(self, routine):
		self.routine, self.out = routine, []
		later = range(routine + 1, self.count + 1)
		if routine:
			taken = set().union(*(self.touched[j] for j in later)) if later else set()
			choices = [each for each in (*DATA, 20 + routine, 300 + routine) if each not in taken]
			self.address[routine] = self.random.choice(choices)
			self.touched[routine].add(self.address[routine])
			self.out += [f"sub{routine}:"]
			if self.random.random() < 0.2:
				self.out += ["dup", "pop"]
			self.out += [self.local("astore", self.address[routine])]
			if self.wish[routine]:
				self.out += [self.local("iload", self.wish[routine]), "pop"]
		types = self.block(3, {})
		if routine == 0 and self.count:
			for j in later:  # every subroutine is reached
				if not any(j in each for each in self.calls):
					types = self.call(j, types)
		if routine:
			self.out += [self.local("ret", self.address[routine])]
			self.exits[routine] = types
		else:
			self.out += ["return"]
		self.finished.append(self.out)

	def block(self, depth, types):
		for _ in range(self.random.randint(1, 4)):
			types = self.statement(depth, types)
			self.places.append(Place(self.routine, (self.routine, len(self.out)), dict(types)))
		return types

	def store(self, local, kind, types):
		types = dict(types)
		for each in (local, local + 1) if width(kind) == 2 else (local,):
			types.pop(each, None)
			self.touched[self.routine].add(each)
		if types.get(local - 1) in ("long", "double"):
			del types[local - 1]
		types[local] = kind
		return types

	def statement(self, depth, types):
		what = self.random.random()
		if what < 0.3 or depth == 0:
			kind = self.random.choice(list(LETTERS))
			free = [each for each in DATA[:-1] if self.address[self.routine] not in (each, each + width(kind) - 1)]
			local = self.random.choice(free)
			self.out += [PUSH[kind], self.local(f"{LETTERS[kind]}store", local)]
			return self.store(local, kind, types)
		if what < 0.5 and types:
			local = self.random.choice(list(types))
			self.out += [self.local(f"{LETTERS[types[local]]}load", local), drop(types[local])]
			return types
		if what < 0.65:
			return self.branch(depth, types)
		if what < 0.75:
			return self.loop(depth, types)
		later = [j for j in range(self.routine + 1, self.count + 1) if self.address[self.routine] not in self.touched[j] and
			 not (self.tree and any(j in each for i, each in enumerate(self.calls) if i != self.routine))]
		return self.call(self.random.choice(later), types) if later else types

	def branch(self, depth, types):
		other, end = self.label(), self.label()
		self.out += ["iconst_0", f"ifeq {other}"]
		one = self.block(depth - 1, types)
		self.out += [f"goto {end}", f"{other}:"]
		two = self.block(depth - 1, types)
		self.out += [f"{end}:"]
		return {local: kind for local, kind in one.items() if two.get(local) == kind}

	def loop(self, depth, types):
		head = self.label()
		before = set(self.touched[self.routine])
		self.touched[self.routine] = set()
		self.out += [f"{head}:"]
		inside = self.block(depth - 1, {})
		self.out += ["iconst_0", f"ifne {head}"]
		changed = self.touched[self.routine]
		self.touched[self.routine] |= before
		kept = {local: kind for local, kind in types.items() if not {local, local + width(kind) - 1} & changed}
		return {**kept, **inside}

	def call(self, j, types):
		self.calls[self.routine].add(j)
		self.touched[self.routine] |= self.touched[j]
		if self.wish[j]:
			self.touched[self.routine].add(self.wish[j])
			self.out += ["iconst_0", self.local("istore", self.wish[j])]
		more = self.depth[j] - self.depth[self.routine]
		self.out += ["iconst_2"] * more + [f"{self.random.choice(('jsr', 'jsr', 'jsr_w'))} sub{j}"] + ["pop"] * more
		kept = {local: kind for local, kind in types.items() if not {local, local + width(kind) - 1} & self.touched[j]}
		return {**kept, **self.exits[j]}

	# ---- defects
	def reaches(self, j):
		"""The routines that j may call, over any number of calls, and j"""
		found, more = {j}, [j]
		while more:
			for each in self.calls[more.pop()] - found:
				found.add(each)
				more.append(each)
		return found

	def insert(self, place, lines):
		routine, at = place.line
		self.finished[self.count - routine][at:at] = lines

	def spoil(self, kind):
		"""Puts a defect in; False if there is no place for this kind."""
		places = list(self.places)
		self.random.shuffle(places)
		for place in places:
			lines = getattr(self, "defect_" + kind)(place)
			if lines:
				self.insert(place, lines)
				return True
		return False

	def enter(self, j, place, extra=0):
		wish = ["iconst_0", f"istore {self.wish[j]}"] if self.wish[j] else []
		depth = max(self.depth[j] - self.depth[place.routine], 0) + extra
		return wish + ["iconst_0"] * depth + [f"jsr sub{j}"] + ["pop"] * depth

	def defect_recursion(self, place):
		callers = [i for i in range(1, place.routine + 1) if place.routine in self.reaches(i)]
		return self.enter(self.random.choice(callers), place) if callers else None

	def defect_stale(self, place):
		"""Main returns to where a subroutine was told to return to, or to no address at all."""
		return [f"ret {self.address[1]}" if self.address[1] < 256 else f"wide ret {self.address[1]}"] if place.routine == 0 else None

	def defect_type(self, place):
		if not place.types:
			return None
		local = self.random.choice(list(place.types))
		kind = self.random.choice([each for each in LETTERS if each != place.types[local]])
		return [f"{LETTERS[kind]}load {local}", drop(kind)]

	def defect_load(self, place):
		"""A return address is loaded: only astore may take one."""
		return [self.local("aload", self.address[place.routine]), "pop"] if place.routine else None

	def defect_returns(self, place):
		"""Two instructions that return from one subroutine"""
		if not place.routine:
			return None
		label = self.label()
		return ["iconst_0", f"ifeq {label}", self.local("ret", self.address[place.routine]), f"{label}:"]

	def defect_height(self, place):
		"""A subroutine that is entered with stacks of two heights"""
		fit = [j for j in range(1, self.count + 1) if place.routine not in self.reaches(j)]
		return self.enter(self.random.choice(fit), place, 1) if fit else None

	def defect_address(self, place):
		return ["iconst_0", "istore 60", "ret 60"]

	def defect_unset(self, place):
		return ["ret 61"]

	def defect_caller(self, place):
		"""A subroutine that reads an int finds a float when called from here."""
		fit = [j for j in range(1, self.count + 1) if self.wish[j] and place.routine not in self.reaches(j)]
		if not fit:
			return None
		j = self.random.choice(fit)
		return ["fconst_0", f"fstore {self.wish[j]}", *self.enter(j, place)[2:]]

	def defect_untouched(self, place):
		"""An address that was put where an int is expected"""
		return ["jsr out", "out:", "ineg", "pop"]

	def defect_end(self, place):
		return ["goto end"]


DEFECTS = [name[7:] for name in dir(Program) if name.startswith("defect_")]


def assemble(program, version, name="p/Jsr"):
	made = Class(name, version=version)
	lines = program.lines()
	if "goto end" in lines:
		lines += ["end:", "nop"]
	made.method("f", "()V", lines, PUBLIC | STATIC, 16, 400)
	return made.bytes()


def programs(count, seed, tree=True):
	"""yields (note, class, phase, error). Only where every subroutine is called from one routine are phase and error known: where
	several call the same, HotSpot's verifier refuses some sound programs, and accepts some recursion."""
	for number in range(count):
		chance = random.Random(f"{seed}/{number}")
		program = Program(f"{seed}/{number}/program", tree)
		version = chance.choice((45, 46, 47, 48, 49, 49, 49, 50))
		if chance.random() < 0.5:
			yield f"p/Jsr {number}: sound, {program.count} subroutines", assemble(program, version), "ok", ""
			continue
		kinds = DEFECTS[:]
		chance.shuffle(kinds)
		kind = next(each for each in kinds if program.spoil(each))
		yield f"p/Jsr {number}: {kind}, {program.count} subroutines", assemble(program, version), "link", VERIFY
