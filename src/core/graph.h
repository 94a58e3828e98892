/* SPDX-License-Identifier: ISC */
/*
 * A directed graph of numbered nodes that is made at once and then only asked.
 *
 * Groups inside groups are one: cycles and repeated edges are fine.
 */
#ifndef CORE_GRAPH_H
#define CORE_GRAPH_H

#include <stddef.h>
#include <stdint.h>

struct graph;

struct graph_edge {
	uint32_t from, to;
};

/**
 * Makes a graph of `node_count` nodes, numbered from 0.
 *
 * @param edges  borrowed during the call; both ends are numbers of nodes
 * @return owned. Cost: two passes over the edges.
 */
struct graph *graph_new(const struct graph_edge *edges, size_t edge_count, size_t node_count);

/** Frees the graph; sets `*graph` to NULL; NULL is welcome. */
void graph_free(struct graph **graph);

/** The ends of a node's edges, in the order in which they were given. @return how many */
uint32_t graph_next(const struct graph *graph, uint32_t node, const uint32_t **ret_nodes);

/**
 * Finds all nodes that can be reached from one, itself included, the nearest first.
 *
 * @param ret_nodes  borrowed until the next call
 * @return how many. Cost: their edges.
 */
size_t graph_reach(struct graph *graph, uint32_t from, const uint32_t **ret_nodes);

/**
 * Finds a shortest way.
 *
 * @param ret_nodes  from the first node to the last; owned by the caller, freed with free(3)
 * @return how many nodes are on it, 1 when `from` is `to`; 0 and nothing written: there is none
 */
size_t graph_path(const struct graph *graph, uint32_t from, uint32_t to, uint32_t **ret_nodes);

/** Bytes of memory the graph holds; NULL holds none. */
size_t graph_size_bytes(const struct graph *graph);

#endif
