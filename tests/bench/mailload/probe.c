// SPDX-License-Identifier: GPL-2.0-or-later
/* How long after the 250 a message can be read: one at a time, on sockets that wait. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/mailload/load.h"

#define PROBE_TRIES 2000u
#define LOGIN_TRIES 10u

static FILE *dial(const char *where)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *found;
	struct timeval limit = { .tv_sec = 30 };
	const char *colon = strrchr(where, ':');
	char host[256];
	int fd;

	if (!colon || snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where) >= (int)sizeof(host) ||
	    getaddrinfo(host, colon + 1, &hints, &found))
		return NULL;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, found->ai_addr, found->ai_addrlen)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd < 0 ? NULL : fdopen(fd, "r+");
}

/* Sends a command (NULL: none) and reads the reply's last line. False unless it begins with want. */
static bool talk(FILE *f, const char *command, const char *want, char *line, size_t n)
{
	if (command) {
		fseek(f, 0, SEEK_CUR);
		fputs(command, f);
		fflush(f);
		fseek(f, 0, SEEK_CUR);
	}
	do {
		if (!fgets(line, (int)n, f))
			return false;
	} while (strlen(line) > 3 && line[3] == '-' && want[0] != '+');
	return !strncmp(line, want, strlen(want));
}

static unsigned long count(struct load *l, const char *address)
{
	FILE *f = dial(l->config.pop3);
	unsigned long n = 0;
	char line[512], user[400], pass[400];

	if (!f)
		return 0;
	snprintf(user, sizeof(user), "USER %s\r\n", address);
	snprintf(pass, sizeof(pass), "PASS %s\r\n", l->config.password);
	if (talk(f, NULL, "+", line, sizeof(line)) && talk(f, user, "+", line, sizeof(line)) &&
	    talk(f, pass, "+", line, sizeof(line)) && talk(f, "STAT\r\n", "+", line, sizeof(line)))
		n = strtoul(line + 4, NULL, 10) + 1; /* so that 0 means failure */
	talk(f, "QUIT\r\n", "+", line, sizeof(line));
	fclose(f);
	return n;
}

uint64_t probe_once(struct load *l, uint64_t number)
{
	unsigned long before = 0, after = 0;
	uint64_t acknowledged;
	char address[320], line[512], rcpt[400];
	bool sent;
	FILE *f;

	address_of(l, number % l->config.accounts, address);
	/* A busy server may refuse a login: that is no matter of visibility. */
	for (unsigned i = 0; i < LOGIN_TRIES && !(before = count(l, address)); i++)
		usleep(100000);
	f = dial(l->config.smtp);
	if (!f || !before) {
		if (f)
			fclose(f);
		return 0;
	}
	snprintf(rcpt, sizeof(rcpt), "RCPT TO:<%s>\r\n", address);
	sent = talk(f, NULL, "220", line, sizeof(line)) && talk(f, "EHLO probe.test\r\n", "250", line, sizeof(line)) &&
	       talk(f, "MAIL FROM:<probe@mailload.test>\r\n", "250", line, sizeof(line)) &&
	       talk(f, rcpt, "250", line, sizeof(line)) && talk(f, "DATA\r\n", "354", line, sizeof(line)) &&
	       talk(f, "Subject: probe\r\n\r\nprobe\r\n.\r\n", "250", line, sizeof(line));
	acknowledged = now_ns();
	for (unsigned i = 0; sent && i < PROBE_TRIES; i++) {
		after = count(l, address);
		if (after > before)
			break;
		usleep(1000);
	}
	fclose(f);
	return sent && after > before ? now_ns() - acknowledged : 0;
}
