/* SPDX-License-Identifier: ISC */
#include "base/unix_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum status unix_socket_address(
    struct span path, struct sockaddr_un *ret_address, struct err *reterr)
{
	if (path.len == 0 || path.at[0] != '/') {
		err_set(reterr, "the path of the socket does not begin with /");
		return STATUS_REJECT;
	}
	if (path.len >= sizeof(ret_address->sun_path)) {
		err_set(reterr, "the path of the socket is longer than %zu bytes",
		    sizeof(ret_address->sun_path) - 1);
		return STATUS_REJECT;
	}
	*ret_address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	memcpy(ret_address->sun_path, path.at, path.len);
	return STATUS_OK;
}

static bool bind_once(int fd, const struct sockaddr_un *address)
{
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
}

/* Whether the file is a socket that nobody listens on any more. */
static bool is_left_behind(const struct sockaddr_un *address)
{
	struct stat stat;
	bool is_dead;
	int fd;

	if (lstat(address->sun_path, &stat) != 0 || !S_ISSOCK(stat.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	is_dead = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
		  errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return is_dead;
}

bool unix_socket_bind(int fd, const struct sockaddr_un *address)
{
	if (bind_once(fd, address))
		return true;
	if (errno != EADDRINUSE)
		return false;
	if (!is_left_behind(address)) {
		errno = EADDRINUSE;
		return false;
	}
	unlink(address->sun_path);
	return bind_once(fd, address);
}
