/* SPDX-License-Identifier: ISC */
/*
 * The list of what is wrong with a configuration.
 */
#include "app/config_p.h"
#include "base/nearest.h"
#include "base/unicode.h"
#include "base/vec.h"
#include <stdio.h>
#include <stdlib.h>

/* Values in messages come from the file and may be as long as it likes. */
enum { FAULT_TEXT_MAX_BYTES = 1024, LISTED_WORDS_MAX = 16, FAULTS_MAX = 1000 };

static struct arena *faults_arena(struct config_faults *faults)
{
	if (faults->arena == NULL)
		faults->arena = arena_new();
	return faults->arena;
}

/* @return printable, owned by the arena */
static const char *keep(struct config_faults *faults, const char *text)
{
	struct str printable = { 0 };
	const char *kept;

	utf8_printable(span_of(text == NULL ? "" : text), &printable);
	kept = arena_c(faults_arena(faults), str_span(&printable));
	str_done(&printable);
	return kept;
}

bool config_faults_are_full(const struct config_faults *faults)
{
	return faults->count >= FAULTS_MAX;
}

void config_faults_add(struct config_faults *faults, const struct config_fault *fault)
{
	struct config_fault *place;

	if (fault->severity == CONFIG_FAULT)
		faults->fault_count++;
	if (config_faults_are_full(faults)) {
		faults->left_out++;
		return;
	}
	place = vec_push((void **)&faults->at, &faults->count, &faults->cap, sizeof(*place));
	*place = *fault;
	place->file = keep(faults, fault->file);
	place->key = keep(faults, fault->key);
	place->what = keep(faults, fault->what);
	place->remedy = keep(faults, fault->remedy);
	if (fault->excerpt != NULL)
		place->excerpt = keep(faults, fault->excerpt);
}

void config_faults_report(struct config_faults *faults, const struct config_place *place,
    const char *remedy, const char *what, va_list arguments)
{
	char text[FAULT_TEXT_MAX_BYTES];

	vsnprintf(text, sizeof(text), what, arguments);
	config_faults_add(faults, &(struct config_fault) { .severity = place->severity,
				      .file = place->file,
				      .line = place->line,
				      .position = place->position,
				      .key = place->key,
				      .what = text,
				      .remedy = remedy });
}

const char *config_faults_text(struct config_faults *faults, const char *format, ...)
{
	char text[FAULT_TEXT_MAX_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return arena_c(faults_arena(faults), span_of(text));
}

static const char *list_words(struct config_faults *faults, const char *const *words, size_t count)
{
	struct str text = { 0 };
	const char *kept;

	str_add_c(&text, count == 1 ? "it is " : "it is one of ");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_c(&text, i + 1 == count ? " and " : ", ");
		str_add_c(&text, words[i]);
	}
	kept = arena_c(faults_arena(faults), str_span(&text));
	str_done(&text);
	return kept;
}

const char *config_faults_suggest(
    struct config_faults *faults, struct span word, const char *const *words, size_t count)
{
	const char *nearest = nearest_word(word, words, count);

	if (nearest != NULL)
		return config_faults_text(faults, "did you mean \"%s\"?", nearest);
	return count <= LISTED_WORDS_MAX ? list_words(faults, words, count) : "";
}

/* Insertion keeps the order of equals; lists are short, and hostile ones are cut by the file's
 * size. */
void config_faults_sort(struct config_faults *faults)
{
	for (size_t i = 1; i < faults->count; i++) {
		struct config_fault fault = faults->at[i];
		size_t place = i;

		while (place > 0 && faults->at[place - 1].position > fault.position) {
			faults->at[place] = faults->at[place - 1];
			place--;
		}
		faults->at[place] = fault;
	}
}

static void format_caret(const struct config_fault *fault, struct str *out)
{
	str_addf(out, "    %s\n    ", fault->excerpt);
	for (unsigned i = 0; i < fault->column; i++)
		str_add_byte(out, ' ');
	str_add_c(out, "^\n");
}

void config_format_faults(const struct config_faults *faults, struct str *out)
{
	for (size_t i = 0; i < faults->count; i++) {
		const struct config_fault *fault = &faults->at[i];

		str_addf(out, "%s:", fault->file);
		if (fault->line > 0)
			str_addf(out, "%u:", fault->line);
		if (fault->key[0] != '\0')
			str_addf(out, " %s:", fault->key);
		str_addf(out, " %s%s%s%s\n", fault->severity == CONFIG_WARNING ? "warning: " : "",
		    fault->what, fault->remedy[0] == '\0' ? "" : "; ", fault->remedy);
		if (fault->excerpt != NULL)
			format_caret(fault, out);
	}
	if (faults->left_out > 0)
		str_addf(out, "and %zu more; mend these first\n", faults->left_out);
}

void config_faults_done(struct config_faults *faults)
{
	arena_free(&faults->arena);
	free(faults->at);
	*faults = (struct config_faults) { 0 };
}
