/* SPDX-License-Identifier: ISC */
/*
 * Distinguished names as text (RFC 4514), without knowledge of a schema.
 */
#ifndef CORE_DN_H
#define CORE_DN_H

#include "base/str.h"
#include <stdbool.h>

/**
 * Appends the DN in one form for comparing: attribute types and values in lower case (Unicode),
 * no space around `,` `+` `=`, runs of inner space as one, escapes in one form (`\2c` and `\,`
 * become the same), the parts of a multi-valued RDN in byte order.
 *
 * Two DNs that name one entry under caseIgnoreMatch come out alike. A text that is no DN is
 * appended in lower case as it is, so that comparing still works.
 * Bytes that are not UTF-8 come out as `\xx`, so that the form of a DN always is.
 * Cost: one pass; ASCII needs no allocation beyond `out`, other values are folded aside.
 */
void dn_normalize(struct span dn, struct str *out);

/** Whether two DNs are alike once normalized. */
bool dn_equal(struct span a, struct span b);

/**
 * Compares a DN with one that dn_normalize made.
 *
 * @param scratch  overwritten; kept by the caller over many calls, so that they allocate once
 * Cost: ASCII without escapes and odd spaces is compared in place.
 */
bool dn_equal_normalized(struct span dn, struct span normal, struct str *scratch);

/** Looks at the DN without its first RDN; "" for a single RDN. Escaped commas do not count. */
struct span dn_parent(struct span dn);

/** Looks at the value of the first RDN, still escaped; the whole text when there is no `=`. */
struct span dn_rdn_value(struct span dn);

/**
 * Takes the next part, "type=value", off the DN; a multi-valued RDN gives several in turn.
 *
 * @param rest        the DN; moved behind the part and its separator
 * @param ret_type    without blanks around; "" when the part has no `=`
 * @param ret_value   without blanks around, still escaped
 * @return false when nothing is left
 */
bool dn_next_part(struct span *rest, struct span *ret_type, struct span *ret_value);

/** Appends an RDN value with its escapes resolved (`\,` `\2C`). */
void dn_unescape(struct span value, struct str *out);

/** Whether `dn` is `base` or below it; "" is the root of all. */
bool dn_is_within(struct span dn, struct span base);

/** Number of RDNs. */
size_t dn_depth(struct span dn);

/** Whether the text parses as a DN: RDNs of type=value with legal escapes; "" is one. */
bool dn_is_valid(struct span text);

#endif
