/* SPDX-License-Identifier: ISC */
#include "scim/outcome.h"
#include "tests/unit/scim/support.h"

#define NOW_MS INT64_C(1772323200000) /* Sun, 01 Mar 2026 00:00:00 GMT */

static struct outcome judge(int status, bool is_write)
{
	struct http_answer answer = { .status = status, .was_sent = true };

	return outcome_judge(&answer, is_write, NOW_MS);
}

static void each_status_has_its_next_step(void **state)
{
	static const struct {
		int http_status;
		enum status status;
	} cases[] = {
		{ 0, STATUS_RETRY },
		{ 100, STATUS_RETRY },
		{ 199, STATUS_RETRY },
		{ 200, STATUS_OK },
		{ 201, STATUS_OK },
		{ 202, STATUS_OK },
		{ 204, STATUS_OK },
		{ 207, STATUS_OK },
		{ 299, STATUS_OK },
		{ 300, STATUS_DOWN },
		{ 301, STATUS_DOWN },
		{ 302, STATUS_DOWN },
		{ 307, STATUS_DOWN },
		{ 399, STATUS_DOWN },
		{ 400, STATUS_REJECT },
		{ 401, STATUS_DOWN },
		{ 402, STATUS_REJECT },
		{ 403, STATUS_DOWN },
		{ 404, STATUS_REJECT },
		{ 405, STATUS_REJECT },
		{ 406, STATUS_REJECT },
		{ 408, STATUS_RETRY },
		{ 409, STATUS_REJECT },
		{ 412, STATUS_REJECT },
		{ 413, STATUS_REJECT },
		{ 422, STATUS_REJECT },
		{ 429, STATUS_RETRY },
		{ 499, STATUS_REJECT },
		{ 500, STATUS_RETRY },
		{ 501, STATUS_RETRY },
		{ 502, STATUS_RETRY },
		{ 503, STATUS_RETRY },
		{ 504, STATUS_RETRY },
		{ 599, STATUS_RETRY },
		{ 999, STATUS_RETRY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct outcome outcome = judge(cases[i].http_status, true);
		if (outcome.status != cases[i].status)
			fail_msg("%d: %s", cases[i].http_status, status_name(outcome.status));
		assert_int_equal(outcome.retry_after_ms, -1);
		assert_false(outcome.is_refused);
		assert_int_equal(
		    outcome.is_partial, cases[i].http_status == 202 || cases[i].http_status == 207);
		assert_int_equal(outcome.may_have_happened,
		    cases[i].http_status == 502 || cases[i].http_status == 504);
		assert_false(judge(cases[i].http_status, false).may_have_happened);
	}
}

static struct outcome judge_failure(enum http_failure failure, bool was_sent, int status)
{
	struct http_answer answer = {
		.failure = failure, .was_sent = was_sent, .status = status, .retry_after = SPAN("9")
	};

	return outcome_judge(&answer, true, NOW_MS);
}

static void failures_of_the_transport_come_again_but_distrust(void **state)
{
	(void)state;
	for (int i = HTTP_NAME_UNKNOWN; i <= HTTP_MALFORMED; i++) {
		enum http_failure failure = (enum http_failure)i;
		struct outcome outcome = judge_failure(failure, true, 0);
		assert_int_equal(
		    outcome.status, failure == HTTP_NOT_TRUSTED ? STATUS_DOWN : STATUS_RETRY);
		assert_true(outcome.may_have_happened);
		assert_false(outcome.is_refused);
		assert_int_equal(outcome.retry_after_ms, -1);
		outcome = judge_failure(failure, false, 0);
		assert_false(outcome.may_have_happened);
		assert_int_equal(
		    outcome.is_refused, failure == HTTP_REFUSED || failure == HTTP_NAME_UNKNOWN);
	}
}

/* A status that came tells what became of a write, even if its body did not come. */
static void a_cut_answer_may_still_tell(void **state)
{
	struct http_answer read = { .failure = HTTP_BROKEN, .was_sent = true };

	(void)state;
	assert_true(judge_failure(HTTP_BROKEN, true, 200).may_have_happened);
	assert_true(judge_failure(HTTP_TOO_LARGE, true, 201).may_have_happened);
	assert_false(judge_failure(HTTP_BROKEN, true, 400).may_have_happened);
	assert_false(judge_failure(HTTP_BROKEN, true, 302).may_have_happened);
	assert_int_equal(judge_failure(HTTP_BROKEN, true, 200).status, STATUS_RETRY);
	assert_false(outcome_judge(&read, false, NOW_MS).may_have_happened);
}

static void assert_wait(const char *value, int64_t wanted_ms)
{
	int64_t is_ms = outcome_retry_after_ms(span_of(value), NOW_MS);

	if (is_ms != wanted_ms)
		fail_msg("\"%s\": %lld ms", value, (long long)is_ms);
}

static void retry_after_is_read_as_seconds(void **state)
{
	(void)state;
	assert_wait("0", 0);
	assert_wait("1", 1000);
	assert_wait(" 120 ", 120000);
	assert_wait("007", 7000);
	assert_wait("86399", INT64_C(86399000));
	assert_wait("86400", INT64_C(86400000));
	assert_wait("86401", INT64_C(86400000));
	assert_wait("18446744073709551615", INT64_C(86400000));
}

static void retry_after_is_read_as_a_date(void **state)
{
	(void)state;
	assert_wait("Sun, 01 Mar 2026 00:00:05 GMT", 5000);
	assert_wait("Sunday, 01-Mar-26 00:01:00 GMT", 60000);
	assert_wait("Sun Mar  1 00:00:05 2026", 5000);
	assert_wait("Sun, 01 Mar 2026 00:00:00 GMT", 0);
	assert_wait("Sat, 28 Feb 2026 23:00:00 GMT", 0);
	assert_wait("Thu, 01 Jan 1970 00:00:00 GMT", 0);
	assert_wait("Mon, 02 Mar 2026 00:00:00 GMT", INT64_C(86400000));
	assert_wait("Tue, 03 Mar 2026 00:00:00 GMT", INT64_C(86400000));
	assert_wait("Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(86400000));
}

static void retry_after_that_is_neither_is_not_given(void **state)
{
	static const char *const values[] = { NULL, "", "  ", "-1", "+5", "1.5", "5s", "soon",
		"0x10", "1e3", "5, 6", "99999999999999999999", "Sun, 01 Mar 2026",
		"Sun, 32 Mar 2026 00:00:00 GMT", "2026-03-01T00:00:05Z", "\x1b[2J", "\xff" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(values); i++)
		assert_wait(values[i], -1);
	assert_int_equal(outcome_retry_after_ms(SPAN("5\0"), NOW_MS), -1);
}

static void retry_after_counts_whatever_the_status(void **state)
{
	static const int statuses[] = { 429, 503, 500, 200 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		struct http_answer answer = { .status = statuses[i], .retry_after = SPAN("30") };
		assert_int_equal(outcome_judge(&answer, false, NOW_MS).retry_after_ms, 30000);
	}
}

/* --- words -------------------------------------------------------------------------------- */

static struct err explain(const struct http_answer *answer, struct span detail)
{
	struct outcome_story story = { .method = SPAN("PATCH"),
		.path = SPAN("/Users/a1?secret=1"),
		.answer = answer,
		.detail = detail,
		.profile = TENANT_ANAPLAN };
	struct err text = { "" };

	outcome_explain(&story, &text);
	assert_has(text.text, "PATCH /Users/a1: ");
	assert_lacks(text.text, "?");
	return text;
}

static void assert_told(int status, const char *words)
{
	struct http_answer answer = { .status = status };
	struct err text = explain(&answer, SPAN("the words"));

	assert_has(text.text, "the tenant answered");
	assert_has(text.text, "(the words)");
	assert_has(text.text, words);
}

static void statuses_are_told_with_what_to_check(void **state)
{
	(void)state;
	assert_told(302, "302");
	assert_told(302, "never followed");
	assert_told(401, "check tenant.auth");
	assert_told(403, "User Administrator");
	assert_told(409, "may be there already");
	assert_told(207, "not all of it was done");
	assert_told(202, "not all of it was done");
	assert_told(500, "answered 500 (the words)");
}

static void remedies_fit_the_place(void **state)
{
	struct http_answer answer = { .status = 403 };
	struct outcome_story story = { .method = SPAN("GET"),
		.path = SPAN("/Users"),
		.answer = &answer,
		.profile = TENANT_GENERIC };
	struct err text;

	(void)state;
	outcome_explain(&story, &text);
	assert_has(text.text, "right to manage users");
	answer.status = 404;
	outcome_explain(&story, &text);
	assert_has(text.text, "check tenant.url");
	story.path = SPAN("/Users/a1");
	outcome_explain(&story, &text);
	assert_lacks(text.text, "check");
	story.is_login = true;
	outcome_explain(&story, &text);
	assert_has(text.text, "the auth service answered 404");
	assert_has(text.text, "check tenant.auth.url");
	answer.status = 401;
	outcome_explain(&story, &text);
	assert_has(text.text, "single sign-on");
	answer.status = 302;
	outcome_explain(&story, &text);
	assert_has(text.text, "check tenant.auth.url");
	answer.status = 200;
	story.problem = "the answer is not JSON";
	outcome_explain(&story, &text);
	assert_has(text.text, "answered 200, but the answer is not JSON");
}

static void failures_are_told_with_what_to_check(void **state)
{
	static const char *const words[] = {
		[HTTP_NAME_UNKNOWN] = "DNS",
		[HTTP_REFUSED] = "firewall",
		[HTTP_TIMED_OUT] = "tenant.timeout",
		[HTTP_NOT_TRUSTED] = "tenant.tls.ca_file",
		[HTTP_TLS_FAILED] = "TLS 1.2",
		[HTTP_BROKEN] = "the connection broke",
		[HTTP_TOO_LARGE] = "too large",
		[HTTP_MALFORMED] = "not HTTP",
	};

	(void)state;
	for (int i = HTTP_NAME_UNKNOWN; i <= HTTP_MALFORMED; i++) {
		struct http_answer answer = { .failure = (enum http_failure)i,
			.failure_detail = SPAN("curl's words"),
			.status = i == HTTP_BROKEN ? 200 : 0 };
		struct err text = explain(&answer, SPAN_NULL);
		assert_has(text.text, words[i]);
		assert_has(text.text, "(curl's words)");
		if (i == HTTP_BROKEN)
			assert_has(text.text, "after status 200");
		else
			assert_lacks(text.text, "after status");
	}
}

/* A tenant's words go to a terminal and to a log. */
static void words_of_the_peer_are_never_raw(void **state)
{
	static const struct span details[] = { SPAN_INIT("\x1b[31mred\x1b[0m"),
		SPAN_INIT("line\r\nforged: line"), SPAN_INIT("nul\0byte"),
		SPAN_INIT("\x7f\x08\x07"),
		SPAN_INIT("\xc2\x9b"
			  "31m"),
		SPAN_INIT("\xff\xfe\x80"),
		SPAN_INIT("\xe2\x80\xae"
			  "txt.exe"),
		SPAN_INIT("\xe2\x80\xa8") };
	struct http_answer answer = { .status = 400 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(details); i++) {
		struct err text = explain(&answer, details[i]);
		for (const char *at = text.text; *at != '\0'; at++)
			assert_in_range((unsigned char)*at, ' ', '~');
		assert_has(text.text, "\\");
		assert_has(text.text, ")");
	}
	answer.failure = HTTP_BROKEN;
	answer.failure_detail = SPAN("\x1b[2J");
	assert_lacks(explain(&answer, SPAN_NULL).text, "\x1b");
}

static void long_words_are_cut_at_a_character(void **state)
{
	struct http_answer answer = { .status = 400 };
	char detail[1200];
	size_t letters = 0;

	(void)state;
	memset(detail, 'a', sizeof(detail));
	struct err text = explain(&answer, (struct span) { detail, sizeof(detail) });
	for (const char *at = strchr(text.text, '('); *at != '\0'; at++)
		letters += *at == 'a';
	assert_int_equal(letters, OUTCOME_DETAIL_MAX_BYTES);
	assert_has(text.text, "a\xe2\x80\xa6)");
	/* 299 bytes of letters and then two-byte ones: the 300th byte is half of one. */
	for (size_t i = OUTCOME_DETAIL_MAX_BYTES - 1; i + 1 < sizeof(detail); i += 2)
		memcpy(detail + i, "\xc3\xa9", 2);
	text = explain(&answer, (struct span) { detail, sizeof(detail) - 1 });
	assert_has(text.text, "a\xe2\x80\xa6)");
	assert_lacks(text.text, "\xc3");
	/* Just as much as may be. */
	memset(detail, 'a', sizeof(detail));
	text = explain(&answer, (struct span) { detail, OUTCOME_DETAIL_MAX_BYTES });
	assert_lacks(text.text, "\xe2\x80\xa6");
}

const struct CMUnitTest outcome_tests[] = {
	cmocka_unit_test(each_status_has_its_next_step),
	cmocka_unit_test(failures_of_the_transport_come_again_but_distrust),
	cmocka_unit_test(a_cut_answer_may_still_tell),
	cmocka_unit_test(retry_after_is_read_as_seconds),
	cmocka_unit_test(retry_after_is_read_as_a_date),
	cmocka_unit_test(retry_after_that_is_neither_is_not_given),
	cmocka_unit_test(retry_after_counts_whatever_the_status),
	cmocka_unit_test(statuses_are_told_with_what_to_check),
	cmocka_unit_test(remedies_fit_the_place),
	cmocka_unit_test(failures_are_told_with_what_to_check),
	cmocka_unit_test(words_of_the_peer_are_never_raw),
	cmocka_unit_test(long_words_are_cut_at_a_character),
};
const size_t outcome_test_count = COUNT_OF(outcome_tests);
