/* SPDX-License-Identifier: ISC */
#include "cli/prompt.h"

#include "base/unicode.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/* A signal that came while nothing was shown; the terminal is mended before it is obeyed. */
static volatile sig_atomic_t pending_signal;

static void note_signal(int number)
{
	pending_signal = number;
}

bool prompt_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* @return false: the input has ended, or a signal came, before the line did */
static bool read_line(struct str *line)
{
	for (;;) {
		char byte;
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got < 0 && errno == EINTR && pending_signal == 0)
			continue;
		if (got <= 0)
			return got == 0 && line->len > 0;
		if (byte == '\n')
			return true;
		if (line->len < SECRET_MAX_BYTES)
			str_add_byte(line, byte);
	}
}

static void ask(const char *question, const char *hint)
{
	struct str shown = { 0 };

	utf8_printable(span_of(question), &shown);
	if (hint != NULL && *hint != '\0') {
		str_add_c(&shown, " [");
		utf8_printable(span_of(hint), &shown);
		str_add_c(&shown, "]");
	}
	fprintf(stderr, "%s: ", str_c(&shown));
	fflush(stderr);
	str_done(&shown);
}

bool prompt_text(const char *question, const char *fallback, struct str *ret_text)
{
	struct str line = { 0 };
	struct span text;
	bool is_read;

	do {
		str_truncate(&line, 0);
		ask(question, fallback);
		is_read = read_line(&line);
		text = span_trim(str_span(&line));
		if (text.len == 0 && fallback != NULL)
			text = span_of(fallback);
	} while (is_read && text.len == 0 && fallback == NULL);
	if (is_read) {
		str_truncate(ret_text, 0);
		str_add(ret_text, text);
	}
	str_done(&line);
	return is_read;
}

bool prompt_yes(const char *question, bool fallback, bool *ret_is_yes)
{
	struct str answer = { 0 };
	bool is_read;

	for (;;) {
		is_read = prompt_text(question, fallback ? "Y/n" : "y/N", &answer);
		if (!is_read || strcmp(str_c(&answer), "Y/n") == 0 ||
		    strcmp(str_c(&answer), "y/N") == 0) {
			*ret_is_yes = fallback;
			break;
		}
		*ret_is_yes = str_c(&answer)[0] == 'y' || str_c(&answer)[0] == 'Y';
		if (*ret_is_yes || str_c(&answer)[0] == 'n' || str_c(&answer)[0] == 'N')
			break;
	}
	str_done(&answer);
	return is_read;
}

/* ---- secrets ---- */

static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

enum { WATCHED_COUNT = sizeof(watched) / sizeof(watched[0]) };

/* Neither shown nor left hidden: stopping the program is switched off for so long. */
static bool hide(struct termios *ret_before, struct sigaction before[WATCHED_COUNT])
{
	struct sigaction action = { .sa_handler = note_signal };
	struct termios hidden;

	if (tcgetattr(STDIN_FILENO, ret_before) != 0)
		return false;
	pending_signal = 0;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		sigaction(watched[i], &action, &before[i]);
	hidden = *ret_before;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	hidden.c_cc[VSUSP] = _POSIX_VDISABLE;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

static void show(const struct termios *before_terminal, struct sigaction before[WATCHED_COUNT])
{
	tcsetattr(STDIN_FILENO, TCSANOW, before_terminal);
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		sigaction(watched[i], &before[i], NULL);
	fputc('\n', stderr);
	if (pending_signal != 0)
		raise(pending_signal);
}

static struct secret *take_secret(struct str *line, bool is_read)
{
	struct secret *secret = NULL;
	size_t len = line->len;

	if (len > 0 && line->at[len - 1] == '\r')
		len--;
	if (is_read && len > 0)
		secret = secret_new((struct span) { line->at, len });
	secret_wipe_str(line);
	return secret;
}

struct secret *prompt_secret(const char *question)
{
	struct sigaction before[WATCHED_COUNT];
	struct termios terminal;
	struct secret *secret = NULL;
	struct str line = { 0 };
	bool is_read;

	str_reserve(&line, SECRET_MAX_BYTES); /* so that no copy is left behind by growing */
	do {
		if (!hide(&terminal, before))
			break;
		ask(question, NULL);
		is_read = read_line(&line);
		show(&terminal, before);
		secret = take_secret(&line, is_read);
		str_reserve(&line, SECRET_MAX_BYTES);
	} while (is_read && secret == NULL);
	str_done(&line);
	return secret;
}

struct secret *prompt_read_secret(const char *question)
{
	struct str line = { 0 };
	bool is_read;

	if (isatty(STDIN_FILENO))
		return prompt_secret(question);
	str_reserve(&line, SECRET_MAX_BYTES);
	is_read = read_line(&line);
	return take_secret(&line, is_read);
}
