#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The directory room against a server whose answers are chosen: Active Directory's habits, and
answers that a scan must not take as whole.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_directory_stub.py
"""
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

from ldap_stub import Result, Stub  # noqa: E402

PROBE = harness.BUILD / "tests/integration/directory_probe"
BASE = "OU=Staff,DC=corp,DC=example"
GROUP = "CN=Finance,OU=Groups,DC=corp,DC=example"
GUID = bytes.fromhex("33221100554477668899aabbccddeeff")
UUID = "00112233-4455-6677-8899-aabbccddeeff"
END = Result(cookie=b"")


@pytest.fixture(name="probe")
def make_probe(environment):
    def run(stub, command="scan", **options):
        settings = {"url": [one.url for one in (stub if isinstance(stub, list) else [stub])],
                    "cleartext": "1", "base": BASE, "bind_dn": "CN=agent," + BASE,
                    "changes": "none", "password": "env:PROBE_PASSWORD",
                    "attribute": ["mail", ".enabled", ".expires"]}
        settings.update(options)
        arguments = [PROBE]
        for name, values in settings.items():
            for value in values if isinstance(values, list) else [values]:
                if value is not None:
                    arguments += ["--" + name.replace("_", "-"), value]
        lines, _ = harness.json_lines([*arguments, command],
                                      {**environment, "PROBE_PASSWORD": "correct horse",
                                       "ASAN_OPTIONS": "fast_unwind_on_malloc=0"})
        return lines

    return run


def guid(count):
    return count.to_bytes(4, "little") + bytes(12)


def person(count, **attributes):
    values = {"objectGUID": [guid(count)], "mail": [f"p{count}@corp.example"]}
    values.update(attributes)
    return f"CN=p{count},{BASE}", values


def root_of(lines):
    return next(line for line in lines if line["event"] == "membership")["roots"][0]


def entries(lines):
    return [line for line in lines if line["event"] == "entry"]


# ---- Active Directory ----


def test_active_directory_is_recognised(probe):
    asked = []

    def answer(request):
        asked.append(request)
        return [(f"CN=Anna,{BASE}", {"objectGUID": [GUID], "userAccountControl": ["514"],
                                     "accountExpires": ["134167968000000000"]})], END

    with Stub(answer, "ad") as stub:
        lines = probe(stub)
    assert entries(lines)[0]["key"] == UUID
    assert entries(lines)[0]["values"][".enabled"] == ["FALSE"]
    assert entries(lines)[0]["values"][".expires"] == ["2026-03-01T00:00:00Z"]
    asked = [request for request in asked if "objectGUID" in request.attributes]
    assert sorted(asked[0].attributes) == ["accountExpires", "mail", "objectGUID",
                                           "userAccountControl"]
    assert b"objectCategory" in asked[0].filter and asked[0].page_size == 1000


@pytest.mark.parametrize("data,word", [("52e", "wrong"), ("533", "disabled"), ("532", "expired"),
                                       ("701", "account has expired"), ("773", "changed"),
                                       ("775", "locked"), ("530", "time"), ("531", "host")])
def test_bind_errors_are_translated(probe, data, word):
    def bind(parts):
        return 49, f"80090308: LdapErr: DSID-0C090439, comment: error, data {data}, v4563\0"

    with Stub(None, "ad", bind) as stub:
        end = probe(stub)[-1]
    assert end["status"] == "down" and word in end["error"] and "correct horse" not in str(end)


def ranged(total, step, version=lambda count: "7", last_missing=False):
    """A group of AD with ranges; answers the users' search with nobody."""
    members = [f"CN=p{count},{BASE}" for count in range(total)]
    count = 0

    def answer(request):
        nonlocal count
        if request.base != GROUP:
            return [person(number) for number in (0, total - 1)], END
        first = int(request.attributes[0].split("=")[1].split("-")[0])
        if last_missing and first + step >= total:
            return [(GROUP, {"objectClass": ["group"]})], Result()
        part = members[first:first + step]
        last = "*" if first + step >= total else str(first + step - 1)
        count += 1
        return [(GROUP, {f"member;range={first}-{last}": part, "objectClass": ["top", "group"],
                         "uSNChanged": [version(count)]})], Result()

    return answer


@pytest.mark.parametrize("total", [1499, 1500, 1501, 3001, 20000])
def test_ranges_are_followed_to_the_end(probe, total):
    with Stub(ranged(total, 1500), "ad") as stub:
        lines = probe(stub, group=GROUP)
    assert root_of(lines) is True and lines[0]["members"] == total
    assert all(line["roots"] == [0] for line in entries(lines))


def test_a_group_that_changes_between_ranges_is_unknown(probe):
    with Stub(ranged(4000, 1500, version=lambda count: str(count // 2)), "ad") as stub:
        assert "changed" in root_of(probe(stub, group=GROUP))


def test_a_range_that_is_missing_makes_the_group_unknown(probe):
    with Stub(ranged(4000, 1500, last_missing=True), "ad") as stub:
        assert "piece is missing" in root_of(probe(stub, group=GROUP))


def test_an_error_in_a_range_makes_the_group_unknown(probe):
    whole = ranged(4000, 1500)

    def answer(request):
        if request.base == GROUP and "=3000-" in request.attributes[0]:
            return [], Result(code=51, text="busy")
        return whole(request)

    with Stub(answer, "ad") as stub:
        assert "(51)" in root_of(probe(stub, group=GROUP))


def test_a_child_that_cannot_be_read_makes_the_root_unknown(probe):
    child = "CN=Child,OU=Groups,DC=corp,DC=example"

    def answer(request):
        if request.base == "DC=corp,DC=example":
            return [(GROUP, {}), (child, {})], END
        if request.base == GROUP:
            return [(GROUP, {"member": [child, f"CN=p1,{BASE}"], "objectClass": ["group"]})], Result()
        if request.base == child:
            return [], Result(code=50)
        return [person(1)], END

    with Stub(answer, "ad") as stub:
        lines = probe(stub, nested=GROUP)
        direct = probe(stub, group=GROUP)
    assert child in root_of(lines) and "(50)" in root_of(lines)
    assert root_of(direct) is True


def test_a_group_without_members_is_empty(probe):
    def answer(request):
        if request.base == GROUP:
            return [(GROUP, {"objectClass": ["top", "group"]})], Result()
        return [person(1)], END

    with Stub(answer, "ad") as stub:
        lines = probe(stub, group=GROUP)
    assert root_of(lines) is True and entries(lines)[0]["roots"] == []


def test_a_group_of_which_nothing_is_shown_is_unknown(probe):
    with Stub(lambda request: ([], END), "ad") as stub:
        assert "shows nothing" in root_of(probe(stub, group=GROUP))


def test_look_up_by_guid(probe):
    def answer(request):
        if request.base == f"<GUID={UUID}>":
            return [(f"CN=Anna,{BASE}", {"objectGUID": [GUID]})], Result()
        return [(f"CN=Anna,{BASE}", {})], Result()

    with Stub(answer, "ad") as stub:
        found = probe(stub, "look-up", key=UUID)[-1]
    assert found["outcome"] == "matches" and found["dn"] == f"CN=Anna,{BASE}"


def test_look_up_of_what_is_gone(probe):
    with Stub(lambda request: ([], Result(code=32)), "ad") as stub:
        assert probe(stub, "look-up", key=UUID, dn=f"CN=A,{BASE}")[-1]["outcome"] == "deleted"
        assert probe(stub, "look-up", key=UUID)[-1]["outcome"] == "unreadable"


# ---- what proves nothing ----


@pytest.mark.parametrize("code", [1, 3, 4, 10, 11, 50, 51, 52, 53, 80])
def test_an_error_in_the_key_search_is_no_proof(probe, code):
    def answer(request):
        if request.base == BASE or request.scope == 2:
            return [], Result(code=code)
        return [], Result(code=32)

    with Stub(answer) as stub:
        found = probe(stub, "look-up", key=UUID, dn=f"uid=a,{BASE}")[-1]
    assert found["outcome"] in ("deleted", "unreadable")
    assert found["outcome"] == "unreadable" and f"({code})" in found["detail"]


def test_success_without_an_entry_at_the_last_dn_is_no_proof(probe):
    with Stub(lambda request: ([], Result())) as stub:
        found = probe(stub, "look-up", key=UUID, dn=f"uid=a,{BASE}")[-1]
    assert found["outcome"] == "unreadable"


def test_an_entry_without_a_readable_key_at_the_last_dn_is_no_proof(probe):
    def answer(request):
        return ([(f"uid=a,{BASE}", {"mail": ["a@x"]})] if request.scope == 0 else []), Result()

    with Stub(answer) as stub:
        found = probe(stub, "look-up", key=UUID, dn=f"uid=a,{BASE}")[-1]
    assert found["outcome"] == "unreadable" and "key" in found["detail"]


def test_the_key_filter_of_each_kind(probe):
    filters = []

    def answer(request):
        filters.append(request.filter)
        return [], Result()

    with Stub(answer, "389") as stub:
        probe(stub, "look-up", key=UUID)
    assert b"00112233-44556677-8899aabb-ccddeeff" in filters[0] and b"entryUUID" not in filters[0]
    with Stub(answer) as stub:
        probe(stub, "look-up", key=UUID)
    assert b"entryUUID" in filters[1] and b"nsUniqueId" in filters[1]


# ---- batches of look-ups ----


def uuid(count):
    return f"{count:08x}-0000-0000-0000-000000000000"


def asks(*counts):
    return [f"{uuid(count)} CN=p{count},{BASE}" for count in counts]


def outcomes(lines, status="ok"):
    assert lines[-1]["event"] == "batch" and lines[-1]["status"] == status, lines
    answers = {line["at"]: line["outcome"] for line in lines[:-1]}
    assert len(answers) == len(lines) - 1, lines
    return [answers[at] for at in sorted(answers)]


def terms(request):
    """How many keys a filter asks for."""
    return request.filter.count(b"objectGUID") + request.filter.count(b"entryUUID")


class Directory:
    """Answers by objectGUID or entryUUID, by <GUID=…> and by DN; `broken` answers first."""

    def __init__(self, people, out_of_filter=(), broken=lambda request: None):
        self.people, self.out, self.broken, self.asked = people, out_of_filter, broken, []

    def key(self, count):
        return {"objectGUID": [guid(count)], "entryUUID": [uuid(count)]}

    def is_asked(self, request, count):
        if request.scope == 0:
            return request.base in (f"<GUID={uuid(count)}>", self.people[count])
        return guid(count) in request.filter or uuid(count).encode() in request.filter

    def __call__(self, request):
        self.asked.append(request)
        told = self.broken(request)
        if told is not None:
            return told
        has_user_filter = b"objectClass" in request.filter and request.filter != b"objectClass"
        found = [(dn, self.key(count)) for count, dn in self.people.items()
                 if self.is_asked(request, count)]
        shown = [] if has_user_filter else found
        if has_user_filter:
            shown = [one for one in found if one[0] not in self.out]
        return shown, Result(code=32 if request.scope == 0 and not found else 0)


ELSEWHERE = "OU=Elsewhere,DC=corp,DC=example"
PEOPLE = {1: f"CN=p1,{BASE}", 2: f"CN=p2,{BASE}", 3: f"CN=p3,{ELSEWHERE}", 10: f"CN=p10,{BASE}"}
WANTED = ["matches", "left-scope", "moved", "deleted", "matches", "deleted"]
ASKED = asks(1, 2, 3, 4, 10, 0x0A0D)  # guids with 0x0A, 0x0D and many 0x00


@pytest.mark.parametrize("root", ["ad", "generic"])
def test_a_batch_by_the_key_of_each_kind(probe, root):
    directory = Directory(PEOPLE, out_of_filter=[PEOPLE[2]])
    with Stub(directory, root) as stub:
        stub.root = {**stub.root, "namingContexts": ["DC=corp,DC=example"]}
        assert outcomes(probe(stub, "look-up-batch", ask=ASKED)) == WANTED
    # One search for all, one with the filter, and the last DN of the two that nobody found.
    assert [(request.scope, terms(request)) for request in directory.asked] == [
        (2, 6), (2, 3), (0, 0), (0, 0)]
    assert all(("objectGUID" in str(request.filter)) == (root == "ad")
               for request in directory.asked[:2])


@pytest.mark.parametrize("code", [1, 2, 3, 4, 10, 11, 50, 51, 52, 53, 80])
def test_what_only_a_batch_runs_into_is_asked_one_by_one(probe, code):
    def broken(request):
        return ([], Result(code=code)) if terms(request) > 1 else None

    for root in ("ad", "generic"):
        directory = Directory(PEOPLE, out_of_filter=[PEOPLE[2]], broken=broken)
        with Stub(directory, root) as stub:
            stub.root = {**stub.root, "namingContexts": ["DC=corp,DC=example"]}
            assert outcomes(probe(stub, "look-up-batch", ask=ASKED)) == WANTED


@pytest.mark.parametrize("code", [1, 2, 3, 4, 10, 11, 50, 51, 52, 53, 80])
def test_an_error_in_every_key_search_is_no_proof(probe, code):
    """… for nobody, and one look-up alone is enough to know it."""
    directory = Directory({}, broken=lambda request: ([], Result(code=code if request.scope else 32)))
    with Stub(directory) as stub:
        lines = probe(stub, "look-up-batch", ask=asks(*range(1, 101)))
    assert outcomes(lines) == ["unreadable"] * 100
    assert len(directory.asked) == 2
    assert all(f"({code})" in line["detail"] for line in lines[:-1])


def test_a_half_brought_batch_keeps_what_was_brought(probe):
    def broken(request):
        if terms(request) == 6:
            return [(PEOPLE[3], {"objectGUID": [guid(3)]}), (PEOPLE[1], {"objectGUID": [guid(1)]})], \
                Result(code=4)
        return ([], Result(code=51)) if request.base.startswith("<GUID=") else None

    directory = Directory(PEOPLE, broken=broken)
    with Stub(directory, "ad") as stub:
        answers = outcomes(probe(stub, "look-up-batch", ask=ASKED))
    assert answers == ["matches", "unreadable", "moved"] + ["unreadable"] * 3


@pytest.mark.parametrize("code", [3, 4, 11, 50, 80])
def test_an_error_in_the_filter_search_is_no_proof(probe, code):
    """Nobody has left the scope because the server did not answer whether they are in it."""
    def broken(request):
        is_filtered = b"objectClass" in request.filter and request.filter != b"objectClass"
        return ([], Result(code=code)) if is_filtered else None

    with Stub(Directory(PEOPLE, broken=broken), "ad") as stub:
        answers = outcomes(probe(stub, "look-up-batch", ask=asks(1, 2, 3)))
    assert answers == ["unreadable", "unreadable", "moved"]


def test_an_entry_without_a_readable_key_in_a_batch_is_no_proof(probe):
    """It may be any of those that seem to be missing."""
    def broken(request):
        return ([(f"CN=p1,{ELSEWHERE}", {"mail": ["a@x"]})], Result()) if request.scope else None

    with Stub(Directory({}, broken=broken)) as stub:
        assert outcomes(probe(stub, "look-up-batch", ask=asks(1, 4))) == ["unreadable"] * 2


def test_a_batch_goes_on_with_the_next_server(probe):
    def broken(request):
        return [(PEOPLE[3], {"objectGUID": [guid(3)]})], Result(hang_up=True)

    first, second = Directory({}, broken=broken), Directory(PEOPLE, out_of_filter=[PEOPLE[2]])
    with Stub(first, "ad") as one, Stub(second, "ad") as two:
        assert outcomes(probe([one, two], "look-up-batch", ask=ASKED)) == WANTED
    assert terms(second.asked[0]) == 5  # what was answered is not asked again


def test_a_batch_that_every_server_breaks(probe):
    def broken(request):
        return [], Result(hang_up=True)

    with Stub(Directory({}, broken=broken), "ad") as stub:
        assert outcomes(probe(stub, "look-up-batch", ask=ASKED), "down") == []


# ---- paging ----


def pages(count, broken=None):
    def answer(request):
        page = int(request.cookie or b"0")
        if page == broken:
            return [person(page)], Result(code=53, cookie=b"")
        return [person(page)], Result(cookie=str(page + 1).encode() if page + 1 < count else b"")

    return answer


def test_pages_until_the_cookie_is_empty(probe):
    with Stub(pages(20), "ad") as stub:
        end = probe(stub, page_size=1)[-1]
    assert end["complete"] and end["entries"] == 20


def test_an_error_on_a_later_page(probe):
    with Stub(pages(20, broken=11), "ad") as stub:
        end = probe(stub, page_size=1)[-1]
    assert end["status"] == "ok" and not end["complete"] and end["entries"] == 12
    assert "(53)" in end["incomplete_why"] and "12 entries" in end["incomplete_why"]


def test_paging_that_is_ignored(probe):
    with Stub(lambda request: ([person(1)], Result()), "ad") as stub:
        end = probe(stub)[-1]
    assert not end["complete"] and "paging" in end["incomplete_why"]


# ---- connections ----


def test_a_notice_of_disconnection_before_the_first_entry(probe):
    with Stub(lambda request: ([], Result(notice=True)), "ad") as closing:
        with Stub(lambda request: ([person(1)], END), "ad") as good:
            end = probe([closing, good])[-1]
        alone = probe(closing)[-1]
    assert end["complete"] and end["peer"] == good.url
    assert alone["status"] == "down" and closing.url in alone["error"]


def test_a_connection_that_ends_after_an_entry(probe):
    def hang_up(request):
        return ([person(1)], Result(hang_up=True)) if "objectGUID" in request.attributes else ([], END)

    with Stub(hang_up, "ad") as broken:
        with Stub(lambda request: ([person(1)], END), "ad") as good:
            end = probe([broken, good])[-1]
    assert end["status"] == "down" and end["entries"] == 1 and not end["complete"]


# ---- entries ----


def test_unusable_entries_do_not_stop_the_others(probe):
    def answer(request):
        return [person(1), (f"CN=x,{BASE}", {"mail": ["x@x"]}), ("", {"objectGUID": [guid(9)]}),
                (f"CN=y,{BASE}", {"objectGUID": [b"short"]}), person(2)], END

    with Stub(answer, "ad") as stub:
        lines = probe(stub)
    assert len(entries(lines)) == 2
    assert [line["dn"] for line in lines if line["event"] == "unusable"] == [
        f"CN=x,{BASE}", "", f"CN=y,{BASE}"]
    assert lines[-1]["entries"] == 5 and lines[-1]["unusable"] == 3 and lines[-1]["complete"]


def test_half_an_attribute_is_neither_used_nor_whole(probe):
    def answer(request):
        return [(f"CN=x,{BASE}", {"objectGUID": [GUID], "mail;range=0-1499": ["x@x"]})], END

    with Stub(answer, "ad") as stub:
        end = probe(stub)[-1]
    assert end["unusable"] == 1 and not end["complete"]


def test_hostile_text_is_made_printable(probe):
    with Stub(lambda request: ([], Result(code=53, text="\x1b[31mred\nline")), "ad") as stub:
        end = probe(stub)[-1]
    assert "\x1b" not in end["incomplete_why"] and "\n" not in end["incomplete_why"]


def test_bytes_that_are_no_ldap(probe):
    import socketserver
    import threading

    class Babble(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(100)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)

    with socketserver.TCPServer(("127.0.0.1", 0), Babble) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        class Url:
            url = f"ldap://127.0.0.1:{server.server_address[1]}"

        assert probe(Url, connect_timeout="2000")[-1]["status"] == "down"
        server.shutdown()
