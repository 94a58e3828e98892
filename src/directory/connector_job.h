/* SPDX-License-Identifier: ISC */
/*
 * What the thread of a connector does, by itself: it may block, and it touches nothing but its job.
 */
#ifndef DIRECTORY_CONNECTOR_JOB_H
#define DIRECTORY_CONNECTOR_JOB_H

#include "directory/connector.h"

/* What a thread gets more than the loop has patience, so that the loop gives up first. */
enum { CONNECTOR_SPARE_MS = 1000 };

/* All is owned by the job. */
struct connector_job {
	char *url;
	char *ca_file, *cert_file, *key_file; /* NULL: not set */
	char *bind_dn;                        /* NULL: not set */
	char *keytab, *principal;             /* NULL: not set */
	struct secret *password;              /* NULL: not set */
	enum directory_bind method;
	bool starttls;
	bool skips_bind; /* it ends before it */
	int64_t timeout_ms;
	int64_t wall_ms; /* when it was started */

	LDAP *handle; /* result */
	struct connector_report report;
};

/** Copies what a job needs. @param password taken */
void connector_job_init(struct connector_job *job, const struct directory_settings *settings,
    const char *url, struct secret *password);

/** Connects, protects, binds; fills handle and report. Blocks about timeout_ms at most. */
void connector_job_run(struct connector_job *job);

/** Closes the handle if it is still there, wipes and frees. */
void connector_job_done(struct connector_job *job);

/** The file of trusted authorities: as configured, or the system's; NULL when there is none. */
const char *connector_ca_file(const char *configured);

#endif
