/* SPDX-License-Identifier: ISC */
/* What servers say of changes, and cursors: one is read as the other, whichever it is. */
#include "directory/cursor.h"
#include "directory/dirsync_codec.h"
#include "directory/sync_codec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read must not be optimized away. */
static volatile size_t fuzz_sink;

static size_t read_sync(struct span bytes)
{
	struct sync_state state = { 0 };
	struct sync_done done = { .cookie = SPAN_NULL };
	struct sync_info info = { 0 };
	struct dirsync_answer answer = { .cookie = SPAN_NULL };
	struct uuid key;
	size_t sum = 0;

	if (sync_state_decode(bytes, &state))
		sum += state.key.byte[15] + state.cookie.len;
	if (sync_done_decode(bytes, &done))
		sum += done.cookie.len;
	if (dirsync_answer_decode(bytes, &answer))
		sum += answer.cookie.len + answer.has_more;
	if (!sync_info_decode(bytes, &info))
		return sum;
	for (size_t i = 0; i < info.cookie.len; i++)
		sum += (unsigned char)info.cookie.at[i];
	while (info.kind == SYNC_INFO_IDS && sync_next_id(&info.ids, &key))
		sum += key.byte[0];
	if (info.kind == SYNC_INFO_IDS && info.ids.len != 0)
		abort();
	return sum;
}

/* What is taken for a cursor is written as it was read. */
static void read_cursor(struct span text)
{
	struct arena *arena = arena_new();
	struct str first = { 0 }, second = { 0 };
	struct cursor cursor;

	if (cursor_decode(text, arena, &cursor)) {
		cursor_encode(&cursor, &first);
		if (!cursor_decode(str_span(&first), arena, &cursor))
			abort();
		cursor_encode(&cursor, &second);
		if (!span_equal(str_span(&first), str_span(&second)))
			abort();
	}
	str_done(&first);
	str_done(&second);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { (const char *)data, size };

	fuzz_sink = read_sync(bytes);
	read_cursor(bytes);
	return 0;
}
