/* SPDX-License-Identifier: ISC */
/*
 * Values come as (slot, span) pairs in any order and are brought into slots by counting.
 *
 * The builder's own attribute set begins with the caller's names in the caller's order, so that
 * both have the same slots; the attributes that only the builder wants come behind.
 */
#include "directory/entry_builder.h"

#include "base/hash.h"
#include "base/time.h"
#include "base/vec.h"
#include "core/dn.h"
#include <assert.h>
#include <stdlib.h>

/* A constant of ppolicy: locked by an administrator, for ever
 * (draft-behera-ldap-password-policy 5.3.3). */
#define LOCKED_FOR_EVER "000001010000Z"

enum { ACCOUNT_DISABLED = 2 }; /* MS-ADTS 2.2.16, ADS_UF_ACCOUNT_DISABLE */

enum special {
	SPECIAL_ENTRY_UUID,
	SPECIAL_NS_UNIQUE_ID,
	SPECIAL_OBJECT_GUID,
	SPECIAL_ACCOUNT_CONTROL,
	SPECIAL_ACCOUNT_EXPIRES,
	SPECIAL_LOCKED_TIME,
	SPECIAL_ACCOUNT_LOCK,
	SPECIAL_START_TIME,
	SPECIAL_END_TIME,
	SPECIAL_COUNT
};

enum { FOR_KEY = 1, FOR_ENABLED = 2, FOR_EXPIRES = 4 };

/* Which kinds read which attribute, and for what. */
static const struct special_attribute {
	const char *name;
	unsigned purpose;
	unsigned kinds;
} specials[SPECIAL_COUNT] = {
#define KIND_BIT(kind) (1u << DIRECTORY_##kind)
#define LOOSE_KINDS    (KIND_BIT(GENERIC) | KIND_BIT(LDIF))
	[SPECIAL_ENTRY_UUID] = { "entryUUID", FOR_KEY, KIND_BIT(OPENLDAP) | LOOSE_KINDS },
	[SPECIAL_NS_UNIQUE_ID] = { "nsUniqueId", FOR_KEY, KIND_BIT(389DS) | LOOSE_KINDS },
	[SPECIAL_OBJECT_GUID] = { "objectGUID", FOR_KEY,
	    KIND_BIT(ACTIVE_DIRECTORY) | KIND_BIT(LDIF) },
	[SPECIAL_ACCOUNT_CONTROL] = { "userAccountControl", FOR_ENABLED,
	    KIND_BIT(ACTIVE_DIRECTORY) | LOOSE_KINDS },
	[SPECIAL_ACCOUNT_EXPIRES] = { "accountExpires", FOR_ENABLED | FOR_EXPIRES,
	    KIND_BIT(ACTIVE_DIRECTORY) | LOOSE_KINDS },
	[SPECIAL_LOCKED_TIME] = { "pwdAccountLockedTime", FOR_ENABLED,
	    KIND_BIT(OPENLDAP) | LOOSE_KINDS },
	[SPECIAL_ACCOUNT_LOCK] = { "nsAccountLock", FOR_ENABLED, KIND_BIT(389DS) | LOOSE_KINDS },
	[SPECIAL_START_TIME] = { "pwdStartTime", FOR_ENABLED, KIND_BIT(OPENLDAP) | LOOSE_KINDS },
	[SPECIAL_END_TIME] = { "pwdEndTime", FOR_ENABLED | FOR_EXPIRES,
	    KIND_BIT(OPENLDAP) | LOOSE_KINDS },
#undef LOOSE_KINDS
#undef KIND_BIT
};

struct pair {
	uint32_t slot;
	struct span value;
};

struct entry_builder {
	enum directory_kind kind;
	struct attribute_set *set; /* the caller's names, then ours */
	size_t slot_count;         /* of the caller */
	const char **names;        /* to ask for; ends in NULL */
	uint32_t special[SPECIAL_COUNT];
	uint32_t enabled, expires, key, dn, parent; /* derived slots that somebody wants */

	struct pair *pairs;
	size_t pair_count, pair_cap;
	struct span *spans;
	size_t span_cap;
	struct values *values; /* all slots, ours included */
	struct span derived[5];
	struct span entry_dn;
	bool has_range;
	char key_text[UUID_TEXT_SIZE];
	char expires_text[TIME_TEXT_SIZE];
	struct str scratch;
};

static uint32_t find_slot(const struct attribute_set *set, struct span name)
{
	size_t slot;

	return attribute_set_find(set, name, &slot) ? (uint32_t)slot : ENTRY_BUILDER_NO_SLOT;
}

static void want_specials(struct entry_builder *builder)
{
	unsigned purposes = FOR_KEY;

	if (builder->enabled != ENTRY_BUILDER_NO_SLOT)
		purposes |= FOR_ENABLED;
	if (builder->expires != ENTRY_BUILDER_NO_SLOT)
		purposes |= FOR_EXPIRES;
	for (size_t i = 0; i < SPECIAL_COUNT; i++) {
		const struct special_attribute *special = &specials[i];
		builder->special[i] = ENTRY_BUILDER_NO_SLOT;
		if ((special->kinds & (1u << builder->kind)) != 0 &&
		    (special->purpose & purposes) != 0)
			builder->special[i] = (uint32_t)attribute_set_add(
			    builder->set, span_of(special->name));
	}
}

static void list_names(struct entry_builder *builder)
{
	size_t count = attribute_set_count(builder->set), used = 0;

	builder->names = mem_new(count + 1, sizeof(*builder->names));
	for (size_t slot = 0; slot < count; slot++) {
		struct span name = attribute_set_name(builder->set, slot);
		if (name.at[0] != '.')
			builder->names[used++] = name.at;
	}
}

struct entry_builder *entry_builder_new(const struct attribute_set *set, enum directory_kind kind)
{
	struct entry_builder *builder = mem_new(1, sizeof(*builder));

	assert(kind != DIRECTORY_AUTO);
	builder->kind = kind;
	builder->set = attribute_set_new();
	builder->slot_count = attribute_set_count(set);
	for (size_t slot = 0; slot < builder->slot_count; slot++)
		attribute_set_add(builder->set, attribute_set_name(set, slot));
	builder->enabled = find_slot(set, SPAN(ATTRIBUTE_ENABLED));
	builder->expires = find_slot(set, SPAN(ATTRIBUTE_EXPIRES));
	builder->key = find_slot(set, SPAN(ATTRIBUTE_KEY));
	builder->dn = find_slot(set, SPAN(ATTRIBUTE_DN));
	builder->parent = find_slot(set, SPAN(ATTRIBUTE_PARENT));
	want_specials(builder);
	list_names(builder);
	builder->values = mem_new(attribute_set_count(builder->set), sizeof(*builder->values));
	return builder;
}

void entry_builder_free(struct entry_builder **builder)
{
	struct entry_builder *old = *builder;

	*builder = NULL;
	if (old == NULL)
		return;
	attribute_set_free(&old->set);
	free(old->names);
	free(old->pairs);
	free(old->spans);
	free(old->values);
	str_done(&old->scratch);
	free(old);
}

enum directory_kind entry_builder_kind(const struct entry_builder *builder)
{
	return builder->kind;
}

const char *const *entry_builder_attributes(const struct entry_builder *builder)
{
	return builder->names;
}

void entry_builder_begin(struct entry_builder *builder, struct span dn)
{
	builder->entry_dn = dn;
	builder->pair_count = 0;
	builder->has_range = false;
}

void entry_builder_set_dn(struct entry_builder *builder, struct span dn)
{
	builder->entry_dn = dn;
}

/* `mail;range=0-1499` is a part of mail: knowing that it is one matters, its values do not. */
static void note_range(struct entry_builder *builder, struct span attribute)
{
	struct span rest = attribute, name = span_split(&rest, ';');

	if (rest.len >= 6 && span_equal_ascii_case((struct span) { rest.at, 6 }, SPAN("range=")) &&
	    find_slot(builder->set, name) < builder->slot_count)
		builder->has_range = true;
}

uint32_t entry_builder_slot(struct entry_builder *builder, struct span attribute)
{
	uint32_t slot = find_slot(builder->set, attribute);

	if (slot == ENTRY_BUILDER_NO_SLOT && memchr(attribute.at, ';', attribute.len) != NULL)
		note_range(builder, attribute);
	return slot;
}

void entry_builder_add(struct entry_builder *builder, uint32_t slot, struct span value)
{
	struct pair *pair = vec_push(
	    (void **)&builder->pairs, &builder->pair_count, &builder->pair_cap, sizeof(*pair));

	pair->slot = slot;
	pair->value = value;
}

bool entry_builder_has_range(const struct entry_builder *builder)
{
	return builder->has_range;
}

static void sort_into_slots(struct entry_builder *builder)
{
	size_t slot_count = attribute_set_count(builder->set);
	struct values *values = builder->values;
	struct span *next;

	if (builder->pair_count > builder->span_cap) {
		builder->span_cap = builder->pair_cap;
		builder->spans = mem_grow(
		    builder->spans, builder->span_cap, sizeof(*builder->spans));
	}
	memset(values, 0, slot_count * sizeof(*values));
	for (size_t i = 0; i < builder->pair_count; i++)
		values[builder->pairs[i].slot].count++;
	next = builder->spans;
	for (size_t slot = 0; slot < slot_count; slot++) {
		values[slot].at = next;
		next += values[slot].count;
		values[slot].count = 0;
	}
	for (size_t i = 0; i < builder->pair_count; i++) {
		struct values *own = &values[builder->pairs[i].slot];
		builder->spans[own->at - builder->spans + own->count++] = builder->pairs[i].value;
	}
}

static struct span special_value(const struct entry_builder *builder, enum special which)
{
	uint32_t slot = builder->special[which];

	if (slot == ENTRY_BUILDER_NO_SLOT || builder->values[slot].count == 0)
		return SPAN_NULL;
	return builder->values[slot].at[0];
}

/* A file need not carry a key; then its DN has to do, and a renamed entry is a new one. */
static struct uuid key_of_dn(struct entry_builder *builder)
{
	struct uuid key;
	struct digest digest;

	str_truncate(&builder->scratch, 0);
	str_add(&builder->scratch, SPAN("scimward-ldif"));
	dn_normalize(builder->entry_dn, &builder->scratch);
	digest = hash_digest(str_span(&builder->scratch));
	static_assert(sizeof(key.byte) == sizeof(digest.byte), "a key is as long as a digest");
	memcpy(key.byte, digest.byte, sizeof(key.byte));
	return key;
}

static bool find_key(struct entry_builder *builder, struct uuid *ret_key, struct span *ret_why)
{
	struct span uuid = special_value(builder, SPECIAL_ENTRY_UUID);
	struct span unique_id = special_value(builder, SPECIAL_NS_UNIQUE_ID);
	struct span guid = special_value(builder, SPECIAL_OBJECT_GUID);

	*ret_why = SPAN("its key is not a UUID");
	if (uuid.at != NULL)
		return uuid_parse(uuid, ret_key) && !uuid_is_zero(ret_key);
	if (unique_id.at != NULL)
		return uuid_parse(unique_id, ret_key) && !uuid_is_zero(ret_key);
	if (guid.at != NULL)
		return uuid_from_object_guid(guid, ret_key) && !uuid_is_zero(ret_key);
	*ret_why = SPAN("it has no key attribute that this bind identity can read");
	if (builder->kind != DIRECTORY_LDIF)
		return false;
	*ret_key = key_of_dn(builder);
	return true;
}

static bool number_of(struct span text, int64_t *ret_number)
{
	bool is_negative = text.len > 0 && text.at[0] == '-';
	uint64_t number;

	if (text.at == NULL)
		return false;
	if (!span_to_u64(
		(struct span) { text.at + is_negative, text.len - is_negative }, &number) ||
	    number > INT64_MAX)
		return false;
	*ret_number = is_negative ? -(int64_t)number : (int64_t)number;
	return true;
}

static bool expires_at(const struct entry_builder *builder, int64_t *ret_wall_ms)
{
	struct span end = special_value(builder, SPECIAL_END_TIME);
	int64_t filetime;

	if (number_of(special_value(builder, SPECIAL_ACCOUNT_EXPIRES), &filetime) &&
	    time_from_filetime(filetime, ret_wall_ms))
		return true;
	return end.at != NULL && time_parse_generalized(end, ret_wall_ms);
}

/* Whether it is disabled whatever the time is. */
static bool is_disabled(const struct entry_builder *builder)
{
	struct span lock = special_value(builder, SPECIAL_ACCOUNT_LOCK);
	int64_t control;

	if (number_of(special_value(builder, SPECIAL_ACCOUNT_CONTROL), &control) &&
	    (control & ACCOUNT_DISABLED) != 0)
		return true;
	if (span_equal(special_value(builder, SPECIAL_LOCKED_TIME), SPAN(LOCKED_FOR_EVER)))
		return true;
	return lock.at != NULL && span_equal_ascii_case(lock, SPAN("true"));
}

/* What the time makes of an account, and until when. */
static struct validity {
	bool has_begun, is_over;
	int64_t turns_ms;
} validity_of(const struct entry_builder *builder, int64_t wall_ms)
{
	struct span start = special_value(builder, SPECIAL_START_TIME);
	struct validity validity = { .has_begun = true };
	int64_t start_ms, end_ms;

	if (expires_at(builder, &end_ms)) {
		validity.is_over = end_ms <= wall_ms;
		validity.turns_ms = validity.is_over ? 0 : end_ms;
	}
	if (start.at != NULL && time_parse_generalized(start, &start_ms) && start_ms > wall_ms) {
		validity.has_begun = false;
		if (!validity.is_over && (validity.turns_ms == 0 || start_ms < validity.turns_ms))
			validity.turns_ms = start_ms;
	}
	return validity;
}

static void derive(struct entry_builder *builder, uint32_t slot, size_t place, struct span value)
{
	if (slot == ENTRY_BUILDER_NO_SLOT)
		return;
	builder->derived[place] = value;
	builder->values[slot] = (struct values) { &builder->derived[place], 1 };
}

static void derive_enabled(struct entry_builder *builder, int64_t wall_ms, struct entry *entry)
{
	struct validity validity = validity_of(builder, wall_ms);
	bool is_kept_out = is_disabled(builder);

	derive(builder, builder->enabled, 3,
	    is_kept_out || validity.is_over || !validity.has_begun ? SPAN("FALSE") : SPAN("TRUE"));
	entry->turns_ms = is_kept_out ? 0 : validity.turns_ms;
	entry->is_expired = validity.is_over && !is_kept_out;
}

static void derive_all(struct entry_builder *builder, const struct uuid *key)
{
	int64_t expires_ms;

	derive(builder, builder->dn, 0, builder->entry_dn);
	derive(builder, builder->parent, 1, dn_parent(builder->entry_dn));
	if (builder->key != ENTRY_BUILDER_NO_SLOT) {
		uuid_format(key, builder->key_text);
		derive(builder, builder->key, 2, span_of(builder->key_text));
	}
	if (builder->expires != ENTRY_BUILDER_NO_SLOT && expires_at(builder, &expires_ms)) {
		time_format(expires_ms, false, builder->expires_text);
		derive(builder, builder->expires, 4, span_of(builder->expires_text));
	}
}

bool entry_builder_finish(
    struct entry_builder *builder, int64_t wall_ms, struct entry *ret_entry, struct span *ret_why)
{
	struct uuid key;

	sort_into_slots(builder);
	if (builder->entry_dn.len == 0) {
		*ret_why = SPAN("it has no readable DN");
		return false;
	}
	if (!find_key(builder, &key, ret_why))
		return false;
	if (builder->has_range) {
		*ret_why = SPAN("an attribute has more values than the server gives at once");
		return false;
	}
	derive_all(builder, &key);
	*ret_entry = (struct entry) { .dn = builder->entry_dn,
		.key = key,
		.values = builder->values,
		.slot_count = builder->slot_count };
	if (builder->enabled != ENTRY_BUILDER_NO_SLOT)
		derive_enabled(builder, wall_ms, ret_entry);
	return true;
}
