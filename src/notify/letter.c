/* SPDX-License-Identifier: ISC */
/* All that stands in a letter is ASCII of our own, so nothing needs to be encoded. */
#include "notify/letter.h"

#include "base/time.h"
#include <inttypes.h>
#include <time.h>

/* strftime(3) would speak the language of the environment. */
static void put_date(int64_t at_ms, struct str *out)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t at_s = (time_t)(at_ms / TIME_SECOND_MS);
	struct tm tm;

	gmtime_r(&at_s, &tm);
	str_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_headers(const struct letter *letter, struct span summary, struct str *out)
{
	struct span domain = span_of(letter->from);

	(void)span_split(&domain, '@');
	put_date(letter->notice->at_ms, out);
	str_addf(out, "From: scimward <%s>\r\nTo: ", letter->from);
	for (size_t i = 0; i < letter->to_count; i++)
		str_addf(out, "%s<%s>", i > 0 ? ",\r\n " : "", letter->to[i]);
	/* The details after ";" are in the text. */
	str_addf(out, "\r\nSubject: [scimward] %.*s\r\n", (int)span_find(summary, ';'), summary.at);
	str_addf(out, "Message-ID: <%016" PRIx64 "%016" PRIx64 "@%.*s>\r\n", letter->notice->id[0],
	    letter->notice->id[1], SPAN_ARG(domain));
	str_add_c(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		       "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
}

void letter_write(const struct letter *letter, struct str *out)
{
	struct str summary = { 0 };

	notice_summarize(letter->notice, &summary);
	put_headers(letter, str_span(&summary), out);
	str_add(out, str_span(&summary));
	str_add_c(out, ".\r\n\r\n");
	notice_encode(letter->notice, out);
	str_add_c(out, "\r\n");
	str_done(&summary);
}
