/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the readers of what a tenant answers.  Each body is read in every way; what was read must
 * be an account that the rest of the program can take, and what is said of it must be printable.
 */
#include "base/unicode.h"
#include "scim/codec_decode.h"
#include "scim/outcome.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* A message has no control characters and is UTF-8. */
static void check_words(const char *text)
{
	struct span words = span_of(text);
	struct str printable = { 0 };

	check(utf8_is_valid(words));
	utf8_printable(words, &printable);
	check(span_equal(str_span(&printable), words) || words.len == 0);
	str_done(&printable);
}

static void check_text(struct span text)
{
	check(text.at == NULL || (text.len > 0 && utf8_is_valid(text)));
}

/* What is kept of it is read back as the same. */
static void check_account(const struct account *account, struct arena *arena)
{
	struct str canonical = { 0 }, again = { 0 };
	struct account decoded;

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		check_text(account->text[i]);
	for (size_t i = 0; i < account->workspace_count; i++) {
		check(account->workspaces[i].len > 0);
		check(
		    i == 0 || span_compare(account->workspaces[i - 1], account->workspaces[i]) < 0);
	}
	account_encode(account, &canonical);
	check(account_decode(str_span(&canonical), arena, &decoded, NULL) == STATUS_OK);
	account_encode(&decoded, &again);
	check(span_equal(str_span(&canonical), str_span(&again)));
	str_done(&canonical);
	str_done(&again);
}

static void check_accounts(
    enum status status, const struct decoded_accounts *list, const struct err *err)
{
	struct arena *arena = arena_new();

	check(status == STATUS_OK || status == STATUS_RETRY);
	if (status == STATUS_RETRY) {
		check(err->text[0] != '\0');
		check_words(err->text);
	} else {
		check(list->total >= -1 && (list->has_resources || list->count == 0));
		for (size_t i = 0; i < list->count; i++) {
			check(list->accounts[i].id.at != NULL && list->accounts[i].id.len > 0);
			check_account(&list->accounts[i].account, arena);
		}
	}
	arena_free(&arena);
}

static void check_workspaces(struct decoder *decoder, struct span body)
{
	struct decoded_workspaces workspaces;
	struct err err = { "" };

	if (decode_workspaces(decoder, body, &workspaces, &err) != STATUS_OK) {
		check(err.text[0] != '\0');
		check_words(err.text);
		return;
	}
	check(workspaces.total >= -1);
	for (size_t i = 0; i < workspaces.count; i++)
		check(workspaces.ids[i].len > 0 && utf8_is_valid(workspaces.ids[i]));
}

static void check_error(struct decoder *decoder, struct span body)
{
	struct decoded_error error = decode_error(decoder, body);
	struct http_answer answer = { .status = 400, .body = body, .retry_after = body };
	struct outcome outcome = outcome_judge(&answer, true, INT64_C(1772323200000));
	struct outcome_story story = { .method = SPAN("PATCH"),
		.path = SPAN("/Users/a1"),
		.answer = &answer,
		.detail = error.detail };
	struct err text = { "" };

	check(outcome.retry_after_ms >= -1 && outcome.retry_after_ms <= INT64_C(86400000));
	outcome_explain(&story, &text);
	check_words(text.text);
	/* A failure's words are bytes of the peer at times. */
	story.detail = body;
	outcome_explain(&story, &text);
	check_words(text.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span body = { (const char *)bytes, size };
	struct decoder *decoder = decoder_new();
	struct decoded_accounts list = { 0 };
	struct decoded_config config;
	struct err err = { "" };

	check_accounts(decode_list(decoder, body, &list, &err), &list, &err);
	err.text[0] = '\0';
	check_accounts(decode_account(decoder, body, &list, &err), &list, &err);
	check_workspaces(decoder, body);
	check_error(decoder, body);
	if (decode_config(decoder, body, &config, &err) != STATUS_OK)
		check_words(err.text);
	decoder_free(&decoder);
	return 0;
}
