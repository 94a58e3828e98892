/* SPDX-License-Identifier: ISC */
/*
 * Secrets live on pages of their own, so that locking and hiding them from core dumps touches
 * nothing else, and are read straight into such pages.
 */
#include "base/secret.h"

#include "base/vec.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct secret {
	size_t mapped; /* bytes, this head included */
	size_t len;
	char bytes[]; /* and a NUL */
};

enum { REDACT_MIN_BYTES = 4 };

enum scheme { SCHEME_NONE, SCHEME_CREDENTIAL, SCHEME_FILE, SCHEME_ENV };

static struct secret *secret_map(size_t cap)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), mapped;
	if (__builtin_add_overflow(cap, sizeof(struct secret) + page, &mapped))
		mem_exhausted();
	mapped -= mapped % page;
	void *memory = mmap(
	    NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		mem_exhausted();
	/* Both may be denied by limits or old kernels; the secret is needed all the same. */
	(void)mlock(memory, mapped);
	(void)madvise(memory, mapped, MADV_DONTDUMP);
	struct secret *secret = memory;
	secret->mapped = mapped;
	return secret;
}

struct secret *secret_new(struct span bytes)
{
	struct secret *secret = secret_map(bytes.len + 1);
	if (bytes.len > 0)
		memcpy(secret->bytes, bytes.at, bytes.len);
	secret->len = bytes.len;
	return secret;
}

void secret_free(struct secret **secret)
{
	if (*secret == NULL)
		return;
	size_t mapped = (*secret)->mapped;
	secret_wipe(*secret, mapped);
	munmap(*secret, mapped);
	*secret = NULL;
}

struct span secret_reveal(const struct secret *secret)
{
	return (struct span) { secret->bytes, secret->len };
}

void secret_wipe(void *memory, size_t size)
{
	if (size > 0)
		explicit_bzero(memory, size);
}

void secret_wipe_str(struct str *str)
{
	secret_wipe(str->at, str->cap);
	str_done(str);
}

static bool cut_prefix(struct span text, struct span prefix, struct span *ret_rest)
{
	if (text.len <= prefix.len || memcmp(text.at, prefix.at, prefix.len) != 0)
		return false;
	*ret_rest = (struct span) { text.at + prefix.len, text.len - prefix.len };
	return true;
}

static enum scheme scheme_of(struct span reference, struct span *ret_name)
{
	if (cut_prefix(reference, SPAN("credential:"), ret_name))
		return SCHEME_CREDENTIAL;
	if (cut_prefix(reference, SPAN("file:"), ret_name))
		return SCHEME_FILE;
	if (cut_prefix(reference, SPAN("env:"), ret_name))
		return SCHEME_ENV;
	return SCHEME_NONE;
}

bool secret_is_reference(struct span reference)
{
	struct span name;
	return scheme_of(reference, &name) != SCHEME_NONE;
}

static size_t len_without_newline(struct span text)
{
	size_t len = text.len;
	if (len > 0 && text.at[len - 1] == '\n') {
		len--;
		if (len > 0 && text.at[len - 1] == '\r')
			len--;
	}
	return len;
}

/* Makes the secret of what was read. `label` says where it came from, never what it is. */
static enum status secret_take(
    struct span text, const char *label, struct secret **ret_secret, struct err *reterr)
{
	if (text.len > SECRET_MAX_BYTES) {
		err_set(reterr, "%s is larger than %d KiB; is it the right one?", label,
		    SECRET_MAX_BYTES / 1024);
		return STATUS_REJECT;
	}
	text.len = len_without_newline(text);
	if (text.len == 0) {
		err_set(reterr, "%s is empty; put the secret there", label);
		return STATUS_REJECT;
	}
	if (memchr(text.at, '\0', text.len) != NULL) {
		err_set(reterr, "%s holds a NUL byte; a secret is text", label);
		return STATUS_REJECT;
	}
	*ret_secret = secret_new(text);
	return STATUS_OK;
}

/* Reads to the end, or one byte more than is allowed. */
static enum status read_all(int fd, struct secret *into, const char *label, struct err *reterr)
{
	const size_t cap = SECRET_MAX_BYTES + 1;
	while (into->len < cap) {
		ssize_t got = read(fd, into->bytes + into->len, cap - into->len);
		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_set(reterr, "cannot read %s: %s", label, strerror(errno));
			return STATUS_REJECT;
		}
		into->len += (size_t)got;
	}
	return STATUS_OK;
}

/* The checks are made on the open file: a name could be exchanged in between. */
static enum status check_file(int fd, bool is_private, const char *label, struct err *reterr)
{
	struct stat info;
	if (fstat(fd, &info) != 0) {
		err_set(reterr, "cannot look at %s: %s", label, strerror(errno));
		return STATUS_REJECT;
	}
	if (!S_ISREG(info.st_mode)) {
		err_set(reterr, "%s is not a regular file", label);
		return STATUS_REJECT;
	}
	if (is_private && (info.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
		err_set(reterr, "%s has mode %04o, so that %s; chmod it to 0600 or 0640", label,
		    (unsigned)(info.st_mode & 07777),
		    (info.st_mode & (S_IROTH | S_IWOTH)) != 0 ? "others can read or write it"
							      : "its group can write it");
		return STATUS_REJECT;
	}
	return STATUS_OK;
}

static enum status load_fd(
    int fd, bool is_private, const char *label, struct secret **ret_secret, struct err *reterr)
{
	struct secret *content = secret_map(SECRET_MAX_BYTES + 1);
	enum status status = check_file(fd, is_private, label, reterr);
	if (status == STATUS_OK)
		status = read_all(fd, content, label, reterr);
	if (status == STATUS_OK)
		status = secret_take(secret_reveal(content), label, ret_secret, reterr);
	secret_free(&content);
	return status;
}

enum status secret_load_fd(
    int fd, const char *label, struct secret **ret_secret, struct err *reterr)
{
	return load_fd(fd, true, label, ret_secret, reterr);
}

static enum status load_path(const char *path, bool is_private, const char *label,
    struct secret **ret_secret, struct err *reterr)
{
	/* Without O_NONBLOCK a named pipe would hang here before it can be refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		err_set(reterr, "cannot open %s: %s", label, strerror(errno));
		return STATUS_REJECT;
	}
	enum status status = load_fd(fd, is_private, label, ret_secret, reterr);
	close(fd);
	return status;
}

static enum status load_file(struct span name, struct secret **ret_secret, struct err *reterr)
{
	if (name.at[0] != '/' || memchr(name.at, '\0', name.len) != NULL) {
		err_set(reterr, "a secret's \"file:\" takes an absolute path, as in "
				"\"file:/etc/scimward/key\"");
		return STATUS_REJECT;
	}
	struct str path = { 0 }, label = { 0 };
	str_add(&path, name);
	str_addf(&label, "the secret file \"%s\"", str_c(&path));
	enum status status = load_path(str_c(&path), true, str_c(&label), ret_secret, reterr);
	str_done(&path);
	str_done(&label);
	return status;
}

static enum status load_credential(struct span name, struct secret **ret_secret, struct err *reterr)
{
	if (name.at[0] == '.' || memchr(name.at, '/', name.len) != NULL ||
	    memchr(name.at, '\0', name.len) != NULL) {
		err_set(reterr, "a credential's name has no \"/\" and does not begin with \".\"; "
				"for a path write \"file:/path\"");
		return STATUS_REJECT;
	}
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	if (directory == NULL || directory[0] != '/') {
		err_set(reterr,
		    "cannot read credential \"%.*s\": $CREDENTIALS_DIRECTORY is not set; give it "
		    "to the "
		    "service with LoadCredential=%.*s:/path, or name a directory that holds it",
		    SPAN_ARG(name), SPAN_ARG(name));
		return STATUS_REJECT;
	}
	struct str path = { 0 }, label = { 0 };
	str_addf(&path, "%s/%.*s", directory, SPAN_ARG(name));
	str_addf(&label, "the credential \"%.*s\" (%s)", SPAN_ARG(name), str_c(&path));
	enum status status = load_path(str_c(&path), false, str_c(&label), ret_secret, reterr);
	str_done(&path);
	str_done(&label);
	return status;
}

void secret_redact(struct str *text, struct span secret)
{
	static const char mark[] = "[secret]";
	struct span rest = str_span(text);
	struct str clean = { 0 };
	const char *found;

	if (secret.len < REDACT_MIN_BYTES || rest.len < secret.len ||
	    memmem(rest.at, rest.len, secret.at, secret.len) == NULL)
		return;
	str_reserve(&clean, rest.len);
	while (rest.len >= secret.len &&
	       (found = memmem(rest.at, rest.len, secret.at, secret.len)) != NULL) {
		str_add(&clean, (struct span) { rest.at, (size_t)(found - rest.at) });
		str_add_c(&clean, mark);
		rest.len -= (size_t)(found - rest.at) + secret.len;
		rest.at = found + secret.len;
	}
	str_add(&clean, rest);
	secret_wipe_str(text);
	*text = clean;
}

static bool is_variable_name(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];
		bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
		if (!is_letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return true;
}

static enum status load_env(struct span name, struct secret **ret_secret, struct err *reterr)
{
	if (!is_variable_name(name)) {
		err_set(reterr,
		    "a secret's \"env:\" takes the name of a variable, as in \"env:SCIMWARD_KEY\"");
		return STATUS_REJECT;
	}
	struct str label = { 0 };
	str_addf(&label, "%.*s", SPAN_ARG(name));
	const char *value = getenv(str_c(&label));
	enum status status = STATUS_REJECT;
	str_truncate(&label, 0);
	str_addf(&label, "the environment variable %.*s", SPAN_ARG(name));
	if (value == NULL)
		err_set(reterr, "%s is not set", str_c(&label));
	else
		status = secret_take(span_of(value), str_c(&label), ret_secret, reterr);
	str_done(&label);
	return status;
}

enum status secret_load(struct span reference, struct secret **ret_secret, struct err *reterr)
{
	struct span name;
	switch (scheme_of(reference, &name)) {
	case SCHEME_CREDENTIAL:
		return load_credential(name, ret_secret, reterr);
	case SCHEME_FILE:
		return load_file(name, ret_secret, reterr);
	case SCHEME_ENV:
		return load_env(name, ret_secret, reterr);
	case SCHEME_NONE:
		break;
	}
	err_set(reterr,
	    "a secret is not written here but referred to: \"credential:NAME\" (systemd's "
	    "LoadCredential=), \"file:/path\" or \"env:NAME\"");
	return STATUS_REJECT;
}
