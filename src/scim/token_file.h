/* SPDX-License-Identifier: ISC */
/*
 * The file that keeps OAuth's refresh token from one exchange to the next.
 *
 * A tenant that rotates its tokens takes each of them once and gives the next one in the same
 * answer.  Whoever loses that answer is locked out until a person logs in again, so:
 *
 *   - One process at a time exchanges: it holds the lock from before it reads the token until the
 *     next one is on disk.
 *   - What the next token needs (the file, its owner, its blocks) is got before the request goes
 *     out, so that a full or read-only disk costs no token.
 *   - The next token is written beside, synced, renamed, and the directory synced.  A process that
 *     died between the first and the last of these is made good by the next one that reads.
 *
 * Three files, PATH being the configured one; none is ever a link that is followed:
 *
 *     PATH       the token and a newline, mode 0600:   v1.MjQ0NDZhZjk0...
 *     PATH.new   the same on its way to PATH.  It is whole when it ends in a newline and holds
 *                nothing but printable ASCII before; whole and not older than PATH it takes PATH's
 *                place; anything else is what was got ready or half a write, and is removed.
 *     PATH.lock  is locked (flock), never removed.  Empty, or the time at which an exchange began
 *                whose end nobody wrote down:          2026-03-01T08:30:00Z
 *
 * Made by root, all three belong to the owner of the directory, so that what an administrator does
 * by hand leaves the service its file.
 */
#ifndef SCIM_TOKEN_FILE_H
#define SCIM_TOKEN_FILE_H

#include "base/err.h"
#include "base/secret.h"
#include "base/status.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

enum { TOKEN_FILE_MAX_BYTES = 16 * 1024 };

struct token_file;

/** Makes it; nothing is opened yet. @param path borrowed; absolute. @return owned */
struct token_file *token_file_new(const char *path);

/** Unlocks and frees; sets `*file` to NULL; NULL is welcome. */
void token_file_free(struct token_file **file);

/**
 * Takes the lock, without waiting; one that is held already stays.
 *
 * @return STATUS_OK; STATUS_RETRY: another process has it; STATUS_DOWN: the directory or the lock
 *   file cannot be opened or is not ours to use
 */
enum status token_file_lock(struct token_file *file, struct err *reterr);

/** Gives the lock back, and what was got ready. */
void token_file_unlock(struct token_file *file);

/** Whether the lock is held. */
bool token_file_is_locked(const struct token_file *file);

/**
 * Makes good what a process left that died, and reads the token; under the lock.
 *
 * @return STATUS_OK; STATUS_DOWN: there is none, others can read it, or it is no token
 */
enum status token_file_read(struct token_file *file, struct secret **ret_token, struct err *reterr);

/**
 * Gets ready what storing the next token needs; under the lock.
 *
 * @return STATUS_OK; STATUS_DOWN: it cannot be stored, so the present one must not be spent
 */
enum status token_file_prepare(struct token_file *file, struct err *reterr);

/**
 * Puts a token in the place of the one that is there; under the lock.
 *
 * @return STATUS_OK: it is on disk, whatever happens now; STATUS_DOWN: that is not sure, err says
 *   why; it may be tried again
 */
enum status token_file_store(struct token_file *file, struct span token, struct err *reterr);

/** Notes that an exchange begins, or (0) that its end is known; under the lock. It only serves to
 * tell a person more, so that nothing fails where it cannot be written. */
void token_file_note_exchange(struct token_file *file, int64_t wall_ms);

/**
 * Whether an exchange began whose end nobody knows; under the lock, after token_file_read.
 *
 * @param ret_wall_ms  when it began
 */
bool token_file_has_open_exchange(const struct token_file *file, int64_t *ret_wall_ms);

/** Whether the file is another one than was last read or stored here, or has gone. Needs no lock.
 */
bool token_file_has_changed(const struct token_file *file);

/** When the file was written. Needs no lock. @return false: it is not there */
bool token_file_modified(const struct token_file *file, int64_t *ret_wall_ms);

/** Whether a text can be a refresh token: printable ASCII, not too long. Source: RFC 6749 A.17 */
bool token_file_allows(struct span token);

/**
 * Says whether tokens can be kept there, by what the file system says about the directory and the
 * file: a look, nothing is written.
 *
 * @param detail  gets what is well or what is wrong
 * @return whether it is well
 */
bool token_file_check(const char *path, struct str *detail);

#endif
