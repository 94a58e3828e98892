/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/graph.h"
#include <stdlib.h>
#include <string.h>

static void assert_nodes(
    const uint32_t *nodes, size_t count, const uint32_t *expected, size_t expected_count)
{
	assert_int_equal(count, expected_count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(nodes[i], expected[i]);
}

#define ASSERT_NODES(nodes, count, ...)                                                            \
	assert_nodes(nodes, count, (const uint32_t[]) { __VA_ARGS__ },                             \
	    COUNT(((const uint32_t[]) { __VA_ARGS__ })))

static void test_empty(void **state)
{
	struct graph *graph = graph_new(NULL, 0, 0);

	(void)state;
	assert_true(graph_size_bytes(graph) > 0);
	assert_int_equal(graph_size_bytes(NULL), 0);
	graph_free(&graph);
	assert_null(graph);
	graph_free(&graph);
}

static void test_a_node_alone(void **state)
{
	struct graph *graph = graph_new(NULL, 0, 2);
	const uint32_t *nodes;
	uint32_t *way = NULL;

	(void)state;
	assert_int_equal(graph_next(graph, 0, &nodes), 0);
	assert_int_equal(graph_next(graph, 1, &nodes), 0);
	assert_int_equal(graph_reach(graph, 1, &nodes), 1);
	ASSERT_NODES(nodes, 1, 1);
	assert_int_equal(graph_path(graph, 0, 1, &way), 0);
	assert_null(way);
	assert_int_equal(graph_path(graph, 0, 0, &way), 1);
	ASSERT_NODES(way, 1, 0);
	free(way);
	graph_free(&graph);
}

static void test_memory(void **state)
{
	static const struct graph_edge edges[] = { { 0, 1 }, { 1, 2 } };
	struct graph *none = graph_new(NULL, 0, 0), *nodes = graph_new(NULL, 0, 100);
	struct graph *both = graph_new(edges, COUNT(edges), 100);

	(void)state;
	assert_int_equal(graph_size_bytes(nodes) - graph_size_bytes(none), 1200);
	assert_int_equal(graph_size_bytes(both) - graph_size_bytes(nodes), 8);
	graph_free(&none);
	graph_free(&nodes);
	graph_free(&both);
}

static void test_next_keeps_the_order(void **state)
{
	static const struct graph_edge edges[] = { { 2, 1 }, { 0, 3 }, { 2, 0 }, { 0, 1 }, { 2, 1 },
		{ 3, 3 } };
	struct graph *graph = graph_new(edges, COUNT(edges), 4);
	const uint32_t *nodes;
	uint32_t count;

	(void)state;
	count = graph_next(graph, 0, &nodes);
	ASSERT_NODES(nodes, count, 3, 1);
	assert_int_equal(graph_next(graph, 1, &nodes), 0);
	count = graph_next(graph, 2, &nodes);
	ASSERT_NODES(nodes, count, 1, 0, 1);
	count = graph_next(graph, 3, &nodes);
	ASSERT_NODES(nodes, count, 3);
	graph_free(&graph);
}

static void test_reach_goes_by_nearness(void **state)
{
	static const struct graph_edge edges[] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 0, 3 }, { 3, 0 },
		{ 4, 0 } };
	struct graph *graph = graph_new(edges, COUNT(edges), 5);
	const uint32_t *nodes;
	size_t count;

	(void)state;
	count = graph_reach(graph, 0, &nodes);
	ASSERT_NODES(nodes, count, 0, 1, 3, 2);
	count = graph_reach(graph, 2, &nodes);
	ASSERT_NODES(nodes, count, 2, 3, 0, 1);
	count = graph_reach(graph, 4, &nodes);
	ASSERT_NODES(nodes, count, 4, 0, 1, 3, 2);
	graph_free(&graph);
}

static void test_path_is_the_shortest(void **state)
{
	static const struct graph_edge edges[] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 0, 4 }, { 4, 3 },
		{ 3, 0 }, { 3, 3 }, { 3, 5 } };
	struct graph *graph = graph_new(edges, COUNT(edges), 7);
	uint32_t *way = NULL;
	size_t count;

	(void)state;
	count = graph_path(graph, 0, 3, &way);
	ASSERT_NODES(way, count, 0, 4, 3);
	free(way);
	count = graph_path(graph, 1, 5, &way);
	ASSERT_NODES(way, count, 1, 2, 3, 5);
	free(way);
	count = graph_path(graph, 5, 0, &way);
	assert_int_equal(count, 0);
	count = graph_path(graph, 0, 6, &way);
	assert_int_equal(count, 0);
	graph_free(&graph);
}

enum { NODES = 12 };

/* Distances by trying all ways over and over, as slow and plain as can be. */
static void measure(const struct graph_edge *edges, size_t count, uint32_t far[NODES][NODES])
{
	for (int i = 0; i < NODES; i++) {
		for (int j = 0; j < NODES; j++)
			far[i][j] = i == j ? 0 : 1000;
	}
	for (int round = 0; round < NODES; round++) {
		for (int from = 0; from < NODES; from++) {
			for (size_t i = 0; i < count; i++) {
				uint32_t other = far[from][edges[i].from] + 1;

				if (other < far[from][edges[i].to])
					far[from][edges[i].to] = other;
			}
		}
	}
}

static bool has_edge(const struct graph *graph, uint32_t from, uint32_t to)
{
	const uint32_t *next;
	uint32_t count = graph_next(graph, from, &next);

	for (uint32_t i = 0; i < count; i++) {
		if (next[i] == to)
			return true;
	}
	return false;
}

static void check_pair(struct graph *graph, uint32_t from, uint32_t to, uint32_t distance)
{
	uint32_t *way = NULL;
	size_t count = graph_path(graph, from, to, &way);

	assert_int_equal(count, distance >= 1000 ? 0 : distance + 1);
	for (size_t i = 1; i < count; i++)
		assert_true(has_edge(graph, way[i - 1], way[i]));
	if (count > 0) {
		assert_int_equal(way[0], from);
		assert_int_equal(way[count - 1], to);
	}
	free(way);
}

static void check_reach(struct graph *graph, uint32_t from, const uint32_t distances[NODES])
{
	const uint32_t *nodes;
	size_t count = graph_reach(graph, from, &nodes), expected = 0;

	for (int i = 0; i < NODES; i++)
		expected += distances[i] < 1000 ? 1 : 0;
	assert_int_equal(count, expected);
	for (size_t i = 0; i < count; i++) {
		assert_true(distances[nodes[i]] < 1000);
		if (i > 0)
			assert_true(distances[nodes[i - 1]] <= distances[nodes[i]]);
	}
}

static void test_against_all_ways_by_chance(void **state)
{
	(void)state;
	chance_start(__func__);
	for (int round = 0; round < 200; round++) {
		struct graph_edge edges[30];
		uint32_t far[NODES][NODES];
		size_t count = chance(COUNT(edges));
		struct graph *graph;

		for (size_t i = 0; i < count; i++)
			edges[i] = (struct graph_edge) { chance(NODES), chance(NODES) };
		graph = graph_new(edges, count, NODES);
		measure(edges, count, far);
		for (uint32_t from = 0; from < NODES; from++) {
			check_reach(graph, from, far[from]);
			for (uint32_t to = 0; to < NODES; to++)
				check_pair(graph, from, to, far[from][to]);
		}
		graph_free(&graph);
	}
}

const struct CMUnitTest graph_tests[] = {
	cmocka_unit_test(test_empty),
	cmocka_unit_test(test_a_node_alone),
	cmocka_unit_test(test_memory),
	cmocka_unit_test(test_next_keeps_the_order),
	cmocka_unit_test(test_reach_goes_by_nearness),
	cmocka_unit_test(test_path_is_the_shortest),
	cmocka_unit_test(test_against_all_ways_by_chance),
};
const size_t graph_test_count = COUNT(graph_tests);
