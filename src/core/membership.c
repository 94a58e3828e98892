/* SPDX-License-Identifier: ISC */
/*
 * Memberships as one sorted array, groups as a small graph.
 *
 * A membership is 16 bytes: 12 of the member's hash and 4 of the group, big-endian, so that bytes
 * alone order them by member and then by group.
 */
#include "core/membership_p.h"

#include "base/hash.h"
#include "base/vec.h"
#include "core/dn.h"
#include <assert.h>
#include <stdlib.h>

enum { INSERTION_MAX = 32, FIRST_BUCKET_COUNT = 64 };
enum { RUN_MEMBERS = 64, RUN_BITS_MAX = 14 };

struct membership *membership_new(const uint8_t salt[16])
{
	struct membership *membership = mem_new(1, sizeof(*membership));

	memcpy(membership->salt, salt, sizeof(membership->salt));
	membership->bucket_count = FIRST_BUCKET_COUNT;
	membership->buckets = mem_new(FIRST_BUCKET_COUNT, sizeof(*membership->buckets));
	return membership;
}

void membership_free(struct membership **membership)
{
	struct membership *gone = *membership;

	if (gone == NULL)
		return;
	for (size_t i = 0; i < gone->group_count; i++)
		free((char *)gone->groups[i].dn.at);
	for (size_t i = 0; i < gone->root_count; i++)
		free((char *)gone->roots[i].unknown_why.at);
	graph_free(&gone->parents);
	graph_free(&gone->leads_to);
	str_done(&gone->normalized);
	free(gone->members);
	free(gone->runs);
	free(gone->groups);
	free(gone->buckets);
	free(gone->roots);
	free(gone->edges);
	free(gone->found);
	free(gone);
	*membership = NULL;
}

static struct span copy_text(struct span text)
{
	return (struct span) { span_dup_c(text), text.len };
}

void member_hash(
    const uint8_t salt[16], struct span dn, struct str *scratch, struct member_hash *ret_hash)
{
	str_truncate(scratch, 0);
	dn_normalize(dn, scratch);
	hash_salted(salt, str_span(scratch), ret_hash->byte);
}

const uint8_t *membership_salt(const struct membership *membership)
{
	return membership->salt;
}

static void hash_dn(struct membership *membership, struct span dn, uint8_t ret_hash[HASH_BYTES])
{
	struct member_hash hash;

	member_hash(membership->salt, dn, &membership->normalized, &hash);
	memcpy(ret_hash, hash.byte, HASH_BYTES);
}

/* ---- groups ---- */

/* The bucket that holds the group, or the free one where it would go. */
static uint32_t *find_bucket(const struct membership *membership, const uint8_t hash[HASH_BYTES])
{
	size_t mask = membership->bucket_count - 1, i = member_word(hash) & mask;

	while (membership->buckets[i] != 0 &&
	       memcmp(membership->groups[membership->buckets[i] - 1].hash, hash, HASH_BYTES) != 0)
		i = (i + 1) & mask;
	return &membership->buckets[i];
}

static void grow_buckets(struct membership *membership)
{
	free(membership->buckets);
	membership->bucket_count *= 2;
	membership->buckets = mem_new(membership->bucket_count, sizeof(*membership->buckets));
	for (uint32_t i = 0; i < membership->group_count; i++)
		*find_bucket(membership, membership->groups[i].hash) = i + 1;
}

uint32_t membership_add_group(struct membership *membership, struct span dn)
{
	uint8_t hash[HASH_BYTES];
	uint32_t *bucket;
	struct group *group;

	assert(!membership->is_sealed && membership->group_count < MEMBERSHIP_NONE - 1);
	hash_dn(membership, dn, hash);
	bucket = find_bucket(membership, hash);
	if (*bucket != 0)
		return *bucket - 1;
	group = vec_push((void **)&membership->groups, &membership->group_count,
	    &membership->group_cap, sizeof(*group));
	memcpy(group->hash, hash, HASH_BYTES);
	group->dn = copy_text(dn);
	*bucket = (uint32_t)membership->group_count;
	if (membership->group_count * 2 > membership->bucket_count)
		grow_buckets(membership);
	return (uint32_t)membership->group_count - 1;
}

uint32_t membership_find_group(struct membership *membership, struct span dn)
{
	uint8_t hash[HASH_BYTES];

	hash_dn(membership, dn, hash);
	return *find_bucket(membership, hash) - 1; /* 0, a free one, becomes MEMBERSHIP_NONE */
}

void membership_add_edge(struct membership *membership, uint32_t child, uint32_t parent)
{
	assert(!membership->is_sealed && child < membership->group_count &&
	       parent < membership->group_count);
	*(struct graph_edge *)vec_push((void **)&membership->edges, &membership->edge_count,
	    &membership->edge_cap,
	    sizeof(struct graph_edge)) = (struct graph_edge) { child, parent };
}

/* ---- roots ---- */

/* The root of that number, made with all before it when it is new. */
static struct root *root_at(struct membership *membership, uint32_t root)
{
	assert(!membership->is_sealed && root != MEMBERSHIP_NONE);
	while (membership->root_count <= root) {
		struct root *added = vec_push((void **)&membership->roots, &membership->root_count,
		    &membership->root_cap, sizeof(*added));
		added->group = MEMBERSHIP_NONE;
	}
	return &membership->roots[root];
}

void membership_set_root(struct membership *membership, uint32_t root, uint32_t group)
{
	assert(group < membership->group_count);
	root_at(membership, root)->group = group;
}

void membership_set_direct_only(struct membership *membership, uint32_t root)
{
	root_at(membership, root)->is_direct_only = true;
}

void membership_set_unknown(struct membership *membership, uint32_t root, struct span why)
{
	struct root *unknown = root_at(membership, root);

	/* The first reason is the one that explains the others. */
	if (unknown->unknown_why.at == NULL)
		unknown->unknown_why = copy_text(why.at == NULL ? SPAN("") : why);
}

bool membership_is_known(const struct membership *membership, uint32_t root)
{
	return root < membership->root_count && membership->roots[root].group != MEMBERSHIP_NONE &&
	       membership->roots[root].unknown_why.at == NULL;
}

bool membership_has_unknown(const struct membership *membership, uint32_t root_count)
{
	assert(membership->is_sealed);
	return membership->known_root_count < root_count;
}

struct span membership_unknown_reason(const struct membership *membership, uint32_t root)
{
	if (membership_is_known(membership, root))
		return SPAN_NULL;
	if (root < membership->root_count && membership->roots[root].unknown_why.at != NULL)
		return membership->roots[root].unknown_why;
	return SPAN("the group was not looked up");
}

uint32_t membership_root_group(const struct membership *membership, uint32_t root)
{
	return root < membership->root_count ? membership->roots[root].group : MEMBERSHIP_NONE;
}

/* ---- members ---- */

void membership_add_member(struct membership *membership, uint32_t group, struct span member_dn)
{
	struct member *member;

	assert(!membership->is_sealed && group < membership->group_count);
	member = vec_push((void **)&membership->members, &membership->member_count,
	    &membership->member_cap, sizeof(*member));
	hash_dn(membership, member_dn, member->byte);
	member_set_group(member, group);
}

static void sort_few(struct member *members, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct member member = members[i];
		size_t j = i;

		while (j > 0 && memcmp(members[j - 1].byte, member.byte, MEMBER_BYTES) > 0) {
			members[j] = members[j - 1];
			j--;
		}
		members[j] = member;
	}
}

/* Moves members into the 256 buckets of their byte at `depth`, in place. */
static void distribute(struct member *members, size_t count, unsigned depth, size_t end[256])
{
	size_t next[256], sum = 0;

	memset(end, 0, 256 * sizeof(*end));
	for (size_t i = 0; i < count; i++)
		end[members[i].byte[depth]]++;
	for (unsigned i = 0; i < 256; i++) {
		next[i] = sum;
		sum += end[i];
		end[i] = sum;
	}
	for (unsigned i = 0; i < 256; i++) {
		while (next[i] < end[i]) {
			struct member member = members[next[i]];

			for (uint8_t to; (to = member.byte[depth]) != i;) {
				struct member other = members[next[to]];

				members[next[to]++] = member;
				member = other;
			}
			members[next[i]++] = member;
		}
	}
}

/*
 * Radix sort from the first byte on.  Hashes are uniform, so two rounds leave a handful in each
 * bucket; a member of very many groups goes deeper, but never beyond the 16 bytes.
 */
static void sort_members(struct member *members, size_t count, unsigned depth)
{
	size_t end[256], begin = 0;

	if (count <= INSERTION_MAX) {
		sort_few(members, count);
		return;
	}
	if (depth == MEMBER_BYTES)
		return;
	distribute(members, count, depth, end);
	for (unsigned i = 0; i < 256; i++) {
		sort_members(members + begin, end[i] - begin, depth + 1);
		begin = end[i];
	}
}

static void seal_members(struct membership *membership)
{
	struct member *members = membership->members;
	size_t kept = 0;

	sort_members(members, membership->member_count, 0);
	for (size_t i = 0; i < membership->member_count; i++) {
		if (kept > 0 && memcmp(&members[kept - 1], &members[i], MEMBER_BYTES) == 0)
			continue;
		members[kept++] = members[i];
		membership->groups[member_group(&members[i])].size++;
	}
	membership->member_count = membership->member_cap = kept;
	membership->members = mem_grow(members, kept, sizeof(*members));
}

/* Each look-up would else touch a dozen places that are far from each other. */
void membership_index_members(struct membership *membership)
{
	size_t count = membership->member_count, run_count, next = 0;

	assert(count <= UINT32_MAX);
	free(membership->runs);
	membership->run_bits = 0;
	while (
	    membership->run_bits < RUN_BITS_MAX && count >> membership->run_bits >= 2 * RUN_MEMBERS)
		membership->run_bits++;
	run_count = (size_t)1 << membership->run_bits;
	membership->runs = mem_new(run_count + 1, sizeof(*membership->runs));
	for (size_t i = 0; i < count; i++) {
		uint64_t word = member_word(membership->members[i].byte);

		for (; next <= word >> (32 - membership->run_bits); next++)
			membership->runs[next] = (uint32_t)i;
	}
	for (; next <= run_count; next++)
		membership->runs[next] = (uint32_t)count;
}

/* ---- sealing ---- */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Works out which roots each group leads to, by walking down from each root. */
static struct graph *find_leads(const struct membership *membership, struct graph *children)
{
	struct graph_edge *leads = NULL;
	size_t lead_count = 0, lead_cap = 0;
	struct graph *leads_to;

	for (uint32_t i = 0; i < membership->root_count; i++) {
		const struct root *root = &membership->roots[i];
		const uint32_t *groups = &root->group;
		size_t count = root->group == MEMBERSHIP_NONE ? 0 : 1;

		if (count > 0 && !root->is_direct_only)
			count = graph_reach(children, root->group, &groups);
		for (size_t j = 0; j < count; j++)
			*(struct graph_edge *)vec_push((void **)&leads, &lead_count, &lead_cap,
			    sizeof(*leads)) = (struct graph_edge) { groups[j], i };
	}
	leads_to = graph_new(
	    leads, lead_count, larger(membership->group_count, membership->root_count));
	free(leads);
	return leads_to;
}

static void seal_groups(struct membership *membership)
{
	size_t group_count = membership->group_count;
	struct graph *children;

	membership->parents = graph_new(membership->edges, membership->edge_count, group_count);
	for (size_t i = 0; i < membership->edge_count; i++) {
		struct graph_edge *edge = &membership->edges[i];

		*edge = (struct graph_edge) { edge->to, edge->from };
	}
	children = graph_new(membership->edges, membership->edge_count, group_count);
	membership->leads_to = find_leads(membership, children);
	graph_free(&children);
	free(membership->edges);
	membership->edges = NULL;
	membership->edge_count = membership->edge_cap = 0;
}

void membership_seal(struct membership *membership)
{
	assert(!membership->is_sealed);
	seal_members(membership);
	membership_index_members(membership);
	seal_groups(membership);
	while (membership_is_known(membership, membership->known_root_count))
		membership->known_root_count++;
	membership->is_sealed = true;
}

/* ---- questions ---- */

static bool is_before(const struct membership *membership, size_t i, const uint8_t hash[HASH_BYTES])
{
	return memcmp(membership->members[i].byte, hash, HASH_BYTES) < 0;
}

/*
 * The first member that is not before the hash.  Hashes are uniform, so its place in the run of
 * those that begin alike is known to within a few; from there the steps double until the place is
 * between two of them.
 */
static size_t find_first(const struct membership *membership, const uint8_t hash[HASH_BYTES])
{
	uint64_t word = member_word(hash);
	const uint32_t *run = &membership->runs[word >> (32 - membership->run_bits)];
	uint64_t way = (word << membership->run_bits) & UINT32_MAX;
	size_t begin = run[0], end = run[1];
	size_t low = begin + (size_t)((way * (end - begin)) >> 32), high = low;

	for (size_t step = 2; low > begin && !is_before(membership, low - 1, hash); step *= 2) {
		high = low - 1;
		low = high - begin > step ? high - step : begin;
	}
	for (size_t step = 2; high < end && is_before(membership, high, hash); step *= 2) {
		low = high + 1;
		high = end - low > step ? low + step : end;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(membership, middle, hash))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t membership_find(struct membership *membership, struct span dn, const uint32_t **ret_groups)
{
	uint8_t hash[HASH_BYTES];
	size_t count = 0;

	assert(membership->is_sealed);
	hash_dn(membership, dn, hash);
	for (size_t i = find_first(membership, hash); i < membership->member_count; i++) {
		const struct member *member = &membership->members[i];

		if (memcmp(member->byte, hash, HASH_BYTES) != 0)
			break;
		*(uint32_t *)vec_push((void **)&membership->found, &count, &membership->found_cap,
		    sizeof(uint32_t)) = member_group(member);
	}
	*ret_groups = membership->found;
	return (uint32_t)count;
}

uint32_t membership_find_hash(const struct membership *membership, const struct member_hash *hash,
    uint32_t *ret_groups, uint32_t cap)
{
	uint32_t count = 0;

	assert(membership->is_sealed);
	for (size_t i = find_first(membership, hash->byte); i < membership->member_count; i++) {
		const struct member *member = &membership->members[i];

		if (memcmp(member->byte, hash->byte, HASH_BYTES) != 0)
			break;
		if (count < cap)
			ret_groups[count] = member_group(member);
		count++;
	}
	return count;
}

uint32_t membership_roots(
    const struct membership *membership, uint32_t group, const uint32_t **ret_roots)
{
	assert(membership->is_sealed && group < membership->group_count);
	return graph_next(membership->leads_to, group, ret_roots);
}

struct span membership_group_dn(const struct membership *membership, uint32_t group)
{
	assert(group < membership->group_count);
	return membership->groups[group].dn;
}

size_t membership_group_count(const struct membership *membership)
{
	return membership->group_count;
}

size_t membership_root_count(const struct membership *membership)
{
	return membership->root_count;
}

size_t membership_member_count(const struct membership *membership)
{
	return membership->member_count;
}

size_t membership_group_size(const struct membership *membership, uint32_t group)
{
	assert(membership->is_sealed && group < membership->group_count);
	return membership->groups[group].size;
}

bool membership_path(
    const struct membership *membership, uint32_t group, uint32_t root, struct str *out)
{
	uint32_t goal = membership_root_group(membership, root), *way = NULL;
	size_t count;

	assert(membership->is_sealed && group < membership->group_count);
	if (goal == MEMBERSHIP_NONE || (membership->roots[root].is_direct_only && group != goal))
		return false;
	count = graph_path(membership->parents, group, goal, &way);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_c(out, " > ");
		str_add(out, membership->groups[way[i]].dn);
	}
	free(way);
	return count > 0;
}

size_t membership_size_bytes(const struct membership *membership)
{
	size_t bytes =
	    sizeof(*membership) + membership->member_cap * sizeof(*membership->members) +
	    (membership->runs == NULL
		    ? 0
		    : (((size_t)1 << membership->run_bits) + 1) * sizeof(*membership->runs)) +
	    membership->group_cap * sizeof(*membership->groups) +
	    membership->bucket_count * sizeof(*membership->buckets) +
	    membership->root_cap * sizeof(*membership->roots) +
	    membership->edge_cap * sizeof(*membership->edges) + membership->normalized.cap +
	    membership->found_cap * sizeof(*membership->found);

	for (size_t i = 0; i < membership->group_count; i++)
		bytes += membership->groups[i].dn.len + 1;
	return bytes + graph_size_bytes(membership->parents) +
	       graph_size_bytes(membership->leads_to);
}
