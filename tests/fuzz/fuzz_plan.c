/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what is made of a saved plan, which anybody may have written: cut into pieces of any size
 * it is taken or refused alike, with the same actions, and one that is taken is JSON as jansson
 * reads it.
 */
#include "core/plan_reader.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct reading {
	struct fuzz_sum {
		struct digest all;
		size_t count;
	} sum;
	enum status status;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void on_item(void *context, const struct plan_item *item)
{
	struct reading *reading = context;

	reading->sum.count++;
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		reading->sum.all.byte[i] ^= item->content.byte[i] ^
					    item->subject.byte[(i + 1) % 16];
}

static struct reading read_by(struct span input, size_t step)
{
	struct reading reading = { 0 };
	struct plan_reader *reader = plan_reader_new(on_item, &reading);
	const struct plan_head *head;
	bool goes_on = true;

	for (size_t i = 0; i < input.len && goes_on; i += step) {
		size_t len = input.len - i < step ? input.len - i : step;

		goes_on = plan_reader_take(reader, (struct span) { input.at + i, len });
	}
	reading.status = plan_reader_end(reader, &head, NULL);
	plan_reader_free(&reader);
	return reading;
}

static void check_json(struct span input, const struct reading *reading)
{
	json_t *root = json_loadb(input.at, input.len, JSON_ALLOW_NUL, NULL);

	check(json_array_size(json_object_get(root, "actions")) == reading->sum.count);
	json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = { (const char *)bytes, size };
	struct reading whole = read_by(input, size + 1), pieces = read_by(input, 1 + size % 7);

	check(whole.status == pieces.status && whole.sum.count == pieces.sum.count);
	check(digest_equal(&whole.sum.all, &pieces.sum.all));
	if (whole.status == STATUS_OK)
		check_json(input, &whole);
	return 0;
}
