#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The whole program under what its unit leaves it: the very system calls, a plain user, no capability,
and a file system in which only its own directory can be written.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_confined.py
"""
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import agent as agents  # noqa: E402
import confinement  # noqa: E402
import machine  # noqa: E402
import slapd  # noqa: E402
from agent import Agent, FINANCE  # noqa: E402
from conftest import need  # noqa: E402
from receiver import Receiver  # noqa: E402
from simulator import Simulator  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES, free_port  # noqa: E402

UNITS = [harness.BUILD / "systemd" / name for name in ("scimward.service", "scimward@.service")]
IS_ROOT = os.geteuid() == 0
HAS_SYSTEMD = "define HAVE_LIBSYSTEMD 1" in (harness.BUILD / "config.h").read_text(encoding="utf-8")
HAS_HTTP = "define HAVE_METRICS_HTTP 1" in (harness.BUILD / "config.h").read_text(encoding="utf-8")
POLICY = "policy = { limits = { deactivations = { count = 1; percent = 0; }; smallest_scan_percent = 1; }; };"
COUNT = 6
# With a regular expression, which could ask for memory that can be written and run.
MAPPING = """{ to = "userName"; from = "${mail|replace(\\"^(.*)@\\",\\"\\\\1@\\")|lower}"; },
    { to = "name.givenName"; from = "${givenName|nfc}"; }, { to = "name.familyName"; from = "${sn}"; },
    { to = "active"; from = "${.enabled}"; }"""


def filter_missing():
    if shutil.which("systemd-analyze") is None:
        return "systemd-analyze is missing; on Debian: apt-get install systemd"
    try:
        confinement.library()
    except OSError:
        return "libseccomp.so.2 is missing; on Debian: apt-get install libseccomp2"
    return None


@pytest.fixture(scope="module", autouse=True)
def need_filter():
    need(filter_missing())


def mounts_missing():
    """Why the file system cannot be made read-only for a process; None when it can."""
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else "no mount namespace can be made here: " + done.stderr.strip()


def unit_text():
    return UNITS[0].read_text(encoding="utf-8")


@pytest.fixture(name="folder")
def make_folder():
    """A directory that any user may enter, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="confined-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


# ---- a life ----


class Manager:
    """The end of sd_notify(3) that a service manager has."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o777)
        self.socket.setblocking(False)
        self.lines = []

    def heard(self, line):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.lines += self.socket.recv(65536).decode().splitlines()
        return line in self.lines


def dn(number):
    return f"uid=p{number},{PEOPLE}"


def company():
    people = "".join(slapd.person(f"p{number}", givenName="Given", sn=f"Sur{number}")
                     for number in range(1, COUNT + 1))
    return slapd.skeleton() + people + slapd.group("finance", [dn(1), dn(2)])


class Life:
    """slapd and a tenant over TLS, a webhook, a manager, and the program between them."""

    def __init__(self, folder, stack, authority):
        certificate, key = authority.sign("tenant", "localhost", slapd.LOCALHOST)
        self.server = stack.enter_context(slapd.Slapd(folder / "slapd", company(), authority=authority,
                                                      extra_database="syncprov-sessionlog 100"))
        self.simulator = stack.enter_context(
            Simulator(folder, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance Planning", "--tls-cert",
                      certificate, "--tls-key", key))
        self.receiver = Receiver()
        stack.callback(self.receiver.close)
        self.authority, self.port = authority, free_port()
        self.agent = self.manager = self.textfile = None

    def settle(self, folder):
        """Has the program live in this very file system, without a service manager but ourselves."""
        shutil.copyfile(self.authority.ca, folder / "ca.crt")
        self.manager = Manager(str(folder / "manager"))
        self.agent = Agent(folder / "agent", *self.peers(folder / "ca.crt", "env:DIRECTORY_PASSWORD", "env:TENANT_KEY"))
        if IS_ROOT:
            os.chown(self.agent.folder, confinement.USER, confinement.USER)
        self.textfile = self.agent.path("scimward.prom")
        self.agent.environment.update(
            NOTIFY_SOCKET=str(folder / "manager"), WATCHDOG_USEC="3000000", TEST_WEBHOOK=self.receiver.url,
            ASAN_OPTIONS="detect_leaks=0")  # which looks by ptrace(2)
        self.configure("")

    def peers(self, ca, password, key):
        """Arguments of Agent()."""
        return (f"""{{ name = "corp"; urls = [ "{self.server.ldaps}" ]; tls = {{ ca_file = "{ca}"; }};
                bind = {{ dn = "cn=sync,{SERVICES}"; password = "{password}"; }};
                users = {{ bases = [ "{PEOPLE}" ]; }}; canaries = [ "{dn(1)}" ]; }}""",
                f"""url = "{self.simulator.url}"; tls = {{ ca_file = "{ca}"; }}; requests_per_second = 0;
                auth = {{ method = "api-key"; key = "{key}"; }};""",
                f'{{ id = "{FINANCE}"; name = "Finance Planning"; group = "cn=finance,{GROUPS}"; }}', "", MAPPING)

    def configure(self, more):
        listen = f'listen = "127.0.0.1:{self.port}";' if HAS_HTTP else ""
        self.agent.write(more=f"""{POLICY} schedule = {{ delta = "2s"; push = true; }};
            metrics = {{ textfile = "{self.textfile}"; {listen} }};
            notify = {{ webhook = "env:TEST_WEBHOOK"; on = [ "hold" ]; }}; {more}""")
        os.chmod(self.agent.config, 0o644)

    def active(self):
        return sum(user["active"] for user in self.simulator.users() if user["userName"].startswith("p"))

    def surname(self, number):
        return self.simulator.user(f"p{number}@example.com")["familyName"]

    def modify(self, number, text):
        self.server.modify(f"dn: {dn(number)}\nchangetype: {text}\n\n")

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()

    def before_the_service(self):
        self.agent.run("check").expect(0)
        plan = self.agent.path("plan.json")
        self.agent.run("sync", "--dry-run", "--out", plan).expect(0)
        self.agent.run("apply", plan).expect(0)
        assert self.active() == COUNT

    def run_service(self, service):
        """From the first word to the last but one; the caller ends it."""
        if self.manager and HAS_SYSTEMD:
            service.wait_for(lambda: self.manager.heard("READY=1"))
            service.wait_for(lambda: self.manager.heard("WATCHDOG=1"))
        service.wait_for(lambda: self.active() == COUNT)
        self.modify(3, "modify\nreplace: sn\nsn: Pushed")
        service.wait_for(lambda: self.surname(3) == "Pushed")
        if HAS_HTTP:
            service.wait_for(lambda: f"scimward_linked_accounts {COUNT}\n" in self.metrics())
        service.wait_for(lambda: os.path.exists(self.agent.seen(self.textfile)))
        self.configure('log = { level = "debug"; };')
        service.send(signal.SIGHUP)
        service.wait_for(lambda: "was read again" in service.log)
        for number in (5, 6):
            self.modify(number, "delete")
        service.wait_for(lambda: self.receiver.events() == ["hold"])
        # The first may have gone alone, with the limit of one.
        assert self.active() >= COUNT - 1
        self.agent.run("holds").expect(0)
        self.agent.run("approve", "1").expect(0)
        service.wait_for(lambda: self.active() == COUNT - 2)

    def after_the_service(self):
        if self.manager and HAS_SYSTEMD:
            assert self.manager.heard("STOPPING=1")
        self.agent.run("status").expect(0)
        for name in ("access", "changes", "drift", "runs"):
            self.agent.run("report", name, "--format", "html", "-o", self.agent.path(name + ".html")).expect(0)
        self.agent.run("explain", "p1@example.com").expect(0)
        self.agent.run("audit", "verify").expect(0)
        self.agent.run("sync", "--kind", "reconcile").expect(0)
        self.agent.run("undo", "1", "--dry-run").expect(3)


@pytest.fixture(name="life")
def make_life(folder, authority, monkeypatch):
    need(slapd.missing())
    program = folder / "scimward"
    shutil.copy(agents.find_binary(), program)
    monkeypatch.setenv("SCIMWARD", str(program))
    with contextlib.ExitStack() as stack:
        yield Life(folder, stack, authority)


def facts(path):
    """What the kernel says of a process (proc(5), status)."""
    with open(path, encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def live(life, confined):
    life.agent.prefix = confined.prefix
    life.before_the_service()
    with life.agent.service() as service:
        life.run_service(service)
        found = facts(f"/proc/{service.process.pid}/status")
        assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2", found
        assert IS_ROOT is False or found["Uid"].split() == [str(confinement.USER)] * 4
        assert IS_ROOT is False or {found["Cap" + which] for which in ("Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    life.after_the_service()


def test_a_whole_life(life, folder):
    life.settle(folder)
    # Where that is not permitted, test_nothing_but_its_directory_can_be_written says so.
    writable = None if mounts_missing() else [life.agent.folder]
    with confinement.Confinement(folder, unit_text(), writable) as confined:
        try:
            live(life, confined)
        finally:
            assert confined.killed == [], "killed for what the unit does not allow"
        assert confined.started > 10
        # glibc asks which addresses this host has; without an answer it looks both kinds up.
        assert confined.families <= {socket.AF_NETLINK}


# ---- that it would be seen ----

FORBIDDEN = {
    "mount": "libc.mount(b'none', b'/mnt', b'tmpfs', 0, None)",
    "ptrace": "libc.ptrace(0, 0, 0, 0)",
    "unshare": "libc.unshare(0x10000000)",
    "clone": "libc.syscall(56, 0x10000011, 0, 0, 0, 0)",
    "chown": "libc.chown(b'/', 0, 0)",
    "setuid": "libc.setuid(0)",
    "reboot": "libc.reboot(0)",
    "keyctl": "libc.syscall(250, 0, -1, 0)",
    "bpf": "libc.syscall(321, 0, 0, 0)",
    "io_uring_setup": "libc.syscall(425, 1, 0)",
    "memfd_create": "os.memfd_create('x')",
    "userfaultfd": "libc.syscall(323, 0)",
    "process_vm_readv": "libc.syscall(310, 1, 0, 0, 0, 0, 0)",
    "personality": "libc.personality(0xffffffff)",
    "sched_setscheduler": "os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))",
    "chmod": "os.chmod('/nowhere', 0o4755)",
    "mmap": "mmap.mmap(-1, 4096, prot=7)",
    "mprotect": "libc.mprotect(ctypes.c_void_p(id(libc) & ~4095), 4096, 5)",
}


def confine_python(confined, code):
    return subprocess.run([*confined.prefix, sys.executable, "-c",
                           "import ctypes, mmap, os, socket; libc = ctypes.CDLL(None); " + code],
                          capture_output=True, text=True, timeout=60, check=False)


def test_what_is_forbidden_kills_and_is_named(folder):
    with confinement.Confinement(folder, unit_text()) as confined:
        assert confine_python(confined, "os.chmod('/nowhere', 0o755) if os.path.exists('/nowhere') else 0").returncode == 0
        for name, code in FORBIDDEN.items():
            if "syscall(" in code and os.uname().machine != "x86_64":
                continue  # its number is x86's
            confined.killed.clear()
            done = confine_python(confined, code)
            assert ([called for _, called in confined.killed], done.returncode) == ([name], -signal.SIGSYS), done.stderr


def test_other_address_families_are_refused(folder):
    with confinement.Confinement(folder, unit_text()) as confined:
        for family in ("AF_PACKET", "AF_NETLINK", "AF_VSOCK"):
            done = confine_python(confined, f"socket.socket(socket.{family}, socket.SOCK_RAW)")
            assert "Address family not supported" in done.stderr
        assert confined.families == {socket.AF_PACKET, socket.AF_NETLINK, socket.AF_VSOCK} and not confined.killed


def test_nothing_but_its_directory_can_be_written(folder):
    if reason := mounts_missing():
        pytest.skip(reason)
    own = folder / "own"
    own.mkdir()
    own.chmod(0o777)
    with confinement.Confinement(folder, unit_text(), [own]) as confined:
        for path, words in ((own, None), (folder, "Read-only file system"), ("/tmp", "Read-only file system"),
                            ("/dev/shm", "Read-only file system")):
            done = confine_python(confined, f"open('{path}/x', 'w')")
            assert words in done.stderr if words else done.returncode == 0, (path, done.stderr)
    assert stat.S_ISREG((own / "x").stat().st_mode)


def test_a_filter_that_lacks_a_call_fails_the_life(life, folder):
    text = re.sub(r"(?m)^SystemCallFilter=@system-service$", r"\g<0>\nSystemCallFilter=~epoll_pwait epoll_wait epoll_pwait2",
                  unit_text())
    life.settle(folder)
    with confinement.Confinement(folder, text) as confined:
        life.agent.prefix = confined.prefix
        assert life.agent.run("sync").code == -signal.SIGSYS
        assert {name for _, name in confined.killed} <= {"epoll_wait", "epoll_pwait", "epoll_pwait2"}


def test_both_units_confine_alike():
    first, second = (confinement.make_rules(confinement.settings(path.read_text(encoding="utf-8"))) for path in UNITS)
    assert first == second


# ---- under systemd itself ----

AS_SCIMWARD = ("setpriv", "--reuid=scimward", "--regid=scimward", "--clear-groups")
PROGRAM = "/opt/scimward/scimward"
# A call that the unit refuses kills here, so that it is heard of.
DROP_IN = """[Service]
SystemCallErrorNumber=kill
Environment=ASAN_OPTIONS=detect_leaks=0 TEST_WEBHOOK=%s
StandardOutput=append:/run/service.log
StandardError=append:/run/service.log
"""


class Unit:
    """The service as systemd runs it; like agent.Service."""

    def __init__(self, host):
        self.host = host
        self.systemctl("start")

    def systemctl(self, verb):
        done = self.host.run("systemctl", verb, "scimward.service")
        assert done.returncode == 0, done.stderr + self.log + self.show("Result", "ExecMainStatus")

    def show(self, *names):
        return self.host.run("systemctl", "show", "--property", ",".join(names), "--value", "scimward.service").stdout

    @property
    def log(self):
        try:
            return pathlib.Path(self.host.path("/run/service.log")).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def send(self, number):
        assert number == signal.SIGHUP
        self.systemctl("reload")

    wait_for = agents.Service.wait_for

    def poll(self):
        return None if self.show("ActiveState") == "active\n" else self.show("Result")

    process = property(lambda self: self)
    pid = property(lambda self: int(self.show("MainPID")))


class UnitAgent(Agent):
    """The configuration on that machine, and commands as that user."""

    def __init__(self, host, *parts):
        self.host = host
        super().__init__(host.root / "etc" / "scimward", *parts)
        self.state = "/var/lib/scimward/state.db"

    def command(self, *arguments):
        return [*self.host.enter(), *AS_SCIMWARD, "env", "ASAN_OPTIONS=detect_leaks=0", PROGRAM, "-c",
                "/etc/scimward/scimward.conf", *arguments]

    def seen(self, name):
        return self.host.path(name)


def install(host, life):
    """What a package and an administrator put there."""
    host.add_users(harness.SOURCE / "systemd" / "scimward.sysusers")
    program = host.root / PROGRAM[1:]
    program.parent.mkdir(parents=True)
    shutil.copy(agents.find_binary(), program)
    life.agent = UnitAgent(host, *life.peers("/etc/scimward/ca.crt", "credential:directory-password",
                                             "credential:anaplan-api-key"))
    shutil.copyfile(life.authority.ca, life.agent.path("ca.crt"))
    credentials = pathlib.Path(life.agent.path("credentials"))
    credentials.mkdir(mode=0o700)
    (credentials / "directory-password").write_text("secret-of-sync\n", encoding="ascii")
    (credentials / "anaplan-api-key").write_text("key-1\n", encoding="ascii")
    for path in credentials.iterdir():
        path.chmod(0o600)
    metrics = host.root / "var/lib/prometheus/node-exporter"
    metrics.mkdir(parents=True)
    metrics.chmod(0o777)
    life.textfile = "/var/lib/prometheus/node-exporter/scimward.prom"
    life.configure("")


def unit_for(text):
    program = re.search(r"(?m)^ExecStart=(\S+)", text)[1]
    return text.replace(program, PROGRAM)


def test_a_life_under_systemd(life, folder):
    if reason := machine.missing():
        pytest.skip(reason)
    host = machine.Machine(folder, {"scimward.service": unit_for(unit_text()),
                                    "scimward.service.d/test.conf": DROP_IN % life.receiver.url})
    install(host, life)
    with host:
        unit = Unit(host)
        life.run_service(unit)
        found = facts(host.path(f"/proc/{unit.pid}/status"))
        assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2", found
        assert {found["Cap" + which] for which in ("Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
        expect_confined(host, unit.pid)
        unit.systemctl("stop")
        assert unit.show("Result", "ExecMainStatus") == "success\n0\n", unit.log
        assert "credential" not in unit.log and "secret-of-sync" not in unit.log
        assert os.stat(host.path("/var/lib/scimward/state.db")).st_mode & 0o777 == 0o600
        life.agent.run("audit", "verify").expect(0)
        life.agent.run("report", "access").expect(0)


def expect_confined(host, pid):
    """Looks with the process's own mounts: what it could write and run."""
    mounts = {}
    with open(host.path(f"/proc/{pid}/mountinfo"), encoding="utf-8") as file:
        for line in file:
            mounts[line.split()[4]] = line.split()[5].split(",")
    writable = {path for path, options in mounts.items() if "rw" in options}
    # What lies below /proc and /dev belongs to root, and root is nobody here (PrivateUsers).
    assert {path for path in writable if not path.startswith(("/proc", "/dev/"))} <= {
        "/var/lib/scimward", "/run/scimward", "/var/lib/prometheus/node-exporter", "/tmp", "/var/tmp"}
    assert "/dev/shm" not in writable
    assert not {path for path, options in mounts.items() if "nosuid" not in options}
