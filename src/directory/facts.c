/* SPDX-License-Identifier: ISC */
#include "directory/facts.h"

#include "base/vec.h"
#include "directory/directory_p.h"
#include <stdlib.h>

struct directory_look {
	struct loop *loop;
	struct directory_settings settings;
	struct session *session;
	struct loop_timer *answer; /* so that the session may be freed in the callback */
	directory_facts_callback *callback;
	void *context;
	enum status status;
	struct err err;
};

static struct directory_facts facts_of(const struct directory_look *look)
{
	const struct server_facts *server = session_server(look->session);
	enum directory_kind kind = server_facts_kind(server);

	return (struct directory_facts) {
		.kind = kind,
		.peer = span_of(session_url(look->session)),
		.identity = session_identity(look->session),
		.contexts = server->naming_contexts,
		.context_count = server->naming_context_count,
		.default_context = server->default_context,
		.key_attribute = span_of(kind_key_attribute(kind)),
		.has_paging = server->has_paging,
		.has_clock = server->has_clock,
		.clock_ms = server->clock_ms - loop_wall_ms(look->loop),
	};
}

static void on_answer(void *context)
{
	struct directory_look *look = context;
	struct directory_facts facts;

	if (look->status != STATUS_OK) {
		look->callback(look->context, look->status, NULL, &look->err);
		return;
	}
	facts = facts_of(look);
	look->callback(look->context, STATUS_OK, &facts, &look->err);
}

static void on_open(void *context, enum status status, const struct err *err)
{
	struct directory_look *look = context;

	look->status = status;
	look->err = *err;
	loop_timer_start(look->answer, 0);
}

enum status directory_look_start(struct loop *loop, const struct directory_settings *settings,
    directory_facts_callback *callback, void *context, struct directory_look **ret_look,
    struct err *reterr)
{
	enum status status = settings_check_connection(settings, reterr);
	struct directory_look *look;

	if (status != STATUS_OK)
		return status;
	look = mem_new(1, sizeof(*look));
	look->loop = loop;
	look->settings = *settings;
	look->callback = callback;
	look->context = context;
	look->answer = loop_timer_new(loop, on_answer, look);
	look->session = session_new(loop, &look->settings);
	*ret_look = look;
	session_open(look->session, NULL, on_open, look);
	return STATUS_OK;
}

void directory_look_free(struct directory_look **look)
{
	struct directory_look *gone = *look;

	*look = NULL;
	if (gone == NULL)
		return;
	session_free(&gone->session);
	loop_timer_free(&gone->answer);
	free(gone);
}

const char *directory_user_filter(enum directory_kind kind)
{
	return kind_user_filter(kind);
}
