# SPDX-License-Identifier: BSD-2-Clause
# What configure.ac asks for, a macro each.

# TSA_C17: the language, with GNU's extensions to the library
AC_DEFUN([TSA_C17], [
  AC_MSG_CHECKING([for C17])
  CC="$CC -std=gnu17"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[_Static_assert(__STDC_VERSION__ >= 201710L, "C17");]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([a C17 compiler is needed, such as gcc 8 or clang 7 (Debian, Fedora: gcc)])])
])

# TSA_TRY_FLAG(VARIABLE, FLAG): adds to VARIABLE a compiler flag that works
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

# TSA_HARDENING: position-independent, immutable after start-up, checked at run time
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

AC_DEFUN([TSA_SANITIZERS], [
  HARDENING_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
  HARDENING_LDFLAGS=$HARDENING_CFLAGS
])

# TSA_CONFINEMENT: the sanitizers do at the end what a confined agent cannot
AC_DEFUN([TSA_CONFINEMENT], [
  AC_ARG_WITH([seccomp],
    AS_HELP_STRING([--without-seccomp], [do not filter the running agent's system calls]),
    [], [with_seccomp=check])
  AS_IF([test "x$enable_sanitizers" = xyes], [CONFINED=0], [CONFINED=1])
  WITH_SECCOMP=0
  AS_IF([test "x$with_seccomp" != xno],
    [PKG_CHECK_MODULES([LIBSECCOMP], [libseccomp >= 2.4], [WITH_SECCOMP=1],
      [AS_IF([test "x$with_seccomp" = xyes],
        [AC_MSG_ERROR([libseccomp 2.4 or later was not found (Debian: libseccomp-dev, Fedora: libseccomp-devel)])])])])
  AC_SUBST([CONFINED])
  AC_SUBST([WITH_SECCOMP])
])

# TSA_NETSNMP: libnetsnmpagent without what the library's own cflags drag in (Perl, its -O2); for
# those that only ask, libnetsnmp alone
AC_DEFUN([TSA_NETSNMP], [
  tsa_netsnmp_missing="net-snmp 5.9 or later with its agent library is needed (Debian: libsnmp-dev, Fedora: net-snmp-devel)"
  PKG_CHECK_EXISTS([netsnmp-agent >= 5.9],
    [NETSNMP_LIBS=`$PKG_CONFIG --libs-only-L netsnmp-agent`],
    [# this machine's would tell of this machine's library
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
      [AC_MSG_ERROR([this net-snmp's agent library was built without what an AgentX subagent needs: symbol])])
  ])
  LIBS=$tsa_saved_LIBS
  AC_SUBST([NETSNMP_LIBS])
  AC_SUBST([NETSNMP_CLIENT_LIBS])
])

# TSA_SYSTEMD: libsystemd, for sd_notify()
AC_DEFUN([TSA_SYSTEMD], [
  AC_ARG_WITH([systemd],
    AS_HELP_STRING([--without-systemd], [do not tell systemd of readiness, nor feed its watchdog]),
    [], [with_systemd=check])
  WITH_SYSTEMD=0
  AS_IF([test "x$with_systemd" != xno],
    [PKG_CHECK_MODULES([SYSTEMD], [libsystemd], [WITH_SYSTEMD=1],
      [AS_IF([test "x$with_systemd" = xyes],
        [AC_MSG_ERROR([libsystemd was not found (Debian: libsystemd-dev, Fedora: systemd-devel)])])])])
  AC_SUBST([WITH_SYSTEMD])
  AM_CONDITIONAL([WITH_SYSTEMD], [test "$WITH_SYSTEMD" = 1])
])

# TSA_MIB_ROOT(OID): the one place from which binaries and MIB take it
AC_DEFUN([TSA_MIB_ROOT], [
  tsa_root=`echo "$1" | $SED -n 's/^\.\{0,1\}\(1\.3\.6\.1\.4\.1\(\.[[0-9]]\{1,10\}\)\{1,20\}\)$/\1/p'`
  AS_IF([test -z "$tsa_root"],
    [AC_MSG_ERROR([--with-mib-root=$1: not an OID below enterprises, .1.3.6.1.4.1])])
  tsa_arcs=`echo "$tsa_root" | $SED 's/^1\.3\.6\.1\.4\.1\.//'`
  AS_IF([test "x$tsa_arcs" = x8072.9999.9999.793],
    [MIB_ROOT_IMPORT="netSnmpPlaypen FROM NET-SNMP-MIB"
     MIB_ROOT_ASSIGNMENT="netSnmpPlaypen 793"],
    [MIB_ROOT_IMPORT="enterprises,"
     # SMIv2 wants a name for each arc between enterprises and the last
     MIB_ROOT_ASSIGNMENT=`echo "$tsa_arcs" | awk -F. '{ printf "enterprises"; for (i = 1; i < NF; i++) printf " tcpStateCountRoot%d(%s)", i, $[]i; print " " $[]NF }'`])
  MIB_ROOT=.$tsa_root
  MIB_ROOT_SUBIDENTIFIERS=`echo "$tsa_root" | $SED 's/\./, /g'`
  AC_SUBST([MIB_ROOT])
  AC_SUBST([MIB_ROOT_SUBIDENTIFIERS])
  AC_SUBST([MIB_ROOT_IMPORT])
  AC_SUBST([MIB_ROOT_ASSIGNMENT])
])
