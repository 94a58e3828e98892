#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The control socket: commands that talk to the service that runs, who may, and who cannot hold it up.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_control.py
"""
import contextlib
import grp
import json
import os
import pty
import pwd
import re
import select
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import slapd  # noqa: E402
from agent import Agent, FINANCE, find_binary  # noqa: E402
from conftest import need  # noqa: E402
from simulator import Simulator  # noqa: E402
from slapd import GROUPS, PEOPLE  # noqa: E402

VISITS_MAX = 16
WATCHES_MAX = 8
REQUEST_MAX = 16 * 1024
ME = pwd.getpwuid(os.getuid()).pw_name
MY_GROUP = grp.getgrgid(os.getgid()).gr_name
QUIET = 'schedule = { delta = "1h"; push = false; };'
HAS_SYSTEMD = "define HAVE_LIBSYSTEMD 1" in (harness.BUILD / "config.h").read_text(encoding="utf-8")

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")


# ---- what is there ----


@pytest.fixture(scope="module", name="server")
def start_server(tmp_path_factory, authority):
    people = [f"p{number}" for number in range(12)]
    ldif = slapd.skeleton() + "".join(slapd.person(uid, givenName="G") for uid in people)
    ldif += slapd.group("finance", [f"uid={uid},{PEOPLE}" for uid in people[:6]])
    with slapd.Slapd(tmp_path_factory.mktemp("slapd"), ldif, authority=authority) as running:
        yield running


@pytest.fixture(scope="module", name="tenant")
def start_tenant(tmp_path_factory):
    with Simulator(tmp_path_factory.mktemp("tenant"), "--api-key", "key-1", "--workspaces",
                   f"{FINANCE}=Finance Planning") as running:
        yield running


@pytest.fixture(name="simulator")
def fresh_simulator(tenant):
    tenant.reset()
    tenant.clear()
    return tenant


def configure(agent, more=QUIET, group=MY_GROUP, path=None):
    agent.socket = path or agent.path("control.sock")
    agent.write(more=f'control = {{ path = "{agent.socket}"; group = "{group}"; }}; {more}')


@pytest.fixture(name="agent")
def make_agent(tmp_path, server, simulator):
    directory = f"""{{ name = "corp"; urls = [ "{server.ldap}" ]; allow_cleartext = true;
        bind = {{ dn = "cn=sync,{slapd.SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
        users = {{ bases = [ "{PEOPLE}" ]; }}; }}"""
    tenant = f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
        allow_cleartext = true; requests_per_second = 0;"""
    agent = Agent(tmp_path / "agent", directory, tenant,
                  f'{{ id = "{FINANCE}"; name = "Finance Planning"; group = "cn=finance,{GROUPS}"; }}')
    agent.simulator = simulator
    configure(agent)
    return agent


def rename(server, uid, surname):
    server.modify(f"dn: uid={uid},{PEOPLE}\nchangetype: modify\nreplace: sn\nsn: {surname}\n\n")


def surname(simulator, uid):
    return simulator.user(f"{uid}@example.com")["familyName"]


class Peer:
    """A client that need not behave."""

    def __init__(self, agent):
        self.config = os.path.realpath(agent.config)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(agent.socket)
        self.socket.settimeout(30)

    def ask(self, **members):
        request = {"scimward": 1, "config": self.config, **members}
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def lines(self):
        """All that is said until the service hangs up."""
        data = b"".join(iter(lambda: self.socket.recv(65536), b""))
        return [json.loads(line) for line in data.splitlines()]

    def line(self):
        data = b""
        while not data.endswith(b"\n"):
            data += self.socket.recv(1)
        return json.loads(data)

    def is_cut(self):
        try:
            return self.socket.recv(1 << 20) == b""
        except OSError:
            return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def status(agent):
    """What the program shows with --json; asked for without it, which is quicker, while a service runs."""
    try:
        with Peer(agent) as peer:
            peer.ask(do="status", json=True)
            return json.loads("".join(line.get("text", "") for line in peer.lines()))
    except (OSError, json.JSONDecodeError):
        return agent.run("status", "--json").expect(0).json


def is_open(agent):
    try:
        with Peer(agent) as peer:
            peer.ask(do="status")
            return peer.lines()[-1]["exit"] == 0
    except OSError:
        return False


def is_idle(agent):
    if not is_open(agent):
        return False
    found = status(agent)
    return found["service"] and found["service"]["cycle"] is None and found["lastCycle"]


@contextlib.contextmanager
def running(agent, is_settled=True):
    with agent.service() as service:
        service.wait_for(lambda: is_idle(agent) if is_settled else is_open(agent))
        yield service


class Background:
    """A command that is under way."""

    def __init__(self, agent, *arguments, **options):
        self.process = subprocess.Popen([find_binary(), "-c", agent.config, *arguments], env=agent.environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def end(self, seconds=60):
        self.out, self.err = self.process.communicate(timeout=seconds)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


# ---- sync ----


def test_sync_is_done_by_the_service(agent, server):
    with running(agent) as service:
        rename(server, "p1", "Ray")
        done = agent.run("sync").expect(0)
        assert "1 to update" in done.out and "p1@example.com" in done.out and done.err == ""
        assert surname(agent.simulator, "p1") == "Ray"
        assert re.search(rf"control: sync asked for by {ME} \(uid {os.getuid()}, process \d+\)", service.log)
        assert "Nothing to do" in agent.run("sync", "--kind", "delta").expect(0).out
        found = agent.run("sync", "--kind", "reconcile", "--json").expect(0).json
        assert found["run"]["kind"] == "reconcile" and found["summary"]["unchanged"] == 12
    rename(server, "p1", "p1")
    records = [json.loads(line) for line in agent.run("audit", "export").expect(0).out.splitlines()]
    starts = [record["body"] for record in records if record["body"]["kind"] == "run-started"]
    assert "by" not in starts[0] and starts[1]["by"] == ME  # the first was due


def test_without_a_service_it_is_done_alone(agent):
    assert "12 to create" in agent.run("sync").expect(0).out
    found = status(agent)
    assert found["service"] is None and found["links"] == 12
    assert not os.path.exists(agent.socket)


def test_exit_codes_are_those_of_one_alone(agent, tmp_path):
    people = tmp_path / "people.ldif"
    people.write_text(slapd.person("anna", givenName="A") + slapd.person("berta", givenName="B"))
    agent.write(directory=f'{{ name = "corp"; kind = "ldif"; urls = [ "file://{people}" ]; }}')
    configure(agent, QUIET + "policy = { limits = { creations = { count = 1; }; }; };")
    with running(agent):
        assert "2 held" in agent.run("sync", "--kind", "full").expect(3).out
        unknown = agent.run("sync", "--user", "nobody@example.com").expect(1)
        assert 'nobody is known as "nobody@example.com"' in unknown.err and unknown.out == ""
        people.write_text(slapd.person("anna", givenName="A", mail="nowhere"))
        assert "1 rejected" in agent.run("sync").expect(4).out
        people.unlink()
        assert "directory: " in agent.run("sync").expect(69).err


def test_one_person(agent, server):
    with running(agent) as service:
        rename(server, "p2", "Roe")
        rename(server, "p3", "Moe")
        try:
            assert "p2@example.com" in agent.run("sync", "--user", "p2@example.com").expect(0).out
            assert surname(agent.simulator, "p2") == "Roe" and surname(agent.simulator, "p3") != "Moe"
            agent.run("sync", "--kind", "delta").expect(0)
            assert surname(agent.simulator, "p3") == "Moe"
            agent.run("sync", "--user", "zoe@example.com").expect(1)
            assert "full cycle for one person ended: exit 1" in service.log
            assert "p2@" not in service.log and "zoe" not in service.log  # people are not named
        finally:
            rename(server, "p2", "p2")
            rename(server, "p3", "p3")


def test_a_cycle_that_runs_is_awaited(agent):
    agent.simulator.fault(fault="slow", ms=700, count=4)
    with running(agent, is_settled=False) as service:
        service.wait_for(lambda: status(agent)["service"]["cycle"])
        with Background(agent, "sync", "--kind", "full", "--json") as sync:
            assert sync.end() == 0
            assert "a reconcile cycle is running; yours comes after it" in sync.err
            assert json.loads(sync.out)["run"]["kind"] == "full"
            assert json.loads(sync.out)["summary"]["unchanged"] == 12


def test_progress_and_those_who_want_the_same(agent, server):
    agent.write(tenant=agent.parts["tenant"] + " concurrency = 1;")
    with running(agent) as service:
        for number in range(4):
            rename(server, f"p{number}", "Busy")
        agent.simulator.fault(fault="slow", ms=400, count=100)
        with Peer(agent) as first, Peer(agent) as second, Peer(agent) as left:
            for peer in (first, second, left):
                peer.ask(do="sync", kind="full")
            left.socket.close()
            said = first.lines()
            assert any(line["event"] == "progress" and line.get("phase") == "sending" and line["of"] == 4
                       for line in said)
            assert said[-1]["event"] == "done" and said[-1]["exit"] == 0
            assert second.lines()[-1]["exit"] == 0
        agent.simulator.clear()
        assert 1 <= service.log.count(": full of 12 entries") <= 2  # the first may have begun
        for number in range(4):
            rename(server, f"p{number}", f"p{number}")


def test_a_dry_run_goes_beside_it(agent, server):
    with running(agent) as service:
        rename(server, "p4", "Dry")
        plan = agent.run("sync", "--dry-run", "--json").expect(0)
        assert plan.summary["update"] == 1
        assert surname(agent.simulator, "p4") != "Dry"
        rename(server, "p4", "p4")
        assert "asked for" not in service.log


def test_interrupting_the_command_does_not_stop_the_cycle(agent, server):
    with running(agent) as service:
        rename(server, "p5", "Late")
        agent.simulator.fault(fault="slow", ms=1500, count=2)
        with Background(agent, "sync") as sync:
            service.wait_for(lambda: status(agent)["service"]["cycle"])
            sync.process.send_signal(signal.SIGINT)
            assert sync.end() == 1
            assert "the service goes on with the cycle" in sync.err
        service.wait_for(lambda: surname(agent.simulator, "p5") == "Late")
        agent.simulator.clear()
        rename(server, "p5", "p5")


# ---- death and the end ----


def test_death_in_the_middle_is_told(agent):
    agent.simulator.fault(fault="slow", ms=5000, count=3)
    service = agent.service()
    service.wait_for(lambda: is_open(agent))
    with Background(agent, "sync") as sync, Background(agent, "status", "--watch") as watch:
        service.wait_for(lambda: status(agent)["service"]["waiting"] == 1 and
                         status(agent)["service"]["visits"] == 3)
        service.send(signal.SIGKILL)
        service.process.wait(30)
        assert sync.end() == 69 and watch.end() == 69
        assert "the service ended, or hung up before the cycle was over" in sync.err
    assert os.path.exists(agent.socket)  # what it left
    agent.simulator.clear()
    assert status(agent)["service"] is None
    agent.run("reload").expect(69)
    with running(agent):  # it is replaced
        agent.run("sync").expect(0)
    assert not os.path.exists(agent.socket)


def test_a_stop_answers_those_who_wait(agent):
    agent.simulator.fault(fault="slow", ms=1500, count=3)
    with agent.service() as service:
        service.wait_for(lambda: is_open(agent))
        with Background(agent, "sync") as sync, Background(agent, "status", "--watch") as watch:
            service.wait_for(lambda: status(agent)["service"]["waiting"] == 1 and
                             status(agent)["service"]["visits"] == 3)
            service.send(signal.SIGTERM)
            assert sync.end() == 1 and watch.end() == 0
            assert "the service is stopping; it did not come to this" in sync.err
            assert "the service has ended" in watch.err
            assert service.process.wait(30) == 0


def test_a_live_socket_is_never_taken(agent, tmp_path, simulator):
    with running(agent):
        other = Agent(tmp_path / "other", agent.parts["directory"], agent.parts["tenant"])
        configure(other, path=agent.socket)
        with other.service() as second:
            second.wait_for(lambda: "going on without it, trying again after each cycle" in second.log)
            assert f"cannot listen at {agent.socket}: Address already in use" in second.log
            assert status(agent)["service"]["config"] == os.path.realpath(agent.config)
            # Somebody else's service is nobody's to command.
            assert other.run("status", "--json").expect(0).json["service"] is None
            assert "no service runs with this configuration" in other.run("reload").expect(69).err
            alone = other.run("sync").expect(75)
            assert "has another configuration" in alone.err and agent.config in alone.err
        assert is_open(agent)


def test_two_services_on_one_state(agent):
    with running(agent):
        assert agent.run("run").expect(75)
        assert is_open(agent)


# ---- holds ----


def held(agent):
    configure(agent, QUIET + "policy = { limits = { creations = { count = 5; }; }; };")
    return running(agent)


def test_approval_is_acted_on_at_once(agent):
    with held(agent) as service:
        assert agent.run("holds", "--json").expect(0).json[0]["count"] == 12
        assert "Hold 1: 12 creations" in agent.run("holds").expect(0).out
        assert agent.run("approve", "1").expect(0).out == "Hold 1 is approved: the service sends it now.\n"
        service.wait_for(lambda: len(agent.simulator.users()) >= 12, seconds=10)
        service.wait_for(lambda: agent.run("holds", "--json").json == [])
        assert f"hold 1 approved by {ME}" in service.log
        assert "there is no hold 7" in agent.run("reject", "7").expect(1).err
    bodies = [json.loads(line)["body"] for line in agent.run("audit", "export").expect(0).out.splitlines()]
    assert [body["by"] for body in bodies if body["kind"] == "decision"] == [ME]


def test_a_rejection(agent):
    with held(agent) as service:
        assert agent.run("reject", "1", "--json").expect(0).json == {"hold": 1, "decision": "rejected"}
        agent.run("sync", "--kind", "delta").expect(0)
        assert f"hold 1 rejected by {ME}" in service.log
    assert len(agent.simulator.users()) < 12


def test_a_decision_waits_for_a_cycle_that_writes(agent):
    with held(agent) as service:
        agent.simulator.fault(fault="slow", ms=1000, count=50)
        with Background(agent, "sync", "--kind", "reconcile"):
            service.wait_for(lambda: status(agent)["service"]["cycle"])
            agent.run("approve", "1").expect(0)
        agent.simulator.clear()
        service.wait_for(lambda: len(agent.simulator.users()) >= 12)


def test_a_refused_decision_is_in_nobodys_way(agent):
    with held(agent) as service:
        assert "there is no hold 7" in agent.run("reject", "7").expect(1).err
        other = sqlite3.connect(agent.state, timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # the state is free to be written
        other.execute("ROLLBACK")
        other.close()
        assert agent.run("approve", "1").expect(0).out.endswith("the service sends it now.\n")
        service.wait_for(lambda: len(agent.simulator.users()) >= 12, seconds=10)


def test_what_takes_its_time_is_acknowledged_at_once(agent):
    """Whoever hears nothing gives up after a while, and a peer may be silent longer than that."""
    with running(agent):
        for ask in ({"do": "sync", "kind": "reconcile"}, {"do": "sync", "who": "p1@example.com"},
                    {"do": "approve", "hold": 7}):
            with Peer(agent) as peer:
                peer.ask(**ask)
                assert peer.line() == {"scimward": 1, "event": "progress", "done": 0, "of": 0}
                assert peer.lines()[-1]["event"] == "done"


def test_decisions_without_a_service(agent):
    configure(agent, QUIET + "policy = { limits = { creations = { count = 5; }; }; };")
    agent.run("sync").expect(3)
    assert "the next cycle sends it" in agent.run("approve", "1").expect(0).out


# ---- status ----


def test_status_says_what_goes_on(agent):
    agent.simulator.fault(fault="slow", ms=800, count=100)
    with running(agent, is_settled=False) as service:
        service.wait_for(lambda: status(agent)["service"]["cycle"] and
                         status(agent)["service"]["cycle"]["phase"] == "sending")
        found = status(agent)["service"]
        assert found["pid"] == service.process.pid and found["config"] == os.path.realpath(agent.config)
        assert found["cycle"]["kind"] == "reconcile" and found["cycle"]["of"] == 12
        assert 0 < found["tenant"]["inFlight"] <= 8 and found["next"]["at"] is None
        assert found["tenant"]["tokens"] is None  # no limit is set
        text = agent.run("status").expect(0).out
        assert re.search(r"(?m)^now +reconcile cycle since \S+: sending, \d+ of 12$", text)
        agent.simulator.clear()
        service.wait_for(lambda: is_idle(agent))
        found = status(agent)
        assert found["service"]["next"]["kind"] == "delta" and found["links"] == 12
        assert found["service"]["next"]["full"] > found["service"]["next"]["at"]
        assert re.search(r"(?m)^now +idle; delta cycle at ", agent.run("status").expect(0).out)
        assert found["service"]["visits"] == 1


def test_watch_says_each_change_once(agent, server):
    with running(agent) as service:
        with Background(agent, "status", "--watch", "--json") as watch:
            first = json.loads(watch.process.stdout.readline())
            assert first["service"]["cycle"] is None
            assert select.select([watch.process.stdout], [], [], 0.8)[0] == []  # nothing changes
            agent.run("sync", "--kind", "full").expect(0)
            lines = [json.loads(watch.process.stdout.readline())]
            while lines[-1]["runs"] == first["runs"] or lines[-1]["service"]["cycle"]:
                lines.append(json.loads(watch.process.stdout.readline()))
            watch.process.send_signal(signal.SIGINT)
            assert watch.end() == 0
        with Background(agent, "status", "-w") as watch:
            assert watch.process.stdout.readline().startswith("service      process ")
            agent.run("sync").expect(0)
            while not watch.process.stdout.readline().startswith("service "):
                pass
            service.send(signal.SIGTERM)
            assert watch.end() == 0
            assert "\033" not in watch.out
            service.process.wait(30)


def watch_on_a_terminal(agent, rows, columns):
    with running(agent):
        master, slave = pty.openpty()
        subprocess.run(["stty", "rows", str(rows), "cols", str(columns)], stdin=slave, check=True)
        with subprocess.Popen([find_binary(), "-c", agent.config, "status", "--watch"], env=agent.environment,
                              stdout=slave, stderr=slave) as watch:
            os.close(slave)
            shown = b""
            while b"\033[J" not in shown:
                shown += os.read(master, 4096)
            watch.send_signal(signal.SIGINT)
            assert watch.wait(30) == 0
        os.close(master)
    lines = shown.decode().split("\033[J")[0].split("\r\n")
    assert lines[0].startswith("\033[Hservice ") and len(lines) <= rows and lines[-1] == ""
    lines = [line.replace("\033[K", "").replace("\033[H", "") for line in lines]
    assert all(len(line) <= columns for line in lines), lines
    return lines


def test_watch_redraws_on_a_terminal(agent):
    assert len(watch_on_a_terminal(agent, 6, 40)) == 6


def test_watch_shows_a_long_line_to_its_end(agent):
    agent.run("sync").expect(0)
    shown = " ".join(" ".join(watch_on_a_terminal(agent, 60, 40)).split())
    told = agent.run("status").expect(0).out
    line = next(line for line in told.splitlines() if re.match(r" *1 +reconcile", line))
    assert len(line) > 40 and " ".join(line.split()) in shown, (line, shown)


def test_a_status_too_long_to_be_watched_is_told(agent):
    agent.run("sync").expect(0)
    later_ms = int(time.time() + 1800) * 1000
    with contextlib.closing(sqlite3.connect(agent.state)) as state, state:
        state.executemany("INSERT INTO quarantine (key, digest, attempts, not_before_ms, since_ms, dn, user_name,"
                          " reason) VALUES (?, ?, 1, ?, 1, ?, 'x', 'y')",
                          [(number.to_bytes(16, "big"), bytes(16), later_ms, "cn=" + 300 * "x")
                           for number in range(1, 4000)])
    with running(agent, is_settled=False):
        assert "is too long to be watched" in agent.run("status", "--watch", "--json").expect(1).err
        with Background(agent, "status", "--watch") as watch:  # as text it is short
            assert watch.process.stdout.readline().startswith("service      process ")
        assert len(agent.run("status", "--json").expect(0).json["quarantine"]) == 3999


def test_watch_without_a_service(agent):
    done = agent.run("status", "--watch").expect(69)
    assert "no service runs that could be watched" in done.err and done.out.startswith("state ")


# ---- reload ----


def test_reload(agent):
    with running(agent) as service:
        configure(agent, 'schedule = { delta = "2h"; push = false; };')
        done = agent.run("reload").expect(0)
        assert done.out == "The configuration was read again; it is in force from the next cycle on.\n"
        service.wait_for(lambda: "was read again; in force" in service.log)
        assert f"control: reload asked for by {ME}" in service.log


def test_a_wrong_file_is_refused_and_the_old_one_stays(agent):
    with running(agent) as service:
        configure(agent, 'schedule = { delta = "soon"; }; nonsense = 1;')
        wrong = agent.run("reload").expect(78)
        assert "schedule.delta" in wrong.err and "nonsense" in wrong.err
        assert "goes on with the configuration it has" in wrong.err
        configure(agent)
        # What only the service finds out it says by itself.
        with Peer(agent) as peer:
            configure(agent, 'schedule = { delta = "soon"; };')
            peer.ask(do="reload")
            said = peer.lines()
            assert said[-1]["exit"] == 78 and "schedule.delta" in said[-1]["message"]
        configure(agent)
        assert status(agent)["service"]["reloadRefused"] is True
        assert "is wrong now; the one before is in force" in agent.run("status").expect(0).out
        agent.run("sync", "--kind", "delta").expect(0)
        agent.run("reload").expect(0)
        assert status(agent)["service"]["reloadRefused"] is False
        assert "keeping the configuration that is in force" in service.log


def test_a_reload_moves_the_socket_and_keeps_who_is_there(agent):
    with running(agent) as service:
        old = agent.socket
        with Peer(agent) as watching:
            watching.ask(do="watch", json=True)
            watching.line()
            configure(agent, path=agent.path("other.sock"))
            service.send(signal.SIGHUP)
            service.wait_for(lambda: is_open(agent))
            assert not os.path.exists(old)
            assert watching.line()["event"] in ("page", "page-end")


def test_no_service_to_reload(agent):
    assert f"nobody listens at {agent.socket}" in agent.run("reload").expect(69).err
    agent.write(more="control = { path = \"\"; };")
    assert "names no control socket" in agent.run("reload").expect(69).err


# ---- who may ----


def test_mode_and_owner(agent):
    with running(agent):
        found = os.stat(agent.socket)
        assert stat.S_IMODE(found.st_mode) == 0o660 and found.st_gid == os.getgid()


def test_a_group_that_there_is_not(agent):
    configure(agent, group="no-such-group")
    with running(agent) as service:
        assert stat.S_IMODE(os.stat(agent.socket).st_mode) == 0o600
        assert "no-such-group" in service.log and "there is no such group; only the user of the service" in service.log


def somebody(agent, groups, *arguments):
    """Has nobody, in these groups, run a command; the configuration can be read, the state cannot."""
    need(None if shutil.which("setpriv") else "setpriv is missing; on Debian: apt-get install util-linux")
    command = ["setpriv", "--reuid=1234567", "--regid=65534", f"--groups={groups}" if groups else "--clear-groups",
               agent.binary, "-c", agent.config, *arguments]
    done = subprocess.run(command, env=agent.environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(name="open_agent")
def make_open_agent(agent, tmp_path):
    """One whose configuration everybody can read, as /etc/scimward has it."""
    shared = "/tmp/scimward-control-" + str(os.getpid())
    os.makedirs(shared, exist_ok=True)
    os.chmod(shared, 0o755)
    try:
        agent.config = os.path.join(shared, "scimward.conf")
        agent.binary = shutil.copy(find_binary(), os.path.join(shared, "scimward"))
        configure(agent, group="daemon", path=os.path.join(shared, "control.sock"),
                  more=QUIET + "policy = { limits = { creations = { count = 5; }; }; };")
        os.chmod(agent.config, 0o644)
        yield agent
    finally:
        shutil.rmtree(shared)


@as_root
def test_outside_the_group(open_agent):
    with running(open_agent) as service:
        for command in (["sync"], ["approve", "1"], ["reload"]):
            code, out, err = somebody(open_agent, "", *command)
            assert (code, out) == (1, "")
            assert f"you may not use the control socket of the service, {open_agent.socket}: Permission denied" in err
            assert 'group "daemon" (control.group)' in err
        code, _, err = somebody(open_agent, "", "status")
        assert code == 74 and "you may not use the control socket" in err and "state.db" in err
        assert "asked for" not in service.log


@as_root
def test_inside_the_group(open_agent):
    group = str(grp.getgrnam("daemon").gr_gid)
    with running(open_agent) as service:
        code, out, err = somebody(open_agent, group, "status", "--json")
        assert (code, err) == (0, "") and json.loads(out)["holds"] == 1
        code, out, err = somebody(open_agent, group, "holds")
        assert (code, err) == (0, "") and "Hold 1: 12 creations" in out
        assert somebody(open_agent, group, "approve", "1")[0] == 0
        service.wait_for(lambda: len(open_agent.simulator.users()) >= 12)
        code, out, err = somebody(open_agent, group, "sync", "--kind", "full")
        assert (code, err) == (0, "") and "12 unchanged" in out
        assert somebody(open_agent, group, "reload")[0] == 0
        # The number is the kernel's, the name only theirs.
        assert "hold 1 approved by uid 1234567 (says: uid 1234567)" in service.log
        assert "control: sync of kind full asked for by uid 1234567" in service.log
    bodies = [json.loads(line)["body"] for line in open_agent.run("audit", "export").expect(0).out.splitlines()]
    assert [body["by"] for body in bodies if body["kind"] == "decision"] == ["uid 1234567 (says: uid 1234567)"]


@as_root
def test_nobody_can_say_to_be_somebody_else(open_agent):
    os.chmod(open_agent.socket, 0o666) if os.path.exists(open_agent.socket) else None
    script = """import json, os, socket, sys
os.setgroups([int(sys.argv[3])]); os.setgid(65534); os.setuid(1)
peer = socket.socket(socket.AF_UNIX); peer.connect(sys.argv[1])
peer.sendall(json.dumps({"scimward": 1, "config": sys.argv[2], "do": "reject", "hold": 1, "as": "root"}).encode() + b"\\n")
print(peer.makefile().read())"""
    with running(open_agent) as service:
        done = subprocess.run([sys.executable, "-c", script, open_agent.socket, open_agent.config,
                               str(grp.getgrnam("daemon").gr_gid)], capture_output=True, text=True, check=False)
        assert '"exit":0' in done.stdout, done.stdout + done.stderr
        assert f"hold 1 rejected by {pwd.getpwuid(1).pw_name}" in service.log


# ---- rude clients ----


RUDENESS = {
    "http": b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    "endless": b"x" * (REQUEST_MAX * 4),
    "long text": b'{"scimward":1,"do":"sync","config":"' + b"x" * 5000 + b'"}\n',
    "deep": b"[" * 10000 + b"\n",
    "NUL": b"\0" * 5000,
    "bytes": bytes(range(256)) * 20,
    "lines": b"\n" * 1000,
    "version": b'{"scimward":2,"do":"sync"}\n',
    "verb": b'{"scimward":1,"do":"explode","config":"/c"}\n',
    "nothing": b"",
}


def test_rude_clients(agent):
    with running(agent):
        for name, rudeness in RUDENESS.items():
            with Peer(agent) as peer:
                with contextlib.suppress(OSError):
                    peer.socket.sendall(rudeness)
                    peer.socket.shutdown(socket.SHUT_WR)
                try:
                    said = peer.lines()
                except OSError:
                    said = []
            assert not said or (said[-1]["event"], said[-1]["exit"]) == ("done", 64), name
            assert is_open(agent), name


def test_another_version_is_told(agent):
    with running(agent), Peer(agent) as peer:
        peer.ask(do="sync", scimward=2)
        assert "speaks version 2 of the control protocol" in peer.lines()[-1]["message"]


def fake_service(agent, answer):
    """A service that says just this to everybody."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(agent.socket)
    listening.listen()

    def serve():
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listening.accept()
                with peer:
                    peer.recv(65536)
                    peer.sendall(answer)
    threading.Thread(target=serve, daemon=True).start()
    return contextlib.closing(listening)


def test_a_service_of_another_version_is_told(agent):
    with fake_service(agent, b'{"scimward":9,"event":"done","exit":0}\n'):
        done = agent.run("sync").expect(69)
        assert "the service speaks version 9 of the control protocol" in done.err
        assert "use the scimward of the same release" in done.err
        done = agent.run("status").expect(0)  # what can be read without it is
        assert "version 9" in done.err and done.out.startswith("state ")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 1000000, b"",
                                    b'{"scimward":1,"event":"progress","phase":"\\u001b[31m"}\n'],
                         ids=["http", "endless", "nothing", "half"])
def test_nonsense_from_a_service(agent, answer):
    with fake_service(agent, answer):
        done = agent.run("sync").expect(69)
        assert "\033" not in done.err and done.err.startswith("scimward: the service")


def test_who_holds_a_place_holds_up_nothing(agent, server):
    with running(agent) as service, contextlib.ExitStack() as crowd:
        peers = [crowd.enter_context(Peer(agent)) for _ in range(VISITS_MAX)]
        peers[0].socket.sendall(b'{"scimward":1,"do":"st')
        with Peer(agent) as late:
            assert late.lines()[-1]["exit"] == 75
        busy = agent.run("sync").expect(75)
        assert "the service is busy with others who ask; try later" in busy.err
        rename(server, "p7", "Crowd")
        service.send(signal.SIGHUP)  # cycles go on
        service.wait_for(lambda: surname(agent.simulator, "p7") == "Crowd")
        rename(server, "p7", "p7")


def test_watches_leave_room(agent):
    with running(agent), contextlib.ExitStack() as crowd:
        for _ in range(WATCHES_MAX):
            peer = crowd.enter_context(Peer(agent))
            peer.ask(do="watch")
            assert peer.line()["event"] == "page"
        assert "too many others are watching" in agent.run("status", "--watch").expect(75).err
        agent.run("sync").expect(0)


def test_memory_stays_small(agent):
    """Clients that ask for pages and do not read them."""
    with running(agent) as service:
        def kilobytes():
            with open(f"/proc/{service.process.pid}/status", encoding="ascii") as file:
                return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
        for _ in range(3):
            agent.run("status").expect(0)
        before = kilobytes()
        for _ in range(200):
            with Peer(agent) as peer:
                peer.ask(do="status", json=True)
        with contextlib.suppress(OSError), Peer(agent) as peer:
            for _ in range(200):
                peer.socket.sendall(b"x" * 65536)
        assert kilobytes() - before < 20000
        assert is_open(agent)


# ---- the service manager's socket ----


@pytest.mark.skipif(not HAS_SYSTEMD, reason="this build has no libsystemd")
@pytest.mark.parametrize("name", ["control", "other"])
def test_a_socket_of_the_service_manager(agent, name):
    need(None if shutil.which("systemd-socket-activate") else
         "systemd-socket-activate is missing; on Debian: apt-get install systemd")
    given = agent.path("given.sock")
    log = agent.path("activated.log")
    with open(log, "wb") as file:
        process = subprocess.Popen(
            ["systemd-socket-activate", "-l", given, f"--fdname={name}",
             *[f"-E{key}={value}" for key, value in agent.environment.items() if key != "LS_COLORS"],
             find_binary(), "-c", agent.config, "run"], stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 30
        with socket.socket(socket.AF_UNIX) as wake:
            while wake.connect_ex(given) != 0:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        if name == "control":
            configure(agent, path=given)
        while not is_open(agent):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        agent.run("sync").expect(0)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with open(log, encoding="utf-8") as file:
        said = file.read()
    assert ("listening at the socket of the service manager" in said) == (name == "control")
    assert ("the service manager gave a socket named" in said) == (name == "other")
    assert os.path.exists(given)  # it is not the service's to remove


# ---- what the state says ----


def test_the_trail_holds(agent):
    with held(agent) as service:
        agent.run("approve", "1").expect(0)
        service.wait_for(lambda: len(agent.simulator.users()) >= 12)
        agent.run("sync").expect(0)
    agent.run("audit", "verify").expect(0)
    state = sqlite3.connect(agent.state)
    assert state.execute("SELECT count(*) FROM hold WHERE ended_ms = 0").fetchone() == (0,)
    state.close()
