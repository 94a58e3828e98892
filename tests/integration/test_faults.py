#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What goes wrong in a company, through the whole program: a tenant, a directory and a disk that fail.

Of each fault: the exit code, words that say what to do, nobody deactivated for being absent, nothing
created twice, and a clean run afterwards that heals everything.
"""
import concurrent.futures
import fcntl
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import company as companies  # noqa: E402
import harness  # noqa: E402
import slapd as directory_server  # noqa: E402
from agent import Agent, find_binary  # noqa: E402
from company import Company, blind_creates, directory_text, tenant_text  # noqa: E402
from ldap_stub import Result, Stub  # noqa: E402
from simulator import Simulator, missing, require  # noqa: E402

QUICK = 'requests_per_second = 0; concurrency = 4; timeout = "1s";'
BASIC = """auth = { method = "basic"; url = "%s"; user = "admin@corp.example"; password = "env:TENANT_KEY"; };"""


class World:
    def __init__(self, folder, simulator):
        self.simulator = simulator
        self.company = Company(6)
        for number in (1, 2, 3):
            self.company.people[number].is_in_finance = True
        self.people = str(folder / "people.ldif")
        self.agent = Agent(folder / "agent", directory_text(self.people), tenant_text(simulator, QUICK),
                           companies.WORKSPACES, f"policy = {{ {companies.NO_LIMITS} }};")
        self.company.write(self.people)

    def begin(self):
        self.agent.run("sync", "--quiet").expect(0)
        self.company.expect_in_step(self.simulator, self.agent)
        return self.simulator.sequence()

    def change(self):
        """A joiner, a surname, a leaver, a workspace gained and one lost."""
        self.company.join(7)
        self.company.people[7].is_in_finance = True
        self.company.people[1].surname = "Ray"
        self.company.leave(2)
        self.company.people[3].is_in_finance = False
        self.company.people[4].department = "HR"
        self.company.write(self.people)

    def expect_healed(self, since):
        self.simulator.clear()
        pass_quarantine(self.agent)
        self.agent.run("sync", "--quiet").expect(0)
        self.company.expect_in_step(self.simulator, self.agent)
        assert blind_creates(self.simulator, since) == []
        self.expect_quiet()

    def expect_quiet(self):
        sequence = self.simulator.sequence()
        self.agent.run("sync", "--quiet").expect(0)
        assert self.simulator.log(sequence) == []


def pass_quarantine(agent):
    """As if the hours were over that somebody waits whom the tenant refused."""
    state = sqlite3.connect(agent.state)
    state.execute("UPDATE quarantine SET not_before_ms = 0")
    state.commit()
    state.close()


def new_tenant(folder):
    names = f"{companies.FINANCE}=Finance Planning,{companies.HR}=HR"
    return Simulator(folder, "--api-key", "key-1", "--user", "admin@corp.example:key-1", "--workspaces", names)


@pytest.fixture(scope="module", name="tenant")
def make_tenant(tmp_path_factory):
    with new_tenant(tmp_path_factory.mktemp("tenant")) as simulator:
        yield simulator


@pytest.fixture(name="world")
def make_world(tmp_path, tenant):
    tenant.clear()
    tenant.ask("POST", "/_reset")
    return World(tmp_path, tenant)


# ---- the tenant ----

# name: (faults, exit, words)
TENANT_FAULTS = {
    "429-seconds": ([{"fault": "429", "count": 2, "retryAfter": "1", "path": "/Users"}], 0, ""),
    "429-date": ([{"fault": "429", "retryAfterDate": 2, "method": "POST"}], 0, ""),
    "429-date-past": ([{"fault": "429", "retryAfterDate": -5, "method": "POST"}], 0, ""),
    "429-bare": ([{"fault": "429", "method": "PATCH"}], 0, ""),
    "503-seconds": ([{"fault": "503", "retryAfter": "1", "method": "PATCH"}], 0, ""),
    "500": ([{"fault": "500", "method": "PATCH", "count": 2}], 0, ""),
    "502-create": ([{"fault": "502", "method": "POST"}], 0, ""),
    "504-create": ([{"fault": "504", "method": "POST"}], 0, ""),
    "500-reading": ([{"fault": "500", "method": "GET"}], 0, ""),
    "reset-create": ([{"fault": "reset", "method": "POST"}], 0, ""),
    "reset-update": ([{"fault": "reset", "method": "PATCH", "count": 2}], 0, ""),
    "lost-create": ([{"fault": "lost", "method": "POST"}], 0, ""),
    "lost-update": ([{"fault": "lost", "method": "PATCH", "count": 3}], 0, ""),
    "slow": ([{"fault": "slow", "ms": 300, "count": 3}], 0, ""),
    "never-create": ([{"fault": "never", "method": "POST", "write": False}], 0, ""),
    "never-create-done": ([{"fault": "never", "method": "POST", "write": True}], 0, ""),
    "never-update-done": ([{"fault": "never", "method": "PATCH", "write": True}], 0, ""),
    "cut-create": ([{"fault": "cut", "method": "POST"}], 0, ""),
    "cut-update": ([{"fault": "cut", "method": "PATCH", "count": 2}], 0, ""),
    "cut-reading": ([{"fault": "cut", "method": "GET", "count": 2}], 0, ""),
    "endless-create": ([{"fault": "too-large", "method": "POST"}], 0, ""),
    "endless-update": ([{"fault": "too-large", "method": "PATCH"}], 0, ""),
    "html-create": ([{"fault": "not-json", "method": "POST"}], 0, ""),
    "html-update": ([{"fault": "not-json", "method": "PATCH"}], 0, ""),
    "shape-create": ([{"fault": "wrong-shape", "method": "POST"}], 0, ""),
    "shape-update": ([{"fault": "wrong-shape", "method": "PATCH"}], 0, ""),
    "207-create": ([{"fault": "207", "method": "POST"}], 4, "207|did not do all"),
    "207-update": ([{"fault": "207", "method": "PATCH", "count": 9}], 4, "207|did not do all"),
    "entitlements-create": ([{"fault": "wrong-entitlements", "method": "POST"}], 4, "workspaces that were granted"),
    "entitlements-update": ([{"fault": "wrong-entitlements", "method": "PATCH", "count": 9}], 4, "workspaces that were"),
    "400": ([{"fault": "400", "method": "POST"}], 4, "400"),
    "401-once": ([{"fault": "401", "method": "PATCH"}], 0, ""),
    "401": ([{"fault": "401", "method": "PATCH", "count": -1}], 69, "tenant.auth"),
    "403": ([{"fault": "403", "method": "PATCH"}], 69, "403"),
    "404-update": ([{"fault": "404", "method": "PATCH", "count": 9}], (0, 4), ""),
    "409-nobody": ([{"fault": "409", "method": "POST"}], 4, "does not show whose account"),
    "storm": ([{"fault": "lost", "method": "POST"}, {"fault": "429", "retryAfter": 1, "method": "PATCH", "count": 2},
               {"fault": "reset", "method": "PATCH"}, {"fault": "cut", "method": "PATCH"},
               {"fault": "503", "method": "GET"}], 0, ""),
}


def expect_words(result, words):
    said = result.out + result.err
    assert any(word in said for word in words.split("|")), said


def meet(folder, name):
    """One fault, from beginning to end, with a tenant of its own."""
    os.makedirs(folder)
    with new_tenant(folder) as simulator:
        world = World(folder, simulator)
        meet_tenant_fault(world, *TENANT_FAULTS[name])


@pytest.fixture(scope="module", name="meetings")
def make_meetings(tmp_path_factory):
    """All of them at once: most of their time is waiting."""
    require(missing())
    folder = tmp_path_factory.mktemp("tenant-faults")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        yield {name: pool.submit(meet, folder / name, name) for name in TENANT_FAULTS}


@pytest.mark.parametrize("name", TENANT_FAULTS)
def test_tenant(meetings, name):
    meetings[name].result()


def meet_tenant_fault(world, faults, code, words):
    since = world.begin()
    world.change()
    for fault in faults:
        world.simulator.fault(**fault)
    result = world.agent.run("sync", "--quiet")
    assert result.code in (code if isinstance(code, tuple) else (code,)), result.out + result.err
    expect_words(result, words)
    if code == 0:
        world.company.expect_in_step(world.simulator, world.agent)
        assert blind_creates(world.simulator, since) == []
        world.expect_quiet()
    else:
        world.expect_healed(since)


def test_retry_after_is_waited_for(world):
    world.begin()
    world.change()
    world.simulator.fault(fault="429", retryAfter="2", method="POST")
    world.agent.run("sync", "--quiet").expect(0)
    rows = [row for row in world.simulator.log() if row["method"] == "POST"][-2:]
    assert [row["status"] for row in rows] == [429, 201] and rows[1]["at"] - rows[0]["at"] >= 1900


def test_a_linked_account_that_is_gone(world):
    since = world.begin()
    world.change()
    for number in (1, 2, 3):
        world.simulator.remove(world.simulator.user(f"p{number}@corp.example")["id"])
    world.agent.run("sync", "--quiet").expect(0)
    del world.company.left[2]  # who left has no account any more, and is given none
    world.expect_healed(since)


def test_tokens_that_expire_in_mid_run(world):
    world.agent.write(tenant=f'url = "{world.simulator.url}"; {BASIC % world.simulator.root} allow_cleartext = true; {QUICK}')
    since = world.begin()
    world.change()
    world.simulator.fault(fault="expire-tokens", method="PATCH")
    world.simulator.fault(fault="expire-tokens", method="POST", path="/Users")
    world.agent.run("sync", "--quiet").expect(0)
    world.expect_healed(since)


def unreachable(world):
    """Tenants that cannot be used, with the words that say what to check."""
    dead = f"http://127.0.0.1:{directory_server.free_port()}"
    url, key = world.simulator.url, 'auth = { method = "api-key"; key = "env:TENANT_KEY"; };'
    return {
        "refused": (f'url = "{dead}/scim"; {key}', "check the URL, the proxy and the firewall"),
        "unknown-name": (f'url = "http://tenant.invalid/scim"; {key}', "cannot be resolved"),
        "token-refused": (f'url = "{url}"; {BASIC % dead}', "check the URL, the proxy and the firewall"),
        "wrong-password": (f'url = "{url}"; {BASIC % world.simulator.root}', "check tenant.auth"),
        "proxy-refused": (f'url = "{url}"; {key} proxy = "{dead}";', "proxy"),
    }


def test_a_tenant_that_cannot_be_reached(world, tmp_path):
    since = world.begin()
    world.change()
    cases = unreachable(world)

    def run(name):
        agent = Agent(tmp_path / name, world.agent.parts["directory"],
                      cases[name][0] + f" allow_cleartext = true; {QUICK}", companies.WORKSPACES,
                      f"policy = {{ {companies.NO_LIMITS} }};")
        shutil.copy(world.agent.state, agent.state)
        if name == "wrong-password":
            agent.environment["TENANT_KEY"] = "not-it"
        return agent.run("sync", "--quiet")

    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = dict(zip(cases, pool.map(run, cases)))
    for name, result in results.items():
        assert result.code == 69, (name, result.out, result.err)
        expect_words(result, cases[name][1])
    assert world.simulator.writes(since) == []
    world.expect_healed(since)


# ---- the directory ----

LDAP_BASE = "ou=people,dc=example,dc=com"
END = Result(cookie=b"")


def key_of(number):
    return str(uuid.UUID(int=(0xB0 << 120) + number))


def entry(number):
    return f"uid=p{number},{LDAP_BASE}", {
        "entryUUID": [key_of(number)], "mail": [f"p{number}@corp.example"], "givenName": ["Given"],
        "sn": [f"Sur{number}"], "uid": [f"p{number}"]}


class FakeDirectory:
    """People; scans go wrong as `fault` says, look-ups by key or DN answer the truth."""

    def __init__(self):
        self.there = list(range(1, 11))
        self.fault = None

    def answer(self, request):
        if request.scope == 0:
            found = [number for number in self.there if entry(number)[0] == request.base]
            return ([entry(found[0])], Result()) if found else ([], Result(code=32))
        wanted = [number for number in self.there if key_of(number).encode() in request.filter]
        if b"entryUUID" in request.filter:
            return [entry(number) for number in wanted], Result()
        return self.fault(request) if self.fault else ([entry(number) for number in self.there], END)


@pytest.fixture(name="people")
def make_people(world):
    people = FakeDirectory()
    with Stub(people.answer) as stub:
        people.url = stub.url
        # What libldap keeps of a notice of disconnection is told by its callers' names.
        world.agent.environment.update(harness.sanitizer_environment(world.agent.folder),
                                       DIRECTORY_PASSWORD="secret-of-sync", TENANT_KEY="key-1",
                                       ASAN_OPTIONS="fast_unwind_on_malloc=0")
        world.agent.write(directory=f"""{{ name = "corp"; urls = [ "{stub.url}" ]; allow_cleartext = true;
            bind = {{ dn = "cn=agent,dc=example,dc=com"; password = "env:DIRECTORY_PASSWORD"; }};
            users = {{ bases = [ "{LDAP_BASE}" ]; }}; page_size = 4; search_timeout = "2s"; }}""",
                          workspaces="", more="policy = { limits = { smallest_scan_percent = 50; }; };")
        yield people


def ends_with(code, text=""):
    return lambda people: lambda request: ([entry(number) for number in people.there[:7]], Result(code, text))


def on_second_page(result):
    def make(people):
        def answer(request):
            if request.cookie:
                return [], result
            return [entry(number) for number in people.there[:8]], Result(cookie=b"next")
        return answer
    return make


def hangs(people):
    def answer(request):
        time.sleep(4)
        return [], END
    return answer


DIRECTORY_FAULTS = {
    "operations-error-1": (ends_with(1), 3, "(1)"),
    "time-limit-3": (ends_with(3), 3, "(3)"),
    "size-limit-4": (ends_with(4), 3, "(4)"),
    "referral-10": (ends_with(10), 3, "(10)"),
    "admin-limit-11": (ends_with(11), 3, "(11)"),
    "no-such-object-32": (ends_with(32), 3, "(32)"),
    "no-access-50": (ends_with(50), 3, "(50)"),
    "busy-51": (ends_with(51), 3, "(51)"),
    "unavailable-52": (ends_with(52), (3, 69), "(52)"),
    "unwilling-53": (ends_with(53), 3, "(53)"),
    "other-80": (ends_with(80), 3, "(80)"),
    "cookie-refused": (on_second_page(Result(code=53, text="the cookie is too old", cookie=b"")), 3, "(53)"),
    "second-page-busy": (on_second_page(Result(code=51)), 3, "(51)"),
    "dies-in-mid-scan": (on_second_page(Result(hang_up=True)), 69, "connection|closed|reach"),
    "says-goodbye": (on_second_page(Result(notice=True)), 69, "connection|closed|reach"),
    "no-paging": (lambda people: lambda request: ([entry(n) for n in people.there[:7]], Result()), 3, "paging"),
    "nobody": (lambda people: lambda request: ([], END), 3, "0 entries|no entry|not one|brought none|50"),
    "too-few": (lambda people: lambda request: ([entry(n) for n in people.there[:4]], END), 3, "50"),
    "never-answers": (hangs, 69, "search_timeout|time|in time"),
}


@pytest.mark.parametrize("name", DIRECTORY_FAULTS)
def test_directory(world, people, name):
    make, code, words = DIRECTORY_FAULTS[name]
    world.agent.run("sync", "--quiet").expect(0)
    people.there.remove(10)        # a leaver
    people.there.insert(0, 11)     # a joiner, whom each broken scan still brings
    people.fault = make(people)
    result = world.agent.run("sync", "--quiet")
    assert result.code in (code if isinstance(code, tuple) else (code,)), result.out + result.err
    expect_words(result, words)
    users = {user["userName"]: user["active"] for user in world.simulator.users()}
    assert all(users.values()), "somebody was deactivated by a scan that proves nothing"
    if code == 3 and name != "nobody":
        assert "p11@corp.example" in users, "who joined must not wait"
    people.fault = None
    world.agent.run("sync", "--quiet").expect(0)
    users = {user["userName"]: user["active"] for user in world.simulator.users()}
    assert users == {f"p{number}@corp.example": number != 10 for number in range(1, 12)}


def test_a_directory_that_dies_in_the_second_look(world, people):
    world.agent.run("sync", "--quiet").expect(0)
    people.there.remove(10)
    truth = people.answer

    def answer(request):
        if b"entryUUID" in request.filter:
            return [], Result(hang_up=True)
        return truth(request)

    with Stub(answer) as stub:
        directory = world.agent.parts["directory"]
        world.agent.write(directory=directory.replace(people.url, stub.url))
        result = world.agent.run("sync", "--quiet")
        world.agent.write(directory=directory)
    assert result.code in (3, 69), result.out + result.err
    assert all(user["active"] for user in world.simulator.users())
    world.agent.run("sync", "--quiet").expect(0)
    assert not world.simulator.user("p10@corp.example")["active"]


def test_a_directory_that_cannot_be_reached(world, people):
    world.agent.run("sync", "--quiet").expect(0)
    directory = world.agent.parts["directory"]
    for url in (f"ldap://127.0.0.1:{directory_server.free_port()}", "ldap://directory.invalid"):
        world.agent.write(directory=directory.replace(people.url, url))
        result = world.agent.run("sync", "--quiet").expect(69)
        assert url in result.err
    world.agent.write(directory=directory)
    world.agent.run("sync", "--quiet").expect(0)


def test_an_acl_that_hides_half_of_the_people(tmp_path, world):
    """Result 0, an empty cookie, and half of the company: what a lost right looks like."""
    require(directory_server.missing())
    ldif = directory_server.skeleton()
    for number in range(1, 11):
        ldif += directory_server.person(f"{'left' if number % 2 else 'right'}{number}", givenName="Given")
    with directory_server.Slapd(tmp_path / "slapd", ldif) as server:
        world.agent.write(workspaces="", more="", directory=f"""{{ name = "corp"; urls = [ "{server.ldaps}" ];
            tls = {{ ca_file = "{server.tls.ca}"; }}; users = {{ bases = [ "{directory_server.PEOPLE}" ]; }};
            bind = {{ dn = "cn=sync,{directory_server.SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }}; }}""")
        world.agent.run("sync", "--quiet").expect(0)
        path = server.path("slapd.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        rule = f'access to dn.regex="^uid=left[0-9]+,{directory_server.PEOPLE}$" by * none\n'
        for hidden in (True, False):
            server.stop()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("access to * by users", rule + "access to * by users") if hidden else text)
            server.start()
            result = world.agent.run("sync", "--quiet").expect(3 if hidden else 0)
            assert all(user["active"] for user in world.simulator.users())
            if hidden:
                expect_words(result, "5 entries|of 10|90")


# ---- the state ----


def state_files(agent):
    return [agent.state + suffix for suffix in ("", "-wal", "-shm") if os.path.exists(agent.state + suffix)]


def corrupt_head(agent):
    with open(agent.state, "r+b") as file:
        file.write(b"This is no database at all.".ljust(100, b"."))


def corrupt_pages(agent):
    with open(agent.state, "r+b") as file:
        size = os.path.getsize(agent.state)
        for at in range(4096, size - 2048, 4096):
            file.seek(at)
            file.write(b"\xA5" * 2048)


def truncate(agent):
    os.truncate(agent.state, os.path.getsize(agent.state) // 2 // 4096 * 4096 + 100)


def of_the_future(agent):
    state = sqlite3.connect(agent.state)
    state.execute("PRAGMA user_version = 99")
    state.commit()
    state.close()


def a_folder(agent):
    os.unlink(agent.state)
    os.mkdir(agent.state)


STATE_FAULTS = {
    "corrupt-head": (corrupt_head, "not a state database"),
    "corrupt-pages": (corrupt_pages, "damaged"),
    "truncated": (truncate, "damaged|not those of this version"),
    "newer": (of_the_future, "newer"),
    "folder": (a_folder, "is not a file"),
}


@pytest.mark.parametrize("name", STATE_FAULTS)
def test_state(world, name):
    spoil, words = STATE_FAULTS[name]
    since = world.begin()
    world.change()
    shutil.copy(world.agent.state, world.agent.path("backup.db"))
    spoil(world.agent)
    for command in (("sync", "--quiet"), ("sync", "--dry-run", "--quiet")):
        result = world.agent.run(*command).expect(74)
        expect_words(result, words)
        assert world.agent.state in result.err
    assert world.simulator.log(since) == [], "something was asked or sent without a memory"
    if os.path.isdir(world.agent.state):
        os.rmdir(world.agent.state)
    shutil.copy(world.agent.path("backup.db"), world.agent.state)
    world.expect_healed(since)


def test_a_state_that_is_moved_away_is_made_anew(world):
    """What the messages advise is true: nobody is created twice, and nobody is changed."""
    since = world.begin()
    corrupt_head(world.agent)
    world.agent.run("sync", "--quiet").expect(74)
    for path in state_files(world.agent):
        os.rename(path, path + ".damaged")
    world.agent.run("sync", "--quiet").expect(0)
    assert world.simulator.writes(since) == []
    world.company.expect_in_step(world.simulator, world.agent)


def test_a_state_that_another_process_holds(world):
    since = world.begin()
    world.change()
    with open(world.agent.state + ".lock", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = world.agent.run("sync", "--quiet").expect(75)
        assert "another process" in result.err
        world.agent.run("sync", "--dry-run", "--quiet").expect(0)
        world.agent.run("status").expect(0)
    world.expect_healed(since)


def test_a_disk_that_is_full(world):
    """RLIMIT_FSIZE stands for the disk: a write beyond it fails as one on a full disk does."""
    since = world.begin()
    codes = set()
    for number, limit in enumerate((0, 2048, 20000, 45000, 70000, 100000, 130000, 160000)):
        world.company.people[1].surname = f"Full{number}"
        world.company.join(20 + number)
        world.company.write(world.people)

        def limited(size=limit):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        done = subprocess.run([find_binary(), "-c", world.agent.config, "sync", "--quiet"], check=False,
                              env=world.agent.environment, capture_output=True, timeout=60, preexec_fn=limited,
                              restore_signals=False)
        said = done.stderr.decode()
        assert done.returncode in (0, 74), said
        assert done.returncode == 0 or "the disk is full" in said or "File too large" in said, said
        codes.add(done.returncode)
        if limit == 0:
            assert done.returncode == 74 and "make room" in said, said
        world.expect_healed(since)
    assert codes == {0, 74}


@pytest.fixture(name="borrowed")
def make_borrowed(world):
    """A world whose files an unprivileged user may reach."""
    if os.getuid() != 0:
        yield world, {}
        return
    folder = tempfile.mkdtemp(prefix="scimward-faults-")
    os.chmod(folder, 0o755)
    world.people = os.path.join(folder, "people.ldif")
    world.company.write(world.people)
    world.agent = Agent(os.path.join(folder, "agent"), directory_text(world.people), world.agent.parts["tenant"],
                        companies.WORKSPACES, world.agent.parts["more"])
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    os.chown(world.agent.folder, 65534, 65534)
    os.chmod(world.people, 0o644)
    yield world, nobody
    shutil.rmtree(folder)


def run_as(agent, identity, *arguments):
    done = subprocess.run([find_binary(), "-c", agent.config, *arguments], env=agent.environment,
                          capture_output=True, timeout=60, check=False, **identity)
    return done.returncode, done.stderr.decode()


def test_a_state_that_may_not_be_written(borrowed):
    world, identity = borrowed
    agent = world.agent
    code, said = run_as(agent, identity, "sync", "--quiet")
    if code == 126 or "Permission denied" in said and "scimward:" not in said:
        pytest.fail("the program cannot be run by another user: " + said)
    assert code == 0, said
    since = world.simulator.sequence()
    world.change()
    os.chmod(world.people, 0o644)
    owner = os.stat(agent.state)
    # A read-only file, a read-only folder, a file of somebody else.
    for spoil, mend in (
            (lambda: os.chmod(agent.folder, 0o555), lambda: os.chmod(agent.folder, 0o755)),
            (lambda: os.chmod(agent.state + ".lock", 0o000), lambda: os.chmod(agent.state + ".lock", 0o600)),
            (lambda: os.chown(agent.state, 0, 0), lambda: os.chown(agent.state, owner.st_uid, owner.st_gid))):
        if spoil is not None and os.getuid() != 0 and "chown" in str(spoil):
            continue
        spoil()
        code, said = run_as(agent, identity, "sync", "--quiet")
        mend()
        assert code in (0, 74), said
        if code == 74:
            assert "check" in said and ("mode" in said or "may be used by this user" in said), said
            assert world.simulator.writes(since) == []
        else:
            pytest.fail("it wrote what it may not write")
    code, said = run_as(agent, identity, "sync", "--quiet")
    assert code == 0, said
    world.company.expect_in_step(world.simulator, agent)


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
