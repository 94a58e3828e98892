/* SPDX-License-Identifier: ISC */
#include "metrics/listener.h"

#include "base/unix_socket.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static const struct sockaddr *socket_of(const struct metrics_address *address)
{
	return (const struct sockaddr *)&address->socket;
}

/* NULL: it is none of a file. */
static const char *path_of(const struct metrics_address *address)
{
	return address->socket.ss_family == AF_UNIX
		   ? ((const struct sockaddr_un *)&address->socket)->sun_path
		   : NULL;
}

void listener_remove(const struct metrics_address *address)
{
	if (path_of(address) != NULL)
		unlink(path_of(address));
}

static bool bind_to(int fd, const struct metrics_address *address)
{
	return path_of(address) == NULL
		   ? bind(fd, socket_of(address), address->size) == 0
		   : unix_socket_bind(fd, (const struct sockaddr_un *)&address->socket);
}

/* The folder of a Unix socket says who may come; the numbers are no secret. */
static bool open_to_all(const struct metrics_address *address)
{
	return path_of(address) == NULL || chmod(path_of(address), 0666) == 0;
}

enum status listener_open(const struct metrics_address *address, int *ret_fd, struct err *reterr)
{
	int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int yes = 1;

	/* What an earlier process left in TIME-WAIT does not keep the port. */
	if (fd >= 0 && path_of(address) == NULL)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (fd >= 0 && bind_to(fd, address) && open_to_all(address) && listen(fd, BACKLOG) == 0) {
		*ret_fd = fd;
		return STATUS_OK;
	}
	err_set(reterr, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return STATUS_REJECT;
}
