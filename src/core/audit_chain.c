/* SPDX-License-Identifier: ISC */
/* The chain of the audit trail: its hashes, and a walk along it. */
#include "core/audit.h"

#include <inttypes.h>

enum { NUMBER_BYTES = 8 };

static const char *const flaws[] = {
	[AUDIT_SOUND] = "sound",
	[AUDIT_UNREADABLE] = "unreadable",
	[AUDIT_CHANGED] = "changed",
	[AUDIT_MISSING] = "missing",
	[AUDIT_INSERTED] = "inserted",
	[AUDIT_UNLINKED] = "unlinked",
	[AUDIT_UNSIGNED] = "unsigned",
	[AUDIT_CUT] = "cut",
};

const char *audit_flaw_name(enum audit_flaw flaw)
{
	return flaws[flaw];
}

static void put_number(uint8_t *at, int64_t number)
{
	uint64_t bits = (uint64_t)number;

	for (int i = NUMBER_BYTES - 1; i >= 0; i--) {
		at[i] = (uint8_t)bits;
		bits >>= 8;
	}
}

struct audit_hash audit_hash_row(const struct audit_row *row)
{
	uint8_t numbers[3 * NUMBER_BYTES];
	const struct span pieces[] = {
		{ (const char *)row->prev.byte, sizeof(row->prev.byte) },
		{ (const char *)numbers, sizeof(numbers) },
		row->body,
	};
	struct audit_hash hash;

	put_number(numbers, row->seq);
	put_number(numbers + NUMBER_BYTES, row->at_ms);
	put_number(numbers + 2 * NUMBER_BYTES, row->run_id);
	hash_sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]), hash.byte);
	return hash;
}

bool audit_hash_equal(const struct audit_hash *a, const struct audit_hash *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

bool audit_hash_parse(struct span text, struct audit_hash *ret_hash)
{
	size_t count = 0;

	return text.len == 2 * SHA256_BYTES &&
	       hex_decode(text, ret_hash->byte, sizeof(ret_hash->byte), &count);
}

void audit_hash_format(const struct audit_hash *hash, char text[AUDIT_HASH_TEXT_SIZE])
{
	struct str hex = { 0 };

	hex_encode((struct span) { (const char *)hash->byte, sizeof(hash->byte) }, &hex);
	memcpy(text, str_c(&hex), AUDIT_HASH_TEXT_SIZE);
	str_done(&hex);
}

/* ---- the walk ---- */

static bool is_sound(const struct audit_walk *walk)
{
	return walk->flaw == AUDIT_SOUND;
}

/* The first flaw is kept. */
static void find_flaw(struct audit_walk *walk, enum audit_flaw flaw, int64_t seq)
{
	if (!is_sound(walk))
		return;
	walk->flaw = flaw;
	walk->bad_seq = seq;
}

static void meet_wanted(struct audit_walk *walk, int64_t seq, const struct audit_hash *hash)
{
	if (!walk->has_wanted || !audit_hash_equal(&walk->wanted, hash))
		return;
	walk->wanted_seq = seq;
	walk->is_wanted_met = true;
}

void audit_walk_start(
    struct audit_walk *walk, struct span stump_body, const struct audit_hash *wanted)
{
	*walk = (struct audit_walk) { .stump_body = stump_body };
	if (wanted != NULL) {
		walk->wanted = *wanted;
		walk->has_wanted = true;
	}
	if (stump_body.at == NULL)
		return;
	if (!audit_stump_parse(stump_body, &walk->stump))
		find_flaw(walk, AUDIT_UNSIGNED, 0);
	walk->last_seq = walk->stump.seq;
	walk->last = walk->stump.hash;
	meet_wanted(walk, walk->stump.seq, &walk->stump.hash);
}

static enum audit_flaw judge(
    const struct audit_walk *walk, const struct audit_row *row, const struct audit_hash *hash)
{
	if (row->seq > walk->last_seq + 1)
		return AUDIT_MISSING;
	if (row->seq <= walk->last_seq)
		return AUDIT_INSERTED;
	if (!audit_hash_equal(hash, &row->hash))
		return AUDIT_CHANGED;
	return audit_hash_equal(&row->prev, &walk->last) ? AUDIT_SOUND : AUDIT_UNLINKED;
}

bool audit_walk_row(struct audit_walk *walk, const struct audit_row *row)
{
	struct audit_hash hash = audit_hash_row(row);
	enum audit_flaw flaw = judge(walk, row, &hash);

	if (flaw != AUDIT_SOUND)
		find_flaw(walk, flaw, flaw == AUDIT_MISSING ? walk->last_seq + 1 : row->seq);
	if (!is_sound(walk))
		return false;
	if (walk->rows++ == 0)
		walk->first_seq = row->seq;
	walk->last_seq = row->seq;
	walk->last = row->hash;
	if (walk->stump_body.at != NULL && span_equal(walk->stump_body, row->body))
		walk->is_stump_signed = true;
	meet_wanted(walk, row->seq, &row->hash);
	return true;
}

void audit_walk_unreadable(struct audit_walk *walk, int64_t seq)
{
	find_flaw(walk, AUDIT_UNREADABLE, seq);
}

void audit_walk_end(struct audit_walk *walk)
{
	if (walk->stump_body.at != NULL && !walk->is_stump_signed)
		find_flaw(walk, AUDIT_UNSIGNED, 0);
	if (walk->has_wanted && !walk->is_wanted_met)
		find_flaw(walk, AUDIT_CUT, 0);
}

void audit_walk_tell(const struct audit_walk *walk, struct str *out)
{
	switch (walk->flaw) {
	case AUDIT_SOUND:
		str_addf(out, "%" PRId64 " records, each as it was written", walk->rows);
		return;
	case AUDIT_UNREADABLE:
		str_addf(out, "record %" PRId64 " holds what no record can hold", walk->bad_seq);
		return;
	case AUDIT_CHANGED:
		str_addf(
		    out, "record %" PRId64 " was changed: its hash is another one", walk->bad_seq);
		return;
	case AUDIT_MISSING:
		str_addf(out, "record %" PRId64 " is missing", walk->bad_seq);
		return;
	case AUDIT_INSERTED:
		str_addf(out, "record %" PRId64 " was inserted in front", walk->bad_seq);
		return;
	case AUDIT_UNLINKED:
		str_addf(out,
		    "record %" PRId64 " does not go on from the one before: one of the two was "
		    "changed, or something between them removed",
		    walk->bad_seq);
		return;
	case AUDIT_UNSIGNED:
		str_add_c(out, "it begins behind records that were removed, and no record in it "
			       "says so");
		return;
	case AUDIT_CUT:
		str_add_c(out, "no record has the hash that was kept: the end was cut off, or "
			       "all was written anew");
		if (walk->stump.seq > 0)
			str_add_c(out, ", or the hash is of one that was removed for its age");
		return;
	}
}
