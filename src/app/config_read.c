/* SPDX-License-Identifier: ISC */
/*
 * From libconfig's tree into the draft, by the table of keys.
 *
 * A key that is absent takes its default through the same reader as one that is there, so that the
 * table's text is both what the manual says and what holds.
 */
#include "app/config_p.h"
#include "base/nearest.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/unicode.h"
#include <limits.h>

/* Repeats are found by comparing all with all. */
enum { ITEMS_MAX = 2000 };

_Static_assert(sizeof(enum policy_scope) == sizeof(unsigned), "words are stored as unsigned");

/* One key of one group: where it is read from, and the struct it is written to. */
struct target {
	const struct option *option;
	const config_setting_t *group; /* NULL: the file does not have it */
	char *base;
};

static void *member_at(const struct target *target)
{
	return target->base + target->option->offset;
}

static size_t *count_at(const struct target *target)
{
	return (size_t *)(void *)(target->base + target->option->count_offset);
}

/* Places. */

static void add_path(const config_setting_t *setting, struct str *path)
{
	const config_setting_t *parent = config_setting_parent(setting);

	if (parent == NULL)
		return;
	add_path(parent, path);
	if (config_setting_is_group(parent)) {
		str_add_c(path, path->len == 0 ? "" : ".");
		str_add_c(path, config_setting_name(setting));
	} else {
		str_addf(path, "[%d]", config_setting_index(setting));
	}
}

/* @param name  cut off its first part */
static const config_setting_t *step(const config_setting_t *group, struct span *name)
{
	struct span part = span_split(name, '.');

	if (!config_setting_is_group(group))
		return NULL;
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);

		if (span_equal(span_of(config_setting_name(member)), part))
			return member;
	}
	return NULL;
}

const config_setting_t *config_find(const config_setting_t *group, const char *member)
{
	struct span rest = span_of(member);

	while (group != NULL && rest.len > 0)
		group = step(group, &rest);
	return group;
}

struct config_place config_place_of(
    const struct config_reader *reader, const config_setting_t *group, const char *member)
{
	struct span rest = span_of(member);
	const config_setting_t *deepest = group, *next = group;
	struct config_place place;
	struct str path = { 0 };

	add_path(group, &path);
	if (path.len > 0 && rest.len > 0)
		str_add_byte(&path, '.');
	str_add(&path, rest);
	while (next != NULL && rest.len > 0) {
		next = step(next, &rest);
		deepest = next == NULL ? deepest : next;
	}
	place = config_source_locate(reader->source, config_setting_source_line(deepest));
	place.key = config_faults_text(reader->faults, "%s", str_c(&path));
	str_done(&path);
	return place;
}

/* Whether `inner` is the key `outer` or below it. */
static bool is_key_within(struct span inner, struct span outer)
{
	if (outer.len == 0 || outer.len > inner.len || memcmp(outer.at, inner.at, outer.len) != 0)
		return false;
	return outer.len == inner.len || inner.at[outer.len] == '.' || inner.at[outer.len] == '[';
}

/* What is wrong with a group, or an item, is said at its own key. */
bool config_was_refused(
    const struct config_reader *reader, const config_setting_t *group, const char *member)
{
	struct config_place place = config_place_of(reader, group, member);

	for (size_t i = 0; i < reader->faults->count; i++) {
		const struct config_fault *fault = &reader->faults->at[i];

		if (fault->severity == CONFIG_FAULT &&
		    is_key_within(span_of(place.key), span_of(fault->key)))
			return true;
	}
	return config_faults_are_full(reader->faults);
}

bool config_has_fault_below(const struct config_reader *reader, const config_setting_t *setting)
{
	struct config_place place = config_place_of(reader, setting, "");

	for (size_t i = 0; i < reader->faults->count; i++) {
		const struct config_fault *fault = &reader->faults->at[i];

		if (fault->severity == CONFIG_FAULT &&
		    is_key_within(span_of(fault->key), span_of(place.key)))
			return true;
	}
	return config_faults_are_full(reader->faults);
}

/* Working out where is not free: a list of nothing but faults must not cost its square. */
static struct config_place place_to_report(
    const struct config_reader *reader, const config_setting_t *group, const char *member)
{
	if (config_faults_are_full(reader->faults))
		return (struct config_place) { .severity = CONFIG_FAULT };
	return config_place_of(reader, group, member);
}

void config_refuse(struct config_reader *reader, const config_setting_t *group, const char *member,
    const char *remedy, const char *what, ...)
{
	struct config_place place = place_to_report(reader, group, member);
	va_list arguments;

	va_start(arguments, what);
	config_faults_report(reader->faults, &place, remedy, what, arguments);
	va_end(arguments);
}

void config_warn(struct config_reader *reader, const config_setting_t *group, const char *member,
    const char *remedy, const char *what, ...)
{
	struct config_place place = place_to_report(reader, group, member);
	va_list arguments;

	place.severity = CONFIG_WARNING;
	va_start(arguments, what);
	config_faults_report(reader->faults, &place, remedy, what, arguments);
	va_end(arguments);
}

/* Types. */

static const char *found_name(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return "a group in braces";
	case CONFIG_TYPE_LIST:
		return "a list in round brackets";
	case CONFIG_TYPE_ARRAY:
		return "an array in square brackets";
	case CONFIG_TYPE_INT:
		return "a number";
	case CONFIG_TYPE_INT64:
		return "a number too large";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_STRING:
		return "a text";
	default: /* libconfig's types are plain numbers */
		return "nothing";
	}
}

static const char *wanted_text(struct config_reader *reader, const struct option *option)
{
	switch (option->type) {
	case OPTION_BOOLEAN:
		return "write true or false, without quotes";
	case OPTION_NUMBER:
		return "write a whole number, without quotes";
	case OPTION_DURATION:
		return "write a duration in quotes: \"90s\", \"15m\", \"24h\", \"7d\"";
	case OPTION_WORD:
		return config_faults_text(reader->faults,
		    "write one of its words in quotes, such as %s = \"%s\";", option->name,
		    option->words[0]);
	case OPTION_TEXT:
	case OPTION_SPAN:
	case OPTION_SECRET:
		return "write a text in quotes";
	case OPTION_TEXTS:
	case OPTION_SPANS:
	case OPTION_WORDS:
		return config_faults_text(reader->faults,
		    "write texts in square brackets: %s = [ \"…\", \"…\" ];", option->name);
	case OPTION_GROUP:
		return config_faults_text(
		    reader->faults, "write a group in braces: %s = { … };", option->name);
	case OPTION_GROUPS:
		return config_faults_text(reader->faults,
		    "write groups in round brackets: %s = ( { … }, { … } );", option->name);
	}
	return "";
}

static int library_type(enum option_type type)
{
	switch (type) {
	case OPTION_BOOLEAN:
		return CONFIG_TYPE_BOOL;
	case OPTION_NUMBER:
		return CONFIG_TYPE_INT;
	case OPTION_DURATION:
	case OPTION_WORD:
	case OPTION_TEXT:
	case OPTION_SPAN:
	case OPTION_SECRET:
		return CONFIG_TYPE_STRING;
	case OPTION_TEXTS:
	case OPTION_SPANS:
	case OPTION_WORDS:
		return CONFIG_TYPE_ARRAY;
	case OPTION_GROUP:
		return CONFIG_TYPE_GROUP;
	case OPTION_GROUPS:
		return CONFIG_TYPE_LIST;
	}
	return CONFIG_TYPE_NONE;
}

static bool has_type(
    struct config_reader *reader, const struct target *target, const config_setting_t *setting)
{
	if (config_setting_type(setting) == library_type(target->option->type))
		return true;
	config_refuse(reader, setting, "", wanted_text(reader, target->option), "it is %s",
	    found_name(setting));
	return false;
}

/* Texts. */

/* @return false and reports when it cannot be shown or stored; nothing of it is repeated */
static bool check_text(
    struct config_reader *reader, const config_setting_t *setting, struct span text)
{
	if (!utf8_is_valid(text)) {
		config_refuse(reader, setting, "",
		    "write it in UTF-8; \"\\x\" escapes make single bytes", "it is not UTF-8");
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (byte < 0x20 || byte == 0x7F) {
			config_refuse(reader, setting, "", "take it out",
			    "it holds a control character (0x%02x)", byte);
			return false;
		}
	}
	return true;
}

static bool check_secret(
    struct config_reader *reader, const config_setting_t *setting, struct span text)
{
	if (text.len == 0 || secret_is_reference(text))
		return true;
	config_refuse(reader, setting, "",
	    "put it into a file that only its reader can open and write "
	    "\"credential:NAME\" (systemd's LoadCredential=NAME:/path), \"file:/path\" or "
	    "\"env:NAME\"; "
	    "what stood here has been seen: change it",
	    "it is not a reference, and secrets are never written here");
	return false;
}

static void store_text(const struct target *target, struct arena *arena, struct span text)
{
	struct span kept = text.len == 0 ? SPAN_NULL : arena_span(arena, text);

	if (target->option->type == OPTION_TEXT)
		*(const char **)member_at(target) = kept.at;
	else
		*(struct span *)member_at(target) = kept;
}

/* An enumeration's constants are the indexes of its words. */
static bool store_word(const struct target *target, struct span text)
{
	for (unsigned i = 0; i < target->option->word_count; i++) {
		if (span_equal(span_of(target->option->words[i]), text)) {
			memcpy(member_at(target), &i, sizeof(i));
			return true;
		}
	}
	return false;
}

static void refuse_word(struct config_reader *reader, const struct option *option,
    const config_setting_t *setting, struct span text)
{
	config_refuse(reader, setting, "",
	    config_faults_suggest(reader->faults, text, option->words, option->word_count),
	    "\"%.*s\" is not one of its words", SPAN_ARG(text));
}

static void read_duration(struct config_reader *reader, const struct target *target,
    const config_setting_t *setting, struct span text)
{
	const struct option *option = target->option;
	char least[TIME_TEXT_SIZE], most[TIME_TEXT_SIZE];
	int64_t duration_ms;

	if (!duration_parse(text, &duration_ms)) {
		config_refuse(reader, setting, "", "write \"90s\", \"15m\", \"24h\" or \"7d\"",
		    "\"%.*s\" is not a duration", SPAN_ARG(text));
	} else if (duration_ms < option->min || duration_ms > option->max) {
		duration_format(option->min, least);
		duration_format(option->max, most);
		config_refuse(reader, setting, "",
		    config_faults_text(reader->faults, "it can be %s to %s", least, most),
		    "\"%.*s\" is too %s", SPAN_ARG(text),
		    duration_ms < option->min ? "short" : "long");
	} else {
		*(int64_t *)member_at(target) = duration_ms;
	}
}

/* @param setting  NULL: the text is the default */
static void read_text(struct config_reader *reader, const struct target *target,
    const config_setting_t *setting, struct span text)
{
	if (setting != NULL && !check_text(reader, setting, text))
		return;
	if (target->option->type == OPTION_DURATION)
		read_duration(reader, target, setting, text);
	else if (target->option->type == OPTION_WORD && !store_word(target, text))
		refuse_word(reader, target->option, setting, text);
	else if (target->option->type == OPTION_SECRET && !check_secret(reader, setting, text))
		return;
	else if (target->option->type != OPTION_WORD)
		store_text(target, reader->arena, text);
}

/* Numbers and booleans. */

static void store_number(const struct target *target, uint64_t number)
{
	if (target->option->size == sizeof(uint64_t))
		*(uint64_t *)member_at(target) = number;
	else
		*(uint32_t *)member_at(target) = (uint32_t)number;
}

static void read_number(
    struct config_reader *reader, const struct target *target, const config_setting_t *setting)
{
	const struct option *option = target->option;
	int number = config_setting_get_int(setting);

	if (number >= option->min && number <= option->max)
		store_number(target, (uint64_t)number);
	else if (option->min == option->max)
		config_refuse(reader, setting, "",
		    config_faults_text(
			reader->faults, "this version knows %d only", (int)option->min),
		    "%d is unknown", number);
	else if (number == INT_MAX || number == -INT_MAX)
		config_refuse(reader, setting, "",
		    config_faults_text(
			reader->faults, "it can be %d to %d", (int)option->min, (int)option->max),
		    "the number is too %s", number < 0 ? "small" : "large");
	else
		config_refuse(reader, setting, "",
		    config_faults_text(
			reader->faults, "it can be %d to %d", (int)option->min, (int)option->max),
		    "%d is too %s", number, number < option->min ? "small" : "large");
}

static void read_scalar(
    struct config_reader *reader, const struct target *target, const config_setting_t *setting)
{
	if (target->option->type == OPTION_BOOLEAN)
		*(bool *)member_at(target) = config_setting_get_bool(setting) != CONFIG_FALSE;
	else if (target->option->type == OPTION_NUMBER)
		read_number(reader, target, setting);
	else
		read_text(reader, target, setting, span_of(config_setting_get_string(setting)));
}

/* Arrays of texts. */

static bool check_item(struct config_reader *reader, const struct option *option,
    const config_setting_t *array, int index)
{
	const config_setting_t *item = config_setting_get_elem(array, (unsigned)index);
	struct span text;

	if (config_setting_type(item) != CONFIG_TYPE_STRING) {
		config_refuse(
		    reader, item, "", "write a text in quotes", "it is %s", found_name(item));
		return false;
	}
	text = span_of(config_setting_get_string(item));
	if (!check_text(reader, item, text))
		return false;
	if (text.len == 0) {
		config_refuse(reader, item, "", "write something, or take it out", "it is empty");
		return false;
	}
	for (size_t i = 0; i < option->word_count; i++)
		if (span_equal(span_of(option->words[i]), text))
			return true;
	if (option->word_count > 0)
		refuse_word(reader, option, item, text);
	return option->word_count == 0;
}

/* Of all arrays none means anything with a value twice. */
static bool check_repeat(struct config_reader *reader, const config_setting_t *array, int index)
{
	const config_setting_t *item = config_setting_get_elem(array, (unsigned)index);
	struct span text = span_of(config_setting_get_string(item));

	for (int i = 0; i < index; i++) {
		const config_setting_t *other = config_setting_get_elem(array, (unsigned)i);

		if (span_equal(span_of(config_setting_get_string(other)), text)) {
			config_refuse(reader, item, "", "take one out", "\"%.*s\" is given twice",
			    SPAN_ARG(text));
			return false;
		}
	}
	return true;
}

static void store_texts(
    struct arena *arena, const struct target *target, const struct span *texts, size_t count)
{
	const char **strings = arena_array(arena, count, sizeof(*strings));
	struct span *spans = arena_array(arena, count, sizeof(*spans));

	for (size_t i = 0; i < count; i++) {
		spans[i] = arena_span(arena, texts[i]);
		strings[i] = spans[i].at;
	}
	if (target->option->type == OPTION_SPANS)
		*(const struct span **)member_at(target) = spans;
	else
		*(const char *const **)member_at(target) = strings;
	*count_at(target) = count;
}

static void read_texts(
    struct config_reader *reader, const struct target *target, const config_setting_t *array)
{
	int length = config_setting_length(array) < ITEMS_MAX ? config_setting_length(array)
							      : ITEMS_MAX;
	struct span *texts = arena_array(reader->arena, (size_t)length, sizeof(*texts));
	bool is_sound = length == config_setting_length(array);

	if (!is_sound)
		config_refuse(reader, array, "", NULL, "it has more than %d items", ITEMS_MAX);
	for (int i = 0; i < length; i++) {
		if (check_item(reader, target->option, array, i) && check_repeat(reader, array, i))
			texts[i] = span_of(config_setting_get_string_elem(array, i));
		else
			is_sound = false;
	}
	if (is_sound)
		store_texts(reader->arena, target, texts, (size_t)length);
}

static void read_default_texts(struct config_reader *reader, const struct target *target)
{
	struct span rest = span_of(target->option->fallback), texts[8];
	size_t count = 0;

	while (rest.len > 0 && count < sizeof(texts) / sizeof(texts[0]))
		texts[count++] = span_split(&rest, ' ');
	store_texts(reader->arena, target, texts, count);
}

static void read_default(struct config_reader *reader, const struct target *target)
{
	struct span text = span_of(target->option->fallback);
	uint64_t number = 0;

	if (text.at == NULL)
		return;
	switch (target->option->type) {
	case OPTION_BOOLEAN:
		*(bool *)member_at(target) = span_equal(text, SPAN("true"));
		return;
	case OPTION_NUMBER:
		span_to_u64(text, &number);
		store_number(target, number);
		return;
	case OPTION_DURATION:
	case OPTION_WORD:
	case OPTION_TEXT:
	case OPTION_SPAN:
	case OPTION_SECRET:
		read_text(reader, target, NULL, text);
		return;
	case OPTION_TEXTS:
	case OPTION_SPANS:
	case OPTION_WORDS:
		read_default_texts(reader, target);
		return;
	case OPTION_GROUP:
	case OPTION_GROUPS:
		return;
	}
}

/* Groups. */

struct members {
	const struct option *options;
	size_t count;
};

static void read_group(struct config_reader *reader, const config_setting_t *group,
    const struct members *members, char *base);

static const struct option *find_option(const struct members *members, const char *name)
{
	for (size_t i = 0; i < members->count; i++)
		if (strcmp(members->options[i].name, name) == 0)
			return &members->options[i];
	return NULL;
}

/* A key that is right elsewhere. */
struct elsewhere {
	struct span name;
	struct str groups;
};

static void note_elsewhere(void *context, const struct config_key *key)
{
	struct elsewhere *elsewhere = context;
	const char *dot = strrchr(key->name, '.');
	struct span leaf = span_of(dot == NULL ? key->name : dot + 1);

	if (leaf.len > 2 && leaf.at[leaf.len - 1] == ']')
		leaf.len -= 2;
	if (!span_equal(leaf, elsewhere->name))
		return;
	str_add_c(&elsewhere->groups, elsewhere->groups.len == 0 ? "it belongs " : " or ");
	if (dot == NULL)
		str_add_c(&elsewhere->groups, "at the top");
	else
		str_addf(&elsewhere->groups, "into %.*s", (int)(dot - key->name), key->name);
}

static const char *suggest_key(
    struct config_reader *reader, const struct members *members, const char *name)
{
	enum { MEMBERS_MAX = 32 };
	const char *names[MEMBERS_MAX];
	struct elsewhere elsewhere = { .name = span_of(name) };
	const char *text;

	for (size_t i = 0; i < members->count && i < MEMBERS_MAX; i++)
		names[i] = members->options[i].name;
	config_keys(note_elsewhere, &elsewhere);
	if (elsewhere.groups.len > 0 && nearest_word(span_of(name), names, members->count) == NULL)
		text = config_faults_text(reader->faults, "%s", str_c(&elsewhere.groups));
	else
		text = config_faults_suggest(reader->faults, span_of(name), names, members->count);
	str_done(&elsewhere.groups);
	return text;
}

static void refuse_unknown(
    struct config_reader *reader, const config_setting_t *group, const struct members *members)
{
	for (int i = 0; group != NULL && i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(member);

		if (find_option(members, name) == NULL)
			config_refuse(reader, member, "", suggest_key(reader, members, name),
			    "there is no such key");
	}
}

static void read_groups(
    struct config_reader *reader, const struct target *target, const config_setting_t *list)
{
	const struct option *option = target->option;
	struct members members = { option->members, option->member_count };
	size_t length = (size_t)config_setting_length(list);
	char *elements;

	if (length > (size_t)option->max) {
		config_refuse(
		    reader, list, "", NULL, "it has more than %d items", (int)option->max);
		return;
	}
	elements = arena_array(reader->arena, length, option->element_size);
	*(void **)member_at(target) = elements;
	*count_at(target) = length;
	for (size_t i = 0; i < length; i++) {
		const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);

		if (config_setting_is_group(group)) {
			read_group(reader, group, &members, elements + i * option->element_size);
		} else {
			config_refuse(reader, group, "", "write a group in braces: { … }",
			    "it is %s", found_name(group));
			read_group(reader, NULL, &members, elements + i * option->element_size);
		}
	}
}

static void read_option(struct config_reader *reader, const struct target *target)
{
	const struct option *option = target->option;
	struct members members = { option->members, option->member_count };
	const config_setting_t *setting =
	    target->group == NULL ? NULL : config_find(target->group, option->name);

	/* What is refused below keeps its default. */
	read_default(reader, target);
	if (setting != NULL && !has_type(reader, target, setting))
		setting = NULL;
	if (option->type == OPTION_GROUP)
		read_group(reader, setting, &members, target->base);
	else if (setting == NULL)
		return;
	else if (option->type == OPTION_GROUPS)
		read_groups(reader, target, setting);
	else if (config_setting_is_array(setting))
		read_texts(reader, target, setting);
	else
		read_scalar(reader, target, setting);
}

static void read_group(struct config_reader *reader, const config_setting_t *group,
    const struct members *members, char *base)
{
	refuse_unknown(reader, group, members);
	for (size_t i = 0; i < members->count; i++)
		read_option(
		    reader, &(struct target) {
				.option = &members->options[i], .group = group, .base = base });
}

void config_read_tree(struct config_reader *reader)
{
	struct members members = { config_options, config_option_count };

	read_group(reader, reader->root, &members, (char *)reader->draft);
}
