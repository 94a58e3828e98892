#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs the program as its unit confines it, where there is no systemd to do so.

    with Confinement(folder, unit_text) as confined:
        agent.prefix = confined.prefix
        …
        confined.killed      # [(pid, "mount")]: who was killed for which call
        confined.families    # {AF_NETLINK}: address families that were asked for and refused

The program is started by this file as a script: it takes capabilities, user and the writable file
systems away, loads the unit's system call filter and becomes the program.  The filter asks the test
about what it does not allow (seccomp_unotify(2)), which is how a killed call has a name.

Built are SystemCallFilter (as `systemd-analyze syscall-filter` expands it), SystemCallArchitectures,
RestrictAddressFamilies, RestrictNamespaces, RestrictRealtime, RestrictSUIDSGID, LockPersonality and
MemoryDenyWriteExecute, by what systemd.exec(5) says of them.  Unlike there, a call that is not allowed
kills: with EPERM a program may go on and nobody hears of it.
"""
import ctypes
import errno
import fcntl
import functools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading

ALLOW, NOTIFY = 0x7FFF0000, 0x7FC00000
ANSWER = 0x00050000  # and an errno
EQUAL, MASKED_EQUAL = 4, 7
PROT_WRITE, PROT_EXEC, SHM_EXEC, O_CREAT, SUID_SGID = 2, 4, 0o100000, 0o100, 0o6000
NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000 | 0x80
RECEIVE, SEND = 0xC0502100, 0xC0182101
NOTICE = struct.Struct("=QIIiIQ6Q")
REPLY = struct.Struct("=QqiI")
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x00020000, 4096, 16384, 1 << 18
MOUNT_SETATTR, AT_RECURSIVE, READ_ONLY = 442, 0x8000, 1
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, AMBIENT_CLEAR = 24, 38, 47, 4

USER = 65534  # whom root becomes


# ---- what the unit says ----


def settings(text):
    """{key: [values]} of the unit, in its order; an empty value takes back those before."""
    found = {}
    for line in text.splitlines():
        key, is_setting, value = line.partition("=")
        if not is_setting or line.startswith("#"):
            continue
        found.setdefault(key, []).append(value)
    return found


@functools.lru_cache(maxsize=None)
def members(name):
    """The system calls of a set (@network-io), without those in it that are sets again."""
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    words = [line.split("#")[0].strip() for line in done.stdout.splitlines()[1:]]
    calls = set()
    for word in filter(None, words):
        calls |= members(word) if word.startswith("@") else {word}
    return calls


def allowed_calls(values):
    """What the lines of SystemCallFilter leave, the first of which says what is allowed."""
    calls = members("@default")  # systemd.exec(5): implicitly there
    assert values and not values[0].startswith("~")
    for value in values:
        named = set()
        for word in value.lstrip("~").split():
            named |= members(word) if word.startswith("@") else {word}
        calls = calls - named if value.startswith("~") else calls | named
    return calls


def without(argument, bits):
    """The alternative that a flag argument has none of these bits."""
    return [argument, MASKED_EQUAL, bits, 0]


def is_on(unit, key):
    return unit.get(key, ["no"])[-1] == "yes"


def make_rules(unit):
    """[name, action, [alternatives of conditions]] of every call that is answered without asking."""
    calls = {name: [[]] for name in allowed_calls(unit["SystemCallFilter"])}
    answers = {}

    def demand(names, alternatives):
        calls.update({name: alternatives for name in names if name in calls})

    demand(["socket"], [[[0, EQUAL, getattr(socket, family), 0]]
                        for family in unit["RestrictAddressFamilies"][-1].split()])
    if is_on(unit, "MemoryDenyWriteExecute"):
        both = PROT_WRITE | PROT_EXEC
        demand(["mmap", "mmap2"], [[[2, MASKED_EQUAL, both, bits]] for bits in (0, PROT_WRITE, PROT_EXEC)])
        demand(["mprotect", "pkey_mprotect"], [[without(2, PROT_EXEC)]])
        demand(["shmat"], [[without(2, SHM_EXEC)]])
    if is_on(unit, "RestrictNamespaces"):
        demand(["clone"], [[without(0, NAMESPACES)]])
        for name in ("unshare", "setns"):
            calls.pop(name, None)
        answers["clone3"] = errno.ENOSYS
    if is_on(unit, "RestrictSUIDSGID"):
        demand(["chmod", "fchmod", "mkdir", "mknod", "creat"], [[without(1, SUID_SGID)]])
        demand(["fchmodat", "mkdirat", "mknodat"], [[without(2, SUID_SGID)]])
        demand(["open"], [[without(1, O_CREAT)], [without(2, SUID_SGID)]])
        demand(["openat"], [[without(2, O_CREAT)], [without(3, SUID_SGID)]])
        answers["openat2"] = errno.ENOSYS
    if is_on(unit, "RestrictRealtime"):
        calls.pop("sched_setscheduler", None)
    if is_on(unit, "LockPersonality"):
        calls.pop("personality", None)
    rules = [[name, ALLOW, alternatives] for name, alternatives in sorted(calls.items()) if name not in answers]
    return rules + [[name, ANSWER | number, [[]]] for name, number in answers.items()]


# ---- the filter ----


class Condition(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]


def library():
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    seccomp.seccomp_init.argtypes = [ctypes.c_uint32]
    seccomp.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
    seccomp.seccomp_syscall_resolve_num_arch.argtypes = [ctypes.c_uint32, ctypes.c_int]
    seccomp.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                               ctypes.POINTER(Condition)]
    seccomp.seccomp_load.argtypes = seccomp.seccomp_notify_fd.argtypes = [ctypes.c_void_p]
    return seccomp


def name_of(seccomp, architecture, number):
    name = seccomp.seccomp_syscall_resolve_num_arch(architecture, number)
    return ctypes.string_at(name).decode() if name else f"system call {number}"


def load(rules):
    """Confines this very process. @return descriptor that is asked about the rest"""
    seccomp = library()
    context = seccomp.seccomp_init(NOTIFY)
    assert context
    for name, action, alternatives in rules:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            continue  # another architecture's
        for conditions in alternatives:
            row = (Condition * len(conditions))(*(tuple(condition) for condition in conditions))
            code = seccomp.seccomp_rule_add_array(context, action, number, len(conditions), row)
            assert code == 0, (name, code)
    code = seccomp.seccomp_load(context)
    if code != 0:
        raise OSError(-code, "seccomp_load: " + os.strerror(-code))
    return seccomp.seccomp_notify_fd(context)


# ---- becoming the program ----


def check(code, what):
    if code != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def set_read_only(libc, path, is_read_only, flags):
    attributes = struct.pack("=QQQQ", READ_ONLY * is_read_only, READ_ONLY * (not is_read_only), 0, 0)
    check(libc.syscall(MOUNT_SETATTR, -100, path.encode(), flags, attributes, len(attributes)), "mount_setattr " + path)


def make_root_read_only(writable):
    libc = ctypes.CDLL(None, use_errno=True)
    check(libc.unshare(CLONE_NEWNS), "unshare")
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount /")
    for path in writable:
        check(libc.mount(path.encode(), path.encode(), None, MS_BIND, None), "mount " + path)
    set_read_only(libc, "/", True, AT_RECURSIVE)
    for path in writable:
        set_read_only(libc, path, False, 0)
    os.chdir("/")


def drop_privileges(user):
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        for capability in range(64):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        libc.prctl(PR_CAP_AMBIENT, AMBIENT_CLEAR, 0, 0, 0)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    test = socket.socket(socket.AF_UNIX)
    test.connect(plan["socket"])
    if plan["writable"] is not None:
        make_root_read_only(plan["writable"])
    drop_privileges(plan["user"])
    descriptor = load(plan["rules"])
    socket.send_fds(test, [b"?"], [descriptor])
    test.recv(1)
    os.execv(sys.argv[2], sys.argv[2:])


# ---- being asked ----


class Confinement:
    """Starts programs by `prefix` + command; a context manager."""

    def __init__(self, folder, unit_text, writable=None):
        """@param writable  directories that stay writable; None: the mounts are left as they are"""
        self.killed, self.families, self.started = [], set(), 0
        self.seccomp = library()
        path = os.path.join(str(folder), "asked")
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(path)
        self.door.listen(16)
        plan = os.path.join(str(folder), "confinement.json")
        with open(plan, "w", encoding="utf-8") as file:
            json.dump({"socket": path, "user": USER, "rules": make_rules(settings(unit_text)),
                       "writable": None if writable is None else [str(each) for each in writable]}, file)
        self.prefix = [sys.executable, os.path.abspath(__file__), plan]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self.attend, args=[peer], daemon=True).start()

    def attend(self, peer):
        with peer:
            _, descriptors, _, _ = socket.recv_fds(peer, 1, 1)
            if not descriptors:
                return  # it could not be confined, and said so
            self.started += 1
            peer.send(b"!")
        poll = select.poll()
        poll.register(descriptors[0], select.POLLIN)
        while not any(state & select.POLLHUP for _, state in poll.poll()):
            self.judge(descriptors[0])
        os.close(descriptors[0])

    def judge(self, descriptor):
        notice = bytearray(NOTICE.size)
        try:
            fcntl.ioctl(descriptor, RECEIVE, notice)
        except OSError:
            return  # it died meanwhile
        identity, pid, _, number, architecture, _, *arguments = NOTICE.unpack(notice)
        name = name_of(self.seccomp, architecture, number)
        if name == "socket":
            self.families.add(arguments[0])
            fcntl.ioctl(descriptor, SEND, bytearray(REPLY.pack(identity, 0, -errno.EAFNOSUPPORT, 0)))
            return
        self.killed.append((pid, name))
        os.kill(pid, signal.SIGSYS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.door.close()


if __name__ == "__main__":
    main()
