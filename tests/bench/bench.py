#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the agent costs beside bare programs that do the same work.

    make bench [BENCH_PEOPLE=1000000] …

All figures come from this run on this machine, so that the ratios mean something where the seconds do
not. A goal that is missed is marked, never an error. The environment says what to do:

    BENCH_PEOPLE   people in the directory that is scanned, and that deltas are told of (100000)
    BENCH_CREATE   accounts to create (10000)
    BENCH_RUNS     runs of each program, of which the median counts (5)
    BENCH_ONLY     some of: scan delta push create scimmy poll core (all)
    BENCH_SCIMMY   a folder with app.mjs: a SCIM server on SCIMMY, started by node with PORT, TOKEN and
                   QUIET in its environment; serves /scim/v2 and a new, empty store at each start
    BENCH_FOLDER   keeps the directory there, for another run with as many people
    BENCH_JSON     where the results go as JSON (bench.json)
"""
import contextlib
import json
import math
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
import agent as agent_under_test  # noqa: E402
import slapd  # noqa: E402

BUILD = os.environ.get("top_builddir", ".")
TOKEN = "key-1"  # what Agent puts into TENANT_KEY
PAGE = 1000
FILTER = "(objectClass=inetOrgPerson)"
CHANGES = 100  # people that a delta is told of, and changes that are pushed
PUSH_PEOPLE = 1000
GATHER_MS = 200  # that the service waits for more changes, on purpose: src/sync/service.c

# Ten attributes. The agent asks for the key and the lock as well, and so does bare_ldap.
ATTRIBUTES = ("mail", "employeeNumber", "givenName", "sn", "displayName", "title", "employeeType",
              "preferredLanguage", "uid", "departmentNumber", "entryUUID", "pwdAccountLockedTime")
MAPPING = """
  { to = "userName"; from = "${mail|lower}"; }, { to = "externalId"; from = "${employeeNumber}"; },
  { to = "name.givenName"; from = "${givenName}"; }, { to = "name.familyName"; from = "${sn}"; },
  { to = "displayName"; from = "${displayName}"; }, { to = "title"; from = "${title}"; },
  { to = "userType"; from = "${employeeType}"; }, { to = "preferredLanguage"; from = "${preferredLanguage}"; },
  { to = "nickName"; from = "${uid}"; },
  { to = "active"; from = "false"; when = "(departmentNumber=left*)"; }, { to = "active"; from = "${.enabled}"; }"""
UNLIMITED = """policy = { limits = { creations = { count = 0; }; }; };
log = { level = "warning"; };"""
# No poll and no scan comes between: whatever arrives was pushed.
PUSH = UNLIMITED.replace("warning", "info") + """
schedule = { delta = "1h"; full = "24h"; reconcile = "7d"; push = true; };"""

FIRST = ("Anna", "Ben", "Carla", "Zoë", "Elena", "Felix", "Grace", "Jürgen", "Ines", "Jonas", "Łucja", "Paul")
LAST = ("Smith", "Jones", "Müller", "García", "Rossi", "Silva", "Nguyen", "Kim", "Patel", "Novák", "Tanaka")
TITLES = ("Software Engineer", "Nurse", "Team Lead", "Controller", "Data Analyst", "Technician", "Director")


def say(text):
    print(text, file=sys.stderr, flush=True)


def program(name):
    return os.path.join(BUILD, "tests", "bench", name)


# ---- people ----

def person(number):
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    return slapd.person(f"u{number:07d}", cn=f"{first} {last}", sn=last, givenName=first,
                        displayName=f"{first} {last} ({number})", employeeNumber=str(number),
                        departmentNumber=f"D{number // 200:05d}", title=TITLES[number % len(TITLES)],
                        employeeType="employee", preferredLanguage="en" if number % 3 else "de")


def write_people(path, count, head=""):
    with open(path, "w", encoding="utf-8") as file:
        file.write(head)
        for number in range(1, count + 1):
            file.write(person(number))


class Directory(slapd.Slapd):
    """slapd with a million people: too many to hold as text, and to load twice."""

    def __init__(self, folder, count):
        self.count = count
        folder = os.path.join(folder, f"slapd-{count}")
        self.is_loaded = os.path.exists(os.path.join(folder, "loaded"))
        if self.is_loaded:
            os.rename(os.path.join(folder, "db"), os.path.join(folder, "kept"))
        else:
            shutil.rmtree(folder, ignore_errors=True)
        super().__init__(folder, None, extra_database="syncprov-sessionlog 10000")

    def write_configuration(self, *arguments):
        super().write_configuration(*arguments)
        with open(self.path("slapd.conf"), encoding="utf-8") as file:
            text = file.read()
        with open(self.path("slapd.conf"), "w", encoding="utf-8") as file:
            file.write(text.replace("maxsize 1073741824", "maxsize 17179869184"))

    def load(self, ldif):
        if self.is_loaded:
            os.rmdir(self.path("db"))
            os.rename(self.path("kept"), self.path("db"))
            return
        say(f"loading {self.count} people into slapd")
        write_people(self.path("data.ldif"), self.count, slapd.skeleton())
        subprocess.run([slapd.find_tool("slapadd"), "-q", "-f", self.path("slapd.conf"), "-l", self.path("data.ldif")],
                       check=True, capture_output=True)
        os.unlink(self.path("data.ldif"))
        open(self.path("loaded"), "w", encoding="ascii").close()

    def text(self):
        return f"""{{ name = "bench"; kind = "openldap"; urls = [ "{self.ldap}" ]; allow_cleartext = true;
    changes = "syncrepl"; bind = {{ dn = "cn=sync,{slapd.SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
    users = {{ bases = [ "{slapd.PEOPLE}" ]; filter = "{FILTER}"; }}; page_size = {PAGE}; }}"""


# ---- tenants ----

class Stub:
    """http_stub; how many requests it answered is known in the end."""

    def __init__(self, folder, *options):
        port_file = os.path.join(folder, "stub.port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        self.process = subprocess.Popen([program("http_stub"), "--port-file", port_file, *options],
                                        stdout=subprocess.PIPE)
        while not os.path.exists(port_file):
            assert self.process.poll() is None, "http_stub did not start"
            time.sleep(0.01)
        with open(port_file, encoding="ascii") as file:
            self.url = f"http://127.0.0.1:{int(file.read())}/scim/v2"
        self.requests = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.requests = json.loads(self.process.communicate(timeout=20)[0])["requests"]


class Scimmy:
    """A SCIM server that nobody here wrote, with an empty store."""

    def __init__(self, folder):
        port = slapd.free_port()
        self.process = subprocess.Popen(["node", "app.mjs"], cwd=folder,
                                        env=dict(os.environ, PORT=str(port), TOKEN=TOKEN, QUIET="1"))
        self.url = f"http://127.0.0.1:{port}/scim/v2"
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, "SCIMMY did not start"
                time.sleep(0.05)
        raise RuntimeError("SCIMMY does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


def tenant_text(url, concurrency):
    return f"""profile = "generic"; url = "{url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
    allow_cleartext = true; requests_per_second = 0; concurrency = {concurrency};"""


# ---- measuring ----

class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.keep = os.environ.get("BENCH_FOLDER") or folder
        os.makedirs(self.keep, exist_ok=True)
        self.runs = int(os.environ.get("BENCH_RUNS", "5"))
        self.people = int(os.environ.get("BENCH_PEOPLE", "100000"))
        self.create = int(os.environ.get("BENCH_CREATE", "10000"))
        self.large = None
        self.rows = []
        self.results = {"people": self.people, "create": self.create, "runs": self.runs}

    def path(self, name):
        return os.path.join(self.folder, name)

    def agent(self, name, directory, url, concurrency=8):
        shutil.rmtree(self.path(name), ignore_errors=True)
        return agent_under_test.Agent(self.path(name), directory, tenant_text(url, concurrency), mapping=MAPPING,
                                      more=UNLIMITED)

    def timed(self, arguments, environment=None):
        """Runs a program; gives its wall, CPU, peak memory, and what it printed."""
        result = self.path("timed.json")
        done = subprocess.run([program("timed"), result, *arguments], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        with open(result, encoding="ascii") as file:
            measured = json.load(file)
        measured["out"] = done.stdout.decode()
        return measured

    def sync(self, agent, *arguments):
        return self.timed([agent_under_test.find_binary(), "-c", agent.config, "sync", *arguments], agent.environment)

    def load(self):
        """The directory with BENCH_PEOPLE, a tenant that has them all, and the agent between: made once."""
        if self.large is None:
            self.large = Large(self)
        return self.large

    def unload(self):
        if self.large is not None:
            self.large.close()
            self.large = None

    def row(self, what, value, goal="", met=None):
        self.rows.append((what, value, goal, met))

    def ratio(self, what, ours, theirs, goal, is_met):
        ratio = ours / theirs
        self.row(what, f"{ratio:.2f}", goal, is_met(ratio))
        return ratio

    def print(self):
        width = max(len(row[0]) for row in self.rows)
        for what, value, goal, met in self.rows:
            mark = "" if met is None else "ok" if met else "MISSED"
            print(f"{what:<{width}}  {value:>14}  {goal:<12} {mark}".rstrip())
        path = os.environ.get("BENCH_JSON", "bench.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(self.results, file, indent=1)
            file.write("\n")
        print(json.dumps(self.results))


def median(runs, name):
    return statistics.median(run[name] for run in runs)


def read_state(agent, question):
    state = sqlite3.connect(f"file:{agent.state}?mode=ro", uri=True)
    try:
        yield from state.execute(question)
    finally:
        state.close()


def expect_run(agent, **counts):
    """Fails when the last run did not do what is measured."""
    found = next(read_state(agent, f"SELECT {', '.join(counts)} FROM run ORDER BY id DESC LIMIT 1"))
    assert list(found) == list(counts.values()), f"{counts} was expected, not {found}"


def summary_of(runs):
    return {name: median(runs, name) for name in ("seconds", "cpuSeconds", "maxRssKiB")}


# ---- a full scan with nothing to do ----

class Large:
    """What `scan` and `delta` share, as it takes long to make."""

    def __init__(self, bench):
        with contextlib.ExitStack() as stack:
            self.server = stack.enter_context(Directory(bench.keep, bench.people))
            stub = stack.enter_context(Stub(bench.folder))
            stack.callback(shutil.rmtree, bench.path("scan"), ignore_errors=True)
            self.agent = bench.agent("scan", self.server.text(), stub.url, concurrency=32)
            snapshot(bench, self.agent)
            bare_scan(bench, self.server)  # warms slapd's pages
            self.close = stack.pop_all().close


def bare_scan(bench, server):
    return bench.timed([program("bare_ldap"), server.ldap, f"cn=sync,{slapd.SERVICES}", "secret-of-sync", slapd.PEOPLE,
                        FILTER, str(PAGE), *ATTRIBUTES])


def scan_again(bench, agent):
    measured = bench.sync(agent, "--kind", "full")
    expect_run(agent, unchanged=bench.people, created=0, updated=0)
    return measured


def snapshot(bench, agent):
    say(f"creating {bench.people} accounts, so that the snapshot holds them")
    first = bench.sync(agent)
    expect_run(agent, created=bench.people, done=bench.people)
    bench.results["snapshot"] = {name: first[name] for name in ("seconds", "cpuSeconds", "maxRssKiB")}
    bench.row(f"first sync of {bench.people}: accounts/s", f"{bench.people / first['seconds']:.0f}")
    bench.row("  peak memory, MiB", f"{first['maxRssKiB'] / 1024:.0f}")


def scan(bench):
    large = bench.load()
    ours, theirs = [], []
    for number in range(bench.runs):
        say(f"scanning {bench.people} people, {number + 1} of {bench.runs}")
        theirs.append(bare_scan(bench, large.server))
        ours.append(scan_again(bench, large.agent))
    found, bare = summary_of(ours), summary_of(theirs)
    bench.row(f"scan of {bench.people}, nothing to do: seconds", f"{found['seconds']:.2f}")
    bench.row("  bare libldap: seconds", f"{bare['seconds']:.2f}")
    bare["ratio"] = bench.ratio("  ratio", found["seconds"], bare["seconds"], "<= 1.10", lambda ratio: ratio <= 1.10)
    limit_s = 8 * bench.people / 1e6
    bench.row("  CPU seconds", f"{found['cpuSeconds']:.2f}", f"<= {limit_s:.1f}", found["cpuSeconds"] <= limit_s)
    bench.row("  bare libldap: CPU seconds", f"{bare['cpuSeconds']:.2f}")
    bench.row("  peak memory, MiB", f"{found['maxRssKiB'] / 1024:.0f}", "<= 96", found["maxRssKiB"] <= 96 * 1024)
    bench.results["scan"] = {"agent": found, "bare": bare}


# ---- a delta ----

def change_some(server, count, people, attribute="title"):
    """Gives people new titles, all over the directory; or something that the tenant is not told."""
    text = ""
    if count == 0:
        return
    for number in range(1, people + 1, people // count)[:count]:
        text += f"dn: uid=u{number:07d},{slapd.PEOPLE}\nchangetype: modify\nreplace: {attribute}\n"
        text += f"{attribute}: {TITLES[number % len(TITLES)]} {time.time_ns()}\n\n"
    server.modify(text)


def delta_once(bench, agent, count):
    """A delta, and nothing else: it says how many the directory told it of, and by what."""
    measured = bench.sync(agent, "--kind", "delta")
    told = f"told of {count} entries and 0 groups (syncrepl)."
    assert told in " ".join(measured["out"].split()), f"it was no delta of {count}:\n{measured['out']}"
    return measured


def cpu_seconds(process):
    """What a running process has used so far, to the microsecond."""
    with open(f"/proc/{process.pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def updated_by_deltas(agent):
    return next(read_state(agent, "SELECT coalesce(sum(updated), 0) FROM run WHERE kind = 'delta' AND ended_ms > 0"))[0]


def delta_in_service(bench, large, looked, sent):
    """Where the deltas are: in a process that has its snapshot in memory, and is told of changes."""
    spent = []
    large.agent.write(more=PUSH)
    with large.agent.service() as service:
        service.wait_for(lambda: "waiting to be told of changes" in service.log)
        time.sleep(1)  # it looks once when it has begun to wait
        for number in range(bench.runs + 1):
            say(f"changing {looked + sent} of {bench.people} people under the service, {number + 1} of {bench.runs + 1}")
            before, started_s = updated_by_deltas(large.agent), cpu_seconds(service.process)
            change_some(large.server, looked, bench.people, "description")
            change_some(large.server, sent, bench.people)
            service.wait_for(lambda: updated_by_deltas(large.agent) == before + sent)
            time.sleep(0.5)  # it closes the cycle
            spent.append(cpu_seconds(service.process) - started_s)
    large.agent.write(more=UNLIMITED)
    return statistics.median(spent[1:])  # the first opens connections


def delta(bench):
    large = bench.load()
    count = min(CHANGES, bench.people)
    scan_again(bench, large.agent)  # where the deltas begin
    changed, idle, full = [], [], []
    for number in range(bench.runs):
        say(f"changing {count} of {bench.people} people, {number + 1} of {bench.runs}")
        change_some(large.server, count, bench.people)
        changed.append(delta_once(bench, large.agent, count))
        expect_run(large.agent, kind="delta", updated=count, done=count, failed=0, created=0)
        idle.append(delta_once(bench, large.agent, 0))
        full.append(scan_again(bench, large.agent))  # finds nothing that the delta missed
    found, quiet, whole = summary_of(changed), summary_of(idle), summary_of(full)
    sent_s = delta_in_service(bench, large, 0, count)
    looked_s = delta_in_service(bench, large, count - 1, 1)  # the last one shows when it is over
    bench.row(f"delta of {count} changed among {bench.people}: seconds", f"{found['seconds']:.3f}")
    bench.row("  CPU ms", f"{found['cpuSeconds'] * 1e3:.1f}")
    bench.row("  nothing changed, so start and snapshot alone: CPU ms", f"{quiet['cpuSeconds'] * 1e3:.1f}")
    bench.row("  full scan, nothing to do: CPU ms", f"{whole['cpuSeconds'] * 1e3:.1f}")
    found["ratio"] = found["cpuSeconds"] / whole["cpuSeconds"]
    found["ratioWithoutStart"] = (found["cpuSeconds"] - quiet["cpuSeconds"]) / whole["cpuSeconds"]
    bench.row("  ratio to the full scan", f"{found['ratio']:.4f}")
    bench.row("  ratio without what a delta of nothing takes", f"{found['ratioWithoutStart']:.4f}")
    # The full scan sends nothing: what compares with it is a delta that looks at as many and sends next to nothing.
    service = {"lookedAtSeconds": looked_s, "lookedAtRatio": looked_s / whole["cpuSeconds"],
               "sentSeconds": sent_s, "sentRatio": sent_s / whole["cpuSeconds"]}
    bench.row("  in the service, all looked at and one sent: CPU ms", f"{looked_s * 1e3:.1f}")
    bench.row("  ratio to the full scan", f"{service['lookedAtRatio']:.4f}", "<= 0.01", service["lookedAtRatio"] <= 0.01)
    bench.row(f"  in the service, with {count} requests and their journal: CPU ms", f"{sent_s * 1e3:.1f}")
    bench.row("  ratio to the full scan", f"{service['sentRatio']:.4f}")
    bench.row("  peak memory, MiB", f"{found['maxRssKiB'] / 1024:.0f}")
    bench.results["delta"] = {"changes": count, "agent": found, "nothing": quiet, "full": whole, "service": service}


# ---- push ----

class Times:
    """A file that a program writes a time into, a line each."""

    def __init__(self, path):
        self.path = path

    def all(self):
        with open(self.path, encoding="ascii") as file:
            return [float(line) for line in file if line.endswith("\n")]

    def wait_for(self, count, seconds=30):
        """Gives the newest once there are so many."""
        deadline = time.monotonic() + seconds
        while len(times := self.all()) < count:
            assert time.monotonic() < deadline, f"{self.path}: {len(times)} of {count} came"
            time.sleep(0.005)
        assert len(times) == count, f"{self.path}: {len(times)} came, not {count}"
        return times[-1]


@contextlib.contextmanager
def bare_watch(bench, server):
    """bare_syncrepl, once it has heard of everybody; the first time is that."""
    path = bench.path("bare.times")
    with open(path, "wb") as file, \
            subprocess.Popen([program("bare_syncrepl"), server.ldap, f"cn=sync,{slapd.SERVICES}", "secret-of-sync",
                              slapd.PEOPLE, FILTER], stdout=file) as process:
        try:
            times = Times(path)
            times.wait_for(1)
            yield times
        finally:
            process.kill()


@contextlib.contextmanager
def changer(server):
    """Gives a function that changes a person's title, and tells when the server said that it is done."""
    with subprocess.Popen([program("one_by_one"), server.ldap, f"cn=admin,{slapd.SUFFIX}", "secret-of-admin", "title"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        def change(number):
            print(f"T{time.time_ns()} uid=u{number:07d},{slapd.PEOPLE}", file=process.stdin, flush=True)
            return float(process.stdout.readline())
        yield change


def push_changes(change, pushed, bare):
    """One at a time; gives the seconds until each arrived at the tenant, and at the bare program."""
    change(PUSH_PEOPLE)  # does not count: connections are opened
    pushed.wait_for(1)
    bare.wait_for(2)
    ours, theirs = [], []
    for number in range(1, CHANGES + 1):
        time.sleep(0.1)
        done_s = change(number)
        ours.append(pushed.wait_for(number + 1) - done_s)
        theirs.append(bare.wait_for(number + 2) - done_s)
    return ours, theirs


def latency_of(seconds):
    return {"medianMs": statistics.median(seconds) * 1e3,
            "p99Ms": sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1] * 1e3}


def measure_push(bench):
    times = bench.path("stub.times")
    with Directory(bench.keep, PUSH_PEOPLE) as server, Stub(bench.folder, "--times", times) as stub:
        agent = bench.agent("push", server.text(), stub.url)
        bench.sync(agent)
        expect_run(agent, created=PUSH_PEOPLE, done=PUSH_PEOPLE)
        agent.write(more=PUSH)
        say(f"making {CHANGES} changes, one at a time")
        with agent.service() as service, bare_watch(bench, server) as bare, changer(server) as change:
            service.wait_for(lambda: "waiting to be told of changes" in service.log)
            time.sleep(1)  # it looks once when it has begun to wait
            return push_changes(change, Times(times), bare)


def push(bench):
    ours, theirs = measure_push(bench)
    found, bare = latency_of(ours), latency_of(theirs)
    bench.row(f"push of {CHANGES} changes, of which {GATHER_MS} ms on purpose: median ms", f"{found['medianMs']:.1f}")
    bench.row("  p99, ms", f"{found['p99Ms']:.1f}", "< 1000", found["p99Ms"] < 1000)
    bench.row("  bare syncrepl: median ms", f"{bare['medianMs']:.2f}")
    bench.row("  bare syncrepl: p99, ms", f"{bare['p99Ms']:.2f}")
    bench.row("  difference: median ms", f"{found['medianMs'] - bare['medianMs']:.1f}")
    bench.row(f"  difference without the {GATHER_MS} ms", f"{found['medianMs'] - bare['medianMs'] - GATHER_MS:.1f}")
    bench.results["push"] = {"changes": CHANGES, "people": PUSH_PEOPLE, "agent": found, "bare": bare}


# ---- creating accounts ----

def people_file(bench):
    path = bench.path("people.ldif")
    if not os.path.exists(path):
        write_people(path, bench.create)
    return f"""{{ name = "bench"; kind = "ldif"; urls = [ "file://{path}" ];
    users = {{ filter = "{FILTER}"; }}; }}"""


def keep_bodies(bench, agent):
    """What the agent sent, for the bare program to send as well."""
    with open(bench.path("bodies"), "w", encoding="utf-8") as file:
        for body, in read_state(agent, "SELECT body FROM action WHERE state = 'done' ORDER BY id"):
            file.write(body + "\n")


def create_once(bench, url, concurrency):
    agent = bench.agent("create", people_file(bench), url, concurrency)
    measured = bench.sync(agent)
    expect_run(agent, created=bench.create, done=bench.create)
    if not os.path.exists(bench.path("bodies")):
        keep_bodies(bench, agent)
    return measured


def send_once(bench, url, concurrency):
    return bench.timed([program("bare_curl"), url + "/Users", TOKEN, str(concurrency), bench.path("bodies")])


def compare_creating(bench, name, start, concurrency, runs):
    """Each program meets a server of its own, as empty as the others'."""
    ours, theirs = [], []
    for number in range(runs):
        say(f"creating {bench.create} accounts at {name}, {number + 1} of {runs}")
        with start() as server:
            ours.append(create_once(bench, server.url, concurrency))
        with start() as server:
            theirs.append(send_once(bench, server.url, concurrency))
    found, bare = summary_of(ours), summary_of(theirs)
    bench.row(f"creating {bench.create} at {name}, concurrency {concurrency}: accounts/s",
              f"{bench.create / found['seconds']:.0f}", "", None)
    bench.row("  bare libcurl: requests/s", f"{bench.create / bare['seconds']:.0f}")
    bench.results[name] = {"agent": found, "bare": bare}
    return found, bare


def create(bench):
    found, bare = compare_creating(bench, "stub", lambda: Stub(bench.folder), 32, bench.runs)
    rate, cpu_us = bench.create / found["seconds"], found["cpuSeconds"] / bench.create * 1e6
    bare["ratio"] = bench.ratio("  ratio", bare["seconds"], found["seconds"], ">= 0.35", lambda ratio: ratio >= 0.35)
    bench.row("  accounts/s", f"{rate:.0f}", ">= 15000", rate >= 15000)
    bench.row("  CPU, us an account", f"{cpu_us:.1f}", "<= 60", cpu_us <= 60)
    bench.row("  bare libcurl: CPU, us a request", f"{bare['cpuSeconds'] / bench.create * 1e6:.1f}")


def scimmy(bench):
    folder = os.environ.get("BENCH_SCIMMY")
    if not folder or not shutil.which("node"):
        say("SCIMMY is left out: set BENCH_SCIMMY to its folder" if not folder else "SCIMMY is left out: no node")
        return
    found, bare = compare_creating(bench, "SCIMMY", lambda: Scimmy(folder), 8, min(bench.runs, 3))
    bare["ratio"] = bench.ratio("  ratio", bare["seconds"], found["seconds"], ">= 0.95", lambda ratio: ratio >= 0.95)


# ---- a poll that finds nothing ----

def poll_of(bench, name, directory):
    with Stub(bench.folder) as stub:
        agent = bench.agent("poll", directory, stub.url)
        bench.sync(agent)
        bench.sync(agent, "--kind", "full")
    with Stub(bench.folder) as stub:
        agent.write(tenant=tenant_text(stub.url, 8))
        polls = [bench.sync(agent, "--kind", "delta") for _ in range(max(bench.runs, 3))]
    found = summary_of(polls)
    found["requests"] = stub.requests
    bench.row(f"poll of {bench.create} in {name}, nothing changed: CPU ms", f"{found['cpuSeconds'] * 1e3:.1f}")
    bench.row("  seconds", f"{found['seconds']:.3f}")
    bench.row("  requests to the tenant", str(stub.requests), "0", stub.requests == 0)
    bench.results["poll " + name] = found


def poll(bench):
    poll_of(bench, "LDIF", people_file(bench))
    if slapd.missing() is None:
        with Directory(bench.keep, bench.create) as server:
            poll_of(bench, "slapd", server.text())


# ---- the core alone ----

def core(bench):
    found = json.loads(bench.timed([program("core_scan")])["out"])
    for name, value in found.items():
        if name.endswith("Ns"):
            bench.row(f"core, {name[:-2]}: ns an entry", f"{value:.0f}")
    bench.results["core"] = found


# Those that share the large directory come together; it is closed before any other.
PARTS = {"scan": scan, "delta": delta, "push": push, "create": create, "scimmy": scimmy, "poll": poll, "core": core}
LARGE = ("scan", "delta")
NEED_SLAPD = ("scan", "delta", "push")


def run_part(bench, name):
    if name in NEED_SLAPD and slapd.missing() is not None:
        say(f"the {name} is left out: {slapd.missing()}")
        return
    if name not in LARGE:
        bench.unload()
    PARTS[name](bench)


def main():
    wanted = os.environ.get("BENCH_ONLY", "").split() or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.exit(f"bench: BENCH_ONLY knows {' '.join(PARTS)}, not {' '.join(unknown)}")
    with tempfile.TemporaryDirectory(prefix="scimward-bench-") as folder:
        bench = Bench(folder)
        try:
            for name in wanted:
                run_part(bench, name)
        finally:
            bench.unload()
        bench.print()


if __name__ == "__main__":
    main()
