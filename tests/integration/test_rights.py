#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Which rights in OpenLDAP the bind needs: with these and no other everything works, and each that is
taken away costs what SECURITY.md says, and nobody's account.

Active Directory's are in test_changes_ad.py, which reads as an administrator and as anybody.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_rights.py
"""
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import slapd  # noqa: E402
from agent import Agent, FINANCE, HR  # noqa: E402
from conftest import need  # noqa: E402
from simulator import Simulator  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES, SUFFIX  # noqa: E402

AWAY = "ou=away," + SUFFIX
BIND = f'by dn.exact="cn=sync,{SERVICES}"'

# All that it may; each right by the name that the cases below take it away by.
RIGHTS = {
    "suffix": [f'dn.exact="{SUFFIX}" attrs=entry,objectClass {BIND} read'],
    "contextCSN": [f'dn.exact="{SUFFIX}" attrs=contextCSN {BIND} read'],
    "base": [f'dn.exact="{PEOPLE}" attrs=entry,objectClass {BIND} read'],
    "entry": [f'dn.children="{PEOPLE}" attrs=entry {BIND} read'],
    "objectClass": [f'dn.children="{PEOPLE}" attrs=objectClass {BIND} read'],
    "entryUUID": [f'dn.children="{PEOPLE}" attrs=entryUUID {BIND} read'],
    "mapped": [f'dn.children="{PEOPLE}" attrs=mail,givenName,sn {BIND} read'],
    "rule": [f'dn.children="{PEOPLE}" attrs=departmentNumber {BIND} read'],
    "lock": [f'dn.children="{PEOPLE}" attrs=pwdAccountLockedTime {BIND} read'],
    "entryCSN": [f'dn.children="{PEOPLE}" attrs=entryCSN,modifyTimestamp {BIND} read'],
    "group": [f'dn.children="{GROUPS}" attrs=entry,objectClass,entryUUID {BIND} read'],
    "member": [f'dn.children="{GROUPS}" attrs=member {BIND} read'],
    "group's entryCSN": [f'dn.children="{GROUPS}" attrs=entryCSN,modifyTimestamp {BIND} read'],
    "elsewhere": [f'dn.subtree="{AWAY}" attrs=entry,objectClass,entryUUID {BIND} read'],
}


def access(*without):
    lines = [line for name, lines in RIGHTS.items() if name not in without for line in lines]
    return "\n".join("access to " + line for line in [*lines, "* by * none"])


def dn(number):
    return f"uid=p{number},{PEOPLE}"


def company():
    ldif = slapd.skeleton() + slapd.entry(AWAY, "organizationalUnit", ou="away")
    for number in range(1, 9):
        ldif += slapd.person(f"p{number}", givenName="Given", sn=f"Sur{number}",
                             departmentNumber="HR1" if number == 4 else "IT")
    return ldif + slapd.group("inner", [dn(3)]) + slapd.group("finance", [dn(1), dn(2), f"cn=inner,{GROUPS}"])


# Of these four the tenant is to hear, and of nobody else.
CHANGES = f"""\
dn: {dn(5)}
changetype: modify
add: pwdAccountLockedTime
pwdAccountLockedTime: 000001010000Z

dn: {dn(6)}
changetype: modify
replace: sn
sn: New

dn: {dn(7)}
changetype: modrdn
newrdn: uid=p7
deleteoldrdn: 0
newsuperior: {AWAY}

dn: {dn(8)}
changetype: delete

"""
DISABLED, RENAMED = "p5 disabled", "p6 attribute-changed"
MOVED, DELETED = "p7 moved", "p8 deleted"
ALL = {DISABLED, RENAMED, MOVED, DELETED}

# What is taken away: (what the plan has then, exit code, words on standard error).
CASES = {
    "nothing": (ALL, 0, ""),
    "contextCSN": (ALL, 0, ""),
    "entryCSN": (ALL, 0, ""),
    "group's entryCSN": (ALL, 0, ""),
    "suffix": ({DISABLED, RENAMED}, 0, "cannot be told from those whom the bind identity may not read|missing people"),
    "base": (set(), 3, "not certified: a search ended early"),
    "entry": (set(), 3, "not certified: canary"),
    "objectClass": (set(), 3, "not certified: canary"),
    "entryUUID": (set(), 4, "0 entries (and 6 without a usable key)"),
    "mapped": ({MOVED, DELETED}, 4, ""),
    "lock": (ALL - {DISABLED}, 0, ""),
    "group": (ALL, 0, "could not be read whole"),
    "member": (ALL, 0, "it shows no member, which its objectClass demands"),
    # It looks like deleted: policy.leavers.deleted holds for p7, not moved.
    "elsewhere": (ALL - {MOVED} | {"p7 deleted"}, 0, ""),
    # An attribute that is hidden looks like one that is not there; the guard holds what comes of it.
    "rule": (ALL | {"p4 group-lost held"}, 3, "1 revocation would be held"),
}
CHECKS = {
    "nothing": "ok corp: changes: syncrepl, deletions included; the server can tell them as they happen",
    "entryCSN": f"syncrepl: the bind identity may not search {PEOPLE} by entryCSN, so changes would not show; timestamp: the "
                "bind identity may not search",
    "group's entryCSN": f"syncrepl: the bind identity may not search cn=finance,{GROUPS} by entryCSN",
    "base": "FAILED corp: base:",
    "member": "FAILED corp: group: ",
}


class World:
    def __init__(self, folder, server, simulator):
        self.server, self.simulator = server, simulator
        self.agent = Agent(
            folder / "agent",
            f"""{{ name = "corp"; urls = [ "{server.ldaps}" ]; tls = {{ ca_file = "{server.tls.ca}"; }};
                bind = {{ dn = "cn=sync,{SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
                users = {{ bases = [ "{PEOPLE}" ]; }}; canaries = [ "{dn(1)}" ]; }}""",
            f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
                allow_cleartext = true; requests_per_second = 0;""",
            f"""{{ id = "{FINANCE}"; name = "Finance"; group = "cn=finance,{GROUPS}"; nested = true; }},
                {{ id = "{HR}"; name = "HR"; when = "(departmentNumber=HR*)"; }}""",
            more="""policy = { limits = { deactivations = { count = 10; percent = 0; }; smallest_scan_percent = 50; }; };
                schedule = { delta = "1h"; push = true; };""")

    def surname(self, number):
        return self.simulator.user(f"p{number}@example.com")["familyName"]


@pytest.fixture(scope="module", name="world")
def make_world(tmp_path_factory, authority):
    need(slapd.missing())
    folder = tmp_path_factory.mktemp("rights")
    with slapd.Slapd(folder / "slapd", company(), authority=authority, access=access(),
                     extra_database="syncprov-sessionlog 100\noverlay ppolicy") as server, \
            Simulator(folder, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance,{HR}=HR") as simulator:
        world = World(folder, server, simulator)
        world.agent.run("sync").expect(0)
        held = {user["userName"]: len(user["workspaces"]) for user in simulator.users() if user["userName"][0] == "p"}
        assert sum(held.values()) == 4 and held["p3@example.com"] == held["p4@example.com"] == 1
        push(world)
        server.modify(CHANGES)
        yield world


def push(world):
    """With these rights changes are told as they happen: nothing else would in an hour."""
    with world.agent.service() as service:
        service.wait_for(lambda: "waiting to be told" in service.log)
        for text, happened in (
                (f"dn: {dn(1)}\nchangetype: modify\nreplace: sn\nsn: Pushed\n\n", lambda: world.surname(1) == "Pushed"),
                (f"dn: cn=inner,{GROUPS}\nchangetype: modify\nadd: member\nmember: {dn(6)}\n\n",
                 lambda: world.simulator.user("p6@example.com")["workspaces"] == [FINANCE])):
            world.server.modify(text)
            service.wait_for(happened)


def told(plan):
    """Changes of the plan, as "p5 disabled"; what is rejected is nobody's change."""
    return {" ".join(filter(None, (action["userName"].split("@")[0], action["reason"]["code"],
                                   "held" if action["state"] == "held" else "")))
            for action in plan.json["actions"] if action["kind"] != "rejected"}


@pytest.mark.parametrize("right", CASES)
def test_a_right_that_is_missing(world, right):
    changes, code, words = CASES[right]
    missing = ("suffix", "contextCSN") if right == "suffix" else (right,)
    world.server.restrict(access(*missing))
    plan = world.agent.run("sync", "--dry-run", "--kind", "full", "--json").expect(code)
    assert told(plan) == changes
    assert any(word in plan.err for word in words.split("|")), plan.err
    if right in CHECKS:
        lines = [" ".join(line.split()) for line in world.agent.run("check").out.splitlines()]
        assert any(CHECKS[right] in line for line in lines), "\n".join(lines)
