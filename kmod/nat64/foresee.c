// SPDX-License-Identifier: GPL-2.0-only
/* A dry run of binding.c: the same questions under the same locks, with nothing made, ended or told. */
#include "kmod/nat64/state.h"

/* The limits in the order in which create() of binding.c runs into them. bib: the mapping, or NULL: one has to be made. ending: sessions of it that go first. */
static enum nat64_verdict room_for(struct nat64_table *table, const struct nat64_visit *visit,
				   const struct nat64_request *request, const struct nat64_bib *bib, u32 ending)
{
	const int full = (u32)atomic_read(&table->sessions) - ending >= table->shape.max_sessions;
	enum nat64_verdict verdict = NAT64_OK;

	if (bib && (u32)atomic_read(&bib->subscriber->sessions) - ending >= visit->policy->max_per_subscriber)
		return NAT64_SUBSCRIBER_SESSIONS;
	if (!bib && !full)
		verdict = nat64_subscriber_foresee(table, &request->key.host, visit, request->l4, ending);
	if (verdict == NAT64_OK &&
	    (full || (u32)atomic_read(&table->share->sessions) - ending >= READ_ONCE(*table->share->max)))
		verdict = NAT64_SESSION_LIMIT;
	return verdict;
}

/* With the binding lock held, if there is a mapping. */
static enum nat64_verdict foresee(struct nat64_table *table, const struct nat64_visit *visit,
				  struct nat64_request *request, const struct nat64_bib *bib, u32 ending,
				  struct nat64_foresight *foresight)
{
	enum nat64_verdict verdict = NAT64_OK;
	struct nat64_step step;

	switch (nat64_binding_weigh(table, visit, request, bib, &step)) {
	case NAT64_OPEN_CREATE:
		foresight->fate = bib ? NAT64_FATE_NEW_SESSION : NAT64_FATE_NEW_MAPPING;
		if (bib && bib->dying)
			return NAT64_NO_MAPPING;
		verdict = room_for(table, visit, request, bib, ending);
		break;
	case NAT64_OPEN_PASS:
		foresight->fate = NAT64_FATE_MAPPING;
		break;
	case NAT64_OPEN_HOLD:
		return NAT64_SYN_HELD;
	case NAT64_OPEN_FILTER:
		return NAT64_FILTERED;
	case NAT64_OPEN_REFUSE:
		return request->from6 ? NAT64_NO_SESSION : NAT64_NO_MAPPING;
	}
	if (bib && verdict == NAT64_OK) {
		request->pool = bib->pool;
		request->pool_port = bib->pool_port;
		nat64_describe_bib(bib, &foresight->event);
	}
	return verdict;
}

enum nat64_verdict nat64_foresee_open(struct nat64_table *table, const struct nat64_visit *visit,
				      struct nat64_request *request, struct nat64_foresight *foresight)
{
	struct nat64_bib *bib = request->from6 ? NULL
					       : nat64_bib_find4(table, request->l4, request->pool, request->pool_port);
	const struct nat64_session *session;
	enum nat64_verdict verdict;
	spinlock_t *lock;
	u32 value, ending;

	if (!request->from6 && !bib)
		return foresee(table, visit, request, NULL, 0, foresight);
	if (bib) {
		request->key.host = bib->host;
		request->key.port = bib->port;
	}
	value = nat64_bib_hash6(table, request->l4, &request->key.host, request->key.port);
	lock = nat64_binding_lock(table, value);
	spin_lock_bh(lock);
	/* whichever way it was found before: it may have ended in between */
	bib = nat64_bib_find6(table, request->l4, &request->key.host, request->key.port, value);
	/* a session of the flow whose time is over would be ended first, and a mapping with its last one */
	session = nat64_find6(table, request->l4, &request->key);
	ending = session && nat64_life_over(atomic64_read(&session->life), visit->now);
	if (bib && ending && !bib->fixed && bib->sessions == 1)
		bib = NULL;
	if (bib && !request->from6 && (bib->pool != request->pool || bib->pool_port != request->pool_port))
		bib = NULL;
	verdict = foresee(table, visit, request, bib, ending, foresight);
	spin_unlock_bh(lock);
	return verdict;
}
