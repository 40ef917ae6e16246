# SPDX-License-Identifier: GPL-2.0-or-later
"""Fragments put together again, plainly: to see that they are the pieces of one packet."""
from wire import number


def piece(packet):
	"""(identification, offset, more, payload) of a fragment, None if it is none; no extension headers but the fragment's"""
	if packet[0] >> 4 == 6:
		if packet[6] != 44:
			return None
		field = number(packet[42:44])
		return number(packet[44:48]), field & 0xFFF8, field & 1, packet[48:40 + number(packet[4:6])]
	field = number(packet[6:8])
	if not field & 0x3FFF:
		return None
	return number(packet[4:6]), 8 * (field & 0x1FFF), field >> 13 & 1, packet[4 * (packet[0] & 15):number(packet[2:4])]


def header(packet):
	"""What all fragments of a packet have alike, as the whole packet has it"""
	if packet[0] >> 4 == 6:
		return packet[:4] + (packet[40:41] if packet[6] == 44 else packet[6:7]) + packet[7:40]
	return packet[:2] + packet[8:10] + packet[12:20]


def payload(packet):
	return packet[40:] if packet[0] >> 4 == 6 else packet[4 * (packet[0] & 15):]


def differs(packets, whole):
	"""What keeps packets from being the fragments of whole, as lines"""
	pieces = [piece(packet) for packet in packets]
	if None in pieces:
		return ["a packet among several that is no fragment"]
	if len({one[0] for one in pieces}) != 1 or any(header(packet) != header(whole) for packet in packets):
		return ["fragments of different packets"]
	pieces.sort(key=lambda one: one[1])
	at, data = 0, b""
	for _, offset, more, part in pieces:
		if offset != at or (more and len(part) % 8) or bool(more) == (offset == pieces[-1][1]):
			return [f"the fragment at {offset} does not join the one before"]
		data, at = data + part, at + len(part)
	return [] if data == payload(whole) else ["the fragments are not the packet"]

