/* SPDX-License-Identifier: ISC */
/*
 * Everything that can be said of one person: where they are, what the rules make of them, what
 * their account is, what waits, what was done, and what the next cycle would do.
 *
 * Plain data between who gathers it (sync/explain.h) and who writes it (report/explanation.h).
 */
#ifndef CORE_EXPLANATION_H
#define CORE_EXPLANATION_H

#include "core/mapping.h"
#include "core/port_store.h"
#include "core/port_tenant.h"

enum explained_outcome {
	EXPLAINED_PERSON,
	EXPLAINED_NOBODY,  /* nobody goes by that name, or (see missing) it cannot be told */
	EXPLAINED_SEVERAL, /* several do */
};

/* One of several whom the name could mean. What is not known is absent. */
struct explained_match {
	struct uuid key; /* all zero: not known */
	struct span dn, user_name, account_id;
};

/* What could not be asked. */
struct explained_gap {
	const char *part; /* "directory" "tenant" "plan" */
	struct span name; /* of the directory; absent: there is one only */
	struct span why;  /* for people */
};

/* Whom a directory is searched for, as configured. */
struct explained_scope {
	const char *const *bases;
	size_t base_count;
	const char *depth;  /* "base" "one" "subtree" */
	const char *filter; /* NULL: that of the kind of directory */
};

enum explained_place {
	PLACE_IN_SCOPE,
	PLACE_NOT_ENTITLED, /* in bases and filter, but no workspace: policy.scope = "entitled" */
	PLACE_LEFT_OUT,     /* the filter does not match */
	PLACE_ELSEWHERE,    /* outside the bases, or too deep */
	PLACE_NOT_THERE,
	PLACE_UNREADABLE,
	PLACE_DOWN, /* the directory cannot be used */
	PLACE_COUNT,
};

/** Names a place: "in-scope" "not-entitled" … */
const char *explained_place_name(enum explained_place place);

/* What one directory has of the person. */
struct explained_directory {
	struct span name;
	struct explained_scope scope;
	enum explained_place place;
	struct span base;      /* that the entry is below; absent: none */
	struct span why;       /* the filter that does not match; why it cannot be told */
	struct uuid key;       /* of the entry that was found */
	struct span dn;        /* likewise; absent: none was found */
	struct span user_name; /* that it maps to; absent: none */
	bool is_chosen;        /* this is the entry that is explained */
};

enum explained_verdict {
	RIVAL_KEEPS, /* it is linked, or comes first: the person's entry gets no account */
	RIVAL_LOSES, /* the person's entry is linked, or comes first */
	RIVAL_BOTH,  /* both are new in one directory: neither gets an account */
	RIVAL_VERDICT_COUNT,
};

/** Names a verdict: "keeps" "loses" "both". */
const char *explained_verdict_name(enum explained_verdict verdict);

/* Another entry in scope that maps to the same userName. */
struct explained_rival {
	struct span directory, dn;
	struct uuid key;
	enum explained_verdict verdict;
};

/* An action that waits in a hold, or was rejected there. */
struct explained_hold {
	struct hold hold;
	struct action action;
};

struct explanation {
	struct span who;
	int64_t now_ms;
	enum explained_outcome outcome;
	const struct explained_match *matches; /* when several; the first few */
	size_t match_count;
	const struct explained_gap *gaps;
	size_t gap_count;

	/* The directories, in order of precedence, and the entry that was chosen. */
	const struct explained_directory *directories;
	size_t directory_count;
	const struct explained_directory *chosen; /* one of them; NULL: none has an entry */
	const struct explained_rival *rivals;
	size_t rival_count;
	struct mapping_trace trace; /* of the chosen entry */
	struct span refusal;        /* why it cannot be mapped; absent: it can */
	bool has_desired;
	struct account desired;
	int64_t turns_ms; /* when the account expires or begins by itself; 0: never */
	bool is_expired;

	/* The link, and the account as known and as observed. */
	bool is_linked;
	struct link link;
	struct span link_directory;
	int64_t linked_since_ms; /* 0: the record does not tell */
	bool has_acknowledged;
	struct account acknowledged;
	bool is_account_gone; /* the tenant was asked and does not have it */
	bool has_observed;
	struct observed observed;
	bool is_protected, is_own;

	/* What waits. */
	int64_t leaver_since_ms; /* inside the grace period; 0: not */
	int64_t leaver_until_ms; /* its end */
	bool has_quarantine;
	struct quarantine quarantine;
	const struct record *refused; /* what the tenant refused last; NULL: not kept */
	const struct explained_hold *holds;
	size_t hold_count;

	/* What the next cycle would do. */
	bool is_planned;        /* it could be planned */
	bool is_whole;          /* together with everybody's changes, so that limits count */
	bool would_begin_grace; /* the grace period would begin: until leaver_until_ms */
	int64_t
	    not_before_ms; /* the quarantine keeps the actions back until then; 0: nothing does */
	const struct action *actions;
	size_t action_count;

	/* What was done, newest first. */
	const struct record *history;
	size_t history_count;
	size_t history_total;
};

#endif
