#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a real OpenLDAP server tells of changes, by way of directory_probe: content synchronization
(RFC 4533), and timestamps.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_changes_slapd.py
"""
import subprocess
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import slapd  # noqa: E402
from feed_probe import FeedProbe  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES, SUFFIX  # noqa: E402

FILTER = "(&(objectClass=inetOrgPerson)(!(employeeType=gone)))"
FINANCE = "cn=finance," + GROUPS
INNER = "cn=inner," + GROUPS
SPARE = "cn=spare," + GROUPS
DIRECT = "cn=direct," + GROUPS
OUTSIDE = "ou=outside," + SUFFIX
NAMES = ("anna", "berta", "carl", "dora", "emil", "fritz")


def uid(name, base=PEOPLE):
    return f"uid={name},{base}"


def start_ldif():
    text = slapd.skeleton() + slapd.entry(OUTSIDE, "organizationalUnit", ou="outside")
    for team in ("red", "blue"):
        text += slapd.entry(f"ou={team},{PEOPLE}", "organizationalUnit", ou=team)
    for name in NAMES:
        text += slapd.person(name)
    text += slapd.person("gerd", f"ou=red,{PEOPLE}") + slapd.person("hans", f"ou=red,{PEOPLE}")
    text += slapd.group("finance", [uid("anna"), INNER]) + slapd.group("inner", [uid("berta")])
    text += slapd.group("spare", [uid("carl"), uid("gerd", f"ou=red,{PEOPLE}")])
    text += slapd.group("direct", [uid("dora"), SPARE])
    return text


@pytest.fixture(name="server")
def start_server(request, tmp_path, authority):
    extra = getattr(request, "param", "syncprov-sessionlog 1000")
    with slapd.Slapd(tmp_path / "server", start_ldif(), authority=authority,
                     extra_database=extra) as running:
        yield running


@pytest.fixture(name="probe", params=["syncrepl", "timestamp"])
def make_probe(request, server, environment):
    with start_probe(server, environment, changes=request.param) as running:
        running.way = request.param
        running.changes()  # a minute is told again, and all that is here is younger
        yield running


def start_probe(server, environment, command="changes", account="sync", **options):
    settings = {"url": server.ldap, "cleartext": "1", "base": PEOPLE, "filter": FILTER,
                "bind": "simple", "bind_dn": f"cn={account},{SERVICES}", "nested": FINANCE,
                "group": DIRECT, "password": "env:PROBE_PASSWORD"}
    settings.update(options)
    return FeedProbe(settings, {**environment, "PROBE_PASSWORD": "secret-of-" + account}, command)


def modify(dn, *lines):
    return f"dn: {dn}\nchangetype: modify\n" + "\n".join(lines) + "\n\n"


def rename(dn, rdn, above):
    return f"dn: {dn}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\nnewsuperior: {above}\n\n"


def add(text):
    return text.replace("\n", "\nchangetype: add\n", 1)


def key_of(server, dn):
    done = subprocess.run([slapd.find_tool("ldapsearch"), "-x", "-LLL", "-H", server.ldap, "-D",
                           "cn=admin," + SUFFIX, "-w", "secret-of-admin", "-b", dn, "-s", "base",
                           "entryUUID"], check=True, capture_output=True)
    return next(line.split(b": ")[1].decode() for line in done.stdout.splitlines()
                if line.startswith(b"entryUUID"))


def told(probe, gap=None):
    got = probe.changes()
    assert got.facts["status"] == "ok", got
    assert got.gap == gap, got
    assert got.facts["mechanism"] == probe.way
    assert got.facts["knows_deletions"] == (probe.way == "syncrepl")
    return got


def test_a_quiet_directory_has_nothing_to_tell(probe):
    for _ in range(3):
        got = told(probe)
        assert (got.touched, got.members) == ([], {})


def test_joiner_mover_leaver(probe, server):
    keys = probe.keys
    server.modify(add(slapd.person("new")) + modify(uid("anna"), "replace: title", "title: Boss")
                  + modify(uid("berta"), "replace: employeeType", "employeeType: gone")
                  + rename(uid("carl"), "uid=carl", OUTSIDE)
                  + rename(uid("dora"), "uid=doris", PEOPLE)
                  + f"dn: {uid('emil')}\nchangetype: delete\n\n")
    got = told(probe)
    wanted = {key_of(server, uid("new")), keys[uid("anna")], keys[uid("berta")],
              keys[uid("carl")], keys[uid("dora")]}
    if probe.way == "syncrepl":
        wanted.add(keys[uid("emil")])
    assert set(got.touched) == wanted
    assert told(probe).touched == []


def test_somebody_recreated_has_a_new_key(probe, server):
    server.modify(f"dn: {uid('anna')}\nchangetype: delete\n\n" + add(slapd.person("anna")))
    got = told(probe)
    wanted = {key_of(server, uid("anna"))}
    if probe.way == "syncrepl":
        wanted.add(probe.keys[uid("anna")])
    assert set(got.touched) == wanted


def test_all_below_a_unit_that_moved_are_touched(probe, server):
    red = f"ou=red,{PEOPLE}"
    wanted = {probe.keys[uid("gerd", red)], probe.keys[uid("hans", red)]}
    server.modify(rename(red, "ou=red", OUTSIDE))
    assert set(told(probe).touched) == wanted


def test_members_who_come_and_go(probe, server):
    server.modify(modify(FINANCE, "add: member", f"member: {uid('emil')}")
                  + modify(FINANCE, "delete: member", f"member: {uid('anna')}"))
    got = told(probe)
    assert got.members == {uid("emil"): [0]} and got.lost == [[]]
    assert got.facts["groups"] == 1
    server.modify(modify(INNER, "add: member", f"member: {uid('fritz')}"))
    assert told(probe).members == {uid("fritz"): [0]}
    server.modify(modify(DIRECT, "add: member", f"member: {uid('anna')}"))
    assert told(probe).members == {uid("anna"): [1]}
    assert told(probe).members == {}


def test_groups_inside_groups(probe, server):
    # One that is there, one that is new, and both out again.
    server.modify(modify(FINANCE, "add: member", f"member: {SPARE}"))
    got = told(probe)
    assert got.members == {uid("carl"): [0], uid("gerd", f"ou=red,{PEOPLE}"): [0]}
    server.modify(add(slapd.group("deep", [uid("emil")]))
                  + modify(INNER, "add: member", f"member: cn=deep,{GROUPS}"))
    assert told(probe).members == {uid("emil"): [0]}
    server.modify(modify(f"cn=deep,{GROUPS}", "add: member", f"member: {uid('fritz')}"))
    assert told(probe).members == {uid("fritz"): [0]}
    server.modify(modify(FINANCE, "delete: member", f"member: {SPARE}", f"member: {INNER}"))
    got = told(probe)
    assert len(got.members) == 5 and all(roots == [] for roots in got.members.values())
    server.modify(modify(SPARE, "add: member", f"member: {uid('anna')}"))
    assert told(probe).members == {}


def test_direct_members_stay_direct_when_a_group_comes(server, environment):
    # spare is wanted with the groups inside it, by finance, and without them by itself.
    server.modify(modify(FINANCE, "add: member", f"member: {SPARE}"))
    with start_probe(server, environment, group=SPARE) as probe:
        server.modify(add(slapd.group("deep", [uid("emil")]))
                      + modify(SPARE, "add: member", f"member: cn=deep,{GROUPS}"))
        assert probe.changes().members == {uid("emil"): [0], f"cn=deep,{GROUPS}": [1]}
        server.modify(modify(SPARE, "add: member", f"member: {uid('fritz')}"))
        assert probe.changes().members == {uid("fritz"): [0, 1]}


def test_a_group_that_moves_from_one_to_another(probe, server):
    # Nobody's own groups change, and no group with people in it is read: they are told by name.
    server.modify(modify(SPARE, "add: member", f"member: {uid('hans', 'ou=red,' + PEOPLE)}"))
    told(probe)
    server.modify(modify(INNER, "add: member", f"member: {SPARE}"))
    told(probe)
    server.modify(modify(INNER, "delete: member", f"member: {SPARE}"))
    assert list(told(probe).members.values()) == [[], [], []]
    server.modify(modify(FINANCE, "add: member", f"member: {SPARE}"))
    got = told(probe)
    assert set(got.members) == {uid("carl"), uid("gerd", f"ou=red,{PEOPLE}"),
                                uid("hans", f"ou=red,{PEOPLE}")}


def test_a_group_that_is_renamed_or_deleted(probe, server):
    server.modify(rename(INNER, "cn=within", GROUPS))
    got = told(probe)
    assert got.facts["groups"] == 1 and got.members == {}
    server.modify(modify(f"cn=within,{GROUPS}", "add: member", f"member: {uid('emil')}"))
    assert told(probe).members == {uid("emil"): [0]}
    if probe.way == "syncrepl":
        server.modify(f"dn: cn=within,{GROUPS}\nchangetype: delete\n\n")
        got = told(probe)
        assert got.members == {} and got.lost == [[], []]


def test_a_root_that_comes_back_is_known_again(probe, server):
    server.modify(rename(DIRECT, "cn=elsewhere", GROUPS))
    got = told(probe)
    server.modify(rename(f"cn=elsewhere,{GROUPS}", "cn=direct", GROUPS))
    got = told(probe)
    assert got.facts["groups"] == 1
    server.modify(modify(DIRECT, "add: member", f"member: {uid('emil')}"))
    assert told(probe).members == {uid("emil"): [1]}


def test_the_cursor_before_tells_everything_again(probe, server):
    first = probe.cursor
    server.modify(modify(FINANCE, "add: member", f"member: {uid('emil')}")
                  + modify(uid("fritz"), "replace: title", "title: X"))
    got = told(probe)
    again = probe.changes(first)
    assert again.gap is None and again.members == got.members == {uid("emil"): [0]}
    assert set(again.touched) >= set(got.touched)
    server.modify(modify(FINANCE, "add: member", f"member: {uid('fritz')}"))
    both = probe.changes(first)
    assert both.members == {uid("emil"): [0], uid("fritz"): [0]}
    assert told(probe).members == {}
    assert "not in memory" in probe.changes(first).gap


def test_the_root_of_all_may_change_without_touching_everybody(server, environment):
    with start_probe(server, environment) as probe:
        server.modify(modify(SUFFIX, "replace: description", "description: X")
                      + modify(uid("anna"), "replace: title", "title: X"))
        assert probe.changes().touched == [probe.keys[uid("anna")]]


def test_a_member_that_becomes_a_group(server, environment):
    server.modify(modify(FINANCE, "add: member", f"member: cn=later,{GROUPS}"))
    with start_probe(server, environment) as probe:
        server.modify(add(slapd.group("later", [uid("emil")])))
        assert uid("emil") in probe.changes().members


def test_what_happens_while_a_scan_runs_is_told_afterwards(server, environment):
    with start_probe(server, environment) as probe:
        server.modify(modify(uid("anna"), "replace: title", "title: X"))
        probe.scan()
        server.modify(modify(uid("berta"), "replace: title", "title: X"))
        assert probe.changes().touched == [probe.keys[uid("berta")]]


def test_auto_takes_syncrepl(server, environment):
    with start_probe(server, environment) as probe:
        assert probe.scanned["cursor"].startswith("syncrepl/1 ")
        assert probe.changes().facts["mechanism"] == "syncrepl"


def test_a_server_that_was_started_again_names_everybody(server, environment):
    with start_probe(server, environment) as probe:
        server.modify(f"dn: {uid('anna')}\nchangetype: delete\n\n")
        server.stop()
        server.start()
        server.modify(modify(uid("berta"), "replace: title", "title: X"))
        got = probe.changes()
        assert "syncprov-sessionlog" in got.gap and got.touched == []
        assert got.cursor is None
        probe.scan()
        assert probe.changes().gap is None


def test_another_database_is_a_gap(server, environment, tmp_path, authority):
    with start_probe(server, environment) as probe:
        cursor = probe.cursor
        server.modify(modify(uid("anna"), "replace: title", "title: X"))
        probe.changes()
    with slapd.Slapd(tmp_path / "older", start_ldif(), authority=authority) as older, \
            start_probe(older, environment, group=None, nested=None) as probe:
        later = cursor.replace(cursor.split(" ")[1], probe.cursor.split(" ")[1])
        later = later.replace("csn=20", "csn=30")
        assert probe.changes(later).gap is not None


@pytest.mark.parametrize("text, words", [
    ("nonsense", "none of this version"),
    ("timestamp/1 0011 dc=x::20260101000000Z", "another way"),
    ("syncrepl/1 0011 dc%3Dexample%2Cdc%3Dcom::csn%3D1", "no longer those"),
])
def test_a_cursor_that_cannot_be_used_is_a_gap(server, environment, text, words):
    with start_probe(server, environment, changes="syncrepl", group=None, nested=None) as probe:
        assert words in probe.changes(text).gap


def test_none_tells_nothing(server, environment):
    with start_probe(server, environment, changes="none") as probe:
        assert probe.scanned["cursor"] is None
        probe.say("changes")
        assert probe.line()["event"] == "cannot"


def test_a_server_without_an_overlay_has_only_timestamps(server, environment):
    with start_probe(server, environment, base="cn=Monitor", filter="(objectClass=*)",
                     group=None, nested=None) as probe:
        assert not (probe.cursor or "").startswith("syncrepl")


def test_a_hundred_members_cost_one_group(server, environment):
    many = "".join(slapd.person(f"p{number:03}") for number in range(150))
    server.modify("".join(add(part + "\n\n") for part in many.split("\n\n") if part))
    with start_probe(server, environment) as probe:
        server.modify(modify(FINANCE, "add: member",
                             *[f"member: {uid(f'p{number:03}')}" for number in range(150)]))
        got = probe.changes()
        assert len(got.members) == 150 and got.facts["groups"] == 1
        assert all(roots == [0] for roots in got.members.values())


@pytest.mark.parametrize("changes, account, is_ok, words", [
    ("auto", "sync", True, ["syncrepl, deletions included", "as they happen"]),
    ("timestamp", "sync", True, ["timestamp, deletions only in whole scans"]),
    ("none", "sync", True, ["none: all entries are listed"]),
])
def test_check_says_which_way_and_why(server, environment, changes, account, is_ok, words):
    lines, _ = harness.json_lines(
        [harness.BUILD / "tests/integration/directory_probe", "--url", server.ldap, "--cleartext",
         "1", "--base", PEOPLE, "--bind", "simple", "--bind-dn", f"cn={account},{SERVICES}",
         "--password", "env:PROBE_PASSWORD", "--changes", changes, "check"],
        {**environment, "PROBE_PASSWORD": "secret-of-" + account})
    step = lines[-1]
    assert (step["what"], step["status"]) == ("changes", "ok" if is_ok else "failed")
    for word in words:
        assert word in step["detail"], step
