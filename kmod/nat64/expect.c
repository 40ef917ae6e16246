// SPDX-License-Identifier: GPL-2.0-only
/* What application gateways need of the table: state that goes with a session, and mappings for connections that are to come. */
#include "kmod/nat64/state.h"

static struct nat64_session *session_of(struct nat64_table *table, const struct nat64_ends *ends)
{
	const struct nat64_key6 key = {
		.host = ends->host, .remote = ends->remote, .port = ends->port, .remote_port = ends->remote_port
	};

	return nat64_find6(table, NAT64_L4_TCP, &key);
}

void *nat64_table_attached(struct nat64_table *table, const struct nat64_ends *ends)
{
	const struct nat64_session *session = session_of(table, ends);

	return session ? READ_ONCE(session->alg) : NULL;
}

int nat64_table_attach(struct nat64_table *table, const struct nat64_ends *ends, void *state, u32 most)
{
	spinlock_t *lock = nat64_binding_lock(table, nat64_bib_hash6(table, NAT64_L4_TCP, &ends->host, ends->port));
	struct nat64_session *session;
	int error = 0;

	spin_lock_bh(lock);
	session = session_of(table, ends);
	if (!session)
		error = -ENOENT;
	else if (session->alg)
		error = -EEXIST;
	else if ((u32)atomic_inc_return(&table->attached) > most)
		error = -ENOSPC;
	if (error == -ENOSPC)
		atomic_dec(&table->attached);
	if (!error)
		smp_store_release(&session->alg, state);
	spin_unlock_bh(lock);
	return error;
}

/* With the binding lock held: lets what is expected already live for longer. 0: it is not there any more. */
static int prolong(struct nat64_session *session, u32 end)
{
	u64 life = atomic64_read(&session->life), found;

	while (nat64_life_state(life) != NAT64_STATE_CLOSED) {
		found = atomic64_cmpxchg(&session->life, life,
					 nat64_life(end, nat64_life_state(life), nat64_life_generation(life)));
		if (found == life)
			return 1;
		life = found;
	}
	return 0;
}

int nat64_table_expect(struct nat64_table *table, const struct nat64_visit *visit, const struct nat64_ends *ends,
		       __be32 pool, u32 lifetime, __be16 *pool_port)
{
	const u32 value = nat64_bib_hash6(table, NAT64_L4_TCP, &ends->host, ends->port);
	spinlock_t *lock = nat64_binding_lock(table, value);
	struct nat64_session *session;
	struct nat64_bib *bib;
	int error = 0, made;

	spin_lock_bh(lock);
	bib = nat64_bib_find6(table, NAT64_L4_TCP, &ends->host, ends->port, value);
	made = !bib;
	session = session_of(table, ends);
	if (bib && (bib->pool != pool || bib->dying))
		error = -EADDRNOTAVAIL;
	else if (!session || !prolong(session, visit->now + lifetime))
		error = nat64_binding_expect(table, visit, ends, lifetime, &bib);
	if (!error && bib->pool != pool) {
		/* A subscriber may have blocks of several addresses; the peer looks for the one that it knows. */
		session = session_of(table, ends);
		if (session && nat64_session_claim(session))
			nat64_session_end_locked(table, session, visit->policy, visit->now);
		error = -EADDRNOTAVAIL;
	}
	if (!error) {
		if (made || bib->expected)
			bib->expected = NAT64_EXPECTED_WAITING;
		*pool_port = bib->pool_port;
	}
	spin_unlock_bh(lock);
	return error;
}
