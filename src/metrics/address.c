/* SPDX-License-Identifier: ISC */
#include "metrics/address.h"

#include "base/unix_socket.h"
#include <arpa/inet.h>
#include <config.h>
#include <netinet/in.h>
#include <string.h>

#define UNIX_PREFIX "unix:"

bool metrics_can_listen(void)
{
#ifdef HAVE_METRICS_HTTP
	return true;
#else
	return false;
#endif
}

static enum status parse_path(
    struct span path, struct metrics_address *ret_address, struct err *reterr)
{
	ret_address->size = sizeof(struct sockaddr_un);
	return unix_socket_address(path, (struct sockaddr_un *)&ret_address->socket, reterr);
}

static bool parse_port(struct span text, in_port_t *ret_port)
{
	uint64_t port;

	if (!span_to_u64(text, &port) || port == 0 || port > 65535)
		return false;
	*ret_port = htons((in_port_t)port);
	return true;
}

/* @return false: the text is no address of either family */
static bool parse_host(
    struct span host, in_port_t port, struct metrics_address *ret_address, bool *ret_is_loopback)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&ret_address->socket;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ret_address->socket;
	char text[INET6_ADDRSTRLEN] = "";
	bool is_bracketed = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';

	if (is_bracketed)
		host = (struct span) { host.at + 1, host.len - 2 };
	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.at, host.len);
	if (!is_bracketed && inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		*ret_is_loopback = ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
		in->sin_family = AF_INET;
		in->sin_port = port;
		ret_address->size = sizeof(*in);
		return true;
	}
	if (!is_bracketed || inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
		return false;
	*ret_is_loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = port;
	ret_address->size = sizeof(*in6);
	return true;
}

static size_t last_colon(struct span text)
{
	size_t at = text.len;

	while (at > 0 && text.at[at - 1] != ':')
		at--;
	return at == 0 ? text.len : at - 1;
}

static enum status parse_internet(
    struct span text, struct metrics_address *ret_address, struct err *reterr)
{
	size_t colon = last_colon(text);
	struct span host = { text.at, colon };
	bool is_loopback = false;
	in_port_t port;

	if (colon == text.len ||
	    !parse_port((struct span) { text.at + colon + 1, text.len - colon - 1 }, &port)) {
		err_set(reterr, "\"%.*s\" does not end in a port, 1 to 65535", SPAN_ARG(text));
		return STATUS_REJECT;
	}
	if (!parse_host(host, port, ret_address, &is_loopback)) {
		err_set(reterr, "\"%.*s\" is no address (a name is not looked up here)",
		    SPAN_ARG(host));
		return STATUS_REJECT;
	}
	if (!is_loopback) {
		err_set(reterr,
		    "%.*s can be reached from other hosts, and who asks for metrics is not asked "
		    "who they are",
		    SPAN_ARG(host));
		return STATUS_REJECT;
	}
	return STATUS_OK;
}

enum status metrics_address_parse(
    struct span text, struct metrics_address *ret_address, struct err *reterr)
{
	struct span prefix = SPAN(UNIX_PREFIX);

	memset(ret_address, 0, sizeof(*ret_address));
	if (text.len >= prefix.len && memcmp(text.at, prefix.at, prefix.len) == 0)
		return parse_path((struct span) { text.at + prefix.len, text.len - prefix.len },
		    ret_address, reterr);
	return parse_internet(text, ret_address, reterr);
}
