/* SPDX-License-Identifier: ISC */
/*
 * Secrets: bytes that are wiped when they are freed and never formatted.
 *
 * A secret is referred to, never written: `credential:NAME` is a file of that name in systemd's
 * $CREDENTIALS_DIRECTORY, `file:/path` a file that others cannot read, `env:NAME` a variable.
 * The memory is locked where the system allows it, and kept out of core dumps.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include <stdbool.h>

struct secret;

enum { SECRET_MAX_BYTES = 64 * 1024 };

/** Copies the bytes; the caller wipes its own. @return owned */
struct secret *secret_new(struct span bytes);

/** Wipes and frees; sets `*secret` to NULL; NULL is welcome. */
void secret_free(struct secret **secret);

/** Looks at the bytes; NUL-terminated; valid until freed. Never log, never format into an error. */
struct span secret_reveal(const struct secret *secret);

/** Wipes memory so that the compiler cannot leave it out. */
void secret_wipe(void *memory, size_t size);

/**
 * Puts "[secret]" wherever a text holds a secret, as a peer may that repeats what it was sent. A
 * secret shorter than 4 bytes is found in anything and hides nothing.
 */
void secret_redact(struct str *text, struct span secret);

/** Wipes a str's whole allocation, then frees it. */
void secret_wipe_str(struct str *str);

/** Whether the text has the shape of a reference (one of the three schemes with a name behind it).
 */
bool secret_is_reference(struct span reference);

/**
 * Reads what a reference refers to; one trailing newline (\n or \r\n) is stripped.
 *
 * @return STATUS_OK; or STATUS_REJECT: not a reference (a literal; the message does not repeat it),
 *   no such credential, file or variable, empty, too large, holding a NUL byte, or a file that
 *   others can read or that the group can write. The message never holds the value.
 */
enum status secret_load(struct span reference, struct secret **ret_secret, struct err *reterr);

/**
 * Reads an open file from where it stands, with the rules of `file:`; the descriptor stays open.
 *
 * @param label  names the file in messages
 * @return as secret_load
 */
enum status secret_load_fd(
    int fd, const char *label, struct secret **ret_secret, struct err *reterr);

#endif
