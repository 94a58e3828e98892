/* SPDX-License-Identifier: ISC */
/* Settings and events on one side, an outbox and its courier on the other. */
#include "notify/notifier.h"

#include "base/hash.h"
#include "base/vec.h"
#include "notify/outbox.h"
#include "notify/webhook.h"
#include "notify/wire.h"
#include <stdlib.h>

struct notifier {
	struct loop *loop;
	const struct notifier_events *events;
	void *context;
	struct wire *wire;
	struct courier *webhook;
	struct outbox *outbox;
	bool has_webhook, is_draining;
	unsigned wanted;          /* a bit an event */
	struct loop_timer *timer; /* ends the draining */
};

static void on_lost(void *context, const char *courier, enum notice_event event, const char *why)
{
	struct notifier *notifier = context;

	notifier->events->on_lost(notifier->context, courier, event, why);
}

static void on_empty(void *context)
{
	struct notifier *notifier = context;

	if (notifier->is_draining)
		loop_timer_start(notifier->timer, 0);
}

static void end_draining(void *context)
{
	struct notifier *notifier = context;

	notifier->is_draining = false;
	outbox_give_up(notifier->outbox, "there was no more time");
	notifier->events->on_drained(notifier->context);
}

struct notifier *notifier_new(struct loop *loop, const struct notifier_settings *settings,
    const struct notifier_events *events, void *context)
{
	static const struct outbox_events outbox_events = { on_lost, on_empty };
	struct notifier *notifier = mem_new(1, sizeof(*notifier));

	notifier->loop = loop;
	notifier->events = events;
	notifier->context = context;
	notifier->wire = wire_new(loop);
	notifier->webhook = webhook_new(loop, notifier->wire);
	notifier->outbox = outbox_new(loop, notifier->webhook, &outbox_events, notifier);
	notifier->timer = loop_timer_new(loop, end_draining, notifier);
	notifier_configure(notifier, settings);
	return notifier;
}

void notifier_free(struct notifier **notifier)
{
	if (*notifier == NULL)
		return;
	outbox_free(&(*notifier)->outbox);
	courier_free(&(*notifier)->webhook);
	wire_free(&(*notifier)->wire);
	loop_timer_free(&(*notifier)->timer);
	free(*notifier);
	*notifier = NULL;
}

static unsigned bits_of(const struct notifier_settings *settings)
{
	unsigned bits = 0;

	for (size_t i = 0; i < settings->on_count; i++) {
		enum notice_event event;

		if (notice_event_parse(span_of(settings->on[i]), &event))
			bits |= 1U << event;
	}
	return bits;
}

void notifier_configure(struct notifier *notifier, const struct notifier_settings *settings)
{
	notifier->wanted = bits_of(settings);
	notifier->has_webhook = settings->webhook != NULL;
	webhook_configure(notifier->webhook,
	    &(struct webhook_settings) { settings->webhook, settings->ca_file, settings->proxy });
	if (!notifier->has_webhook)
		outbox_clear(notifier->outbox);
}

void notifier_send(struct notifier *notifier, const struct notice *notice)
{
	struct notice sent = *notice;

	if (!notifier->has_webhook || (notifier->wanted & (1U << notice->event)) == 0)
		return;
	sent.at_ms = loop_wall_ms(notifier->loop);
	hash_random(sent.id, sizeof(sent.id));
	outbox_put(notifier->outbox, &sent);
}

void notifier_drain(struct notifier *notifier)
{
	notifier->is_draining = true;
	outbox_hurry(notifier->outbox);
	loop_timer_start(
	    notifier->timer, outbox_count(notifier->outbox) == 0 ? 0 : NOTIFIER_DRAIN_MS);
}
