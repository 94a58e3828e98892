#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Saved plans between slapd and the tenant simulator: done to the letter, or refused with what moved.

A plan file is not trusted: whatever somebody writes into it, no request leaves the agent that it would not
make itself.
"""
import copy
import hashlib
import json
import os
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

LIMITS = """policy = { limits = { deactivations = { count = 100; percent = 0; }; creations = { count = 100; };
  revocations = { count = 100; percent = 0; }; smallest_scan_percent = 1; }; };"""
WORKSPACES = f"""
  {{ id = "{FINANCE}"; name = "Finance Planning"; group = "cn=finance,{GROUPS}"; }},
  {{ id = "{HR}"; name = "HR"; when = "(departmentNumber=HR*)"; }}"""


def dn(number):
    return f"uid=p{number},{PEOPLE}"


def company():
    ldif = skeleton()
    for number in range(1, 7):
        ldif += person(f"p{number}", givenName="Given", sn=f"Sur{number}")
    return ldif + group("finance", [dn(1), dn(2)])


class World:
    def __init__(self, folder, server, simulator):
        self.server, self.simulator = server, simulator
        self.agent = Agent(folder / "agent", f"""{{ name = "corp"; urls = [ "{server.ldaps}" ];
            tls = {{ ca_file = "{server.tls.ca}"; }};
            bind = {{ dn = "cn=sync,{directory_server.SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
            users = {{ bases = [ "{PEOPLE}" ]; }}; }}""",
                           f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
            allow_cleartext = true; requests_per_second = 0; concurrency = 4;""", WORKSPACES, more=LIMITS)
        self.plan = self.agent.path("plan.json")

    def replace(self, number, attribute, value):
        self.server.modify(f"dn: {dn(number)}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n")

    def change(self):
        """A change, a joiner, a grant, a leaver."""
        self.replace(1, "sn", "Ray")
        self.replace(3, "departmentNumber", "HR1")
        self.server.modify(f"dn: {dn(4)}\nchangetype: delete\n")
        self.server.modify(person("p7", givenName="Given", sn="Sur7").strip().replace("\n", "\nchangetype: add\n", 1)
                           + "\n")

    def save(self, *options):
        self.agent.run("sync", "--dry-run", "--out", self.plan, *options).expect(0)
        with open(self.plan, encoding="utf-8") as file:
            return json.load(file)

    def write(self, text):
        with open(self.plan, "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))

    def refuse(self, code, *words):
        since = self.simulator.sequence()
        result = self.agent.run("apply", self.plan).expect(code)
        for word in words:
            assert word in result.err, result.err
        assert result.out == ""
        assert self.simulator.writes(since) == []
        return result


@pytest.fixture(name="world")
def make_world(tmp_path):
    require(directory_server.missing())
    names = f"{FINANCE}=Finance Planning,{HR}=HR,{LEGAL}=Legal"
    with Slapd(tmp_path / "slapd", company()) as server, \
            Simulator(tmp_path, "--api-key", "key-1", "--workspaces", names) as simulator:
        world = World(tmp_path, server, simulator)
        world.agent.run("sync").expect(0)
        yield world


def test_a_plan_is_done_to_the_letter(world):
    world.change()
    plan = world.save()
    assert sorted(action["kind"] for action in plan["actions"]) == ["create", "deactivate", "update", "update"]
    since = world.simulator.sequence()
    shown = world.agent.run("apply", world.plan, "--json").expect(0)
    sent = [(row["method"], row["path"].rpartition("/v2")[2], json.loads(row["body"]))
            for row in world.simulator.writes(since)]
    wanted = [(action["request"]["method"], action["request"]["path"], action["request"]["body"])
              for action in plan["actions"]]
    assert sorted(sent, key=str) == sorted(wanted, key=str)
    assert {action["state"] for action in shown.json["actions"]} == {"done"}
    assert world.agent.run("sync").expect(0).out.count("nothing") <= 1
    with open(world.plan, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    records = world.agent.run("audit", "export").expect(0).out
    assert f'"plan":"{digest}"' in records
    world.agent.run("audit", "verify").expect(0)
    world.refuse(1, "the snapshot", "in the plan, and not asked for any more")


def test_kinds_and_one_person(world):
    for options in (["--kind", "delta"], ["--kind", "reconcile"], ["--user", "p2@example.com"]):
        world.replace(2, "sn", "Of" + options[1].replace("@", "").replace(".", ""))
        plan = world.save(*options)
        assert len(plan["actions"]) == 1
        world.agent.run("apply", world.plan, "--quiet").expect(0)
        world.refuse(1, "not asked for any more")


def test_what_moved_is_named(world):
    world.change()
    world.save("--kind", "reconcile")
    # the directory
    world.replace(5, "sn", "Moved")
    world.refuse(1, "the directory", "update of p5@example.com (planned): now asked for, and not in the plan")
    world.replace(5, "sn", "Sur5")
    # the tenant
    user = world.simulator.user("p6@example.com")
    world.simulator.edit(user["id"], familyName="Moved")
    world.refuse(1, "the tenant", "update of p6@example.com (planned): now asked for, and not in the plan")
    world.simulator.edit(user["id"], familyName="Sur6")
    # the configuration
    world.agent.write(more=LIMITS.replace("deactivations = { count = 100", "deactivations = { count = 99"))
    world.refuse(1, "the configuration")
    world.agent.write(more=LIMITS)
    # the snapshot
    world.agent.run("sync", "--user", "p1@example.com").expect(0)
    world.refuse(1, "the snapshot", "update of p1@example.com (planned): in the plan, and not asked for any more")
    # it goes once a new one was made
    world.save("--kind", "reconcile")
    world.agent.run("apply", world.plan).expect(0)


def doctored(plan):
    """What somebody might make of a plan, and a word of the answer."""
    def edit(change):
        other = copy.deepcopy(plan)
        change(other["actions"])
        return other

    create = next(i for i, action in enumerate(plan["actions"]) if action["kind"] == "create")
    evil = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "evil@example.com",
            "active": True, "entitlements": [{"type": "WORKSPACE", "value": LEGAL}]}
    yield edit(lambda actions: actions[create].update(userName="evil@example.com")), "differ"
    yield edit(lambda actions: actions[create]["request"].update(body=evil)), "asked for otherwise"
    yield edit(lambda actions: actions[0]["request"].update(path="/Users/evil")), "asked for otherwise"
    yield edit(lambda actions: actions[0]["request"].update(method="DELETE")), "asked for otherwise"
    yield edit(lambda actions: actions.append(dict(
        plan["actions"][create], key="00000000-0000-4000-8000-000000000001", dn="uid=evil",
        userName="evil@example.com", request={"method": "POST", "path": "/Users", "body": evil}))), \
        "create of evil@example.com (planned): in the plan, and not asked for"
    yield edit(lambda actions: actions.append(copy.deepcopy(actions[create]))), "in the plan, and not asked for"
    yield edit(lambda actions: actions.pop()), "now asked for, and not in the plan"
    yield edit(lambda actions: actions.append({"userName": "a\nscimward: all is well\x1b[2J", "kind": "\x1b[2J"})), \
        "a?scimward"
    yield edit(lambda actions: actions[create]["changes"].clear()), "asked for otherwise"


def test_a_doctored_plan_sends_nothing(world):
    world.change()
    plan = world.save()
    for other, word in doctored(plan):
        world.write(other)
        assert "\x1b" not in world.refuse(1, "nothing was sent", word).err
    for kind, who in (("reconcile", None), ("full", "p1@example.com"), ("full", "*)(objectClass=*"), ("delta", "x\r\ny")):
        other = copy.deepcopy(plan)
        other["run"].update(kind=kind, user=who)
        world.write(other)
        since = world.simulator.sequence()
        result = world.agent.run("apply", world.plan)
        # Told to plan otherwise, it may come to the same, and only then sends it.
        assert result.code == 1 or kind == "reconcile", result.err
        if result.code == 1:
            assert world.simulator.writes(since) == []


def test_what_is_no_plan(world):
    world.change()
    plan = world.save()
    text = json.dumps(plan)
    for broken in ("", "{}", "[]", "null", text[:-1], text + "x", text.replace('"version": 1', '"version": 2'),
                   text.replace('"actions": [', '"actions": [' + "[" * 100000), "\x00" * 100,
                   text.replace('"dryRun": true', '"dryRun": false'), '{"version": 1, "a": ' + "[" * 5000000,
                   text.replace('"actions": [', '"actions": [{"a": "' + "b" * 5000000 + '"},')):
        world.write(broken)
        world.refuse(64, "plan")
    world.plan = world.agent.path("nowhere.json")
    world.refuse(64, "No such file")
    world.plan = world.agent.folder
    world.refuse(64, "directory")
    world.agent.run("apply").expect(64)


def test_a_plan_goes_one_way_or_another_beside_a_service(world):
    world.change()
    world.save()
    with world.agent.service() as service:
        service.wait_for(lambda: len(world.simulator.users()) == 7)
        world.refuse(75, "lock")
    world.refuse(1, "the snapshot")


def test_death_under_way(world):
    world.change()
    world.save()
    world.agent.run("apply", world.plan, "--stop-after", "8").expect(137)
    world.agent.run("apply", world.plan, "--stop-after", "2")
    world.agent.run("sync").expect(0)
    since = world.simulator.sequence()
    world.agent.run("sync").expect(0)
    assert world.simulator.log(since) == []
    world.agent.run("audit", "verify").expect(0)


def test_many_actions_take_little_memory(world, tmp_path):
    """A hostile million, and a plan of 20,000: read in a moment, and refused."""
    action = {"kind": "create", "state": "planned", "userName": "a@example.com", "key": None, "dn": "uid=a",
              "reason": {"code": "joined"}, "changes": [], "request": {"method": "POST", "path": "/Users", "body": {}}}
    plan = world.save()
    plan["actions"] = [dict(action, userName=f"evil{number}@example.com", dn=f"uid={number}") for number in range(20000)]
    world.write(plan)
    world.refuse(1, "actions that differ: 20000", "and 19990 more")
    assert tmp_path.exists()


if __name__ == "__main__":
    import harness
    sys.exit(harness.run(__file__))
