// SPDX-License-Identifier: GPL-2.0-or-later
/* Events as they come, a line each, until a signal ends it. What was lost on the way has its line too. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/arrival.h"
#include "tools/nat64ctl/binding.h"
#include "tools/nat64ctl/command.h"

#define ROOM_KIB 1024
#define ROOM_KIB_MOST (1 << 20)
#define QUIET 1000 /* ms, after which a number that is missing is not waited for */

static const char *const names[] = { [OSNC_NAT64_EVENT_COMMIT] = "commit",
				     [OSNC_NAT64_EVENT_INSTANCE_ADDED] = "instance-added",
				     [OSNC_NAT64_EVENT_INSTANCE_REMOVED] = "instance-removed",
				     [OSNC_NAT64_EVENT_BLOCK_BEGUN] = "block-begun",
				     [OSNC_NAT64_EVENT_BLOCK_ENDED] = "block-ended",
				     [OSNC_NAT64_EVENT_BIB_BEGUN] = "bib-begun",
				     [OSNC_NAT64_EVENT_BIB_ENDED] = "bib-ended",
				     [OSNC_NAT64_EVENT_SESSION_BEGUN] = "session-begun",
				     [OSNC_NAT64_EVENT_SESSION_ENDED] = "session-ended" };

/* What session follow shows. With an instance all that it had ends, of which there are no events. */
#define OF_SESSIONS                                                                                                    \
	(1 << OSNC_NAT64_EVENT_BIB_BEGUN | 1 << OSNC_NAT64_EVENT_BIB_ENDED | 1 << OSNC_NAT64_EVENT_SESSION_BEGUN |     \
	 1 << OSNC_NAT64_EVENT_SESSION_ENDED | 1 << OSNC_NAT64_EVENT_INSTANCE_REMOVED)

struct following {
	struct arrival arrival;
	unsigned shown;       /* mask of 1 << enum osnc_nat64_event */
	const char *instance; /* only this one's; NULL: any */
	bool numbered;        /* text lines begin with the event's number, not with the time */
	bool json;
};

static json_t *event_json(const char *name)
{
	char text[sizeof("2026-11-30T20:16:34Z")] = "";
	const time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_pack("{s:s, s:s}", "time", text, "event", name);
}

static void put_number(json_t *object, const char *name, struct nlattr *attr)
{
	if (attr)
		json_object_set_new(object, name, json_integer(nla_get_u32(attr)));
}

static const char *word(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void show_number(json_t *object, const char *name)
{
	if (json_object_get(object, name))
		printf(" %s=%lld", name, (long long)json_integer_value(json_object_get(object, name)));
}

static void show_text(const struct following *following, json_t *object)
{
	json_t *binding = json_object_get(object, "binding");

	if (following->numbered && !json_object_get(object, "sequence"))
		printf("- %s", word(object, "event"));
	else if (following->numbered)
		printf("%lld %s", (long long)json_integer_value(json_object_get(object, "sequence")),
		       word(object, "event"));
	else
		printf("%s %s", word(object, "time"), word(object, "event"));
	show_number(object, "generation");
	show_number(object, "count");
	if (word(object, "name"))
		printf(" name=%s", word(object, "name"));
	show_number(object, "id");
	putchar(binding ? ' ' : '\n');
	if (binding)
		show_binding(binding, stdout);
}

/* Takes object over. 0, -ENOMEM, -EIO. */
static int show(const struct following *following, json_t *object)
{
	int ret = object ? 0 : -ENOMEM;

	if (object && following->json) {
		json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else if (object) {
		show_text(following, object);
	}
	json_decref(object);
	return fflush(stdout) ? -EIO : ret;
}

static int show_lost(const struct following *following, uint32_t count)
{
	json_t *object = count ? event_json("lost") : NULL;

	if (!count)
		return 0;
	if (object)
		json_object_set_new(object, "count", json_integer(count));
	return show(following, object);
}

static bool is_wanted(const struct following *following, unsigned event, struct nlattr **attrs)
{
	struct nlattr *name = attrs[OSNC_NAT64_ATTR_INSTANCE_NAME];

	return event < KEEL_COUNT(names) && names[event] && following->shown >> event & 1 &&
	       (!following->instance || (name && !strcmp(nla_get_string(name), following->instance)));
}

static int on_event(uint8_t command, struct nlattr **attrs, void *arg)
{
	struct following *following = arg;
	const unsigned event = attrs[OSNC_NAT64_ATTR_EVENT] ? nla_get_u8(attrs[OSNC_NAT64_ATTR_EVENT]) : 0;
	json_t *object;
	int ret;

	if (command != OSNC_NAT64_CMD_EVENT || !attrs[OSNC_NAT64_ATTR_SEQUENCE])
		return 0;
	ret = show_lost(following, arrival_note(&following->arrival, nla_get_u32(attrs[OSNC_NAT64_ATTR_SEQUENCE])));
	if (ret || !is_wanted(following, event, attrs))
		return ret;
	object = event_json(names[event]);
	put_number(object, "sequence", attrs[OSNC_NAT64_ATTR_SEQUENCE]);
	put_number(object, "generation", attrs[OSNC_NAT64_ATTR_GENERATION]);
	if (attrs[OSNC_NAT64_ATTR_INSTANCE_NAME])
		json_object_set_new(object, "name", json_string(nla_get_string(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME])));
	put_number(object, "id", attrs[OSNC_NAT64_ATTR_INSTANCE_ID]);
	if (attrs[OSNC_NAT64_ATTR_BINDING])
		json_object_set_new(object, "binding", binding_json(attrs));
	return show(following, object);
}

/* Which ones were lost shows when the next one has come. */
static int on_lost(void *arg)
{
	return show(arg, event_json("overrun"));
}

static int on_idle(void *arg)
{
	struct following *following = arg;

	return show_lost(following, arrival_settle(&following->arrival));
}

static int follow(struct keel_netlink *kernel, const struct given *given, struct following *following,
		  struct keel_buffer *error)
{
	const uint64_t room = given->buffer ? given->buffer : ROOM_KIB;
	struct keel_netlink_listening listening = { .group = OSNC_NAT64_GROUP_EVENTS,
						    .attribute_max = OSNC_NAT64_ATTR_MAX,
						    .room = (uint32_t)(room < ROOM_KIB_MOST ? room : ROOM_KIB_MOST) *
							    1024,
						    .quiet = QUIET,
						    .answer = on_event,
						    .lost = on_lost,
						    .idle = on_idle,
						    .arg = following };
	sigset_t signals;
	KEEL_AUTO_CLOSE int stop = -1;
	int ret;

	following->json = given->json;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -errno;
	stop = signalfd(-1, &signals, SFD_CLOEXEC);
	if (stop < 0)
		return -errno;
	listening.stop = stop;
	ret = keel_netlink_listen(kernel, &listening, error);
	return ret ? ret : on_idle(following);
}

int run_monitor(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		struct keel_buffer *error)
{
	struct following following = { .shown = ~0U, .numbered = true };

	return follow(kernel, given, &following, error);
}

int run_session_follow(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		       struct keel_buffer *error)
{
	struct following following = { .shown = OF_SESSIONS, .instance = n ? operands[0] : NULL };

	return follow(kernel, given, &following, error);
}
