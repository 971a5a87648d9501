/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untrusted text: characters are those that iconv accepts, and the output for any octets is
 * well-formed, printable, and not truncated within a character.
 */
#include "../../src/utf8.c"

#include "unit.h"

#include <iconv.h>

#define TEXT_SIZE 64
#define TIMES 20000

static void assert_decoded(const char *text, size_t length, uint32_t character)
{
	uint32_t read;

	assert_int_equal(utf8_decode(text, &read), length);
	assert_int_equal(read, character);
}

static void assert_escaped(const char *text, enum utf8_target target, const char *expected)
{
	char escaped[UTF8_ESCAPED_SIZE(TEXT_SIZE)];

	assert_int_equal(utf8_escape(escaped, sizeof(escaped), text, target), strlen(expected));
	assert_string_equal(escaped, expected);
}

static void characters_are_read(void **state)
{
	(void)state;
	assert_decoded("", 0, UTF8_ILL_FORMED);
	assert_decoded("az", 1, 'a');
	assert_decoded("\xc2\x80", 2, 0x80);
	assert_decoded("\xdf\xbfz", 2, 0x7ff);
	assert_decoded("\xe0\xa0\x80", 3, 0x800);
	assert_decoded("\xef\xbf\xbf", 3, 0xffff);
	assert_decoded("\xf0\x90\x80\x80", 4, 0x10000);
	assert_decoded("\xf4\x8f\xbf\xbf", 4, 0x10ffff);
}

static void invalid_characters_are_octets(void **state)
{
	static const char *const texts[] = {
		"\x80",         "\xbf",
		"\xc0\x80",     "\xc1\xbf",
		"\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
		"\xff",         "\xf4\x90\x80\x80",
		"\xf5\x80",     "\xc3",
		"\xc3z",        "\xe2\x82",
		"\xf0\x9f\x98",
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(texts); i++)
		assert_decoded(texts[i], 1, UTF8_ILL_FORMED);
}

/* Whether the C library also accepts the @p length octets at @p text as one character. */
static bool iconv_takes(iconv_t converter, const char *text, size_t length, uint32_t *character)
{
	char *from = (char *)text, *to = (char *)character;
	size_t from_left = length, to_left = sizeof(*character);

	iconv(converter, NULL, NULL, NULL, NULL);
	return iconv(converter, &from, &from_left, &to, &to_left) == 0 && from_left == 0;
}

static void any_octets_are_read_as_the_library_reads_them(void **state)
{
	iconv_t converter = iconv_open("UTF-32LE", "UTF-8");
	size_t seen[5] = {0};

	(void)state;
	assert_true((intptr_t)converter != -1);
	for (int i = 0; i < 30 * TIMES; i++) {
		const unsigned char lead = (unsigned char)(0x80 + unit_random(0x80));
		const char text[5] = {
			(char)lead,
			(char)(0x70 + unit_random(0x60)),
			(char)(0x70 + unit_random(0x60)),
			(char)(0x70 + unit_random(0x60)),
		};
		uint32_t read, expected = UTF8_ILL_FORMED;
		size_t length = utf8_decode(text, &read);
		size_t theirs = 1;

		for (size_t tried = 2; tried <= 4; tried++) {
			uint32_t converted;

			if (iconv_takes(converter, text, tried, &converted)) {
				expected = converted;
				theirs = tried;
				break;
			}
		}
		assert_int_equal(length, theirs);
		assert_int_equal(read, expected);
		seen[read == UTF8_ILL_FORMED ? 0 : length]++;
	}
	assert_true(seen[0] > 0 && seen[2] > 0 && seen[3] > 0 && seen[4] > 0);
	iconv_close(converter);
}

static void control_characters_are_escaped(void **state)
{
	(void)state;
	assert_escaped("plain, \"quoted\" back\\slash", UTF8_ANYWHERE,
		       "plain, \"quoted\" back\\slash");
	assert_escaped("m\xc3\xbcnze \xe2\x82\xac \xf0\x9f\x90\xa7", UTF8_ANYWHERE,
		       "m\xc3\xbcnze \xe2\x82\xac \xf0\x9f\x90\xa7");
	assert_escaped("m\xfcnze", UTF8_ANYWHERE, "m\\xfcnze");
	assert_escaped("\033[2J\r\n\t\x7f", UTF8_ANYWHERE, "\\x1b[2J\\x0d\\x0a\\x09\\x7f");
	assert_escaped("\xc2\x9b"
		       "2J\xe2\x80\xae\xe2\x80\xac\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\xa8",
		       UTF8_ANYWHERE,
		       "\\xc2\\x9b2J\\xe2\\x80\\xae\\xe2\\x80\\xac\\xe2\\x81\\xa6"
		       "\\xe2\\x81\\xa9\\xe2\\x80\\xa8");
}

static void targets_allow_less(void **state)
{
	(void)state;
	assert_escaped("5|x=\xc3\xbc\n", UTF8_ANYWHERE, "5|x=\xc3\xbc\\x0a");
	assert_escaped("5|x=\xc3\xbc\n", UTF8_ASCII, "5|x=\\xc3\\xbc\\x0a");
	assert_escaped("5|x=\xc3\xbc\n", UTF8_PLUGIN, "5\\x7cx=\xc3\xbc\\x0a");
}

static void characters_are_not_truncated(void **state)
{
	static const char text[] = "a\xe2\x82\xac\nz";
	static const char *const cut[] = {
		"",
		"a",
		"a",
		"a",
		"a\xe2\x82\xac",
		"a\xe2\x82\xac",
		"a\xe2\x82\xac",
		"a\xe2\x82\xac",
		"a\xe2\x82\xac\\x0a",
		"a\xe2\x82\xac\\x0az",
		"a\xe2\x82\xac\\x0az",
	};
	char escaped[ENTRIES(cut) + 2];

	(void)state;
	for (size_t size = 1; size <= ENTRIES(cut); size++) {
		memset(escaped, '!', sizeof(escaped));
		assert_int_equal(utf8_escape(escaped, size, text, UTF8_ANYWHERE),
				 strlen(cut[size - 1]));
		assert_string_equal(escaped, cut[size - 1]);
		assert_int_equal(escaped[size], '!');
		memset(escaped, '!', sizeof(escaped));
		utf8_copy(escaped, size < 5 ? size : 5, text);
		assert_string_equal(escaped, size < 5 ? cut[size - 1] : cut[4]);
	}
}

static void any_octets_become_text(void **state)
{
	(void)state;
	for (int i = 0; i < TIMES; i++) {
		const enum utf8_target target = (enum utf8_target)unit_random(3);
		char text[TEXT_SIZE] = "", escaped[UTF8_ESCAPED_SIZE(TEXT_SIZE)];
		uint32_t character;
		size_t length, written;

		for (uint32_t octet = 0, octets = unit_random(TEXT_SIZE); octet < octets; octet++)
			text[octet] = (char)(1 + unit_random(255));
		written = utf8_escape(escaped, sizeof(escaped), text, target);
		assert_int_equal(written, strlen(escaped));
		for (const char *rest = escaped; (length = utf8_decode(rest, &character)) > 0;
		     rest += length) {
			assert_true(utf8_is_printable(character));
			assert_false(target == UTF8_ASCII && character > '~');
			assert_false(target == UTF8_PLUGIN && character == '|');
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_are_read),
		cmocka_unit_test(invalid_characters_are_octets),
		cmocka_unit_test(any_octets_are_read_as_the_library_reads_them),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(targets_allow_less),
		cmocka_unit_test(characters_are_not_truncated),
		cmocka_unit_test(any_octets_become_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
