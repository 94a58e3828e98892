/* SPDX-License-Identifier: ISC */
/*
 * Names of outcomes.
 */
#include "base/status.h"

const char *status_name(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return "ok";
	case STATUS_RETRY:
		return "retry";
	case STATUS_REJECT:
		return "reject";
	case STATUS_DOWN:
		return "down";
	case STATUS_CANCELED:
		return "canceled";
	case STATUS_CORRUPT:
		return "corrupt";
	}
	return "unknown";
}
