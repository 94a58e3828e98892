#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a real 389 Directory Server tells of changes, by way of directory_probe.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_changes_389ds.py
"""
import subprocess
import sys
import uuid

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import ds389  # noqa: E402
import recipes  # noqa: E402
import slapd  # noqa: E402
from agent import FINANCE as WORKSPACE  # noqa: E402
from conftest import need  # noqa: E402
from feed_probe import FeedProbe  # noqa: E402
from simulator import Simulator  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES, SUFFIX  # noqa: E402

FINANCE, INNER = "cn=finance," + GROUPS, "cn=inner," + GROUPS
OUTSIDE = "ou=outside," + SUFFIX
NUMBER = iter(range(1, 1000))


def start_ldif():
    text = "".join(slapd.entry(f"ou={unit},{SUFFIX}", "organizationalUnit", ou=unit)
                   for unit in ("people", "groups", "services", "outside"))
    return text + slapd.person("sync", base=SERVICES, userPassword="secret-of-sync")


@pytest.fixture(scope="module")
def server(tmp_path_factory, need_slapd):
    need(ds389.missing())
    with ds389.DirectoryServer(tmp_path_factory.mktemp("ds") / "server", start_ldif()) as running:
        yield running


class Place:
    """People and groups of one test, with names of their own."""

    def __init__(self, server):
        self.server, self.number = server, next(NUMBER)
        self.unit = f"ou=t{self.number},{PEOPLE}"
        self.people = {name: f"uid={name}{self.number},{self.unit}" for name in ("anna", "berta", "carl")}
        self.finance, self.inner = (f"cn={name}{self.number},{GROUPS}" for name in ("finance", "inner"))
        text = slapd.entry(self.unit, "organizationalUnit", ou=f"t{self.number}")
        for name in self.people:
            text += slapd.person(f"{name}{self.number}", self.unit)
        text += slapd.group(f"inner{self.number}", [self.people["berta"]])
        text += slapd.group(f"finance{self.number}", [self.people["anna"], self.inner])
        server.modify(text)

    def key(self, dn):
        done = subprocess.run(
            [slapd.find_tool("ldapsearch"), "-x", "-LLL", "-H", self.server.ldap, "-D", ds389.MANAGER,
             "-w", "secret-of-manager", "-b", dn, "-s", "base", "nsUniqueId"], check=True,
            capture_output=True)
        text = next(line.split(b": ")[1].decode() for line in done.stdout.splitlines()
                    if line.lower().startswith(b"nsuniqueid"))
        return str(uuid.UUID(text.replace("-", "")))


@pytest.fixture(name="place")
def make_place(server):
    return Place(server)


def start_probe(place, environment, **options):
    settings = {"url": place.server.ldap, "cleartext": "1", "base": PEOPLE, "bind": "simple",
                "bind_dn": ds389.SYNC, "password": "env:PROBE_PASSWORD", "nested": place.finance,
                **options}
    return FeedProbe(settings, {**environment, "PROBE_PASSWORD": "secret-of-sync"})


@pytest.fixture(name="probe")
def make_probe(place, environment):
    with start_probe(place, environment) as running:
        assert running.cursor.startswith("syncrepl/1 ")
        yield running


def told(probe):
    got = probe.changes()
    assert got.facts["status"] == "ok" and got.gap is None, got
    assert got.facts["mechanism"] == "syncrepl" and got.facts["knows_deletions"]
    return got


def modify(dn, *lines):
    return f"dn: {dn}\nchangetype: modify\n" + "\n".join(lines) + "\n\n"


def test_joiner_mover_leaver(probe, place):
    people = place.people
    keys = {name: place.key(dn) for name, dn in people.items()}
    assert told(probe).touched == []
    new = f"uid=new{place.number},{place.unit}"
    place.server.modify(
        slapd.person(f"new{place.number}", place.unit)
        + modify(people["anna"], "replace: title", "title: X")
        + f"dn: {people['berta']}\nchangetype: modrdn\nnewrdn: uid=bert{place.number}\n"
          f"deleteoldrdn: 1\nnewsuperior: {OUTSIDE}\n\n"
        + f"dn: {people['carl']}\nchangetype: delete\n\n")
    assert set(told(probe).touched) == {place.key(new), *keys.values()}
    assert told(probe).touched == []


def test_members_who_come_and_go(probe, place):
    people = place.people
    place.server.modify(modify(place.finance, "add: member", f"member: {people['carl']}"))
    got = told(probe)
    assert got.members == {people["carl"]: [0]}
    # The plugin writes the person too.
    assert set(got.touched) <= {place.key(people["carl"])}
    place.server.modify(modify(place.inner, "delete: member", f"member: {people['berta']}",
                               "-", "add: member", f"member: {people['anna']}"))
    got = told(probe)
    assert got.members == {} and got.lost == [[]]
    assert told(probe).members == {}


def test_the_server_may_be_started_again(probe, place):
    place.server.restart()
    place.server.modify(modify(place.people["anna"], "replace: title", "title: Y"))
    assert told(probe).touched == [place.key(place.people["anna"])]


def test_timestamps_tell_all_but_deletions(place, environment):
    # They have seconds, and nothing tells two versions of one second apart: some come again.
    anna, carl = place.key(place.people["anna"]), place.key(place.people["carl"])
    with start_probe(place, environment, changes="timestamp") as probe:
        place.server.modify(modify(place.people["anna"], "replace: title", "title: X")
                            + f"dn: {place.people['carl']}\nchangetype: delete\n\n")
        got = probe.changes()
        assert got.gap is None and not got.facts["knows_deletions"]
        assert anna in got.touched and carl not in got.touched


def test_it_tells_what_happens(probe, place):
    probe.watch()
    place.server.modify(modify(place.people["anna"], "replace: title", "title: Z"))
    assert probe.noticed() < 2


def test_recipe(server, tmp_path):
    """The agent with the configuration and the rights of doc/recipes, and no others."""
    rights = "\n".join(recipes.blocks("389ds", "ldif")).replace("dc=corp,dc=example", SUFFIX)
    people = {uid: f"uid={uid},{PEOPLE}" for uid in ("always.here", "ada")}
    server.modify("".join(slapd.person(uid, mail=f"{uid}@corp.example", givenName="A") for uid in people)
                  + slapd.group("anaplan-finance", [people["ada"]])
                  + rights.replace("userPassword: …", "userPassword: " + recipes.PASSWORD))
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", f"{WORKSPACE}=Finance Planning") as simulator:
        agent = recipes.Recipe(tmp_path / "agent", "389ds", simulator, {
            '"ldaps://ds1.corp.example", "ldaps://ds2.corp.example"': f'"{server.ldap}"',
            'tls   = { ca_file = "/etc/ssl/certs/corp.pem"; };': "allow_cleartext = true;",
            "ou=people,dc=corp,dc=example": PEOPLE, "dc=corp,dc=example": SUFFIX,
            "(mail=*)": "(mail=*@corp.example)"})
        told = agent.try_out({"always.here@corp.example": [], "ada@corp.example": [WORKSPACE]})
        assert "syncrepl" in told
