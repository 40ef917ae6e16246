// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/message/message.h"

#define DAY 86400
#define END_OF_TIME 253402300799 /* 9999-12-31 23:59:59: the grammar has room for four digits */
#define DAYS_4_YEARS 1461
#define DAYS_100_YEARS 36524
#define DAYS_400_YEARS 146097
#define DAYS_TO_1970 719468 /* from 1 March of the year 0 */

static void two(char *at, unsigned n)
{
	at[0] = (char)('0' + n / 10);
	at[1] = (char)('0' + n % 10);
}

int message_date_append(struct keel_buffer *out, uint64_t time)
{
	static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
	static const char months[] = "MarAprMayJunJulAugSepOctNovDecJanFeb";
	const uint64_t t = time > END_OF_TIME ? END_OF_TIME : time;
	const unsigned second = (unsigned)(t % DAY);
	unsigned day = (unsigned)(t / DAY), era, year, month;
	char text[] = "Thu, 01 Jan 1970 00:00:00 +0000";

	memcpy(text, weekdays + day % 7 * 3, 3);
	/* years that begin in March have their leap day at the end */
	day += DAYS_TO_1970;
	era = day / DAYS_400_YEARS;
	day %= DAYS_400_YEARS;
	year = (day - day / (DAYS_4_YEARS - 1) + day / DAYS_100_YEARS - day / (DAYS_400_YEARS - 1)) / 365;
	day -= 365 * year + year / 4 - year / 100;
	/* months from March have 31 30 31 30 31 days, again and again: 153 in five */
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	year += 400 * era + (month >= 10);

	two(text + 5, day + 1);
	memcpy(text + 8, months + month * 3, 3);
	two(text + 12, year / 100);
	two(text + 14, year % 100);
	two(text + 17, second / 3600);
	two(text + 20, second / 60 % 60);
	two(text + 23, second % 60);
	return keel_buffer_append(out, text, sizeof(text) - 1);
}
