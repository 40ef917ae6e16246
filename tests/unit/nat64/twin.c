// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/nat64/twin.h"

#include <sched.h>
#include <stdio.h>

void twin_yield(void)
{
	sched_yield();
}

/* ---- RCU -------------------------------------------------------------------------------------- */

static pthread_rwlock_t readers = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_head *waiting;

static int alone;

void twin_single_thread(void)
{
	alone = 1;
}

void rcu_read_lock(void)
{
	if (!alone)
		pthread_rwlock_rdlock(&readers);
}

void rcu_read_unlock(void)
{
	if (!alone)
		pthread_rwlock_unlock(&readers);
}

void call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head))
{
	pthread_mutex_lock(&waiting_lock);
	head->function = function;
	head->next = waiting;
	waiting = head;
	pthread_mutex_unlock(&waiting_lock);
}

void synchronize_rcu(void)
{
	pthread_rwlock_wrlock(&readers);
	pthread_rwlock_unlock(&readers);
}

void twin_quiesce(void)
{
	struct rcu_head *list;

	pthread_mutex_lock(&waiting_lock);
	list = waiting;
	waiting = NULL;
	pthread_mutex_unlock(&waiting_lock);
	synchronize_rcu();
	while (list) {
		struct rcu_head *head = list;

		list = head->next;
		head->function(head);
	}
}

/* ---- memory ----------------------------------------------------------------------------------- */

struct kmem_cache {
	size_t size, align;
};

/* In front of what kmalloc and its like give; slab objects have none. */
struct header {
	size_t counted;
	size_t unused;
};

static size_t memory;
static long fail_after = -1;

void twin_fail_after(long allocations)
{
	__atomic_store_n(&fail_after, allocations, __ATOMIC_RELAXED);
}

size_t twin_memory(void)
{
	return __atomic_load_n(&memory, __ATOMIC_RELAXED);
}

static int fails(void)
{
	long left = __atomic_load_n(&fail_after, __ATOMIC_RELAXED);

	if (left < 0)
		return 0;
	if (left > 0)
		__atomic_store_n(&fail_after, left - 1, __ATOMIC_RELAXED);
	return left == 0;
}

static void count(long octets)
{
	__atomic_add_fetch(&memory, octets, __ATOMIC_RELAXED);
}

/* kmalloc's caches up to 8 KiB, pages above. */
static size_t rounded(size_t size)
{
	size_t fits = 8;

	if (size > 8192)
		return (size + 4095) / 4096 * 4096;
	if (size > 64 && size <= 96)
		return 96;
	if (size > 128 && size <= 192)
		return 192;
	while (fits < size)
		fits *= 2;
	return fits;
}

void *kmalloc(size_t size, unsigned int flags)
{
	struct header *header = fails() ? NULL : malloc(sizeof(*header) + size);

	if (!header)
		return NULL;
	header->counted = rounded(size);
	count(header->counted);
	return header + 1;
}

void *kzalloc(size_t size, unsigned int flags)
{
	void *result = kmalloc(size, flags);

	return result ? memset(result, 0, size) : NULL;
}

void *kvzalloc(size_t size, unsigned int flags)
{
	struct header *header;

	/* Struct nat64_table is aligned to a cache line. */
	if (fails() || posix_memalign((void **)&header, 64, 64 + size))
		return NULL;
	memset(header, 0, 64 + size);
	header = (void *)((char *)header + 64 - sizeof(*header));
	header->counted = rounded(size);
	header->unused = 1;
	count(header->counted);
	return header + 1;
}

void *kvcalloc(size_t n, size_t size, unsigned int flags)
{
	return kvzalloc(n * size, flags);
}

void kfree(void *memory_)
{
	struct header *header = memory_;

	if (!header)
		return;
	count(-(long)header[-1].counted);
	free(header - 1);
}

void kvfree(void *memory_)
{
	struct header *header = memory_;

	if (!header)
		return;
	count(-(long)header[-1].counted);
	free((char *)memory_ - 64);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned int flags,
				     void (*constructor)(void *))
{
	struct kmem_cache *cache = malloc(sizeof(*cache));

	if (cache) {
		cache->align = flags & SLAB_HWCACHE_ALIGN ? 64 : 8;
		cache->size = (size + cache->align - 1) / cache->align * cache->align;
	}
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	free(cache);
}

void *kmem_cache_zalloc(struct kmem_cache *cache, unsigned int flags)
{
	void *object;

	if (fails() || posix_memalign(&object, cache->align, cache->size))
		return NULL;
	count(cache->size);
	return memset(object, 0, cache->size);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	count(-(long)cache->size);
	free(object);
}

/* ---- random numbers: xorshift64*, one sequence a thread ---------------------------------------- */

static __thread u64 sequence;
static u64 seeds = 1;

void twin_seed(u64 seed)
{
	seeds = seed;
	sequence = 0;
}

static u64 random64(void)
{
	if (!sequence)
		sequence = (__atomic_add_fetch(&seeds, 1, __ATOMIC_RELAXED) * 0x9e3779b97f4a7c15ULL) | 1;
	sequence ^= sequence >> 12;
	sequence ^= sequence << 25;
	sequence ^= sequence >> 27;
	return sequence * 0x2545f4914f6cdd1dULL;
}

u32 get_random_u32(void)
{
	return random64() >> 32;
}

void get_random_bytes(void *memory_, size_t size)
{
	u8 *octets = memory_;

	while (size--)
		*octets++ = random64() >> 56;
}
