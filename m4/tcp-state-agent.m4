# SPDX-License-Identifier: BSD-2-Clause
# The macros of configure.ac.

# TSA_C17: the language, with GNU's extensions to the library
AC_DEFUN([TSA_C17], [
  AC_MSG_CHECKING([for C17])
  CC="$CC -std=gnu17"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[_Static_assert(__STDC_VERSION__ >= 201710L, "C17");]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([a C17 compiler is needed, such as gcc 8 or clang 7 (Debian, Fedora: gcc)])])
])

# TSA_TRY_FLAG(VARIABLE, FLAG): adds a compiler flag to VARIABLE if it works
AC_DEFUN([TSA_TRY_FLAG], [
  AC_MSG_CHECKING([whether $CC takes $2])
  tsa_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $2"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes]); $1="$[$1] $2"],
    [AC_MSG_RESULT([no])])
  CFLAGS=$tsa_saved_CFLAGS
])

AC_DEFUN([TSA_FLAGS], [
  WARNING_CFLAGS=
  m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wconversion],
    [TSA_TRY_FLAG([WARNING_CFLAGS], flag)
  ])
])

# TSA_HARDENING: position-independent code, read-only relocations, run-time checks
AC_DEFUN([TSA_HARDENING], [
  HARDENING_CPPFLAGS=
  AS_CASE([" $CPPFLAGS $CFLAGS "], [*_FORTIFY_SOURCE*], [],
    [HARDENING_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
  m4_foreach_w([flag], [-fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection],
    [TSA_TRY_FLAG([HARDENING_CFLAGS], flag)
  ])
  m4_foreach_w([flag], [-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed],
    [TSA_TRY_FLAG([HARDENING_LDFLAGS], flag)
  ])
])

# TSA_SANITIZERS(NAMES): enables sanitizers with the names of -fsanitize
AC_DEFUN([TSA_SANITIZERS], [
  HARDENING_CFLAGS="-fsanitize=$1 -fno-sanitize-recover=all -fno-omit-frame-pointer"
  HARDENING_LDFLAGS=$HARDENING_CFLAGS
])

# TSA_COVERAGE: uses counters in files that are mapped at the start, so that confined and killed processes
# update them, too
AC_DEFUN([TSA_COVERAGE], [
  HARDENING_CFLAGS="$HARDENING_CFLAGS -fprofile-instr-generate=$PWD/coverage/%m%c.profraw -fcoverage-mapping -mllvm -runtime-counter-relocation -Wno-unused-command-line-argument"
  HARDENING_LDFLAGS="$HARDENING_LDFLAGS -fprofile-instr-generate"
  tsa_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS $HARDENING_CFLAGS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [],
    [AC_MSG_ERROR([--enable-coverage needs clang 12 or later and its runtime (Debian: clang, libclang-rt-dev)])])
  CFLAGS=$tsa_saved_CFLAGS
])

# TSA_CONFINEMENT: disabled with sanitizers, which need denied system calls at exit
AC_DEFUN([TSA_CONFINEMENT], [
  AC_ARG_WITH([seccomp],
    AS_HELP_STRING([--without-seccomp], [do not filter the running agent's system calls]),
    [], [with_seccomp=check])
  AS_CASE([$enable_sanitizers], [''|no], [CONFINED=1], [CONFINED=0])
  WITH_SECCOMP=0
  AS_IF([test "x$with_seccomp" != xno],
    [PKG_CHECK_MODULES([LIBSECCOMP], [libseccomp >= 2.4], [WITH_SECCOMP=1],
      [AS_IF([test "x$with_seccomp" = xyes],
        [AC_MSG_ERROR([libseccomp 2.4 or later was not found (Debian: libseccomp-dev, Fedora: libseccomp-devel)])])])])
  AC_SUBST([CONFINED])
  AC_SUBST([WITH_SECCOMP])
])

# TSA_STATIC: whether "make static" can link tcp-states
AC_DEFUN([TSA_STATIC], [
  AC_MSG_CHECKING([for static libraries])
  tsa_saved_LIBS=$LIBS
  tsa_saved_LDFLAGS=$LDFLAGS
  LDFLAGS="$LDFLAGS -static"
  WITHOUT_STATIC=
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [],
    [WITHOUT_STATIC="the C library has none (Debian: libc6-dev, Fedora: glibc-static)"])
  LIBS="`$PKG_CONFIG --static --libs libmnl` $LIBS"
  AS_IF([test -z "$WITHOUT_STATIC"],
    [AC_LINK_IFELSE([AC_LANG_PROGRAM([#include <libmnl/libmnl.h>], [mnl_socket_open(0)])], [],
      [WITHOUT_STATIC="libmnl.a not found (libmnl-dev of Debian 13 has it, that of Debian 12 does not)"])])
  LIBS=$tsa_saved_LIBS
  LDFLAGS=$tsa_saved_LDFLAGS
  AS_IF([test -z "$WITHOUT_STATIC"], [AC_MSG_RESULT([yes])], [AC_MSG_RESULT([no])])
  AC_SUBST([WITHOUT_STATIC])
  AM_CONDITIONAL([HAVE_STATIC], [test -z "$WITHOUT_STATIC"])
])

# TSA_NETSNMP: finds libnetsnmpagent, without unrelated cflags of the library (Perl, -O2), and libnetsnmp
# for programs that only send requests
AC_DEFUN([TSA_NETSNMP], [
  tsa_netsnmp_missing="net-snmp 5.9 or later with its agent library is needed (Debian: libsnmp-dev, Fedora: net-snmp-devel)"
  PKG_CHECK_EXISTS([netsnmp-agent >= 5.9],
    [NETSNMP_LIBS=`$PKG_CONFIG --libs-only-L netsnmp-agent`],
    [# net-snmp-config describes the library of the build machine
     AS_IF([test "x$cross_compiling" != xyes],
       [AC_CHECK_PROG([NET_SNMP_CONFIG], [net-snmp-config], [net-snmp-config])])
     AS_IF([test -z "$NET_SNMP_CONFIG"], [AC_MSG_ERROR([$tsa_netsnmp_missing])])
     AS_CASE([`$NET_SNMP_CONFIG --version`], [5.[[0-8]]|5.[[0-8]].*|[[1-4]].*],
       [AC_MSG_ERROR([$tsa_netsnmp_missing])])
     NETSNMP_LIBS=`$NET_SNMP_CONFIG --netsnmp-agent-libs | $SED 's/-lnetsnmp[[a-z]]*//g'`])
  NETSNMP_CLIENT_LIBS="$NETSNMP_LIBS -lnetsnmp"
  NETSNMP_LIBS="$NETSNMP_LIBS -lnetsnmpagent -lnetsnmp"
  tsa_saved_LIBS=$LIBS
  LIBS="$NETSNMP_LIBS $LIBS"
  AC_CHECK_FUNC([agent_check_and_process], [], [AC_MSG_ERROR([$tsa_netsnmp_missing])])
  AC_CHECK_HEADER([net-snmp/net-snmp-config.h], [], [AC_MSG_ERROR([$tsa_netsnmp_missing])])
  m4_foreach_w([symbol], [subagent_startup handle_agentx_packet agentx_parse agentx_realloc_build agentx_check_packet],
    [AC_CHECK_FUNC(symbol, [],
      [AC_MSG_ERROR([the net-snmp agent library lacks AgentX subagent support: symbol not found])])
  ])
  NETSNMP_VERSION=`$PKG_CONFIG --modversion netsnmp-agent 2>/dev/null || $NET_SNMP_CONFIG --version`
  AC_CHECK_MEMBER([struct config_line.parse_line1],
    [CONFIG_LINE_PARSER=parse_line1], [CONFIG_LINE_PARSER=parse_line],
    [[#include <net-snmp/net-snmp-config.h>
      #include <net-snmp/net-snmp-includes.h>]])
  LIBS=$tsa_saved_LIBS
  AC_SUBST([CONFIG_LINE_PARSER])
  AC_SUBST([NETSNMP_LIBS])
  AC_SUBST([NETSNMP_CLIENT_LIBS])
])

# TSA_SUMMARY: prints the parts that are built, their dependencies, and why a part is omitted
AC_DEFUN([TSA_SUMMARY], [
  tsa_units=$systemdsystemunitdir
  tsa_plugins=$plugindir
  for tsa_variable in libdir exec_prefix prefix; do
    eval "tsa_units=\"$tsa_units\" tsa_plugins=\"$tsa_plugins\""
  done
  AS_IF([test "$CONFINED" = 0], [tsa_confinement="no (sanitizers)"],
    [test "$WITH_SECCOMP" = 1], [tsa_confinement="Landlock and seccomp"],
    [test "x$with_seccomp" = xno], [tsa_confinement="Landlock (--without-seccomp)"],
    [tsa_confinement="Landlock (libseccomp not found)"])
  AS_IF([test "x$PYTHON" != x:], [tsa_integrations="all, by $PYTHON"],
    [tsa_integrations="NOT BUILT: Python 3.9 or later with its standard library not found"])
  AS_IF([test "x$have_cmocka" = xyes], [tsa_tests="with cmocka"], [tsa_tests="none (cmocka not found)"])
  AS_IF([test -z "$WITHOUT_STATIC"], [tsa_static="make static"], [tsa_static="no: $WITHOUT_STATIC"])
  AS_ECHO(["
$PACKAGE_STRING
    compiler                $CC $CFLAGS
    net-snmp                $NETSNMP_VERSION
    MIB root                $MIB_ROOT
    confinement             $tsa_confinement
    systemd units           $tsa_units
    check_tcp_states        $tsa_plugins
    files for integrations  $tsa_integrations
    unit tests              $tsa_tests
    static tcp-states       $tsa_static
"])
])

# TSA_MIB_ROOT(OID): defines it for the programs and the MIB. Its limits leave room for the longest row: in
# BER, a sub-identifier takes an octet per 7 bits, and the first two share one.
AC_DEFUN([TSA_MIB_ROOT], [
  tsa_root=`echo "$1" | $SED -n 's/^\.\{0,1\}\(1\.3\.6\.1\.4\.1\(\.\(0\|[[1-9]][[0-9]]\{0,9\}\)\)\{1,\}\)$/\1/p'`
  AS_IF([test -z "$tsa_root"],
    [AC_MSG_ERROR([--with-mib-root=$1: not an OID below enterprises, .1.3.6.1.4.1])])
  tsa_excess=`echo "$tsa_root" | $AWK -F. '{
    octets = 1
    for (i = 3; i <= NF; i++) {
      if ($[]i > 4294967295) { print "a sub-identifier is larger than 4294967295"; exit }
      for (rest = $[]i; rest >= 128; rest = int(rest / 128)) octets++
      octets++
    }
    if (NF > 16) print NF " sub-identifiers, the maximum is 16"
    else if (octets > 20) print octets " octets in BER, the maximum is 20"
  }'`
  AS_IF([test -n "$tsa_excess"], [AC_MSG_ERROR([--with-mib-root=$1: $tsa_excess])])
  tsa_arcs=`echo "$tsa_root" | $SED 's/^1\.3\.6\.1\.4\.1\.//'`
  AS_IF([test "x$tsa_arcs" = x8072.9999.9999.793],
    [MIB_ROOT_IMPORT="netSnmpPlaypen FROM NET-SNMP-MIB"
     MIB_ROOT_ASSIGNMENT="netSnmpPlaypen 793"],
    [MIB_ROOT_IMPORT="enterprises,"
     # SMIv2 requires a name for each arc between enterprises and the last
     MIB_ROOT_ASSIGNMENT=`echo "$tsa_arcs" | $AWK -F. '{ printf "enterprises"; for (i = 1; i < NF; i++) printf " tcpStateCountRoot%d(%s)", i, $[]i; print " " $[]NF }'`])
  MIB_ROOT=.$tsa_root
  MIB_ROOT_SUBIDENTIFIERS=`echo "$tsa_root" | $SED 's/\./, /g'`
  AC_SUBST([MIB_ROOT])
  AC_SUBST([MIB_ROOT_SUBIDENTIFIERS])
  AC_SUBST([MIB_ROOT_IMPORT])
  AC_SUBST([MIB_ROOT_ASSIGNMENT])
])
