/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes templates: the text before a line "--" is compiled, the lines behind it are the values of
 * every attribute.
 */
#include "base/unicode.h"
#include "core/template.h"

#include <stdint.h>
#include <stdlib.h>

enum { VALUES_MAX = 16, SLOTS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_evaluate(const struct template *template, const struct entry *entry)
{
	struct arena *arena = arena_new();
	struct span value = SPAN_NULL;
	struct err err = { "" };

	if (template_evaluate(template, entry, arena, &value, &err) == STATUS_OK) {
		check(value.at == NULL || value.len > 0);
		check(value.len <= TEMPLATE_VALUE_MAX_BYTES && utf8_is_valid(value));
		check(err.text[0] == '\0');
	} else {
		check(err.text[0] != '\0' && utf8_is_valid(span_of(err.text)));
	}
	arena_free(&arena);
}

static void check_template(struct span text, const struct values *one)
{
	struct attribute_set *set = attribute_set_new();
	struct template *template = NULL;
	struct err err = { "" };
	struct values values[SLOTS_MAX];
	struct entry entry = { .values = values, .slot_count = SLOTS_MAX };
	size_t offset = 0;

	for (size_t i = 0; i < SLOTS_MAX; i++)
		values[i] = *one;
	if (template_compile(text, set, &template, &offset, &err) == STATUS_OK) {
		check(span_equal(template_text(template), text));
		check_evaluate(template, &entry);
		entry.slot_count = 0;
		check_evaluate(template, &entry);
	} else {
		check(offset <= text.len);
		check(err.text[0] != '\0' && utf8_is_valid(span_of(err.text)));
	}
	template_free(&template);
	attribute_set_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span text = { (const char *)bytes, size }, rest = SPAN_NULL;
	const char *mark = memmem(bytes, size, "\n--\n", 4);
	struct span lines[VALUES_MAX];
	struct values values = { lines, 0 };

	if (mark != NULL) {
		text.len = (size_t)(mark - text.at);
		rest = (struct span) { mark + 4, size - text.len - 4 };
	}
	while (rest.len > 0 && values.count < VALUES_MAX)
		lines[values.count++] = span_split(&rest, '\n');
	check_template(text, &values);
	return 0;
}
