#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The main job end to end: slapd on one side, the tenant simulator on the other.

2,500 people, three groups mapped to workspaces: dry run, sync, a second sync that sends nothing,
single changes that become single requests, a service that picks a change up within its poll.
"""
import hashlib
import json
import os
import signal
import sys

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import slapd as directory_server  # noqa: E402
from agent import Agent, FINANCE, HR, LEGAL  # noqa: E402
from slapd import GROUPS, PEOPLE, Slapd, group, person, skeleton  # noqa: E402
from simulator import Simulator, require  # noqa: E402

PEOPLE_COUNT = 2500
LIMITS = "policy = { limits = { creations = { count = 3000; }; }; };"
FAST = "requests_per_second = 0; concurrency = 8;"


def uid(number):
    return f"p{number:04d}"


def dn(number):
    return f"uid={uid(number)},{PEOPLE}"


def company():
    ldif = skeleton()
    for number in range(1, PEOPLE_COUNT + 1):
        ldif += person(uid(number), givenName="Given", sn=f"Sur{number}")
    ldif += group("finance", [dn(n) for n in range(1, 1001)])
    ldif += group("hr", [dn(n) for n in range(1000, 1201)])
    ldif += group("legal-inner", [dn(n) for n in range(1, 11)])
    ldif += group("legal", [f"cn=legal-inner,{GROUPS}", dn(2000)])
    return ldif


WORKSPACES = f"""
  {{ id = "{FINANCE}"; name = "Finance Planning"; group = "cn=finance,{GROUPS}"; }},
  {{ id = "{HR}"; name = "HR"; group = "cn=hr,{GROUPS}"; }},
  {{ id = "{LEGAL}"; name = "Legal"; group = "cn=legal,{GROUPS}"; nested = true; }}"""


def directory_text(server, urls=None, more=""):
    urls = urls or [server.ldaps]
    listed = ", ".join(f'"{url}"' for url in urls)
    return f"""{{ name = "corp"; urls = [ {listed} ]; tls = {{ ca_file = "{server.tls.ca}"; }};
    bind = {{ dn = "cn=sync,{directory_server.SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
    users = {{ bases = [ "{PEOPLE}" ]; }}; page_size = 1000; {more} }}"""


def tenant_text(simulator, more=FAST):
    return f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
    allow_cleartext = true; {more}"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    require(directory_server.missing())
    folder = tmp_path_factory.mktemp("world")
    names = f"{FINANCE}=Finance Planning,{HR}=HR,{LEGAL}=Legal"
    with Slapd(folder / "slapd", company()) as server, \
            Simulator(folder, "--api-key", "key-1", "--workspaces", names) as simulator:
        agent = Agent(folder / "agent", directory_text(server), tenant_text(simulator), WORKSPACES,
                      more=LIMITS)
        yield server, simulator, agent



def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def modify(server, number, text):
    server.modify(f"dn: {dn(number)}\nchangetype: modify\n{text}\n")


def test_first_dry_run_writes_nothing(world):
    _, simulator, agent = world
    plan = agent.run("--dry-run", "--json", "--detailed-exitcode").expect(2)
    assert plan.summary["create"] == PEOPLE_COUNT
    assert plan.json["run"]["certified"] is True
    assert simulator.writes(0) == []
    assert not os.path.exists(agent.state)
    creating = plan.actions("create")[0]
    assert creating["request"]["method"] == "POST"
    assert creating["reason"]["code"] == "joined"


def test_first_sync_creates_everyone(world):
    _, simulator, agent = world
    result = agent.run("sync", "--json").expect(0)
    assert result.summary["create"] == PEOPLE_COUNT
    users = simulator.users()
    assert len(users) == PEOPLE_COUNT
    by_name = {user["userName"]: user for user in users}
    assert sorted(by_name["p0001@example.com"]["workspaces"]) == sorted([FINANCE, LEGAL])
    assert sorted(by_name["p1000@example.com"]["workspaces"]) == sorted([FINANCE, HR])
    assert by_name["p2000@example.com"]["workspaces"] == [LEGAL]
    assert by_name["p2500@example.com"]["workspaces"] == []
    assert all(user["active"] for user in users)


def test_second_sync_sends_nothing(world):
    _, simulator, agent = world
    since = simulator.sequence()
    result = agent.run("sync", "--json").expect(0)
    assert result.summary["unchanged"] == PEOPLE_COUNT
    assert simulator.log(since) == []


def test_a_delta_of_nothing_says_what_it_rests_on(world):
    _, simulator, agent = world
    since = simulator.sequence()
    out = agent.run("sync", "--kind", "delta").expect(0).out
    assert "\nCertified: ldaps://" in out and "Nothing to do" in out, out
    assert simulator.log(since) == []


def test_dry_run_leaves_the_state_as_it_was(world):
    server, _, agent = world
    modify(server, 7, "replace: sn\nsn: Dry")
    before = digest(agent.state)
    plan = agent.run("sync", "--dry-run", "--json").expect(0)
    assert plan.summary["update"] == 1
    assert digest(agent.state) == before
    modify(server, 7, "replace: sn\nsn: Sur7")


def test_surname_is_one_patch_with_one_operation(world):
    server, simulator, agent = world
    since = simulator.sequence()
    modify(server, 42, "replace: sn\nsn: Ray")
    agent.run("sync").expect(0)
    sent = simulator.writes(since)
    assert [row["method"] for row in sent] == ["PATCH"]
    assert json.loads(sent[0]["body"])["Operations"] == [
        {"op": "replace", "path": "name.familyName", "value": "Ray"}]


def test_leaving_a_group_is_one_patch_with_the_full_remaining_set(world):
    server, simulator, agent = world
    since = simulator.sequence()
    server.modify(f"dn: cn=finance,{GROUPS}\nchangetype: modify\ndelete: member\nmember: {dn(1)}\n")
    agent.run("sync").expect(0)
    sent = simulator.writes(since)
    assert [row["method"] for row in sent] == ["PATCH"]
    assert json.loads(sent[0]["body"])["Operations"] == [
        {"op": "replace", "path": 'entitlements[type eq "WORKSPACE"]',
         "value": [{"value": LEGAL, "type": "WORKSPACE"}]}]
    assert simulator.user("p0001@example.com")["workspaces"] == [LEGAL]


def test_leaver_is_deactivated_and_keeps_workspaces(world):
    server, simulator, agent = world
    since = simulator.sequence()
    server.modify(f"dn: {dn(1100)}\nchangetype: delete\n")
    result = agent.run("sync", "--json").expect(0)
    assert [action["reason"]["code"] for action in result.actions()] == ["deleted"]
    assert len(simulator.writes(since)) == 1
    user = simulator.user("p1100@example.com")
    assert (user["active"], user["workspaces"]) == (False, [HR])


def test_explain_says_which_group_grants(world):
    _, _, agent = world
    text = agent.run("explain", "p0002@example.com").expect(0).out
    assert "legal-inner" in text and "Legal" in text and "nothing" in text
    assert agent.run("explain", "nobody@example.com").expect(1).out == ""


def test_one_person_only(world):
    server, simulator, agent = world
    since = simulator.sequence()
    modify(server, 50, "replace: sn\nsn: Fifty")
    modify(server, 51, "replace: sn\nsn: Fiftyone")
    agent.run("sync", "--user", "p0050@example.com").expect(0)
    assert len(simulator.writes(since)) == 1
    agent.run("sync").expect(0)
    assert len(simulator.writes(since)) == 2


def test_fail_over_to_the_second_url(world):
    server, simulator, agent = world
    dead = f"ldaps://127.0.0.1:{directory_server.free_port()}"
    agent.write(directory=directory_text(server, [dead, server.ldaps]))
    agent.run("sync").expect(0)
    agent.write(directory=directory_text(server))


def test_status_needs_no_lock(world):
    _, _, agent = world
    with agent.service():
        assert agent.run("status", "--json").expect(0).json["links"] == PEOPLE_COUNT
        agent.run("sync").expect(75)


def test_service_picks_a_change_up_and_reloads(world):
    server, simulator, agent = world
    agent.write(more=LIMITS + 'schedule = { delta = "1s"; };')
    since = simulator.sequence()
    with agent.service() as service:
        modify(server, 77, "replace: sn\nsn: Poll")
        service.wait_for(lambda: len(simulator.writes(since)) == 1)
        with open(agent.config, "a", encoding="utf-8") as file:
            file.write("nonsense = 1;\n")
        service.send(signal.SIGHUP)
        service.wait_for(lambda: "nonsense" in service.log and "keeping" in service.log)
        modify(server, 78, "replace: sn\nsn: Still")
        service.wait_for(lambda: len(simulator.writes(since)) == 2)
    agent.write(more=LIMITS)


def test_wrong_password_and_dead_tenant_exit_69(world):
    server, simulator, agent = world
    agent.environment["DIRECTORY_PASSWORD"] = "hunter-two"
    failed = agent.run("sync").expect(69)
    assert "hunter-two" not in failed.err + failed.out
    agent.environment["DIRECTORY_PASSWORD"] = "secret-of-sync"
    modify(server, 80, "replace: sn\nsn: Late")
    agent.environment["TENANT_KEY"] = "no-such-key"
    failed = agent.run("sync").expect(69)
    assert "no-such-key" not in failed.err + failed.out
    agent.environment["TENANT_KEY"] = "key-1"
    assert agent.run("sync", "--json").expect(0).summary["update"] == 1


def test_unmappable_entry_stops_only_itself(world):
    server, simulator, agent = world
    server.modify(f"dn: uid=nomail,{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: nomail\n"
                  "cn: No Mail\nsn: Mail\n")
    modify(server, 90, "replace: sn\nsn: Ninety")
    result = agent.run("sync", "--json").expect(4)
    assert result.summary["update"] == 1
    rejected = result.actions("rejected")
    assert len(rejected) == 1 and "userName" in rejected[0]["reason"]["detail"]
    assert rejected[0]["dn"] == f"uid=nomail,{PEOPLE}"
    server.modify(f"dn: uid=nomail,{PEOPLE}\nchangetype: delete\n")


def test_reconcile_restores_drift_and_counts_orphans(world):
    _, simulator, agent = world
    user = simulator.user("p0300@example.com")
    simulator.edit(user["id"], active=False)
    simulator.add(userName="by.hand@example.com", givenName="By", familyName="Hand")
    result = agent.run("sync", "--kind", "reconcile", "--json").expect(0)
    assert [action["reason"]["code"] for action in result.actions()] == ["drift"]
    assert result.summary["orphan"] == 1
    assert simulator.user("p0300@example.com")["active"] is True


def test_existing_account_is_adopted_not_doubled(world):
    server, simulator, agent = world
    server.modify(f"dn: uid=handy,{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: handy\n"
                  "cn: By Hand\ngivenName: By\nsn: Hand\nmail: By.Hand@example.com\n")
    since = simulator.sequence()
    agent.run("sync").expect(0)
    assert [row["method"] for row in simulator.writes(since)] == ["PATCH"]
    assert simulator.user("by.hand@example.com")["externalId"]


def test_a_mass_leave_is_held_and_goes_when_approved(world):
    server, simulator, agent = world
    since = simulator.sequence()
    gone = range(2001, 2061)
    server.modify("\n".join(f"dn: {dn(number)}\nchangetype: delete\n" for number in gone))
    modify(server, 301, "replace: sn\nsn: Flows")
    result = agent.run("sync", "--json").expect(3)
    assert (result.summary["deactivate"], result.summary["held"]) == (60, 60)
    assert [row["method"] for row in simulator.writes(since)] == ["PATCH"]
    held = agent.run("holds", "--json").expect(0).json
    assert (held[-1]["class"], held[-1]["count"], held[-1]["limit"]) == ("deactivations", 60, 50)
    assert len(held[-1]["actions"]) == 60
    agent.write(more=LIMITS + 'schedule = { delta = "1s"; };')
    with agent.service() as service:
        service.wait_for(lambda: os.path.exists(agent.state + "-wal"))
        agent.run("approve", str(held[-1]["hold"])).expect(0)
        service.wait_for(lambda: agent.run("holds", "--json").expect(0).json == [])
    agent.write(more=LIMITS)
    assert all(not simulator.user(f"p{number}@example.com")["active"] for number in gone)


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider"]))
