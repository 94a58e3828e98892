/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what base does with text: UTF-8, JSON strings, hex, base64 and UUIDs.
 */
#include "base/emit.h"
#include "base/hash.h"
#include "base/unicode.h"
#include "base/uuid.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

typedef bool text_map(struct span text, struct str *out);

/* Valid text maps to valid text, other text to nothing; `is_stable` ones do nothing a second time.
 */
static void check_map(struct span text, text_map *map, bool is_stable)
{
	struct str once = { 0 }, twice = { 0 };
	str_add_c(&once, "kept");
	check(map(text, &once) == utf8_is_valid(text));
	check(once.len >= 4 && memcmp(once.at, "kept", 4) == 0);
	struct span mapped = { once.at + 4, once.len - 4 };
	check(utf8_is_valid(mapped) && (utf8_is_valid(text) || mapped.len == 0));
	check(map(mapped, &twice));
	check(!is_stable || span_equal(mapped, str_span(&twice)));
	str_done(&once);
	str_done(&twice);
}

static void check_unicode(struct span text)
{
	struct str out = { 0 }, again = { 0 };
	uint32_t code_point;
	check_map(text, utf8_lower, true);
	check_map(text, utf8_upper, false);
	check_map(text, utf8_nfc, true);
	check_map(text, utf8_fold, false);
	check_map(text, utf8_to_ascii, true);
	check(utf8_equal_fold(text, text));
	check(utf8_next(text, &code_point) <= text.len);
	utf8_printable(text, &out);
	check(utf8_is_valid(str_span(&out)));
	utf8_printable(str_span(&out), &again);
	check(span_equal(str_span(&out), str_span(&again)));
	str_truncate(&out, 0);
	if (utf8_to_ascii(text, &out))
		check(utf8_is_ascii(str_span(&out)));
	str_truncate(&out, 0);
	emit_escape(text, &out);
	check(utf8_is_valid(str_span(&out)) && out.len >= 2);
	str_done(&out);
	str_done(&again);
}

static void check_base64(struct span text)
{
	struct str encoded = { 0 }, decoded = { 0 };
	base64_encode(text, &encoded);
	check(base64_decode(str_span(&encoded), &decoded));
	check(decoded.len == text.len &&
	      (text.len == 0 || memcmp(decoded.at, text.at, text.len) == 0));
	str_truncate(&encoded, 0);
	str_truncate(&decoded, 0);
	if (base64_decode(text, &decoded)) {
		base64_encode(str_span(&decoded), &encoded);
		check(encoded.len == text.len &&
		      (text.len == 0 || memcmp(encoded.at, text.at, text.len) == 0));
	}
	str_done(&encoded);
	str_done(&decoded);
}

static void check_hex(struct span text)
{
	struct str encoded = { 0 };
	uint8_t bytes[64];
	size_t count;
	if (hex_decode(text, bytes, sizeof(bytes), &count)) {
		hex_encode((struct span) { (const char *)bytes, count }, &encoded);
		check(encoded.len == text.len);
		check(count == 0 || span_equal_ascii_case(str_span(&encoded), text));
	}
	str_done(&encoded);
}

static void check_uuid(struct span text)
{
	struct uuid uuid, again;
	char written[UUID_TEXT_SIZE];
	if (!uuid_parse(text, &uuid) && !uuid_from_object_guid(text, &uuid))
		return;
	uuid_format(&uuid, written);
	check(uuid_parse(span_of(written), &again) && uuid_compare(&uuid, &again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span text = { (const char *)bytes, size };
	check_unicode(text);
	check_base64(text);
	check_hex(text);
	check_uuid(text);
	return 0;
}
