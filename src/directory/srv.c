/* SPDX-License-Identifier: ISC */
/*
 * libresolv takes the message apart and checks its bounds; what it gives is checked here.
 */
#include "directory/srv.h"

#include <arpa/nameser.h>
#include <resolv.h>
#include <stdlib.h>

enum { LABEL_MAX = 63, NAME_MAX_BYTES = 253, SRV_HEAD_BYTES = 6 };

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

static bool is_label(struct span label)
{
	bool is_sound = label.len > 0 && label.len <= LABEL_MAX && label.at[0] != '-';

	for (size_t i = 0; i < label.len; i++)
		is_sound = is_sound && is_name_byte(label.at[i]);
	return is_sound;
}

bool srv_is_domain(struct span name)
{
	struct span rest = name;
	bool is_sound = name.len > 0 && name.len <= NAME_MAX_BYTES && name.at[name.len - 1] != '.';

	while (is_sound && rest.len > 0)
		is_sound = is_label(span_split(&rest, '.'));
	return is_sound;
}

static bool is_within(struct span name, struct span domain)
{
	struct span tail;

	if (name.len <= domain.len)
		return span_equal_ascii_case(name, domain);
	tail = (struct span) { name.at + name.len - domain.len, domain.len };
	return name.at[name.len - domain.len - 1] == '.' && span_equal_ascii_case(tail, domain);
}

static void take(struct srv_list *list, const struct srv_record *record, struct span domain)
{
	struct span target = span_of(record->target);

	if (record->port == 0 || !srv_is_domain(target) || list->count == SRV_MAX)
		list->left_out++;
	else if (!is_within(target, domain))
		list->strangers++;
	else
		list->at[list->count++] = *record;
}

static bool read_record(ns_msg *message, const ns_rr *raw, struct srv_record *record)
{
	const unsigned char *data = ns_rr_rdata(*raw);
	char target[NS_MAXDNAME];
	size_t len;

	if (ns_rr_rdlen(*raw) <= SRV_HEAD_BYTES ||
	    dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + SRV_HEAD_BYTES, target,
		sizeof(target)) < 0)
		return false;
	len = strlen(target);
	if (len >= sizeof(record->target))
		return false;
	record->priority = ns_get16(data);
	record->weight = ns_get16(data + 2);
	record->port = ns_get16(data + 4);
	memcpy(record->target, target, len + 1);
	return true;
}

bool srv_parse(struct span bytes, struct span domain, struct srv_list *ret_list)
{
	ns_msg message;

	*ret_list = (struct srv_list) { 0 };
	if (bytes.len > UINT16_MAX ||
	    ns_initparse((const unsigned char *)bytes.at, (int)bytes.len, &message) < 0)
		return false;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		struct srv_record record = { 0 };
		ns_rr raw;

		if (ns_parserr(&message, ns_s_an, i, &raw) < 0)
			return false;
		if (ns_rr_class(raw) != ns_c_in || ns_rr_type(raw) != ns_t_srv)
			continue;
		if (read_record(&message, &raw, &record))
			take(ret_list, &record, domain);
		else
			ret_list->left_out++;
	}
	return true;
}

/* ---- order ---- */

/* Those without weight come first within their priority, as RFC 2782 wants them for the draw. */
static int compare(const void *left, const void *right)
{
	const struct srv_record *a = left, *b = right;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if ((a->weight == 0) != (b->weight == 0))
		return a->weight == 0 ? -1 : 1;
	return strcmp(a->target, b->target);
}

/* Draws one of [first, end) by weight, and brings it to the front; the others keep their order. */
static void draw_one(struct srv_list *list, size_t first, size_t end,
    uint64_t (*draw)(void *context, uint64_t limit), void *context)
{
	struct srv_record chosen;
	uint64_t sum = 0, drawn;
	size_t i = first;

	for (size_t j = first; j < end; j++)
		sum += list->at[j].weight;
	drawn = draw(context, sum + 1);
	sum = list->at[i].weight;
	while (sum < drawn && i + 1 < end)
		sum += list->at[++i].weight;
	chosen = list->at[i];
	memmove(&list->at[first + 1], &list->at[first], (i - first) * sizeof(chosen));
	list->at[first] = chosen;
}

void srv_order(
    struct srv_list *list, uint64_t (*draw)(void *context, uint64_t limit), void *context)
{
	size_t first = 0;

	if (list->count > 0)
		qsort(list->at, list->count, sizeof(list->at[0]), compare);
	while (first < list->count) {
		size_t end = first;

		while (end < list->count && list->at[end].priority == list->at[first].priority)
			end++;
		for (; first < end; first++)
			draw_one(list, first, end, draw, context);
	}
}
