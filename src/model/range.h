/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges as the Monitoring Plugins have them: a value inside is fine.
 *
 *     10      0 to 10            ~:10    10 and less
 *     10:     10 and more        10:20   10 to 20          @10:20  all but 10 to 20
 *
 * A number may have a sign, a fraction, an exponent and a percent sign, which changes nothing.
 */
#ifndef MODEL_RANGE_H
#define MODEL_RANGE_H

#include <stdbool.h>

struct range {
	double low;    /**< -INFINITY: none */
	double high;   /**< INFINITY: none */
	bool inverted; /**< what lies between is not fine, the ends included */
};

/** @return 0, or -EINVAL: not a range, or -ERANGE: it starts after it ends */
int range_parse(const char *text, struct range *range);

bool range_contains(const struct range *range, double value);

#endif
