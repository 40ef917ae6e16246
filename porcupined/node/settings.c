// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/settings.h"

#include <errno.h>
#include <string.h>

#include "porcupined/auth/address.h"
#include "porcupined/auth/password.h"
#include "porcupined/node/endpoint.h"
#include "tools/lib/keel/cleanup.h"

#define AT(field) offsetof(struct node_settings, field)

static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };

/* clang-format off */
static const struct keel_setting rows[] = {
	{ "user", KEEL_SETTING_STRING, AT(user), "porcupine", .restart = true,
	  .help = "The user that porcupined becomes when it is started as root; empty = stay root." },
	{ "log_level", KEEL_SETTING_CHOICE, AT(log_level), "info", .choices = levels,
	  .help = "What is logged: error, warning, notice, info (a line for each message and login) or debug." },
	{ "hostname", KEEL_SETTING_STRING, AT(hostname), "",
	  .help = "The name in greetings, trace fields and the self-signed certificate; empty = the name of the machine." },
	{ "postmaster", KEEL_SETTING_STRING, AT(postmaster), "",
	  .help = "The address that gets mail for <postmaster> and for the postmaster of domains that have none of their own; empty = the account postmaster@ a local domain." },
	{ "loops", KEEL_SETTING_NUMBER, AT(loops), "0", 0, 256, .restart = true,
	  .help = "Event loops, each a thread; 0 = one for each core." },
	{ "workers", KEEL_SETTING_NUMBER, AT(workers), "0", 0, 256, .restart = true,
	  .help = "Threads for what blocks: password hashing, listings, reads from disk; 0 = two for each core, at least 4." },

	{ "smtp.listen", KEEL_SETTING_STRINGS, AT(smtp_listen), "*:25", .restart = true,
	  .help = "Where SMTP is served: ADDRESS:PORT, [IPV6]:PORT, *:PORT or unix:PATH." },
	{ "smtp.timeout", KEEL_SETTING_SECONDS, AT(smtp_timeout), "5m", 1, 86400,
	  .help = "An SMTP or LMTP session ends after this time without input." },
	{ "smtp.message_size", KEEL_SETTING_SIZE, AT(message_size), "50M", 65536, 1u << 30, .restart = true,
	  .help = "The largest message taken, in octets." },
	{ "smtp.text_line", KEEL_SETTING_SIZE, AT(text_line), "0", 0, 1u << 30,
	  .help = "The longest line of a message, in octets with its CRLF; 0 = no limit. RFC 5321 says 1000." },
	{ "lmtp.listen", KEEL_SETTING_STRINGS, AT(lmtp_listen), "unix:/run/porcupine/lmtp", .restart = true,
	  .help = "Where LMTP is served." },
	{ "pop3.listen", KEEL_SETTING_STRINGS, AT(pop3_listen), "*:110", .restart = true,
	  .help = "Where POP3 is served, with STLS." },
	{ "pop3s.listen", KEEL_SETTING_STRINGS, AT(pop3s_listen), "*:995", .restart = true,
	  .help = "Where POP3 is served with TLS from the first octet." },
	{ "pop3.timeout", KEEL_SETTING_SECONDS, AT(pop3_timeout), "10m", 1, 86400,
	  .help = "A POP3 session ends after this time without input; RFC 1939 wants at least 10 minutes." },
	{ "pop3.plaintext_on_loopback", KEEL_SETTING_BOOL, AT(pop3_plaintext), "false",
	  .help = "Allow logins without TLS from this machine." },

	{ "store.path", KEEL_SETTING_STRING, AT(store_path), "/var/lib/porcupine/store", .restart = true,
	  .help = "The directory of the mail store; it is made if it is missing." },
	{ "store.segment_size", KEEL_SETTING_SIZE, AT(store_segment_size), "64M", 1u << 20, 1ull << 32, .restart = true,
	  .help = "The size of a segment of the log." },
	{ "store.body_memory", KEEL_SETTING_SIZE, AT(store_body_memory), "256k", 16384, 1u << 30, .restart = true,
	  .help = "What one incoming message keeps in memory before it goes to a file." },
	{ "store.total_memory", KEEL_SETTING_SIZE, AT(store_total_memory), "64M", 1u << 20, 1ull << 40, .restart = true,
	  .help = "What all incoming messages keep in memory; above, each goes to a file from 64 KiB on." },
	{ "store.reserve", KEEL_SETTING_SIZE, AT(store_reserve), "64M", 0, 1ull << 40, .restart = true,
	  .help = "Free space that is left on the file system: below it, no new mail is taken." },
	{ "store.compress", KEEL_SETTING_BOOL, AT(store_compress), "false", .restart = true,
	  .help = "Store messages that shrink as zstd." },
	{ "store.background_compaction", KEEL_SETTING_BOOL, AT(store_compaction), "true", .restart = true,
	  .help = "Give the space of deleted mail back while the node runs." },

	{ "tls.certificate", KEEL_SETTING_STRING, AT(tls_certificate), "/var/lib/porcupine/tls/certificate.pem",
	  .help = "The certificate chain, PEM; empty = no TLS is offered." },
	{ "tls.key", KEEL_SETTING_STRING, AT(tls_key), "/var/lib/porcupine/tls/key.pem",
	  .help = "The private key, PEM." },
	{ "tls.self_signed", KEEL_SETTING_BOOL, AT(tls_self_signed), "true",
	  .help = "Make a self-signed certificate when neither file exists." },
	{ "tls.timeout", KEEL_SETTING_SECONDS, AT(tls_timeout), "1m", 1, 3600,
	  .help = "A TLS handshake must be done within this time." },

	{ "limits.connections", KEEL_SETTING_NUMBER, AT(connections), "20000", 1, 1000000,
	  .help = "Sessions at one time." },
	{ "limits.connections_per_address", KEEL_SETTING_NUMBER, AT(connections_per_address), "50", 0, 1000000,
	  .help = "Sessions at one time from one address (IPv6: one /64); 0 = no limit." },
	{ "limits.messages_per_minute", KEEL_SETTING_NUMBER, AT(messages_per_minute), "600", 0, 1000000,
	  .help = "Messages a minute from one address (IPv6: one /64); 0 = no limit." },
	{ "limits.failed_logins_per_minute", KEEL_SETTING_NUMBER, AT(failed_logins_per_minute), "30", 0, 1000000,
	  .help = "Failed logins a minute from one address (IPv6: one /64); above, only logins that are remembered succeed; 0 = no limit." },
	{ "limits.exempt_loopback", KEEL_SETTING_BOOL, AT(exempt_loopback), "true",
	  .help = "The limits for each address do not bind 127.0.0.0/8, ::1 and local sockets." },
	{ "limits.recipients", KEEL_SETTING_NUMBER, AT(recipients), "1000", 100, 30000,
	  .help = "Recipients of one message." },
	{ "limits.messages", KEEL_SETTING_NUMBER, AT(messages), "0", 0, 1u << 31,
	  .help = "Messages of one session; 0 = no limit." },
	{ "limits.commands", KEEL_SETTING_NUMBER, AT(commands), "1000", 0, 1u << 31,
	  .help = "SMTP commands of one session without a message; 0 = no limit." },
	{ "limits.errors", KEEL_SETTING_NUMBER, AT(errors), "20", 0, 1u << 31,
	  .help = "Bad commands of one session; 0 = no limit." },
	{ "limits.logins", KEEL_SETTING_NUMBER, AT(logins), "3", 1, 1000,
	  .help = "Failed logins of one session." },

	{ "quota.default", KEEL_SETTING_SIZE, AT(quota), "1G", 0, 1ull << 50,
	  .help = "What an account without a quota of its own may hold, in octets; 0 = no limit; mail of the last 50 ms may not be counted yet, so a burst can go over it." },

	{ "auth.yescrypt_cost", KEEL_SETTING_NUMBER, AT(auth_cost), "0", 0, PASSWORD_COST_MOST,
	  .help = "The cost of new password hashes, 1 to 11; 0 = the default of libxcrypt." },
	{ "auth.cache_entries", KEEL_SETTING_NUMBER, AT(cache_entries), "65536", 0, 16777216, .restart = true,
	  .help = "Verified logins that are remembered; 0 = none." },
	{ "auth.cache_seconds", KEEL_SETTING_SECONDS, AT(cache_seconds), "10m", 0, 86400,
	  .help = "How long a verified login is remembered." },

	{ "metrics.listen", KEEL_SETTING_STRING, AT(metrics_listen), "127.0.0.1:9725", .restart = true,
	  .help = "Where Prometheus metrics are served by HTTP, as /metrics, and /health; empty = nowhere." },
	{ "control.path", KEEL_SETTING_STRING, AT(control_path), "/run/porcupine/control", .restart = true,
	  .help = "The socket that porcupinectl talks to; empty = none." },
	{ "control.group", KEEL_SETTING_STRING, AT(control_group), "", .restart = true,
	  .help = "The group whose members may use the control socket, besides root and the node's own user, who must be a member, too (systemd: SupplementaryGroups=); empty = none." },
};
/* clang-format on */

const struct keel_settings node_settings_table = { rows, KEEL_COUNT(rows), sizeof(struct node_settings) };

static int check_endpoints(const char *name, char *const *list, struct keel_buffer *error)
{
	struct endpoint endpoint;

	for (size_t i = 0; list && list[i]; i++)
		if (endpoint_parse(list[i], &endpoint)) {
			keel_buffer_printf(error, "%s: \"%s\" is not ADDRESS:PORT, [IPV6]:PORT, *:PORT or unix:PATH",
					   name, list[i]);
			return -EINVAL;
		}
	return 0;
}

int node_settings_validate(const void *settings, struct keel_buffer *error)
{
	const struct node_settings *s = settings;
	char *const metrics[] = { s->metrics_listen, NULL };
	char canonical[ADDRESS_MAX];

	if (check_endpoints("smtp.listen", s->smtp_listen, error) ||
	    check_endpoints("lmtp.listen", s->lmtp_listen, error) ||
	    check_endpoints("pop3.listen", s->pop3_listen, error) ||
	    check_endpoints("pop3s.listen", s->pop3s_listen, error) ||
	    (*s->metrics_listen && check_endpoints("metrics.listen", metrics, error)))
		return -EINVAL;
	if (!strncmp(s->metrics_listen, "unix:", 5)) {
		keel_buffer_puts(error, "metrics.listen: HTTP is not served on a local socket");
		return -EINVAL;
	}
	if (*s->hostname && strlen(s->hostname) > 253) {
		keel_buffer_puts(error, "hostname: longer than 253 octets");
		return -EINVAL;
	}
	for (const char *at = s->hostname; *at; at++)
		if (*at <= ' ' || *at > '~') {
			keel_buffer_puts(error,
					 "hostname: only printable ASCII (write an IDN as its A-label, xn--...)");
			return -EINVAL;
		}
	if (*s->postmaster && address_parse(s->postmaster, false, canonical)) {
		keel_buffer_printf(error, "postmaster: \"%s\" is not an address", s->postmaster);
		return -EINVAL;
	}
	if (!*s->store_path) {
		keel_buffer_puts(error, "store.path: must not be empty");
		return -EINVAL;
	}
	if (!*s->tls_certificate != !*s->tls_key) {
		keel_buffer_puts(error, "tls.certificate, tls.key: both or none");
		return -EINVAL;
	}
	if (!*s->tls_certificate && s->pop3s_listen && s->pop3s_listen[0]) {
		keel_buffer_puts(error, "pop3s.listen: needs tls.certificate and tls.key (or set pop3s.listen = [])");
		return -EINVAL;
	}
	return 0;
}
