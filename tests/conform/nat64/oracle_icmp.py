# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP: the tables of RFC 7915 4.2 and 5.2, its MTU arithmetic, RFC 4884."""
from oracle_config import Drop
from wire import number, octets

LEAST_IPV6_MTU = 1280
LEAST_IPV4_MTU = 68  # RFC 791 3.2: no link has a smaller one; a message that says so is a mistake or an attack
ECHO4, REPLY4, ECHO6, REPLY6 = 8, 0, 128, 129
UNREACHABLE4, EXCEEDED4, PROBLEM4 = 3, 11, 12
UNREACHABLE6, TOO_BIG6, EXCEEDED6, PROBLEM6 = 1, 2, 3, 4

# RFC 7915 4.2: code of Destination Unreachable -> code; 2 and 4 become other messages
UNREACHABLE_46 = {0: 0, 1: 0, 3: 4, 5: 0, 6: 0, 7: 0, 8: 0, 9: 1, 10: 1, 11: 0, 12: 0, 13: 1, 15: 1}
# figure 3
POINTER_46 = {0: 0, 1: 1, 2: 4, 3: 4, 8: 7, 9: 6, **dict.fromkeys(range(12, 16), 8), **dict.fromkeys(range(16, 20), 24)}
NEXT_HEADER_FIELD = 6
# RFC 7915 5.2
UNREACHABLE_64 = {0: 1, 1: 10, 2: 1, 3: 1, 4: 3}
# figure 6
POINTER_64 = {0: 0, 1: 1, 4: 2, 5: 2, 6: 9, 7: 8, **dict.fromkeys(range(8, 24), 12), **dict.fromkeys(range(24, 40), 16)}

ERRORS4, ERRORS6 = (3, 4, 5, 11, 12), range(128)


def is_error(half):
	if not half.first() or not half.payload:
		return False
	if half.family == 4:
		return half.protocol == 1 and half.payload[0] in ERRORS4
	return half.protocol == 58 and half.payload[0] in ERRORS6


def echo46(kind):
	return {ECHO4: ECHO6, REPLY4: REPLY6}.get(kind)


def echo64(kind):
	return {ECHO6: ECHO4, REPLY6: REPLY4}.get(kind)


def known(values):
	return [value for value in values if value]


def error46(config, choices, message, inner_length):
	"""(type, code, rest of header) of the ICMPv6 error; inner_length: Total Length of the packet in error. RFC 7915 4.2."""
	kind, code = message[0], message[1]
	if kind == UNREACHABLE4 and code == 2:
		return PROBLEM6, 1, octets(NEXT_HEADER_FIELD, 4)
	if kind == UNREACHABLE4 and code == 4:
		return TOO_BIG6, 0, octets(mtu46(config, choices, number(message[6:8]), inner_length), 4)
	if kind == UNREACHABLE4 and code in UNREACHABLE_46:
		return UNREACHABLE6, UNREACHABLE_46[code], bytes(4)
	if kind == EXCEEDED4:
		return EXCEEDED6, code, bytes(4)
	if kind == PROBLEM4 and code in (0, 2) and message[4] in POINTER_46:
		return PROBLEM6, 0, octets(POINTER_46[message[4]], 4)
	raise Drop("ICMP_TYPE")


def mtu46(config, choices, told, inner_length):
	if not told:
		# The greatest plateau below Total Length that is 1280 or more. The text puts it into the message; that 20 octets of header
		# are added to it as to any other MTU is read into it as well.
		fits = [plateau for plateau in config.plateaus if LEAST_IPV6_MTU <= plateau < inner_length]
		told = (max(fits) if fits else LEAST_IPV6_MTU) - choices.pick("plateau", (20, 0))
	return max(LEAST_IPV6_MTU, min([told + 20] + known([config["mtu-out"]]) + [mtu + 20 for mtu in known([config["mtu-in"]])]))


def error64(config, choices, message, inner_fragment):
	"""RFC 7915 5.2; inner_fragment: the packet in error has a fragment header"""
	kind, code = message[0], message[1]
	if kind == UNREACHABLE6 and code in UNREACHABLE_64:
		return UNREACHABLE4, UNREACHABLE_64[code], bytes(4)
	if kind == TOO_BIG6:
		# "taking into account whether or not the packet in error includes a Fragment Header", and a formula that does not
		less = choices.pick("fragment header", (28, 20)) if inner_fragment else 20
		mtu = min([number(message[4:8]) - less] + known([config["mtu-out"]]) + [mtu - less for mtu in known([config["mtu-in"]])])
		return UNREACHABLE4, 4, bytes(2) + octets(max(LEAST_IPV4_MTU, min(mtu, 65535)), 2)
	if kind == EXCEEDED6:
		return EXCEEDED4, code, bytes(4)
	if kind == PROBLEM6 and code == 0 and number(message[4:8]) in POINTER_64:
		return PROBLEM4, 0, octets(POINTER_64[number(message[4:8])], 1) + bytes(3)
	if kind == PROBLEM6 and code == 1:
		return UNREACHABLE4, 2, bytes(4)
	raise Drop("ICMP_TYPE")


# RFC 4884 4: the type has a length octet, where it stands, its unit in octets, and where it stands in the translated message
def original_length(family, message):
	"""Octets of the padded original datagram; 0: no extension is told of"""
	if family == 4:
		return 4 * message[5] if message[0] in (UNREACHABLE4, EXCEEDED4, PROBLEM4) else 0
	return 8 * message[4] if message[0] in (UNREACHABLE6, EXCEEDED6) else 0


def extended(family, kind):
	"""Can this type of the family carry an extension?"""
	return kind in ((UNREACHABLE4, EXCEEDED4, PROBLEM4) if family == 4 else (UNREACHABLE6, EXCEEDED6))


LEAST_ORIGINAL = 128  # RFC 4884 4


def padded(data, unit):
	"""The original datagram field, zeros to the unit and to 128 octets"""
	size = max(LEAST_ORIGINAL, -(-len(data) // unit) * unit)
	return data + bytes(size - len(data))


def with_length(family, rest, original):
	if family == 4:
		return rest[:1] + octets(original // 4, 1) + rest[2:]
	return octets(original // 8, 1) + rest[1:]
