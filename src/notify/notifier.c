/* SPDX-License-Identifier: ISC */
/* Settings and events on one side, an outbox for each courier on the other. */
#include "notify/notifier.h"

#include "base/hash.h"
#include "base/vec.h"
#include "notify/outbox.h"
#include "notify/webhook.h"
#include "notify/wire.h"
#include <stdlib.h>

enum channel_kind { CHANNEL_WEBHOOK, CHANNEL_MAIL, CHANNEL_COUNT };

/* One way to the outside. */
struct channel {
	struct courier *courier;
	struct outbox *outbox;
	bool is_on;
};

struct notifier {
	struct loop *loop;
	const struct notifier_events *events;
	void *context;
	struct wire *wire; /* of the webhook; it also brings curl to life */
	struct channel channels[CHANNEL_COUNT];
	bool is_draining;
	unsigned wanted;          /* a bit an event */
	struct loop_timer *timer; /* ends the draining */
};

static void on_lost(void *context, const char *courier, enum notice_event event, const char *why)
{
	struct notifier *notifier = context;

	notifier->events->on_lost(notifier->context, courier, event, why);
}

static size_t count_waiting(const struct notifier *notifier)
{
	size_t count = 0;

	for (int i = 0; i < CHANNEL_COUNT; i++)
		count += outbox_count(notifier->channels[i].outbox);
	return count;
}

static void on_empty(void *context)
{
	struct notifier *notifier = context;

	if (notifier->is_draining && count_waiting(notifier) == 0)
		loop_timer_start(notifier->timer, 0);
}

static void end_draining(void *context)
{
	struct notifier *notifier = context;

	notifier->is_draining = false;
	for (int i = 0; i < CHANNEL_COUNT; i++)
		outbox_give_up(notifier->channels[i].outbox, "there was no more time");
	notifier->events->on_drained(notifier->context);
}

/* @param courier  taken */
static void open_channel(struct notifier *notifier, enum channel_kind kind, struct courier *courier)
{
	static const struct outbox_events outbox_events = { on_lost, on_empty };
	struct channel *channel = &notifier->channels[kind];

	channel->courier = courier;
	channel->outbox = outbox_new(notifier->loop, courier, &outbox_events, notifier);
}

static void close_channel(struct channel *channel)
{
	outbox_free(&channel->outbox);
	courier_free(&channel->courier);
}

struct notifier *notifier_new(struct loop *loop, const struct notifier_settings *settings,
    const struct notifier_events *events, void *context)
{
	struct notifier *notifier = mem_new(1, sizeof(*notifier));

	notifier->loop = loop;
	notifier->events = events;
	notifier->context = context;
	notifier->wire = wire_new(loop);
	open_channel(notifier, CHANNEL_WEBHOOK, webhook_new(loop, notifier->wire));
	open_channel(notifier, CHANNEL_MAIL, mail_new(loop));
	notifier->timer = loop_timer_new(loop, end_draining, notifier);
	notifier_configure(notifier, settings);
	return notifier;
}

void notifier_free(struct notifier **notifier)
{
	if (*notifier == NULL)
		return;
	for (int i = 0; i < CHANNEL_COUNT; i++)
		close_channel(&(*notifier)->channels[i]);
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
	notifier->channels[CHANNEL_WEBHOOK].is_on = settings->webhook != NULL;
	webhook_configure(notifier->channels[CHANNEL_WEBHOOK].courier,
	    &(struct webhook_settings) { settings->webhook, settings->ca_file, settings->proxy });
	notifier->channels[CHANNEL_MAIL].is_on = settings->mail.url != NULL;
	mail_configure(
	    notifier->channels[CHANNEL_MAIL].courier, &settings->mail, settings->ca_file);
	for (int i = 0; i < CHANNEL_COUNT; i++)
		if (!notifier->channels[i].is_on)
			outbox_clear(notifier->channels[i].outbox);
}

void notifier_send(struct notifier *notifier, const struct notice *notice)
{
	struct notice sent = *notice;

	if ((notifier->wanted & (1U << notice->event)) == 0)
		return;
	sent.at_ms = loop_wall_ms(notifier->loop);
	hash_random(sent.id, sizeof(sent.id));
	for (int i = 0; i < CHANNEL_COUNT; i++)
		if (notifier->channels[i].is_on)
			outbox_put(notifier->channels[i].outbox, &sent);
}

void notifier_drain(struct notifier *notifier)
{
	notifier->is_draining = true;
	for (int i = 0; i < CHANNEL_COUNT; i++)
		outbox_hurry(notifier->channels[i].outbox);
	loop_timer_start(notifier->timer, count_waiting(notifier) == 0 ? 0 : NOTIFIER_DRAIN_MS);
}
