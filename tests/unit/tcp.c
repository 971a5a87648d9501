/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of families and states, including those of other tools.
 */
#include "model/tcp.c"

#include "unit.h"

static void names_are_those_of_the_mibs(void **state)
{
	/* RFC 4022, section 3 */
	static const char *const names[] = {"closed",      "listen",   "synSent",  "synReceived",
					    "established", "finWait1", "finWait2", "closeWait",
					    "lastAck",     "closing",  "timeWait"};

	(void)state;
	assert_int_equal(ENTRIES(names), STATES);
	for (enum tcp_state one = 0; one < STATES; one++)
		assert_string_equal(tcp_state_name(one), names[one]);
	assert_string_equal(tcp_family_name(FAMILY_IPV4), "ipv4");
	assert_string_equal(tcp_family_name(FAMILY_IPV6), "ipv6");
}

static void states_are_read_as_snmp_the_kernel_ss_and_netstat_write_them(void **state)
{
	static const struct {
		const char *text;
		enum tcp_state state;
	} cases[] = {
		/* include/net/tcp_states.h */
		{"ESTABLISHED", STATE_ESTABLISHED},
		{"SYN_SENT", STATE_SYN_SENT},
		{"SYN_RECV", STATE_SYN_RECEIVED},
		{"FIN_WAIT1", STATE_FIN_WAIT_1},
		{"FIN_WAIT2", STATE_FIN_WAIT_2},
		{"TIME_WAIT", STATE_TIME_WAIT},
		{"CLOSE", STATE_CLOSED},
		{"CLOSE_WAIT", STATE_CLOSE_WAIT},
		{"LAST_ACK", STATE_LAST_ACK},
		{"LISTEN", STATE_LISTEN},
		{"CLOSING", STATE_CLOSING},
		/* ss -a */
		{"ESTAB", STATE_ESTABLISHED},
		{"SYN-SENT", STATE_SYN_SENT},
		{"SYN-RECV", STATE_SYN_RECEIVED},
		{"FIN-WAIT-1", STATE_FIN_WAIT_1},
		{"FIN-WAIT-2", STATE_FIN_WAIT_2},
		{"TIME-WAIT", STATE_TIME_WAIT},
		{"UNCONN", STATE_CLOSED},
		{"CLOSE-WAIT", STATE_CLOSE_WAIT},
		{"LAST-ACK", STATE_LAST_ACK},
		/* ss state ... */
		{"syn-recv", STATE_SYN_RECEIVED},
		{"fin-wait-1", STATE_FIN_WAIT_1},
		{"listening", STATE_LISTEN},
		{"closed", STATE_CLOSED},
		/* RFC 793 */
		{"SYN-RECEIVED", STATE_SYN_RECEIVED},
		/* scripts around netstat */
		{"synrecv", STATE_SYN_RECEIVED},
		{"finwait1", STATE_FIN_WAIT_1},
		{"timewait", STATE_TIME_WAIT},
		{"time_wait", STATE_TIME_WAIT},
		{"Established", STATE_ESTABLISHED},
	};
	enum tcp_state read;

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		assert_int_equal(tcp_state_parse(cases[i].text, &read), 0);
		assert_int_equal(read, cases[i].state);
	}
	for (enum tcp_state one = 0; one < STATES; one++) {
		assert_int_equal(tcp_state_parse(tcp_state_name(one), &read), 0);
		assert_int_equal(read, one);
	}
}

static void unknown_states_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"-",
		"_",
		"establish",
		"established2",
		"estab lished",
		" listen",
		"listen ",
		"wait",
		"finWait",
		"finWait3",
		"fin",
		"timeWaits",
		"bound",
		"1",
		"any",
		"all",
		"lisTen\n",
		"NEW_SYN_RECV",
		"BOUND_INACTIVE",
		"time.wait",
		"\xc3\xa9stablished",
	};
	enum tcp_state read;

	(void)state;
	for (size_t text = 0; text < ENTRIES(texts); text++)
		if (tcp_state_parse(texts[text], &read) != -EINVAL)
			fail_msg("\"%s\"", texts[text]);
}

static void families_are_read_by_their_names_alone(void **state)
{
	static const char *const texts[] = {"", "any", "ipv5", "IPv4", "ip", "4", "tcp6", "ipv46"};
	enum tcp_family read;

	(void)state;
	assert_int_equal(tcp_family_parse("ipv4", &read), 0);
	assert_int_equal(read, FAMILY_IPV4);
	assert_int_equal(tcp_family_parse("ipv6", &read), 0);
	assert_int_equal(read, FAMILY_IPV6);
	for (size_t text = 0; text < ENTRIES(texts); text++)
		assert_int_equal(tcp_family_parse(texts[text], &read), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_mibs),
		cmocka_unit_test(states_are_read_as_snmp_the_kernel_ss_and_netstat_write_them),
		cmocka_unit_test(unknown_states_are_refused),
		cmocka_unit_test(families_are_read_by_their_names_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
