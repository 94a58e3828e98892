/* SPDX-License-Identifier: ISC */
/*
 * DNS SRV records (RFC 2782): which hosts offer a service, and which to try first.  Pure.
 *
 * What DNS says is anybody's bytes, and a password goes where it points.  So a target counts only
 * when it has the shape of a host name and lies in the domain that was asked about: whoever can
 * forge an answer would otherwise name a host of their own, for which they have a good certificate.
 */
#ifndef DIRECTORY_SRV_H
#define DIRECTORY_SRV_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SRV_MAX = 64, SRV_TARGET_SIZE = 256 };

struct srv_record {
	uint16_t priority, weight, port;
	char target[SRV_TARGET_SIZE]; /* without the last dot */
};

struct srv_list {
	struct srv_record at[SRV_MAX];
	size_t count;
	size_t strangers; /* targets outside the domain, left out */
	size_t left_out;  /* beyond SRV_MAX, or no host names */
};

/** Whether a text is a DNS name of letters, digits, dashes, underscores and dots. */
bool srv_is_domain(struct span name);

/**
 * Reads the SRV records of a DNS message.
 *
 * @param domain  without a last dot
 * @return false when it is no message
 */
bool srv_parse(struct span message, struct span domain, struct srv_list *ret_list);

/**
 * Brings the records into the order in which to try them: by priority, and by chance within one,
 * by weight.
 *
 * @param draw  gives a number below its limit
 */
void srv_order(
    struct srv_list *list, uint64_t (*draw)(void *context, uint64_t limit), void *context);

#endif
