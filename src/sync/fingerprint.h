/* SPDX-License-Identifier: ISC */
/*
 * What a set of things looks like, whatever their order: a sum that costs a few multiplications a
 * thing, so that each scan can afford it.
 *
 * It tells people what moved since a plan was made.  It is no proof against those who mean harm: a
 * plan goes by its actions alone.
 */
#ifndef SYNC_FINGERPRINT_H
#define SYNC_FINGERPRINT_H

#include "base/hash.h"
#include "base/uuid.h"

struct fingerprint {
	uint64_t sum[2];
};

enum { FINGERPRINT_TEXT_SIZE = 2 * sizeof(struct fingerprint) + 1 };

/** Adds a thing with its name, so that two things that change places make another sum. */
void fingerprint_add(
    struct fingerprint *print, const struct uuid *name, const struct digest *thing);

/** Adds a thing that names itself. */
void fingerprint_add_thing(struct fingerprint *print, const struct digest *thing);

/** Writes it as hex. */
void fingerprint_format(const struct fingerprint *print, char text[FINGERPRINT_TEXT_SIZE]);

#endif
