#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Active Directory: a real domain controller (Samba), by way of directory_probe and of the agent.

What Samba does not do as Microsoft's server does, as automatic ranging, is in test_directory_stub.py.
"""
import sys
import time
import uuid

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import name_server  # noqa: E402
import recipes  # noqa: E402
import samba_ad  # noqa: E402
from agent import FINANCE, HR, Agent  # noqa: E402
from conftest import need  # noqa: E402
from proxy import Proxy  # noqa: E402
from samba_ad import AWAY, BASE, GROUPS, NEVER, PASSWORD, STAFF, SYNC, filetime  # noqa: E402
from simulator import Simulator  # noqa: E402

PROBE = harness.BUILD / "tests/integration/directory_probe"
CONTACTS = "OU=Contacts," + BASE
BIG = 1501
DAY = 86400
ODD_GUID = uuid.UUID("00000a00-0a0d-0a00-8001-0a0000000a00")


def contact(number):
    return f"CN=c{number:05},{CONTACTS}"


def fill(domain):
    now = time.time()
    domain.person("ann")
    domain.person("bob", userAccountControl="546")
    domain.person("never", accountExpires=NEVER)
    domain.person("zero", accountExpires="0")
    domain.person("gone", accountExpires=filetime(now - DAY))
    domain.person("going", accountExpires=filetime(now + DAY))
    domain.person("away", base=AWAY)
    domain.database.add({"dn": "CN=odd," + STAFF, "objectClass": "user", "sAMAccountName": "odd",
                         "userAccountControl": "544", "objectGUID": ODD_GUID.bytes_le},
                        controls=["relax:0"])
    domain.add(CONTACTS, objectClass="organizationalUnit")
    for number in range(BIG):
        domain.add(contact(number), objectClass="contact")
    ann, going = f"CN=ann,{STAFF}", f"CN=going,{STAFF}"
    domain.group("some", [ann])
    domain.group("big", [contact(number) for number in range(BIG - 1)] + [ann])
    domain.group("inner", [going])
    domain.group("ring", [f"CN=inner,{GROUPS}"])
    domain.group("outer", [f"CN=ring,{GROUPS}", ann])
    domain.modify(f"CN=inner,{GROUPS}", add={"member": [f"CN=outer,{GROUPS}"]})


@pytest.fixture(scope="module")
def domain(tmp_path_factory, authority):
    need(samba_ad.missing())
    with samba_ad.Domain(tmp_path_factory.mktemp("domain") / "dc", authority) as running:
        with running.at_once():
            fill(running)
        yield running


@pytest.fixture(name="probe")
def make_probe(domain, environment):
    """Runs directory_probe; options as keywords, `_` for `-`, lists repeat an option."""

    def run(command="scan", password=PASSWORD, more_environment=None, inside=(), **options):
        settings = {"url": domain.ldaps, "base": STAFF, "ca": domain.ca, "bind": "simple",
                    "bind_dn": SYNC, "password": "env:PROBE_PASSWORD"}
        settings.update(options)
        arguments = [*inside, PROBE]
        for name, values in settings.items():
            for value in values if isinstance(values, list) else [values]:
                if value is not None:
                    arguments += ["--" + name.replace("_", "-"), value]
        lines, _ = harness.json_lines([*arguments, command], {
            **environment, "PROBE_PASSWORD": password, **(more_environment or {})})
        return lines

    return run


def done(lines):
    assert lines[-1]["event"] == "done", lines
    return lines[-1]


def roots(lines):
    return next(line["roots"] for line in lines if line["event"] == "membership")


def people(lines):
    """Entries of a scan by their name."""
    return {line["dn"].split(",")[0][3:]: line for line in lines if line["event"] == "entry"}


def steps(lines):
    """Name, whether it works, and what is said, with what to do."""
    return [(line["what"], line["status"] in ("ok", "warning"), line["detail"] + "; " + (line["remedy"] or ""))
            for line in lines]


def step(lines, what):
    found = [(ok, detail) for name, ok, detail in steps(lines) if name == what]
    assert len(found) == 1, steps(lines)
    return found[0]


# ---- what is read ----


def test_the_kind_is_found(probe):
    ok, detail = step(probe("check"), "kind")
    assert ok and detail.startswith("active-directory; key objectGUID")


def test_the_clock_of_the_controller_is_read(probe):
    assert step(probe("check"), "clock") == (True, "as the server's, to a minute; ")


def test_keys_are_the_guids_that_administrators_see(domain, probe):
    found = people(probe(attribute=".key"))
    for name in ("ann", "bob", "odd"):
        bytes_of = domain.read(f"CN={name},{STAFF}", "objectGUID")
        assert found[name]["key"] == str(uuid.UUID(bytes_le=bytes_of))
        assert found[name]["values"][".key"] == [found[name]["key"]]
    assert found["odd"]["key"] == str(ODD_GUID)


def test_a_key_with_zeros_and_newlines_is_found_again(probe):
    found = probe("look-up", key=str(ODD_GUID))[-1]
    assert found["outcome"] == "matches" and found["dn"] == "CN=odd," + STAFF


def test_who_is_enabled_and_until_when(probe):
    found = people(probe(attribute=[".enabled", ".expires"]))
    enabled = {name: line["values"][".enabled"] for name, line in found.items()}
    assert enabled == {"ann": ["TRUE"], "bob": ["FALSE"], "never": ["TRUE"], "zero": ["TRUE"],
                       "gone": ["FALSE"], "going": ["TRUE"], "odd": ["TRUE"]}
    assert {name for name, line in found.items() if line["values"][".expires"]} == {"gone", "going"}
    until = found["going"]["values"][".expires"][0]
    assert until.startswith(time.strftime("%Y-%m-%dT", time.gmtime(time.time() + DAY)))


def test_the_usual_attributes_are_there(probe):
    names = ["mail", "givenName", "sn", "employeeID", "userPrincipalName"]
    values = people(probe(attribute=names))["ann"]["values"]
    assert values == {"mail": ["ann@corp.example"], "givenName": ["Ann"], "sn": ["Test"],
                      "employeeID": ["E-ann"], "userPrincipalName": ["ann@corp.example"]}


def test_pages(probe):
    end = done(probe(page_size=3))
    assert end["complete"] and end["entries"] == 7


def test_the_root_of_the_domain_can_be_a_base(probe):
    """It answers with references to the configuration, where nobody is missing."""
    end = done(probe(base=BASE))
    assert end["complete"] and end["referrals"] == 0 and end["entries"] > 8


# ---- groups ----


def test_all_members_of_a_big_group(probe):
    lines = probe(group=f"CN=big,{GROUPS}")
    assert roots(lines) == [True] and lines[0]["members"] == BIG
    assert [name for name, line in people(lines).items() if line["roots"]] == ["ann"]


def test_nested_groups_in_a_ring(probe):
    lines = probe(nested=[f"CN=outer,{GROUPS}", f"CN=some,{GROUPS}"], group=f"CN=ring,{GROUPS}")
    found = people(lines)
    assert roots(lines) == [True, True, True]
    assert found["ann"]["roots"] == [0, 1] and found["going"]["roots"] == [0]


def test_whose_primary_group_it_is(domain, probe):
    """AD names them nowhere in the group: neither in member nor, of theirs, in memberOf."""
    staff = domain.group("all-staff", [f"CN=inner,{GROUPS}"])
    ann = f"CN=ann,{STAFF}"
    token = domain.read(staff, "primaryGroupToken").decode()
    domain.modify(staff, add={"member": [ann]})
    domain.modify(ann, primaryGroupID=token)
    try:
        found = people(probe(group=staff))
        nested = people(probe(nested=staff))
        path = people(probe(nested=[f"CN=outer,{GROUPS}", staff], group=staff))
    finally:
        domain.modify(ann, primaryGroupID="513")
    assert [name for name, line in found.items() if line["roots"]] == ["ann"]
    assert {name for name, line in nested.items() if line["roots"]} == {"ann", "going"}
    assert path["ann"]["roots"] == [0, 1, 2] and path["going"]["roots"] == [0, 1]


def test_domain_users_are_everybody(probe):
    """What most people have as their primary group has no member at all."""
    found = people(probe(group=f"CN=Domain Users,CN=Users,{BASE}", page_size=2))
    assert len(found) >= 7 and all(line["roots"] == [0] for line in found.values())


# ---- a second look ----


def test_where_somebody_is(domain, probe):
    key = str(uuid.UUID(bytes_le=domain.read(f"CN=away,{AWAY}", "objectGUID")))
    assert probe("look-up", key=key)[-1]["outcome"] == "moved"
    leaver = domain.person("leaver")
    key = str(uuid.UUID(bytes_le=domain.read(leaver, "objectGUID")))
    found = probe("look-up", key=key, dn=leaver, filter="(employeeID=none)")[-1]
    assert found["outcome"] == "left-scope"
    assert probe("look-up", key=key, dn=leaver)[-1]["outcome"] == "matches"
    domain.delete(leaver)
    assert probe("look-up", key=key, dn=leaver)[-1]["outcome"] == "deleted"


# ---- reaching it ----


def test_a_wrong_password_is_said_in_words(probe):
    ok, detail = step(probe("check", password="wrong"), "bind")
    assert not ok and "the password is wrong, or the name (data 52e)" in detail


def test_a_disabled_account_is_said_in_words(domain, probe):
    domain.modify(SYNC, userAccountControl="546")
    try:
        ok, detail = step(probe("check"), "bind")
    finally:
        domain.modify(SYNC, userAccountControl="544")
    assert not ok and "the account is disabled (data 533)" in detail


def test_a_simple_bind_in_the_clear_is_refused_with_a_remedy(domain, probe):
    ok, detail = step(probe("check", url=domain.ldap, cleartext="1"), "bind")
    assert not ok and "use ldaps:// or starttls" in detail


# ---- Kerberos ----


@pytest.fixture(name="kerberos")
def make_kerberos(domain, probe):
    """As probe, with a ticket instead of a password."""

    def run(command="check", environment=None, **options):
        settings = {"url": domain.ldap, "bind": "gssapi", "keytab": domain.keytab(), "bind_dn": None,
                    "more_environment": {
                        "KRB5_CONFIG": domain.kerberos, "KRB5CCNAME": "FILE:/nonexistent/cache",
                        **(environment or {})}}
        settings.update(options)
        return probe(command, **settings)

    return run


def test_a_keytab_signs_and_seals(kerberos):
    lines = kerberos()
    assert step(lines, "tls") == (True, "none: Kerberos signs and seals, 256 bits; ")
    assert step(lines, "bind")[0] and step(lines, "page-size")[0]
    assert done(kerberos("scan", page_size=2, times="3"))["complete"]


def test_the_principal_chooses_the_key(domain, kerberos):
    assert step(kerberos(principal="sync@" + samba_ad.REALM), "bind")[0]
    ok, detail = step(kerberos(principal="nobody@" + samba_ad.REALM), "bind")
    assert not ok and "no Kerberos ticket can be had" in detail and domain.ldap in detail


def test_a_keytab_from_the_environment_or_the_service_manager(domain, kerberos, tmp_path):
    own = {"KRB5_CLIENT_KTNAME": domain.keytab(), "KRB5CCNAME": "MEMORY:test"}
    assert step(kerberos(keytab=None, environment=own), "bind")[0]
    folder = str(domain.path())
    given = {"CREDENTIALS_DIRECTORY": folder}
    assert step(kerberos(keytab="credential:sync.keytab", environment=given), "bind")[0]
    for name in ("", "nothing", "../sync.keytab"):
        ok, detail = step(kerberos(keytab="credential:" + name, environment=given), "bind")
        assert not ok and "bind.keytab" in detail


def test_a_keytab_that_others_can_read_is_refused(domain, kerberos, tmp_path):
    copy = tmp_path / "open.keytab"
    copy.write_bytes(open(domain.keytab(), "rb").read())
    copy.chmod(0o644)
    ok, detail = step(kerberos(keytab=str(copy)), "bind")
    assert not ok and "chmod o-rwx" in detail
    copy.write_bytes(b"no keytab")
    copy.chmod(0o600)
    ok, detail = step(kerberos(keytab=str(copy)), "bind")
    assert not ok and "ticket" in detail


def test_a_ticket_that_ends_soon_is_renewed_before_the_next_operation(domain, kerberos):
    short = domain.write("short.conf", samba_ad.KERBEROS, lifetime="5m")
    for configuration, connections in ((domain.kerberos, 1), (short, 3)):
        with Proxy(389, host=domain.address) as proxy:
            lines = kerberos("scan", url=f"ldap://localhost:{proxy.port}", times="3", quiet="1",
                             environment={"KRB5_CONFIG": configuration})
            assert done(lines)["complete"] and len(proxy.counts) == connections


def test_a_name_that_kerberos_does_not_know(domain, kerberos):
    with Proxy(389, host=domain.address) as proxy:
        ok, detail = step(kerberos(url=f"ldap://127.0.0.1:{proxy.port}"), "bind")
    assert not ok and "not found in Kerberos database" in detail and "full name" in detail


def test_a_kdc_that_does_not_answer(domain, kerberos, tmp_path):
    nowhere = tmp_path / "krb5.conf"
    nowhere.write_text(open(domain.kerberos).read().replace(":88", ":9"))
    ok, detail = step(kerberos(environment={"KRB5_CONFIG": str(nowhere)}), "bind")
    assert not ok and "Cannot contact any KDC" in detail


def test_over_tls_kerberos_adds_no_layer(domain, kerberos):
    """This server refuses Kerberos over TLS unless it is told otherwise."""
    ok, detail = step(kerberos(url=domain.ldaps), "bind")
    assert not ok and "(8)" in detail
    domain.restart("allow_sasl_over_tls")
    try:
        lines = kerberos(url=domain.ldaps)
        starttls = kerberos(starttls="1")
    finally:
        domain.restart("yes")
    assert step(lines, "bind")[0] and ": TLS1." in step(lines, "tls")[1]
    assert step(starttls, "bind")[0] and ": TLS1." in step(starttls, "tls")[1]


def test_starttls(domain, probe):
    lines = probe("check", url=domain.ldap, starttls="1")
    assert step(lines, "tls")[0] and step(lines, "bind")[0]


# ---- finding it by DNS ----

CONTROLLERS = "_ldap._tcp.dc._msdcs.corp.example"
SERVERS = "_ldap._tcp.corp.example"
DEAD = "127.0.0.1"  # where nobody listens on these ports


@pytest.fixture(name="names")
def make_names(domain):
    need(name_server.missing())
    with name_server.NameServer(domain.address) as names:
        names.srv[CONTROLLERS] = [(0, 100, 389, "dc1.corp.example")]
        names.hosts["dc1.corp.example"] = domain.address
        names.hosts["dc2.corp.example"] = DEAD
        names.hosts["dc3.corp.example"] = DEAD
        yield names


@pytest.fixture(name="find")
def make_find(names, probe, tmp_path):
    """As probe, with a domain instead of a URL."""

    def run(command="check", **options):
        settings = {"url": None, "domain": "corp.example", "inside": names.inside(tmp_path)}
        settings.update(options)
        return probe(command, **settings)

    return run


def test_the_controllers_of_a_domain_are_found(find):
    lines = find()
    assert step(lines, "domain") == (
        True, "corp.example: dc1.corp.example (priority 0, weight 100); ")
    assert step(lines, "connection")[1].startswith("ldaps://dc1.corp.example at ")
    assert step(lines, "page-size")[0]


def test_the_order_is_that_of_the_priorities(names, find):
    names.srv[CONTROLLERS] = [(10, 0, 389, "dc1.corp.example"), (0, 0, 389, "dc2.corp.example"),
                              (5, 0, 389, "dc3.corp.example")]
    lines = find()
    tried = [detail for what, _, detail in steps(lines) if what == "connection"]
    assert ["dc2." in tried[0], "dc3." in tried[1], "dc1." in tried[2]] == [True] * 3
    assert step(lines, "page-size")[0]


def test_who_answered_is_asked_first_the_next_time(domain, names, find):
    names.srv[CONTROLLERS] = [(0, 0, 389, "dc2.corp.example"), (1, 0, 389, "dc1.corp.example")]
    short = domain.write("short.conf", samba_ad.KERBEROS, lifetime="5m")  # no connection is kept
    lines = find("scan", times="3", quiet="1", bind="gssapi", bind_dn=None, keytab=domain.keytab(),
                 more_environment={"KRB5_CONFIG": short})
    assert [line["peer"] for line in lines if line["event"] == "done"] == [
        "ldap://dc1.corp.example"] * 3
    assert sum(name == "dc2.corp.example" for name, _ in names.asked) <= 2
    assert len([kind for _, kind in names.asked if kind == name_server.SRV]) == 1


def test_a_domain_without_controllers_has_ldap_servers(names, find):
    names.srv = {SERVERS: [(0, 0, 389, "dc1.corp.example")]}
    assert step(find(), "page-size")[0]
    asked = [name for name, kind in names.asked if kind == name_server.SRV]
    assert asked[:2] == [CONTROLLERS, SERVERS]


def test_starttls_and_the_port_that_dns_names(domain, names, find):
    assert step(find(starttls="1"), "connection")[1].startswith("ldap://dc1.corp.example at ")
    with Proxy(389, host=domain.address) as proxy:
        names.hosts["dc2.corp.example"] = "127.0.0.1"
        names.srv[CONTROLLERS] = [(0, 0, proxy.port, "dc2.corp.example")]
        ok, detail = step(find(starttls="1"), "tls")
    assert not ok and "it is for dc1.corp.example" in detail and "ldap://dc2.corp.example" in detail


def test_kerberos_in_a_domain(domain, names, find):
    lines = find(bind="gssapi", bind_dn=None, keytab=domain.keytab(),
                 more_environment={"KRB5_CONFIG": domain.kerberos})
    assert step(lines, "connection")[1].startswith("ldap://dc1.corp.example at ")
    assert step(lines, "tls")[1] == "none: Kerberos signs and seals, 256 bits; "


def test_many_controllers_come_over_tcp(names, find):
    names.srv[CONTROLLERS] = [(1, 0, 389, "dc2.corp.example")] * 30 + [
        (0, 0, 389, "dc1.corp.example")]
    tried = [detail for what, _, detail in steps(find()) if what == "connection"]
    assert tried[0].startswith("ldaps://dc1.") and len(tried) == 8


def test_nobody_is_sent_to_a_strange_host(names, find):
    names.srv[CONTROLLERS] = [(0, 0, 389, "dc1.corp.example.evil.org")]
    ok, detail = step(find(), "domain")
    assert not ok and "forged" in detail and "name them in urls" in detail


def test_dns_that_does_not_help_is_said_in_words(names, find):
    names.srv = {}
    assert "there is no such name" in step(find(), "domain")[1]
    names.fails = True
    assert "no name server answers" in step(find(), "domain")[1]
    names.is_silent = True
    ok, detail = step(find(connect_timeout="500"), "domain")
    assert not ok and "DNS does not answer within 500 ms" in detail


# ---- the whole agent ----

COMPANY = "OU=Company," + BASE
BRANCH = "OU=Branch," + COMPANY
WORKSPACES = f"""
  {{ id = "{FINANCE}"; name = "Finance"; group = "CN=finance,{COMPANY}"; nested = true; }},
  {{ id = "{HR}"; name = "HR"; group = "CN=hr,{COMPANY}"; }}"""

# So few people that each is many percent.
POLICY = "policy = { limits = { deactivations = { percent = 0; }; smallest_scan_percent = 50; }; };"


def colleague(name, base=COMPANY):
    return f"CN={name},{base}"


@pytest.fixture(scope="module")
def company(domain):
    with domain.at_once():
        domain.add(COMPANY, objectClass="organizationalUnit")
        domain.add(BRANCH, objectClass="organizationalUnit")
        for name in ("anna", "bert", "carl", "dora", "emil", "fred", "gina", "hugo"):
            domain.person(name, base=COMPANY)
        domain.person("ivan", base=COMPANY, mail=None)
        domain.group("ledger", [colleague("anna")], base=COMPANY)
        domain.group("finance", [colleague("ledger"), colleague("bert")], base=COMPANY)
        hr = domain.group("hr", [colleague("carl"), colleague("dora")], base=COMPANY)
    token = domain.read(hr, "primaryGroupToken").decode()
    domain.modify(colleague("dora"), primaryGroupID=token)
    return domain


@pytest.fixture(scope="module")
def world(company, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    with Simulator(folder, "--api-key", "key-1", "--workspaces",
                   f"{FINANCE}=Finance,{HR}=HR") as simulator:
        agent = Agent(
            folder / "agent", f"""{{ name = "corp"; urls = [ "{company.ldaps}" ];
            tls = {{ ca_file = "{company.ca}"; }};
            bind = {{ dn = "{SYNC}"; password = "env:DIRECTORY_PASSWORD"; }};
            users = {{ bases = [ "{COMPANY}" ]; }}; }}""",
            f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
            allow_cleartext = true;""", WORKSPACES,
            more=POLICY)
        agent.environment["DIRECTORY_PASSWORD"] = PASSWORD
        yield company, simulator, agent


def reasons(result):
    return {action["userName"].split("@")[0]: action["reason"]["code"] for action in result.actions()}


def test_init_finds_out_what_it_needs(world, tmp_path):
    domain, simulator, agent = world
    written = str(tmp_path / "first.conf")
    done = agent.run("init", "--out", written, "--directory", domain.ldaps, "--ca-file", domain.ca, "--bind-dn", SYNC,
                     "--bind-password", "env:DIRECTORY_PASSWORD", "--tenant", simulator.url, "--allow-cleartext",
                     "--credential", "env:TENANT_KEY").expect(0)
    with open(written, encoding="utf-8") as file:
        text = file.read()
    assert 'kind = "active-directory";' in text and "key is its objectGUID" in text, done.err
    assert f'bases = [ "{BASE}" ]' in text and "clock is" not in text
    # Of all who are there only one has no principal name, some have no mail.
    assert 'from = "${userPrincipalName|lower}"' in text
    assert 'filter = "(&(&(objectCategory=person)(objectClass=user))(userPrincipalName=*))"' in text
    assert f'group = "CN=finance,{COMPANY}"; nested = true;' in text
    assert "canaries = [" in text and "CN=krbtgt" not in text
    first = Agent(tmp_path / "agent", "", "")
    first.config, first.environment = written, agent.environment
    checked = first.run("check").expect(0)
    assert "FAILED" not in checked.out and f"CN=hr,{COMPANY}" in checked.out


def test_the_first_sync_needs_no_mapping(world):
    domain, simulator, agent = world
    agent.run("sync").expect(0)
    users = {user["userName"]: user for user in simulator.users()}
    assert len(users) == 9 and "ivan@corp.example" in users  # who has no mail has a principal name
    anna = users["anna@corp.example"]
    guid = uuid.UUID(bytes_le=domain.read(colleague("anna"), "objectGUID"))
    assert anna["externalId"] == str(guid) and anna["active"]
    assert {name.split("@")[0]: user["workspaces"] for name, user in users.items()
            if user["workspaces"]} == {
                "anna": [FINANCE], "bert": [FINANCE], "carl": [HR], "dora": [HR]}
    assert agent.run("sync", "--json").expect(0).summary["unchanged"] == 9


def test_explain_shows_the_way_through_the_groups(world):
    _, _, agent = world
    text = agent.run("explain", "anna@corp.example").expect(0).out
    assert f"CN=ledger,{COMPANY} > CN=finance,{COMPANY}" in text
    assert f"CN=hr,{COMPANY}" in agent.run("explain", "dora@corp.example").expect(0).out


def test_explain_finds_somebody_outside_the_bases(world):
    _, _, agent = world
    text = agent.run("explain", "administrator").expect(0).out
    assert "not in scope: outside users.bases" in text and "CN=Administrator,CN=Users" in text
    assert agent.run("explain", "nobody@corp.example").expect(1).out == ""


def test_a_move_inside_the_bases_is_no_change(world):
    domain, simulator, agent = world
    since = simulator.sequence()
    domain.rename(colleague("bert"), colleague("Bert II", BRANCH))
    domain.modify(colleague("Bert II", BRANCH), sn="Ray")
    agent.run("sync").expect(0)
    assert [row["method"] for row in simulator.writes(since)] == ["PATCH"]
    assert simulator.user("bert@corp.example")["workspaces"] == [FINANCE]


def test_why_somebody_leaves(world):
    domain, simulator, agent = world
    domain.modify(colleague("carl"), userAccountControl="546")
    domain.modify(colleague("emil"), accountExpires=filetime(time.time() - 60))
    domain.rename(colleague("fred"), colleague("fred", AWAY))
    domain.delete(colleague("gina"))
    result = agent.run("sync", "--json").expect(0)
    assert reasons(result) == {"carl": "disabled", "emil": "expired", "fred": "moved",
                               "gina": "deleted"}
    assert not any(simulator.user(name + "@corp.example")["active"] for name in reasons(result))


def test_an_account_is_closed_at_the_time_when_it_expires(world):
    """No poll is due for an hour, and the directory reports nothing: it is the time that changes."""
    domain, simulator, agent = world
    end = time.time() + 4
    domain.modify(colleague("hugo"), accountExpires=filetime(end))
    agent.write(more='schedule = { delta = "1h"; full = "1h"; };' + POLICY)
    with agent.service() as service:
        service.wait_for(lambda: "run " in service.log or "nothing to do" in service.log
                         or time.time() > end - 1)
        assert simulator.user("hugo@corp.example")["active"]
        service.wait_for(lambda: not simulator.user("hugo@corp.example")["active"], seconds=10)
    assert 0 <= time.time() - end < 5


def test_recipe(domain, tmp_path):
    """The agent with the configuration of doc/recipes, as an ordinary user of the domain."""
    with domain.at_once():
        domain.person("scimward", base=samba_ad.SERVICES)
        here, there = domain.person("Always Here", mail="here@recipe.example"), domain.person("there", mail="there@recipe.example")
        domain.group("Anaplan Finance", [here, there])
    domain.database.setpassword(f"(distinguishedName=CN=scimward,{samba_ad.SERVICES})", recipes.PASSWORD)
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance Planning") as simulator:
        agent = recipes.Recipe(tmp_path / "agent", "active-directory", simulator, {
            'domain = "corp.example";': f'urls = [ "{domain.ldaps}" ];', "/etc/ssl/certs/corp.pem": domain.ca,
            "(mail=*)": "(mail=*@recipe.example)"})
        told = agent.try_out({"here@recipe.example": [FINANCE], "there@recipe.example": [FINANCE]})
        assert "dirsync" in told or "usn" in told
