# SPDX-License-Identifier: GPL-2.0-or-later
"""Small methods of versions 45 to 50 that call and return from subroutines at random, of which nothing is known: for comparing the
verdicts of two verifiers. They are written so that about half of them link: each local is used as one kind mostly, and a routine mostly
leaves the stack as it was. What is rare on purpose is what makes them differ: one routine's code entered by a branch from another, routines
that share locals, addresses that are kept twice, halves of longs, objects and this not constructed, handlers over any of it."""
import random

from assembler import PUBLIC, STATIC, Class

INTS, REFERENCES, LONGS, ADDRESSES, RAW = (1, 2), (3, 4), (5, 7), (9, 10, 11), (12, 13)
LOCALS = 14


class Method:
	def __init__(self, chance):
		self.chance = chance
		self.constructor = chance.random() < 0.2
		self.wildness = chance.choice((0, 0.01, 0.03, 0.08))
		self.count = chance.randint(1, 4)
		self.lines, self.labels = [], 0
		self.marks = [[f"r{i}"] for i in range(self.count + 1)]  # labels inside each routine
		self.every = []
		for self.routine in range(self.count + 1):
			self.write()

	def some(self, probability):
		return self.chance.random() < probability

	def wild(self):
		return self.some(self.wildness)

	def local(self, locals_):
		"""One of these locals, or any"""
		return self.chance.randrange(LOCALS) if self.wild() else self.chance.choice(locals_)

	def mark(self):
		self.labels += 1
		name = f"m{self.labels}"
		self.lines.append(f"{name}:")
		self.marks[self.routine].append(name)
		self.every.append(name)

	def write(self):
		start = len(self.lines)
		self.lines.append(f"r{self.routine}:")
		if self.routine:
			self.address = self.chance.choice(ADDRESSES)
			if self.some(0.05):
				self.lines += ["dup", f"astore {self.local(ADDRESSES)}"]
			self.lines.append("pop" if self.wild() else f"astore {self.address}")
		else:
			self.begin()
		inside = []
		for _ in range(self.chance.randint(1, 7)):
			inside.append((len(self.lines), self.statement()))
		# branches go forward and back, so they are chosen when the marks are known
		for _ in range(self.chance.choice((0, 1, 1, 2))):
			at = self.chance.choice([line for line, _ in inside if line > start + 1] or [len(self.lines)])
			target = self.chance.choice(self.every) if self.wild() and self.every else self.chance.choice(self.marks[self.routine][1:] or ["out"])
			self.lines[at:at] = ["iconst_0", f"{self.chance.choice(('ifeq', 'ifne'))} {target}"]
		self.end()

	def begin(self):
		if self.constructor and self.some(0.5):
			self.lines += ["aload_0", "invokespecial java/lang/Object <init> ()V"]
		for local in INTS:
			self.lines += [] if self.some(0.15) else ["iconst_0", f"istore {local}"]
		for local in REFERENCES:
			self.lines += [] if self.some(0.15) else [self.chance.choice(("aconst_null", "ldc string x")), f"astore {local}"]
		for local in LONGS:
			self.lines += [] if self.some(0.15) else ["lconst_0", f"lstore {local}"]

	def end(self):
		if not self.routine:
			self.lines += ["goto out"] if self.wild() else ["return"]
		elif self.some(0.85):
			self.lines.append(f"ret {self.local((self.address,))}" if self.some(0.9) else f"wide ret {self.address}")
		elif self.some(0.6):
			self.lines.append("return")
		elif self.some(0.5):
			self.lines.append(f"goto {self.chance.choice(self.every or ['out'])}")
		# else on into the next routine

	def statement(self):
		self.mark()
		what = self.chance.random()
		if what < 0.38:
			self.lines += self.plain()
		elif what < 0.46:
			self.lines += self.object()
		elif what < 0.52:
			self.lines += self.odd()
		else:
			later = list(range(self.routine + 1, self.count + 1))
			target = self.chance.randint(0, self.count) if self.wild() or not later else self.chance.choice(later)
			if later or self.wild():
				self.lines.append(f"{self.chance.choice(('jsr', 'jsr', 'jsr', 'jsr_w'))} r{target}")
			else:
				self.lines += self.plain()
		return what

	def plain(self):
		store = [["iconst_1", f"istore {self.local(INTS)}"], ["aconst_null", f"astore {self.local(REFERENCES)}"],
			 ["lconst_1", f"lstore {min(self.local(LONGS), LOCALS - 2)}"], ["ldc string y", f"astore {self.local(REFERENCES)}"]]
		load = [[f"iload {self.local(INTS)}", "pop"], [f"aload {self.local(REFERENCES)}", "pop"],
			[f"lload {min(self.local(LONGS), LOCALS - 2)}", "pop2"], [f"iinc {self.local(INTS)} 1"], ["nop"]]
		return self.chance.choice(store if self.some(0.5) else load)

	def object(self):
		"""Objects between new and their constructor, and this"""
		raw = self.local(RAW)
		init = "invokespecial java/lang/Object <init> ()V"
		choices = [["new java/lang/Object", f"astore {raw}"], ["new java/lang/Object", "dup", f"astore {raw}", init],
			   ["new java/lang/Object", "dup", init, f"astore {raw}"], ["new java/lang/Object", f"astore {raw}", f"aload {raw}", init]]
		if self.some(0.25):
			choices += [[f"aload {raw}", init], [f"aload {raw}", "pop"], ["new java/lang/Object", f"jsr r{self.chance.randint(0, self.count)}", "pop"]]
		if self.constructor:
			choices += [["aload_0", init], ["aload_0", f"astore {raw}"], [f"aload {raw}", init], ["aload_0", "dup", f"astore {self.local(REFERENCES)}", init]]
		return self.chance.choice(choices)

	def odd(self):
		"""What is seldom of use"""
		low = self.chance.choice(LONGS)
		fit = [["iconst_0", f"istore {low + self.chance.randint(0, 1)}"], ["lconst_0", f"lstore {low}"], ["fconst_0", f"fstore {self.local(INTS)}"],
		       ["iconst_0", f"istore {self.local(REFERENCES)}"], ["iconst_0", "tableswitch 0 0 " + " ".join(self.chance.choice(self.marks[self.routine][1:]) for _ in range(2))]]
		if self.wild():
			fit = [[f"ret {self.chance.choice(ADDRESSES)}"], [f"aload {self.chance.choice(ADDRESSES)}", "pop"], ["jsr out", "pop"],
			       ["iconst_0", f"istore {self.chance.choice(ADDRESSES)}"], ["iconst_0"], ["pop"], ["return"], ["aload_0", "athrow"]]
		return self.chance.choice(fit)

	def handlers(self):
		marks = self.every
		found = []
		for _ in range(self.chance.choice((0, 0, 0, 1, 1, 2)) if len(marks) > 1 else 0):
			first, last = sorted(self.chance.sample(range(len(marks)), 2))
			handler = "caught" if self.some(0.9) else self.chance.choice(marks)
			found.append((marks[first], marks[last], handler, None))
		return found

	def closing(self):
		"""Behind all routines"""
		caught = self.chance.choice((["pop", "return"], ["athrow"], ["pop", "aload 12", "pop", "return"], ["pop", f"goto {self.chance.choice(self.every)}"],
					     ["pop", "jsr r1", "return"], [f"astore {self.local(REFERENCES)}", "return"]))
		tail = [f"jsr r{self.chance.randint(1, self.count)}"] if self.some(0.05) else []
		return self.lines + ["out:", "return", "caught:", *caught, *(tail and ["return"]), *tail]


def programs(count, seed):
	"""yields (note, class, phase, error) as subroutines.programs; phase and error are not known, and none."""
	for number in range(count):
		chance = random.Random(f"{seed}/{number}/wild")
		method = Method(chance)
		made = Class("p/Wild", version=chance.choice((45, 46, 47, 48, 49, 49, 50)))
		name, access = ("<init>", PUBLIC) if method.constructor else ("f", PUBLIC | STATIC)
		if not method.constructor and chance.random() < 0.5:
			access = PUBLIC
		made.method(name, "()V", method.closing(), access, 6, LOCALS, handlers=method.handlers())
		yield f"p/Wild {number}: {method.count} routines", made.bytes(), "ok", ""
