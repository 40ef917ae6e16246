/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's primitives that kmod/nat64/primitive.h names, over pthreads: forced in (-include) where the table is compiled outside of the kernel.
 *
 * RCU: readers hold a lock for reading; what call_rcu() was given is freed by twin_quiesce(), which takes it for writing. So a reader that keeps a
 * pointer over its section is a use after free that ASan sees, and TSan sees no order between readers and writers that the kernel would not give.
 */
#ifndef OSNC_TESTS_TWIN_H
#define OSNC_TESTS_TWIN_H
#define OSNC_KERNEL_TWIN 1

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#define ____cacheline_aligned __attribute__((aligned(64)))
#define __aligned(n) __attribute__((aligned(n)))
#ifndef __force
#define __force
#endif
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
#define cpu_to_be32(x) htobe32(x)
#define cpu_to_be16(x) htobe16(x)
#define be32_to_cpu(x) be32toh(x)
#define be16_to_cpu(x) be16toh(x)

#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_CONSUME)
#define WRITE_ONCE(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#define smp_store_release(p, value) __atomic_store_n(p, value, __ATOMIC_RELEASE)

/* ---- locks: recursion on one lock would hang, as in the kernel ------------------------------- */

typedef struct {
	u8 held;
} spinlock_t;

void twin_yield(void);

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = 0;
}

static inline void spin_lock_bh(spinlock_t *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
		twin_yield();
}

static inline void spin_unlock_bh(spinlock_t *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

/* ---- atomics ---------------------------------------------------------------------------------- */

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

static inline int atomic_read(const atomic_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

static inline int atomic_inc_return(atomic_t *v)
{
	return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);
}

static inline void atomic_inc(atomic_t *v)
{
	__atomic_add_fetch(&v->counter, 1, __ATOMIC_RELAXED);
}

static inline void atomic_dec(atomic_t *v)
{
	__atomic_sub_fetch(&v->counter, 1, __ATOMIC_RELAXED);
}

static inline void atomic_sub(int n, atomic_t *v)
{
	__atomic_sub_fetch(&v->counter, n, __ATOMIC_RELAXED);
}

static inline s64 atomic64_read(const atomic64_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

static inline void atomic64_set(atomic64_t *v, s64 value)
{
	__atomic_store_n(&v->counter, value, __ATOMIC_RELAXED);
}

static inline s64 atomic64_inc_return(atomic64_t *v)
{
	return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);
}

static inline s64 atomic64_cmpxchg(atomic64_t *v, s64 old, s64 new)
{
	__atomic_compare_exchange_n(&v->counter, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return old;
}

/* ---- RCU -------------------------------------------------------------------------------------- */

struct rcu_head {
	struct rcu_head *next;
	void (*function)(struct rcu_head *head);
};

void rcu_read_lock(void);
void rcu_read_unlock(void);
void call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head));
void synchronize_rcu(void);
/* Benchmarks: readers cost nothing, as in the kernel. */
void twin_single_thread(void);
/* Frees what waits for readers to be gone. Outside of any reader's section. */
void twin_quiesce(void);

static inline void rcu_barrier(void)
{
	twin_quiesce();
}

static inline void cond_resched(void)
{
}

/* ---- memory: counted; twin_fail_after(n) has the n-th allocation from now fail, and all after it ---------------- */

#define GFP_KERNEL 0
#define GFP_KERNEL_ACCOUNT 0
#define GFP_ATOMIC 0
#define __GFP_ACCOUNT 0
#define __GFP_NOWARN 0
#define SLAB_HWCACHE_ALIGN 1
#define SLAB_ACCOUNT 0

struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned int flags,
				     void (*constructor)(void *));
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_zalloc(struct kmem_cache *cache, unsigned int flags);
void kmem_cache_free(struct kmem_cache *cache, void *object);
void *kmalloc(size_t size, unsigned int flags);
void *kzalloc(size_t size, unsigned int flags);
void *kvzalloc(size_t size, unsigned int flags);
void *kvcalloc(size_t n, size_t size, unsigned int flags);
void kfree(void *memory);
void kvfree(void *memory);

void twin_fail_after(long allocations); /* -1: never */
/* Octets in use, as the kernel's allocator would round them. */
size_t twin_memory(void);

/* ---- random numbers and hashes ---------------------------------------------------------------- */

typedef struct {
	u64 key[2];
} hsiphash_key_t;

void twin_seed(u64 seed);
u32 get_random_u32(void);
void get_random_bytes(void *memory, size_t size);

/* SipHash-1-3, the 32 bits of it that the kernel takes on 64-bit machines. size: a multiple of 8 here. */
static inline u32 hsiphash(const void *data, size_t size, const hsiphash_key_t *key)
{
	u64 v0 = 0x736f6d6570736575ULL ^ key->key[0], v1 = 0x646f72616e646f6dULL ^ key->key[1];
	u64 v2 = 0x6c7967656e657261ULL ^ key->key[0], v3 = 0x7465646279746573ULL ^ key->key[1];
	size_t i;

#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))
#define ROUND                                                                                            \
	do {                                                                                             \
		v0 += v1, v1 = ROTATE(v1, 13), v1 ^= v0, v0 = ROTATE(v0, 32);                            \
		v2 += v3, v3 = ROTATE(v3, 16), v3 ^= v2;                                                 \
		v0 += v3, v3 = ROTATE(v3, 21), v3 ^= v0;                                                 \
		v2 += v1, v1 = ROTATE(v1, 17), v1 ^= v2, v2 = ROTATE(v2, 32);                            \
	} while (0)
	for (i = 0; i <= size / 8; i++) {
		u64 word = (u64)size << 56;

		if (i < size / 8)
			memcpy(&word, (const char *)data + 8 * i, 8);
		v3 ^= word;
		ROUND;
		v0 ^= word;
	}
	v2 ^= 0xff;
	ROUND;
	ROUND;
	ROUND;
#undef ROUND
#undef ROTATE
	return v1 ^ v3;
}

#endif
