/* SPDX-License-Identifier: ISC */
#include "core/explanation.h"

const char *explained_place_name(enum explained_place place)
{
	static const char *const names[PLACE_COUNT] = {
		[PLACE_IN_SCOPE] = "in-scope",
		[PLACE_NOT_ENTITLED] = "not-entitled",
		[PLACE_LEFT_OUT] = "left-out-by-filter",
		[PLACE_ELSEWHERE] = "outside-bases",
		[PLACE_NOT_THERE] = "not-there",
		[PLACE_UNREADABLE] = "unreadable",
		[PLACE_DOWN] = "down",
	};

	return names[place];
}

const char *explained_verdict_name(enum explained_verdict verdict)
{
	static const char *const names[RIVAL_VERDICT_COUNT] = {
		[RIVAL_KEEPS] = "keeps",
		[RIVAL_LOSES] = "loses",
		[RIVAL_BOTH] = "both",
	};

	return names[verdict];
}
