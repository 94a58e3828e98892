/* SPDX-License-Identifier: ISC */
/*
 * libcurl waits for the reply to a message, and for the one to QUIT, on the spot, with the multi
 * interface too, and would stop the whole loop.  So each try has a thread of its own, which does
 * nothing but curl_easy_perform(3).
 *
 * The thread has the easy handle and reads the message; all else is the loop's.  A try that is
 * canceled ends at curl's next look at its progress, within a second, and is waited for.
 */
#include "notify/mail.h"

#include "base/err.h"
#include "base/secret.h"
#include "base/vec.h"
#include "notify/letter.h"
#include "notify/url.h"
#include "notify/wire.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

struct mail {
	struct courier courier;
	struct loop *loop;
	char *url, *from, *user, *password, *ca_file;
	char **to;
	size_t to_count;
	struct loop_timer *timer; /* answers a try that could not begin */
	courier_callback *callback;
	void *context;
	pthread_t thread;
	struct loop_wake *wake; /* a try is under way; NULL: none is */
	atomic_bool is_over, is_canceled;
	CURLcode code;
	CURL *easy;
	struct curl_slist *recipients;
	struct str message;
	size_t read_bytes;
	int fd;
	struct err problem;
};

enum courier_outcome mail_judge(int reply, bool is_done)
{
	if (is_done)
		return COURIER_DELIVERED;
	return reply >= 500 && reply < 600 ? COURIER_REFUSED : COURIER_LATER;
}

/* ---- what goes and comes ---- */

static size_t on_read(char *data, size_t size, size_t count, void *context)
{
	struct mail *mail = context;
	size_t len = mail->message.len - mail->read_bytes;

	if (len > size * count)
		len = size * count;
	memcpy(data, mail->message.at + mail->read_bytes, len);
	mail->read_bytes += len;
	return len;
}

static size_t on_reply(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

static int on_socket(void *context, curl_socket_t fd, curlsocktype purpose)
{
	struct mail *mail = context;

	(void)purpose;
	mail->fd = fd;
	return CURL_SOCKOPT_OK;
}

static int on_progress(
    void *context, curl_off_t down_of, curl_off_t down, curl_off_t up_of, curl_off_t up)
{
	struct mail *mail = context;

	(void)down_of;
	(void)down;
	(void)up_of;
	(void)up;
	return atomic_load(&mail->is_canceled) ? 1 : 0;
}

/* Nobody needs the reply to QUIT. */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
	struct mail *mail = context;

	(void)easy;
	if (type == CURLINFO_HEADER_OUT && size >= 4 && memcmp(data, "QUIT", 4) == 0 &&
	    mail->fd >= 0)
		(void)shutdown(mail->fd, SHUT_RD);
	return 0;
}

static void forget_try(struct mail *mail)
{
	if (mail->wake != NULL) {
		atomic_store(&mail->is_canceled, true);
		pthread_join(mail->thread, NULL);
	}
	loop_wake_free(&mail->wake);
	loop_timer_stop(mail->timer);
	curl_easy_cleanup(mail->easy);
	mail->easy = NULL;
	curl_slist_free_all(mail->recipients);
	mail->recipients = NULL;
	str_truncate(&mail->message, 0);
	mail->fd = -1;
}

static void *perform(void *context)
{
	struct mail *mail = context;

	mail->code = curl_easy_perform(mail->easy);
	atomic_store(&mail->is_over, true);
	loop_wake_send(mail->wake);
	return NULL;
}

static void on_wake(void *context)
{
	struct mail *mail = context;
	struct courier_answer answer = { .retry_after_ms = -1 };
	struct err why;
	long reply = 0;

	if (!atomic_load(&mail->is_over))
		return;
	curl_easy_getinfo(mail->easy, CURLINFO_RESPONSE_CODE, &reply);
	/* Replies name addresses; these words are ours and curl's. */
	if (mail->code != CURLE_OK && reply >= 400)
		err_set(&why, "the mail server's reply is %ld", reply);
	else
		err_set(&why, "%s", curl_easy_strerror(mail->code));
	answer.outcome = mail_judge((int)reply, mail->code == CURLE_OK);
	answer.why = why.text;
	forget_try(mail);
	mail->callback(mail->context, &answer);
}

static void on_problem(void *context)
{
	struct mail *mail = context;
	struct courier_answer answer = { COURIER_LATER, -1, mail->problem.text };

	mail->callback(mail->context, &answer);
}

/* ---- setting up ---- */

static void set_peer(struct mail *mail)
{
	bool is_local = notify_url_is_loopback(span_of(mail->url));

#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(mail->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
	curl_easy_setopt(mail->easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
	curl_easy_setopt(mail->easy, CURLOPT_URL, mail->url);
	/* Ignored by smtps://, which is TLS from the start. */
	curl_easy_setopt(
	    mail->easy, CURLOPT_USE_SSL, (long)(is_local ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	curl_easy_setopt(mail->easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(mail->easy, CURLOPT_SOCKOPTDATA, mail);
	curl_easy_setopt(mail->easy, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(mail->easy, CURLOPT_DEBUGDATA, mail);
	curl_easy_setopt(mail->easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(mail->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(mail->easy, CURLOPT_XFERINFODATA, mail);
	curl_easy_setopt(mail->easy, CURLOPT_NOPROGRESS, 0L);
}

static void set_message(struct mail *mail, const struct notice *notice)
{
	struct letter letter = { notice, mail->from, (const char *const *)mail->to,
		mail->to_count };

	letter_write(&letter, &mail->message);
	mail->read_bytes = 0;
	for (size_t i = 0; i < mail->to_count; i++)
		mail->recipients = curl_slist_append(mail->recipients, mail->to[i]);
	curl_easy_setopt(mail->easy, CURLOPT_MAIL_FROM, mail->from);
	curl_easy_setopt(mail->easy, CURLOPT_MAIL_RCPT, mail->recipients);
	/* One address that is gone takes nothing from the others. */
	curl_easy_setopt(mail->easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(mail->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(mail->easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(mail->easy, CURLOPT_READDATA, mail);
	curl_easy_setopt(mail->easy, CURLOPT_WRITEFUNCTION, on_reply);
}

static bool set_login(struct mail *mail)
{
	struct secret *password = NULL;

	if (mail->user == NULL)
		return true;
	if (secret_load(span_of(mail->password), &password, &mail->problem) != STATUS_OK)
		return false;
	curl_easy_setopt(mail->easy, CURLOPT_USERNAME, mail->user);
	curl_easy_setopt(mail->easy, CURLOPT_PASSWORD, secret_reveal(password).at);
	secret_free(&password);
	return true;
}

static void start(
    struct courier *courier, const struct notice *notice, courier_callback *callback, void *context)
{
	struct mail *mail = (struct mail *)courier;

	mail->callback = callback;
	mail->context = context;
	mail->easy = wire_easy_new(mail->ca_file, NULL);
	if (!set_login(mail)) {
		forget_try(mail);
		loop_timer_start(mail->timer, 0);
		return;
	}
	set_peer(mail);
	set_message(mail, notice);
	atomic_store(&mail->is_over, false);
	atomic_store(&mail->is_canceled, false);
	mail->wake = loop_wake_new(mail->loop, on_wake, mail);
	if (pthread_create(&mail->thread, NULL, perform, mail) != 0)
		mem_exhausted();
}

static void cancel(struct courier *courier)
{
	forget_try((struct mail *)courier);
}

/* ---- its life ---- */

static void forget_settings(struct mail *mail)
{
	free(mail->url);
	free(mail->from);
	free(mail->user);
	free(mail->password);
	free(mail->ca_file);
	for (size_t i = 0; i < mail->to_count; i++)
		free(mail->to[i]);
	free(mail->to);
}

static void free_all(struct courier *courier)
{
	struct mail *mail = (struct mail *)courier;

	forget_try(mail);
	forget_settings(mail);
	loop_timer_free(&mail->timer);
	str_done(&mail->message);
	free(mail);
}

struct courier *mail_new(struct loop *loop)
{
	static const struct courier_vtable vtable = { start, cancel, free_all };
	struct mail *mail = mem_new(1, sizeof(*mail));

	mail->courier = (struct courier) { &vtable, "mail" };
	mail->loop = loop;
	mail->fd = -1;
	mail->timer = loop_timer_new(loop, on_problem, mail);
	return &mail->courier;
}

void mail_configure(
    struct courier *courier, const struct mail_settings *settings, const char *ca_file)
{
	struct mail *mail = (struct mail *)courier;

	forget_settings(mail);
	mail->url = mem_strdup(settings->url);
	mail->from = mem_strdup(settings->from);
	mail->user = mem_strdup(settings->user);
	mail->password = mem_strdup(settings->password.at);
	mail->ca_file = mem_strdup(ca_file);
	mail->to_count = settings->to_count;
	mail->to = mem_new(settings->to_count + 1, sizeof(*mail->to));
	for (size_t i = 0; i < settings->to_count; i++)
		mail->to[i] = mem_strdup(settings->to[i]);
}
