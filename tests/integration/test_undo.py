#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Undo between slapd and the tenant simulator: the earlier tenant, whatever the change, and it stays so."""
import json
import os
import pty
import select
import subprocess
import sys

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import slapd as directory_server  # noqa: E402
from agent import FINANCE, HR, LEGAL, find_binary  # noqa: E402
from simulator import Simulator, require  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES, Slapd, person  # noqa: E402
from test_apply import LIMITS, World, company, dn  # noqa: E402


def dump(simulator, without=()):
    """What an Anaplan admin sees of each account."""
    return sorted((user["userName"], user["familyName"], user["givenName"], user["active"], sorted(user["workspaces"]))
                  for user in simulator.users() if user["userName"] not in without)


@pytest.fixture(name="world")
def make_world(tmp_path):
    require(directory_server.missing())
    names = f"{FINANCE}=Finance Planning,{HR}=HR,{LEGAL}=Legal"
    with Slapd(tmp_path / "slapd", company()) as server, \
            Simulator(tmp_path, "--api-key", "key-1", "--workspaces", names) as simulator:
        world = World(tmp_path, server, simulator)
        world.agent.run("sync").expect(0)
        yield world


def add(number, **attributes):
    """An LDIF record of somebody who joins."""
    ldif = person(f"p{number}", givenName="Given", sn=f"Sur{number}", **attributes).strip()
    return ldif.replace("\n", "\nchangetype: add\n", 1) + "\n"


def members(*numbers):
    text = f"dn: cn=finance,{GROUPS}\nchangetype: modify\nreplace: member\n"
    return text + "".join(f"member: {dn(number)}\n" for number in numbers)


# name: what the directory does, what puts it right, an account that is new
CHANGES = {
    "create": (add(7, departmentNumber="HR1"), f"dn: {dn(7)}\nchangetype: delete\n", "p7@example.com"),
    "update": (f"dn: {dn(1)}\nchangetype: modify\nreplace: sn\nsn: Ray\n",
               f"dn: {dn(1)}\nchangetype: modify\nreplace: sn\nsn: Sur1\n", None),
    "workspaces": (members(3, 4), members(1, 2), None),
    "deactivate": (f"dn: {dn(2)}\nchangetype: delete\n",
                   add(2), None),
}


def remembered(world):
    return [hold for hold in world.agent.run("holds", "--json").expect(0).json if hold["class"] == "undone"]


@pytest.mark.parametrize("name", CHANGES)
def test_the_earlier_tenant_comes_back_and_stays(world, name):
    change, fix, made = CHANGES[name]
    without = (made,) if made else ()
    before = dump(world.simulator)
    world.server.modify(change)
    world.agent.run("sync").expect(0)
    assert dump(world.simulator) != before
    since = world.simulator.sequence()
    shown = world.agent.run("undo", "last", "--dry-run", "--json").expect(0)
    assert world.simulator.writes(since) == []
    assert {action["reason"]["code"] for action in shown.json["actions"]} == {"undo"}
    done = world.agent.run("undo", "last").expect(0)
    assert "undoes run" in done.out
    assert dump(world.simulator, without) == before
    if made:
        assert not world.simulator.user(made)["active"]
    holds = remembered(world)
    assert len(holds) == 1 and holds[0]["decision"] == "rejected"
    since = world.simulator.sequence()
    for kind in ("full", "reconcile", "delta", "full"):
        world.agent.run("sync", "--kind", kind).expect(0)
    assert world.simulator.writes(since) == []
    assert len(remembered(world)) == 1
    # the directory is put right
    if name != "deactivate":  # slapd gives whoever comes back another key
        world.server.modify(fix)
        world.agent.run("sync").expect(0)
        assert world.simulator.writes(since) == []
        assert remembered(world) == []
        assert dump(world.simulator, without) == before
    world.agent.run("audit", "verify").expect(0)


def move(number, away, home):
    """Between where people are looked for and where they are not."""
    return f"dn: uid=p{number},{away}\nchangetype: modrdn\nnewrdn: uid=p{number}\ndeleteoldrdn: 1\nnewsuperior: {home}\n"


def expect_no_more(world, before, without=()):
    """Whatever looks, the earlier tenant stays."""
    since = world.simulator.sequence()
    for kind in ("full", "reconcile", "delta"):
        world.agent.run("sync", "--kind", kind).expect(0)
    assert world.simulator.writes(since) == []
    assert dump(world.simulator, without) == before


def test_who_was_let_in_again_is_out_again(world):
    world.server.modify(move(2, PEOPLE, SERVICES))
    world.agent.run("sync").expect(0)
    before = dump(world.simulator)
    assert not world.simulator.user("p2@example.com")["active"]
    world.server.modify(move(2, SERVICES, PEOPLE))
    assert world.agent.run("sync", "--json").expect(0).json["summary"]["reactivate"] == 1
    assert world.simulator.user("p2@example.com")["active"]
    world.agent.run("undo", "last").expect(0)
    assert dump(world.simulator) == before
    expect_no_more(world, before)
    world.server.modify(move(2, PEOPLE, SERVICES))
    expect_no_more(world, before)
    assert remembered(world) == []


def test_who_got_a_new_account_has_the_earlier_one(world):
    """Both halves of a rename that Anaplan can do: the new account is closed, the earlier one goes on."""
    world.agent.write(more=LIMITS.replace("policy = {", 'policy = { rename = "recreate";'))
    before = dump(world.simulator)
    world.replace(1, "mail", "new@example.com")
    world.agent.run("sync").expect(0)
    assert not world.simulator.user("p1@example.com")["active"]
    assert world.simulator.user("new@example.com")["active"]
    world.agent.run("undo", "last").expect(0)
    assert dump(world.simulator, ("new@example.com",)) == before
    assert not world.simulator.user("new@example.com")["active"]
    expect_no_more(world, before, ("new@example.com",))
    world.replace(1, "mail", "p1@example.com")
    expect_no_more(world, before, ("new@example.com",))
    assert remembered(world) == []


def test_an_undo_of_an_undo_and_approval(world):
    world.server.modify(CHANGES["update"][0])
    world.agent.run("sync").expect(0)
    done = dump(world.simulator)
    world.agent.run("undo", "last").expect(0)
    undone = dump(world.simulator)
    world.agent.run("undo", "last").expect(0)
    assert dump(world.simulator) == done
    world.agent.run("sync").expect(0)
    assert remembered(world) == []
    world.agent.run("undo", "2").expect(0)
    assert dump(world.simulator) == undone
    world.agent.run("approve", str(remembered(world)[0]["hold"])).expect(0)
    world.agent.run("sync").expect(0)
    assert dump(world.simulator) == done


def test_the_guard_and_approve(world):
    for number in range(10, 16):
        world.server.modify(add(number))
    world.agent.run("sync").expect(0)
    world.agent.write(more=LIMITS.replace("deactivations = { count = 100", "deactivations = { count = 5"))
    since = world.simulator.sequence()
    held = world.agent.run("undo", "last").expect(3)
    assert "deactivations" in held.err and world.simulator.writes(since) == []
    hold = next(hold for hold in world.agent.run("holds", "--json").json if hold["class"] == "deactivations")
    assert hold["count"] == 6
    world.agent.run("sync").expect(0)
    world.agent.run("approve", str(hold["hold"])).expect(0)
    world.agent.run("undo", "2").expect(0)
    assert sum(not user["active"] for user in world.simulator.users()) == 6
    since = world.simulator.sequence()
    world.agent.run("sync").expect(0)
    assert world.simulator.writes(since) == []


def test_what_others_changed_stays_and_is_named(world):
    world.server.modify(CHANGES["update"][0])
    world.server.modify(CHANGES["workspaces"][0])
    world.agent.run("sync").expect(0)
    user = world.simulator.user("p1@example.com")
    world.simulator.edit(user["id"], familyName="Other")
    gone = world.simulator.user("p3@example.com")
    world.simulator.remove(gone["id"])
    result = world.agent.run("undo", "last").expect(4)
    assert "name.familyName (changed again since, by somebody else)" in result.out
    assert "the tenant has the account no longer" in result.out
    assert world.simulator.user("p1@example.com")["familyName"] == "Other"


def test_a_run_that_is_not_there_or_did_nothing(world):
    assert "there is no run 99" in world.agent.run("undo", "99").expect(1).err
    world.agent.run("sync").expect(0)
    assert "changed nothing" in world.agent.run("undo", "2").expect(0).err
    world.agent.run("undo", "never").expect(64)
    world.agent.run("undo").expect(64)
    world.agent.run("sync", "--kind", "undo").expect(64)


def test_beside_a_service(world):
    world.server.modify(CHANGES["update"][0])
    with world.agent.service() as service:
        service.wait_for(lambda: world.simulator.user("p1@example.com")["familyName"] == "Ray")
        since = world.simulator.sequence()
        world.agent.run("undo", "1").expect(75)
        assert world.simulator.writes(since) == []
        world.agent.run("undo", "1", "--dry-run").expect(0)


def test_a_plan_of_an_undo_is_not_applied(world):
    with open(world.plan, "w", encoding="utf-8") as file:
        file.write(world.agent.run("undo", "1", "--dry-run", "--json").expect(0).out)
    assert "undo" in world.refuse(64).err


def answer(world, word, *options):
    """Runs undo on a terminal, and says a word when asked. @return (exit, what was shown)"""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([find_binary(), "-c", world.agent.config, "undo", "last", *options],
                               env=world.agent.environment, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    said = b""
    while process.poll() is None:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                said += os.read(ours, 4096)
            except OSError:
                break
        if word and b"[y/N]" in said:
            os.write(ours, word)
            word = None
    code = process.wait(60)
    out = process.stdout.read()
    process.stdout.close()
    os.close(ours)
    return code, said + out


def test_on_a_terminal_somebody_is_asked(world):
    before = dump(world.simulator)
    world.server.modify(CHANGES["update"][0])
    world.agent.run("sync").expect(0)
    since = world.simulator.sequence()
    code, said = answer(world, b"n\n")
    assert code == 1 and b"nothing was undone" in said and b"dry run: nothing is sent" in said
    assert world.simulator.writes(since) == []
    code, said = answer(world, b"y\n")
    assert code == 0, said
    assert dump(world.simulator) == before
    code, said = answer(world, None, "--yes")
    assert code == 0 and b"[y/N]" not in said


def test_death_at_every_step(world):
    before = dump(world.simulator)
    for step in range(1, 100):
        world.server.modify(f"dn: {dn(1)}\nchangetype: modify\nreplace: sn\nsn: Round{step}\n")
        world.server.modify(members(3) if step % 2 else members(4))
        world.agent.run("sync", "--quiet").expect(0)
        run = json.loads(world.agent.run("status", "--json").out)["runs"][0]["run"]
        undone = world.agent.run("undo", str(run), "--stop-after", str(step))
        assert undone.code in (0, 137), undone.err
        world.agent.run("undo", str(run)).expect(0)
        assert dump(world.simulator) == before
        world.agent.run("sync", "--quiet").expect(0)
        assert dump(world.simulator) == before
        if undone.code == 0:
            break
    assert 8 <= step <= 60
    world.agent.run("audit", "verify").expect(0)


if __name__ == "__main__":
    import harness
    sys.exit(harness.run(__file__))
