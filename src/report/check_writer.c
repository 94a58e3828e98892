/* SPDX-License-Identifier: ISC */
#include "report/check_writer.h"

#include "base/unicode.h"

#define FORM_VERSION 1

void check_writer_begin(struct check_writer *writer, struct str *out, bool is_json, bool is_color)
{
	*writer = (struct check_writer) { .out = out, .is_json = is_json, .is_color = is_color };
	if (!is_json)
		return;
	emit_init(&writer->json, out, 2);
	emit_object_open(&writer->json);
	emit_member_int(&writer->json, "version", FORM_VERSION);
	emit_key(&writer->json, "steps");
	emit_array_open(&writer->json);
}

static void put_json(struct check_writer *writer, enum check_area area, struct span peer,
    const struct check_step *step)
{
	struct emitter *json = &writer->json;

	emit_object_open(json);
	emit_member_string(json, "area", span_of(check_area_name(area)));
	emit_member_string(json, "peer", peer);
	emit_member_string(json, "name", span_of(step->name));
	emit_member_string(json, "status", span_of(check_status_name(step->status)));
	emit_member_string(json, "detail", step->detail);
	emit_member_string(json, "remedy", step->remedy);
	emit_key(json, "data");
	emit_raw(json, step->data);
	emit_object_close(json);
}

static void put_status(struct check_writer *writer, enum check_status status)
{
	static const char *const words[] = { "ok", "warning", "FAILED", "skipped" };
	static const char *const colors[] = { "\033[32m", "\033[33m", "\033[1;31m", "\033[2m" };

	if (writer->is_color)
		str_addf(writer->out, "%s%-7s\033[0m", colors[status], words[status]);
	else
		str_addf(writer->out, "%-7s", words[status]);
}

static void put_text(struct check_writer *writer, struct span peer, const struct check_step *step)
{
	struct str *out = writer->out;

	put_status(writer, step->status);
	str_add_c(out, "  ");
	utf8_printable(peer, out);
	if (!span_equal(peer, span_of(step->name)))
		str_addf(out, ": %s", step->name);
	str_add_c(out, ": ");
	utf8_printable(step->detail, out);
	str_add_byte(out, '\n');
	if (step->remedy.at == NULL)
		return;
	str_add_c(out, "         what to do: ");
	utf8_printable(step->remedy, out);
	str_add_byte(out, '\n');
}

void check_writer_step(struct check_writer *writer, enum check_area area, struct span peer,
    const struct check_step *step)
{
	writer->counts[step->status]++;
	if (writer->is_json)
		put_json(writer, area, peer, step);
	else
		put_text(writer, peer, step);
}

static void put_summary(struct check_writer *writer)
{
	emit_array_close(&writer->json);
	emit_key(&writer->json, "summary");
	emit_object_open(&writer->json);
	for (int i = 0; i < CHECK_STATUS_COUNT; i++)
		emit_member_int(&writer->json, check_status_name((enum check_status)i),
		    (int64_t)writer->counts[i]);
	emit_object_close(&writer->json);
	emit_object_close(&writer->json);
	str_add_byte(writer->out, '\n');
}

void check_writer_end(struct check_writer *writer)
{
	const size_t *counts = writer->counts;

	if (writer->is_json)
		put_summary(writer);
	else
		str_addf(writer->out, "%zu ok, %zu %s, %zu failed, %zu skipped.\n",
		    counts[CHECK_OK], counts[CHECK_WARNING],
		    counts[CHECK_WARNING] == 1 ? "warning" : "warnings", counts[CHECK_FAILED],
		    counts[CHECK_SKIPPED]);
}
