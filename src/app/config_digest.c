/* SPDX-License-Identifier: ISC */
/*
 * The canonical rendering: what holds after all defaults, as JSON on one line, keys in the order of
 * the table, durations in ms, what is not set as null.  Comments, order and spelling of the file
 * make no difference; two that mean the same have one digest.  Secrets appear as references only.
 */
#include "app/config_p.h"
#include "base/emit.h"
#include "base/hash.h"

/* A list of options over the struct they are stored in. */
struct rendered {
	const struct option *options;
	size_t count;
	const char *base;
};

static void render_members(struct emitter *writer, const struct rendered *group);

static uint64_t number_at(const struct option *option, const char *at)
{
	return option->size == sizeof(uint64_t) ? *(const uint64_t *)(const void *)at
						: *(const uint32_t *)(const void *)at;
}

static void render_items(
    struct emitter *writer, const struct option *option, const struct rendered *group)
{
	size_t count = *(const size_t *)(const void *)(group->base + option->count_offset);
	const void *items = *(const void *const *)(const void *)(group->base + option->offset);

	emit_array_open(writer);
	for (size_t i = 0; i < count; i++) {
		if (option->type == OPTION_GROUPS)
			render_members(
			    writer, &(struct rendered) { option->members, option->member_count,
					(const char *)items + i * option->element_size });
		else if (option->type == OPTION_SPANS)
			emit_string(writer, ((const struct span *)items)[i]);
		else
			emit_string_c(writer, ((const char *const *)items)[i]);
	}
	emit_array_close(writer);
}

static void render_value(
    struct emitter *writer, const struct option *option, const struct rendered *group)
{
	const void *at = group->base + option->offset;

	switch (option->type) {
	case OPTION_BOOLEAN:
		emit_bool(writer, *(const bool *)at);
		return;
	case OPTION_NUMBER:
		emit_int(writer, (int64_t)number_at(option, at));
		return;
	case OPTION_DURATION:
		emit_int(writer, *(const int64_t *)at);
		return;
	case OPTION_WORD:
		emit_string_c(writer, option->words[*(const unsigned *)at]);
		return;
	case OPTION_TEXT:
		emit_string_c(writer, *(const char *const *)at);
		return;
	case OPTION_SPAN:
	case OPTION_SECRET:
		emit_string(writer, *(const struct span *)at);
		return;
	case OPTION_TEXTS:
	case OPTION_SPANS:
	case OPTION_WORDS:
	case OPTION_GROUPS:
		render_items(writer, option, group);
		return;
	case OPTION_GROUP:
		render_members(writer,
		    &(struct rendered) { option->members, option->member_count, group->base });
		return;
	}
}

static void render_members(struct emitter *writer, const struct rendered *group)
{
	emit_object_open(writer);
	for (size_t i = 0; i < group->count; i++) {
		emit_key(writer, group->options[i].name);
		render_value(writer, &group->options[i], group);
	}
	emit_object_close(writer);
}

void config_digest_draft(struct draft *draft)
{
	struct rendered root = { config_options, config_option_count, (const char *)draft };
	struct emitter writer;
	struct str text = { 0 }, hex = { 0 };
	uint8_t hash[SHA256_BYTES];

	emit_init(&writer, &text, 0);
	render_members(&writer, &root);
	hash_sha256(str_span(&text), hash);
	hex_encode((struct span) { (const char *)hash, sizeof(hash) }, &hex);
	memcpy(draft->config.config_digest, str_c(&hex), sizeof(draft->config.config_digest));
	str_done(&hex);
	str_done(&text);
}
