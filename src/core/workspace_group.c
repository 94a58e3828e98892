/* SPDX-License-Identifier: ISC */
#include "core/workspace_group.h"

#include "base/unicode.h"
#include "core/filter.h"

enum { WORDS_MAX = 16, JOINED_MIN_BYTES = 4 };

/* What is left of a name. */
struct words {
	struct str text; /* owned; folded, words with blanks between */
	struct span at[WORDS_MAX];
	size_t count;
	bool holds_anaplan;
};

static const char *const idle_words[] = { "access", "acl", "app", "apps", "dl", "for", "g", "gg",
	"gl", "group", "groups", "grp", "gs", "gu", "member", "members", "of", "role", "sg", "the",
	"user", "users", "workspace", "workspaces", "ws" };

static bool is_idle(struct span word)
{
	for (size_t i = 0; i < sizeof(idle_words) / sizeof(idle_words[0]); i++)
		if (span_equal(word, span_of(idle_words[i])))
			return true;
	return false;
}

static bool is_word_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
	       (unsigned char)byte >= 0x80;
}

/* Everything that parts words becomes a blank, the name of the product too. */
static void flatten(struct words *words)
{
	static const char product[] = "anaplan";
	char *found;

	for (size_t i = 0; i < words->text.len; i++)
		if (!is_word_byte(words->text.at[i]))
			words->text.at[i] = ' ';
	while (words->text.len > 0 && (found = strstr(words->text.at, product)) != NULL) {
		words->holds_anaplan = true;
		memset(found, ' ', sizeof(product) - 1);
	}
}

static void cut(struct words *words, bool keeps_idle)
{
	struct span rest = str_span(&words->text);

	words->count = 0;
	while (rest.len > 0 && words->count < WORDS_MAX) {
		struct span word = span_split(&rest, ' ');

		if (word.len > 0 && (keeps_idle || !is_idle(word)))
			words->at[words->count++] = word;
	}
}

/* A name of idle words only is made of these. */
static struct words words_of(struct span name, bool keeps_idle)
{
	struct words words = { 0 };

	if (!utf8_fold(name, &words.text))
		return words;
	flatten(&words);
	cut(&words, false);
	if (words.count == 0 && keeps_idle)
		cut(&words, true);
	return words;
}

static void join(const struct words *words, struct str *out)
{
	for (size_t i = 0; i < words->count; i++)
		str_add(out, words->at[i]);
}

static bool has_word(const struct words *words, struct span word)
{
	for (size_t i = 0; i < words->count; i++)
		if (span_equal(words->at[i], word))
			return true;
	return false;
}

static bool holds_all(const struct words *group, const struct words *workspace)
{
	for (size_t i = 0; i < workspace->count; i++)
		if (!has_word(group, workspace->at[i]))
			return false;
	return true;
}

/* Words in another order are the same name; so are words without anything between. */
static enum group_fit compare(const struct words *workspace, const struct words *group)
{
	struct str whole = { 0 }, part = { 0 };
	enum group_fit fit = group->holds_anaplan ? GROUP_HOLDS_ANAPLAN : GROUP_FITS_NOT;

	join(group, &whole);
	join(workspace, &part);
	if (part.len == 0)
		fit = group->holds_anaplan ? GROUP_HOLDS_ANAPLAN : GROUP_FITS_NOT;
	else if (span_equal(str_span(&whole), str_span(&part)) ||
		 (holds_all(group, workspace) && holds_all(workspace, group)))
		fit = GROUP_IS_NAME;
	else if (holds_all(group, workspace) ||
		 (part.len >= JOINED_MIN_BYTES && strstr(str_c(&whole), str_c(&part)) != NULL))
		fit = GROUP_HOLDS_NAME;
	str_done(&whole);
	str_done(&part);
	return fit;
}

enum group_fit workspace_group_fit(struct span workspace, struct span group)
{
	struct words wanted = words_of(workspace, true), found = words_of(group, false);
	enum group_fit fit = compare(&wanted, &found);

	str_done(&wanted.text);
	str_done(&found.text);
	return fit;
}

bool workspace_group_is_about_anaplan(struct span group)
{
	struct words words = words_of(group, false);
	bool is_about = words.holds_anaplan;

	str_done(&words.text);
	return is_about;
}

/* @return the only group of that name, SIZE_MAX: none, SIZE_MAX - 1: several */
static size_t find_only(
    struct span workspace, const struct span *groups, size_t count, bool wants_anaplan)
{
	size_t only = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		if (workspace_group_fit(workspace, groups[i]) != GROUP_IS_NAME ||
		    (wants_anaplan && !workspace_group_is_about_anaplan(groups[i])))
			continue;
		if (only != SIZE_MAX)
			return SIZE_MAX - 1;
		only = i;
	}
	return only;
}

size_t workspace_group_choose(struct span workspace, const struct span *groups, size_t count)
{
	size_t only = find_only(workspace, groups, count, true);

	if (only == SIZE_MAX)
		only = find_only(workspace, groups, count, false);
	return only < count ? only : count;
}

void workspace_group_add_filter(struct span workspace, struct str *out)
{
	struct words words = words_of(workspace, true);

	if (words.count > 0) {
		str_add_c(out, "(&");
		for (size_t i = 0; i < words.count; i++) {
			str_add_c(out, "(cn=*");
			filter_escape(words.at[i], out);
			str_add_c(out, "*)");
		}
		str_add_byte(out, ')');
	}
	str_done(&words.text);
}
