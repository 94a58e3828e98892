/* SPDX-License-Identifier: ISC */
/*
 * Certificates read back from the state, for people to look at.
 */
#include "core/certificate.h"
#include <jansson.h>

static uint64_t read_count(const json_t *object, const char *name)
{
	json_int_t count = json_integer_value(json_object_get(object, name));

	return count < 0 ? 0 : (uint64_t)count;
}

static bool read_bool(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

static struct span read_text(const json_t *object, const char *name, struct arena *arena)
{
	const json_t *text = json_object_get(object, name);

	if (!json_is_string(text))
		return SPAN_NULL;
	return arena_span(
	    arena, (struct span) { json_string_value(text), json_string_length(text) });
}

static struct certificate_record read_record(const json_t *object, struct arena *arena)
{
	return (struct certificate_record) {
		.certificate = { read_bool(object, "certified"), read_text(object, "missing", arena) },
		.facts = {
			.is_complete = read_bool(object, "complete"),
			.incomplete_why = read_text(object, "incompleteWhy", arena),
			.entries = read_count(object, "entries"),
			.unusable = read_count(object, "unusable"),
			.referrals = read_count(object, "referrals"),
			.referral = read_text(object, "referral", arena),
			.canaries = read_count(object, "canaries"),
			.missing_canary = read_text(object, "missingCanary", arena),
			.groups = read_count(object, "groups"),
			.unknown_groups = read_count(object, "unknownGroups"),
			.unknown_group = read_text(object, "unknownGroup", arena),
			.identity = read_text(object, "identity", arena),
			.peer = read_text(object, "peer", arena),
			.changes_by = read_text(object, "changesBy", arena),
		},
	};
}

enum status certificate_decode_list(struct span json, struct arena *arena,
    const struct certificate_record **ret_records, size_t *ret_count, struct err *reterr)
{
	json_t *list = json_loadb(json.at == NULL ? "" : json.at, json.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	struct certificate_record *records;
	enum status status = STATUS_OK;
	size_t count = json_array_size(list);

	if (!json_is_array(list))
		status = STATUS_CORRUPT;
	records = arena_array(arena, count, sizeof(*records));
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		const json_t *object = json_array_get(list, i);

		if (json_is_object(object))
			records[i] = read_record(object, arena);
		else
			status = STATUS_CORRUPT;
	}
	json_decref(list);
	if (status != STATUS_OK) {
		err_set(reterr, "reading a stored certificate: it is not a list of certificates");
		return status;
	}
	*ret_records = records;
	*ret_count = count;
	return STATUS_OK;
}
