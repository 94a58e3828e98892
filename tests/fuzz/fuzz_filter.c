/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes filters: the text before a line "--" is compiled, what follows is the value of every
 * attribute and the DN of the entry.
 */
#include "base/unicode.h"
#include "core/filter.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static enum filter_result negate(enum filter_result result)
{
	switch (result) {
	case FILTER_FALSE:
		return FILTER_TRUE;
	case FILTER_TRUE:
		return FILTER_FALSE;
	case FILTER_UNDEFINED:
		return FILTER_UNDEFINED;
	}
	abort();
}

/* What the filter says, and that its negation says the contrary. */
static void check_filter(struct span text, struct span value)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL, *contrary = NULL;
	struct err err = { "" };
	struct str negated = { 0 };
	struct values one = { &value, 1 };
	struct values values[64];
	struct entry entry = { .dn = value, .values = values, .slot_count = 64 };
	size_t offset = 0;

	for (size_t i = 0; i < 64; i++)
		values[i] = one;
	if (filter_compile(text, set, &filter, &offset, &err) == STATUS_OK) {
		check(span_equal(filter_text(filter), text));
		str_add_c(&negated, "(!");
		str_add(&negated, text);
		str_add_c(&negated, ")");
		if (filter_compile(str_span(&negated), set, &contrary, NULL, NULL) == STATUS_OK)
			check(filter_evaluate(contrary, &entry) ==
			      negate(filter_evaluate(filter, &entry)));
		check(filter_matches(filter, &entry) ==
		      (filter_evaluate(filter, &entry) == FILTER_TRUE));
		entry.slot_count = 0;
		filter_evaluate(filter, &entry);
	} else {
		check(offset <= text.len);
		check(err.text[0] != '\0' && utf8_is_valid(span_of(err.text)));
	}
	filter_free(&filter);
	filter_free(&contrary);
	str_done(&negated);
	attribute_set_free(&set);
}

/* A value that was escaped matches itself. */
static void check_escape(struct span value)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct str text = { 0 };
	struct values one = { &value, 1 };
	struct entry entry = { .values = &one, .slot_count = 1 };

	str_add_c(&text, "(x=");
	filter_escape(value, &text);
	str_add_c(&text, ")");
	if (text.len <= FILTER_TEXT_MAX_BYTES) {
		check(filter_compile(str_span(&text), set, &filter, NULL, NULL) == STATUS_OK);
		check(filter_matches(filter, &entry));
	}
	filter_free(&filter);
	str_done(&text);
	attribute_set_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span text = { (const char *)bytes, size }, value = SPAN("");
	const char *mark = memmem(bytes, size, "\n--\n", 4);

	if (mark != NULL) {
		text.len = (size_t)(mark - text.at);
		value = (struct span) { mark + 4, size - text.len - 4 };
	}
	check_filter(text, value);
	check_escape(value);
	return 0;
}
