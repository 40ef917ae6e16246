// SPDX-License-Identifier: GPL-2.0-or-later
/* Passwords never come by the command line, which others can read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "porcupined/auth/password.h"
#include "tools/porcupinectl/command.h"

/* The first line, without its end. */
static int read_line(FILE *file, char *out, struct keel_buffer *error)
{
	size_t n;

	if (!fgets(out, PASSWORD_MAX, file)) {
		keel_buffer_puts(error, "no password was given");
		return -EINVAL;
	}
	n = strlen(out);
	if (n == PASSWORD_MAX - 1 && out[n - 1] != '\n') {
		keel_buffer_printf(error, "the password is longer than %d octets", PASSWORD_MAX - 2);
		return -EINVAL;
	}
	while (n && (out[n - 1] == '\n' || out[n - 1] == '\r'))
		out[--n] = '\0';
	if (!n) {
		keel_buffer_puts(error, "the password is empty");
		return -EINVAL;
	}
	return 0;
}

static int ask(const char *prompt, char *out, struct keel_buffer *error)
{
	struct termios was, quiet;
	int ret;

	if (tcgetattr(STDIN_FILENO, &was))
		return -errno;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	/* the prompt comes last: what is typed after it is not flushed away */
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fputs(prompt, stderr);
	ret = read_line(stdin, out, error);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	fputc('\n', stderr);
	return ret;
}

int secret_get(const struct given *given, char *out, bool *made, struct keel_buffer *error)
{
	char again[PASSWORD_MAX];
	int ret;

	*made = false;
	if (given->generate) {
		*made = true;
		ret = password_generate(out);
		if (ret)
			keel_buffer_printf(error, "no randomness: %s", strerror(-ret));
		return ret;
	}
	if (given->password_file && strcmp(given->password_file, "-")) {
		FILE *file = fopen(given->password_file, "re");

		if (!file) {
			ret = -errno;
			keel_buffer_printf(error, "%s: %s", given->password_file, strerror(-ret));
			return ret;
		}
		ret = read_line(file, out, error);
		fclose(file);
		return ret;
	}
	if (given->password_file || !isatty(STDIN_FILENO))
		return read_line(stdin, out, error);
	ret = ask("Password: ", out, error);
	if (!ret)
		ret = ask("Again: ", again, error);
	if (!ret && strcmp(out, again)) {
		keel_buffer_puts(error, "the two passwords differ");
		ret = -EINVAL;
	}
	password_wipe(again, sizeof(again));
	return ret;
}
