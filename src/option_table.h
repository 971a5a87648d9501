/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of a program, as a table from which the arguments of getopt_long(3) and the usage are
 * derived. All programs report errors in the same words.
 *
 * Where a program passes net-snmp's options on, these follow "--". An error that such an option may
 * have caused shows the form that works.
 */
#ifndef OPTION_TABLE_H
#define OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define OPTION_ROWS_MAX 32
#define OPTION_PROBLEM_SIZE 1024

enum option_outcome {
	OPTIONS_RUN,      /**< continue */
	OPTIONS_ANSWERED, /**< exit successfully: the usage or version is printed */
	OPTIONS_WRONG,    /**< exit with an error, which is described */
};

struct option_table;

enum option_kind {
	OPTION_KIND_HEADING, /**< a heading in the usage */
	OPTION_KIND_FLAG,    /**< sets a bool */
	OPTION_KIND_TEXT,    /**< stores its argument */
	OPTION_KIND_PARSED,  /**< parses its argument */
	OPTION_KIND_ANSWER,  /**< prints something and exits */
};

struct option_row {
	char letter;          /**< a code below ' ' if the option has none */
	const char *name;     /**< long name, or NULL */
	const char *argument; /**< its name in the usage, in brackets if optional; NULL: none */
	const char *help;     /**< one or more lines of the usage */
	const char *excludes; /**< letters of options that it cannot be combined with, or NULL */
	bool repeatable;      /**< may be given more than once with an argument */
	bool number;          /**< an optional argument may also follow as a word of its own */
	bool unabbreviated;   /**< takes no abbreviation, and leaves all of them to the others */
	bool namesake;        /**< a refused argument may be meant for net-snmp's option */
	enum option_kind kind;
	size_t offset; /**< of the bool or the const char * in the program's options */
	/** Returns NULL, or the reason why @p argument is invalid; "" if it has been printed. */
	const char *(*parse)(void *options, const char *argument);
	void (*answer)(const struct option_table *table);
};

#define OPTION_HEADING(text)                                \
	{                                                   \
		.kind = OPTION_KIND_HEADING, .help = (text) \
	}
#define OPTION_FLAG(type, member) .kind = OPTION_KIND_FLAG, .offset = offsetof(type, member)
#define OPTION_TEXT(type, member) .kind = OPTION_KIND_TEXT, .offset = offsetof(type, member)
#define OPTION_PARSED(function) .kind = OPTION_KIND_PARSED, .parse = (function)
#define OPTION_ANSWER(function) .kind = OPTION_KIND_ANSWER, .answer = (function)

struct option_table {
	const char *program;
	const char *synopsis; /**< for the usage, after the program's name */
	const char *purpose;  /**< a sentence for the usage */
	const char *footer;   /**< lines after the options, or NULL */
	char host;            /**< the option that net-snmp's options belong to; 0: none */
	const struct option_row *rows;
	size_t count;
};

#define OPTION_ROWS(array) .rows = (array), .count = sizeof(array) / sizeof((array)[0])

/**
 * Parses the command line into @p options. Afterwards argv[optind] is the first of net-snmp's
 * options, or NULL.
 * @param problem set if the outcome is OPTIONS_WRONG. It quotes arguments unescaped, and is "" if a
 *        parse function has printed the error.
 */
enum option_outcome option_table_parse(const struct option_table *table, int argc, char *argv[],
				       void *options, char problem[OPTION_PROBLEM_SIZE]);

/** Whether the command line contains the option @p letter. It has no other effect. */
bool option_table_finds(const struct option_table *table, int argc, char *argv[], char letter);

void option_table_print_usage(const struct option_table *table);

#endif
