/* SPDX-License-Identifier: ISC */
#include "notify/wire.h"

#include "base/vec.h"
#include "loop/transfers.h"
#include <assert.h>
#include <config.h>
#include <stdlib.h>

enum { TRY_TIMEOUT_MS = 15 * 1000 };

struct wire {
	struct transfers *transfers;
	CURL *easy; /* under way; NULL: nothing is */
	wire_callback *callback;
	void *context;
};

static void on_done(void *context, CURL *easy, CURLcode code)
{
	struct wire *wire = context;

	(void)easy;
	wire->easy = NULL;
	wire->callback(wire->context, code);
}

struct wire *wire_new(struct loop *loop)
{
	static const struct transfers_events events = { on_done, NULL };
	struct wire *wire = mem_new(1, sizeof(*wire));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		mem_exhausted();
	wire->transfers = transfers_new(loop, &events, wire);
	return wire;
}

void wire_free(struct wire **wire)
{
	if (*wire == NULL)
		return;
	assert((*wire)->easy == NULL);
	transfers_free(&(*wire)->transfers);
	free(*wire);
	*wire = NULL;
	curl_global_cleanup();
}

void wire_start(struct wire *wire, CURL *easy, wire_callback *callback, void *context)
{
	assert(wire->easy == NULL);
	wire->easy = easy;
	wire->callback = callback;
	wire->context = context;
	transfers_add(wire->transfers, easy);
}

void wire_cancel(struct wire *wire)
{
	if (wire->easy != NULL)
		transfers_remove(wire->transfers, wire->easy);
	wire->easy = NULL;
}

CURL *wire_easy_new(const char *ca_file, const char *proxy)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		mem_exhausted();
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (ca_file != NULL) {
		/* Only that file, not what the system trusts as well. */
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	/* "" and not NULL: NULL would ask the environment. */
	curl_easy_setopt(easy, CURLOPT_PROXY, proxy == NULL ? "" : proxy);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "scimward/" PACKAGE_VERSION);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TRY_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)TRY_TIMEOUT_MS);
	/* A notice is rare: no connection is kept for the next, and none breaks under it. */
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A name server that does not answer keeps nobody from going home. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	return easy;
}
