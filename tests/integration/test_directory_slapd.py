#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The directory room against a real OpenLDAP server, by way of directory_probe.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_directory_slapd.py
"""
import socket
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import slapd  # noqa: E402
from proxy import Proxy  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES, SUFFIX  # noqa: E402

USERS = 2500
PROBE = harness.BUILD / "tests/integration/directory_probe"
FILTER = "(&(objectClass=inetOrgPerson)(!(employeeType=gone)))"
SECRET = "ou=secret," + SUFFIX
AWAY = "ou=away," + SUFFIX
CODES = "ou=codes," + SUFFIX


def uid(number):
    return f"uid=u{number:05},{PEOPLE}"


def people():
    text = "".join(slapd.person(f"u{number:05}", title="T") for number in range(USERS))
    text += slapd.person("gone", employeeType="gone")
    text += slapd.person("moved", base=SECRET) + slapd.person("zoë", cn="Zoë")
    text += slapd.person("locked", pwdAccountLockedTime="000001010000Z")
    return text


def groups():
    big = [f"uid=u{number:05},{PEOPLE}" for number in range(10000)]
    text = slapd.group("plain", [uid(1), uid(2)])
    text += slapd.group("ring-a", [uid(1), f"cn=ring-b,{GROUPS}"])
    text += slapd.group("ring-b", [uid(2), f"cn=ring-c,{GROUPS}"])
    text += slapd.group("ring-c", [uid(3), f"cn=ring-a,{GROUPS}"])
    text += slapd.group("big", big)
    text += slapd.group("hidden", [uid(4)])
    text += slapd.group("parent-of-hidden", [uid(5), f"cn=hidden,{GROUPS}"])
    text += slapd.entry(f"cn=unique,{GROUPS}", "groupOfUniqueNames", cn="unique",
                        uniqueMember=[uid(6), uid(7) + "#'0101'B"])
    text += slapd.entry(f"cn=posix,{GROUPS}", "posixGroup", cn="posix", gidNumber="1",
                        memberUid="u00001")
    return text


def others():
    text = slapd.entry(AWAY, "organizationalUnit", ou="away")
    text += slapd.entry(f"cn=elsewhere,{AWAY}", "referral extensibleObject", cn="elsewhere",
                        ref="ldap://elsewhere.example/dc=elsewhere")
    return text


# ppolicy's schema is compiled into its overlay, which is only needed for the attribute.
EXTRA_DATABASE = f"""
overlay retcode
retcode-parent "{CODES}"
retcode-item "cn=timelimit" 0x03
retcode-item "cn=sizelimit" 0x04
retcode-item "cn=adminlimit" 0x0b
retcode-item "cn=insufficient" 0x32
retcode-item "cn=busy" 0x33
retcode-item "cn=unavailable" 0x34
retcode-item "cn=unwilling" 0x35 text="come back\tlater"
retcode-item "cn=other" 0x50
overlay ppolicy
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    ldif = slapd.skeleton() + people() + groups() + others()
    with slapd.Slapd(tmp_path_factory.mktemp("slapd") / "server", ldif, authority=authority,
                     extra_database=EXTRA_DATABASE) as running:
        yield running


@pytest.fixture(name="probe")
def make_probe(server, environment):
    """Runs directory_probe; options as keywords, `_` for `-`, lists repeat an option."""

    def run(command="scan", account="sync", **options):
        settings = {"url": server.ldap, "cleartext": "1", "base": PEOPLE, "filter": FILTER,
                    "bind": "simple", "bind_dn": f"cn={account},{SERVICES}",
                    "password": "env:PROBE_PASSWORD", "quiet": "1"}
        settings.update(options)
        arguments = [PROBE]
        for name, values in settings.items():
            for value in values if isinstance(values, list) else [values]:
                if value is not None:
                    arguments += ["--" + name.replace("_", "-"), value]
        lines, _ = harness.json_lines([*arguments, command], {
            **environment, "PROBE_PASSWORD": "secret-of-" + account})
        return lines

    return run


def done(lines):
    assert lines[-1]["event"] == "done", lines
    return lines[-1]


def roots(lines):
    return next(line["roots"] for line in lines if line["event"] == "membership")


def by_uid(lines):
    return {line["dn"].split(",")[0][4:]: line for line in lines if line["event"] == "entry"}


def assert_whole(lines, entries=USERS + 2):
    end = done(lines)
    assert end["status"] == "ok" and end["complete"], end
    assert end["entries"] == end["handed_out"] == entries, end
    return end


def assert_down(lines, *words):
    end = done(lines)
    assert end["status"] == "down" and not end["complete"], end
    for word in words:
        assert word in end["error"], end["error"]
    return end


# ---- reading ----


@pytest.mark.parametrize("page_size", [0, 5, 1000])
def test_everybody_comes_in_pages_of_any_size(probe, page_size):
    end = assert_whole(probe(page_size=page_size))
    assert end["identity"] == f"dn:cn=sync,{SERVICES}"


def test_values_and_derived_attributes(probe):
    lines = probe(quiet="0", attribute=["mail", "title", ".key", ".dn", ".parent", ".enabled", "cn"])
    found = by_uid(lines)
    one = found["u00042"]
    assert one["values"]["mail"] == ["u00042@example.com"]
    assert one["values"][".key"] == [one["key"]] and len(one["key"]) == 36
    assert one["values"][".dn"] == [uid(42)] and one["values"][".parent"] == [PEOPLE]
    assert one["values"][".enabled"] == ["TRUE"]
    assert found["locked"]["values"][".enabled"] == ["FALSE"]
    assert any(line["values"]["cn"] == ["Zoë"] for line in found.values())
    assert len({line["key"] for line in found.values()}) == USERS + 2


def test_only_what_is_wanted_is_asked_for(probe):
    lines = probe(quiet="0", attribute=["title"])
    assert set(by_uid(lines)["u00001"]["values"]) == {"title"}


def test_bases_are_searched_one_after_the_other(probe):
    assert_whole(probe(base=[PEOPLE, SECRET]), USERS + 3)


def test_one_level_of_the_suffix_has_nobody(probe):
    assert_whole(probe(base=SUFFIX, scope="one"), 0)


def test_default_filter_takes_people(probe):
    assert_whole(probe(filter=None), USERS + 3)


def test_the_loop_goes_on_while_a_scan_runs(probe):
    end = assert_whole(probe(nested=f"cn=big,{GROUPS}"))
    assert end["longest_gap_ms"] < 1000


def test_a_second_scan_uses_the_connection_again(probe, server):
    with Proxy(server.ports[0]) as proxy:
        lines = probe(url=f"ldap://127.0.0.1:{proxy.port}", times=2)
        assert len(proxy.counts) == 1
    assert [line["entries"] for line in lines if line["event"] == "done"] == [USERS + 2] * 2


def test_cancel_in_the_middle(probe):
    end = done(probe(cancel_after=700))
    assert end["status"] == "canceled" and end["handed_out"] == 700 and not end["complete"]


# ---- what is not whole ----


@pytest.mark.parametrize("page_size", [0, 100])
def test_a_size_limit_makes_the_scan_incomplete(probe, page_size):
    end = done(probe(account="small", page_size=page_size))
    assert end["status"] == "ok" and not end["complete"]
    assert end["entries"] <= 500 and "limit" in end["incomplete_why"]


@pytest.mark.parametrize("name,words", [
    ("timelimit", "time limit of the server exceeded (3)"),
    ("sizelimit", "size limit of the server exceeded"),
    ("adminlimit", "administrative limit of the server exceeded (11)"),
    ("insufficient", "may not read this (50)"),
    ("busy", "busy (51)"),
    ("unavailable", "not available (52)"),
    ("unwilling", "unwilling (53)"),
    ("other", "a fault of the server (80)"),
])
def test_result_codes_make_the_scan_incomplete(probe, name, words):
    end = done(probe(base=[PEOPLE, f"cn={name},{CODES}"]))
    assert end["status"] == "ok" and not end["complete"] and end["entries"] == USERS + 2
    assert words in end["incomplete_why"] and f"cn={name},{CODES}" in end["incomplete_why"]


def test_a_missing_base_makes_the_scan_incomplete(probe):
    end = done(probe(base=[PEOPLE, "ou=nowhere," + SUFFIX]))
    assert not end["complete"] and "(32)" in end["incomplete_why"]


def test_continuation_references_are_counted(probe):
    end = done(probe(base=[PEOPLE, AWAY]))
    assert end["status"] == "ok" and end["referrals"] == 1 and end["entries"] == USERS + 2
    assert end["referral"].startswith("ldap://elsewhere.example/")


def test_a_referral_for_a_base_makes_the_scan_incomplete(probe):
    end = done(probe(base=[f"cn=elsewhere,{AWAY}"]))
    assert not end["complete"] and "(10)" in end["incomplete_why"]


def test_canaries(probe):
    end = assert_whole(probe(canary=[uid(7).upper(), f"uid=zo\\C3\\AB,{PEOPLE}"]))
    assert end["canaries"] == 2 and end["missing_canary"] is None
    missing = f"uid=never,{PEOPLE}"
    assert done(probe(canary=[uid(7), missing]))["missing_canary"] == missing


# ---- TLS and binding ----


def test_ldaps(probe, server):
    url = f"ldaps://127.0.0.1:{server.ports[1]}"
    assert assert_whole(probe(url=url, ca=server.tls.ca, cleartext="0"))["peer"] == url


@pytest.mark.parametrize("page_size", [5, 1000])
def test_starttls_with_a_message_of_many_records(probe, server, page_size):
    lines = probe(starttls="1", ca=server.tls.ca, cleartext="0", group=f"cn=big,{GROUPS}",
                  page_size=page_size)
    assert_whole(lines)
    assert roots(lines) == [True] and lines[0]["members"] == 10000


def test_another_authority_is_not_trusted(probe, server, tmp_path):
    wrong = slapd.Authority(tmp_path, "Wrong CA")
    assert_down(probe(url=f"ldaps://127.0.0.1:{server.ports[1]}", ca=wrong.ca),
                "cannot trust", "CN=Test CA", "ca_file")
    assert_down(probe(starttls="1", ca=wrong.ca, cleartext="0"), "cannot trust", "CN=Test CA")


def test_a_certificate_for_another_name_is_not_trusted(environment, authority, tmp_path, probe):
    certificate = authority.sign("other", "ldap.other.example", "DNS:ldap.other.example")
    with slapd.Slapd(tmp_path / "server", slapd.skeleton(), certificate=certificate,
                     authority=authority) as other:
        assert_down(probe(url=f"ldaps://127.0.0.1:{other.ports[1]}", ca=authority.ca),
                    "ldap.other.example", "127.0.0.1")


def test_an_expired_certificate_is_said_to_be_so(authority, tmp_path, probe):
    certificate = authority.sign("expired", "localhost", slapd.LOCALHOST, days=-1)
    with slapd.Slapd(tmp_path / "server", slapd.skeleton(), certificate=certificate,
                     authority=authority) as other:
        assert_down(probe(url=f"ldaps://127.0.0.1:{other.ports[1]}", ca=authority.ca), "expired on")


def test_a_missing_ca_file_is_named(probe, server):
    assert_down(probe(url=f"ldaps://127.0.0.1:{server.ports[1]}", ca="/nowhere/ca.pem"),
                "/nowhere/ca.pem")


def test_a_port_without_tls(probe, server):
    assert_down(probe(url=f"ldaps://127.0.0.1:{server.ports[0]}", ca=server.tls.ca),
                "cannot start TLS")


def test_cleartext_is_refused(probe):
    lines = probe(cleartext="0")
    assert lines[0]["event"] == "refused" and "allow_cleartext" in lines[0]["error"]


def test_external_by_client_certificate(probe, server, authority):
    certificate, key = authority.sign("agent", "agent")
    end = assert_whole(probe(url=f"ldaps://127.0.0.1:{server.ports[1]}", ca=authority.ca,
                             bind="external", bind_dn=None, cert=certificate, key_file=key))
    assert end["identity"] == f"dn:cn=sync,{SERVICES}"


def test_external_over_a_local_socket(probe, server):
    end = assert_whole(probe(url=server.ldapi, bind="external", bind_dn=None, cleartext="0"))
    assert "cn=peercred" in end["identity"]


def test_anonymous(probe):
    assert assert_whole(probe(bind="anonymous", bind_dn=None))["identity"] == ""


def test_a_wrong_password(probe):
    end = assert_down(probe(bind_dn=f"cn=small,{SERVICES}"), "cannot bind", "cn=small", "(49)")
    assert "secret-of" not in str(end)


def test_a_secret_that_is_not_there(probe):
    assert_down(probe(password="env:NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE")


# ---- fail-over, time-outs, broken connections ----


def test_a_dead_server_is_passed_over(probe, server):
    dead = f"ldap://127.0.0.1:{slapd.free_port()}"
    assert assert_whole(probe(url=[dead, server.ldap]))["peer"] == server.ldap


def test_a_server_without_trust_is_passed_over(probe, server, tmp_path, authority):
    with slapd.Slapd(tmp_path / "server", slapd.skeleton()) as foreign:
        url = f"ldaps://127.0.0.1:{server.ports[1]}"
        lines = probe(url=[f"ldaps://127.0.0.1:{foreign.ports[1]}", url], ca=authority.ca)
        assert assert_whole(lines)["peer"] == url


def test_all_servers_dead_names_them_all(probe):
    dead = [f"ldap://127.0.0.1:{slapd.free_port()}", "ldap://no-such-host.invalid"]
    assert_down(probe(url=dead), dead[0], "refused", "no-such-host.invalid", "resolve")


def test_a_server_that_never_answers(probe):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        end = assert_down(probe(url=f"ldap://127.0.0.1:{port}", connect_timeout=500),
                          "connect_timeout")
        assert end["longest_gap_ms"] < 300 and end["beats"] > 20
        assert_down(probe(url=f"ldaps://127.0.0.1:{port}", connect_timeout=500), "connect_timeout")


def test_a_server_that_falls_silent(probe, server):
    with Proxy(server.ports[0], stall_after=200000) as proxy:
        end = assert_down(probe(url=f"ldap://127.0.0.1:{proxy.port}", search_timeout=700),
                          "search_timeout")
    assert 0 < end["entries"] < USERS


def test_a_connection_that_breaks_never_gives_half_a_list_as_whole(probe, server):
    with Proxy(server.ports[0]) as proxy:
        assert_whole(probe(url=f"ldap://127.0.0.1:{proxy.port}", group=f"cn=plain,{GROUPS}"))
        total = proxy.counts[0]
    for cut in [0, 5, 20, 300, 700, 1000, 1500, 2500, 10000, total // 2, total - 1]:
        with Proxy(server.ports[0], cut_after=cut) as proxy:
            url = f"ldap://127.0.0.1:{proxy.port}"
            alone = done(probe(url=url, group=f"cn=plain,{GROUPS}"))
            pair = done(probe(url=[url, server.ldap], group=f"cn=plain,{GROUPS}"))
        assert alone["status"] == "down" and not alone["complete"], cut
        if pair["status"] == "ok":
            assert pair["complete"] and pair["entries"] == USERS + 2
            assert pair["peer"] == server.ldap and cut < 10000
        else:
            assert pair["status"] == "down" and pair["entries"] > 0


def test_a_kept_connection_that_died_is_made_anew(probe, server):
    with Proxy(server.ports[0]) as proxy:
        probe(url=f"ldap://127.0.0.1:{proxy.port}")
        total = proxy.counts[0]
    with Proxy(server.ports[0], cut_after=total, faulty=1) as proxy:
        lines = probe(url=f"ldap://127.0.0.1:{proxy.port}", times=2)
        assert len(proxy.counts) == 2
    assert [line["entries"] for line in lines if line["event"] == "done"] == [USERS + 2] * 2


def test_a_killed_server_in_mid_scan(tmp_path, authority, environment):
    ldif = slapd.skeleton() + "".join(slapd.person(f"u{number:05}") for number in range(2000))
    with slapd.Slapd(tmp_path / "server", ldif, authority=authority) as mortal:
        with Proxy(mortal.ports[0], stall_after=150000) as proxy:
            import subprocess
            running = subprocess.Popen(
                [str(PROBE), "--url", f"ldap://127.0.0.1:{proxy.port}", "--cleartext", "1", "--base",
                 PEOPLE, "--bind", "anonymous", "--quiet", "1", "scan"], env=environment,
                stdout=subprocess.PIPE)
            while not proxy.counts or proxy.counts[0] < 150000:
                assert running.poll() is None
            mortal.kill()
            proxy.close(*proxy.open)
            output, _ = running.communicate(timeout=30)
    assert b'"status":"down"' in output.splitlines()[-1]


# ---- groups ----


def members_of(lines, root):
    return {name for name, line in by_uid(lines).items() if root in line["roots"]}


def test_direct_and_nested_members(probe):
    ring = [f"cn=ring-{letter},{GROUPS}" for letter in "abc"]
    lines = probe(quiet="0", attribute="title", nested=ring[0], group=[ring[0], f"cn=unique,{GROUPS}"])
    assert roots(lines) == [True, True, True] and done(lines)["unknown_groups"] == 0
    assert members_of(lines, 0) == {"u00001", "u00002", "u00003"}
    assert members_of(lines, 1) == {"u00001"}
    assert members_of(lines, 2) == {"u00006", "u00007"}


def test_ten_thousand_members(probe):
    lines = probe(quiet="0", attribute="title", nested=f"cn=big,{GROUPS}")
    assert lines[0]["members"] == 10000
    assert len(members_of(lines, 0)) == USERS


def test_groups_that_cannot_be_read_are_unknown(probe):
    names = [f"cn={name},{GROUPS}" for name in ("none", "posix", "plain")] + [PEOPLE]
    lines = probe(group=names)
    missing, posix, plain, unit = roots(lines)
    assert "(32)" in missing and "memberUid" in posix and plain is True and "not a group" in unit
    end = assert_whole(lines)
    assert end["unknown_groups"] == 3 and names[0] in end["unknown_group"]


def test_a_hidden_group_is_unknown(probe):
    assert roots(probe(group=f"cn=hidden,{GROUPS}")) == [True]
    assert roots(probe(account="blind", group=f"cn=hidden,{GROUPS}"))[0] is not True


def test_listing_that_is_cut_makes_nested_roots_unknown(tmp_path, authority, environment):
    text = slapd.skeleton() + slapd.person("anna")
    text += "".join(slapd.group(f"g{number}", [f"uid=anna,{PEOPLE}"]) for number in range(600))
    text += slapd.group("top", [f"cn=g1,{GROUPS}"])
    with slapd.Slapd(tmp_path / "server", text, authority=authority) as other:
        lines, _ = harness.json_lines(
            [PROBE, "--url", other.ldap, "--cleartext", "1", "--base", PEOPLE, "--bind-dn",
             f"cn=small,{SERVICES}", "--password", "env:PROBE_PASSWORD", "--nested",
             f"cn=top,{GROUPS}", "--group", f"cn=g1,{GROUPS}", "scan"],
            {**environment, "PROBE_PASSWORD": "secret-of-small"})
    nested, direct = roots(lines)
    assert "limit" in nested and direct is True


# ---- look-ups ----


@pytest.fixture(scope="module")
def keys(server, environment):
    lines, _ = harness.json_lines(
        [PROBE, "--url", server.ldap, "--cleartext", "1", "--base", SUFFIX, "--filter",
         "(objectClass=inetOrgPerson)", "--bind", "anonymous", "--attribute", "title", "scan"],
        environment)
    return {name: line["key"] for name, line in by_uid(lines).items()}


def found(lines):
    assert lines[-1]["event"] == "found" and lines[-1]["status"] == "ok", lines
    return lines[-1]


def test_look_up_matches(probe, keys):
    one = found(probe("look-up", key=keys["u00001"], attribute="mail", group=f"cn=plain,{GROUPS}"))
    assert one["outcome"] == "matches" and one["values"]["mail"] == ["u00001@example.com"]
    assert one["roots"] == [0]


def test_look_up_left_scope(probe, keys):
    one = found(probe("look-up", key=keys["gone"]))
    assert one["outcome"] == "left-scope" and one["detail"] == FILTER and one["key"] == keys["gone"]


def test_look_up_moved(probe, keys):
    one = found(probe("look-up", key=keys["moved"], dn=f"uid=moved,{PEOPLE}"))
    assert one["outcome"] == "moved" and one["detail"] == f"uid=moved,{SECRET}"


def test_look_up_out_of_scope_is_moved(probe, keys):
    one = found(probe("look-up", key=keys["u00001"], base=SUFFIX, scope="one"))
    assert one["outcome"] == "moved"


GHOST = "01234567-89ab-cdef-0123-456789abcdef"


def test_look_up_deleted(probe):
    assert found(probe("look-up", key=GHOST, dn=f"uid=ghost,{PEOPLE}"))["outcome"] == "deleted"
    assert found(probe("look-up", key=GHOST, dn=uid(1)))["outcome"] == "deleted"


def test_look_up_unreadable(probe, keys):
    hidden = f"uid=moved,{SECRET}"
    one = found(probe("look-up", account="blind", key=keys["moved"], dn=hidden))
    assert one["outcome"] == "unreadable" and "(50)" in one["detail"] and "dn" not in one
    assert found(probe("look-up", key=GHOST))["outcome"] == "unreadable"


def test_look_up_by_dn_and_by_filter(probe):
    assert found(probe("look-up", dn=uid(9)))["dn"] == uid(9)
    assert found(probe("look-up", dn=f"uid=ghost,{PEOPLE}"))["outcome"] == "deleted"
    assert found(probe("look-up", find="(mail=u00009@*)"))["dn"] == uid(9)
    assert found(probe("look-up", find="(title=T)"))["outcome"] == "matches"
    nothing = found(probe("look-up", find="(mail=gone@example.com)"))
    assert nothing["outcome"] == "unreadable" and "dn" not in nothing


def test_look_up_of_a_name_anywhere(probe):
    assert found(probe("look-up", find_anywhere="(mail=u00009@EXAMPLE.com)"))["outcome"] == "matches"
    left = found(probe("look-up", find_anywhere="(uid=gone)"))
    assert left["outcome"] == "left-scope" and left["detail"] == FILTER and "others" not in left
    moved = found(probe("look-up", find_anywhere="(uid=moved)"))
    assert moved["outcome"] == "moved" and moved["dn"] == f"uid=moved,{SECRET}"
    several = found(probe("look-up", find_anywhere="(|(uid=u00001)(uid=u00002)(uid=u00003))"))
    assert {several["dn"], *several["others"]} == {uid(1), uid(2), uid(3)}
    many = found(probe("look-up", find_anywhere="(mail=u0000*)"))
    assert many["outcome"] == "matches" and len(many["others"]) >= 8
    assert found(probe("look-up", find_anywhere="(uid=nobody)"))["outcome"] == "deleted"


def test_look_up_when_the_server_is_dead(probe, keys):
    lines = probe("look-up", key=keys["u00001"], url=f"ldap://127.0.0.1:{slapd.free_port()}")
    assert lines[-1]["status"] == "down" and lines[-1]["outcome"] == "unreadable"


# ---- batches of look-ups ----


def batch(lines, status="ok"):
    assert lines[-1]["event"] == "batch" and lines[-1]["status"] == status, lines
    answers = {line["at"]: line for line in lines[:-1]}
    assert len(answers) == len(lines) - 1, lines
    return [answers[at] for at in sorted(answers)]


def outcomes(lines):
    return [answer["outcome"] for answer in batch(lines)]


def ghost(number):
    return f"01234567-89ab-cdef-0123-{number:012} uid=ghost{number},{PEOPLE}"


def test_a_batch_is_judged_as_each_would_be(probe, keys):
    asked = [(keys["u00001"], uid(1)), (keys["gone"], ""), (keys["moved"], f"uid=moved,{PEOPLE}"),
             (GHOST, f"uid=ghost,{PEOPLE}"), (GHOST[:-1] + "0", uid(1)), (GHOST[:-1] + "1", ""),
             (keys["zoë"], "")]
    answers = batch(probe("look-up-batch", ask=[" ".join(one).strip() for one in asked],
                          attribute="mail", group=f"cn=plain,{GROUPS}"))
    wanted = ["matches", "left-scope", "moved", "deleted", "deleted", "unreadable", "matches"]
    assert [answer["outcome"] for answer in answers] == wanted
    for (key, dn), answer in zip(asked, answers):
        options = {"key": key, **({"dn": dn} if dn else {})}
        alone = found(probe("look-up", attribute="mail", **options))
        for name in ("outcome", "detail", "dn", "key", "values"):
            assert alone.get(name) == answer.get(name)


@pytest.mark.parametrize("scope, base", [("one", SUFFIX), ("one", PEOPLE), ("subtree", SECRET)])
def test_a_batch_knows_base_and_scope(probe, keys, scope, base):
    names = ["u00001", "gone", "moved"]
    answers = outcomes(probe("look-up-batch", ask=[keys[name] for name in names], scope=scope,
                             base=base))
    assert answers == [found(probe("look-up", key=keys[name], scope=scope, base=base))["outcome"]
                       for name in names]


def test_a_full_batch(probe, keys):
    asked = [keys[f"u{number:05}"] for number in range(50)] + [ghost(i) for i in range(50)]
    answers = outcomes(probe("look-up-batch", ask=asked))
    assert answers == ["matches"] * 50 + ["deleted"] * 50
    answers = outcomes(probe("look-up-batch", ask=asked, filter="mail=u0000*"))
    assert answers.count("matches") == 10 and answers.count("left-scope") == 40


def test_a_batch_of_hidden_people_is_unreadable(probe, keys):
    hidden = f"uid=moved,{SECRET}"
    answers = batch(probe("look-up-batch", account="blind", ask=[f"{keys['moved']} {hidden}",
                                                                 keys["u00002"]]))
    assert answers[0]["outcome"] == "unreadable" and "(50)" in answers[0]["detail"]
    assert answers[1]["outcome"] == "matches"


def test_a_batch_over_the_size_limit_goes_on_one_by_one(tmp_path, authority, environment):
    """The batch's search ends with sizeLimitExceeded; each look-up for itself does not."""
    text = slapd.skeleton() + slapd.entry(AWAY, "organizationalUnit", ou="away")
    text += "".join(slapd.person(f"p{i}", base=AWAY if i % 2 else PEOPLE) for i in range(20))
    limit = f'limits dn.exact="cn=blind,{SERVICES}" size=3\n'
    with slapd.Slapd(tmp_path / "server", text, authority=authority, extra_database=limit) as other:
        options = [PROBE, "--url", other.ldap, "--cleartext", "1"]
        lines, _ = harness.json_lines([*options, "--bind", "anonymous", "--base", SUFFIX, "--quiet",
                                       "0", "scan"], environment)
        people_of = {line["dn"]: line["key"] for line in lines if line["event"] == "entry"}
        asked = [f"{key} {dn}" for dn, key in people_of.items()] + [ghost(1)]
        lines, _ = harness.json_lines(
            [*options, "--base", PEOPLE, "--bind-dn", f"cn=blind,{SERVICES}", "--password",
             "env:PROBE_PASSWORD", *[word for one in asked for word in ("--ask", one)],
             "look-up-batch"], {**environment, "PROBE_PASSWORD": "secret-of-blind"})
    assert len(people_of) == 20
    assert sorted(outcomes(lines)) == ["deleted"] + ["matches"] * 10 + ["moved"] * 10


def test_a_batch_that_is_cancelled(probe, keys):
    lines = probe("look-up-batch", ask=[keys["moved"], ghost(1), ghost(2)], cancel_after="1")
    assert len(batch(lines, "canceled")) == 1
    lines = probe("look-up-batch", ask=[keys["u00001"], ghost(1), ghost(2)], cancel_after="2")
    assert len(batch(lines, "canceled")) == 2


def test_a_batch_when_the_server_is_dead(probe):
    lines = probe("look-up-batch", ask=[ghost(1)], url=f"ldap://127.0.0.1:{slapd.free_port()}")
    assert batch(lines, "down") == []


# ---- check ----


def steps(lines):
    return [(line["what"], line["status"]) for line in lines]


def only(lines, what):
    found = [line for line in lines if line["what"] == what]
    assert len(found) == 1, found
    return found[0]


def test_check_tells_each_step(probe, server):
    lines = probe("check", url=f"ldaps://127.0.0.1:{server.ports[1]}", ca=server.tls.ca)
    assert steps(lines) == [("names", "ok"), ("connection", "ok"), ("tls", "warning"), ("bind", "ok"),
                            ("kind", "ok"), ("base", "ok"), ("page-size", "ok"), ("clock", "skipped"),
                            ("changes", "ok")]
    text = " ".join(line["detail"] for line in lines)
    for word in ("TLS1.", "openldap", "entryUUID", "syncrepl, deletions included", f"cn=sync,{SERVICES}",
                 "subject CN=localhost,O=Test, issued by CN=Test CA,O=Test"):
        assert word in text
    assert only(lines, "tls")["data"]["certificate"] == "trusted"


def test_check_when_nothing_works(probe, server):
    dead = f"ldap://127.0.0.1:{slapd.free_port()}"
    rest = ["kind", "base", "page-size", "clock", "changes"]
    assert steps(probe("check", url=dead)) == [("names", "ok"), ("connection", "failed")] + [
        (name, "skipped") for name in ["tls", "bind"] + rest]
    lines = probe("check", bind_dn=f"cn=small,{SERVICES}")
    assert steps(lines) == [("names", "ok"), ("connection", "ok"), ("tls", "ok"), ("bind", "failed")] + [
        (name, "skipped") for name in rest]
    assert "bind.password" in only(lines, "bind")["remedy"] and "(49)" in only(lines, "bind")["detail"]
    lines = probe("check", base=["ou=nowhere," + SUFFIX, PEOPLE])
    assert [status for what, status in steps(lines) if what == "base"] == ["failed", "ok"]


def test_check_looks_at_every_server_and_warns_of_a_spare_that_fails(probe, server):
    dead = f"ldap://127.0.0.1:{slapd.free_port()}"
    lines = probe("check", url=[dead, server.ldap])
    assert [status for what, status in steps(lines) if what == "connection"] == ["warning", "ok"]
    assert steps(lines)[-1] == ("changes", "ok")


def test_check_offers_a_password_that_was_refused_to_nobody_else(probe, server):
    lines = probe("check", url=[server.ldap, server.ldapi], bind_dn=f"cn=small,{SERVICES}")
    assert [status for what, status in steps(lines) if what == "bind"] == ["failed", "skipped"]


def test_check_sees_how_many_entries_a_page_has(probe):
    assert "pages of 100: the first has 100" == only(probe("check", page_size="100"), "page-size")["detail"]
    assert only(probe("check", page_size="0"), "page-size")["status"] == "warning"


