#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a real domain controller (Samba) tells of changes, by way of directory_probe: DirSync, update
sequence numbers, timestamps.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_changes_ad.py
"""
import sys
import uuid

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import samba_ad  # noqa: E402
from conftest import need  # noqa: E402
from feed_probe import FeedProbe  # noqa: E402
from samba_ad import AWAY, BASE, GROUPS, PASSWORD, STAFF, SYNC  # noqa: E402

ADMINISTRATOR = "CN=Administrator,CN=Users," + BASE
NUMBER = iter(range(1, 1000))


@pytest.fixture(scope="module")
def domain(tmp_path_factory, authority):
    need(samba_ad.missing())
    with samba_ad.Domain(tmp_path_factory.mktemp("domain") / "dc", authority) as running:
        running.delete(running.person("tombstone"))
        yield running


class Place:
    """People, units and groups of one test, with names of their own."""

    def __init__(self, domain):
        self.domain, self.number = domain, next(NUMBER)
        self.unit = domain.add(f"OU=t{self.number},{STAFF}", objectClass="organizationalUnit")
        with domain.at_once():
            self.people = {name: domain.person(f"{name}{self.number}", base=self.unit)
                           for name in ("anna", "berta", "carl", "dora")}
            self.spare = domain.group(f"spare{self.number}", [self.people["carl"]])
            self.inner = domain.group(f"inner{self.number}", [self.people["berta"]])
            self.finance = domain.group(f"finance{self.number}",
                                        [self.people["anna"], self.inner])

    def key(self, dn):
        return str(uuid.UUID(bytes_le=self.domain.read(dn, "objectGUID")))

    def probe(self, environment, bind=ADMINISTRATOR, password=samba_ad.ADMINISTRATOR_PASSWORD, **options):
        settings = {"url": self.domain.ldaps, "ca": self.domain.ca, "base": self.unit,
                    "filter": "(&(objectCategory=person)(mail=*))", "bind": "simple",
                    "bind_dn": bind, "password": "env:PROBE_PASSWORD", "nested": self.finance,
                    "attribute": ["title", "mail", "sn"]}
        settings.update(options)
        return FeedProbe(settings, {**environment, "PROBE_PASSWORD": password})


@pytest.fixture(name="place")
def make_place(domain):
    return Place(domain)


# The ways, and with whose rights: an administrator's, or those of anybody.
WAYS = {
    "dirsync": {"changes": "dirsync"},
    "dirsync of anybody": {"changes": "dirsync", "bind": SYNC, "password": PASSWORD},
    "usn": {"changes": "usn"},
    "usn of anybody": {"changes": "usn", "bind": SYNC, "password": PASSWORD},
    "timestamp": {"changes": "timestamp"},
}
SEE_DELETIONS = ("dirsync", "usn")


@pytest.fixture(name="probe", params=WAYS)
def make_probe(request, place, environment):
    with place.probe(environment, **WAYS[request.param]) as running:
        running.way = request.param
        running.changes()
        yield running


def told(probe):
    got = probe.changes()
    assert got.facts["status"] == "ok" and got.gap is None, got
    assert got.facts["mechanism"] == probe.way.split(" ")[0]
    assert got.facts["knows_deletions"] == (probe.way in SEE_DELETIONS)
    return got


def test_a_quiet_domain_has_nothing_to_tell(probe):
    for _ in range(2):
        got = told(probe)
        assert (got.touched, got.members) == ([], {})


def test_joiner_mover_leaver(probe, place):
    domain, people = place.domain, place.people
    keys = {name: place.key(dn) for name, dn in people.items()}
    domain.person(f"new{place.number}", base=place.unit)
    domain.modify(people["anna"], title="Boss")
    domain.modify(people["berta"], userAccountControl="546")
    domain.modify(people["carl"], mail=None)
    domain.delete(people["dora"])
    wanted = {place.key(f"CN=new{place.number},{place.unit}"), keys["anna"], keys["berta"],
              keys["carl"]}
    if probe.way in SEE_DELETIONS:
        wanted.add(keys["dora"])
    assert set(told(probe).touched) == wanted
    assert told(probe).touched == []


def test_rename_and_move(probe, place):
    people = place.people
    keys = {name: place.key(dn) for name, dn in people.items()}
    place.domain.rename(people["anna"], f"CN=anne{place.number},{place.unit}")
    place.domain.rename(people["berta"], f"CN=berta{place.number},{AWAY}")
    assert set(told(probe).touched) == {keys["anna"], keys["berta"]}


def test_all_below_a_unit_that_moved_are_touched(probe, place):
    keys = {place.key(dn) for dn in place.people.values()}
    place.domain.rename(place.unit, f"OU=t{place.number},{AWAY}")
    assert set(told(probe).touched) >= keys


def test_somebody_recreated_has_a_new_key(probe, place):
    anna = place.people["anna"]
    old = place.key(anna)
    place.domain.delete(anna)
    place.domain.person(f"anna{place.number}", base=place.unit)
    wanted = {place.key(anna)} | ({old} if probe.way in SEE_DELETIONS else set())
    assert set(told(probe).touched) == wanted


def test_members_who_come_and_go(probe, place):
    people = place.people
    place.domain.modify(place.finance, add={"member": people["dora"]},
                        remove={"member": people["anna"]})
    got = told(probe)
    assert got.facts["groups"] == 1
    assert got.members == {people["dora"]: [0]} and got.lost == [[]]
    place.domain.modify(place.inner, add={"member": people["carl"]})
    assert told(probe).members == {people["carl"]: [0]}
    assert told(probe).members == {}


def test_groups_inside_groups(probe, place):
    people = place.people
    place.domain.modify(place.finance, add={"member": place.spare})
    assert told(probe).members == {people["carl"]: [0]}
    deep = place.domain.group(f"deep{place.number}", [people["dora"]])
    place.domain.modify(place.inner, add={"member": deep})
    assert told(probe).members == {people["dora"]: [0]}
    place.domain.modify(place.finance, remove={"member": place.inner})
    assert told(probe).members == {people["berta"]: [], people["dora"]: []}


def test_a_group_that_is_renamed_or_deleted(probe, place):
    renamed = place.domain.rename(place.inner, f"CN=within{place.number},{GROUPS}")
    got = told(probe)
    assert got.facts["groups"] == 1 and got.members == {}
    place.domain.modify(renamed, add={"member": place.people["dora"]})
    assert told(probe).members == {place.people["dora"]: [0]}
    place.domain.delete(renamed)
    got = told(probe)
    if probe.way in SEE_DELETIONS:
        assert got.members == {} and got.lost == [[], []]


def test_many_members_leave_at_once(probe, place):
    with place.domain.at_once():
        crowd = [place.domain.person(f"m{place.number}x{number}", base=place.unit)
                 for number in range(80)]
        place.domain.modify(place.finance, add={"member": crowd})
    assert set(told(probe).members) == set(crowd)
    with place.domain.at_once():
        place.domain.modify(place.finance, remove={"member": crowd})
    assert told(probe).lost == [[]] * 80
    assert told(probe).lost == []


def test_the_server_may_be_started_again(probe, place):
    place.domain.stop()
    place.domain.start()
    place.domain.modify(place.people["anna"], title="X")
    assert told(probe).touched == [place.key(place.people["anna"])]


def test_auto_takes_dirsync(place, environment):
    with place.probe(environment, changes="auto") as probe:
        assert probe.cursor.startswith("dirsync/1 ") and "object-security" not in probe.cursor
    with place.probe(environment, bind=SYNC, password=PASSWORD) as probe:
        assert probe.cursor.startswith("dirsync/1 ") and "object-security" in probe.cursor


@pytest.mark.parametrize("change, words", [
    (lambda part: ("dc9.corp.example", *part[1:]), "which it says nothing of"),
    (lambda part: (part[0], "00000000-0000-0000-0000-000000000001", part[2]), "invocationId"),
    (lambda part: (*part[:2], "999999999"), "went back"),
    (lambda part: (*part[:2], "x"), "cannot be read"),
])
def test_what_another_database_numbered_is_a_gap(place, environment, change, words):
    with place.probe(environment, changes="usn", nested=None) as probe:
        head, part = probe.cursor.rsplit(" ", 1)
        got = probe.changes(head + " " + ":".join(change(part.split(":"))))
        assert words in got.gap and got.touched == []
