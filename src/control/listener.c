/* SPDX-License-Identifier: ISC */
/* Until its mode is set the socket is its owner's alone: what the process makes is 0700 at most. */
#include "control/listener.h"

#include "base/unix_socket.h"
#include "base/vec.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 64 };

/* @return false: errno says why; 0: there is no such group */
static bool find_group(const char *name, gid_t *ret_group)
{
	const struct group *found;

	errno = 0;
	found = getgrnam(name);
	if (found == NULL)
		return false;
	*ret_group = found->gr_gid;
	return true;
}

/* A sandbox may forbid to change what need not be changed. */
static bool is_of_group(const char *path, gid_t id)
{
	struct stat stat;

	return lstat(path, &stat) == 0 && stat.st_gid == id;
}

static void give_to_group(const char *path, const char *group, struct err *ret_err)
{
	gid_t id;

	ret_err->text[0] = '\0';
	if (group == NULL)
		return;
	if (!find_group(group, &id))
		err_set(ret_err, "%s",
		    errno == 0 || errno == ENOENT ? "there is no such group" : strerror(errno));
	else if (!is_of_group(path, id) && lchown(path, (uid_t)-1, id) != 0)
		err_set(ret_err, "%s; is the user of the service in it?", strerror(errno));
	else if (chmod(path, 0660) != 0)
		err_set(ret_err, "%s", strerror(errno));
}

static bool note_file(struct control_listener *listener)
{
	struct stat stat;

	if (lstat(listener->path, &stat) != 0)
		return false;
	listener->device = stat.st_dev;
	listener->inode = stat.st_ino;
	listener->made = stat.st_mtim;
	return true;
}

/* The file appears with bind: from there on it must not be more than its owner's. */
static bool bind_closed(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(0177);
	bool is_bound = unix_socket_bind(fd, address);
	int why = errno;

	umask(before);
	errno = why;
	return is_bound;
}

enum status control_listener_open(const char *path, const char *group,
    struct control_listener *ret_listener, struct err *ret_group_err, struct err *reterr)
{
	struct control_listener listener = CONTROL_LISTENER_NONE;
	struct sockaddr_un address;

	if (unix_socket_address(span_of(path), &address, reterr) != STATUS_OK)
		return STATUS_REJECT;
	listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener.fd >= 0 && bind_closed(listener.fd, &address)) {
		listener.path = mem_strdup(path);
		if (note_file(&listener) && listen(listener.fd, BACKLOG) == 0) {
			give_to_group(path, group, ret_group_err);
			listener.group = mem_strdup(group);
			*ret_listener = listener;
			return STATUS_OK;
		}
	}
	err_set(reterr, "%s", strerror(errno));
	control_listener_close(&listener);
	return STATUS_REJECT;
}

enum status control_listener_take(int fd, struct control_listener *ret_listener, struct err *reterr)
{
	struct sockaddr_un address;
	socklen_t size = sizeof(address);
	int listens = 0, type = 0;
	socklen_t one = sizeof(listens), other = sizeof(type);

	if (getsockname(fd, (struct sockaddr *)&address, &size) != 0 ||
	    address.sun_family != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &one) != 0 || listens == 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &other) != 0 || type != SOCK_STREAM) {
		err_set(reterr, "it is no Unix stream socket that listens (ListenStream=/path)");
		close(fd);
		return STATUS_REJECT;
	}
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		err_set(reterr, "%s", strerror(errno));
		close(fd);
		return STATUS_REJECT;
	}
	*ret_listener = (struct control_listener) { .fd = fd };
	return STATUS_OK;
}

static bool is_still_ours(const struct control_listener *listener)
{
	struct stat stat;

	return listener->path != NULL && lstat(listener->path, &stat) == 0 &&
	       stat.st_dev == listener->device && stat.st_ino == listener->inode &&
	       stat.st_mtim.tv_sec == listener->made.tv_sec &&
	       stat.st_mtim.tv_nsec == listener->made.tv_nsec;
}

void control_listener_close(struct control_listener *listener)
{
	if (is_still_ours(listener))
		unlink(listener->path);
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener->path);
	free(listener->group);
	*listener = CONTROL_LISTENER_NONE;
}
