/* SPDX-License-Identifier: ISC */
/*
 * One chunk is read and its records are handed out in each turn of the loop.
 */
#include "directory/ldif_file.h"

#include "base/vec.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 128 * 1024 };

struct ldif_file {
	int fd;
	const char *path;
	struct stat opened; /* as it was then */
	struct loop_timer *turn;
	struct ldif_splitter splitter;
	struct ldif_record record;
	const struct ldif_file_handler *handler; /* NULL: no pass runs */
	void *context;
	bool is_at_end;
	char chunk[CHUNK_BYTES];
};

static void end_pass(struct ldif_file *file, const struct err *failure)
{
	const struct ldif_file_handler *handler = file->handler;

	if (handler == NULL)
		return;
	file->handler = NULL;
	handler->on_end(file->context, failure);
}

static void read_chunk(struct ldif_file *file)
{
	struct err err = { "" };
	ssize_t count;

	do
		count = read(file->fd, file->chunk, sizeof(file->chunk));
	while (count < 0 && errno == EINTR);
	if (count < 0) {
		err_set(&err, "cannot read %s: %s", file->path, strerror(errno));
		end_pass(file, &err);
		return;
	}
	file->is_at_end = count == 0;
	ldif_splitter_add(&file->splitter, (struct span) { file->chunk, (size_t)count });
}

static bool hand_out(struct ldif_file *file, struct ldif_text *text)
{
	struct err why = { "" };
	enum ldif_outcome outcome = ldif_record_parse(text, &file->record, &why);

	return outcome == LDIF_NOTHING ||
	       file->handler->on_record(file->context, outcome, &file->record, &why);
}

static void end_too_long(struct ldif_file *file)
{
	struct err err = { "" };

	err_set(&err, "%s: line %llu: a record is longer than %d MiB; is a blank line missing?",
	    file->path, (unsigned long long)file->splitter.line + 1,
	    LDIF_RECORD_MAX_BYTES / 1024 / 1024);
	end_pass(file, &err);
}

static void on_turn(void *context)
{
	struct ldif_file *file = context;
	enum ldif_split split = LDIF_SPLIT_RECORD;
	struct ldif_text text;
	bool goes_on = true;

	read_chunk(file);
	while (file->handler != NULL && goes_on && split == LDIF_SPLIT_RECORD) {
		split = ldif_splitter_next(&file->splitter, file->is_at_end, &text);
		if (split == LDIF_SPLIT_RECORD)
			goes_on = hand_out(file, &text);
	}
	if (file->handler == NULL)
		return;
	if (split == LDIF_SPLIT_TOO_LONG)
		end_too_long(file);
	else if (!goes_on || file->is_at_end)
		end_pass(file, NULL);
	else
		loop_timer_start(file->turn, 0);
}

enum status ldif_file_open(
    struct loop *loop, const char *path, struct ldif_file **ret_file, struct err *reterr)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct ldif_file *file;
	struct stat opened;

	if (fd < 0 || fstat(fd, &opened) != 0) {
		err_set(reterr, "cannot read %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return STATUS_DOWN;
	}
	if (!S_ISREG(opened.st_mode)) {
		err_set(reterr, "cannot read %s: it is not a regular file", path);
		close(fd);
		return STATUS_DOWN;
	}
	file = mem_new(1, sizeof(*file));
	file->fd = fd;
	file->path = path;
	file->opened = opened;
	file->turn = loop_timer_new(loop, on_turn, file);
	*ret_file = file;
	return STATUS_OK;
}

void ldif_file_close(struct ldif_file **file)
{
	struct ldif_file *old = *file;

	*file = NULL;
	if (old == NULL)
		return;
	loop_timer_free(&old->turn);
	ldif_splitter_done(&old->splitter);
	ldif_record_done(&old->record);
	close(old->fd);
	free(old);
}

void ldif_file_pass(struct ldif_file *file, const struct ldif_file_handler *handler, void *context)
{
	assert(file->handler == NULL);
	file->handler = handler;
	file->context = context;
	file->is_at_end = false;
	ldif_splitter_done(&file->splitter);
	/* A regular file can always go back; if not, the first read says so. */
	(void)!lseek(file->fd, 0, SEEK_SET);
	loop_timer_start(file->turn, 0);
}

void ldif_file_stop(struct ldif_file *file)
{
	file->handler = NULL;
	loop_timer_stop(file->turn);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool ldif_file_has_changed(const struct ldif_file *file)
{
	struct stat now;

	return stat(file->path, &now) != 0 || !is_same(&now, &file->opened);
}

void ldif_file_add_stamp(const struct ldif_file *file, struct str *out)
{
	const struct stat *stat = &file->opened;

	str_addf(out, "%llu-%llu-%llu-%lld.%09ld", (unsigned long long)stat->st_dev,
	    (unsigned long long)stat->st_ino, (unsigned long long)stat->st_size,
	    (long long)stat->st_mtim.tv_sec, stat->st_mtim.tv_nsec);
}

uint64_t ldif_file_size_bytes(const struct ldif_file *file)
{
	return (uint64_t)file->opened.st_size;
}
