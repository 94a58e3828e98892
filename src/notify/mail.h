/* SPDX-License-Identifier: ISC */
/*
 * The courier that mails a notice over SMTP.
 */
#ifndef NOTIFY_MAIL_H
#define NOTIFY_MAIL_H

#include "loop/loop.h"
#include "notify/courier.h"

struct mail_settings {
	const char *url;  /* smtps://HOST, or smtp://HOST with STARTTLS; NULL: no mail */
	const char *from; /* addresses */
	const char *const *to;
	size_t to_count;
	const char *user;     /* NULL: without logging in */
	struct span password; /* a reference */
};

/** Makes one that has nowhere to go yet. @return owned */
struct courier *mail_new(struct loop *loop);

/** Tells it where to go from the next try on. @param ca_file  NULL: what the system trusts */
void mail_configure(
    struct courier *courier, const struct mail_settings *settings, const char *ca_file);

/** What an answer means. @param reply  the last reply code; @param is_done  the mail was taken */
enum courier_outcome mail_judge(int reply, bool is_done);

#endif
