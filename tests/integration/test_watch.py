#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Servers that say when something changes: OpenLDAP (refreshAndPersist) and a domain controller
(notification), by way of directory_probe.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_watch.py
"""
import os
import sys
import urllib.parse

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import samba_ad  # noqa: E402
import slapd  # noqa: E402
from conftest import need  # noqa: E402
from feed_probe import FeedProbe  # noqa: E402
from ldap_stub import Stub, Result  # noqa: E402
from proxy import Proxy  # noqa: E402
from samba_ad import PASSWORD, STAFF, SYNC  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES  # noqa: E402

ANNA = f"uid=anna,{PEOPLE}"


def modify(dn, *lines):
    return f"dn: {dn}\nchangetype: modify\n" + "\n".join(lines) + "\n\n"


def title(text):
    return modify(ANNA, "replace: title", "title: " + text)


@pytest.fixture(name="server")
def start_server(tmp_path, authority):
    ldif = slapd.skeleton() + slapd.person("anna") + slapd.person("berta")
    ldif += slapd.group("finance", [ANNA])
    with slapd.Slapd(tmp_path / "server", ldif, authority=authority,
                     extra_database="syncprov-sessionlog 100") as running:
        yield running


def start_probe(server, environment, **options):
    settings = {"url": server.ldap, "cleartext": "1", "base": PEOPLE, "bind": "simple",
                "bind_dn": f"cn=sync,{SERVICES}", "password": "env:PROBE_PASSWORD",
                "group": "cn=finance," + GROUPS}
    settings.update(options)
    return FeedProbe(settings, {**environment, "PROBE_PASSWORD": "secret-of-sync"})


@pytest.mark.parametrize("changes", ["syncrepl", "timestamp"])
def test_openldap_tells_what_happens(server, environment, changes):
    # With timestamps there is no cookie to begin from, and the server names everybody first.
    with start_probe(server, environment, changes=changes) as probe:
        probe.watch()
        assert probe.line(0.3) is None
        for lines in (title("X"), modify(f"cn=finance,{GROUPS}", "add: member",
                                         f"member: uid=berta,{PEOPLE}"),
                      f"dn: uid=berta,{PEOPLE}\nchangetype: delete\n\n"):
            server.modify(lines)
            assert probe.noticed() < 1
        assert probe.changes().facts["status"] == "ok"
        probe.say("unwatch")
        server.modify(title("Y"))
        assert probe.line(0.3) is None


def test_what_happened_before_it_stands_is_told(server, environment):
    with start_probe(server, environment) as probe:
        server.modify(title("X"))
        probe.watch()
        probe.changes()
        probe.watch()
        server.modify(title("Y"))
        assert probe.noticed() < 1


def test_a_burst_is_few_words(server, environment):
    with start_probe(server, environment) as probe:
        probe.watch()
        server.modify("".join(title(str(number)) for number in range(200)))
        words = 0
        while probe.line(0.3) is not None:
            words += 1
        assert 0 < words <= 200


def test_a_server_that_stops_is_lost_once(server, environment):
    with start_probe(server, environment) as probe:
        probe.watch()
        server.stop()
        lost = probe.line()
        assert lost["event"] == "lost" and "ended after" in lost["why"], lost
        assert probe.line(0.3) is None
        probe.say("watch")
        assert probe.line()["event"] == "lost"
        server.start()
        probe.watch()
        server.modify(title("X"))
        assert probe.noticed() < 1


def test_a_cookie_that_is_not_known_any_more_is_no_obstacle(server, environment):
    with start_probe(server, environment) as probe:
        server.modify(f"dn: uid=berta,{PEOPLE}\nchangetype: delete\n\n")
        server.stop()
        server.start()
        probe.watch()
        probe.line(0.3)
        server.modify(title("X"))
        assert probe.noticed() < 1


def test_silence_is_asked_about_and_an_answer_is_enough(server, environment):
    with start_probe(server, environment, search_timeout="200") as probe:
        probe.watch()
        assert probe.line(1.5) is None
        server.modify(title("X"))
        assert probe.noticed() < 1


def test_a_connection_that_died_without_a_word_is_lost(server, environment):
    port = urllib.parse.urlparse(server.ldap).port
    with Proxy(port, stall_after=6000) as proxy, \
            start_probe(server, environment, url=f"ldap://127.0.0.1:{proxy.port}",
                        search_timeout="500") as probe:
        probe.say("watch")
        for number in range(100):
            server.modify(title("X" * 200 + str(number)))
            if (line := probe.line(0.05)) is not None and line["event"] == "lost":
                break
        else:
            line = probe.until("lost")[-1]
        assert "search_timeout" in line["why"]


def test_a_server_that_cannot_says_so(environment):
    def answer(request):
        person = {"entryUUID": ["00000000-0000-0000-0000-00000000000a"],
                  "modifyTimestamp": ["20260101000000Z"], "objectClass": ["person"]}
        return [("cn=a,dc=example,dc=com", person)], Result(cookie=b"")

    with Stub(answer) as stub, FeedProbe({"url": stub.url, "cleartext": "1", "bind": "anonymous",
                                          "base": "dc=example,dc=com"}, environment) as probe:
        probe.say("watch")
        lost = probe.line()
        assert lost["event"] == "lost" and "RFC 4533" in lost["why"]


@pytest.mark.parametrize("who, password", [
    (SYNC, PASSWORD), (samba_ad.ADMINISTRATOR, samba_ad.ADMINISTRATOR_PASSWORD)])
def test_a_domain_controller_tells_what_happens(tmp_path, authority, environment, who, password):
    need(samba_ad.missing())
    with samba_ad.Domain(tmp_path / "dc", authority) as domain:
        ann = domain.person("ann")
        with FeedProbe({"url": domain.ldaps, "ca": domain.ca, "base": STAFF, "bind": "simple",
                        "bind_dn": who, "password": "env:PROBE_PASSWORD"},
                       {**environment, "PROBE_PASSWORD": password}) as probe:
            probe.watch()
            domain.change(modify(ann, "replace: title", "title: X"))
            assert probe.noticed() < 1
            domain.change(f"dn: CN=some,{samba_ad.GROUPS}\nchangetype: add\nobjectClass: group\n"
                           f"member: {ann}\n\n")
            assert probe.noticed() < 1
            domain.change(f"dn: {ann}\nchangetype: delete\n\n")
            if who != SYNC:  # tombstones are not for everybody
                assert probe.noticed() < 1
            domain.stop()
            assert probe.until("lost")[-1]["event"] == "lost"
