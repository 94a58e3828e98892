/* SPDX-License-Identifier: ISC */
/* The bytes of a mail, and what may stand in it. */
#include "tests/unit/notify/tests.h"

#include "notify/letter.h"
#include "notify/mail.h"
#include "notify/url.h"

static void writes_a_letter(void **state)
{
	static const char *const to[] = { "iam@corp.example", "soc@corp.example" };
	struct notice notice = { .event = NOTICE_RECOVERED,
		.id = { 1, 2 },
		.at_ms = INT64_C(1772366405000),
		.run_id = 4,
		.failures = 2 };
	struct letter letter = { &notice, "scimward@corp.example", to, 2 };
	struct str text = { 0 };

	(void)state;
	letter_write(&letter, &text);
	assert_string_equal(str_c(&text),
	    "Date: Sun, 01 Mar 2026 12:00:05 +0000\r\n"
	    "From: scimward <scimward@corp.example>\r\n"
	    "To: <iam@corp.example>,\r\n <soc@corp.example>\r\n"
	    "Subject: [scimward] Recovered after 2 failed cycles\r\n"
	    "Message-ID: <00000000000000010000000000000002@corp.example>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "\r\n"
	    "Recovered after 2 failed cycles.\r\n"
	    "\r\n"
	    "{\"event\":\"recovered\",\"id\":\"00000000000000010000000000000002\","
	    "\"at\":\"2026-03-01T12:00:05Z\",\"run\":4,\"summary\":\"Recovered after 2 failed "
	    "cycles\",\"failures\":2}\r\n");
	str_done(&text);
}

static void the_subject_ends_where_details_begin(void **state)
{
	static const char *const to[] = { "a@b" };
	struct notice notice = { .event = NOTICE_QUARANTINE, .at_ms = 1, .count = 2 };
	struct letter letter = { &notice, "a@b", to, 1 };
	struct str text = { 0 };

	(void)state;
	letter_write(&letter, &text);
	assert_non_null(strstr(
	    str_c(&text), "Subject: [scimward] The tenant refused 2 more users\r\nMessage-ID"));
	str_done(&text);
}

static void judges_replies(void **state)
{
	(void)state;
	assert_int_equal(mail_judge(250, true), COURIER_DELIVERED);
	assert_int_equal(mail_judge(550, true), COURIER_DELIVERED);
	assert_int_equal(mail_judge(535, false), COURIER_REFUSED);
	assert_int_equal(mail_judge(500, false), COURIER_REFUSED);
	assert_int_equal(mail_judge(421, false), COURIER_LATER);
	assert_int_equal(mail_judge(250, false), COURIER_LATER);
	assert_int_equal(mail_judge(0, false), COURIER_LATER);
}

static void knows_sound_addresses(void **state)
{
	static const char *const sound[] = { "a@b", "iam+scimward@corp.example", "a.b-c_d@e.f" };
	static const char *const odd[] = { "", "a", "@", "a@", "@b", "a@b@c", "a b@c", "<a@b>",
		"a@b>", "a@b\r\nRCPT TO:<x@y>", "a@b,c@d", "\"a\"@b", "\xc3\xa4@b", "a@b\n" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sound); i++)
		assert_true(notify_address_is_sound(span_of(sound[i])));
	for (size_t i = 0; i < COUNT_OF(odd); i++)
		assert_false(notify_address_is_sound(span_of(odd[i])));
}

static void knows_mail_servers(void **state)
{
	static const char *const right[] = { "smtps://mail.corp.example", "smtp://mail:587",
		"SMTP://127.0.0.1:25" };
	static const char *const wrong[] = { "https://mail/", "mail", "smtp://", "smtps:///x",
		"smtp://me:hunter2@mail", "smtps://mail /", "smtp:mail" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(right); i++) {
		assert_int_equal(notify_mail_url_check(span_of(right[i]), NULL), STATUS_OK);
		assert_int_equal(notify_url_is_loopback(span_of(right[i])), i == 2);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_int_equal(notify_mail_url_check(span_of(wrong[i]), NULL), STATUS_REJECT);
}

const struct CMUnitTest mail_tests[] = {
	cmocka_unit_test(writes_a_letter),
	cmocka_unit_test(the_subject_ends_where_details_begin),
	cmocka_unit_test(judges_replies),
	cmocka_unit_test(knows_sound_addresses),
	cmocka_unit_test(knows_mail_servers),
};
const size_t mail_test_count = COUNT_OF(mail_tests);
