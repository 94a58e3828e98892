// SPDX-License-Identifier: ISC
#include "filter.h"

#include "memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEEPEST 50

enum kind { KIND_COMPARE, KIND_AND, KIND_OR };
enum operation { EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, PRESENT };
enum field { FIELD_ID, EXTERNAL_ID, USER_NAME, FAMILY_NAME, GIVEN_NAME, ACTIVE };

struct filter {
	enum kind kind;
	struct filter *left;
	struct filter *right;
	enum field field;
	enum operation operation;
	char *value; /* owned; for `active`: "true" or "false" */
};

struct parser {
	const char *at;
	int depth;
};

static const char *const operation_names[] = { "eq", "ne", "gt", "ge", "lt", "le", "pr" };
static const char *const field_names[] = { "id", "externalId", "userName", "name.familyName",
	"name.givenName", "active" };

static struct filter *parse_any(struct parser *parser);

void filter_free(struct filter **filter)
{
	if (!*filter)
		return;
	filter_free(&(*filter)->left);
	filter_free(&(*filter)->right);
	free((*filter)->value);
	free(*filter);
	*filter = NULL;
}

static void skip_blanks(struct parser *parser)
{
	while (*parser->at == ' ')
		parser->at++;
}

/* How long the word is that begins here. */
static size_t word_length(struct parser *parser)
{
	skip_blanks(parser);
	return strcspn(parser->at, " ()\"[]");
}

static bool take_word(struct parser *parser, const char *word)
{
	size_t length = word_length(parser);
	if (length != strlen(word) || strncasecmp(parser->at, word, length) != 0)
		return false;
	parser->at += length;
	return true;
}

static bool take_one_of(
    struct parser *parser, const char *const *words, size_t count, unsigned *ret_which)
{
	for (unsigned i = 0; i < count; i++) {
		if (take_word(parser, words[i])) {
			*ret_which = i;
			return true;
		}
	}
	return false;
}

/* A JSON string, escapes and all. */
static char *take_string(struct parser *parser)
{
	skip_blanks(parser);
	if (*parser->at != '"')
		return NULL;
	const char *end = parser->at + 1;
	while (*end && *end != '"')
		end += end[0] == '\\' && end[1] ? 2 : 1;
	if (!*end)
		return NULL;
	json_t *string = json_loadb(
	    parser->at, (size_t)(end + 1 - parser->at), JSON_DECODE_ANY, NULL);
	char *text = text_copy(json_string_value(string));
	json_decref(string);
	parser->at = end + 1;
	return text;
}

static char *take_boolean(struct parser *parser)
{
	if (take_word(parser, "true"))
		return text_copy("true");
	if (take_word(parser, "false"))
		return text_copy("false");
	char *text = take_string(parser);
	if (text && (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0)) {
		char *folded = text_fold(text);
		free(text);
		return folded;
	}
	free(text);
	return NULL;
}

static struct filter *parse_compare(struct parser *parser)
{
	unsigned field, operation;
	if (!take_one_of(parser, field_names, 6, &field) ||
	    !take_one_of(parser, operation_names, 7, &operation))
		return NULL;
	struct filter *filter = memory_new(1, sizeof(*filter));
	filter->field = (enum field)field;
	filter->operation = (enum operation)operation;
	if (filter->operation == PRESENT)
		return filter;
	if (filter->field != ACTIVE)
		filter->value = take_string(parser);
	else if (filter->operation == EQUAL || filter->operation == NOT_EQUAL)
		filter->value = take_boolean(parser);
	if (!filter->value)
		filter_free(&filter);
	return filter;
}

static struct filter *parse_factor(struct parser *parser)
{
	skip_blanks(parser);
	if (*parser->at != '(')
		return parse_compare(parser);
	if (++parser->depth > DEEPEST)
		return NULL;
	parser->at++;
	struct filter *inner = parse_any(parser);
	skip_blanks(parser);
	if (*parser->at == ')')
		parser->at++;
	else
		filter_free(&inner);
	parser->depth--;
	return inner;
}

static struct filter *join(enum kind kind, struct filter *left, struct filter *right)
{
	struct filter *filter = memory_new(1, sizeof(*filter));
	*filter = (struct filter) { .kind = kind, .left = left, .right = right };
	if (!right)
		filter_free(&filter);
	return filter;
}

static struct filter *parse_all(struct parser *parser)
{
	struct filter *filter = parse_factor(parser);
	while (filter && take_word(parser, "and"))
		filter = join(KIND_AND, filter, parse_factor(parser));
	return filter;
}

static struct filter *parse_any(struct parser *parser)
{
	struct filter *filter = parse_all(parser);
	while (filter && take_word(parser, "or"))
		filter = join(KIND_OR, filter, parse_all(parser));
	return filter;
}

struct filter *filter_parse(const char *text)
{
	struct parser parser = { .at = text };
	struct filter *filter = parse_any(&parser);
	skip_blanks(&parser);
	if (*parser.at)
		filter_free(&filter);
	return filter;
}

static const char *field_of(enum field field, const struct user *user)
{
	switch (field) {
	case FIELD_ID:
		return user->id;
	case EXTERNAL_ID:
		return user->account.external_id;
	case USER_NAME:
		return user->account.user_name;
	case FAMILY_NAME:
		return user->account.family_name;
	case GIVEN_NAME:
		return user->account.given_name;
	case ACTIVE:
		return user->account.is_active ? "true" : "false";
	}
	return NULL;
}

static bool compare(const struct filter *filter, const struct user *user)
{
	const char *value = field_of(filter->field, user);
	if (filter->operation == PRESENT)
		return value && *value;
	if (!value)
		return filter->operation == NOT_EQUAL;
	int order = strcasecmp(value, filter->value);
	switch (filter->operation) {
	case EQUAL:
		return order == 0;
	case NOT_EQUAL:
		return order != 0;
	case GREATER:
		return order > 0;
	case GREATER_EQUAL:
		return order >= 0;
	case LESS:
		return order < 0;
	case LESS_EQUAL:
		return order <= 0;
	case PRESENT:
		break;
	}
	return false;
}

static bool matches(const struct filter *filter, const struct user *user)
{
	switch (filter->kind) {
	case KIND_COMPARE:
		return compare(filter, user);
	case KIND_AND:
		return matches(filter->left, user) && matches(filter->right, user);
	case KIND_OR:
		return matches(filter->left, user) || matches(filter->right, user);
	}
	return false;
}

struct selection {
	struct user **users;
	size_t count;
	size_t room;
};

static void selection_add(struct selection *selection, struct user *user)
{
	if (selection->count == selection->room) {
		selection->room = selection->room ? 2 * selection->room : 16;
		selection->users = memory_resize(
		    selection->users, selection->room, sizeof(struct user *));
	}
	selection->users[selection->count++] = user;
}

static bool index_for(const struct filter *filter, enum store_index *ret_index)
{
	if (filter->kind != KIND_COMPARE || filter->operation != EQUAL || filter->field > USER_NAME)
		return false;
	*ret_index = filter->field == FIELD_ID      ? STORE_BY_ID
		     : filter->field == EXTERNAL_ID ? STORE_BY_EXTERNAL_ID
						    : STORE_BY_USER_NAME;
	return true;
}

/* Collects every user that may match, by index; false when the indexes cannot tell. */
static bool candidates(
    const struct filter *filter, const struct store *store, struct selection *selection)
{
	enum store_index index;
	if (index_for(filter, &index)) {
		for (struct user *user = store_find(store, index, filter->value); user;
		     user = store_find_next(user, index))
			selection_add(selection, user);
		return true;
	}
	if (filter->kind == KIND_COMPARE)
		return false;
	size_t before = selection->count;
	bool left = candidates(filter->left, store, selection);
	if (filter->kind == KIND_AND && left)
		return true;
	bool right = (left || filter->kind == KIND_AND) &&
		     candidates(filter->right, store, selection);
	if (!right)
		selection->count = before;
	return right;
}

static int by_position(const void *left, const void *right)
{
	size_t a = (*(struct user *const *)left)->position;
	size_t b = (*(struct user *const *)right)->position;
	return (a > b) - (a < b);
}

/* Keeps what matches, in list order and once. */
static void selection_settle(struct selection *selection, const struct filter *filter)
{
	if (selection->count)
		qsort(selection->users, selection->count, sizeof(struct user *), by_position);
	size_t kept = 0;
	for (size_t i = 0; i < selection->count; i++) {
		struct user *user = selection->users[i];
		bool is_repeat = kept && selection->users[kept - 1] == user;
		if (!is_repeat && matches(filter, user))
			selection->users[kept++] = user;
	}
	selection->count = kept;
}

struct user **filter_select(
    const struct filter *filter, const struct store *store, size_t *ret_count)
{
	struct selection selection = { 0 };
	if (candidates(filter, store, &selection)) {
		selection_settle(&selection, filter);
	} else {
		for (size_t i = 0; i < store_count(store); i++) {
			if (matches(filter, store_at(store, i)))
				selection_add(&selection, store_at(store, i));
		}
	}
	*ret_count = selection.count;
	return selection.users;
}
