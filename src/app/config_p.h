/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the configuration reader share.
 *
 *     config_source.c   the files, joined where one includes another; which line came from where
 *     config_scan.c     their words
 *     config_syntax.c   their grammar, to say what is wrong with it
 *     config_keys.c     the table of all keys: the one place to add one
 *     config_read.c     from libconfig's tree into a draft, by the table
 *     config_check*.c   what no table can say: keys that need or exclude each other
 *     config_digest.c   the canonical rendering
 *     config_faults.c   the list of what is wrong
 *     config.c          all of it in order
 */
#ifndef APP_CONFIG_P_H
#define APP_CONFIG_P_H

#include "app/config.h"
#include <libconfig.h>
#include <stdarg.h>

/* A run of lines of the joined text that came from one file. */
struct config_segment {
	unsigned first_position; /* line of the joined text */
	unsigned first_line;     /* the same line in its file */
	const char *file;
};

/* The files, joined. All memory but the text is the fault list's arena. */
struct config_source {
	struct config_faults *faults; /* borrowed */
	struct str text;
	struct config_segment *segments;
	size_t segment_count, segment_cap;
	unsigned position; /* of the line that is written next */
	size_t file_count;
	bool is_broken; /* a part could not be read or ends in the middle */
	size_t bytes;   /* of all files */
};

/* Where something is wrong, before it is said. */
struct config_place {
	enum config_severity severity;
	const char *file;
	unsigned line, position;
	const char *key;
};

/** Whether the list takes no more; faults are still counted. */
bool config_faults_are_full(const struct config_faults *faults);

/** Adds a fault; its texts are copied and made printable. */
void config_faults_add(struct config_faults *faults, const struct config_fault *fault);

/** Adds a fault at a place. @param remedy  NULL or "" when there is none */
void config_faults_report(struct config_faults *faults, const struct config_place *place,
    const char *remedy, const char *what, va_list arguments) __attribute__((format(printf, 4, 0)));

/** Formats into the fault list's arena. @return borrowed */
const char *config_faults_text(struct config_faults *faults, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Says `did you mean "x"?` when a word is near, else `it is one of a, b and c`. @return borrowed
 */
const char *config_faults_suggest(
    struct config_faults *faults, struct span word, const char *const *words, size_t count);

/** Sorts by position; faults of one line stay in the order they were found. */
void config_faults_sort(struct config_faults *faults);

/** Adds a file and all it includes. Faults are reported. */
void config_source_add_file(struct config_source *source, const char *path);

/** Adds a text; `directory` NULL refuses includes. */
void config_source_add_text(struct config_source *source, const struct config_text *input);

/** Says where a line of the joined text came from; position 0 is the first file as a whole. */
struct config_place config_source_locate(const struct config_source *source, unsigned position);

/** Frees what is not in an arena. */
void config_source_done(struct config_source *source);

/** Whether the syntax is sound; if not, adds one fault that says what is wrong and where. */
bool config_syntax_check(const struct config_source *source);

/** Adds one fault in libconfig's words, for what only it finds. */
void config_syntax_pass_on(const struct config_source *source, const config_t *library);

enum option_type {
	OPTION_BOOLEAN,  /* bool */
	OPTION_NUMBER,   /* unsigned of 4 or 8 bytes */
	OPTION_DURATION, /* int64_t, ms */
	OPTION_WORD,     /* an enum whose values are the indexes of the words */
	OPTION_TEXT,     /* const char *, "" becomes NULL */
	OPTION_SPAN,     /* struct span, "" becomes absent */
	OPTION_SECRET,   /* struct span, a reference */
	OPTION_TEXTS,    /* const char *const *, and a size_t count */
	OPTION_SPANS,    /* const struct span *, and a size_t count */
	OPTION_WORDS,    /* as OPTION_TEXTS, no word twice */
	OPTION_GROUP,    /* members in the same struct */
	OPTION_GROUPS,   /* an array of structs, and a size_t count */
};

/* One key. */
struct option {
	const char *name;
	enum option_type type;
	size_t offset, size;  /* of the member in its struct */
	size_t count_offset;  /* of its count: texts, spans, words, groups */
	const char *fallback; /* the default as text; words are separated by blanks; NULL: none */
	int64_t min, max;     /* numbers, and durations in ms */
	const char *const *words; /* word, words */
	size_t word_count;
	const struct option *members; /* group, groups */
	size_t member_count;
	size_t element_size; /* groups */
	const char *help;
};

struct draft_directory {
	struct directory_settings settings;
};

struct draft_rule {
	struct span to, from, when;
};

struct draft_workspace {
	struct span id, name, group, when;
	bool is_nested;
};

/* What the table writes into; the checks turn it into the configuration inside it. */
struct draft {
	struct config config;
	unsigned version;
	unsigned log_level; /* index of the word */
	struct draft_directory *directories;
	size_t directory_count;
	struct draft_rule *rules;
	size_t rule_count;
	struct draft_workspace *workspaces;
	size_t workspace_count;
	const char *const *correlate;
	size_t correlate_count;
};

/* One reading, from the tree to the draft. */
struct config_reader {
	struct arena *arena; /* the configuration's */
	struct draft *draft;
	const struct config_source *source;
	struct config_faults *faults;
	const config_setting_t *root;
	const char *state_directory, *control_path; /* where the file names none */
};

/** The keys at the top. */
extern const struct option config_options[];
extern const size_t config_option_count;

/** Reads the whole tree by the table: unknown keys, types, bounds and words are settled. */
void config_read_tree(struct config_reader *reader);

/** The place of a setting, or of a member of it by dotted name, which need not exist ("": itself).
 */
struct config_place config_place_of(
    const struct config_reader *reader, const config_setting_t *group, const char *member);

/** The setting of a dotted name below a group; NULL when the file does not have it. */
const config_setting_t *config_find(const config_setting_t *group, const char *member);

/** Reports a fault of a member ("": the group itself). @param remedy  NULL when there is none */
void config_refuse(struct config_reader *reader, const config_setting_t *group, const char *member,
    const char *remedy, const char *what, ...) __attribute__((format(printf, 5, 6)));

/** Reports likewise what is allowed but hardly meant. */
void config_warn(struct config_reader *reader, const config_setting_t *group, const char *member,
    const char *remedy, const char *what, ...) __attribute__((format(printf, 5, 6)));

/** Whether a key below a group is in the file and was refused already, so that nothing more is
 * said. */
bool config_was_refused(
    const struct config_reader *reader, const config_setting_t *group, const char *member);

/** Whether a fault was reported for a setting or anything below it. */
bool config_has_fault_below(const struct config_reader *reader, const config_setting_t *setting);

void config_check_directories(struct config_reader *reader); /**< and fills config.directories */
void config_check_mapping(struct config_reader *reader);     /**< and fills config.rules */
void config_check_workspaces(
    struct config_reader *reader);                      /**< and fills config.workspaces, groups */
void config_check_tenant(struct config_reader *reader); /**< and what follows from its profile */
void config_check_policy(struct config_reader *reader); /**< and fills policy.correlate */
void config_check_rest(
    struct config_reader *reader); /**< version, schedule, state, metrics, notify */

/** Whether a template or filter compiles; if not, reports it with the place in the text. */
bool config_check_template(struct config_reader *reader, const config_setting_t *group,
    const char *member, struct span text);
bool config_check_filter(struct config_reader *reader, const config_setting_t *group,
    const char *member, struct span text); /**< likewise */

struct url_scheme {
	const char *prefix; /* with "://" */
	bool needs_host;
};

/* What a URL must look like. */
struct url_rule {
	const char *url;
	const struct url_scheme *schemes;
	size_t scheme_count;
};

/** Whether a URL has one of the schemes, a host, and no password; if not, reports it. */
bool config_check_url(struct config_reader *reader, const config_setting_t *group,
    const char *member, const struct url_rule *rule);

/** Whether a path is absolute; NULL is welcome; if not, reports it. */
bool config_check_path(struct config_reader *reader, const config_setting_t *group,
    const char *member, const char *path);

/**
 * The control socket of a file that names none.  As the units have it: scimward.conf has
 * /run/scimward, and NAME.conf, of scimward@NAME, a folder of its own in there.  A file in another
 * folder is of no unit, and must not meet another's service: NULL.
 *
 * @param folder  its real path
 * @return borrowed from the list
 */
const char *config_control_path(struct config_faults *faults, const char *folder, struct span file);

/** Writes the digest of the draft into its configuration. */
void config_digest_draft(struct draft *draft);

#endif
