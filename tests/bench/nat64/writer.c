// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes UDP frames into a tap and prints the nanoseconds that each took: in a machine whose clock counts instructions, the instructions of the whole
 * way through the stack, this program's own part included. The same frames with a strange MAC are that part; the caller subtracts.
 *
 *	writer DEVICE MAC 4|6 SOURCE DESTINATION PAYLOAD FLOWS COUNT
 *
 * FLOWS differ by their source port. The device is made if it is not there, and goes with this program unless it is persistent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 1600

static void die(const char *what)
{
	fprintf(stderr, "writer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_tap(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		die(name);
	return fd;
}

static uint32_t sum(const void *data, size_t n, uint32_t start)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < n; i++)
		start += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return start;
}

static uint16_t fold(uint32_t value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return htons((uint16_t)~value);
}

/* Fills frame behind its Ethernet header; returns its length from there on. */
static size_t build(uint8_t *at, int family, const char *source, const char *destination, size_t payload, uint16_t port)
{
	struct udphdr udp = { .source = htons(port),
			      .dest = htons(9),
			      .len = htons((uint16_t)(sizeof(udp) + payload)) };
	uint32_t pseudo = IPPROTO_UDP + (uint32_t)(sizeof(udp) + payload);
	uint8_t *udp_at;

	if (family == 4) {
		struct iphdr ip = {
			.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .frag_off = htons(0x4000)
		};

		ip.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(udp) + payload));
		inet_pton(AF_INET, source, &ip.saddr);
		inet_pton(AF_INET, destination, &ip.daddr);
		ip.check = fold(sum(&ip, sizeof(ip), 0));
		pseudo = sum(&ip.saddr, 8, pseudo);
		memcpy(at, &ip, sizeof(ip));
		udp_at = at + sizeof(ip);
	} else {
		struct ip6_hdr ip = { .ip6_flow = htonl(6u << 28), .ip6_hlim = 64, .ip6_nxt = IPPROTO_UDP };

		ip.ip6_plen = htons((uint16_t)(sizeof(udp) + payload));
		inet_pton(AF_INET6, source, &ip.ip6_src);
		inet_pton(AF_INET6, destination, &ip.ip6_dst);
		pseudo = sum(&ip.ip6_src, 32, pseudo);
		memcpy(at, &ip, sizeof(ip));
		udp_at = at + sizeof(ip);
	}
	memset(udp_at + sizeof(udp), 0x55, payload);
	udp.check = fold(sum(udp_at + sizeof(udp), payload, sum(&udp, sizeof(udp), pseudo)));
	memcpy(udp_at, &udp, sizeof(udp));
	return (size_t)(udp_at - at) + sizeof(udp) + payload;
}

int main(int argc, char **argv)
{
	if (argc != 9) {
		fputs("usage: writer DEVICE MAC 4|6 SOURCE DESTINATION PAYLOAD FLOWS COUNT\n", stderr);
		return 2;
	}
	const int family = atoi(argv[3]), flows = atoi(argv[7]), count = atoi(argv[8]);
	const size_t payload = (size_t)atoi(argv[6]);
	uint8_t(*frames)[FRAME_MAX] = calloc((size_t)flows, FRAME_MAX);
	struct ethhdr header = { .h_source = { 2, 0, 0, 0, 9, 9 },
				 .h_proto = htons(family == 4 ? ETH_P_IP : ETH_P_IPV6) };
	struct timespec begin, end;
	size_t length = 0;
	int fd;

	if (!frames || payload > 1472 || flows < 1 || flows > 60000)
		die("arguments");
	if (sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &header.h_dest[0], &header.h_dest[1], &header.h_dest[2],
		   &header.h_dest[3], &header.h_dest[4], &header.h_dest[5]) != 6)
		die(argv[2]);
	for (int i = 0; i < flows; i++) {
		memcpy(frames[i], &header, sizeof(header));
		length = sizeof(header) +
			 build(frames[i] + sizeof(header), family, argv[4], argv[5], payload, (uint16_t)(1024 + i));
	}
	fd = open_tap(argv[1]);
	for (int i = 0; i < 200; i++) /* caches, neighbours, per-CPU pages */
		if (write(fd, frames[i % flows], length) != (ssize_t)length)
			die("write");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < count; i++)
		if (write(fd, frames[i % flows], length) != (ssize_t)length)
			die("write");
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.1f\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / count);
	return 0;
}
