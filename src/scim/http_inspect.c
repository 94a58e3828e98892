/* SPDX-License-Identifier: ISC */
/*
 * A TLS library that does not trust a certificate does not show it.  So it is asked again with less
 * and less demanded: all of it, not the name, nothing.  Where the second works it was the name;
 * what the third shows says the rest.  On none of these connections anything is sent.
 */
#include "scim/http_inspect.h"

#include "base/hash.h"
#include "base/vec.h"
#include "loop/transfers.h"
#include "scim/http_lane.h"
#include <assert.h>
#include <stdlib.h>

enum demand { DEMAND_ALL, DEMAND_ISSUER, DEMAND_NOTHING };

struct inspector {
	struct loop *loop;
	const struct http_curl_settings *settings;
	struct transfers *transfers;
	CURL *easy; /* NULL: nothing is under way */
	enum demand demand;
	struct str url, first_detail;
	int64_t timeout_ms;
	http_inspect_callback *callback;
	void *context;
	char detail[CURL_ERROR_SIZE];
};

static void connect_again(struct inspector *inspector);

/* Lines of base64 between two lines that begin with dashes (RFC 7468). */
static bool decode_pem(struct span pem, struct str *out)
{
	struct str text = { 0 };
	bool is_good;

	while (pem.len > 0) {
		struct span line = span_trim(span_split(&pem, '\n'));

		if (line.len > 0 && line.at[0] != '-' && span_find(line, ':') == line.len)
			str_add(&text, line);
	}
	str_reserve(out, text.len);
	is_good = base64_decode(str_span(&text), out);
	str_done(&text);
	return is_good;
}

/* The first of the chain is the peer's own. */
static bool read_peer(CURL *easy, struct x509_summary *ret_peer)
{
	struct curl_certinfo *chain = NULL;
	struct str der = { 0 };
	bool is_read = false;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
	    chain->num_of_certs < 1)
		return false;
	for (struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next)
		if (strncmp(line->data, "Cert:", 5) == 0)
			is_read = decode_pem(span_of(line->data + 5), &der) &&
				  x509_summarize(str_span(&der), ret_peer);
	str_done(&der);
	return is_read;
}

static void answer(struct inspector *inspector, const struct http_inspection *inspection)
{
	http_inspect_callback *callback = inspector->callback;

	curl_easy_cleanup(inspector->easy);
	inspector->easy = NULL;
	callback(inspector->context, inspection);
}

/* A file of authorities that cannot be read is not the certificate's fault. */
static bool is_distrust(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR;
}

static void tell_connected(struct inspector *inspector)
{
	struct x509_summary peer = { 0 };
	struct http_inspection inspection = { .peer = &peer };

	(void)read_peer(inspector->easy, &peer);
	if (inspector->demand != DEMAND_ALL) {
		inspection.failure = HTTP_NOT_TRUSTED;
		inspection.failure_detail = str_span(&inspector->first_detail);
		inspection.trouble = inspector->demand == DEMAND_ISSUER
					 ? X509_WRONG_NAME
					 : x509_judge(&peer, loop_wall_ms(inspector->loop));
	}
	answer(inspector, &inspection);
}

static void on_done(void *context, CURL *easy, CURLcode code)
{
	struct inspector *inspector = context;
	struct x509_summary unknown = { 0 };
	const char *words = inspector->detail[0] != '\0' ? inspector->detail
							 : curl_easy_strerror(code);

	(void)easy;
	if (code == CURLE_OK) {
		tell_connected(inspector);
		return;
	}
	if (inspector->demand == DEMAND_ALL)
		str_add_c(&inspector->first_detail, words);
	if (is_distrust(code) && inspector->demand != DEMAND_NOTHING) {
		inspector->demand++;
		curl_easy_cleanup(inspector->easy);
		connect_again(inspector);
		return;
	}
	answer(inspector, &(struct http_inspection) { .failure = http_lane_failure(code),
			      .failure_detail = str_span(&inspector->first_detail),
			      .peer = &unknown });
}

static void connect_again(struct inspector *inspector)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		mem_exhausted();
	inspector->easy = easy;
	inspector->detail[0] = '\0';
	http_lane_set_peer(easy, inspector->settings);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, inspector->detail);
	curl_easy_setopt(easy, CURLOPT_URL, str_c(&inspector->url));
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)inspector->timeout_ms);
	if (inspector->demand != DEMAND_ALL)
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	if (inspector->demand == DEMAND_NOTHING)
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	transfers_add(inspector->transfers, easy);
}

void inspector_start(struct inspector *inspector, struct span url, int64_t timeout_ms,
    http_inspect_callback *callback, void *context)
{
	assert(inspector->easy == NULL);
	str_truncate(&inspector->url, 0);
	str_add(&inspector->url, url);
	str_truncate(&inspector->first_detail, 0);
	inspector->demand = DEMAND_ALL;
	inspector->timeout_ms = timeout_ms;
	inspector->callback = callback;
	inspector->context = context;
	connect_again(inspector);
}

struct inspector *inspector_new(struct loop *loop, const struct http_curl_settings *settings)
{
	static const struct transfers_events events = { on_done, NULL };
	struct inspector *inspector = mem_new(1, sizeof(*inspector));

	inspector->loop = loop;
	inspector->settings = settings;
	inspector->transfers = transfers_new(loop, &events, inspector);
	return inspector;
}

void inspector_free(struct inspector **inspector)
{
	struct inspector *old = *inspector;

	*inspector = NULL;
	if (old == NULL)
		return;
	if (old->easy != NULL) {
		transfers_remove(old->transfers, old->easy);
		curl_easy_cleanup(old->easy);
	}
	transfers_free(&old->transfers);
	str_done(&old->url);
	str_done(&old->first_detail);
	free(old);
}
