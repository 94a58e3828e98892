/* SPDX-License-Identifier: ISC */
#include "support.h"
#include <stdlib.h>

void test_entry_build(struct test_entry *entry, const struct attribute_set *set, const char *dn,
    const struct test_value *values, size_t count)
{
	size_t slot_count = attribute_set_count(set), used = 0, slot;

	entry->values = calloc(slot_count + 1, sizeof(*entry->values));
	entry->spans = calloc(count + 1, sizeof(*entry->spans));
	assert_non_null(entry->values);
	assert_non_null(entry->spans);
	for (size_t wanted = 0; wanted < slot_count; wanted++) {
		size_t first = used;

		for (size_t i = 0; i < count; i++) {
			if (attribute_set_find(set, span_of(values[i].name), &slot) &&
			    slot == wanted)
				entry->spans[used++] = values[i].value;
		}
		entry->values[wanted] =
		    (struct values) { entry->spans + first, (uint32_t)(used - first) };
	}
	entry->entry =
	    (struct entry) { .dn = span_of(dn), .values = entry->values, .slot_count = slot_count };
}

void test_entry_done(struct test_entry *entry)
{
	free(entry->values);
	free(entry->spans);
	*entry = (struct test_entry) { 0 };
}
