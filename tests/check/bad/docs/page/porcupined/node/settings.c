/* SPDX-License-Identifier: GPL-2.0-or-later */
static const struct keel_setting rows[] = {
	{ "smtp.listen", KEEL_SETTING_STRINGS, AT(smtp_listen), "*:25", .restart = true,
	  .help = "Where SMTP is served." },
	{ "loops", KEEL_SETTING_NUMBER, AT(loops), "0", 0, 256, .help = "Event loops." },
};
