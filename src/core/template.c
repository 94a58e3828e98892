/* SPDX-License-Identifier: ISC */
/*
 * Evaluating templates: selecting among values, and putting parts together.
 *
 * Most templates are one attribute with no function or `lower`, so nothing is copied that need not
 * be: a value stays a view of the entry until a function changes it.
 */
#include "core/template.h"
#include "base/unicode.h"
#include "core/template_p.h"
#include <assert.h>
#include <stdlib.h>

void template_free(struct template **template)
{
	if (*template == NULL)
		return;
	for (size_t i = 0; i < (*template)->part_count; i++) {
		struct template_part *part = &(*template)->parts[i];

		for (size_t s = 0; s < part->step_count; s++)
			replace_free(&part->steps[s].replace);
		free(part->steps);
	}
	free((*template)->parts);
	arena_free(&(*template)->arena);
	free(*template);
	*template = NULL;
}

struct span template_text(const struct template *template)
{
	return template->text;
}

static bool check_value(const struct template_run *run, struct span value)
{
	if (value.len > TEMPLATE_VALUE_MAX_BYTES) {
		err_set(run->reterr, "attribute %.*s is longer than %d bytes; correct the entry",
		    SPAN_ARG(run->name), TEMPLATE_VALUE_MAX_BYTES);
		return false;
	}
	if (!utf8_is_valid(value)) {
		err_set(run->reterr, "attribute %.*s is not UTF-8; correct the entry",
		    SPAN_ARG(run->name));
		return false;
	}
	return true;
}

static int compare_spans(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* The smallest by bytes of those that are not empty, or the greatest; absent when there is none. */
static struct span select_extreme(struct values values, bool greatest)
{
	struct span best = SPAN_NULL;

	for (uint32_t i = 0; i < values.count; i++) {
		struct span one = values.at[i];
		int order;

		if (one.len == 0)
			continue;
		order = best.at == NULL ? 0 : span_compare(one, best);
		if (best.at == NULL || (greatest ? order > 0 : order < 0))
			best = one;
	}
	return best;
}

/* All values but empty ones and repeats, in byte order, so that the server's order makes no change.
 */
static bool join_values(struct template_run *run, struct span *values, size_t count,
    struct span separator, struct span *ret_value)
{
	struct span last = SPAN_NULL;

	str_truncate(&run->scratch, 0);
	if (count > 0)
		qsort(values, count, sizeof(*values), compare_spans);
	for (size_t i = 0; i < count; i++) {
		if (values[i].len == 0 || span_equal(values[i], last))
			continue;
		if (last.at != NULL)
			str_add(&run->scratch, separator);
		str_add(&run->scratch, values[i]);
		last = values[i];
		if (run->scratch.len > TEMPLATE_VALUE_MAX_BYTES)
			return check_value(run, str_span(&run->scratch));
	}
	*ret_value = last.at == NULL ? SPAN_NULL : arena_span(run->arena, str_span(&run->scratch));
	return true;
}

static bool is_selector(enum template_function function)
{
	return function == TEMPLATE_FIRST || function == TEMPLATE_LAST || function == TEMPLATE_JOIN;
}

/* Runs the steps that work on all values; what they leave is one value or none. */
static bool run_list(struct template_run *run, const struct template_part *part, struct values from,
    struct span *ret_value)
{
	size_t count = from.count;
	struct span *values = arena_array(run->arena, count + 1, sizeof(*values));

	for (size_t i = 0; i < count; i++) {
		values[i] = from.at[i];
		if (!check_value(run, values[i]))
			return false;
	}
	for (size_t s = 0; s < part->list_count; s++) {
		const struct template_step *step = &part->steps[s];
		struct values now = { values, (uint32_t)count };

		if (step->function == TEMPLATE_JOIN) {
			if (!join_values(run, values, count, step->text, &values[0]))
				return false;
			count = values[0].at != NULL;
		} else if (is_selector(step->function)) {
			values[0] = select_extreme(now, step->function == TEMPLATE_LAST);
			count = values[0].at != NULL;
		} else if (step->function == TEMPLATE_DEFAULT && count == 0) {
			values[count++] = step->text;
		} else {
			for (size_t i = 0; i < count; i++) {
				if (!template_apply(run, step, values[i], &values[i]))
					return false;
			}
		}
	}
	*ret_value = count > 0 ? values[0] : SPAN_NULL;
	return true;
}

/* Gives the value of one part; absent or "" when it yields nothing. */
static bool run_part(struct template_run *run, const struct template_part *part,
    const struct entry *entry, struct span *ret_value)
{
	struct values values = entry_values(entry, part->slot);
	struct span value;

	run->name = part->name;
	if (part->list_count > 0) {
		if (!run_list(run, part, values, &value))
			return false;
	} else {
		value = values.count == 1 ? values.at[0] : select_extreme(values, false);
		if (!check_value(run, value))
			return false;
	}
	for (size_t s = part->list_count; s < part->step_count; s++) {
		const struct template_step *step = &part->steps[s];

		if (value.len == 0 && step->function != TEMPLATE_DEFAULT)
			continue;
		if (!template_apply(run, step, value, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

/* Puts the parts together; nothing when one of them is nothing. */
static bool run_parts(struct template_run *run, const struct template *template,
    const struct entry *entry, struct span *ret_value)
{
	struct span *pieces = arena_array(run->arena, template->part_count, sizeof(*pieces));
	size_t len = 0;
	char *text;

	for (size_t i = 0; i < template->part_count; i++) {
		const struct template_part *part = &template->parts[i];

		pieces[i] = part->literal;
		if (part->literal.at == NULL && !run_part(run, part, entry, &pieces[i]))
			return false;
		if (pieces[i].len == 0) {
			*ret_value = SPAN_NULL;
			return true;
		}
		len += pieces[i].len;
	}
	if (len > TEMPLATE_VALUE_MAX_BYTES) {
		err_set(run->reterr, "the template's value is longer than %d bytes",
		    TEMPLATE_VALUE_MAX_BYTES);
		return false;
	}
	text = arena_alloc(run->arena, len + 1);
	*ret_value = (struct span) { text, len };
	for (size_t i = 0; i < template->part_count; i++) {
		memcpy(text, pieces[i].at, pieces[i].len);
		text += pieces[i].len;
	}
	return true;
}

enum status template_evaluate(const struct template *template, const struct entry *entry,
    struct arena *arena, struct span *ret_value, struct err *reterr)
{
	struct template_run run = { .arena = arena, .reterr = reterr };
	const struct template_part *part = template->parts;
	struct span value = SPAN_NULL;
	bool done = true;

	assert(template->part_count > 0);
	if (template->part_count > 1)
		done = run_parts(&run, template, entry, &value);
	else if (part->literal.at != NULL)
		value = part->literal;
	else
		done = run_part(&run, part, entry, &value);
	str_done(&run.scratch);
	if (!done)
		return STATUS_REJECT;
	*ret_value = value.len == 0 ? SPAN_NULL : value;
	return STATUS_OK;
}
