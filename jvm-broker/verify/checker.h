/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: the state of the type checker (JVMS 4.10.1), of a class and of the method that is being read. */
#ifndef JVM_BROKER_VERIFY_CHECKER_H
#define JVM_BROKER_VERIFY_CHECKER_H

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/verify/type.h"
#include "jvm-broker/verify/verify.h"

/* A descriptor as words of types: parameters, then the result */
struct signature {
	uint32_t n;      /* words of parameters */
	uint8_t results; /* words of the result: 0 for void; of a field, of its type */
	uint32_t types[];
};

/* By pool index: what was made of a Class (its type; 0 = nothing yet) or of a Utf8 that is a descriptor */
union cached {
	uint32_t type;
	const struct signature *signature;
};

struct obligation {
	uint64_t key;
	uint32_t from, to; /* types */
	uint16_t member;   /* pool index; of OVERRIDES which of methods[], + 1 */
	uint32_t method;   /* that has a place for it already, + 1 */
	uint8_t kind;
};

/* A set of names of classes, which ascend */
struct type_set {
	const uint32_t *names;
	uint32_t n;
};

/* What a class as a whole is judged with */
struct judge {
	const struct classfile *c;
	const struct verify_options *options;
	struct keel_arena *arena;
	struct names names;
	union cached *cached;
	uint32_t this_type, super_type; /* super: TYPE_TOP if there is none */
	struct verify_error *errors;
	struct obligation *obligations;
	struct verify_place *places;
	uint32_t errors_n, errors_room, obligations_n, obligations_room, places_n, places_room;
	uint32_t *slots, slots_n; /* obligations by key: + 1 */
	struct type_set *sets;
	uint32_t sets_n, sets_room;
	uint64_t work, work_max;
	enum verify_reason refused;
	enum verify_phase phase; /* of errors */
};

/* A frame of a StackMapTable, or a state of the machine. Words, counts of words. */
struct frame {
	uint32_t *types; /* locals; the stack of a declared frame is elsewhere */
	uint32_t *stack;
	uint16_t locals_n, stack_n;
	uint16_t pc;
	bool unfinished; /* this is not constructed yet: flagThisUninit */
};

/* Some words among the types. Shared: other meetings have the same, and they are copied before one changes. */
struct words {
	uint32_t at;
	bool shared;
};

/* Where paths meet, for the inference verifier: the state there, among the types */
struct meeting {
	struct words locals, stack;
	struct words chain, levels; /* of subroutines; levels of max_locals, if there is a chain */
	uint32_t chain_n;
	uint32_t calls, call; /* jsr of the subroutine that begins here, and the next such jsr behind this one: + 1 */
	uint32_t ret;         /* by which the subroutine that this jsr calls returns: + 1 */
	uint32_t position;    /* in the chain that is merged: + 1; else 0 */
	uint16_t pc;
	uint16_t locals_n, stack_n;
	bool reached, pending, unfinished, barred;
};

struct checker {
	struct judge *judge;
	const struct classfile *c;
	struct classfile_code code;
	uint16_t method;        /* which of methods[] */
	uint16_t name;          /* of the method, index */
	bool is_init;           /* it is <init> */
	uint32_t pc;            /* of the instruction that is read */
	uint32_t place;         /* where obligations arise: pc, or the target of a branch */
	uint32_t misfit;        /* where an error belongs if a frame does not fit */
	uint32_t next;          /* the instruction behind it */
	bool falls;             /* control goes on to it */
	const uint32_t *result; /* types of the method's result */
	uint8_t results;

	uint32_t *locals; /* max_locals of them */
	uint32_t *stack;
	uint32_t depth;    /* words on the stack */
	uint32_t locals_n; /* above are TYPE_TOP only */
	bool unfinished;

	uint16_t *map; /* by pc: 0 = no instruction begins here, 1 = one does, 2 + n = and has frame n */
	struct frame *frames;
	uint32_t frames_n, frames_room;
	uint32_t *types; /* of frames */
	uint32_t types_n, types_room;

	bool subroutines; /* the method calls some: each instruction is a meeting */
	uint32_t *chain;  /* where those begin that control is in, the outermost first */
	uint32_t chain_n;
	uint32_t *levels;                /* by local: how many of the chain have touched it, which are the outer ones */
	uint32_t *returned, *remaining;  /* locals and levels that ret comes back with */
	uint32_t *ours, *given;          /* for merging of chains: see subroutine.c */
	uint32_t locals_most, code_most; /* of all methods */
	struct meeting *entered;         /* where the state comes from; NULL: the method's beginning */
	bool barred;                     /* control was in a handler of the constructor's call: no return */

	bool infers; /* for the inference verifier: branches merge, and places have no index */
	struct meeting *meetings;
	uint32_t meetings_n, meetings_room;

	uint32_t *active; /* handlers of the instruction at pc */
	uint32_t active_n;
	uint32_t boundary; /* the pc where that changes */
	bool changed;      /* locals did, since they were held against the handlers */
	bool constructed;  /* this instruction called a constructor on this */
};

#define MAP_FRAME 2

/* ---- judge.c ------------------------------------------------------------------------------------------------------------------------ */

void judge_report(struct judge *judge, uint16_t method, enum verify_axiom axiom, int32_t bci);
/* Reports an error. Always -1: this method is done with. */
static inline int judge_fail(struct judge *judge, uint16_t method, enum verify_axiom axiom, int32_t bci)
{
	judge_report(judge, method, axiom, bci);
	return -1;
}

/* Gives up on the class, for the first reason given. Always -1. */
static inline int judge_refuse(struct judge *judge, enum verify_reason reason)
{
	if (!judge->refused)
		judge->refused = reason;
	return -1;
}

/* Room for one more of *n elements of the size in *array. false: refused. */
bool judge_grow(struct judge *judge, void *array, uint32_t n, uint32_t *room, size_t size);
/* The number of any text; 0: refused. */
uint32_t judge_text(struct judge *judge, struct classfile_text text);
/* The type of a Class entry, whose index was checked; TYPE_TOP: refused, or its name is none. */
uint32_t judge_class(struct judge *judge, uint16_t index);
/* A method's or field's descriptor, by its Utf8's index; NULL: refused, or malformed. */
const struct signature *judge_signature(struct judge *judge, uint16_t index, bool method);
/* Notes that something has to hold. 0, or -1: refused. */
int judge_oblige(struct judge *judge, enum verify_obligation_kind kind, uint32_t from, uint32_t to, uint16_t member,
		 uint16_t method, enum verify_axiom axiom, int32_t bci);

static inline int judge_work(struct judge *judge, uint32_t steps)
{
	judge->work += steps;
	return judge->work > judge->work_max ? judge_refuse(judge, VERIFY_REASON_WORK) : 0;
}

/* ---- assign.c ----------------------------------------------------------------------------------------------------------------------- */

int checker_assign_slow(struct checker *k, uint32_t to, uint32_t from, enum verify_axiom axiom);

/* Is a value of one type one of another (isAssignable)? 1, 0, or -1: refused. What is left open is noted with the axiom. */
static inline int checker_assign(struct checker *k, uint32_t to, uint32_t from, enum verify_axiom axiom)
{
	return to == from || to == TYPE_TOP ? 1 : checker_assign_slow(k, to, from, axiom);
}

/* ---- frames.c ----------------------------------------------------------------------------------------------------------------------- */

/* Room for n more words among the types, which may move. 0 or -1. */
int checker_room(struct checker *k, uint32_t n);
/* Reads the method's StackMapTable. 0 or -1, as all below. */
int checker_read_frames(struct checker *k);
/* Do these locals and that stack fit frame n? 1, 0 or -1. */
int checker_fits(struct checker *k, uint32_t n, const uint32_t *stack, uint32_t depth, bool unfinished,
		 enum verify_axiom axiom);
/* A branch to a target */
int checker_branch(struct checker *k, int64_t target);
/* The frame at pc, if there is one, becomes the state. */
int checker_enter(struct checker *k);

/* ---- handlers.c --------------------------------------------------------------------------------------------------------------------- */

int checker_read_tables(struct checker *k);
/* Which handlers protect the instruction at pc? */
int checker_activate(struct checker *k);
/* Holds the locals against the active handlers. */
int checker_protect(struct checker *k, bool unfinished);
/* May control come from a handler to a return? 1, 0 or -1. */
int checker_returns(struct checker *k, uint32_t handler);

/* Before an instruction changes locals: handlers see them as they were. */
static inline int checker_before(struct checker *k)
{
	return k->active_n && k->changed ? checker_protect(k, k->unfinished) : 0;
}

/* ---- instruction.c, reference.c ----------------------------------------------------------------------------------------------------- */

int checker_run(struct checker *k);
/* One instruction, but for what its frame and handlers ask */
int checker_step(struct checker *k, unsigned opcode);
int checker_constant(struct checker *k, uint16_t index, bool wide);
int checker_field(struct checker *k, unsigned opcode);
int checker_call(struct checker *k, unsigned opcode);
int checker_class(struct checker *k, unsigned opcode);

static inline int checker_fail(struct checker *k, enum verify_axiom axiom)
{
	return judge_fail(k->judge, k->method, axiom, k->infers ? -1 : (int32_t)k->pc);
}

/* ---- subroutine.c, for the inference verifier --------------------------------------------------------------------------------------- */

/* jsr to a target that is known to be an instruction */
int subroutine_call(struct checker *k, uint32_t target);
int subroutine_return(struct checker *k, uint32_t local);

/* The instruction read or wrote a local. */
static inline void checker_touch(struct checker *k, uint32_t local)
{
	if (k->chain_n)
		k->levels[local] = k->chain_n;
}

/* ---- the stack ---------------------------------------------------------------------------------------------------------------------- */

static inline int checker_push(struct checker *k, uint32_t type)
{
	if (k->depth == k->code.max_stack)
		return checker_fail(k, VERIFY_AXIOM_STACK_OVERFLOW);
	k->stack[k->depth++] = type;
	return 0;
}

/* A long or double, by its first word */
static inline int checker_push_2(struct checker *k, uint32_t type)
{
	if (k->depth + 1 >= k->code.max_stack)
		return checker_fail(k, VERIFY_AXIOM_STACK_OVERFLOW);
	k->stack[k->depth] = type;
	k->stack[k->depth + 1] = type + 1;
	k->depth += 2;
	return 0;
}

/* What may be any of a set of kinds */
static inline int checker_pop_in(struct checker *k, unsigned kinds, uint32_t *out)
{
	if (!k->depth)
		return checker_fail(k, VERIFY_AXIOM_STACK_UNDERFLOW);
	*out = k->stack[--k->depth];
	return type_in(*out, kinds) ? 0 : checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
}

static inline int checker_pop(struct checker *k, uint32_t type, uint32_t *out)
{
	uint32_t given;
	int fits;

	if (!k->depth)
		return checker_fail(k, VERIFY_AXIOM_STACK_UNDERFLOW);
	given = k->stack[--k->depth];
	if (out)
		*out = given;
	fits = checker_assign(k, type, given, VERIFY_AXIOM_STACK_TYPE);
	return fits > 0 ? 0 : fits < 0 ? -1 : checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
}

/* A primitive of one word */
static inline int checker_pop_1(struct checker *k, uint32_t type)
{
	if (!k->depth)
		return checker_fail(k, VERIFY_AXIOM_STACK_UNDERFLOW);
	return k->stack[--k->depth] == type ? 0 : checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
}

static inline int checker_pop_2(struct checker *k, uint32_t type)
{
	if (k->depth < 2)
		return checker_fail(k, VERIFY_AXIOM_STACK_UNDERFLOW);
	k->depth -= 2;
	if (k->stack[k->depth] != type || k->stack[k->depth + 1] != type + 1)
		return checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
	return 0;
}

#endif
