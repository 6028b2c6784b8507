"""Runs a command that cannot make files without a name, as on many network disks.

usage: without_tmpfile.py COMMAND...

A seccomp filter lets open fail when it is asked for O_TMPFILE.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

openat = {"x86_64": 257, "aarch64": 56}[platform.machine()]
load, equal, set_bit, give = 0x20, 0x15, 0x45, 0x06  # of BPF
fail, allow = 0x00050000 | errno.EOPNOTSUPP, 0x7FFF0000
tmpfile = os.O_TMPFILE & ~os.O_DIRECTORY
program = [
    (load, 0, 0, 0),  # the number of the system call
    (equal, 0, 3, openat),
    (load, 0, 0, 32),  # its third argument
    (set_bit, 0, 1, tmpfile),
    (give, 0, 0, fail),
    (give, 0, 0, allow),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
filter = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
no_new_privileges, set_seccomp, with_filter = 38, 22, 2
for arguments in [(no_new_privileges, 1, 0, 0, 0),
                  (set_seccomp, with_filter, ctypes.c_void_p(ctypes.addressof(filter)), 0, 0)]:
    if libc.prctl(*arguments) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
