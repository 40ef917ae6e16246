// SPDX-License-Identifier: GPL-2.0-only
/* Flow and configuration -> new addresses (RFC 7915 6 with RFC 6052, RFC 7757 and RFC 6791). */
#include "kmod/nat64/core/address.h"
#include "kmod/nat64/core/eamt.h"
#include "kmod/nat64/core/octets.h"
#include "kmod/nat64/core/table.h"

/* 64:ff9b::/96 (RFC 6052 2.1). */
static NAT64_INLINE int is_well_known(const struct nat64_prefix6 *prefix)
{
	return prefix->length == 96 && prefix->address.word[0] == __cpu_to_be32(0x0064ff9b) &&
	       !(prefix->address.word[1] | prefix->address.word[2]);
}

static NAT64_INLINE int non_global(const struct nat64_config *config, __be32 v4)
{
	return !config->wkp_non_global && is_well_known(&config->pool6) && nat64_non_global4(v4);
}

/* NAT64_NOT_OURS: has no IPv6 address. *embedded: no entry of the EAMT has it. */
static NAT64_INLINE enum nat64_verdict to6(const struct nat64_config *config, __be32 v4, int eam, struct nat64_in6 *v6,
					   __u8 *embedded)
{
	*embedded = 0;
	if (eam && config->eamt && !nat64_eamt_far4(config->eamt, v4) && nat64_eamt_near_46(config->eamt, v4, v6))
		return NAT64_OK;
	*embedded = 1;
	if (!config->pool6.length)
		return NAT64_NOT_OURS;
	if (non_global(config, v4))
		return NAT64_WKP_NON_GLOBAL;
	nat64_put(&config->pool6, v4, v6);
	return NAT64_OK;
}

/* NAT64_NOT_OURS: has no IPv4 address. *embedded: it was found by RFC 6052. */
static NAT64_INLINE enum nat64_verdict to4(const struct nat64_config *config, const struct nat64_in6 *v6, __be32 *v4,
					   int *embedded)
{
	enum nat64_verdict verdict;

	*embedded = 0;
	if (config->eamt && !nat64_eamt_far6(config->eamt, v6) && nat64_eamt_near_64(config->eamt, v6, v4))
		return NAT64_OK;
	verdict = nat64_take(&config->pool6, v6, v4);
	if (verdict != NAT64_OK)
		return verdict;
	*embedded = 1;
	return non_global(config, *v4) ? NAT64_WKP_NON_GLOBAL : NAT64_OK;
}

int nat64_covers_4(const struct nat64_config *config, __be32 destination)
{
	const struct nat64_eamt *eamt = config->eamt;
	struct nat64_in6 v6;

	if (!config->pool6.length &&
	    (!eamt || nat64_eamt_far4(eamt, destination) || !nat64_eamt_near_46(eamt, destination, &v6)))
		return 0;
	return !nat64_scoped4(destination);
}

int nat64_covers_6(const struct nat64_config *config, const struct nat64_in6 *destination)
{
	const struct nat64_eamt *eamt = config->eamt;
	__be32 v4;

	if (nat64_take(&config->pool6, destination, &v4) != NAT64_NOT_OURS)
		return 1;
	return eamt && !nat64_eamt_far6(eamt, destination) && nat64_eamt_near_64(eamt, destination, &v4);
}

static NAT64_INLINE void keep_ports(const struct nat64_half *half, struct nat64_map_half *map)
{
	map->source_port = half->source_port;
	map->destination_port = half->destination_port;
}

/* ---- IPv4 -> IPv6 ----------------------------------------------------------------------------- */

static NAT64_INLINE enum nat64_verdict source_46(const struct nat64_config *config, const struct nat64_flow *flow,
						 int error, int eam, struct nat64_in6 *source)
{
	__u8 unused;
	const enum nat64_verdict verdict = to6(config, flow->outer.source.v4, eam, source, &unused);
	const __be32 *own = config->error_source6.word;

	if (verdict == NAT64_OK)
		return NAT64_OK;
	if (error && (own[0] | own[1] | own[2] | own[3])) {
		*source = config->error_source6;
		return NAT64_OK;
	}
	return verdict == NAT64_NOT_OURS ? NAT64_SOURCE_UNMAPPED : verdict;
}

/* error: the flow is an ICMP error. Compiled for both, so that most packets do without what only errors need. */
static NAT64_INLINE enum nat64_verdict map_46(const struct nat64_config *config, const struct nat64_flow *flow,
					      int error, struct nat64_map *map)
{
	/* RFC 7757 4.2: what comes back from a hairpin was an EAM's source; it must be seen as the one its peer talks to. */
	const int hairpin = config->hairpin == NAT64_HAIRPIN_SIMPLE || flow->hairpin;
	const int source_eam = !hairpin || (error && flow->outer.source.v4 != flow->inner.destination.v4);
	enum nat64_verdict verdict;
	__u8 unused;

	if (nat64_scoped4(flow->outer.destination.v4))
		return NAT64_NOT_OURS;
	verdict = to6(config, flow->outer.destination.v4, 1, &map->outer.destination.v6, &map->embedded);
	if (verdict != NAT64_OK)
		return verdict;
	verdict = source_46(config, flow, error, source_eam, &map->outer.source.v6);
	if (verdict != NAT64_OK)
		return verdict;
	map->hairpin = 0;
	keep_ports(&flow->outer, &map->outer);
	if (!error)
		return NAT64_OK;
	keep_ports(&flow->inner, &map->inner);
	if (to6(config, flow->inner.source.v4, 1, &map->inner.source.v6, &unused) != NAT64_OK ||
	    to6(config, flow->inner.destination.v4, !hairpin, &map->inner.destination.v6, &unused) != NAT64_OK)
		return NAT64_ICMP_INNER;
	return NAT64_OK;
}

NAT64_RARE enum nat64_verdict map_error_46(const struct nat64_config *config, const struct nat64_flow *flow,
					   struct nat64_map *map)
{
	return map_46(config, flow, 1, map);
}

enum nat64_verdict nat64_map_46(const struct nat64_config *config, const struct nat64_flow *flow, __u32 error_hash,
				struct nat64_map *map)
{
	(void)error_hash; /* one IPv6 address is enough */
	return flow->outer.upper == NAT64_ERROR ? map_error_46(config, flow, map) : map_46(config, flow, 0, map);
}

/* ---- IPv6 -> IPv4 ----------------------------------------------------------------------------- */

static NAT64_INLINE enum nat64_verdict source_64(const struct nat64_config *config, const struct nat64_flow *flow,
						 int error, __u32 error_hash, __be32 *source)
{
	int embedded;
	const enum nat64_verdict verdict = to4(config, &flow->outer.source.v6, source, &embedded);

	if (verdict == NAT64_OK)
		return embedded && nat64_scoped4(*source) ? NAT64_SCOPE : NAT64_OK;
	if (error && config->error_pool4_count) {
		*source = config->error_pool4[error_hash % config->error_pool4_count];
		return NAT64_OK;
	}
	return verdict == NAT64_NOT_OURS ? NAT64_SOURCE_UNMAPPED : verdict;
}

/* RFC 7757 4.2.2: the destination (of an error: the source of what it is about) is a neighbour with an EAM, addressed by RFC 6052. */
static __u8 is_intrinsic(const struct nat64_config *config, int embedded, __be32 v4)
{
	struct nat64_in6 v6;

	return config->hairpin == NAT64_HAIRPIN_INTRINSIC && embedded && config->eamt &&
	       nat64_eamt_46(config->eamt, v4, &v6);
}

static NAT64_INLINE enum nat64_verdict map_64(const struct nat64_config *config, const struct nat64_flow *flow,
					      int error, __u32 error_hash, struct nat64_map *map)
{
	enum nat64_verdict verdict;
	int embedded, unused;

	verdict = to4(config, &flow->outer.destination.v6, &map->outer.destination.v4, &embedded);
	if (verdict != NAT64_OK)
		return verdict;
	if (embedded && nat64_scoped4(map->outer.destination.v4))
		return NAT64_SCOPE;
	verdict = source_64(config, flow, error, error_hash, &map->outer.source.v4);
	if (verdict != NAT64_OK)
		return verdict;
	keep_ports(&flow->outer, &map->outer);
	if (!error) {
		map->hairpin = is_intrinsic(config, embedded, map->outer.destination.v4);
		return NAT64_OK;
	}
	keep_ports(&flow->inner, &map->inner);
	if (to4(config, &flow->inner.source.v6, &map->inner.source.v4, &embedded) != NAT64_OK ||
	    to4(config, &flow->inner.destination.v6, &map->inner.destination.v4, &unused) != NAT64_OK)
		return NAT64_ICMP_INNER;
	map->hairpin = is_intrinsic(config, embedded, map->inner.source.v4);
	return NAT64_OK;
}

NAT64_RARE enum nat64_verdict map_error_64(const struct nat64_config *config, const struct nat64_flow *flow,
					   __u32 error_hash, struct nat64_map *map)
{
	return map_64(config, flow, 1, error_hash, map);
}

enum nat64_verdict nat64_map_64(const struct nat64_config *config, const struct nat64_flow *flow, __u32 error_hash,
				struct nat64_map *map)
{
	return flow->outer.upper == NAT64_ERROR ? map_error_64(config, flow, error_hash, map)
						: map_64(config, flow, 0, 0, map);
}
