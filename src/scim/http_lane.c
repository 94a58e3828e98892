/* SPDX-License-Identifier: ISC */
/*
 * libcurl sends a request a second time by itself when a kept connection dies before the answer
 * begins, writes too.  The tenant may have done such a write already, so the callback that comes
 * right before each sending refuses the second one unless the request may be repeated.
 */
#include "scim/http_lane.h"

#include "base/secret.h"
#include "base/vec.h"
#include <assert.h>
#include <config.h>

enum {
	HEADER_MAX_BYTES = 512,      /* of what is kept of an answer's header */
	KEPT_BUFFER_BYTES = 1 << 18, /* a buffer that grew larger is given back */
};

/* --- what comes --------------------------------------------------------------------------- */

static int on_before_send(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct http_lane *lane = context;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	if (lane->sends > 0 && !lane->is_repeatable)
		return CURL_PREREQFUNC_ABORT;
	lane->sends++;
	return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct http_lane *lane = context;
	size_t len = size * count;

	if (len > lane->settings->answer_max_bytes - lane->answer_body.len) {
		lane->is_too_large = true;
		return 0;
	}
	str_add(&lane->answer_body, (struct span) { data, len });
	return len;
}

static void keep_header(struct str *kept, struct span value)
{
	value = span_trim(value);
	if (value.len > HEADER_MAX_BYTES)
		value.len = HEADER_MAX_BYTES;
	str_truncate(kept, 0);
	str_add(kept, value);
}

static void forget_headers(struct http_lane *lane)
{
	str_truncate(&lane->retry_after, 0);
	str_truncate(&lane->date, 0);
	str_truncate(&lane->rate_limit, 0);
	str_truncate(&lane->rate_remaining, 0);
	str_truncate(&lane->rate_reset, 0);
	str_truncate(&lane->request_id, 0);
	lane->request_id_rank = 0;
}

static void keep_request_id(struct http_lane *lane, int rank, struct span value)
{
	if (rank <= lane->request_id_rank)
		return;
	lane->request_id_rank = rank;
	keep_header(&lane->request_id, value);
}

/* The draft's names, and those that most servers had before it. */
static void keep_rate(struct http_lane *lane, struct span name, struct span value)
{
	if (name.len > 2 && strncasecmp(name.at, "x-", 2) == 0)
		name = (struct span) { name.at + 2, name.len - 2 };
	if (span_equal_ascii_case(name, SPAN("ratelimit-limit")))
		keep_header(&lane->rate_limit, value);
	else if (span_equal_ascii_case(name, SPAN("ratelimit-remaining")))
		keep_header(&lane->rate_remaining, value);
	else if (span_equal_ascii_case(name, SPAN("ratelimit-reset")))
		keep_header(&lane->rate_reset, value);
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct http_lane *lane = context;
	struct span value = { data, size * count };
	size_t name_len = span_find(value, ':');

	/* A status line begins the headers anew: of an interim answer, or of a repeated request. */
	if (value.len >= 5 && memcmp(data, "HTTP/", 5) == 0)
		forget_headers(lane);
	if (name_len == value.len)
		return size * count;
	struct span name = { data, name_len };
	value.at += name_len + 1;
	value.len -= name_len + 1;
	if (span_equal_ascii_case(name, SPAN("date")))
		keep_header(&lane->date, value);
	else if (span_equal_ascii_case(name, SPAN("retry-after")))
		keep_header(&lane->retry_after, value);
	else if (span_equal_ascii_case(name, SPAN("x-request-id")))
		keep_request_id(lane, 3, value);
	else if (span_equal_ascii_case(name, SPAN("x-correlation-id")))
		keep_request_id(lane, 2, value);
	else if (span_equal_ascii_case(name, SPAN("traceparent")))
		keep_request_id(lane, 1, value);
	else
		keep_rate(lane, name, value);
	return size * count;
}

/* --- setting up --------------------------------------------------------------------------- */

static void lane_set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

void http_lane_set_peer(CURL *easy, const struct http_curl_settings *settings)
{
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (settings->ca_file != NULL) {
		/* Only that file, not what the system trusts as well. */
		curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	/* "" and not NULL: NULL would ask the environment. */
	curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy == NULL ? "" : settings->proxy);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	lane_set_protocols(easy);
}

static void lane_set_callbacks(struct http_lane *lane)
{
	curl_easy_setopt(lane->easy, CURLOPT_ERRORBUFFER, lane->detail);
	curl_easy_setopt(lane->easy, CURLOPT_PREREQFUNCTION, on_before_send);
	curl_easy_setopt(lane->easy, CURLOPT_PREREQDATA, lane);
	curl_easy_setopt(lane->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(lane->easy, CURLOPT_WRITEDATA, lane);
	curl_easy_setopt(lane->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(lane->easy, CURLOPT_HEADERDATA, lane);
}

void http_lane_init(struct http_lane *lane, const struct http_curl_settings *settings, void *owner)
{
	lane->settings = settings;
	lane->easy = curl_easy_init();
	if (lane->easy == NULL)
		mem_exhausted();
	http_lane_set_peer(lane->easy, settings);
	lane_set_callbacks(lane);
	curl_easy_setopt(lane->easy, CURLOPT_PRIVATE, owner);
	/* An id of dots is an id, not a way up. */
	curl_easy_setopt(lane->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(lane->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(lane->easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(lane->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(lane->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(lane->easy, CURLOPT_USERAGENT, "scimward/" PACKAGE_VERSION);
}

void http_lane_done(struct http_lane *lane)
{
	curl_easy_cleanup(lane->easy);
	for (size_t i = 0; i < HTTP_LANE_HEADERS; i++)
		secret_wipe_str(&lane->lines[i]);
	str_done(&lane->url);
	str_done(&lane->request_body);
	secret_wipe_str(&lane->answer_body);
	str_done(&lane->retry_after);
	str_done(&lane->date);
	str_done(&lane->rate_limit);
	str_done(&lane->rate_remaining);
	str_done(&lane->rate_reset);
	str_done(&lane->request_id);
}

/* --- requests ----------------------------------------------------------------------------- */

static void set_line(struct str *line, const char *name, struct span value)
{
	str_truncate(line, 0);
	str_add_c(line, name);
	/* "Name:" alone takes a header away that curl would add. */
	if (value.at != NULL) {
		str_add_byte(line, ' ');
		str_add(line, value);
	}
}

/* curl borrows the list; making the nodes ourselves keeps secrets out of memory we cannot wipe. */
static void set_headers(struct http_lane *lane, const struct http_request *request)
{
	size_t count = request->authorization.at == NULL ? HTTP_LANE_HEADERS - 1
							 : HTTP_LANE_HEADERS;

	set_line(&lane->lines[0], "Accept:", request->accept);
	set_line(&lane->lines[1], "Expect:", SPAN_NULL);
	set_line(&lane->lines[2], "Content-Type:", request->content_type);
	set_line(&lane->lines[3], "Authorization:", request->authorization);
	for (size_t i = 0; i < count; i++) {
		lane->headers[i].data = lane->lines[i].at;
		lane->headers[i].next = i + 1 < count ? &lane->headers[i + 1] : NULL;
	}
	curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, lane->headers);
}

static void set_method(struct http_lane *lane, const struct http_request *request)
{
	char method[8] = "";

	assert(request->method.len < sizeof(method));
	memcpy(method, request->method.at, request->method.len);
	if (span_equal(request->method, SPAN("GET"))) {
		curl_easy_setopt(lane->easy, CURLOPT_CUSTOMREQUEST, NULL);
		curl_easy_setopt(lane->easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	str_truncate(&lane->request_body, 0);
	str_add(&lane->request_body, request->body);
	curl_easy_setopt(lane->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(lane->easy, CURLOPT_CUSTOMREQUEST,
	    span_equal(request->method, SPAN("POST")) ? NULL : method);
	curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDS, str_c(&lane->request_body));
	curl_easy_setopt(
	    lane->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)lane->request_body.len);
}

void http_lane_set_up(struct http_lane *lane, const struct http_request *request)
{
	forget_headers(lane);
	lane->sends = 0;
	lane->is_repeatable = request->is_repeatable;
	lane->is_too_large = false;
	lane->has_secret_answer = request->has_secret_answer;
	lane->detail[0] = '\0';
	str_truncate(&lane->url, 0);
	str_add(&lane->url, request->url);
	curl_easy_setopt(lane->easy, CURLOPT_URL, str_c(&lane->url));
	set_headers(lane, request);
	set_method(lane, request);
	/* The same for connecting: a request may wait for a connection longer than curl's default.
	 */
	curl_easy_setopt(lane->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(lane->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->timeout_ms);
}

enum http_failure http_lane_failure(CURLcode code)
{
	static const struct {
		CURLcode code;
		enum http_failure failure;
	} known[] = {
		{ CURLE_OK, HTTP_NO_FAILURE },
		{ CURLE_COULDNT_RESOLVE_HOST, HTTP_NAME_UNKNOWN },
		{ CURLE_COULDNT_RESOLVE_PROXY, HTTP_NAME_UNKNOWN },
		{ CURLE_COULDNT_CONNECT, HTTP_REFUSED },
		{ CURLE_OPERATION_TIMEDOUT, HTTP_TIMED_OUT },
		{ CURLE_PEER_FAILED_VERIFICATION, HTTP_NOT_TRUSTED },
		{ CURLE_SSL_CACERT_BADFILE, HTTP_NOT_TRUSTED },
		{ CURLE_SSL_CERTPROBLEM, HTTP_NOT_TRUSTED },
		{ CURLE_SSL_ISSUER_ERROR, HTTP_NOT_TRUSTED },
		{ CURLE_SSL_INVALIDCERTSTATUS, HTTP_NOT_TRUSTED },
		{ CURLE_SSL_CONNECT_ERROR, HTTP_TLS_FAILED },
		{ CURLE_SSL_CIPHER, HTTP_TLS_FAILED },
		{ CURLE_BAD_CONTENT_ENCODING, HTTP_MALFORMED },
		{ CURLE_WEIRD_SERVER_REPLY, HTTP_MALFORMED },
		{ CURLE_UNSUPPORTED_PROTOCOL, HTTP_MALFORMED },
		{ CURLE_URL_MALFORMAT, HTTP_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].code == code)
			return known[i].failure;
	return HTTP_BROKEN;
}

static enum http_failure failure_of(const struct http_lane *lane, CURLcode code)
{
	enum http_failure failure = http_lane_failure(code);

	if (lane->is_too_large)
		return HTTP_TOO_LARGE;
	/* Connecting anew failed after the first connection broke under the request. */
	if (lane->sends > 0 && (failure == HTTP_NAME_UNKNOWN || failure == HTTP_REFUSED))
		failure = HTTP_BROKEN;
	return failure;
}

static struct span detail_of(const struct http_lane *lane, CURLcode code)
{
	if (code == CURLE_OK)
		return SPAN("");
	if (lane->is_too_large)
		return SPAN("the answer is larger than allowed");
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return SPAN("the connection was closed before an answer came");
	return span_of(lane->detail[0] != '\0' ? lane->detail : curl_easy_strerror(code));
}

static struct span header_of(const struct str *kept)
{
	return kept->len == 0 ? SPAN_NULL : str_span(kept);
}

void http_lane_read(struct http_lane *lane, CURLcode code, struct http_answer *ret_answer)
{
	long status = 0;

	curl_easy_getinfo(lane->easy, CURLINFO_RESPONSE_CODE, &status);
	/* curl takes "HTTP/200" for version 2 and a status of 0. */
	if (code == CURLE_OK && status < 200)
		code = CURLE_WEIRD_SERVER_REPLY;
	*ret_answer = (struct http_answer) {
		.failure = failure_of(lane, code),
		.failure_detail = detail_of(lane, code),
		.was_sent = lane->sends > 0,
		.status = (int)status,
		.body = str_span(&lane->answer_body),
		.retry_after = header_of(&lane->retry_after),
		.date = header_of(&lane->date),
		.rate_limit = header_of(&lane->rate_limit),
		.rate_remaining = header_of(&lane->rate_remaining),
		.rate_reset = header_of(&lane->rate_reset),
		.request_id = header_of(&lane->request_id),
	};
}

static void shrink(struct str *buffer)
{
	if (buffer->cap > KEPT_BUFFER_BYTES)
		str_done(buffer);
	str_truncate(buffer, 0);
}

void http_lane_clean(struct http_lane *lane)
{
	for (size_t i = 0; i < HTTP_LANE_HEADERS; i++)
		secret_wipe(lane->lines[i].at, lane->lines[i].len);
	if (lane->has_secret_answer)
		secret_wipe(lane->answer_body.at, lane->answer_body.len);
	shrink(&lane->request_body);
	shrink(&lane->answer_body);
}
