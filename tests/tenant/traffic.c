// SPDX-License-Identifier: ISC
#include "traffic.h"

#include <stdlib.h>
#include <string.h>

void traffic_enter(struct traffic *traffic, struct flight *flight)
{
	flight->next = traffic->first;
	flight->previous = NULL;
	if (traffic->first)
		traffic->first->previous = flight;
	traffic->first = flight;
	traffic->count++;
	if (traffic->count > traffic->most)
		traffic->most = traffic->count;
}

void traffic_name(struct traffic *traffic, struct flight *flight, char *account)
{
	flight->account = account;
	for (struct flight *other = traffic->first; account && other; other = other->next) {
		if (other != flight && other->account && strcmp(other->account, account) == 0) {
			traffic->overlaps++;
			break;
		}
	}
}

void traffic_leave(struct traffic *traffic, struct flight *flight)
{
	if (flight->previous)
		flight->previous->next = flight->next;
	else
		traffic->first = flight->next;
	if (flight->next)
		flight->next->previous = flight->previous;
	traffic->count--;
	free(flight->account);
	flight->account = NULL;
}

void traffic_reset(struct traffic *traffic)
{
	traffic->most = traffic->count;
	traffic->overlaps = 0;
}
