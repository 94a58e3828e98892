/* SPDX-License-Identifier: ISC */
/*
 * Judging a scan, one missing proof at a time.
 */
#include "core/certificate.h"
#include "base/emit.h"
#include "base/unicode.h"
#include <inttypes.h>

/* Starts another missing proof. */
static void next_proof(struct str *missing)
{
	if (missing->len > 0)
		str_add_c(missing, "; ");
}

static void judge_ending(const struct scan_facts *facts, struct str *missing)
{
	if (!facts->is_complete) {
		next_proof(missing);
		str_add_c(missing, "a search ended early");
		if (facts->incomplete_why.len > 0) {
			str_add_c(missing, ": ");
			utf8_printable(facts->incomplete_why, missing);
		}
	}
	if (facts->referrals > 0) {
		next_proof(missing);
		str_addf(missing, "%" PRIu64 " %s not followed", facts->referrals,
		    facts->referrals == 1 ? "referral was" : "referrals were");
		if (facts->referral.len > 0) {
			str_add_c(missing, facts->referrals == 1 ? " (to " : " (the first to ");
			utf8_printable(facts->referral, missing);
			str_add_byte(missing, ')');
		}
		str_add_c(missing,
		    "; list the other server or base in the configuration, or narrow the base");
	}
	if (facts->missing_canary.at != NULL) {
		next_proof(missing);
		str_add_c(missing, "canary ");
		utf8_printable(facts->missing_canary, missing);
		str_add_c(missing, " was not seen");
	}
}

/* Whether `part` is less than `percent` of `whole`; no product overflows. */
static bool is_below(uint64_t part, uint64_t percent, uint64_t whole)
{
	uint64_t hundredths = whole / 100, rest = whole % 100;

	if (percent > 100)
		percent = 100;
	return part < hundredths * percent + (rest * percent + 99) / 100;
}

/* Entries without a key say nothing about anybody, so they count as not brought. */
static void judge_count(
    const struct scan_facts *facts, const struct certificate_terms *terms, struct str *missing)
{
	uint64_t usable = facts->entries -
			  (facts->unusable < facts->entries ? facts->unusable : facts->entries);
	uint64_t percent = terms->smallest_scan_percent;

	if (terms->last_entries == 0)
		return;
	if (facts->entries == 0) {
		next_proof(missing);
		str_addf(missing,
		    "it brought no entry at all, the last certified scan %" PRIu64
		    "; check the bases, the filter and the rights of the bind identity",
		    terms->last_entries);
		return;
	}
	if (usable > 0 && !is_below(usable, percent, terms->last_entries))
		return;
	next_proof(missing);
	str_addf(missing, "the scan brought %" PRIu64 " entries", usable);
	if (facts->unusable > 0)
		str_addf(missing, " (and %" PRIu64 " without a usable key)", facts->unusable);
	str_addf(missing,
	    ", %" PRIu64 " %% of the last certified scan's %" PRIu64
	    "; smallest_scan_percent is %" PRIu64,
	    (uint64_t)(100.0 * (double)usable / (double)terms->last_entries), terms->last_entries,
	    percent);
}

static void judge_identity(
    const struct scan_facts *facts, const struct certificate_terms *terms, struct str *missing)
{
	struct span expected = terms->expected_identity;

	if (expected.at == NULL)
		return;
	if (facts->identity.at != NULL && utf8_equal_fold(facts->identity, expected))
		return;
	next_proof(missing);
	if (facts->identity.at == NULL) {
		str_add_c(missing, "the directory did not say who it ran as");
	} else {
		str_add_c(missing, "it ran as ");
		utf8_printable(
		    facts->identity.len > 0 ? facts->identity : SPAN("anonymous"), missing);
	}
	str_add_c(missing, ", the last certified scan as ");
	utf8_printable(expected.len > 0 ? expected : SPAN("anonymous"), missing);
}

struct certificate certificate_judge(
    const struct scan_facts *facts, const struct certificate_terms *terms, struct arena *arena)
{
	struct certificate certificate = { .is_certified = true, .missing = SPAN_NULL };
	struct str missing = { 0 };

	judge_ending(facts, &missing);
	judge_count(facts, terms, &missing);
	judge_identity(facts, terms, &missing);
	if (missing.len > 0) {
		certificate.is_certified = false;
		certificate.missing = arena_span(arena, str_span(&missing));
	}
	str_done(&missing);
	return certificate;
}

static void put_count(struct emitter *writer, const char *key, uint64_t count)
{
	emit_key(writer, key);
	emit_int(writer, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

static void put_bool(struct emitter *writer, const char *key, bool value)
{
	emit_key(writer, key);
	emit_bool(writer, value);
}

static void put_text(struct emitter *writer, const char *key, struct span text)
{
	if (text.at == NULL)
		return;
	emit_key(writer, key);
	emit_string(writer, text);
}

void certificate_encode(
    const struct certificate *certificate, const struct scan_facts *facts, struct str *out)
{
	struct emitter writer;

	emit_init(&writer, out, 0);
	emit_object_open(&writer);
	put_count(&writer, "canaries", facts->canaries);
	put_bool(&writer, "certified", certificate->is_certified);
	put_text(&writer, "changesBy", facts->changes_by);
	put_bool(&writer, "complete", facts->is_complete);
	put_count(&writer, "entries", facts->entries);
	put_count(&writer, "groups", facts->groups);
	put_text(&writer, "identity", facts->identity);
	put_text(&writer, "incompleteWhy", facts->incomplete_why);
	put_text(&writer, "missing", certificate->missing);
	put_text(&writer, "missingCanary", facts->missing_canary);
	put_text(&writer, "peer", facts->peer);
	put_text(&writer, "referral", facts->referral);
	put_count(&writer, "referrals", facts->referrals);
	put_text(&writer, "unknownGroup", facts->unknown_group);
	put_count(&writer, "unknownGroups", facts->unknown_groups);
	put_count(&writer, "unusable", facts->unusable);
	emit_object_close(&writer);
}
