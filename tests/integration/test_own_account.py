#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The agent never locks out itself: its own account is protected without being configured.

The directory is an LDIF file in which the owner of the credential is one of the people, and then
gone; the tenant is the simulator.
"""
import os
import subprocess
import sys

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agent import Agent, FINANCE  # noqa: E402
from simulator import Simulator  # noqa: E402

BASE = "ou=people,dc=corp,dc=example"
OWNER = "robot@corp.example"
WHY = "the agent's own account"
FREE = """policy = { limits = { smallest_scan_percent = 0;
    deactivations = { count = 0; percent = 0; }; }; };"""


def person(uid, **more):
    attributes = {"objectClass": "inetOrgPerson", "uid": uid, "cn": uid, "sn": "Ray", "givenName": "G",
                  "mail": uid + "@corp.example", **more}
    return f"dn: uid={uid},{BASE}\n" + "".join(f"{name}: {text}\n" for name, text in attributes.items())


def write_people(agent, *people):
    with open(agent.path("new.ldif"), "w", encoding="utf-8") as file:
        file.write("\n".join(people))
    os.rename(agent.path("new.ldif"), agent.path("people.ldif"))


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module", name="certificate")
def make_certificate(tmp_path_factory):
    """A self-signed certificate that is its own authority: (certificate, key)."""
    folder = tmp_path_factory.mktemp("certificate")
    paths = str(folder / "robot.pem"), str(folder / "robot.key")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=robot",
            "-keyout", paths[1], "-out", paths[0])
    os.chmod(paths[1], 0o600)
    return paths


def authentication(method, simulator, certificate):
    return {"basic": f"""method = "basic"; url = "{simulator.root}"; user = "Robot@corp.example";
                password = "env:ROBOT_PASSWORD";""",
            "certificate": f"""method = "certificate"; url = "{simulator.root}";
                cert_file = "{certificate[0]}"; key_file = "{certificate[1]}";""",
            "api-key": 'method = "api-key"; key = "env:TENANT_KEY";'}[method]


@pytest.fixture(name="start")
def make_start(tmp_path, certificate):
    running = []

    def start(method, *options):
        simulator = Simulator(tmp_path, "--api-key", "key-1", "--user", OWNER + ":pass:word",
                              "--ca-file", certificate[0], "--certificate-user", OWNER,
                              "--workspaces", f"{FINANCE}=Finance", *options)
        running.append(simulator)
        folder = tmp_path / "agent"
        agent = Agent(folder, f"""{{ name = "demo"; kind = "ldif"; urls = [ "file://{folder}/people.ldif" ];
            users = {{ bases = [ "{BASE}" ]; }}; }}""",
                      f"""url = "{simulator.url}"; allow_cleartext = true; requests_per_second = 0;
            auth = {{ {authentication(method, simulator, certificate)} }};""", more=FREE)
        agent.environment["ROBOT_PASSWORD"] = "pass:word"
        write_people(agent, person("robot"), person("ann"))
        return simulator, agent

    yield start
    for simulator in running:
        simulator.__exit__(None, None, None)


def sync_with_a_key(agent, simulator):
    """What links the owner's account: somebody else's credential, which protects nobody."""
    own = agent.parts["tenant"]
    agent.write(tenant=f"""url = "{simulator.url}"; allow_cleartext = true; requests_per_second = 0;
        auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};""")
    agent.run("sync").expect(0)
    agent.write(tenant=own)
    assert simulator.user(OWNER)["active"] is True


@pytest.mark.parametrize("method", ["basic", "certificate"])
def test_the_owner_of_the_credential_stays(start, method):
    simulator, agent = start(method)
    sync_with_a_key(agent, simulator)
    since = simulator.sequence()
    write_people(agent, person("bob"))
    dry = agent.run("sync", "--dry-run", "--json").expect(4)
    assert [action["userName"] for action in dry.actions("deactivate")] == ["ann@corp.example"]
    result = agent.run("sync", "--json").expect(4)
    refused = result.actions("rejected")
    assert len(refused) == 1 and WHY in refused[0]["reason"]["detail"]
    assert refused[0]["userName"] == OWNER
    assert simulator.user(OWNER)["active"] is True
    assert simulator.user("ann@corp.example")["active"] is False
    assert len(simulator.writes(since)) == 2


def test_explain_names_the_owner(start):
    simulator, agent = start("certificate")
    sync_with_a_key(agent, simulator)
    write_people(agent, person("bob"))
    told = agent.run("explain", OWNER, "--json").expect(0).json
    assert told["account"]["own"] and [action["kind"] for action in told["next"]["actions"]] == ["rejected"]
    assert WHY in agent.run("explain", OWNER).expect(0).out
    assert not agent.run("explain", "ann@corp.example", "--json").expect(0).json["account"]["own"]


def test_drift_of_the_owners_account_is_not_restored(start):
    simulator, agent = start("certificate")
    sync_with_a_key(agent, simulator)
    for name in (OWNER, "ann@corp.example"):
        simulator.edit(simulator.user(name)["id"], active=False)
    since = simulator.sequence()
    result = agent.run("sync", "--kind", "reconcile", "--json").expect(4)
    assert [action["userName"] for action in result.actions("rejected")] == [OWNER]
    assert simulator.user(OWNER)["active"] is False  # not even for the better
    assert len(simulator.writes(since)) == 1


def test_nobody_gets_the_owners_account(start):
    simulator, agent = start("basic")
    result = agent.run("sync", "--json").expect(4)
    assert [action["userName"] for action in result.actions("create")] == ["ann@corp.example"]
    assert WHY in result.actions("rejected")[0]["reason"]["detail"]


def test_one_question_a_session(start):
    simulator, agent = start("certificate")
    write_people(agent, person("ann"))
    for _ in range(2):
        since = simulator.sequence()
        agent.run("sync").expect(0)
        asked = [row["path"] for row in simulator.log(since) if row["path"].startswith("/token/")]
        assert asked == ["/token/authenticate", "/token/validate", "/token/logout"]
    since = simulator.sequence()
    simulator.fault(fault="expire-tokens", path="/Users")
    agent.run("sync", "--kind", "reconcile").expect(0)
    asked = [row["path"] for row in simulator.log(since) if row["path"].startswith("/token/")]
    assert asked == ["/token/authenticate", "/token/validate", "/token/authenticate", "/token/logout"]


@pytest.mark.parametrize("fault", ["500", "not-json", "wrong-shape", "reset"])
def test_that_the_tenant_does_not_tell_is_no_failure(start, fault):
    simulator, agent = start("certificate")
    write_people(agent, person("ann"))
    simulator.fault(fault=fault, path="/token/validate", count=100)
    agent.run("sync").expect(0)
    assert simulator.user("ann@corp.example")["active"] is True
    checked = agent.run("check").expect(0)
    assert "warning  tenant: own-account: " in checked.out and "policy.protect" in checked.out


@pytest.mark.parametrize("method, words", [
    ("basic", ["Robot@corp.example", "account "]), ("certificate", [OWNER, "account "]),
    ("api-key", ["warning", "API key"])])
def test_check_says_whose_credential_it_is(start, method, words):
    _, agent = start(method)
    checked = agent.run("check").expect(0)
    line = next(line for line in checked.out.splitlines() if "own-account" in line)
    assert all(word in line for word in words), line


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider"]))
