/* SPDX-License-Identifier: ISC */
#include "report/plan_stream.h"

#include "base/vec.h"
#include <stdlib.h>

static void on_action(void *context, const struct action *action)
{
	plan_writer_action(context, action);
}

enum status plan_stream_run(struct store *store, const struct run *run, bool has_actions,
    const struct plan_writer_options *options, bool *ret_written, struct err *reterr)
{
	struct plan_writer *writer = plan_writer_new(options);
	struct action_query query = { .run_id = run->id };
	enum status status = STATUS_OK;

	plan_writer_begin(writer, run);
	if (run->id != 0 && has_actions)
		status = store_action_each(store, &query, on_action, writer, reterr);
	*ret_written = plan_writer_end(writer, &run->summary);
	plan_writer_free(&writer);
	return status;
}

/* ---- holds: listed first, as their actions are read with the same store ---- */

struct listing {
	struct arena *arena;
	struct hold *holds;
	size_t count, cap;
};

static void on_hold(void *context, const struct hold *hold)
{
	struct listing *listing = context;
	struct hold *kept = vec_push(
	    (void **)&listing->holds, &listing->count, &listing->cap, sizeof(*kept));

	*kept = *hold;
	kept->decided_by = arena_span(listing->arena, hold->decided_by);
}

static bool write_holds(struct store *store, const struct listing *listing,
    const struct plan_writer_options *options, enum status *ret_status, struct err *reterr)
{
	struct plan_writer *writer = plan_writer_new(options);
	bool is_written;

	*ret_status = STATUS_OK;
	plan_writer_begin_holds(writer);
	for (size_t i = 0; i < listing->count && *ret_status == STATUS_OK; i++) {
		struct action_query query = { .hold_id = listing->holds[i].id,
			.states = 1U << ACTION_HELD | 1U << ACTION_FAILED };

		plan_writer_hold(writer, &listing->holds[i]);
		*ret_status = store_action_each(store, &query, on_action, writer, reterr);
		plan_writer_end_hold(writer, &listing->holds[i]);
	}
	is_written = plan_writer_end_holds(writer, listing->count);
	plan_writer_free(&writer);
	return is_written;
}

enum status plan_stream_holds(struct store *store, const struct plan_writer_options *options,
    bool *ret_written, struct err *reterr)
{
	struct listing listing = { .arena = arena_new() };
	enum status status = store_hold_each(store, on_hold, &listing, reterr);

	if (status == STATUS_OK)
		*ret_written = write_holds(store, &listing, options, &status, reterr);
	free(listing.holds);
	arena_free(&listing.arena);
	return status;
}
