/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/watch.h"

#include "number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

/* ---- problems ---- */

struct parsing {
	struct watch *watch;
	char *problem; /* WATCH_PROBLEM_SIZE */
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct parsing *parsing,
							const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parsing->problem, WATCH_PROBLEM_SIZE, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* ---- ports ---- */

static bool parse_port(const char *text, uint16_t *port)
{
	const struct servent *service;
	uint64_t number;

	if (number_parse(text, 0, UINT16_MAX, &number)) {
		*port = (uint16_t)number;
		return true;
	}
	service = getservbyname(text, "tcp");
	if (service != NULL)
		*port = ntohs((uint16_t)service->s_port);
	return service != NULL;
}

/* A service's name may contain a hyphen, but not begin with a digit and be a range. */
static bool parse_interval(const char *text, struct port_interval *interval)
{
	const char *rest = text;
	uint64_t first, last;

	if (number_take(&rest, UINT16_MAX, &first) && *rest == '-' &&
	    number_parse(rest + 1, first, UINT16_MAX, &last)) {
		*interval = (struct port_interval){(uint16_t)first, (uint16_t)last};
		return true;
	}
	if (!parse_port(text, &interval->first))
		return false;
	interval->last = interval->first;
	return true;
}

static int compare_intervals(const void *left, const void *right)
{
	return ((const struct port_interval *)left)->first -
	       ((const struct port_interval *)right)->first;
}

/* Sorts the intervals, and joins those that overlap or are adjacent. */
static void join_intervals(struct port_list *list)
{
	size_t joined = 0;

	qsort(list->intervals, list->count, sizeof(list->intervals[0]), compare_intervals);
	for (size_t i = 1; i < list->count; i++) {
		struct port_interval *last = &list->intervals[joined];
		const struct port_interval next = list->intervals[i];

		if (next.first > last->last + 1U)
			list->intervals[++joined] = next;
		else if (next.last > last->last)
			last->last = next.last;
	}
	list->count = joined + 1;
}

static int parse_ports(const struct parsing *parsing, char *text, struct port_list *list)
{
	char *element;

	while ((element = strsep(&text, ",")) != NULL) {
		if (!parse_interval(element, &list->intervals[list->count]))
			return refuse(parsing, "'%s' is not a port, range or service", element);
		list->count++;
	}
	join_intervals(list);
	return 0;
}

static int parse_local_ports(const struct parsing *parsing, char *text)
{
	return parse_ports(parsing, text, &parsing->watch->ports);
}

static int parse_peer_ports(const struct parsing *parsing, char *text)
{
	return parse_ports(parsing, text, &parsing->watch->peer_ports);
}

/* ---- addresses ---- */

static bool has_host_bits(const struct prefix *prefix, unsigned int bits)
{
	for (unsigned int bit = prefix->length; bit < bits; bit++) {
		if (prefix->address[bit / 8] & (0x80U >> bit % 8))
			return true;
	}
	return false;
}

static int parse_prefix(const struct parsing *parsing, const char *text, struct prefix *prefix)
{
	const char *slash = strchr(text, '/');
	const size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[INET6_ADDRSTRLEN];
	unsigned int bits;
	uint64_t number;

	*prefix = (struct prefix){0};
	if (length >= sizeof(address))
		return refuse(parsing, "'%s' is not an address or prefix", text);
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(AF_INET, address, prefix->address) == 1)
		prefix->family = FAMILY_IPV4;
	else if (inet_pton(AF_INET6, address, prefix->address) == 1)
		prefix->family = FAMILY_IPV6;
	else
		return refuse(parsing, "'%s' is not an address or prefix", text);
	bits = prefix->family == FAMILY_IPV4 ? 32 : 128;
	number = bits;
	if (slash != NULL && !number_parse(slash + 1, 0, bits, &number))
		return refuse(parsing, "'%s': invalid prefix length, expected 0 to %u", text, bits);
	prefix->length = (unsigned int)number;
	if (has_host_bits(prefix, bits))
		return refuse(parsing, "'%s': bits are set beyond the prefix length", text);
	return 0;
}

static int parse_prefixes(const struct parsing *parsing, char *text, struct prefix_list *list)
{
	char *element;

	while ((element = strsep(&text, ",")) != NULL) {
		int error = parse_prefix(parsing, element, &list->prefixes[list->count]);

		if (error != 0)
			return error;
		list->count++;
	}
	return 0;
}

static int parse_addresses(const struct parsing *parsing, char *text)
{
	return parse_prefixes(parsing, text, &parsing->watch->addresses);
}

static int parse_peers(const struct parsing *parsing, char *text)
{
	return parse_prefixes(parsing, text, &parsing->watch->peers);
}

/* ---- units ---- */

static int parse_units(const struct parsing *parsing, char *text)
{
	struct watch *watch = parsing->watch;
	char *next = watch->units;
	char *element;

	while ((element = strsep(&text, ",")) != NULL) {
		const size_t length = strlen(element);
		const char *last = element + length - 1;

		if (element[0] == '\0')
			return refuse(parsing, "empty element in the list of units");
		if (element[0] != '/' && strchr(element, '/') != NULL)
			return refuse(parsing,
				      "'%s' is neither a unit nor a path that begins with /",
				      element);
		if (element[0] == '/' && length > 1 && *last == '/')
			return refuse(parsing, "'%s': a path must not end with /", element);
		if (element[0] != '/' && length > 6 && strcmp(last - 5, ".slice") == 0)
			return refuse(parsing, "'%s': a slice is given by its path, as /%s",
				      element, element);
		memcpy(next, element, length + 1);
		next += length + 1;
		watch->units_count++;
	}
	return 0;
}

/* ---- a watch ---- */

static bool is_name_character(char character)
{
	return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
	       (character >= '0' && character <= '9') || character == '_' || character == '.' ||
	       character == '-';
}

bool watch_name_is_valid(const char *text)
{
	const size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		if (!is_name_character(text[i]))
			return false;
	}
	return length > 0 && length <= WATCH_NAME_MAX && strcmp(text, "each") != 0;
}

static int parse_watch_name(const struct parsing *parsing, const char *word)
{
	if (word == NULL)
		return refuse(parsing, "missing name");
	if (strcmp(word, "each") == 0)
		return refuse(parsing, "'each' cannot be a name, expected each listening");
	if (!watch_name_is_valid(word))
		return refuse(parsing,
			      "invalid name '%.64s', expected 1 to 32 characters of A-Z, a-z, 0-9, "
			      "underscore, dot and hyphen",
			      word);
	strcpy(parsing->watch->name, word);
	return 0;
}

static bool append_word(struct watch *watch, const char *word)
{
	const size_t used = strlen(watch->text);
	const int length = snprintf(watch->text + used, sizeof(watch->text) - used, "%s%s",
				    used == 0 ? "" : " ", word);

	return (size_t)length < sizeof(watch->text) - used;
}

static int parse_condition(const struct parsing *parsing, const char *word, char *list)
{
	static const struct {
		const char *word;
		int (*parse)(const struct parsing *parsing, char *text);
	} conditions[] = {
		{"port", parse_local_ports},  {"peerPort", parse_peer_ports},
		{"address", parse_addresses}, {"peer", parse_peers},
		{"unit", parse_units},
	};
	const struct watch *watch = parsing->watch;
	const bool given[] = {watch->ports.count > 0, watch->peer_ports.count > 0,
			      watch->addresses.count > 0, watch->peers.count > 0,
			      watch->units_count > 0};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		if (strcmp(word, conditions[i].word) != 0)
			continue;
		if (given[i])
			return refuse(parsing, "duplicate condition '%s'", word);
		if (list == NULL)
			return refuse(parsing, "'%s': missing list", word);
		if (!append_word(parsing->watch, word) || !append_word(parsing->watch, list))
			return refuse(parsing, "conditions longer than %d characters",
				      WATCH_TEXT_MAX);
		return conditions[i].parse(parsing, list);
	}
	return refuse(parsing,
		      "unknown condition '%.64s', expected port, peerPort, address, peer or unit",
		      word);
}

static int parse_watch_words(const struct parsing *parsing, char *text)
{
	char *rest;
	char *word = strtok_r(text, BLANKS, &rest);
	int error = parse_watch_name(parsing, word);

	if (error != 0)
		return error;
	word = strtok_r(NULL, BLANKS, &rest);
	if (word == NULL)
		return refuse(parsing, "missing condition");
	while (word != NULL) {
		error = parse_condition(parsing, word, strtok_r(NULL, BLANKS, &rest));
		if (error != 0)
			return error;
		word = strtok_r(NULL, BLANKS, &rest);
	}
	return 0;
}

int watch_parse(const char *text, struct watch *watch, char problem[WATCH_PROBLEM_SIZE])
{
	const struct parsing parsing = {.watch = watch, .problem = problem};
	char *copy = strdup(text);
	int error;

	if (copy == NULL)
		return refuse(&parsing, "out of memory");
	*watch = (struct watch){0};
	error = parse_watch_words(&parsing, copy);
	free(copy);
	return error;
}

void watch_of_port(uint16_t port, struct watch *watch)
{
	*watch = (struct watch){.ports = {.count = 1, .intervals = {{port, port}}}};
	snprintf(watch->name, sizeof(watch->name), "%u", port);
	snprintf(watch->text, sizeof(watch->text), "port %u", port);
}

size_t watch_units_length(const struct watch *watch)
{
	size_t length = 0;

	for (size_t i = 0; i < watch->units_count; i++)
		length += strlen(watch->units + length) + 1;
	return length;
}

/* ---- lists ---- */

int watch_name_compare(const char *left, const char *right)
{
	const size_t left_length = strlen(left), right_length = strlen(right);

	if (left_length != right_length)
		return left_length < right_length ? -1 : 1;
	return memcmp(left, right, left_length);
}

static int compare_name_and_watch(const void *name, const void *watch)
{
	return watch_name_compare(name, ((const struct watch *)watch)->name);
}

const struct watch *watches_find(const struct watches *watches, const char *name)
{
	return bsearch(name, watches->watch, watches->count, sizeof(watches->watch[0]),
		       compare_name_and_watch);
}

void watches_attribute(struct watches *watches, const char *name)
{
	const struct watch *watch = watches_find(watches, name);

	if (watch != NULL)
		watches->watch[watch - watches->watch].attributed = true;
	else
		watches->each_attributed = true;
}

struct watches *watches_new(void)
{
	return calloc(1, sizeof(struct watches));
}

static size_t size_of_watches(size_t count)
{
	return sizeof(struct watches) + count * sizeof(struct watch);
}

int watches_add(struct watches **watches, const struct watch *watch)
{
	const size_t count = (*watches)->count;
	struct watches *larger;
	size_t i = count;

	if (watches_find(*watches, watch->name) != NULL)
		return -EEXIST;
	if (count == WATCHES_MAX)
		return -ENOSPC;
	larger = realloc(*watches, size_of_watches(count + 1));
	if (larger == NULL)
		return -ENOMEM;
	*watches = larger;
	while (i > 0 && watch_name_compare(larger->watch[i - 1].name, watch->name) > 0)
		i--;
	memmove(&larger->watch[i + 1], &larger->watch[i], (count - i) * sizeof(*watch));
	larger->watch[i] = *watch;
	larger->count++;
	return 0;
}

size_t watches_size(const struct watches *watches)
{
	return size_of_watches(watches->count);
}

struct watches *watches_copy(const struct watches *watches)
{
	const size_t size = watches_size(watches);
	struct watches *copy = malloc(size);

	if (copy != NULL)
		memcpy(copy, watches, size);
	return copy;
}
