/* SPDX-License-Identifier: BSD-2-Clause */
#include "option_table.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* The arguments of getopt_long(). */
struct forms {
	char letters[sizeof("+:") + OPTION_ROWS_MAX * sizeof("x:")];
	struct option names[OPTION_ROWS_MAX + 1];
};

static bool has_letter(const struct option_row *row)
{
	return row->letter > ' ';
}

static int argument_form(const struct option_row *row)
{
	if (row->argument == NULL)
		return no_argument;
	return row->argument[0] == '[' ? optional_argument : required_argument;
}

/* Whether the row's name is among those that an argument may abbreviate, or is written out. */
static bool is_candidate(const struct option_row *row, const char *argument)
{
	if (row->name == NULL)
		return false;
	if (!row->unabbreviated)
		return true;
	return argument != NULL && strncmp(argument, "--", 2) == 0 &&
	       strlen(row->name) == strcspn(argument + 2, "=") &&
	       strncmp(argument + 2, row->name, strlen(row->name)) == 0;
}

/*
 * @param order '+' stops at an argument that is not an option; '-' returns it with the code 1
 * @param next the argument that getopt_long() will look at, or NULL
 */
static struct forms make_forms(const struct option_table *table, char order, const char *next)
{
	struct forms forms = {.letters = {order, ':'}};
	char *letter = forms.letters + strlen(forms.letters);
	struct option *name = forms.names;

	assert(table->count <= OPTION_ROWS_MAX);
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];
		const int argument = argument_form(row);

		if (is_candidate(row, next))
			*name++ = (struct option){row->name, argument, NULL, row->letter};
		if (!has_letter(row))
			continue;
		*letter++ = row->letter;
		for (int colons = 0; colons < argument; colons++)
			*letter++ = ':';
	}
	return forms;
}

/* @return NULL if the letter or code is unknown */
static const struct option_row *find_row(const struct option_table *table, int option)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		if (row->kind != OPTION_KIND_HEADING && row->letter == option)
			return row;
	}
	return NULL;
}

/* ---- the usage ---- */

struct label {
	char text[80];
};

static struct label label_of(const struct option_row *row)
{
	const char *argument = row->argument == NULL ? "" : row->argument;
	const bool optional = argument_form(row) == optional_argument;
	char letter[] = "  ";
	struct label label;

	if (has_letter(row)) {
		letter[0] = '-';
		letter[1] = row->letter;
	}
	if (row->name == NULL)
		snprintf(label.text, sizeof(label.text), "%s%s%s", letter,
			 optional || argument[0] == '\0' ? "" : " ", argument);
	else
		snprintf(label.text, sizeof(label.text), "%s%c --%s%s%s", letter,
			 has_letter(row) ? ',' : ' ', row->name,
			 optional || argument[0] == '\0' ? "" : "=", argument);
	return label;
}

static int label_width(const struct option_table *table)
{
	size_t width = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct label label = label_of(&table->rows[i]);

		if (table->rows[i].kind != OPTION_KIND_HEADING && strlen(label.text) > width)
			width = strlen(label.text);
	}
	return (int)width;
}

static void print_row(const struct option_row *row, int width)
{
	const char *line = row->help;
	const struct label label = label_of(row);
	size_t length = strcspn(line, "\n");

	printf("  %-*s  %.*s\n", width, label.text, (int)length, line);
	while (line[length] != '\0') {
		line += length + 1;
		length = strcspn(line, "\n");
		printf("  %-*s  %.*s\n", width, "", (int)length, line);
	}
}

void option_table_print_usage(const struct option_table *table)
{
	const int width = label_width(table);

	printf("Usage: %s %s\n%s\n", table->program, table->synopsis, table->purpose);
	if (table->rows[0].kind != OPTION_KIND_HEADING)
		putchar('\n');
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		if (row->kind == OPTION_KIND_HEADING)
			printf("\n%s:\n", row->help);
		else
			print_row(row, width);
	}
	if (table->footer != NULL)
		printf("\n%s\n", table->footer);
}

/* ---- net-snmp's options behind "--" ---- */

/* The length of a long option without its argument. */
static size_t name_length(const char *argument)
{
	return strcspn(argument, "=");
}

/* The number of options that the long option @p argument may abbreviate. */
static size_t count_matches(const struct option_table *table, const char *argument)
{
	const char *name = argument + strlen("--");
	size_t matches = 0;

	for (size_t i = 0; i < table->count; i++)
		matches += is_candidate(&table->rows[i], argument) &&
			   strncmp(table->rows[i].name, name, name_length(name)) == 0;
	return matches;
}

static bool is_long_form_of(const struct option_table *table, const struct option_row *row,
			    const char *argument)
{
	return strncmp(argument, "--", 2) == 0 &&
	       strncmp(argument + 2, row->name, name_length(argument + 2)) == 0 &&
	       count_matches(table, argument) == 1;
}

/* @return the argument of the host option; NULL without one, or if the arguments include "--" */
static const char *host_of(const struct option_table *table, char *const argv[])
{
	const struct option_row *row = find_row(table, table->host);
	const char *host = NULL;

	for (size_t i = 1; argv[i] != NULL; i++) {
		const char *argument = argv[i];
		const char *value = strchr(argument, '=');

		if (strcmp(argument, "--") == 0)
			return NULL;
		if (argument[0] == '-' && argument[1] == row->letter)
			host = argument[2] != '\0' ? argument + 2 : argv[i + 1];
		else if (is_long_form_of(table, row, argument))
			host = value != NULL ? value + 1 : argv[i + 1];
	}
	return host;
}

static void add_snmp_form(const struct option_table *table, char *const argv[],
			  char problem[OPTION_PROBLEM_SIZE])
{
	const char *host = table->host == '\0' ? NULL : host_of(table, argv);
	const size_t length = strlen(problem);

	if (host != NULL)
		snprintf(problem + length, OPTION_PROBLEM_SIZE - length,
			 "; try: %s -%c %s -C public (other SNMP options follow --)",
			 table->program, table->host, host);
}

static enum option_outcome check_rest(const struct option_table *table, char *argv[],
				      const bool given[], char problem[OPTION_PROBLEM_SIZE])
{
	const struct option_row *host = find_row(table, table->host);
	const char *rest = argv[optind];
	const bool separated = host != NULL && strcmp(argv[optind - 1], "--") == 0;

	if (rest == NULL || (separated && given[host - table->rows]))
		return OPTIONS_RUN;
	if (separated)
		snprintf(problem, OPTION_PROBLEM_SIZE, "SNMP option '%s' without --%s", rest,
			 host->name);
	else
		snprintf(problem, OPTION_PROBLEM_SIZE, "unexpected argument '%s'", rest);
	add_snmp_form(table, argv, problem);
	return OPTIONS_WRONG;
}

/* ---- parsing ---- */

/* Describes why getopt_long() failed: it returned @p found after reading @p last. */
static void describe_refusal(const struct option_table *table, int found, const char *last,
			     char problem[OPTION_PROBLEM_SIZE])
{
	const struct option_row *known = optopt == 0 ? NULL : find_row(table, optopt);
	const bool is_long = strncmp(last, "--", 2) == 0;

	if (found == ':' && is_long)
		snprintf(problem, OPTION_PROBLEM_SIZE, "option '%s' needs an argument", last);
	else if (found == ':')
		snprintf(problem, OPTION_PROBLEM_SIZE, "option '-%c' needs an argument", optopt);
	else if (known != NULL)
		snprintf(problem, OPTION_PROBLEM_SIZE, "option '--%s' takes no argument: '%s'",
			 known->name, last);
	else if (optopt != 0)
		snprintf(problem, OPTION_PROBLEM_SIZE, "unknown option '-%c' (try --help)", optopt);
	else
		snprintf(problem, OPTION_PROBLEM_SIZE, "%s option '%.*s' (try --help)",
			 count_matches(table, last) > 1 ? "ambiguous" : "unknown",
			 (int)name_length(last), last);
}

static const char *apply(const struct option_row *row, void *options, const char *argument)
{
	void *target = (char *)options + row->offset;

	switch (row->kind) {
	case OPTION_KIND_FLAG:
		*(bool *)target = true;
		return NULL;
	case OPTION_KIND_TEXT:
		*(const char **)target = argument;
		return NULL;
	case OPTION_KIND_PARSED:
		return row->parse(options, argument);
	case OPTION_KIND_HEADING:
	case OPTION_KIND_ANSWER:
		break;
	}
	return NULL;
}

/* @return whether its argument is accepted */
static bool take_option(const struct option_row *row, void *options, bool *given,
			char problem[OPTION_PROBLEM_SIZE])
{
	const char letter[] = {row->letter, '\0'};
	const char *dashes = row->name == NULL ? "-" : "--";
	const char *name = row->name == NULL ? letter : row->name;
	const char *reason;

	if (*given && row->argument != NULL && !row->repeatable) {
		snprintf(problem, OPTION_PROBLEM_SIZE, "duplicate option '%s%s'", dashes, name);
		return false;
	}
	*given = true;
	reason = apply(row, options, optarg);
	if (reason == NULL)
		return true;
	if (reason[0] == '\0')
		problem[0] = '\0';
	else
		snprintf(problem, OPTION_PROBLEM_SIZE, "%s%s '%s': %s", dashes, name, optarg,
			 reason);
	return false;
}

static bool is_number(const char *argument)
{
	return argument != NULL && strchr("0123456789.", argument[0]) != NULL &&
	       argument[0] != '\0';
}

static enum option_outcome check_exclusions(const struct option_table *table, const bool given[],
					    char problem[OPTION_PROBLEM_SIZE])
{
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];
		const char *excluded = given[i] && row->excludes != NULL ? row->excludes : "";

		for (; *excluded != '\0'; excluded++) {
			const struct option_row *other = find_row(table, *excluded);

			if (!given[other - table->rows])
				continue;
			snprintf(problem, OPTION_PROBLEM_SIZE, "--%s and --%s cannot be combined",
				 row->name, other->name);
			return OPTIONS_WRONG;
		}
	}
	return OPTIONS_RUN;
}

enum option_outcome option_table_parse(const struct option_table *table, int argc, char *argv[],
				       void *options, char problem[OPTION_PROBLEM_SIZE])
{
	bool given[OPTION_ROWS_MAX] = {false};

	for (;;) {
		const struct forms forms = make_forms(table, '+', argv[optind]);
		const int found = getopt_long(argc, argv, forms.letters, forms.names, NULL);
		const struct option_row *row = found < 0 ? NULL : find_row(table, found);

		if (found < 0)
			break;
		if (row == NULL) {
			describe_refusal(table, found, argv[optind - 1], problem);
			add_snmp_form(table, argv, problem);
			return OPTIONS_WRONG;
		}
		if (row->kind == OPTION_KIND_ANSWER) {
			row->answer(table);
			return OPTIONS_ANSWERED;
		}
		if (row->number && optarg == NULL && is_number(argv[optind]))
			optarg = argv[optind++];
		if (!take_option(row, options, &given[row - table->rows], problem)) {
			if (row->namesake)
				add_snmp_form(table, argv, problem);
			return OPTIONS_WRONG;
		}
	}
	if (check_rest(table, argv, given, problem) != OPTIONS_RUN)
		return OPTIONS_WRONG;
	return check_exclusions(table, given, problem);
}

bool option_table_finds(const struct option_table *table, int argc, char *argv[], char letter)
{
	bool found = false;
	int option = 0;

	while (!found && option >= 0) {
		const struct forms forms = make_forms(table, '-', argv[optind]);

		option = getopt_long(argc, argv, forms.letters, forms.names, NULL);
		found = option == letter;
	}
	optind = 0; /* restarts the parsing: getopt(3) */
	return found;
}
