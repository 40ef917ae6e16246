# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses: RFC 6052 (embedded in a prefix), RFC 7757 (explicit mappings), RFC 6791 (sources of errors)."""
import ipaddress

from oracle_config import Drop, WELL_KNOWN

# RFC 6052 2.2: where the four octets of the IPv4 address stand, by prefix length. Octet 8 (bits 64 to 71) is never used.
PLACES = {32: (4, 5, 6, 7), 40: (5, 6, 7, 9), 48: (6, 7, 9, 10), 56: (7, 9, 10, 11), 64: (9, 10, 11, 12), 96: (12, 13, 14, 15)}

# RFC 6890 with its registry: not globally reachable (RFC 6052 3.1 names RFC 1918 and RFC 5735 3)
NON_GLOBAL = [ipaddress.ip_network(text) for text in (
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")]

# RFC 1812 5.3.7, RFC 7915 4.1: never a source. RFC 3927 2.7: link-local addresses are not forwarded.
MARTIAN4 = [ipaddress.ip_network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32")]
MARTIAN6 = [ipaddress.ip_network(text) for text in ("::/128", "::1/128", "fe80::/10", "ff00::/8")]


def within(packed, networks):
	one = ipaddress.ip_address(packed)
	return any(one in network for network in networks if network.version == one.version)


def martian(packed):
	return within(packed, MARTIAN4 if len(packed) == 4 else MARTIAN6)


def embed(prefix, v4):
	"""RFC 6052 2.3"""
	v6 = bytearray(prefix.network_address.packed)
	for place, octet in zip(PLACES[prefix.prefixlen], v4):
		v6[place] = octet
	return bytes(v6)


def extract(prefix, v6):
	"""RFC 6052 2.3; None outside of the prefix. Suffix bits are ignored, bits 64 to 71 must be 0 (2.2)."""
	if ipaddress.ip_address(v6) not in prefix:
		return None
	if v6[8]:
		raise Drop("BAD_SUFFIX")
	return bytes(v6[place] for place in PLACES[prefix.prefixlen])


def longest(config, packed, side):
	"""RFC 7757 3.2: of all mappings that hold the address that of the longest prefix"""
	one = ipaddress.ip_address(packed)
	fits = [eam for eam in config.eam if one in eam[side]]
	return max(fits, key=lambda eam: eam[side].prefixlen) if fits else None


def bits(packed):
	return "".join(f"{octet:08b}" for octet in packed)


def unbits(text):
	return int(text, 2).to_bytes(len(text) // 8, "big")


def eam46(config, v4):
	"""RFC 7757 3.3.1: the suffix bits move behind the IPv6 prefix; zeros fill up."""
	eam = longest(config, v4, 0)
	if not eam:
		return None
	suffix = bits(v4)[eam[0].prefixlen:]
	return unbits((bits(eam[1].network_address.packed)[:eam[1].prefixlen] + suffix).ljust(128, "0"))


def eam64(config, v6):
	"""RFC 7757 3.3.2: as many suffix bits as the IPv4 side has; the rest is ignored."""
	eam = longest(config, v6, 1)
	if not eam:
		return None
	count = 32 - eam[0].prefixlen
	suffix = bits(v6)[eam[1].prefixlen:eam[1].prefixlen + count]
	return unbits(bits(eam[0].network_address.packed)[:eam[0].prefixlen] + suffix)


def allowed(config, v4):
	"""RFC 6052 3.1"""
	if config.pool6 == WELL_KNOWN and within(v4, NON_GLOBAL) and not config.on("wkp-non-global"):
		raise Drop("WKP_NON_GLOBAL")


def six(config, v4, eam=True):
	"""The IPv6 address of v4; None: there is none. RFC 7757 3.4: mappings first, the prefix for all others."""
	found = eam46(config, v4) if eam else None
	if found is None and config.pool6:
		allowed(config, v4)
		found = embed(config.pool6, v4)
	return found


def four(config, v6):
	"""(IPv4 address or None, whether by the prefix)"""
	found = eam64(config, v6)
	if found is not None or not config.pool6:
		return found, False
	found = extract(config.pool6, v6)
	if found is not None:
		allowed(config, found)
	return found, True
