/* SPDX-License-Identifier: ISC */
#include "core/check.h"
#include "tests/unit/core/tests.h"

static const char *const names[] = { "names", "connection", "tls", "clock", NULL };

struct told {
	struct str text; /* "STATUS NAME|DETAIL|REMEDY|DATA\n" */
	unsigned ends;
};

static void on_step(void *context, const struct check_step *step)
{
	struct told *told = context;

	if (step == NULL) {
		told->ends++;
		return;
	}
	str_addf(&told->text, "%s %s|%.*s|%.*s|%.*s\n", check_status_name(step->status), step->name,
	    SPAN_ARG(step->detail), SPAN_ARG(step->remedy), SPAN_ARG(step->data));
}

static void assert_told(struct told *told, const char *wanted)
{
	assert_string_equal(str_c(&told->text), wanted);
	str_truncate(&told->text, 0);
}

static void what_was_not_told_is_skipped_with_the_reason(void **state)
{
	struct check_teller teller;
	struct told told = { 0 };

	(void)state;
	check_teller_open(&teller, names, on_step, &told);
	str_add_c(check_begin(&teller, "connection"), "refused");
	emit_member_int(&teller.data, "port", 389);
	check_tell_remedy(&teller, CHECK_FAILED, "open it");
	assert_true(check_was_told(&teller, "connection"));
	assert_false(check_was_told(&teller, "tls"));
	check_skip_rest(&teller, "there is no connection");
	assert_int_equal(told.ends, 0);
	check_teller_close(&teller);
	assert_int_equal(told.ends, 1);
	assert_told(&told, "failed connection|refused|open it|{\"port\":389}\n"
			   "skipped names|there is no connection||{}\n"
			   "skipped tls|there is no connection||{}\n"
			   "skipped clock|there is no connection||{}\n");
	str_done(&told.text);
}

static void nothing_of_a_step_stays_for_the_next(void **state)
{
	struct check_teller teller;
	struct told told = { 0 };

	(void)state;
	check_teller_open(&teller, names, on_step, &told);
	check_begin(&teller, "tls");
	check_add_message(&teller, SPAN("it failed; do this"), "ask");
	emit_member_bool(&teller.data, "a", true);
	check_tell(&teller, CHECK_WARNING);
	check_tell_detail(&teller, CHECK_OK, "tls", SPAN("fine"));
	check_teller_close(&teller);
	assert_told(&told, "warning tls|it failed|do this|{\"a\":true}\nok tls|fine||{}\n");
	str_done(&told.text);
}

static void a_message_is_taken_apart_at_its_last_semicolon(void **state)
{
	static const struct {
		const char *message, *detail, *remedy;
	} rows[] = {
		{ "no; idea; ask", "no; idea", "ask" },
		{ "no idea", "no idea", "else" },
		{ "a;b", "a;b", "else" },
		{ "a;", "a;", "else" },
		{ "", "", "else" },
		{ ";", ";", "else" },
		{ "a; ", "a", "" },
	};
	struct check_teller teller;

	(void)state;
	check_teller_open(&teller, names, on_step, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_begin(&teller, "tls");
		check_add_message(&teller, span_of(rows[i].message), "else");
		assert_string_equal(str_c(&teller.detail), rows[i].detail);
		assert_string_equal(str_c(&teller.remedy), rows[i].remedy);
	}
	check_teller_done(&teller);
}

static void hosts_are_told_with_their_addresses(void **state)
{
	const struct check_host hosts[] = {
		{ SPAN("a.example"), SPAN("192.0.2.1, 2001:db8::1"), SPAN_NULL },
		{ SPAN("192.0.2.7"), SPAN("192.0.2.7"), SPAN_NULL },
		{ SPAN("b.example"), SPAN_NULL, SPAN("no such name") },
	};
	struct check_teller teller;
	struct told told = { 0 };

	(void)state;
	check_teller_open(&teller, names, on_step, &told);
	check_tell_names(&teller, hosts, 2, true);
	assert_told(&told,
	    "ok names|a.example is 192.0.2.1, 2001:db8::1; 192.0.2.7 is an address||"
	    "{\"hosts\":[{\"name\":\"a.example\",\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]},"
	    "{\"name\":\"192.0.2.7\",\"addresses\":[\"192.0.2.7\"]}]}\n");
	check_tell_names(&teller, hosts, 3, true);
	assert_int_equal(strncmp(str_c(&told.text), "warning names|", 14), 0);
	str_truncate(&told.text, 0);
	check_tell_names(&teller, &hosts[2], 1, true);
	assert_int_equal(strncmp(str_c(&told.text), "failed names|", 13), 0);
	str_truncate(&told.text, 0);
	check_tell_names(&teller, &hosts[2], 1, false);
	assert_int_equal(strncmp(str_c(&told.text), "warning names|", 14), 0);
	check_teller_close(&teller);
	str_done(&told.text);
}

static void a_clock_may_be_off_by_a_minute(void **state)
{
	static const struct {
		int64_t difference_ms;
		const char *words;
	} rows[] = {
		{ 60000, "ok clock|as the server's, to a minute||" },
		{ -60000, "ok clock|as the server's, to a minute||" },
		{ 60001,
		    "warning clock|this host's is 60 s behind the server's: all of it breaks|" },
		{ -7200000,
		    "warning clock|this host's is 2 h ahead of the server's: all of it breaks|" },
	};
	struct check_teller teller;
	struct told told = { 0 };

	(void)state;
	check_teller_open(&teller, names, on_step, &told);
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_tell_clock(&teller, &(struct check_clock) { "the server's",
					      "all of it breaks", rows[i].difference_ms });
		assert_contains(str_c(&told.text), rows[i].words);
		str_truncate(&told.text, 0);
	}
	check_teller_close(&teller);
	str_done(&told.text);
}

const struct CMUnitTest check_tests[] = {
	cmocka_unit_test(what_was_not_told_is_skipped_with_the_reason),
	cmocka_unit_test(nothing_of_a_step_stays_for_the_next),
	cmocka_unit_test(a_message_is_taken_apart_at_its_last_semicolon),
	cmocka_unit_test(hosts_are_told_with_their_addresses),
	cmocka_unit_test(a_clock_may_be_off_by_a_minute),
};
const size_t check_test_count = COUNT(check_tests);
