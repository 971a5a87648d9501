/* SPDX-License-Identifier: BSD-2-Clause */
/* The thresholds of the agent, and the extremes of its window. */
#include "cli/remote_reading.h"

#include "array.h"
#include "utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_indexes(const uint32_t *left, size_t left_length, const uint32_t *right,
			   size_t right_length)
{
	for (size_t i = 0; i < left_length && i < right_length; i++) {
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	}
	return (left_length > right_length) - (left_length < right_length);
}

bool read_extreme(struct reading *reading, const struct object *object)
{
	struct agent_details *agent = reading->snapshot->agent;
	const uint32_t column = object->oid[3], state = object->oid[4] - 1;
	const bool minimum = column == tcpStateTotalMin;

	if (agent == NULL || object->length != 5 || object->oid[2] != tcpStateTotalEntry ||
	    state >= STATES || (!minimum && column != tcpStateTotalMax) ||
	    !set_received(
		    &(minimum ? reading->minimum_received : reading->maximum_received)[state]))
		return false;
	agent->extremes_known[state] = !is_missing(object);
	return is_missing(object) ||
	       parse_gauge(object->value, &(minimum ? agent->minimum : agent->maximum)[state]);
}

/* A status, in ascending order of the names. */
static int read_threshold_status(struct reading *reading, const struct object *object)
{
	struct agent_details *agent = reading->snapshot->agent;
	const size_t length = object->length - 4;
	char name[THRESHOLD_NAME_MAX + 1];
	uint32_t status;

	if (!parse_gauge(object->value, &status) || status < 1 || status > 2 ||
	    !read_index_name(object->oid + 4, length, name, THRESHOLD_NAME_MAX) ||
	    (reading->threshold_length > 0 &&
	     compare_indexes(reading->threshold, reading->threshold_length, object->oid + 4,
			     length) >= 0))
		return -EPROTO;
	memcpy(reading->threshold, object->oid + 4, length * sizeof(*reading->threshold));
	reading->threshold_length = length;
	agent->thresholds++;
	return 0;
}

static int add_raised(struct reading *reading, const char *name)
{
	struct agent_details *agent = reading->snapshot->agent;
	struct raised_threshold *raised = array_with_room(
		agent->raised, agent->raised_count, &reading->raised_allocated, sizeof(*raised));

	if (raised == NULL)
		return -ENOMEM;
	agent->raised = raised;
	agent->raised[agent->raised_count] = (struct raised_threshold){0};
	strcpy(agent->raised[agent->raised_count++].name, name);
	return 0;
}

static bool set_raised(struct raised_threshold *raised, uint32_t column,
		       const struct object *object)
{
	const char *text = is_missing(object) ? "" : object->value;

	switch (column) {
	case tcpThresholdMetric:
		utf8_copy(raised->metric, sizeof(raised->metric), text);
		return true;
	case tcpThresholdRange:
		utf8_copy(raised->range, sizeof(raised->range), text);
		return true;
	case tcpThresholdValue:
		raised->has_value = !is_missing(object);
		return !raised->has_value || parse_gauge(object->value, &raised->value);
	case tcpThresholdTop:
		utf8_copy(raised->top, sizeof(raised->top), text);
		return true;
	case tcpThresholdSinceDate:
		utf8_copy(raised->since, sizeof(raised->since), text);
		return true;
	default:
		return false;
	}
}

/* The columns of a raised threshold follow one another, the metric first. */
int read_threshold(struct reading *reading, const struct object *object)
{
	struct agent_details *agent = reading->snapshot->agent;
	char name[THRESHOLD_NAME_MAX + 1];
	int error = 0;

	if (agent == NULL || object->length < 6 || object->oid[2] != tcpThresholdEntry)
		return -EPROTO;
	if (object->oid[3] == tcpThresholdStatus)
		return read_threshold_status(reading, object);
	if (!read_index_name(object->oid + 4, object->length - 4, name, THRESHOLD_NAME_MAX))
		return -EPROTO;
	if (object->oid[3] == tcpThresholdMetric)
		error = add_raised(reading, name);
	if (error != 0)
		return error;
	if (agent->raised_count == 0 ||
	    strcmp(agent->raised[agent->raised_count - 1].name, name) != 0)
		return -EPROTO;
	return set_raised(&agent->raised[agent->raised_count - 1], object->oid[3], object)
		       ? 0
		       : -EPROTO;
}
