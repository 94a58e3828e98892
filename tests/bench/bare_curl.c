// SPDX-License-Identifier: ISC

// The least that a program on libcurl must do to POST many bodies: what the agent is compared with.
//
//	bare_curl URL TOKEN CONCURRENCY < bodies    (or a file as the fourth argument)
//
// One JSON body a line, sent in order, CONCURRENCY at a time, over connections
// that are kept.  Answers are read and thrown away; only the status counts.
// Prints the line of measure.h.  Exit status 1 when any request failed.

#include "measure.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct job {
	CURLM *multi;
	FILE *bodies;
	struct curl_slist *headers;
	const char *url;
	long sent;
	long in_flight;
	long failures;
};

/* One easy handle, and the body that it is sending. */
struct lane {
	CURL *easy;
	char *body;
	size_t room;
};

static size_t ignore(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

static bool lane_send_next(struct lane *lane, struct job *job)
{
	ssize_t length = getline(&lane->body, &lane->room, job->bodies);
	if (length <= 0)
		return false;
	if (lane->body[length - 1] == '\n')
		length--;
	curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDS, lane->body);
	curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDSIZE, (long)length);
	curl_multi_add_handle(job->multi, lane->easy);
	job->sent++;
	job->in_flight++;
	return true;
}

static void lane_open(struct lane *lane, const struct job *job)
{
	lane->easy = curl_easy_init();
	curl_easy_setopt(lane->easy, CURLOPT_URL, job->url);
	curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, job->headers);
	curl_easy_setopt(lane->easy, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(lane->easy, CURLOPT_PRIVATE, lane);
	curl_easy_setopt(lane->easy, CURLOPT_NOSIGNAL, 1L);
}

static void lane_close(struct lane *lane)
{
	curl_easy_cleanup(lane->easy);
	free(lane->body);
}

/* Notes what is done, and sends the next body on the same lane. */
static void collect(struct job *job)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(job->multi, &left))) {
		struct lane *lane = NULL;
		long status = 0;
		CURLcode result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &lane);
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		if (result != CURLE_OK || status / 100 != 2)
			job->failures++;
		curl_multi_remove_handle(job->multi, lane->easy);
		job->in_flight--;
		lane_send_next(lane, job);
	}
}

static double send_all(struct job *job, struct lane *lanes, long concurrency)
{
	double begin_s = measure_now_s();
	for (long i = 0; i < concurrency && lane_send_next(&lanes[i], job); i++)
		continue;
	while (job->in_flight) {
		int running;
		curl_multi_perform(job->multi, &running);
		long sent_before = job->sent;
		collect(job);
		if (job->in_flight && job->sent == sent_before)
			curl_multi_poll(job->multi, NULL, 0, 1000, NULL);
	}
	return measure_now_s() - begin_s;
}

static struct curl_slist *make_headers(const char *token)
{
	char authorization[8192];
	snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", token);
	struct curl_slist *headers = curl_slist_append(NULL, authorization);
	headers = curl_slist_append(headers, "Content-Type: application/scim+json");
	return curl_slist_append(headers, "Expect:");
}

int main(int argc, char **argv)
{
	long concurrency = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
	FILE *bodies = argc > 4 ? fopen(argv[4], "r") : stdin;
	if (argc > 5 || concurrency < 1 || !bodies) {
		fputs("Usage: bare_curl URL TOKEN CONCURRENCY [FILE]\n", stderr);
		return 64;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	struct job job = { .multi = curl_multi_init(),
		.bodies = bodies,
		.headers = make_headers(argv[2]),
		.url = argv[1] };
	struct lane *lanes = calloc((size_t)concurrency, sizeof(*lanes));
	if (!lanes)
		abort();
	curl_multi_setopt(job.multi, CURLMOPT_MAXCONNECTS, concurrency);
	for (long i = 0; i < concurrency; i++)
		lane_open(&lanes[i], &job);
	double seconds = send_all(&job, lanes, concurrency);
	measure_print("requests", job.sent, job.failures, seconds);
	for (long i = 0; i < concurrency; i++)
		lane_close(&lanes[i]);
	free(lanes);
	curl_multi_cleanup(job.multi);
	curl_slist_free_all(job.headers);
	curl_global_cleanup();
	return job.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
