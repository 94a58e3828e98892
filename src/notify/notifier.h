/* SPDX-License-Identifier: ISC */
/*
 * The notifier: tells people outside what they want to know, in the background.
 *
 *     struct notifier *notifier = notifier_new(loop, &settings, &events, context);
 *     notifier_send(notifier, &(struct notice) { .event = NOTICE_RECOVERED, … });
 *     …
 *     notifier_drain(notifier);          // and on_drained comes within NOTIFIER_DRAIN_MS
 *     notifier_free(&notifier);
 *
 * Nothing waits for it: a receiver that is dead, slow or hostile costs a sync nothing.
 */
#ifndef NOTIFY_NOTIFIER_H
#define NOTIFY_NOTIFIER_H

#include "loop/loop.h"
#include "notify/mail.h"
#include "notify/notice.h"

enum { NOTIFIER_DRAIN_MS = 5000 };

struct notifier_settings {
	const char *webhook; /* URL, or a reference to a secret that is one; NULL: none */
	struct mail_settings mail;
	const char *ca_file;   /* PEM; NULL: what the system trusts */
	const char *proxy;     /* of the webhook; NULL: none */
	const char *const *on; /* names of the events to tell */
	size_t on_count;
};

struct notifier_events {
	/** A notice was given up. @param why  without secrets, borrowed */
	void (*on_lost)(
	    void *context, const char *courier, enum notice_event event, const char *why);
	void (*on_drained)(void *context); /* once after notifier_drain */
};

struct notifier;

/**
 * Makes one.
 *
 * @param settings  copied
 * @param events    borrowed
 * @return owned
 */
struct notifier *notifier_new(struct loop *loop, const struct notifier_settings *settings,
    const struct notifier_events *events, void *context);

/** Drops what was not delivered and frees; sets `*notifier` to NULL; NULL is welcome. */
void notifier_free(struct notifier **notifier);

/** Takes new settings from the next try on; what waits goes to the new place. */
void notifier_configure(struct notifier *notifier, const struct notifier_settings *settings);

/** Tells it, if anybody wants to know of such events. @param notice  copied; id and time are given
 */
void notifier_send(struct notifier *notifier, const struct notice *notice);

/** Hurries: what waits is tried now, a few times; on_drained comes when all is over, never before
 * this returns, at the latest after NOTIFIER_DRAIN_MS. */
void notifier_drain(struct notifier *notifier);

#endif
