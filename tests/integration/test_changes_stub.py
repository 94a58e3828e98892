#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What servers tell of changes seldom, or never when a test wants it: answers in pieces, cookies that
are not known any more, another database, half an answer. By way of directory_probe.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_changes_stub.py
"""
import sys
import uuid

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

from feed_probe import FeedProbe  # noqa: E402
from ldap_stub import PAGED, Result, Stub, ber, number, octets, parse  # noqa: E402

BASE = "DC=corp,DC=example"
SERVICE = "CN=NTDS Settings,CN=DC1,CN=Configuration,DC=corp,DC=example"
DIRSYNC, SHOW_DELETED = "1.2.840.113556.1.4.841", "1.2.840.113556.1.4.417"
SYNC, SYNC_STATE, SYNC_DONE = (f"1.3.6.1.4.1.4203.1.9.1.{number}" for number in (1, 2, 3))
SECURITY = 1


def ad_root(host="dc1.corp.example", usn="1000"):
    return {"namingContexts": [BASE], "supportedControl": [PAGED, DIRSYNC, SHOW_DELETED],
            "supportedCapabilities": ["1.2.840.113556.1.4.800"], "dnsHostName": [host],
            "dsServiceName": [SERVICE], "highestCommittedUSN": [usn]}


def generic_root(*contexts):
    return {"namingContexts": list(contexts), "supportedControl": [PAGED, SYNC]}


def key(count):
    return str(uuid.UUID(int=count))


def person(count, **attributes):
    return (f"CN=p{count},{BASE}",
            {"objectGUID": [uuid.UUID(int=count).bytes_le], "mail": [f"p{count}@x"], **attributes})


def dirsync_answer(cookie, more=0):
    value = ber(0x30, number(more), number(0), octets(cookie))
    return Result(controls=[(DIRSYNC, value)])


def dirsync_question(request):
    """Flags and cookie."""
    flags, _, cookie = parse(parse(request.controls[DIRSYNC])[0][1])
    return int.from_bytes(flags[1], "big") & SECURITY, cookie[1]


class Directory:
    """What the stub answers: searches with a control go to `ask`, others are of the scan."""

    def __init__(self, ask):
        self.ask, self.invocation, self.questions = ask, uuid.UUID(int=7), []

    def __call__(self, request):
        if request.base == SERVICE:
            return [(SERVICE, {"invocationId": [self.invocation.bytes_le]})], Result()
        if DIRSYNC in request.controls or SYNC in request.controls or b"uSNChanged" in request.filter:
            self.questions.append(request)
            return self.ask(request)
        if b"modifyTimestamp" in request.filter or b"whenChanged" in request.filter:
            self.questions.append(request)
            return self.ask(request)
        if SHOW_DELETED in request.controls:
            return [("CN=gone,CN=Deleted Objects," + BASE, {})], Result(code=4)
        if request.scope == 0:
            return [], Result(code=32)
        return [person(1)], Result(cookie=b"" if request.page_size else None)


@pytest.fixture(name="probe")
def make_probe(environment):
    def run(stubs, **options):
        stubs = stubs if isinstance(stubs, list) else [stubs]
        settings = {"url": [stub.url for stub in stubs], "cleartext": "1", "base": BASE,
                    "bind": "anonymous", "attribute": "mail", "filter": "(mail=*)"}
        settings.update(options)
        return FeedProbe(settings, environment)

    return run


# ---- DirSync ----


def test_dirsync_goes_on_while_there_is_more(probe):
    answers = {b"": ([], dirsync_answer(b"c0")),
               b"c0": ([person(1), person(2)], dirsync_answer(b"c1", more=1)),
               b"c1": ([], dirsync_answer(b"c2", more=256)),
               b"c2": ([person(2), person(3)], dirsync_answer(b"c3")),
               b"c3": ([], dirsync_answer(b"c3"))}
    directory = Directory(lambda request: answers[dirsync_question(request)[1]])
    with Stub(directory, ad_root()) as stub, probe(stub) as feed:
        assert feed.cursor.startswith("dirsync/1 ")
        got = feed.changes()
        assert got.gap is None and got.touched == [key(1), key(2), key(3)]
        assert got.cursor.endswith("::c3") and got.facts["knows_deletions"]
        assert feed.changes().touched == []
    asked = directory.questions[1].attributes
    assert {"mail", "name", "parentGUID", "objectClass", "isDeleted", "member"} <= set(asked)
    assert directory.questions[1].page_size == 0


def test_dirsync_asks_for_what_may_be_read(probe):
    def ask(request):
        security, cookie = dirsync_question(request)
        return ([], dirsync_answer(cookie + b"x")) if security else ([], Result(code=50))

    directory = Directory(ask)
    with Stub(directory, ad_root()) as stub, probe(stub) as feed:
        assert ":object-security:x" in feed.cursor
        got = feed.changes()
        assert got.gap is None and not got.facts["knows_deletions"]
    assert [dirsync_question(request)[0] for request in directory.questions] == [0, 1, 1]


def test_auto_goes_on_to_what_the_bind_may_use(probe):
    directory = Directory(lambda request: ([], Result(code=50)) if DIRSYNC in request.controls
                          else ([person(5)], Result(cookie=b"")))
    root = ad_root()
    with Stub(directory, root) as stub, probe(stub) as feed:
        assert feed.cursor.startswith("usn/1 ") and feed.cursor.endswith(":1000")
        root["highestCommittedUSN"] = ["1007"]
        got = feed.changes()
        assert got.touched == [key(5)] and got.cursor.endswith(":1007")
        assert b"1001" in directory.questions[-1].filter


@pytest.mark.parametrize("result, status, words", [
    (Result(), "ok", "without a cookie"),
    (Result(controls=[(DIRSYNC, b"0\x01")]), "ok", "without a cookie"),
    (dirsync_answer(b""), "ok", "without a cookie"),
    (Result(code=53, text="cookie"), "ok", "the server is unwilling (53)"),
    (Result(code=51), "down", ""),
])
def test_dirsync_that_fails(probe, result, status, words):
    directory = Directory(lambda request: ([], result if dirsync_question(request)[1]
                                           else dirsync_answer(b"c0")))
    with Stub(directory, ad_root()) as stub, probe(stub, changes="dirsync") as feed:
        got = feed.changes()
        assert got.facts["status"] == status and words in (got.gap or "")
        assert got.cursor is None and got.touched == []


def test_who_joins_is_told_without_reading_the_group(probe):
    group, read = "CN=g," + BASE, []
    changed = (group, {"objectGUID": [uuid.UUID(int=9).bytes_le],
                       "member;range=1-1": ["CN=p2," + BASE], "member;range=0-0": ["CN=p3," + BASE]})
    answers = iter([([], dirsync_answer(b"c0")), ([changed], dirsync_answer(b"c1"))])
    directory = Directory(lambda request: next(answers))

    def answer(request):
        if request.base == group:
            read.append(request)
            return [(group, {"objectGUID": [uuid.UUID(int=9).bytes_le], "objectClass": ["group"],
                             "member;range=0-*": ["CN=p3," + BASE, "CN=p7," + BASE]})], Result()
        return directory(request)

    with Stub(answer, ad_root()) as stub, probe(stub, nested=group) as feed:
        assert feed.roots == [True]
        before = len(read)
        got = feed.changes()
        assert got.gap is None and got.members == {"CN=p2," + BASE: [0]} and got.lost == [[]]
        assert len(read) == before


def test_an_entry_without_a_key_is_a_gap(probe):
    answers = iter([([], dirsync_answer(b"c0")),
                    ([person(1), ("CN=x," + BASE, {"mail": ["x"]})], dirsync_answer(b"c1"))])
    with Stub(Directory(lambda request: next(answers)), ad_root()) as stub, probe(stub) as feed:
        got = feed.changes()
        assert "without a key" in got.gap and got.touched == []


def test_a_connection_that_breaks_begins_again(probe):
    first = Directory(lambda request: ([person(1)], Result(hang_up=True)) if
                      dirsync_question(request)[1] else ([], dirsync_answer(b"c0")))
    second = Directory(lambda request: ([person(2)], dirsync_answer(b"c1")))
    with Stub(first, ad_root()) as one, Stub(second, ad_root()) as two, \
            probe([one, two]) as feed:
        got = feed.changes()
        assert got.gap is None and got.touched == [key(2)]


# ---- uSNChanged ----


def test_a_restored_database_is_a_gap(probe):
    directory = Directory(lambda request: ([person(2)], Result(cookie=b"")))
    root = ad_root()
    with Stub(directory, root) as stub, probe(stub, changes="usn") as feed:
        assert feed.changes().touched == [key(2)]
        directory.invocation = uuid.UUID(int=8)
        assert "invocationId" in feed.changes().gap
        directory.invocation = uuid.UUID(int=7)
        root["highestCommittedUSN"] = ["999"]
        assert "went back from 1000 to 999" in feed.changes().gap
        feed.scan()
        assert feed.changes().gap is None


def test_another_controller_is_a_gap_until_it_was_read(probe):
    directory = Directory(lambda request: ([], Result(cookie=b"")))
    with Stub(directory, ad_root("dc1.corp.example")) as one, \
            Stub(directory, ad_root("dc2.corp.example")) as two, \
            probe([one, two], changes="usn") as feed:
        first = feed.cursor
        assert "dc1.corp.example" in first
        one.shutdown()
        one.server_close()
        directory.ask = lambda request: ([], Result(hang_up=True))
        got = feed.changes()
        directory.ask = lambda request: ([], Result(cookie=b""))
        got = feed.changes()
        assert "dc2.corp.example" in got.gap
        feed.scan()
        assert "dc2.corp.example" in feed.cursor and "dc1.corp.example" in feed.cursor
        assert feed.changes().gap is None
    # Back to the first, from where it was left.
    head, *parts = feed.cursor.split(" ")[1:]
    assert [part.split(":")[0] for part in parts] == ["dc1.corp.example", "dc2.corp.example"]
    with Stub(directory, ad_root("dc1.corp.example", "1500")) as one, \
            probe(one, changes="usn") as feed:
        got = feed.changes(" ".join(["usn/1", head, *parts]))
        assert got.gap is None and b"1001" in directory.questions[-1].filter
        assert [part.split(":")[0] for part in got.cursor.split(" ")[2:]] == [
            "dc2.corp.example", "dc1.corp.example"]
        assert first.split(" ")[2] in " ".join(parts)


# ---- content synchronization ----


def state(count, what):
    value = ber(0x30, bytes([10, 1, what]), octets(uuid.UUID(int=count).bytes))
    return [(SYNC_STATE, value)]


def entry(count, what=2):
    return f"uid=p{count},{BASE}", {"objectClass": ["person"]}, state(count, what)


def done(cookie, has_deletes=True, **more):
    parts = [octets(cookie)] if cookie is not None else []
    return Result(controls=[(SYNC_DONE, ber(0x30, *parts, *([b"\1\1\xff"] if has_deletes else [])))],
                  **more)


def ids(*counts, has_deletes=False):
    keys = [octets(uuid.UUID(int=count).bytes) for count in counts]
    return ber(0xA3, *([b"\1\1\xff"] if has_deletes else []), ber(0x31, *keys))


def asked_cookie(request):
    fields = parse(parse(request.controls[SYNC])[0][1])
    return fields[1][1] if len(fields) > 1 else None


def sync_feed(probe, *answers):
    """A feed whose first question, for the cookie, is answered already."""
    left = iter([([], done(b"c0", has_deletes=False)), *answers])
    directory = Directory(lambda request: next(left))
    stub = Stub(directory, generic_root(BASE))
    return stub, directory, probe(stub, changes="syncrepl")


def test_deletions_come_in_messages_and_in_sets(probe):
    stub, directory, feed = sync_feed(
        probe, ([entry(1), entry(2, 3)], done(b"c1", infos=[ids(3, 4, has_deletes=True)])),
        ([], done(None)))
    with stub, feed:
        got = feed.changes()
        assert got.gap is None and got.touched == [key(1), key(2), key(3), key(4)]
        assert got.cursor.endswith("::c1")
        assert feed.changes().cursor == got.cursor
    assert [asked_cookie(request) for request in directory.questions] == [None, b"c0", b"c1"]
    assert directory.questions[0].attributes == ["1.1"]


@pytest.mark.parametrize("entries, result, words", [
    ([], Result(code=4096), "does not know the cookie"),
    ([entry(1)], done(b"c1", has_deletes=False), "names all entries"),
    ([entry(1, 0)], done(b"c1"), "names all entries"),
    ([], done(b"c1", infos=[ids(1, 2)]), "names all entries"),
    ([], done(b"c1", infos=[b"\xa2\x00"]), "names all entries"),
    ([], Result(), "without its controls"),
    ([(f"uid=x,{BASE}", {})], done(b"c1"), "without its controls"),
    ([], done(b"c1", infos=[b"\xa3\x05nonse"]), "without its controls"),
    ([], Result(code=12), "(12)"),
])
def test_what_is_no_answer_to_build_on_is_a_gap(probe, entries, result, words):
    stub, _, feed = sync_feed(probe, (entries, result))
    with stub, feed:
        got = feed.changes()
        assert words in got.gap and got.touched == [] and got.cursor is None


def test_each_naming_context_has_a_cookie_of_its_own(probe):
    other = "O=other"

    def ask(request):
        cookie = asked_cookie(request) or request.base[-1].encode()
        return ([entry(1 if request.base == BASE else 2)], done(cookie + b"+"))

    directory = Directory(ask)
    with Stub(directory, generic_root(BASE, other)) as stub, \
            probe(stub, changes="syncrepl", base=["OU=a," + BASE, "OU=b," + other]) as feed:
        assert feed.changes().touched == [key(1), key(2)]
        assert feed.changes().cursor.split(" ")[2:] == ["DC=corp,DC=example::e+++", "O=other::r+++"]


# ---- timestamps ----


def test_two_changes_in_one_second_are_two(probe):
    """Without a version an entry is told again while the clock stands where it was changed."""
    def stamped(count, time):
        return (f"uid=p{count},{BASE}", {"entryUUID": [key(count)], "objectClass": ["person"],
                                         "modifyTimestamp": [time]})

    now = [stamped(1, "20260301120000Z")]
    directory = Directory(lambda request: (list(now), Result(cookie=b"")))
    with Stub(directory, {"namingContexts": [BASE], "supportedControl": [PAGED]}) as stub, \
            probe(stub) as feed:
        assert feed.cursor.endswith(":20260301120000Z")
        assert feed.changes().touched == [key(1)]
        assert b"20260301115900Z" in directory.questions[-1].filter
        assert feed.changes().touched == [key(1)]
        now.append(stamped(2, "20260301120005Z"))
        assert feed.changes().touched == [key(1), key(2)]
        assert feed.changes().touched == [key(2)]
        now[0] = stamped(1, "20260301120005Z")
        assert feed.changes().touched == [key(1), key(2)]
