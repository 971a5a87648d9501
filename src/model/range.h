/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of acceptable values, in the format of the Monitoring Plugins.
 *
 *     10      0 to 10            ~:10    up to 10
 *     10:     10 and more        10:20   10 to 20          @10:20  all except 10 to 20
 *
 * A number may have a sign, a fraction, an exponent and a percent sign, which changes nothing.
 */
#ifndef MODEL_RANGE_H
#define MODEL_RANGE_H

#include <stdbool.h>

struct range {
	double low;    /**< -INFINITY if there is none */
	double high;   /**< INFINITY if there is none */
	bool inverted; /**< values from low to high are not acceptable, others are */
};

/** @return 0, or -EINVAL: not a range, or -ERANGE: it starts after its end */
int range_parse(const char *text, struct range *range);

bool range_contains(const struct range *range, double value);

#endif
