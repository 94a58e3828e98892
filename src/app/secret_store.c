/* SPDX-License-Identifier: ISC */
/*
 * The folder may belong to the service's user, who must not be able to lead root astray: it is
 * opened once, links are not followed, and all goes by its descriptor.
 */
#include "app/secret_store.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPIES_MAX = 100 };

/* ---- in memory ---- */

static bool write_all(int descriptor, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t written = write(descriptor, bytes.at, bytes.len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes = (struct span) { bytes.at + written, bytes.len - (size_t)written };
	}
	return true;
}

enum status secret_hold(
    const struct secret *secret, struct held_secret *ret_held, struct err *reterr)
{
	int descriptor = memfd_create("secret", MFD_CLOEXEC);

	if (descriptor < 0 || fchmod(descriptor, 0600) != 0 ||
	    !write_all(descriptor, secret_reveal(secret))) {
		err_set(reterr, "a secret cannot be kept in memory: %s", strerror(errno));
		if (descriptor >= 0)
			close(descriptor);
		return STATUS_REJECT;
	}
	ret_held->descriptor = descriptor;
	(void)snprintf(
	    ret_held->reference, sizeof(ret_held->reference), "file:/proc/self/fd/%d", descriptor);
	return STATUS_OK;
}

void secret_let_go(struct held_secret *held)
{
	if (held->descriptor >= 0)
		close(held->descriptor);
	held->descriptor = -1;
}

/* ---- the folder ---- */

struct secret_reader secret_store_reader(void)
{
	struct secret_reader reader = { geteuid(), getegid(), true };
	const struct passwd *user;

	if (reader.user != 0)
		return reader;
	user = getpwnam(SECRET_STORE_USER);
	if (user == NULL) {
		reader.is_known = false;
		return reader;
	}
	return (struct secret_reader) { user->pw_uid, user->pw_gid, true };
}

static enum status refuse(struct err *reterr, const char *what, const char *path)
{
	err_set(reterr, "cannot %s %s: %s", what, path, strerror(errno));
	return STATUS_REJECT;
}

/* Root may hand over what is its own; what is somebody else's is nobody's to give. */
static enum status check_folder(
    int descriptor, const char *path, const struct secret_reader *reader, struct err *reterr)
{
	struct stat info;

	if (fstat(descriptor, &info) != 0)
		return refuse(reterr, "look at", path);
	if (info.st_uid != reader->user && info.st_uid != geteuid()) {
		err_set(reterr,
		    "%s belongs to user %ld, who could exchange what is in it; chown it to who is "
		    "to read the secrets (user %ld)",
		    path, (long)info.st_uid, (long)reader->user);
		return STATUS_REJECT;
	}
	if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		err_set(reterr,
		    "%s has mode %04o, so that others get at the secrets; chmod it to 0700", path,
		    (unsigned)(info.st_mode & 07777));
		return STATUS_REJECT;
	}
	if (info.st_uid != reader->user && fchown(descriptor, reader->user, reader->group) != 0)
		return refuse(reterr, "change the owner of", path);
	return STATUS_OK;
}

/* @return the folder's descriptor; -1 after having said why */
static int open_folder(const char *path, const struct secret_reader *reader, struct err *reterr)
{
	int descriptor;

	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		refuse(reterr, "make the folder", path);
		return -1;
	}
	descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0) {
		refuse(reterr, "open the folder", path);
		return -1;
	}
	if (check_folder(descriptor, path, reader, reterr) == STATUS_OK)
		return descriptor;
	close(descriptor);
	return -1;
}

enum status secret_store_make(
    const char *folder, const struct secret_reader *reader, struct err *reterr)
{
	int descriptor = open_folder(folder, reader, reterr);

	if (descriptor < 0)
		return STATUS_REJECT;
	close(descriptor);
	return STATUS_OK;
}

/* ---- files ---- */

bool secret_store_has(const char *folder, const char *name)
{
	struct str path = { 0 };
	struct stat info;
	bool is_there;

	str_addf(&path, "%s/%s", folder, name);
	is_there = lstat(str_c(&path), &info) == 0;
	str_done(&path);
	return is_there;
}

enum status keep_a_copy(int directory, const char *path, struct str *ret_name, struct err *reterr)
{
	struct str name = { 0 };
	int failed = 0;

	for (int i = 1; i <= COPIES_MAX; i++) {
		str_truncate(&name, 0);
		str_addf(&name, i == 1 ? "%s.old" : "%s.old.%d", path, i);
		failed = linkat(directory, path, directory, str_c(&name), 0);
		if (failed == 0 || errno != EEXIST)
			break;
	}
	if (failed != 0 && errno != ENOENT) {
		err_set(reterr, "cannot keep a copy of %s as %s: %s", path, str_c(&name),
		    strerror(errno));
		str_done(&name);
		return STATUS_REJECT;
	}
	if (failed == 0 && ret_name != NULL)
		str_add(ret_name, str_span(&name));
	str_done(&name);
	return STATUS_OK;
}

static bool fill(int descriptor, const struct secret *secret, const struct secret_reader *reader)
{
	bool is_whole = write_all(descriptor, secret_reveal(secret)) &&
			write_all(descriptor, SPAN("\n")) && fchmod(descriptor, 0600) == 0;

	if (is_whole && reader->user != geteuid())
		is_whole = fchown(descriptor, reader->user, reader->group) == 0;
	return is_whole && fsync(descriptor) == 0;
}

static enum status write_beside(int folder, const char *beside, const struct secret *secret,
    const struct secret_reader *reader, struct err *reterr)
{
	int descriptor;
	bool is_whole;

	(void)unlinkat(folder, beside, 0); /* of a run that died */
	descriptor = openat(
	    folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return refuse(reterr, "write", beside);
	is_whole = fill(descriptor, secret, reader);
	if (close(descriptor) == 0 && is_whole)
		return STATUS_OK;
	refuse(reterr, "write", beside);
	(void)unlinkat(folder, beside, 0);
	return STATUS_REJECT;
}

enum status secret_store_write(const char *folder, const char *name, const struct secret *secret,
    const struct secret_reader *reader, struct err *reterr)
{
	int descriptor = open_folder(folder, reader, reterr);
	struct str beside = { 0 };
	enum status status;

	if (descriptor < 0)
		return STATUS_REJECT;
	str_addf(&beside, "%s.new", name);
	status = write_beside(descriptor, str_c(&beside), secret, reader, reterr);
	if (status == STATUS_OK)
		status = keep_a_copy(descriptor, name, NULL, reterr);
	if (status == STATUS_OK && renameat(descriptor, str_c(&beside), descriptor, name) != 0)
		status = refuse(reterr, "write", name);
	if (status == STATUS_OK)
		(void)fsync(descriptor);
	else
		(void)unlinkat(descriptor, str_c(&beside), 0);
	str_done(&beside);
	close(descriptor);
	return status;
}
