/* SPDX-License-Identifier: ISC */
#include "sync/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t turn(uint64_t word)
{
	return word << 31 | word >> 33;
}

void fingerprint_add(struct fingerprint *print, const struct uuid *name, const struct digest *thing)
{
	uint64_t names[2], things[2];

	memcpy(names, name->byte, sizeof(names));
	memcpy(things, thing->byte, sizeof(things));
	print->sum[0] += (things[0] ^ turn(names[1])) * (names[0] | 1);
	print->sum[1] += (things[1] ^ turn(names[0])) * (names[1] | 1);
}

void fingerprint_add_thing(struct fingerprint *print, const struct digest *thing)
{
	uint64_t things[2];

	memcpy(things, thing->byte, sizeof(things));
	print->sum[0] += things[0];
	print->sum[1] += things[1];
}

void fingerprint_format(const struct fingerprint *print, char text[FINGERPRINT_TEXT_SIZE])
{
	(void)snprintf(
	    text, FINGERPRINT_TEXT_SIZE, "%016" PRIx64 "%016" PRIx64, print->sum[0], print->sum[1]);
}
