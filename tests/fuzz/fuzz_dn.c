/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes DNs: one form for comparing, and what can be cut off them.
 */
#include "base/unicode.h"
#include "core/dn.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_normal_form(struct span dn)
{
	struct str normal = { 0 }, again = { 0 };

	dn_normalize(dn, &normal);
	check(dn_equal_normalized(dn, str_span(&normal), &again));
	if (dn_is_valid(dn)) {
		check(utf8_is_valid(str_span(&normal)) && dn_is_valid(str_span(&normal)));
		check(dn_depth(str_span(&normal)) == dn_depth(dn));
	}
	if (dn_is_valid(dn) && utf8_is_ascii(str_span(&normal))) {
		str_truncate(&again, 0);
		dn_normalize(str_span(&normal), &again);
		check(span_equal(str_span(&normal), str_span(&again)));
	}
	str_done(&normal);
	str_done(&again);
}

static void check_parts(struct span dn)
{
	struct span rest = dn, type, value;
	size_t count = 0;

	while (dn_next_part(&rest, &type, &value)) {
		struct str plain = { 0 };

		dn_unescape(value, &plain);
		check(plain.len <= value.len);
		check(type.len + value.len <= dn.len);
		str_done(&plain);
		count++;
	}
	check(count >= (dn_is_valid(dn) ? dn_depth(dn) : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span dn = { (const char *)bytes, size };
	struct span parent = dn_parent(dn);

	check_normal_form(dn);
	check_parts(dn);
	check(dn_equal(dn, dn) && dn_is_within(dn, dn) && dn_is_within(dn, SPAN("")));
	check(dn_rdn_value(dn).len <= dn.len && parent.len <= dn.len);
	if (dn_is_valid(dn) && dn_depth(dn) > 0) {
		check(dn_is_within(dn, parent));
		check(dn_depth(parent) + 1 == dn_depth(dn));
	}
	return 0;
}
