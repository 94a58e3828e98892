#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""metrics.textfile and metrics.listen: what Prometheus makes of them, and who cannot hold up a cycle.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_metrics.py
"""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
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
from agent import Agent  # noqa: E402
from conftest import need  # noqa: E402
from simulator import Simulator  # noqa: E402

LABELS = r'\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\}'
SAMPLE = re.compile(rf"([a-z_]+)({LABELS})? (-?\d+(?:\.\d+)?)")
NAME = re.compile(r"\bscimward_[a-z_]+")
RULES = harness.SOURCE / "contrib" / "prometheus" / "scimward.rules.yml"
RULES_TEST = harness.SOURCE / "tests" / "integration" / "scimward.rules.test.yml"
DASHBOARD = harness.SOURCE / "contrib" / "grafana" / "scimward.json"
MANUAL = harness.SOURCE / "man" / "scimward-metrics.7"
HAS_HTTP = "define HAVE_METRICS_HTTP 1" in (harness.BUILD / "config.h").read_text(encoding="utf-8")
CONNECTIONS_MAX = 32

needs_http = pytest.mark.skipif(not HAS_HTTP, reason="this build has no HTTP endpoint")


# ---- what is read ----


class Metrics(dict):
    """The samples by series, as they are written; fails at what a linter would complain of."""

    def __init__(self, text):
        super().__init__()
        self.text, self.kinds = text, {}
        helped = set()
        assert text.endswith("\n")
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name = line.split()[2]
                assert name not in helped and line.endswith(".")
                helped.add(name)
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                assert name not in self.kinds and name in helped and (kind == "counter") == name.endswith("_total")
                self.kinds[name] = kind
            else:
                match = SAMPLE.fullmatch(line)
                assert match and base_name(match[1]) in self.kinds, line
                series = match[1] + (match[2] or "")
                assert series not in self and series.startswith("scimward_")
                self[series] = float(match[3])


def base_name(name):
    """A histogram's, of one of its series."""
    return re.sub(r"_seconds_(bucket|sum|count)$", "_seconds", name)


def read(path):
    with open(path, encoding="utf-8") as file:
        return Metrics(file.read())


def promtool(*arguments, text=None):
    need(None if shutil.which("promtool") else "promtool is missing; on Debian: apt-get install prometheus")
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=120,
                          check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


# ---- who is asked ----


class Door:
    """Where the service answers: ("127.0.0.1", port) or a path."""

    def __init__(self, address):
        self.address = address
        self.listen = f"unix:{address}" if isinstance(address, str) else f"{address[0]}:{address[1]}"

    def connect(self):
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        peer = socket.socket(family, socket.SOCK_STREAM)
        peer.settimeout(30)
        peer.connect(self.address)
        return peer

    def ask(self, path, method="GET", **rest):
        """(status, headers, text) of one request."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = self.connect()
        try:
            connection.request(method, path, **rest)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def metrics(self):
        status, headers, text = self.ask("/metrics")
        assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        return Metrics(text)

    def is_open(self):
        try:
            return self.ask("/healthz")[0] == 200
        except OSError:
            return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(name="agent")
def start_agent(tmp_path):
    with Simulator(tmp_path, "--api-key", "key-1") as simulator:
        people = tmp_path / "people.ldif"
        people.write_text(slapd.person("anna", givenName="A") + slapd.person("berta", givenName="B"))
        agent = Agent(tmp_path / "agent", f'{{ name = "corp"; kind = "ldif"; urls = [ "file://{people}" ]; }}',
                      f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
                          allow_cleartext = true;""")
        agent.people = people
        agent.file = str(tmp_path / "scimward.prom")
        agent.simulator = simulator
        configure(agent)
        yield agent


def configure(agent, door=None, more=""):
    listen = f'listen = "{door.listen}";' if door else ""
    agent.write(more=f'metrics = {{ textfile = "{agent.file}"; {listen} }}; schedule = {{ delta = "1s"; }}; {more}')


@pytest.fixture(name="door")
def make_door(agent):
    door = Door(("127.0.0.1", free_port()))
    configure(agent, door)
    return door


def add_person(agent, name):
    with open(agent.people, "a", encoding="utf-8") as file:
        file.write(slapd.person(name, givenName=name))


def has_account(agent, name):
    return any(user["userName"].startswith(name + "@") for user in agent.simulator.users())


# ---- the file ----


def test_a_sync_leaves_its_numbers(agent):
    began = time.time()
    agent.run("sync", "--dry-run").expect(0)
    assert not os.path.exists(agent.file)
    agent.run("sync").expect(0)
    found = read(agent.file)
    assert found["scimward_linked_accounts"] == found["scimward_active_accounts"] == 2
    assert found['scimward_last_run_actions{state="done"}'] == 2
    assert found['scimward_last_run_actions{state="failed"}'] == 0
    assert found["scimward_delta_missed_changes_total"] == 0
    assert found['scimward_cycles_total{kind="reconcile",outcome="done"}'] == 1
    assert found['scimward_cycles_total{kind="reconcile",outcome="peer-down"}'] == 0
    assert found['scimward_cycle_duration_seconds_count{kind="reconcile"}'] == 1
    assert found['scimward_peer_up{peer="tenant"}'] == found['scimward_peer_up{peer="directory"}'] == 1
    assert found['scimward_tenant_requests_total{operation="create",outcome="success"}'] == 2
    assert found['scimward_tenant_request_duration_seconds_bucket{operation="create",le="+Inf"}'] == 2
    assert found['scimward_directory_entries{directory="corp"}'] == 2
    assert found["scimward_directory_entries_read_total"] == 2
    assert found["scimward_drifted_accounts"] == 0
    assert began - 2 < found["scimward_last_certified_cycle_timestamp_seconds"] < time.time() + 2
    assert os.stat(agent.file).st_mode & 0o777 == 0o644
    assert [name for name in os.listdir(os.path.dirname(agent.file)) if ".prom." in name] == []
    assert "@" not in found.text  # nobody is named


def test_what_the_tenant_did_shows(agent):
    agent.run("sync").expect(0)
    anna = next(user for user in agent.simulator.users() if user["userName"].startswith("anna"))
    agent.simulator.edit(anna["id"], active=False)
    agent.simulator.add(userName="robot@corp.example")
    agent.simulator.fault(fault="429", count=1)
    agent.run("sync", "--kind", "reconcile")
    found = read(agent.file)
    assert found["scimward_drifted_accounts"] == 1 and found["scimward_orphan_accounts"] >= 1
    assert found['scimward_tenant_requests_total{operation="read",outcome="throttled"}'] == 1
    assert found['scimward_tenant_requests_total{operation="change",outcome="success"}'] == 1
    agent.run("sync", "--kind", "full").expect(0)
    assert read(agent.file)["scimward_drifted_accounts"] == 1  # until the next reconcile


def test_a_hold_shows_by_its_class(agent):
    agent.run("sync").expect(0)
    configure(agent, more="policy = { limits = { creations = { count = 1; }; }; };")
    add_person(agent, "carla")
    add_person(agent, "dora")
    agent.run("sync").expect(3)
    found = read(agent.file)
    assert found['scimward_open_holds{class="creations"}'] == 1 and found['scimward_open_holds{class="renames"}'] == 0
    agent.run("reject", "1").expect(0)
    agent.run("sync", "--kind", "delta")
    assert read(agent.file)['scimward_open_holds{class="creations"}'] == 0


def test_the_service_counts_on(agent):
    with agent.service() as service:
        service.wait_for(lambda: os.path.exists(agent.file) and
                         read(agent.file)['scimward_cycles_total{kind="delta",outcome="done"}'] >= 3)
        found = read(agent.file)
        assert found["scimward_directories"] == 1 and found["scimward_config_last_reload_successful"] == 1


def test_a_peer_that_is_down_shows(agent):
    agent.run("sync").expect(0)
    os.unlink(agent.people)
    agent.run("sync").expect(69)
    found = read(agent.file)
    assert found['scimward_peer_up{peer="directory"}'] == 0 and found['scimward_peer_up{peer="tenant"}'] == 1
    assert found['scimward_cycles_total{kind="full",outcome="peer-down"}'] == 1


def test_a_file_that_cannot_be_written_stops_nothing(agent):
    agent.write(more='metrics = { textfile = "/nonexistent/scimward.prom"; };')
    done = agent.run("sync").expect(0)
    assert "cannot write /nonexistent/scimward.prom: No such file or directory" in done.err
    assert len(agent.simulator.users()) >= 2


# ---- what others make of it ----


def live(agent):
    """Metrics that a service wrote into the file after some cycles."""
    with agent.service() as service:
        service.wait_for(lambda: os.path.exists(agent.file) and
                         read(agent.file)['scimward_cycles_total{kind="delta",outcome="done"}'] >= 2)
        return read(agent.file)


def test_prometheus_takes_the_file(agent):
    promtool("check", "metrics", text=live(agent).text)


def test_the_manual_lists_what_there_is(agent):
    manual = MANUAL.read_text(encoding="utf-8")
    listed = dict(re.findall(r"(?m)^\.It Li (scimward_[a-z_]+) Pq ([a-z]+)", manual))
    assert listed == live(agent).kinds


def test_every_alert_fires_and_does_not():
    promtool("check", "rules", RULES)
    promtool("test", "rules", RULES_TEST)
    cases = RULES_TEST.read_text(encoding="utf-8")
    firing = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:", cases))
    silent = set(re.findall(r"alertname: (\w+)(?: \}\n|\n\s+- )", cases))
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8")))
    assert alerts and alerts == firing == silent


def expressions_of(panels):
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", []))
        yield from expressions_of(panel.get("panels", []))


def test_alerts_and_dashboard_name_metrics_that_exist(agent, tmp_path):
    expressions = list(expressions_of(json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]))
    known = live(agent).kinds
    named = set(NAME.findall("\n".join(re.findall(r"(?ms)expr: (.*?)\n        (?:for|labels):",
                                                  RULES.read_text(encoding="utf-8")) + expressions)))
    assert len(expressions) > 20 and {base_name(name) for name in named} <= set(known)
    # What nobody looks at would be for nothing.
    shown = {base_name(name) for name in NAME.findall("\n".join(expressions))}
    assert shown == set(known)
    rules = tmp_path / "dashboard.yml"
    rules.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions)]}]}), encoding="utf-8")
    promtool("check", "rules", rules)


# ---- over HTTP ----


@needs_http
def test_pages(agent, door):
    with agent.service() as service:
        service.wait_for(door.is_open)
        service.wait_for(lambda: "scimward_drifted_accounts" in door.metrics())
        found = door.metrics()
        promtool("check", "metrics", text=found.text)
        assert found["scimward_linked_accounts"] == 2 and set(found.kinds) == set(read(agent.file).kinds)
        assert door.ask("/readyz")[::2] == (200, "ready\n")
        status, headers, text = door.ask("/metrics", "HEAD")
        assert (status, text) == (200, "") and int(headers["Content-Length"]) > 1000
        assert headers["Cache-Control"] == "no-store"
        assert door.ask("/")[0] == door.ask("/metrics/")[0] == door.ask("//metrics")[0] == 404
        assert door.ask("/metrics?x=y")[0] == 200
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"):
            status, headers, _ = door.ask("/metrics", method)
            assert (status, headers["Allow"]) == (405, "GET, HEAD")
        assert door.ask("/metrics", "POST", body=b"x" * 5000)[0] == 405
    assert not door.is_open()
    assert " /metrics" not in service.log  # nobody wants to read who asked


@needs_http
def test_what_is_known_is_there_before_the_first_cycle(agent, door):
    agent.run("sync").expect(0)
    agent.simulator.fault(fault="slow", ms=3000, count=1000)
    configure(agent, door, 'policy = { drift = "report"; };')
    with agent.service() as service:
        service.wait_for(door.is_open)
        assert door.metrics()["scimward_linked_accounts"] == 2


@needs_http
def test_a_peer_that_is_down_makes_it_not_ready(agent, door):
    hidden = str(agent.people) + ".away"
    with agent.service() as service:
        service.wait_for(door.is_open)
        service.wait_for(lambda: os.path.exists(agent.file))
        os.rename(agent.people, hidden)
        service.wait_for(lambda: door.ask("/readyz")[0] == 503)
        assert re.fullmatch("the last (delta|full|reconcile) cycle could not use the directory\n",
                            door.ask("/readyz")[2])
        assert door.ask("/healthz")[::2] == (200, "alive\n")
        os.rename(hidden, agent.people)
        service.wait_for(lambda: door.ask("/readyz")[0] == 200, seconds=150)


@needs_http
def test_a_request_under_way_is_seen(agent, door):
    with agent.service() as service:
        service.wait_for(door.is_open)
        service.wait_for(lambda: has_account(agent, "berta"))
        agent.simulator.fault(fault="slow", ms=2000, count=2)
        add_person(agent, "carla")

        def is_seen():
            found = door.metrics()
            return found["scimward_tenant_requests_in_flight"] == 1 and found["scimward_cycle_running"] == 1
        service.wait_for(is_seen)
        service.wait_for(lambda: has_account(agent, "carla"))


@needs_http
def test_a_unix_socket(agent):
    door = Door(agent.path("metrics.sock"))
    configure(agent, door)
    with agent.service() as service:
        service.wait_for(door.is_open)
        assert stat.S_IMODE(os.stat(door.address).st_mode) == 0o666
        assert door.metrics()
    assert not os.path.exists(door.address)
    killed = agent.service()
    killed.wait_for(door.is_open)
    killed.send(signal.SIGKILL)
    killed.process.wait(30)
    assert os.path.exists(door.address)
    with agent.service() as service:
        service.wait_for(door.is_open)  # what the dead one left is replaced


@needs_http
def test_a_port_in_use_stops_nothing(agent, door):
    with socket.socket() as other:
        other.bind(door.address)
        other.listen()
        with agent.service() as service:
            service.wait_for(lambda: has_account(agent, "berta"))
            service.wait_for(lambda: os.path.exists(agent.file) and
                             read(agent.file)['scimward_cycles_total{kind="delta",outcome="done"}'] >= 2)
            assert service.log.count(f"cannot listen at {door.listen}: Address already in use") == 1
            other.close()
            service.wait_for(door.is_open)


@needs_http
def test_a_reload_moves_it(agent, door):
    other = Door(("127.0.0.1", free_port()))
    with agent.service() as service:
        service.wait_for(door.is_open)
        configure(agent, other)
        service.send(signal.SIGHUP)
        service.wait_for(other.is_open)
        service.wait_for(lambda: not door.is_open())
        configure(agent, Door(("10.0.0.1", 9464)))
        service.send(signal.SIGHUP)
        service.wait_for(lambda: other.metrics()["scimward_config_last_reload_successful"] == 0)
        assert "10.0.0.1 can be reached from other hosts" in service.log
        configure(agent)
        service.send(signal.SIGHUP)
        service.wait_for(lambda: not other.is_open())


@needs_http
@pytest.mark.parametrize("rudeness", [
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100000 + b"\r\n\r\n",
    b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
    b"GET /metrics HTTP/1.1\r\n\r\n" * 1000,
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    b"GET /metrics HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300),
    bytes(range(256)) * 100,
    b"",
], ids=["huge-header", "huge-path", "many-headers", "pipeline", "chunks", "long-body", "version", "tls", "bytes",
        "nothing"])
def test_rude_clients(agent, door, rudeness):
    with agent.service() as service:
        service.wait_for(door.is_open)
        with door.connect() as peer:
            try:
                peer.sendall(rudeness)
                peer.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: peer.recv(65536), b""))
            except OSError:
                answer = b""  # hung up on
        status = re.match(rb"HTTP/1\.[01] (\d+)", answer)
        assert not answer or status, answer[:200]
        assert not status or status[1] in (b"200", b"400", b"404", b"405", b"413", b"414", b"431", b"501", b"505")
        assert door.is_open()


@contextlib.contextmanager
def dribbling(peers):
    """Has each send a byte now and then, so that nobody is ever idle."""
    is_over = threading.Event()

    def dribble():
        while not is_over.wait(0.2):
            for peer in peers:
                with contextlib.suppress(OSError):
                    peer.send(b"x")
    thread = threading.Thread(target=dribble)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@needs_http
def test_slow_clients_hold_up_no_cycle(agent, door):
    with agent.service() as service, contextlib.ExitStack() as crowd:
        service.wait_for(door.is_open)
        service.wait_for(lambda: has_account(agent, "berta"))
        # Half a request, one whose answer nobody reads, not a word; and many more who wait in the queue.
        for number in range(CONNECTIONS_MAX):
            peer = crowd.enter_context(door.connect())
            peer.sendall((b"GET /metrics HTTP/1.1\r\nHo", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"")[number % 3])
        for _ in range(300):
            peer = crowd.enter_context(socket.socket())
            peer.setblocking(False)
            peer.connect_ex(door.address)
        cycles = read(agent.file)['scimward_cycles_total{kind="delta",outcome="done"}']
        add_person(agent, "carla")
        service.wait_for(lambda: has_account(agent, "carla"))
        service.wait_for(lambda: read(agent.file)['scimward_cycles_total{kind="delta",outcome="done"}'] >= cycles + 3)


@needs_http
def test_a_place_is_nobodys_for_long(agent, door):
    with agent.service() as service, contextlib.ExitStack() as crowd:
        service.wait_for(door.is_open)
        peers = [crowd.enter_context(door.connect()) for _ in range(CONNECTIONS_MAX)]
        for peer in peers:
            peer.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        with dribbling(peers):
            service.wait_for(door.is_open, seconds=60)


@needs_http
def test_a_crowd_that_asks_properly_is_served(agent, door):
    with agent.service() as service:
        service.wait_for(door.is_open)
        peers = [door.connect() for _ in range(CONNECTIONS_MAX)]
        for peer in peers:
            peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        for peer in peers:
            answer = b"".join(iter(lambda peer=peer: peer.recv(65536), b""))
            assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\n")
            peer.close()


def test_a_build_without_it_says_so(agent, door):
    if HAS_HTTP:
        agent.run("check", "--offline").expect(0)
    else:
        assert "this build has no HTTP endpoint" in agent.run("check", "--offline").expect(78).err
