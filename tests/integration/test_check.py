#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`scimward check` between slapd and the simulator: what it finds, what it says to do, and that it changes nothing.

Every JSON that comes out of it is held against doc/check.schema.json, and no secret may be in anything.
"""
import datetime
import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time

import harness

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest

import ldap_stub
import slapd
from agent import Agent, FINANCE, HR, find_binary
from conftest import need
from simulator import Simulator
from slapd import GROUPS, PEOPLE, SERVICES

SECRETS = ("secret-of-sync", "tenant-key-0017", "hook-token-0042", "PRIVATE KEY")
USERS = 30


def people():
    text = slapd.skeleton() + "".join(slapd.person(f"u{i:03}", givenName="Ann") for i in range(USERS))
    text += "".join(slapd.entry(f"uid=bare{i},{PEOPLE}", "inetOrgPerson", uid=f"bare{i}", cn="x", sn="Ray")
                    for i in range(3))
    text += slapd.person("odd", mail="no-address")
    text += slapd.group("sub", [f"uid=u{i:03},{PEOPLE}" for i in range(4)])
    text += slapd.group("finance", [f"cn=sub,{GROUPS}", f"uid=u010,{PEOPLE}"])
    return text + slapd.group("empty", [f"cn=sync,{SERVICES}"])


@pytest.fixture(scope="module", name="server")
def make_server(tmp_path_factory, authority, need_slapd):
    certificate = authority.sign("year", "localhost", slapd.LOCALHOST, days=365)
    # Its authority lives for 30 days, which nobody warns of: only of the peer's own end.
    with slapd.Slapd(tmp_path_factory.mktemp("slapd") / "server", people(), authority=authority,
                     certificate=certificate, extra_database="database monitor\n") as running:
        yield running


@pytest.fixture(scope="module", name="simulator")
def make_simulator(tmp_path_factory):
    with Simulator(tmp_path_factory.mktemp("simulator"), "--api-key", SECRETS[1], "--user",
                   "robot@corp.example:secret-of-robot", "--workspaces", f"{FINANCE}=Finance") as simulator:
        yield simulator


@pytest.fixture(scope="session", name="schema")
def make_schema():
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        need("python3-jsonschema is missing; on Debian: apt-get install python3-jsonschema")
    text = (harness.SOURCE / "doc" / "check.schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(json.loads(text)).validate


def directory(url, more="", bases=PEOPLE, account="sync"):
    urls = ", ".join(f'"{one}"' for one in ([url] if isinstance(url, str) else url))
    return f"""{{ name = "corp"; urls = [ {urls} ]; allow_cleartext = true; connect_timeout = "2s";
        bind = {{ dn = "cn={account},{SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
        users = {{ bases = [ "{bases}" ]; }}; {more} }}"""


def tenant(url, more=""):
    return f"""url = "{url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
        allow_cleartext = true; timeout = "5s"; {more}"""


WORKSPACES = f"""{{ id = "{FINANCE}"; name = "Finance"; group = "cn=finance,{GROUPS}"; nested = true; }}"""


class Check:
    """Runs it, as text and as JSON, and looks at what must hold of each run."""

    def __init__(self, folder, schema, server, simulator):
        self.schema, self.simulator = schema, simulator
        self.agent = Agent(folder / "agent", directory(server.ldap), tenant(simulator.url), WORKSPACES)
        self.agent.environment.update(TENANT_KEY=SECRETS[1], LSAN_OPTIONS=harness.sanitizer_environment(
            folder)["LSAN_OPTIONS"])

    def files(self):
        return {name: hashlib.sha256(open(self.agent.path(name), "rb").read()).hexdigest()
                for name in sorted(os.listdir(self.agent.folder))}

    def __call__(self, *arguments, code=0, **parts):
        self.agent.write(**parts)
        before = self.files(), self.simulator.writes()
        self.text = self.agent.run("check", *arguments).expect(code)
        told = self.agent.run("check", "--json", *arguments).expect(code)
        assert (self.files(), self.simulator.writes()) == before
        for secret in SECRETS + tuple(self.agent.environment[name] for name in ("DIRECTORY_PASSWORD", "TENANT_KEY")):
            assert not secret or secret not in self.text.out + self.text.err + told.out + told.err, secret
        document = told.json
        self.schema(document)
        counts = {status: 0 for status in document["summary"]}
        for step in document["steps"]:
            counts[step["status"]] += 1
            assert step["status"] not in ("failed", "warning") or step["remedy"], step
        assert counts == document["summary"]
        self.steps = document["steps"]
        return self

    def all(self, area, name):
        return [step for step in self.steps if (step["area"], step["name"]) == (area, name)]

    def one(self, area, name):
        found = self.all(area, name)
        assert len(found) == 1, found
        return found[0]

    def status(self, area, name):
        return self.one(area, name)["status"]


@pytest.fixture(name="check")
def make_check(tmp_path, schema, server, simulator):
    simulator.reset()
    return Check(tmp_path, schema, server, simulator)


# ---- all is well ----


def test_what_is_there_is_counted(check, server):
    check(directory=directory(server.ldap, f'canaries = [ "uid=u003,{PEOPLE}" ];'))
    assert [step for step in check.steps if step["status"] == "failed"] == []
    assert check.one("directory", "entries")["data"] == {"entries": USERS + 4, "complete": True}
    mapping = check.one("directory", "mapping")
    assert mapping["status"] == "warning" and mapping["remedy"]
    assert {name: mapping["data"][name] for name in ("mapped", "unmapped", "inactive", "withWorkspaces",
                                                     "undecided")} == {
        "mapped": USERS, "unmapped": 4, "inactive": 0, "withWorkspaces": 5, "undecided": 0}
    assert [(row["count"], row["reason"].split(":")[0]) for row in mapping["data"]["reasons"]] == [
        (3, "no userName"), (1, "userName")]
    assert all(PEOPLE in row["example"] for row in mapping["data"]["reasons"])
    group = check.one("directory", "group")
    assert (group["status"], group["data"]["members"], group["data"]["groups"]) == ("ok", 5, 2)
    assert check.one("directory", "grants")["data"]["workspaces"] == [
        {"id": FINANCE, "name": "Finance", "people": 5}]
    assert check.one("directory", "canary")["data"]["seen"] is True
    samples = check.all("directory", "sample")
    assert len(samples) == 3 and len({step["data"]["dn"] for step in samples}) == 3
    for step in samples:
        uid = step["data"]["dn"].split(",")[0][4:]
        account = step["data"]["account"]
        assert account["userName"] == f"{uid}@example.com" and account["name.givenName"] == "Ann"
        assert (account["workspaces"] == [FINANCE]) == (uid in ("u000", "u001", "u002", "u003", "u010"))
    assert check.one("directory", "bind")["data"]["identity"] == f"dn:cn=sync,{SERVICES}"
    assert check.one("tenant", "workspace")["data"] == {"id": FINANCE, "name": "Finance", "shown": True}
    assert "34 match" in check.text.out and f"{USERS} of {USERS + 4} map" in check.text.out


def test_samples_are_the_same_each_time(check):
    def dns():
        return [step["data"]["dn"] for step in check().all("directory", "sample")]

    assert dns() == dns()


def test_the_clock_of_a_monitor_is_read(check):
    assert check().status("directory", "clock") == "ok"
    assert abs(check.one("directory", "clock")["data"]["differenceMs"]) < 10000


# ---- what is wrong in the directory ----


def test_groups_that_are_missing_or_empty(check, server):
    more = f"""{WORKSPACES}, {{ id = "{HR}"; name = "HR"; group = "cn=gone,{GROUPS}"; }}"""
    check(workspaces=more, code=69)
    assert [step["status"] for step in check.all("directory", "group")] == ["ok", "failed"]
    assert "cn=gone" in check.all("directory", "group")[1]["detail"]
    assert check.one("directory", "mapping")["data"]["undecided"] == USERS - 5
    shown = {step["data"]["name"]: step["status"] for step in check.all("tenant", "workspace")}
    assert shown == {"Finance": "ok", "HR": "warning"}
    server.modify(f"dn: cn=hollow,{GROUPS}\nchangetype: add\nobjectClass: posixGroup\ncn: hollow\ngidNumber: 7\n")
    try:
        check(workspaces=f'{{ id = "{FINANCE}"; group = "cn=hollow,{GROUPS}"; }}')
    finally:
        server.modify(f"dn: cn=hollow,{GROUPS}\nchangetype: delete\n")
    assert check.status("directory", "group") == "warning"
    assert check.status("directory", "grants") == "warning"


def test_a_group_of_one_of_several_directories(check, server, tmp_path):
    file = tmp_path / "contractors.ldif"
    file.write_text("dn: uid=zed,dc=x\nobjectClass: inetOrgPerson\nuid: zed\nsn: Z\ngivenName: Z\nmail: zed@x.example\n")
    other = f'{{ name = "agency"; kind = "ldif"; urls = [ "file://{file}" ]; users = {{ bases = [ "dc=x" ]; }}; }}'
    for both in (f"{directory(server.ldap)}, {other}", f"{other}, {directory(server.ldap)}"):
        check(directory=both)
        assert sorted(step["status"] for step in check.all("directory", "group")) == ["ok", "skipped"]
        assert [step["status"] for step in check.all("directory", "grants")] == ["ok", "ok"]
    check(directory=both, workspaces=WORKSPACES.replace("cn=finance", "cn=gone"), code=69)
    assert [step["status"] for step in check.all("directory", "group")] == ["skipped", "failed"]


def test_nobody_matches_and_a_canary_is_missing(check, server):
    check(directory=directory(server.ldap, f'canaries = [ "uid=nobody,{PEOPLE}" ];').replace(
        'bases = [', 'filter = "(uid=none)"; bases = ['), code=69)
    assert check.status("directory", "entries") == "failed"
    assert check.status("directory", "canary") == "failed"
    assert check.status("directory", "sample") == "skipped"


def test_a_size_limit_is_found_by_the_scan(check, tmp_path, schema, simulator, authority):
    limits = f'limits dn.exact="cn=blind,{SERVICES}" size=10 size.prtotal=10\n'
    with slapd.Slapd(tmp_path / "server", people(), authority=authority, extra_database=limits) as small:
        narrow = Check(tmp_path / "narrow", schema, small, simulator)
        narrow.agent.environment["DIRECTORY_PASSWORD"] = "secret-of-blind"
        narrow(directory=directory(small.ldap, "page_size = 5;", account="blind"), code=69)
    entries = narrow.one("directory", "entries")
    assert entries["status"] == "failed" and entries["data"]["complete"] is False
    assert "size" in entries["detail"] and "limit" in entries["remedy"]


def test_a_dead_directory_does_not_stop_the_tenant(check):
    check(directory=directory(f"ldap://127.0.0.1:{slapd.free_port()}"), code=69)
    assert check.status("directory", "connection") == "failed"
    for name in ("tls", "bind", "kind", "base", "page-size", "clock", "changes", "entries", "mapping", "sample",
                 "grants", "canary", "group"):
        step = check.one("directory", name)
        assert step["status"] == "skipped" and step["detail"], step
    assert check.status("tenant", "role") == check.status("tenant", "workspace") == "ok"


def test_names_that_do_not_resolve(check):
    check(directory=directory("ldap://dc1.corp.invalid"), code=69)
    names = check.one("directory", "names")
    assert names["status"] == "failed" and "dc1.corp.invalid cannot be resolved" in names["detail"]
    assert names["data"]["hosts"] == [{"name": "dc1.corp.invalid", "addresses": []}]
    assert "/etc/resolv.conf" in names["remedy"]
    assert check.status("tenant", "role") == "ok"


def test_a_wrong_password(check):
    check.agent.environment["DIRECTORY_PASSWORD"] = "wrong-word-0099"
    check(code=69)
    bind = check.one("directory", "bind")
    assert bind["status"] == "failed" and "(49)" in bind["detail"] and "bind.password" in bind["remedy"]
    check.agent.environment["DIRECTORY_PASSWORD"] = ""
    check(code=69)
    assert check.one("directory", "secret")["status"] == "failed"
    assert check.status("directory", "connection") == check.status("directory", "tls") == "ok"
    assert check.status("directory", "bind") == "skipped"


def stub_root(**root):
    def answer(request):
        if request.scope == 0:
            return [(request.base, {"objectClass": ["top"]})], ldap_stub.Result()
        return [("CN=Ann,DC=corp,DC=example", {"objectGUID": [os.urandom(16)], "mail": ["ann@corp.example"],
                                               "userAccountControl": ["512"]})], ldap_stub.Result(cookie=b"")

    return ldap_stub.Stub(answer, root={**ldap_stub.ROOT["ad"], **root})


@pytest.mark.parametrize("ahead_s, status, words", [
    (0, "ok", "to a minute"), (50, "ok", "to a minute"), (-3600, "warning", "ahead of the server's"),
    (600, "warning", "behind the server's")])
def test_the_clock_of_a_domain_controller(check, ahead_s, status, words):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead_s)
    with stub_root(currentTime=[then.strftime("%Y%m%d%H%M%S.0Z")]) as stub:
        check(directory=directory(stub.url, bases="DC=corp,DC=example"), workspaces="")
    clock = check.one("directory", "clock")
    assert clock["status"] == status and words in clock["detail"], clock
    assert abs(clock["data"]["differenceMs"] - ahead_s * 1000) < 15000
    assert status == "ok" or ("Kerberos" in clock["detail"] and "NTP" in clock["remedy"])


def test_a_server_that_does_not_tell_the_time(check):
    with stub_root() as stub:
        check(directory=directory(stub.url, bases="DC=corp,DC=example"), workspaces="")
    assert check.status("directory", "clock") == "skipped"


def test_a_server_that_goes_away_in_the_middle(check):
    def answer(request):
        return [], ldap_stub.Result(hang_up=request.number >= 0)

    with ldap_stub.Stub(answer) as stub:
        check(directory=directory(stub.url, bases="dc=example,dc=com"), workspaces="", code=69)
    assert check.status("directory", "base") == "failed"
    assert check.status("directory", "changes") == "skipped"
    assert check.status("tenant", "role") == "ok"


# ---- certificates ----


def expired(authority, name, start, end):
    """A certificate for localhost that is valid from then to then."""
    authority.sign(name, "localhost", slapd.LOCALHOST)
    base = authority.path(name)
    folder = os.path.join(authority.folder, name + ".ca")
    os.makedirs(os.path.join(folder, "new"), exist_ok=True)
    for file in ("index", "index.attr"):
        open(os.path.join(folder, file), "w", encoding="ascii").close()
    with open(os.path.join(folder, "serial"), "w", encoding="ascii") as file:
        file.write(os.urandom(8).hex() + "\n")
    with open(os.path.join(folder, "conf"), "w", encoding="ascii") as file:
        file.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nnew_certs_dir={folder}/new\n"
                   f"serial={folder}/serial\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
                   "organizationName=optional\n")
    authority.run("ca", "-batch", "-config", os.path.join(folder, "conf"), "-in", base + ".csr", "-cert",
                  authority.ca, "-keyfile", authority.path("ca.key"), "-extfile", base + ".ext", "-startdate",
                  start.strftime("%Y%m%d%H%M%SZ"), "-enddate", end.strftime("%Y%m%d%H%M%SZ"), "-notext", "-out",
                  base + ".crt")
    return base + ".crt", base + ".key"


def self_signed(authority, name):
    authority.run("req", "-x509", *authority.new_key(name), "-days", "300", "-subj", "/O=Test/CN=localhost",
                  "-addext", "subjectAltName=" + slapd.LOCALHOST, "-out", authority.path(name + ".crt"))
    return authority.path(name + ".crt"), authority.path(name + ".key")


def certificate_of(authority, kind):
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    if kind == "expired":
        return expired(authority, kind, now - 20 * day, now - day)
    if kind == "not-yet-valid":
        return expired(authority, kind, now + 2 * day, now + 20 * day)
    if kind == "self-signed":
        return self_signed(authority, kind)
    if kind == "wrong-name":
        return authority.sign(kind, "other", "DNS:other.corp.example", days=300)
    if kind == "ends-soon":
        return authority.sign(kind, "localhost", slapd.LOCALHOST, days=12)
    return authority.sign(kind, "localhost", slapd.LOCALHOST, days=300)


TROUBLES = {"expired": ("it has expired", "clock"), "not-yet-valid": ("it is not valid yet", "clock"),
            "self-signed": ("it is self-signed", "ca_file"), "wrong-name": ("other.corp.example", "URL"),
            "unknown-issuer": ("its issuer is not known", "ca_file")}


def assert_trouble(step, kind):
    words, remedy = TROUBLES[kind]
    assert step["status"] == "failed" and step["data"]["certificate"] == kind, step
    assert words in step["detail"] and remedy in step["remedy"], step
    for name in ("subject", "issuer", "notAfter"):
        assert step["data"][name] in step["detail"], step


@pytest.mark.parametrize("kind", [*TROUBLES, "ends-soon", "well"])
def test_certificates_of_both_peers(check, tmp_path, authority, kind):
    pair = certificate_of(authority, kind)
    trusted = slapd.Authority(tmp_path / "other", "Other CA").ca if kind == "unknown-issuer" else authority.ca
    with slapd.Slapd(tmp_path / "server", slapd.skeleton() + slapd.person("ann"), authority=authority,
                     certificate=pair) as server, \
            Simulator(tmp_path, "--api-key", SECRETS[1], "--tls-cert", pair[0], "--tls-key", pair[1]) as secure:
        check(directory=directory(f"ldaps://127.0.0.1:{server.ports[1]}", f'tls = {{ ca_file = "{trusted}"; }};'),
              tenant=tenant(secure.url, f'tls = {{ ca_file = "{trusted}"; }};'), workspaces="",
              code=69 if kind in TROUBLES else 0)
        asked = secure.log()
    tls = check.one("directory", "tls"), check.one("tenant", "tls")
    if kind in TROUBLES:
        assert_trouble(tls[0], kind)
        assert_trouble(tls[1], kind)
        assert asked == [], "nothing is sent to whom nobody trusts"
        assert check.status("directory", "entries") == check.status("tenant", "role") == "skipped"
        return
    assert [step["status"] for step in tls] == ["warning" if kind == "ends-soon" else "ok"] * 2, tls
    for step in tls:
        assert step["data"]["certificate"] == "trusted" and step["data"]["notAfter"] in step["detail"]
    assert kind == "well" or all("it ends in 11 d" in step["detail"] for step in tls)
    assert check.status("tenant", "role") == "ok"


# ---- the tenant ----


@pytest.mark.parametrize("key, fault, words", [("wrong-key-0000", None, "401"), (SECRETS[1], "403", "403")])
def test_a_role_that_is_missing(check, simulator, key, fault, words):
    check.agent.environment["TENANT_KEY"] = key
    if fault:
        simulator.fault(fault=fault, path="/Users", count=100)
    check(code=69)
    simulator.clear()
    role = check.one("tenant", "role")
    assert role["status"] == "failed" and words in role["detail"] and role["remedy"]
    assert ("User Administrator" in role["remedy"]) == (words == "403")
    assert check.status("tenant", "accounts") == check.status("tenant", "workspaces") == "skipped"


def test_a_session_is_ended(check, simulator):
    check.agent.environment["TENANT_PASSWORD"] = "secret-of-robot"
    check(tenant=f"""url = "{simulator.url}"; allow_cleartext = true; auth = {{ method = "basic";
        url = "{simulator.root}"; user = "robot@corp.example"; password = "env:TENANT_PASSWORD"; }};""")
    posts = [row["path"] for row in simulator.log() if row["method"] != "GET"]
    assert posts == ["/token/authenticate", "/token/logout"] * 2, "it logs in and out, and writes nothing"
    assert check.status("tenant", "own-account") == "ok"
    assert "secret-of-robot" not in check.text.out + check.text.err


class OddTenant(http.server.BaseHTTPRequestHandler):
    """Another time and a limit in its headers, which the simulator has not."""

    ahead_s = 0

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.ahead_s)

    def do_GET(self):  # pylint: disable=invalid-name
        body = b'{"totalResults": 0, "Resources": [], "workspaces": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-RateLimit-Limit", "600")
        self.send_header("RateLimit-Remaining", "599")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@pytest.mark.parametrize("ahead_s, status", [(0, "ok"), (-300, "warning"), (7200, "warning")])
def test_the_clock_and_the_limits_of_a_tenant(check, ahead_s, status):
    handler = type("Handler", (OddTenant,), {"ahead_s": ahead_s})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as odd:
        threading.Thread(target=odd.serve_forever, daemon=True).start()
        check(tenant=tenant(f"http://127.0.0.1:{odd.server_address[1]}/scim/1/0/v2"))
        odd.shutdown()
    clock = check.one("tenant", "clock")
    assert clock["status"] == status and abs(clock["data"]["differenceMs"] - ahead_s * 1000) < 10000, clock
    rate = check.one("tenant", "rate")
    assert rate["data"] == {"requestsPerSecond": 10, "burst": 60, "concurrency": 8,
                            "tenant": {"limit": "600", "remaining": "599", "reset": None}}
    assert "the tenant's limit is 600, 599 left" in rate["detail"]


def test_through_a_proxy_only_its_name_is_looked_up(check):
    check(tenant=tenant("http://tenant.corp.invalid/scim/v2", 'proxy = "http://localhost:9";'), code=69)
    assert [host["name"] for host in check.one("tenant", "names")["data"]["hosts"]] == ["localhost"]
    assert check.status("tenant", "connection") == "failed"


# ---- this host ----


def test_the_state_and_who_holds_it(check, simulator):
    check.agent.run("sync").expect(4)  # those that do not map
    database = check().one("state", "database")
    assert database["status"] == "ok" and database["data"]["links"] == USERS and database["data"]["schemaVersion"] == 1
    assert check.one("state", "lock")["data"]["locked"] is False
    with check.agent.service() as service:
        service.wait_for(lambda: "run 2" in service.log)
        lock = json.loads(check.agent.run("check", "--json").expect(0).out)["steps"]
    held = [step for step in lock if step["name"] == "lock"][0]
    assert held["data"]["locked"] is True and held["data"]["pid"] in (service.process.pid, 0)
    assert held["data"]["holder"] in ("scimward", None)
    assert simulator.users()


def test_a_state_that_cannot_be_used(check):
    with open(check.agent.state, "w", encoding="ascii") as file:
        file.write("this is no database, and long enough to be looked at as one" * 100)
    check(code=74)
    assert check.status("state", "database") == "failed" and check.one("state", "database")["remedy"]
    check.agent.state = "/nowhere/at/all/state.db"
    check(code=74)
    assert check.status("state", "space") == "skipped"
    assert check.status("tenant", "role") == "ok"


def test_metrics_and_notices(check, tmp_path):
    check.agent.environment["HOOK"] = "https://hooks.corp.invalid/" + SECRETS[2]
    check(more=f"""metrics = {{ textfile = "{tmp_path}/there.prom"; }};
        notify = {{ webhook = "env:HOOK"; }};""")
    assert check.status("metrics", "textfile") == "ok" and check.status("notify", "secret") == "ok"
    names = check.one("notify", "names")
    assert names["status"] == "warning" and "hooks.corp.invalid" in names["detail"]
    check(more=f'metrics = {{ textfile = "{tmp_path}/nowhere/a.prom"; }};')
    assert check.status("metrics", "textfile") == "warning"
    assert check.all("notify", "names") == []


def test_offline_nobody_is_asked(check, simulator):
    before = simulator.sequence()
    check.agent.environment["TENANT_KEY"] = ""
    check("--offline", directory=directory(f"ldap://127.0.0.1:{slapd.free_port()}"))
    assert simulator.sequence() == before
    assert check.status("directory", "connection") == check.status("tenant", "connection") == "skipped"
    assert check.status("tenant", "secret") == "warning", "by hand a credential is seldom there"
    assert check.status("state", "database") == "ok"


def test_a_configuration_that_is_wrong(check):
    told = None
    check.agent.write(more="policy = { rename = \"hodl\"; };")
    for arguments in (("check", "--json"), ("check", "--json", "--offline")):
        told = check.agent.run(*arguments).expect(78)
        check.schema(told.json)
        steps = told.json["steps"]
        assert [(step["area"], step["status"]) for step in steps] == [("configuration", "failed")]
        assert steps[0]["data"]["key"] == "policy.rename" and "hold" in steps[0]["detail"] + steps[0]["remedy"]
    assert check.agent.run("check").expect(78).out == "" and "policy.rename" in told.err


def test_a_warning_about_the_configuration_is_a_step(check):
    check(tenant=tenant(check.simulator.url).replace('method = "api-key";', 'method = "api-key"; user = "x";'))
    warned = [step for step in check.all("configuration", "configuration") if step["status"] == "warning"]
    assert [step["data"]["key"] for step in warned] == ["tenant.auth.user"]


# ---- a long one ----


def test_it_can_be_interrupted(check):
    slow = threading.Event()

    def answer(request):
        if request.cookie:
            slow.set()
            time.sleep(1)
        more = b"next" if "mail" in request.attributes else b""  # only the scan has no end
        return [(request.base, {"objectClass": ["top"]})], ldap_stub.Result(cookie=more)

    with ldap_stub.Stub(answer) as stub:
        check.agent.write(directory=directory(stub.url, bases="dc=example,dc=com"), workspaces="")
        process = subprocess.Popen([find_binary(), "-c", check.agent.config, "check", "--json"], text=True,
                                   env=check.agent.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert slow.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    document = json.loads(out)
    check.schema(document)
    entries = [step for step in document["steps"] if step["name"] == "entries"][0]
    assert entries["status"] == "skipped" and entries["detail"].startswith("interrupted after "), entries
    assert "stopping" in err


def test_sockets_are_free_of_names(check, server):
    check(directory=directory(server.ldapi))
    assert check.one("directory", "names")["detail"] == "a local socket has none"
    assert "local socket" in check.one("directory", "tls")["detail"]
