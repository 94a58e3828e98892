/* SPDX-License-Identifier: ISC */
#include "report/origin.h"

#include <stdbool.h>

static bool is_about_workspaces(struct span piece)
{
	return piece.len >= 2 && (piece.at[0] == '+' || piece.at[0] == '-') && piece.at[1] == ' ';
}

/* Cuts off the first piece of "+ NAME via PATH; - OTHER: why"; moves `rest` behind it. */
static struct span next_piece(struct span *rest)
{
	struct span piece = *rest;

	for (size_t i = 0; i + 4 <= rest->len; i++) {
		struct span behind = { rest->at + i + 2, rest->len - i - 2 };

		if (rest->at[i] != ';' || rest->at[i + 1] != ' ' || !is_about_workspaces(behind))
			continue;
		piece.len = i;
		*rest = behind;
		return piece;
	}
	*rest = SPAN_NULL;
	return piece;
}

struct span origin_reason(struct span detail)
{
	struct span rest = detail, first = next_piece(&rest);

	return is_about_workspaces(first) ? SPAN_NULL : first;
}

struct span origin_find(struct span detail, char sign, struct span name)
{
	struct span rest = detail;

	while (rest.at != NULL) {
		struct span piece = next_piece(&rest), text = { piece.at + 2, piece.len - 2 };
		struct span said = text;

		if (!is_about_workspaces(piece) || piece.at[0] != sign || text.len <= name.len)
			continue;
		text.len = name.len;
		said.at += name.len + 1;
		said.len -= name.len + 1;
		if (span_equal(text, name) && (said.at[-1] == ' ' || said.at[-1] == ':'))
			return span_trim(said);
	}
	return SPAN_NULL;
}
