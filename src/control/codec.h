/* SPDX-License-Identifier: ISC */
/*
 * What is said over the control socket.
 *
 * Whoever connects sends one request, a JSON object on one line of at most CONTROL_REQUEST_MAX
 * bytes, and gets answers, an object a line of at most CONTROL_ANSWER_MAX bytes, until one with
 * "event": "done" ("too-long" and "elsewhere" end it, too) comes; then the service hangs up.  Who
 * closes earlier is not told any more; what was asked for goes on.  For example
 *
 *     → {"scimward":1,"do":"sync","config":"/etc/scimward/scimward.conf","as":"ada","kind":"full"}
 *     ← {"scimward":1,"event":"progress","done":0,"of":0}
 *     ← {"scimward":1,"event":"waiting","message":"a delta cycle is running"}
 *     ← {"scimward":1,"event":"progress","phase":"sending","done":17,"of":42}
 *     ← {"scimward":1,"event":"page","text":"2 to update …\n"}
 *     ← {"scimward":1,"event":"done","exit":0}
 *
 * "scimward" is the version of this protocol.  Members that are not known are passed over, so that
 * more may be added; what would be misunderstood gets another version, which is refused on both
 * sides.  Pure: bytes to structs and back.
 */
#ifndef CONTROL_CODEC_H
#define CONTROL_CODEC_H

#include "base/arena.h"
#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/plan.h"
#include <stdbool.h>
#include <stdint.h>

enum {
	CONTROL_VERSION = 1,
	CONTROL_REQUEST_MAX = 16 * 1024, /* bytes, with the end of the line */
	CONTROL_ANSWER_MAX = 256 * 1024, /* likewise */
	CONTROL_TEXT_MAX = 4096,         /* of one text in a request */
	CONTROL_PIECE_MAX = 32 * 1024,   /* of a page in one answer, unescaped */
	CONTROL_PAGE_MAX = 1024 * 1024,  /* of a page in all */
	/* Of DESIGN section 8, which the room itself gives. */
	CONTROL_EXIT_USAGE = 64,
	CONTROL_EXIT_LATER = 75,
	CONTROL_EXIT_CONFIG = 78,
};

enum control_verb {
	CONTROL_SYNC,    /* a cycle now */
	CONTROL_STATUS,  /* how the service and the state stand, once */
	CONTROL_WATCH,   /* the same, again whenever it is another */
	CONTROL_HOLDS,   /* what waits for a person */
	CONTROL_APPROVE, /* a hold */
	CONTROL_REJECT,  /* likewise */
	CONTROL_RELOAD,  /* read the configuration again */
	CONTROL_VERB_COUNT,
};

/* Names a verb as it is written: "sync" … */
const char *control_verb_name(enum control_verb verb);

struct control_request {
	enum control_verb verb;
	struct span config; /* real path of the configuration that is meant */
	struct span as;     /* who asks, by their own account; absent: not said */
	struct span who;    /* sync: one person only; absent: everybody */
	bool has_kind;
	enum cycle_kind kind; /* of a sync; no undo */
	int64_t hold;         /* of approve and reject, from 1 on */
	bool is_json;         /* pages are JSON, else text */
	bool is_color;        /* of text: for a terminal with colours */
	unsigned width;       /* likewise: its columns; 0: lines are not cut */
};

enum control_event {
	CONTROL_WAITING,   /* not yet: message says for what */
	CONTROL_PROGRESS,  /* phase, done, of; without a phase: it is taken, more is not known */
	CONTROL_PAGE,      /* a piece of what is for standard output */
	CONTROL_PAGE_END,  /* of a watch: the page is whole, and another may follow */
	CONTROL_ELSEWHERE, /* the service has another configuration, which message names; the last
			    */
	CONTROL_TOO_LONG,  /* the page is too long to be given here; the last answer */
	CONTROL_DONE,      /* exit, and a message if there is something to say */
	CONTROL_EVENT_COUNT,
};

/** Whether nothing more comes after it. */
static inline bool control_event_is_last(enum control_event event)
{
	return event == CONTROL_DONE || event == CONTROL_TOO_LONG || event == CONTROL_ELSEWHERE;
}

struct control_answer {
	enum control_event event;
	struct span message; /* for people; absent: none */
	struct span phase;
	uint64_t done, of; /* of 0: not known */
	struct span text;
	int exit; /* as DESIGN section 8 */
};

/** Appends a request with the end of its line. */
void control_request_encode(const struct control_request *request, struct str *out);

/**
 * Reads a request.
 *
 * @param line  without its end; anybody may have written it
 * @param ret_request  in the arena
 * @return STATUS_OK; STATUS_REJECT: it is none, or of another version, and reterr says so to
 *   whoever sent it
 */
enum status control_request_decode(
    struct span line, struct arena *arena, struct control_request *ret_request, struct err *reterr);

/** Appends an answer with the end of its line. */
void control_answer_encode(const struct control_answer *answer, struct str *out);

/** Reads an answer likewise; reterr says what is wrong with the service. */
enum status control_answer_decode(
    struct span line, struct arena *arena, struct control_answer *ret_answer, struct err *reterr);

/** Cuts the next piece off a page, at a character. @return empty when nothing is left */
struct span control_page_piece(struct span *rest);

#endif
