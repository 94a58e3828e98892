#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Deltas of the whole service, beside what a full scan finds afterwards: nothing.

Random changes (DELTA_SEED repeats a run, DELTA_CHANGES makes it longer) go to a real server while
the service runs with push. In the end the tenant must be what a full scan would make of it, and the
whole scans that the service did meanwhile must have found nothing that the deltas had missed.
"""
import os
import random
import sys
import time

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import samba_ad  # noqa: E402
import slapd  # noqa: E402
from agent import Agent, FINANCE, HR, LEGAL  # noqa: E402
from simulator import Simulator, require  # noqa: E402

CHANGES = int(os.environ.get("DELTA_CHANGES", "120"))
NAMES = f"{FINANCE}=Finance Planning,{HR}=HR,{LEGAL}=Legal"
POLICY = """policy = { limits = { deactivations = { count = 0; percent = 0; }; revocations = { count = 0; percent = 0; };
  creations = { count = 0; percent = 0; }; smallest_scan_percent = 10; }; };"""
MAPPING = """{ to = "userName"; from = "${mail|lower}"; }, { to = "externalId"; from = "${.key}"; },
  { to = "name.givenName"; from = "${givenName}"; }, { to = "name.familyName"; from = "${sn}"; },
  { to = "active"; from = "false"; when = "(employeeType=ended)"; }, { to = "active"; from = "${.enabled}"; }"""


class Walk:
    """Random changes of people and groups, as change records; keeps what is there."""

    def __init__(self, seed, people, other, groups):
        self.chance = random.Random(seed)
        self.units = (people, other)
        self.people = {}
        self.members = {name: set() for name in groups}
        self.group_dns = groups
        self.next = 0

    def person_dn(self, uid, unit):
        raise NotImplementedError

    def new_person(self, uid, unit):
        raise NotImplementedError

    def some(self):
        return self.chance.choice(sorted(self.people)) if self.people else None

    def join(self):
        uid = f"p{self.next:04d}"
        self.next += 1
        self.people[uid] = 0
        return self.new_person(uid, 0)

    def leave(self, uid):
        unit = self.people.pop(uid)
        for members in self.members.values():
            members.discard(uid)
        return f"dn: {self.person_dn(uid, unit)}\nchangetype: delete\n\n"

    def again(self, uid):
        """The same person with a new key."""
        gone = self.leave(uid)
        self.people[uid] = 0
        return gone + self.new_person(uid, 0)

    def marry(self, uid):
        dn = self.person_dn(uid, self.people[uid])
        return f"dn: {dn}\nchangetype: modify\nreplace: sn\nsn: Sur{self.chance.randrange(10**6)}\n\n"

    def end(self, uid):
        dn = self.person_dn(uid, self.people[uid])
        kind = self.chance.choice(("ended", "staff"))
        return f"dn: {dn}\nchangetype: modify\nreplace: employeeType\nemployeeType: {kind}\n\n"

    def move(self, uid):
        unit = self.people[uid]
        self.people[uid] = 1 - unit
        rdn = self.person_dn(uid, unit).split(",")[0]
        return (f"dn: {self.person_dn(uid, unit)}\nchangetype: moddn\nnewrdn: {rdn}\ndeleteoldrdn: 1\n"
                f"newsuperior: {self.units[1 - unit]}\n\n")

    def regroup(self, uid):
        name = self.chance.choice(sorted(self.members))
        verb = "delete" if uid in self.members[name] else "add"
        self.members[name].symmetric_difference_update({uid})
        return (f"dn: {self.group_dns[name]}\nchangetype: modify\n{verb}: member\n"
                f"member: {self.person_dn(uid, self.people[uid])}\n\n")

    def nest(self):
        verb = "delete" if "inner" in self.members["finance"] else "add"
        self.members["finance"].symmetric_difference_update({"inner"})
        return (f"dn: {self.group_dns['finance']}\nchangetype: modify\n{verb}: member\n"
                f"member: {self.group_dns['inner']}\n\n")

    def step(self):
        kind = self.chance.randrange(100)
        uid = self.some()
        if kind < 15 or uid is None:
            return self.join()
        if kind < 22:
            return self.leave(uid)
        if kind < 26:
            return self.again(uid)
        if kind < 45:
            return self.marry(uid)
        if kind < 55:
            return self.end(uid)
        if kind < 65:
            return self.move(uid)
        if kind < 68:
            return self.nest()
        return self.regroup(uid)


class OpenLdapWalk(Walk):
    def __init__(self, seed):
        super().__init__(seed, slapd.PEOPLE, f"ou=other,{slapd.PEOPLE}",
                         {name: f"cn={name},{slapd.GROUPS}" for name in ("finance", "inner", "hr")})

    def person_dn(self, uid, unit):
        return f"uid={uid},{self.units[unit]}"

    def new_person(self, uid, unit):
        return slapd.person(uid, self.units[unit], givenName="Given").replace(
            "\nobjectClass", "\nchangetype: add\nobjectClass", 1)

    def start(self):
        ldif = slapd.skeleton() + slapd.entry(self.units[1], "organizationalUnit", ou="other")
        for _ in range(60):
            ldif += self.join().replace("changetype: add\n", "")
        for name, dn in self.group_dns.items():
            # groupOfNames wants a member; the account that binds is no person.
            ldif += slapd.entry(dn, "groupOfNames", cn=name, member=[f"cn=sync,{slapd.SERVICES}"])
        return ldif


class ActiveDirectoryWalk(Walk):
    def __init__(self, seed):
        super().__init__(seed, samba_ad.STAFF, f"OU=Other,{samba_ad.STAFF}",
                         {name: f"CN={name},{samba_ad.GROUPS}" for name in ("finance", "inner", "hr")})

    def person_dn(self, uid, unit):
        return f"CN={uid},{self.units[unit]}"

    def new_person(self, uid, unit):
        return (f"dn: {self.person_dn(uid, unit)}\nchangetype: add\nobjectClass: user\nsAMAccountName: {uid}\n"
                f"mail: {uid}@corp.example\ngivenName: Given\nsn: Test\nuserAccountControl: 544\n\n")

    def start(self):
        ldif = f"dn: {self.units[1]}\nchangetype: add\nobjectClass: organizationalUnit\n\n"
        for _ in range(60):
            ldif += self.join()
        for name, dn in self.group_dns.items():
            ldif += f"dn: {dn}\nchangetype: add\nobjectClass: group\nsAMAccountName: {name}\n\n"
        return ldif


def agent_of(folder, url, authority, base, bind, walk, simulator, changes):
    groups = walk.group_dns
    workspaces = f"""
      {{ id = "{FINANCE}"; name = "Finance"; group = "{groups['finance']}"; nested = true; }},
      {{ id = "{HR}"; name = "HR"; group = "{groups['hr']}"; }}"""
    directory = f"""{{ name = "corp"; urls = [ "{url}" ]; tls = {{ ca_file = "{authority.ca}"; }};
      bind = {{ dn = "{bind}"; password = "env:DIRECTORY_PASSWORD"; }}; changes = "{changes}";
      users = {{ bases = [ "{base}" ]; }}; }}"""
    tenant = f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
      allow_cleartext = true; requests_per_second = 0; concurrency = 8;"""
    return Agent(folder, directory, tenant, workspaces, more=POLICY, mapping=MAPPING)


def is_quiet(simulator, agent, state):
    """Whether nothing was sent for a while."""
    newest = simulator.sequence()
    if state.get("newest") != newest:
        state.update(newest=newest, since=time.monotonic())
    return time.monotonic() - state["since"] > 3


def walk_through(walk, modify, agent, simulator, count):
    agent.run("sync", "--kind", "full").expect(0)
    agent.write(more=POLICY + 'schedule = { delta = "2s"; full = "60s"; push = true; };')
    with agent.service() as service:
        service.wait_for(lambda: os.path.exists(agent.state + "-wal"))
        done = 0
        while done < count:
            burst = walk.chance.randrange(1, 9)
            modify("".join(walk.step() for _ in range(burst)))
            done += burst
            time.sleep(walk.chance.random() * 0.6)
        quiet = {}
        service.wait_for(lambda: is_quiet(simulator, agent, quiet), 60)
    agent.write(more=POLICY)


def expect_nothing_missed(agent, simulator):
    status = agent.run("status", "--json").expect(0).json
    assert status["deltaMissedChangesTotal"] == 0, status["runs"]
    since = simulator.sequence()
    plan = agent.run("sync", "--kind", "full", "--json")
    # A userName that came back with a new key waits for a person; every scan says so again.
    left = [action for action in plan.actions() if action["kind"] != "conflict"]
    assert left == [] and plan.code == (4 if plan.actions() else 0), left
    assert simulator.writes(since) == []


def new_seed(request):
    seed = int(os.environ.get("DELTA_SEED", random.randrange(10**9)))
    print(f"DELTA_SEED={seed}")
    return seed


@pytest.mark.parametrize("changes", ["syncrepl"])
def test_openldap(tmp_path, authority, request, changes):
    require(slapd.missing())
    walk = OpenLdapWalk(new_seed(request))
    with slapd.Slapd(tmp_path / "slapd", walk.start(), authority=authority,
                     extra_database="syncprov-sessionlog 5000") as server, \
            Simulator(tmp_path, "--api-key", "key-1", "--workspaces", NAMES) as simulator:
        agent = agent_of(tmp_path / "agent", server.ldaps, authority, slapd.PEOPLE,
                         f"cn=sync,{slapd.SERVICES}", walk, simulator, changes)
        walk_through(walk, server.modify, agent, simulator, CHANGES)
        expect_nothing_missed(agent, simulator)


@pytest.mark.parametrize("changes", ["dirsync", "usn"])
def test_active_directory(tmp_path, authority, request, changes):
    require(samba_ad.missing())
    walk = ActiveDirectoryWalk(new_seed(request))
    with samba_ad.Domain(tmp_path / "dc", authority) as domain, \
            Simulator(tmp_path, "--api-key", "key-1", "--workspaces", NAMES) as simulator:
        domain.change(walk.start())
        agent = agent_of(tmp_path / "agent", domain.ldaps, authority, samba_ad.STAFF, samba_ad.ADMINISTRATOR,
                         walk, simulator, changes)
        # Deletions are told to those only who may read CN=Deleted Objects.
        agent.environment["DIRECTORY_PASSWORD"] = samba_ad.ADMINISTRATOR_PASSWORD
        walk_through(walk, domain.change, agent, simulator, CHANGES // 3)
        expect_nothing_missed(agent, simulator)
