/* SPDX-License-Identifier: ISC */
/* LDIF in pieces: the first byte says how long they are. */
#include "core/x509.h"
#include "directory/ldif_parse.h"
#include "directory/member_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read must not be optimized away. */
static volatile size_t fuzz_sink;

/* Touches every byte that a record claims to hold. */
static size_t touch(const struct ldif_record *record)
{
	size_t sum = record->dn.len;

	for (size_t i = 0; i < record->value_count; i++) {
		struct member_range range;
		struct span value = record->values[i].value;
		for (size_t j = 0; j < value.len; j++)
			sum += (unsigned char)value.at[j];
		sum += member_unique_dn(value).len;
		sum += member_range_parse(record->values[i].name, SPAN("member"), &range);
	}
	return sum;
}

static size_t take_records(struct ldif_splitter *splitter, bool is_end, struct ldif_record *record)
{
	struct ldif_text text;
	struct err err = { "" };
	size_t sum = 0;

	while (ldif_splitter_next(splitter, is_end, &text) == LDIF_SPLIT_RECORD)
		if (ldif_record_parse(&text, record, &err) != LDIF_BAD)
			sum += touch(record);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ldif_splitter splitter = { 0 };
	struct ldif_record record = { 0 };
	struct x509_summary summary;
	size_t piece = size == 0 ? 1 : (size_t)data[0] + 1;
	size_t sum = 0;

	for (size_t at = 1; at < size; at += piece) {
		size_t count = size - at < piece ? size - at : piece;
		ldif_splitter_add(&splitter, (struct span) { (const char *)data + at, count });
		sum += take_records(&splitter, false, &record);
	}
	sum += take_records(&splitter, true, &record);
	x509_summarize((struct span) { (const char *)data, size }, &summary);
	x509_dns_name((struct span) { (const char *)data, size });
	fuzz_sink = sum;
	ldif_record_done(&record);
	ldif_splitter_done(&splitter);
	return 0;
}
