/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/date.h"

#include "clock.h"

#include <stdlib.h>
#include <time.h>

#define NS_PER_DECISECOND (NS_PER_SECOND / 10)

/* Without TZ, the C library would look for changes of the file in later calls of localtime(). */
void date_read_zone(void)
{
	setenv("TZ", ":/etc/localtime", 0);
	tzset();
}

/* An int64_t ends in 2262, where no field overflows. */
void date_and_time(int64_t real_ns, uint8_t date[DATE_OCTETS])
{
	time_t seconds = (time_t)(real_ns / NS_PER_SECOND);
	int64_t within_ns = real_ns % NS_PER_SECOND;
	struct tm local = {0};
	unsigned int year;
	long offset;

	if (within_ns < 0) {
		within_ns += NS_PER_SECOND;
		seconds--;
	}
	localtime_r(&seconds, &local);
	year = 1900U + (unsigned int)local.tm_year;
	offset = labs(local.tm_gmtoff) / 60;
	date[0] = (uint8_t)(year >> 8);
	date[1] = (uint8_t)(year & 0xff);
	date[2] = (uint8_t)(local.tm_mon + 1);
	date[3] = (uint8_t)local.tm_mday;
	date[4] = (uint8_t)local.tm_hour;
	date[5] = (uint8_t)local.tm_min;
	date[6] = (uint8_t)local.tm_sec;
	date[7] = (uint8_t)(within_ns / NS_PER_DECISECOND);
	date[8] = local.tm_gmtoff < 0 ? '-' : '+';
	date[9] = (uint8_t)(offset / 60);
	date[10] = (uint8_t)(offset % 60);
}
