/* SPDX-License-Identifier: ISC */
/*
 * The ways of finding changes: their names, and which kinds have them.
 */
#include "directory/directory.h"

const char *directory_changes_name(enum directory_changes changes)
{
	static const char *const names[] = {
		[DIRECTORY_CHANGES_AUTO] = "auto",
		[DIRECTORY_CHANGES_DIRSYNC] = "dirsync",
		[DIRECTORY_CHANGES_USN] = "usn",
		[DIRECTORY_CHANGES_SYNCREPL] = "syncrepl",
		[DIRECTORY_CHANGES_TIMESTAMP] = "timestamp",
		[DIRECTORY_CHANGES_NONE] = "none",
	};

	return names[changes];
}

const char *directory_changes_remedy(enum directory_kind kind, enum directory_changes changes)
{
	bool is_ad = kind == DIRECTORY_ACTIVE_DIRECTORY;

	switch (changes) {
	case DIRECTORY_CHANGES_AUTO:
	case DIRECTORY_CHANGES_NONE:
		return NULL;
	case DIRECTORY_CHANGES_DIRSYNC:
	case DIRECTORY_CHANGES_USN:
		return is_ad || kind == DIRECTORY_AUTO ? NULL : "write \"auto\"";
	case DIRECTORY_CHANGES_SYNCREPL:
		return is_ad || kind == DIRECTORY_LDIF ? "write \"auto\"" : NULL;
	case DIRECTORY_CHANGES_TIMESTAMP:
		break;
	}
	return kind == DIRECTORY_LDIF ? "write \"auto\": a file is looked at as a whole" : NULL;
}
