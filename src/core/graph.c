/* SPDX-License-Identifier: ISC */
/*
 * Edges sorted by where they come from, and breadth-first walks over them.
 */
#include "core/graph.h"
#include "base/vec.h"
#include <assert.h>
#include <stdlib.h>

struct graph {
	size_t node_count;
	uint32_t *first; /* of node n: the edges from first[n] to before first[n + 1] */
	uint32_t *to;
	uint32_t *queue; /* scratch of graph_reach */
	uint32_t *seen;  /* by node: the number of the last walk that came by */
	uint32_t walk_number;
};

struct graph *graph_new(const struct graph_edge *edges, size_t edge_count, size_t node_count)
{
	struct graph *graph = mem_new(1, sizeof(*graph));
	uint32_t *next;

	assert(edge_count < UINT32_MAX && node_count < UINT32_MAX);
	graph->node_count = node_count;
	graph->first = mem_new(node_count + 2, sizeof(*graph->first));
	graph->to = mem_new(edge_count, sizeof(*graph->to));
	graph->queue = mem_new(node_count, sizeof(*graph->queue));
	graph->seen = mem_new(node_count, sizeof(*graph->seen));
	/* One place further, each start is where filling begins; filling moves it to its end. */
	next = graph->first + 1;
	for (size_t i = 0; i < edge_count; i++) {
		assert(edges[i].from < node_count && edges[i].to < node_count);
		next[edges[i].from + 1]++;
	}
	for (size_t i = 1; i < node_count; i++)
		next[i] += next[i - 1];
	for (size_t i = 0; i < edge_count; i++)
		graph->to[next[edges[i].from]++] = edges[i].to;
	return graph;
}

void graph_free(struct graph **graph)
{
	if (*graph == NULL)
		return;
	free((*graph)->first);
	free((*graph)->to);
	free((*graph)->queue);
	free((*graph)->seen);
	free(*graph);
	*graph = NULL;
}

uint32_t graph_next(const struct graph *graph, uint32_t node, const uint32_t **ret_nodes)
{
	assert(node < graph->node_count);
	*ret_nodes = graph->to + graph->first[node];
	return graph->first[node + 1] - graph->first[node];
}

size_t graph_reach(struct graph *graph, uint32_t from, const uint32_t **ret_nodes)
{
	size_t count = 0;
	uint32_t number = ++graph->walk_number;

	assert(from < graph->node_count && number != 0);
	graph->queue[count++] = from;
	graph->seen[from] = number;
	for (size_t i = 0; i < count; i++) {
		const uint32_t *next;
		uint32_t next_count = graph_next(graph, graph->queue[i], &next);

		for (uint32_t j = 0; j < next_count; j++) {
			if (graph->seen[next[j]] == number)
				continue;
			graph->seen[next[j]] = number;
			graph->queue[count++] = next[j];
		}
	}
	*ret_nodes = graph->queue;
	return count;
}

/* Walks until `to` is reached, noting for each node where the walk came from, plus 1. */
static void note_origins(const struct graph *graph, uint32_t from, uint32_t to, uint32_t *origins)
{
	uint32_t *queue = mem_new(graph->node_count, sizeof(*queue));
	size_t count = 0;

	queue[count++] = from;
	origins[from] = from + 1;
	for (size_t i = 0; i < count && origins[to] == 0; i++) {
		const uint32_t *next;
		uint32_t next_count = graph_next(graph, queue[i], &next);

		for (uint32_t j = 0; j < next_count; j++) {
			if (origins[next[j]] != 0)
				continue;
			origins[next[j]] = queue[i] + 1;
			queue[count++] = next[j];
		}
	}
	free(queue);
}

size_t graph_path(const struct graph *graph, uint32_t from, uint32_t to, uint32_t **ret_nodes)
{
	uint32_t *origins = mem_new(graph->node_count, sizeof(*origins)), *nodes;
	size_t count = 1, i;

	assert(from < graph->node_count && to < graph->node_count);
	note_origins(graph, from, to, origins);
	if (origins[to] == 0) {
		free(origins);
		return 0;
	}
	for (uint32_t node = to; node != from; node = origins[node] - 1)
		count++;
	nodes = mem_new(count, sizeof(*nodes));
	i = count;
	for (uint32_t node = to; i > 0; node = origins[node] - 1)
		nodes[--i] = node;
	free(origins);
	*ret_nodes = nodes;
	return count;
}

size_t graph_size_bytes(const struct graph *graph)
{
	if (graph == NULL)
		return 0;
	return sizeof(*graph) + (graph->node_count * 3 + 2) * sizeof(uint32_t) +
	       graph->first[graph->node_count] * sizeof(uint32_t);
}
