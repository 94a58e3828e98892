// SPDX-License-Identifier: ISC
#include "log.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATUS_COUNT 600
#define OTHER_METHOD 7

struct record {
	uint64_t sequence; /* from 1; 0: never used */
	int64_t at_ms;     /* since 1970 */
	char *method;
	char *target;
	char *body;
	char *scheme; /* NULL: no Authorization */
	unsigned status;
	char *fault; /* NULL: none */
};

struct log {
	struct record *ring;
	size_t limit;
	uint64_t last_sequence;
	uint64_t counts[OTHER_METHOD + 1][STATUS_COUNT];
};

static const char *const methods[OTHER_METHOD + 1] = { "GET", "POST", "PUT", "PATCH", "DELETE",
	"HEAD", "OPTIONS", "other" };

static void record_done(struct record *record)
{
	free(record->method);
	free(record->target);
	free(record->body);
	free(record->scheme);
	free(record->fault);
	*record = (struct record) { 0 };
}

struct log *log_new(long limit)
{
	struct log *log = memory_new(1, sizeof(*log));
	log->limit = limit > 0 ? (size_t)limit : 0;
	log->ring = memory_new(log->limit, sizeof(*log->ring));
	return log;
}

void log_clear(struct log *log)
{
	for (size_t i = 0; i < log->limit; i++)
		record_done(&log->ring[i]);
	log->last_sequence = 0;
	memset(log->counts, 0, sizeof(log->counts));
}

void log_free(struct log **log)
{
	if (!*log)
		return;
	log_clear(*log);
	free((*log)->ring);
	free(*log);
	*log = NULL;
}

static unsigned method_number(const char *method)
{
	unsigned number = 0;
	while (number < OTHER_METHOD && strcmp(methods[number], method) != 0)
		number++;
	return number;
}

/* "Bearer" of "Bearer abc" */
static char *scheme_of(const char *authorization)
{
	if (!authorization)
		return NULL;
	return text_format("%.*s", (int)strcspn(authorization, " "), authorization);
}

void log_add(struct log *log, const struct request *request, unsigned status, const char *fault)
{
	log->last_sequence++;
	log->counts[method_number(request->method)][status < STATUS_COUNT ? status : 0]++;
	if (log->limit == 0)
		return;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	struct record *record = &log->ring[log->last_sequence % log->limit];
	record_done(record);
	*record = (struct record) {
		.sequence = log->last_sequence,
		.at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
		.method = text_copy(request->method),
		.target = text_copy(request->target),
		.body = text_copy(request->body),
		.scheme = scheme_of(request->authorization),
		.status = status,
		.fault = fault[0] ? text_copy(fault) : NULL,
	};
}

json_t *log_show(const struct log *log, uint64_t since)
{
	json_t *list = json_array();
	uint64_t first = log->last_sequence > log->limit ? log->last_sequence - log->limit : 0;
	for (uint64_t i = since > first ? since : first; i < log->last_sequence; i++) {
		const struct record *record = &log->ring[(i + 1) % log->limit];
		json_t *shown = json_pack("{s:I, s:I, s:s, s:s, s:s?, s:i, s:s?}", "sequence",
		    (json_int_t)record->sequence, "at", (json_int_t)record->at_ms, "method",
		    record->method, "path", record->target, "authorization", record->scheme,
		    "status", (int)record->status, "fault", record->fault);
		json_t *body = json_string(record->body);
		json_object_set_new(shown, "body", body ? body : json_null());
		json_array_append_new(list, shown);
	}
	return list;
}

static json_t *show_method(const uint64_t *counts)
{
	json_t *shown = json_object();
	for (unsigned status = 0; status < STATUS_COUNT; status++) {
		char name[8];
		snprintf(name, sizeof(name), "%u", status);
		if (counts[status])
			json_object_set_new(shown, name, json_integer((json_int_t)counts[status]));
	}
	return shown;
}

json_t *log_show_counts(const struct log *log)
{
	json_t *requests = json_object();
	for (unsigned method = 0; method <= OTHER_METHOD; method++) {
		json_t *shown = show_method(log->counts[method]);
		if (json_object_size(shown))
			json_object_set(requests, methods[method], shown);
		json_decref(shown);
	}
	return json_pack(
	    "{s:o, s:I}", "requests", requests, "total", (json_int_t)log->last_sequence);
}
