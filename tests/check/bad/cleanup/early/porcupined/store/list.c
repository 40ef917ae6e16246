/* SPDX-License-Identifier: GPL-2.0-or-later */
int list(struct store *store)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer good = { 0 };
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer made, list;
	int r;

	keel_buffer_init(&made, 0);
	r = barrier(store);
	if (r)
		return r;
	keel_buffer_init(&list, 0);
	return 0;
}
