/* SPDX-License-Identifier: ISC */
/*
 * All SQL that is run more than once.
 *
 * Tables are named without a schema where a dry run must meet its temporary ones; reads of runs and
 * actions go to the views `run_seen` and `action_seen`, which add the rows of the file.
 */
#include "state/store_p.h"

/* As store_link_read reads them. */
#define LINK_COLUMNS                                                                               \
	"link.key, link.digest, link.directory, link.is_active, link.missing_since_ms,"            \
	" link.dn_mark, link.changed_ms, link.account_id, link.user_name, link.dn, "               \
	"link.acknowledged"

#define QUARANTINE_COLUMNS "key, digest, attempts, not_before_ms, since_ms, dn, user_name, reason"

#define RUN_COLUMNS                                                                                \
	"id, kind, is_dry, started_ms, ended_ms, exit_code, is_certified, created, updated,"       \
	" renamed, deactivated, reactivated, linked, held, conflict, rejected, unchanged, orphan," \
	" done, failed, missed, config_digest, error, certificate"

#define ACTION_COLUMNS                                                                             \
	"id, run_id, rank, kind, state, reason, attempts, http_status, at_ms, classes, hold_id,"   \
	" key, digest,"                                                                            \
	" account_id, user_name, directory, dn, detail, method, path, request_id, answer,"         \
	" before, after, body"

#define HOLD_COLUMNS                                                                               \
	"run_id, class, since_ms, count, limit_count, digest, decision, decided_ms, decided_by,"   \
	" ended_ms"

/*
 * SQLite moves the entry of every index whose columns an UPDATE names, changed or not.  Where an
 * action stands in the indexes rarely changes: it is named only when it does.
 */
#define ACTION_UPDATED                                                                             \
	" kind = ?3, state = ?4, reason = ?5, attempts = ?6, http_status = ?7, at_ms = ?8,"        \
	" classes = ?9, digest = ?11, account_id = ?12, detail = ?13, method = ?14, path = ?15,"   \
	" request_id = ?16, answer = ?17, before = ?18, after = ?19, body = ?20"

#define ACTION_STATE_SET                                                                           \
	" state = ?2, http_status = ?3, answer = ?4, request_id = ?5, attempts = ?6, at_ms = ?7,"  \
	" account_id = coalesce(?9, account_id)"

/* The columns of an action whose run and hold are read along. */
#define RECORD_COLUMNS                                                                             \
	"action.id, action.run_id, action.rank, action.kind, action.state, action.reason,"         \
	" action.attempts, action.http_status, action.at_ms, action.classes, action.hold_id,"      \
	" action.key, action.digest, action.account_id, action.user_name, action.directory,"       \
	" action.dn, action.detail, action.method, action.path, action.request_id,"                \
	" action.answer, action.before, action.after, action.body,"                                \
	" coalesce(run.started_ms, 0), coalesce(hold.since_ms, 0),"                                \
	" coalesce(hold.decision, 'open'), coalesce(hold.decided_ms, 0), hold.decided_by"

#define RECORD_JOINS                                                                               \
	" LEFT JOIN main.run ON run.id = action.run_id"                                            \
	" LEFT JOIN main.hold ON action.hold_id <> 0 AND hold.id = action.hold_id"

#define OBSERVED_COLUMNS                                                                           \
	"observed.account_id, observed.has_active, observed.has_workspaces, observed.account"

/*
 * The states and kinds that a query asks for, as bits: ?4 and ?5. A state that nobody knows is let
 * through, so that reading the row says what is wrong.
 */
#define ACTION_STATE_WANTED                                                                        \
	" (?4 & CASE state WHEN 'planned' THEN 1 WHEN 'held' THEN 2 WHEN 'sent' THEN 4"            \
	" WHEN 'done' THEN 8 WHEN 'rejected' THEN 16 WHEN 'failed' THEN 32 WHEN 'unknown' THEN 64" \
	" ELSE ?4 END) <> 0"

#define ACTION_WANTED                                                                              \
	" (rank, id) > (?2, ?3) AND" ACTION_STATE_WANTED                                           \
	" AND (?5 & (1 << rank)) <> 0 ORDER BY rank, id LIMIT ?6"

#define HOLD_SETTLED                                                                               \
	" ended_ms = 0 AND NOT EXISTS (SELECT 1 FROM main.action"                                  \
	" WHERE action.hold_id = hold.id AND action.hold_id <> 0"                                  \
	" AND action.state NOT IN ('done', 'rejected'))"

#define AUDIT_COLUMNS "seq, at, run_id, body, prev, hash"

const struct store_statement_text store_statement_texts[STATEMENT_COUNT] = {
	[STATEMENT_META_GET] = { "SELECT value FROM meta WHERE name = ?1", "reading a named text" },
	[STATEMENT_META_PUT] = { "INSERT INTO meta (name, value) VALUES (?1, ?2)"
				 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	    "writing a named text" },
	[STATEMENT_META_DELETE] = { "DELETE FROM meta WHERE name = ?1", "writing a named text" },
	[STATEMENT_META_COUNT_PREFIX] = { "SELECT count(*) FROM meta"
					  " WHERE substr(name, 1, length(?1)) = ?1",
	    "numbering a directory" },
	[STATEMENT_LINK_COUNT] = { "SELECT count(*) FROM link", "counting the links" },
	[STATEMENT_LINK_COUNT_ACTIVE] = { "SELECT count(*) FROM link WHERE is_active",
	    "counting the active links" },
	[STATEMENT_LINK_EACH] = { "SELECT key, digest, directory, is_active, missing_since_ms, "
				  "dn_mark"
				  " FROM link ORDER BY key",
	    "reading the snapshot" },
	[STATEMENT_LINK_GET] = { "SELECT " LINK_COLUMNS " FROM link WHERE key = ?1",
	    "reading a link" },
	[STATEMENT_LINK_BY_ACCOUNT_ID] = { "SELECT " LINK_COLUMNS
					   " FROM link WHERE account_id = ?1",
	    "finding a link by its account" },
	[STATEMENT_LINK_BY_USER_NAME] = { "SELECT " LINK_COLUMNS " FROM link"
					  " WHERE user_name_folded = ?1 ORDER BY key LIMIT ?2",
	    "finding a link by its userName" },
	[STATEMENT_LINK_BY_EXTERNAL_ID] = { "SELECT " LINK_COLUMNS " FROM link"
					    " WHERE external_id_folded = ?1 ORDER BY key LIMIT ?2",
	    "finding a link by its externalId" },
	[STATEMENT_LINK_DNS] = { "SELECT key, dn FROM link", "finding a link by its DN" },
	[STATEMENT_LINK_OWNER] = { "SELECT key FROM link WHERE account_id = ?1",
	    "looking whose account it is" },
	[STATEMENT_LINK_NAMES] = { "SELECT id, account_id, user_name_folded, external_id_folded"
				   " FROM link WHERE key = ?1",
	    "reading a link" },
	[STATEMENT_LINK_UPDATE] = { "UPDATE link SET digest = ?2, directory = ?3, is_active = ?4,"
				    " missing_since_ms = ?5, changed_ms = ?6, user_name = ?7,"
				    " dn = ?8, acknowledged = ?9, dn_mark = ?10 WHERE id = ?1",
	    "writing a link" },
	[STATEMENT_LINK_UPDATE_NAMES] = { "UPDATE link SET digest = ?2, directory = ?3,"
					  " is_active = ?4, missing_since_ms = ?5, changed_ms = ?6,"
					  " user_name = ?7, dn = ?8, acknowledged = ?9,"
					  " dn_mark = ?10, account_id = ?11,"
					  " user_name_folded = ?12, external_id_folded = ?13 WHERE "
					  "id = ?1",
	    "writing a link" },
	[STATEMENT_LINK_INSERT] = { "INSERT INTO link (key, digest, directory, is_active,"
				    " missing_since_ms, changed_ms, user_name, dn, acknowledged, "
				    "dn_mark,"
				    " account_id, user_name_folded, external_id_folded)"
				    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
				    " ?13)",
	    "writing a link" },
	[STATEMENT_LINK_DELETE] = { "DELETE FROM link WHERE key = ?1", "removing a link" },
	[STATEMENT_LINK_SET_MISSING] = { "UPDATE link SET missing_since_ms = ?2 WHERE key = ?1",
	    "writing a grace period" },
	[STATEMENT_LINK_SET_DN] = { "UPDATE link SET dn = ?2, dn_mark = ?3 WHERE key = ?1",
	    "writing the DN of a link" },
	[STATEMENT_QUARANTINE_GET] = { "SELECT " QUARANTINE_COLUMNS
				       " FROM quarantine WHERE key = ?1",
	    "reading the quarantine" },
	[STATEMENT_QUARANTINE_PUT] = { "INSERT OR REPLACE INTO quarantine (" QUARANTINE_COLUMNS
				       ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	    "writing the quarantine" },
	[STATEMENT_QUARANTINE_DELETE] = { "DELETE FROM quarantine WHERE key = ?1",
	    "writing the quarantine" },
	[STATEMENT_QUARANTINE_EACH] = { "SELECT " QUARANTINE_COLUMNS
					" FROM quarantine ORDER BY key",
	    "reading the quarantine" },
	[STATEMENT_QUARANTINE_COUNT] = { "SELECT count(*) FROM quarantine",
	    "counting the quarantine" },
	[STATEMENT_RUN_START] = { "INSERT INTO run (" RUN_COLUMNS ")"
				  " SELECT 1 + coalesce(max(id), 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
				  " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
				  " ?21, ?22, ?23, ?24 FROM run_seen",
	    "writing a run" },
	[STATEMENT_RUN_UPDATE] = { "INSERT OR REPLACE INTO run (" RUN_COLUMNS ")"
				   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
				   " ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
	    "writing a run" },
	[STATEMENT_RUN_EACH] = { "SELECT " RUN_COLUMNS " FROM run_seen ORDER BY id DESC LIMIT ?1",
	    "reading the runs" },
	[STATEMENT_RUN_EACH_DEAD] = { "SELECT " RUN_COLUMNS " FROM run WHERE ended_ms = 0"
				      " AND id <> ?1 ORDER BY id",
	    "reading the runs that died" },
	[STATEMENT_RUN_END_DEAD] = { "UPDATE run SET ended_ms = ?2, exit_code = 1, error = ?3"
				     " WHERE ended_ms = 0 AND id <> ?1",
	    "ending the runs that died" },
	[STATEMENT_RUN_FIRST_END] = { "SELECT ended_ms FROM main.run WHERE ended_ms <> 0"
				      " ORDER BY id LIMIT 1",
	    "reading the runs" },
	[STATEMENT_RUN_REMOVE_OLD] = { "DELETE FROM main.run WHERE id IN (SELECT id FROM main.run"
				       " WHERE ended_ms <> 0 AND ended_ms < ?1"
				       " AND id < (SELECT max(id) FROM main.run)"
				       " AND NOT EXISTS (SELECT 1 FROM main.action"
				       " WHERE action.run_id = run.id)"
				       " AND NOT EXISTS (SELECT 1 FROM main.hold"
				       " WHERE hold.run_id = run.id AND hold.ended_ms = 0)"
				       " ORDER BY id LIMIT ?2)",
	    "shortening the journal" },
	[STATEMENT_ACTION_LAST] = { "SELECT max((SELECT coalesce(max(id), 0) FROM action),"
				    " (SELECT coalesce(max(id), 0) FROM main.action))",
	    "numbering an action" },
	[STATEMENT_ACTION_ADD] = { "INSERT INTO action (" ACTION_COLUMNS
				   ", is_open) VALUES (?1, ?2, ?3, ?4,"
				   " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
				   " ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)",
	    "writing an action" },
	[STATEMENT_ACTION_UPDATE] = { "UPDATE action SET" ACTION_UPDATED
				      " WHERE id = ?1 AND rank = ?2 AND is_open = ?21"
				      " AND hold_id = ?10",
	    "writing an action" },
	[STATEMENT_ACTION_UPDATE_PLACE] = { "UPDATE action SET rank = ?2, is_open = ?21,"
					    " hold_id = ?10," ACTION_UPDATED " WHERE id = ?1",
	    "writing an action" },
	[STATEMENT_ACTION_SET_STATE] = { "UPDATE action SET" ACTION_STATE_SET
					 " WHERE id = ?1 AND is_open = ?8",
	    "writing the state of an action" },
	[STATEMENT_ACTION_SET_STATE_PLACE] = { "UPDATE action SET is_open = ?8," ACTION_STATE_SET
					       " WHERE id = ?1",
	    "writing the state of an action" },
	[STATEMENT_ACTION_GET] = { "SELECT " ACTION_COLUMNS " FROM action_seen WHERE id = ?1",
	    "reading an action" },
	[STATEMENT_ACTION_DELETE] = { "DELETE FROM action WHERE id = ?1", "removing an action" },
	[STATEMENT_ACTION_REMOVE_OLD] = { "DELETE FROM main.action WHERE id IN"
					  " (SELECT action.id FROM main.run CROSS JOIN main.action"
					  " ON action.run_id = run.id"
					  " WHERE run.ended_ms <> 0 AND run.ended_ms < ?1"
					  " AND NOT action.is_open"
					  " AND action.id < (SELECT max(id) FROM main.action)"
					  " AND (action.hold_id = 0 OR NOT EXISTS"
					  " (SELECT 1 FROM main.hold WHERE hold.id = action.hold_id"
					  " AND hold.ended_ms = 0)) ORDER BY run.id LIMIT ?2)",
	    "shortening the journal" },
	[STATEMENT_ACTION_EACH_OF_RUN] = { "SELECT " ACTION_COLUMNS
					   " FROM action_seen WHERE run_id = ?1 AND" ACTION_WANTED,
	    "reading the actions of a run" },
	/* SQLite finds the id in the index only when it is compared alone. */
	[STATEMENT_ACTION_EACH_OF_KIND] = { "SELECT " ACTION_COLUMNS
					    " FROM action_seen WHERE run_id = ?1 AND rank = ?2"
					    " AND id > ?3 AND" ACTION_STATE_WANTED
					    " ORDER BY id LIMIT ?6",
	    "reading the actions of a run" },
	[STATEMENT_ACTION_EACH_OPEN] = { "SELECT " ACTION_COLUMNS " FROM action_seen WHERE is_open"
					 " AND (?1 = 0 OR run_id = ?1) AND" ACTION_WANTED,
	    "reading the open actions" },
	[STATEMENT_ACTION_EACH_OF_HOLD] = { "SELECT " ACTION_COLUMNS " FROM action_seen"
					    " WHERE hold_id = ?7 AND hold_id <> 0"
					    " AND (?1 = 0 OR run_id = ?1) AND" ACTION_WANTED,
	    "reading the actions of a hold" },
	[STATEMENT_ACTION_EACH] = { "SELECT " ACTION_COLUMNS
				    " FROM action_seen WHERE ?1 = 0 AND" ACTION_WANTED,
	    "reading the actions" },
	[STATEMENT_ACTION_COUNT_UNSETTLED] = { "SELECT count(*) FROM action_seen"
					       " WHERE is_open AND state IN ('sent', 'unknown')",
	    "counting the unsettled actions" },
	[STATEMENT_ACTION_SUMMARY] = { "SELECT kind, state, count(*) FROM action_seen"
				       " WHERE run_id = ?1 GROUP BY kind, state",
	    "counting the actions of a run" },
	[STATEMENT_ACTION_COUNT_PLANNED] = { "SELECT count(*) FROM action WHERE run_id = ?1"
					     " AND state = 'planned' AND hold_id = 0"
					     " AND (classes & ?2) <> 0",
	    "counting the actions of a class" },
	/* The runs since then, found from the newest backwards, hold all that was sent since. */
	[STATEMENT_ACTION_COUNT_RECENT] = { "SELECT count(*) FROM action_seen WHERE run_id >"
					    " coalesce((SELECT id FROM run_seen"
					    " WHERE ended_ms <> 0 AND ended_ms < ?1"
					    " ORDER BY id DESC LIMIT 1), 0)"
					    " AND at_ms >= ?1 AND (classes & ?2) <> 0"
					    " AND hold_id = 0"
					    " AND state IN ('sent', 'done', 'unknown')",
	    "counting the actions of a class" },
	[STATEMENT_HOLD_ADD] = { "INSERT INTO main.hold (id, " HOLD_COLUMNS ") SELECT"
				 " 1 + coalesce(max(id), 0), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
				 "?10"
				 " FROM main.hold",
	    "writing a hold" },
	[STATEMENT_HOLD_SEAL] = { "UPDATE main.hold SET count = ?2, digest = ?3 WHERE id = ?1",
	    "writing a hold" },
	[STATEMENT_HOLD_EACH_SETTLED] = { "SELECT id, " HOLD_COLUMNS
					  " FROM main.hold WHERE" HOLD_SETTLED " ORDER BY id",
	    "reading the holds" },
	[STATEMENT_HOLD_END_SETTLED] = { "UPDATE main.hold SET ended_ms = ?1 WHERE" HOLD_SETTLED,
	    "ending holds" },
	[STATEMENT_HOLD_DECIDE] = { "UPDATE main.hold SET decision = ?2, decided_ms = ?3,"
				    " decided_by = ?4, is_recorded = 0 WHERE id = ?1",
	    "deciding about a hold" },
	[STATEMENT_HOLD_GET] = { "SELECT id, " HOLD_COLUMNS " FROM main.hold WHERE id = ?1",
	    "reading a hold" },
	[STATEMENT_HOLD_EACH] = { "SELECT id, " HOLD_COLUMNS
				  " FROM main.hold WHERE ended_ms = 0 ORDER BY id",
	    "reading the holds" },
	[STATEMENT_HOLD_EACH_UNRECORDED] = { "SELECT id, " HOLD_COLUMNS
					     " FROM main.hold WHERE is_recorded = 0 ORDER BY id",
	    "reading the holds" },
	[STATEMENT_HOLD_MARK_RECORDED] = { "UPDATE main.hold SET is_recorded = 1"
					   " WHERE is_recorded = 0",
	    "writing a hold" },
	[STATEMENT_HOLD_COUNT] = { "SELECT count(*) FROM main.hold WHERE ended_ms = 0"
				   " AND decision = 'open'",
	    "counting the holds" },
	[STATEMENT_HOLD_ACTIONS] = { "SELECT action.key, action.digest, action.rank, "
				     "action.classes,"
				     " action.id, hold.id, hold.decision, action.reason = 'undo'"
				     " FROM main.hold"
				     " CROSS JOIN main.action ON action.hold_id = hold.id"
				     " WHERE hold.ended_ms = 0 AND action.hold_id <> 0"
				     " AND action.state IN ('held', 'failed')"
				     " ORDER BY action.key, action.rank, action.digest",
	    "reading the actions that are held" },
	[STATEMENT_AUDIT_ADD] = { "INSERT INTO main.audit (" AUDIT_COLUMNS
				  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	    "writing the audit trail" },
	[STATEMENT_AUDIT_FIRST] = { "SELECT seq, at FROM main.audit ORDER BY seq LIMIT 1",
	    "reading the audit trail" },
	[STATEMENT_AUDIT_LAST] = { "SELECT seq, hash FROM main.audit ORDER BY seq DESC LIMIT 1",
	    "reading the audit trail" },
	[STATEMENT_AUDIT_FIRST_SINCE] = { "SELECT seq FROM main.audit WHERE at >= ?1"
					  " ORDER BY seq LIMIT 1",
	    "reading the audit trail" },
	[STATEMENT_AUDIT_HASH] = { "SELECT hash FROM main.audit WHERE seq = ?1",
	    "reading the audit trail" },
	[STATEMENT_AUDIT_EACH] = { "SELECT " AUDIT_COLUMNS
				   " FROM main.audit WHERE at >= ?1 ORDER BY seq",
	    "reading the audit trail" },
	[STATEMENT_AUDIT_REMOVE] = { "DELETE FROM main.audit WHERE seq <= ?1",
	    "shortening the audit trail" },
	[STATEMENT_OBSERVED_CLEAR] = { "DELETE FROM temp.observed",
	    "clearing the observed accounts" },
	[STATEMENT_OBSERVED_PUT] = { "INSERT INTO temp.observed (account_id, has_active,"
				     " has_workspaces, account, user_name_folded,"
				     " external_id_folded) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
				     " ON CONFLICT (account_id) DO UPDATE SET"
				     " has_active = excluded.has_active,"
				     " has_workspaces = excluded.has_workspaces,"
				     " account = excluded.account,"
				     " user_name_folded = excluded.user_name_folded,"
				     " external_id_folded = excluded.external_id_folded",
	    "keeping an observed account" },
	[STATEMENT_OBSERVED_COUNT] = { "SELECT count(*) FROM temp.observed",
	    "counting the observed accounts" },
	[STATEMENT_OBSERVED_EACH] = { "SELECT " OBSERVED_COLUMNS " FROM temp.observed",
	    "reading the observed accounts" },
	[STATEMENT_OBSERVED_BY_ID] = { "SELECT " OBSERVED_COLUMNS " FROM temp.observed"
				       " WHERE account_id = ?1 LIMIT ?2",
	    "finding an observed account by its id" },
	[STATEMENT_OBSERVED_BY_USER_NAME] = { "SELECT " OBSERVED_COLUMNS " FROM temp.observed"
					      " WHERE user_name_folded = ?1 ORDER BY id LIMIT ?2",
	    "finding an observed account by its userName" },
	[STATEMENT_OBSERVED_BY_EXTERNAL_ID] = { "SELECT " OBSERVED_COLUMNS " FROM temp.observed"
						" WHERE external_id_folded = ?1"
						" ORDER BY id LIMIT ?2",
	    "finding an observed account by its externalId" },
	[STATEMENT_OBSERVED_ORPHANS] = { "SELECT " OBSERVED_COLUMNS " FROM temp.observed"
					 " WHERE NOT EXISTS (SELECT 1 FROM link"
					 " WHERE link.account_id = observed.account_id)"
					 " AND account_id NOT IN (SELECT account_id"
					 " FROM action_seen WHERE run_id = ?1"
					 " AND account_id IS NOT NULL"
					 " UNION ALL SELECT account_id FROM action_seen"
					 " WHERE is_open AND state = 'held'"
					 " AND account_id IS NOT NULL)",
	    "looking for orphans" },
	[STATEMENT_OBSERVED_LINKED] = { "SELECT " OBSERVED_COLUMNS ", " LINK_COLUMNS
					" FROM temp.observed CROSS JOIN link"
					" ON link.account_id = observed.account_id",
	    "comparing links with observed accounts" },
	[STATEMENT_OBSERVED_MISSING] = { "SELECT " LINK_COLUMNS " FROM link"
					 " WHERE NOT EXISTS (SELECT 1 FROM temp.observed"
					 " WHERE observed.account_id = link.account_id)",
	    "looking for links without an account" },
	[STATEMENT_RECORD_EACH] = { "SELECT " RECORD_COLUMNS " FROM main.action" RECORD_JOINS
				    " WHERE action.at_ms >= ?1 AND action.at_ms < ?2"
				    " AND (?3 & (1 << action.rank)) <> 0"
				    " AND (?4 IS NULL OR action.reason = ?4)"
				    " AND (?5 = 0 OR action.run_id = ?5) ORDER BY action.id",
	    "reading the actions" },
	[STATEMENT_RECORD_EACH_OF_KEY] = { "SELECT " RECORD_COLUMNS " FROM temp.record_key"
					   " CROSS JOIN main.action"
					   " ON action.id = record_key.id" RECORD_JOINS
					   " WHERE record_key.key = ?1"
					   " ORDER BY record_key.id DESC",
	    "reading the actions of a person" },
	[STATEMENT_RECORD_EACH_RUN] = { "SELECT " RUN_COLUMNS " FROM main.run"
					" WHERE started_ms >= ?1 AND started_ms < ?2 ORDER BY id",
	    "reading the runs" },
	[STATEMENT_RECORD_EACH_HOLD] = { "SELECT id, " HOLD_COLUMNS " FROM main.hold"
					 " WHERE since_ms < ?2 AND (since_ms >= ?1"
					 " OR decided_ms >= ?1 OR ended_ms = 0) ORDER BY id",
	    "reading the holds" },
	[STATEMENT_RECORD_EACH_LINK] = { "SELECT " LINK_COLUMNS
					 " FROM link ORDER BY user_name_folded, key",
	    "reading the links" },
	[STATEMENT_RECORD_EACH_GRANT] = { "SELECT workspace.value, " LINK_COLUMNS " FROM link,"
					  " json_each(link.acknowledged, '$.entitlements')"
					  " AS workspace ORDER BY workspace.value,"
					  " link.user_name_folded, link.key",
	    "reading who has a workspace" },
};
