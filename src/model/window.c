/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/window.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define INITIAL_CAPACITY 4

/* Whether an earlier value can still become the extreme after a later one was added. */
typedef bool survives(uint32_t earlier, uint32_t later);

static bool is_less(uint32_t earlier, uint32_t later)
{
	return earlier < later;
}

static bool is_more(uint32_t earlier, uint32_t later)
{
	return earlier > later;
}

static struct window_point *point_at(const struct window_queue *queue, size_t i)
{
	return &queue->points[(queue->first + i) & (queue->capacity - 1)];
}

/* Moves the points to the beginning of a larger buffer. */
static int grow_queue(struct window_queue *queue)
{
	size_t capacity = queue->capacity == 0 ? INITIAL_CAPACITY : 2 * queue->capacity;
	struct window_point *points;

	if (queue->length < queue->capacity)
		return 0;
	points = malloc(capacity * sizeof(*points));
	if (points == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < queue->length; i++)
		points[i] = *point_at(queue, i);
	free(queue->points);
	queue->points = points;
	queue->capacity = capacity;
	queue->first = 0;
	return 0;
}

static void remove_before(struct window_queue *queue, int64_t before_ns)
{
	while (queue->length > 0 && point_at(queue, 0)->at_ns < before_ns) {
		queue->first = (queue->first + 1) & (queue->capacity - 1);
		queue->length--;
	}
}

static void append_point(struct window_queue *queue, int64_t at_ns, uint32_t value,
			 survives *survivor)
{
	while (queue->length > 0 && !survivor(point_at(queue, queue->length - 1)->value, value))
		queue->length--;
	queue->length++;
	*point_at(queue, queue->length - 1) = (struct window_point){at_ns, value};
}

int window_add(struct window *window, int64_t at_ns, uint32_t value, int64_t span_ns,
	       struct extremes *extremes)
{
	remove_before(&window->minima, at_ns - span_ns);
	remove_before(&window->maxima, at_ns - span_ns);
	if (grow_queue(&window->minima) != 0 || grow_queue(&window->maxima) != 0)
		return -ENOMEM;
	append_point(&window->minima, at_ns, value, is_less);
	append_point(&window->maxima, at_ns, value, is_more);
	extremes->min = point_at(&window->minima, 0)->value;
	extremes->max = point_at(&window->maxima, 0)->value;
	return 0;
}

void window_finalise(struct window *window)
{
	free(window->minima.points);
	free(window->maxima.points);
	*window = (struct window){0};
}
