# SPDX-License-Identifier: BSD-2-Clause
"""Inject system calls into a running process.

    with Injection(pid) as injected:
        result = injected.call(SYSCALLS["socket"], socket.AF_INET, socket.SOCK_STREAM, 0)

The process is stopped by ptrace meanwhile. Its main thread makes each call, subject to its seccomp
filter, privileges and Landlock rules. The call's result, -errno if it fails, is returned. x86-64
only.
"""

import ctypes
import os
import signal

# <linux/ptrace.h> and <sys/ptrace.h>
_SINGLESTEP, _GETREGS, _SETREGS = 9, 12, 13
_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17

# The instruction "syscall", and room for a path below the stack's red zone.
_SYSCALL = b"\x0f\x05"
_ROOM = 4096

SYSCALLS = {"open": 2, "socket": 41, "fork": 57, "vfork": 58, "execve": 59, "kill": 62,
            "truncate": 76, "mkdir": 83, "unlink": 87, "mmap": 9, "mprotect": 10, "clone": 56,
            "ptrace": 101, "setuid": 105, "mount": 165, "openat": 257, "io_uring_setup": 425,
            "clone3": 435, "openat2": 437, "getpid": 39}

_FIELDS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp"
           " ss fs_base gs_base ds es fs gs").split()


class _Registers(ctypes.Structure):
    """struct user_regs_struct of <sys/user.h>."""

    _fields_ = [(field, ctypes.c_ulong) for field in _FIELDS]


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


class Injection:
    """Stops the process PID for as long as it is entered."""

    def __init__(self, pid):
        self._pid = pid
        self._saved = _Registers()
        self._instruction = self._find_instruction()

    def __enter__(self):
        self._ptrace(_SEIZE)
        self._ptrace(_INTERRUPT)
        self._wait()
        self._ptrace(_GETREGS, data=ctypes.addressof(self._saved))
        return self

    def __exit__(self, *_):
        self._ptrace(_SETREGS, data=ctypes.addressof(self._saved))
        self._ptrace(_DETACH)

    def call(self, number, *arguments):
        """Make system call NUMBER and return its result. Bytes are passed by address."""
        registers = _Registers.from_buffer_copy(self._saved)
        room = self._saved.rsp - _ROOM
        registers.rip = self._instruction
        registers.rax, registers.orig_rax = number, ctypes.c_ulong(-1).value
        for name, argument in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), arguments):
            if isinstance(argument, bytes):
                self._write(room, argument + b"\0")
                argument, room = room, room + len(argument) + 1
            setattr(registers, name, ctypes.c_ulong(argument).value)
        self._ptrace(_SETREGS, data=ctypes.addressof(registers))
        self._ptrace(_SINGLESTEP)
        self._wait()
        self._ptrace(_GETREGS, data=ctypes.addressof(registers))
        return ctypes.c_long(registers.rax).value

    def _find_instruction(self):
        """Return the address of an existing syscall instruction.

        Code must not be changed, because other threads may be executing it.
        """
        with open(f"/proc/{self._pid}/maps") as maps, \
                open(f"/proc/{self._pid}/mem", "rb", buffering=0) as memory:
            for mapping, permissions, *_ in map(str.split, maps):
                begin, end = (int(address, 16) for address in mapping.split("-"))
                if "x" in permissions and begin < 1 << 47:
                    memory.seek(begin)
                    found = memory.read(end - begin).find(_SYSCALL)
                    if found >= 0:
                        return begin + found
        raise AssertionError("the process makes no system calls")

    def _write(self, address, octets):
        with open(f"/proc/{self._pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(address)
            memory.write(octets)

    def _wait(self):
        _, status = os.waitpid(self._pid, 0x40000000)  # __WALL
        assert os.WIFSTOPPED(status), status
        assert os.WSTOPSIG(status) == signal.SIGTRAP, status

    def _ptrace(self, request, address=0, data=0):
        ctypes.set_errno(0)
        result = _libc.ptrace(request, self._pid, address, data)
        error = ctypes.get_errno()
        if error:
            raise OSError(error, os.strerror(error), f"ptrace {request}")
        return ctypes.c_ulong(result).value
