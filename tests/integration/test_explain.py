#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`scimward explain WHO` in every situation somebody may be in: slapd, an LDIF file, the simulator.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_explain.py
"""
import hashlib
import json
import os
import sqlite3
import sys
import time
import uuid

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import slapd  # noqa: E402
from agent import Agent, FINANCE, HR, LEGAL  # noqa: E402
from simulator import Simulator, require  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES, SUFFIX  # noqa: E402

SECRET = "ou=secret," + SUFFIX
CONTRACTORS = "ou=contractors,o=agency"
FILTER = "(&(uid=*)(!(employeeType=external)))"
MAPPING = """{ to = "userName"; from = "${mail|lower}"; when = "(!(title=robot))"; },
  { to = "userName"; from = "${uid|lower}@fallback.example"; }, { to = "externalId"; from = "${employeeNumber}"; },
  { to = "name.givenName"; from = "${givenName}"; }, { to = "name.familyName"; from = "${sn}"; },
  { to = "active"; from = "false"; when = "(employeeType=ended)"; }, { to = "active"; from = "${.enabled}"; }"""
WORKSPACES = f"""{{ id = "{FINANCE}"; name = "Finance Planning"; group = "cn=finance,{GROUPS}"; nested = true; }},
  {{ id = "{HR}"; name = "HR"; when = "(departmentNumber=HR*)"; }},
  {{ id = "{LEGAL}"; name = "Legal"; group = "cn=legal,{GROUPS}"; when = "(title=counsel)"; }}"""
NAMES = f"{FINANCE}=Finance Planning,{HR}=HR"
POLICY = """policy = { %s limits = { smallest_scan_percent = 1; creations = { count = 1000; percent = 0; };
  deactivations = { count = %d; percent = 0; }; revocations = { count = 1000; percent = 0; }; }; };"""


def dn(uid, base=PEOPLE):
    return f"uid={uid},{base}"


def person(uid, number, base=PEOPLE, **more):
    return slapd.person(uid, base, **{"givenName": uid.capitalize(), "employeeNumber": f"E{number}", **more})


def company():
    text = slapd.skeleton()
    text += person("ada", 1) + person("ben", 2, departmentNumber="HR7") + person("cy", 3) + person("dan", 4)
    text += person("eve", 5, employeeType="external") + person("fay", 6, base=SECRET)
    text += person("gus", 7, cn="Twin") + person("hal", 8, cn="Twin")
    text += slapd.group("inner", [dn("ada")]) + slapd.group("finance", [f"cn=inner,{GROUPS}", dn("cy")])
    return text + slapd.group("legal", [dn("dan")])


class World:
    """Ada, Ben, Cy, Dan, Gus and Hal are in scope; Eve is left out by the filter, Fay lies outside the bases."""

    def __init__(self, folder, server, simulator, schema):
        self.server, self.simulator, self.schema = server, simulator, schema
        self.file = str(folder / "contractors.ldif")
        self.agent = Agent(folder / "agent", self.corp(), f"""url = "{simulator.url}"; allow_cleartext = true;
            auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }}; requests_per_second = 0;""",
                           WORKSPACES, POLICY % ("", 1000), MAPPING)

    def corp(self, more=""):
        return f"""{{ name = "corp"; urls = [ "{self.server.ldap}" ]; allow_cleartext = true; connect_timeout = "1s";
            bind = {{ dn = "cn=sync,{SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
            users = {{ bases = [ "{PEOPLE}" ]; filter = "{FILTER}"; }}; {more} }}"""

    def agency(self, *ldif):
        with open(self.file, "w", encoding="utf-8") as file:
            for number, text in enumerate(ldif, 1):
                file.write(text.rstrip("\n") + f"\nentryUUID: 00000000-0000-4000-8000-{number:012}\n\n")
        return f'{{ name = "agency"; kind = "ldif"; urls = [ "file://{self.file}" ]; }}'

    def policy(self, text, deactivations=1000):
        self.agent.write(more=POLICY % (text, deactivations))

    def sync(self, *arguments, code=0):
        return self.agent.run("sync", "--json", *arguments).expect(code)

    def explain(self, who, *arguments, code=0):
        """The document, held against the schema; the text must do as well, and nothing be written."""
        before = self.state()
        told = self.agent.run("explain", who, *arguments, "--json").expect(code)
        self.text = self.agent.run("explain", who, *arguments).expect(code).out
        self.complaint = told.err
        assert self.state() == before
        document = json.loads(told.out) if told.out else None
        if document is not None:
            self.schema(document)
        return document

    def state(self):
        if not os.path.exists(self.agent.state):
            return None
        with open(self.agent.state, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def modify(self, uid, *lines, base=PEOPLE):
        self.server.modify(f"dn: {dn(uid, base)}\nchangetype: modify\n" + "\n".join(lines) + "\n")

    def remove(self, uid):
        self.server.modify(f"dn: {dn(uid)}\nchangetype: delete\n")


@pytest.fixture(scope="session", name="schema")
def make_schema():
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        require("python3-jsonschema is missing; on Debian: apt-get install python3-jsonschema")
    schema = json.loads((harness.SOURCE / "doc" / "explain.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return lambda document: jsonschema.validate(document, schema)


@pytest.fixture(name="world")
def make_world(tmp_path, authority, schema):
    require(slapd.missing())
    with slapd.Slapd(tmp_path / "server", company(), authority=authority) as server, \
            Simulator(tmp_path, "--api-key", "key-1", "--workspaces", NAMES) as simulator:
        yield World(tmp_path, server, simulator, schema)


def only(rows, **wanted):
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    assert len(found) == 1, f"{len(found)} are like {wanted}: {rows}"
    return found[0]


def actions(told):
    return [(action["kind"], action["state"], action["reason"]["code"]) for action in told["next"]["actions"]]


# ---- whom a name means ----

def test_every_name_leads_to_the_person(world):
    before = {name: world.explain(name) for name in ("Ada@Example.com", "UID=ADA , ou=people,dc=example, dc=COM", "E1", "e1")}
    assert {told["directories"][0]["dn"] for told in before.values()} == {dn("ada")}
    assert all(told["account"]["linked"] is False for told in before.values())
    world.sync()
    key = before["E1"]["directories"][0]["key"]
    account = world.simulator.user("ada@example.com")["id"]
    for name in (*before, key, key.upper(), account):
        told = world.explain(name)
        assert told["account"]["id"] == account and told["directories"][0]["key"] == key, name


def test_names_may_be_of_any_attribute(world):
    world.agent.write(mapping=MAPPING.replace("${employeeNumber}", "${roomNumber}"))
    world.modify("eve", "replace: roomNumber", "roomNumber: R2")
    told = world.explain("r2")
    assert told["directories"][0]["dn"] == dn("eve")
    assert only(told["mapping"]["rules"], to="externalId")["value"] == "R2"


def test_nobody_goes_by_that_name(world):
    assert world.explain("nobody@example.com", code=1) is None
    assert world.text == "" and "nobody is known as" in world.complaint
    assert world.explain(str(uuid.uuid4()), code=1) is None


def test_several_in_the_directory_are_listed(world):
    told = world.explain("twin", code=1)
    assert told["outcome"] == "several" and {match["dn"] for match in told["matches"]} == {dn("gus"), dn("hal")}
    assert dn("gus") in world.text and dn("hal") in world.text and told["directories"] == []


def test_several_in_the_snapshot_are_listed(world):
    world.modify("cy", "replace: employeeNumber", "employeeNumber: E1")
    world.agent.write(mapping=MAPPING, more=POLICY % ('correlate = [ "userName" ];', 1000))
    world.sync()
    told = world.explain("e1", code=1)
    assert {match["userName"] for match in told["matches"]} == {"ada@example.com", "cy@example.com"}
    text = world.text
    for match in told["matches"]:
        assert match["accountId"] in text and match["key"] in text
        assert world.explain(match["key"])["account"]["userName"] == match["userName"]


# ---- scope ----

def test_in_scope(world):
    directory = world.explain("ada@example.com")["directories"][0]
    assert directory["inScope"] and directory["base"] == PEOPLE and directory["filter"] == FILTER
    assert f"below {PEOPLE} and matches users.filter {FILTER}" in world.text


@pytest.mark.parametrize("who", ["eve@example.com", "uid=eve," + PEOPLE])
def test_left_out_by_the_filter_and_never_linked(world, who):
    told = world.explain(who)
    assert told["directories"][0]["place"] == "left-out-by-filter" and told["directories"][0]["filter"] == FILTER
    assert f"users.filter {FILTER} does not match" in world.text and "Who is not in scope gets no account" in world.text
    assert actions(told) == [] and told["next"]["planned"]
    assert only(told["mapping"]["rules"], to="name.givenName")["value"] == "Eve"


def test_outside_the_bases(world):
    told = world.explain("fay@example.com")
    assert told["directories"][0]["place"] == "outside-bases" and told["directories"][0]["base"] is None
    assert f'outside users.bases "{PEOPLE}"' in world.text and dn("fay", SECRET) in world.text


def test_not_entitled(world):
    world.policy('scope = "entitled";')
    told = world.explain("gus@example.com")
    assert told["directories"][0]["place"] == "not-entitled" and not told["directories"][0]["inScope"]
    assert "policy.scope" in world.text and actions(told) == []
    assert actions(world.explain("ada@example.com")) == [("create", "planned", "joined")]


def test_who_left_the_scope(world):
    world.sync()
    world.modify("ada", "replace: employeeType", "employeeType: external")
    told = world.explain("ada@example.com")
    assert told["directories"][0]["place"] == "left-out-by-filter"
    assert actions(told) == [("deactivate", "planned", "left-scope")]
    world.policy('leavers = { left_scope = "keep"; };')
    assert actions(world.explain("ada@example.com")) == [] and "policy.leavers keeps it" in world.text


def test_who_was_deleted(world):
    world.sync()
    world.remove("ada")
    told = world.explain("ada@example.com")
    assert told["directories"][0]["place"] == "not-there" and told["account"]["active"]
    assert actions(told) == [("deactivate", "planned", "deleted")]
    world.sync()
    told = world.explain("E1")
    assert told["account"]["active"] is False and actions(told) == []
    assert [row["action"]["kind"] for row in told["history"]["actions"]] == ["deactivate", "create"]


# ---- mapping and workspaces ----

def test_each_rule_says_how_it_fared(world):
    rules = world.explain("ada@example.com")["mapping"]["rules"]
    won = only(rules, to="userName", outcome="won")
    assert won["value"] == "ada@example.com" and won["from"] == "${mail|lower}"
    assert only(rules, to="userName", outcome="lost")["value"] == "ada@fallback.example"
    assert only(rules, to="active", outcome="when-false")["when"] == "(employeeType=ended)"
    assert "an earlier rule decides; it would give ada@fallback.example" in world.text
    world.modify("ada", "replace: title", "title: robot", "-", "delete: givenName")
    rules = world.explain("ada@example.com")["mapping"]["rules"]
    assert only(rules, to="userName", outcome="won")["value"] == "ada@fallback.example"
    assert only(rules, to="userName", outcome="when-false")["from"] == "${mail|lower}"
    assert only(rules, to="name.givenName")["outcome"] == "empty"


def test_a_value_that_is_refused(world):
    world.modify("ada", "replace: mail", "mail: ada_at_example")
    told = world.explain("uid=ada," + PEOPLE)
    assert told["mapping"]["refusal"] and only(told["mapping"]["rules"], to="userName", outcome="refused")["words"]
    assert actions(told) == [("rejected", "rejected", "unmappable")]
    assert "its value is refused" in world.text and "Rejected" in world.text


def test_each_workspace_says_what_grants_it(world):
    workspaces = world.explain("ada@example.com")["workspaces"]
    finance = only(workspaces, name="Finance Planning")
    assert finance["granted"] and finance["path"] == f"cn=inner,{GROUPS} > cn=finance,{GROUPS}"
    assert only(workspaces, name="HR")["words"] == "(departmentNumber=HR*) does not hold"
    assert only(workspaces, name="Legal")["words"].startswith(f"in no group that leads to cn=legal,{GROUPS}, and")
    ben = only(world.explain("ben@example.com")["workspaces"], name="HR")
    assert ben["granted"] and ben["outcome"] == "when" and ben["words"] == "by rule (departmentNumber=HR*)"
    legal = only(world.explain("dan@example.com")["workspaces"], name="Legal")
    assert not legal["granted"] and legal["path"] == f"cn=legal,{GROUPS}"
    assert legal["words"] == f"a member by cn=legal,{GROUPS}, but (title=counsel) does not hold"


def test_a_group_that_cannot_be_read(world):
    world.sync()
    world.server.modify(f"dn: cn=finance,{GROUPS}\nchangetype: delete\n")
    told = world.explain("ada@example.com")
    assert only(told["workspaces"], name="Finance Planning")["outcome"] == "unknown"
    assert "cannot be told, so an account keeps it" in world.text and actions(told) == []


# ---- the account ----

def test_the_account_on_its_three_sides(world):
    world.sync()
    account = world.explain("ada@example.com")["account"]
    assert account["linked"] and account["observed"] and account["linkedSince"] and account["acknowledged"]
    assert not any(row["differs"] for row in account["attributes"])
    assert "the account is as it was acknowledged" in world.text
    world.modify("ada", "replace: sn", "sn: Wanted")
    world.simulator.edit(world.simulator.user("ada@example.com")["id"], givenName="Other", workspaces=[HR])
    told = world.explain("ada@example.com")
    name = only(told["account"]["attributes"], path="name.familyName")
    assert (name["wanted"], name["acknowledged"], name["observed"], name["differs"]) == ("Wanted", "Test", "Test", True)
    assert only(told["account"]["attributes"], path="name.givenName")["observed"] == "Other"
    rights = only(told["account"]["attributes"], path="entitlements")
    assert (rights["wanted"], rights["acknowledged"], rights["observed"]) == ([FINANCE], [FINANCE], [HR])
    assert "wanted: Finance Planning; acknowledged: Finance Planning; in the tenant: HR" in world.text
    assert actions(told) == [("update", "planned", "attribute-changed")]
    assert told["next"]["actions"][0]["request"]["method"] == "PATCH" and "request: PATCH /Users/" in world.text


def test_drift_alone(world):
    world.sync()
    world.simulator.edit(world.simulator.user("ada@example.com")["id"], active=False)
    told = world.explain("ada@example.com")
    assert actions(told) == [("reactivate", "planned", "drift")]
    assert only(told["account"]["attributes"], path="active")["observed"] == "false"
    world.policy('drift = "report";')
    assert actions(world.explain("ada@example.com")) == []


def test_an_account_that_is_gone(world):
    world.sync()
    world.simulator.remove(world.simulator.user("ada@example.com")["id"])
    told = world.explain("ada@example.com")
    assert told["account"]["gone"] and actions(told) == [("create", "planned", "joined")]
    assert "the account is not there any more" in world.text


def test_protected_and_own_accounts(world):
    world.sync()
    world.policy('protect = [ "ADA@example.com" ];')
    world.modify("ada", "replace: sn", "sn: Other")
    told = world.explain("ada@example.com")
    assert told["account"]["protected"] and not told["account"]["own"]
    assert actions(told) == [("rejected", "rejected", "attribute-changed")] and "policy.protect" in world.text


def test_an_account_that_somebody_made_is_adopted(world):
    world.simulator.add(userName="ada@example.com", givenName="A", familyName="B", active=True)
    assert actions(world.explain("ada@example.com")) == [("update", "planned", "adopted")]
    world.simulator.edit(world.simulator.user("ada@example.com")["id"], externalId="E99")
    assert actions(world.explain("ada@example.com")) == [("conflict", "rejected", "conflict")]


# ---- what waits ----

def test_quarantine(world):
    world.sync()
    world.modify("dan", "replace: title", "title: counsel")  # the tenant has no such workspace
    world.sync(code=4)
    told = world.explain("dan@example.com")
    quarantine = told["quarantine"]
    assert quarantine["attempts"] == 1 and quarantine["since"] < quarantine["notBefore"]
    assert quarantine["refused"]["request"]["method"] == "PATCH" and LEGAL in json.dumps(quarantine["refused"])
    assert quarantine["reason"] in world.text and "scimward sync --user dan@example.com" in world.text
    assert actions(told) == [("update", "planned", "group-gained")]
    assert told["next"]["notBefore"] == quarantine["notBefore"] and "Because of the quarantine not before" in world.text
    world.modify("dan", "replace: title", "title: clerk", "-", "replace: departmentNumber", "departmentNumber: HR1")
    told = world.explain("dan@example.com")
    assert told["quarantine"] and told["next"]["notBefore"] is None
    assert actions(told) == [("update", "planned", "group-gained")]


def test_a_hold_and_who_decided(world):
    world.policy("", deactivations=1)
    world.sync()
    for uid in ("ada", "ben"):
        world.remove(uid)
    # Alone it is within the limit; with everybody's changes it is not.
    assert actions(world.explain("ada@example.com")) == [("deactivate", "planned", "deleted")]
    assert "--whole" in world.text
    whole = world.explain("ada@example.com", "--whole")
    assert actions(whole) == [("deactivate", "held", "deleted")] and whole["next"]["whole"]
    world.sync(code=3)
    told = world.explain("ada@example.com")
    hold = told["holds"][0]
    assert (hold["hold"], hold["class"], hold["count"], hold["limit"], hold["decision"]) == (1, "deactivations", 2, 1, "open")
    assert hold["action"]["kind"] == "deactivate" and actions(told) == []
    assert "scimward approve 1" in world.text and "not asked for a second time" in world.text
    world.agent.run("reject", "1").expect(0)
    told = world.explain("ada@example.com")
    assert told["holds"][0]["decision"] == "rejected" and told["holds"][0]["decidedBy"] and actions(told) == []
    world.agent.run("approve", "1").expect(0)
    told = world.explain("ada@example.com")
    assert told["holds"][0]["decision"] == "approved" and actions(told) == [("deactivate", "planned", "deleted")]
    world.sync()
    told = world.explain("ada@example.com")
    assert told["holds"] == [] and told["history"]["actions"][0]["decision"] == "approved"
    assert told["history"]["actions"][0]["decidedBy"] and "approved by" in world.text


def test_the_grace_period(world):
    world.policy('leavers = { grace = "7d"; };')
    world.sync()
    world.remove("ada")
    told = world.explain("ada@example.com")
    assert told["leaver"]["since"] is None and told["leaver"]["until"] and actions(told) == []
    assert "The grace period begins" in world.text
    world.sync()
    told = world.explain("ada@example.com")
    assert told["leaver"]["since"] < told["leaver"]["until"] and actions(told) == []
    assert "then the account is closed, unless the person is back" in world.text


def test_accounts_that_expire_and_begin(world):
    year = time.gmtime().tm_year + 1
    world.agent.write(directory=world.agency(
        person("kim", 21, CONTRACTORS).rstrip("\n") + f"\npwdEndTime: {year}0301120000Z\n",
        person("lee", 22, CONTRACTORS).rstrip("\n") + f"\npwdStartTime: {year}0401120000Z\n",
        person("mia", 23, CONTRACTORS).rstrip("\n") + "\npwdEndTime: 20200301120000Z\n"))
    assert world.explain("kim@example.com")["turns"] == f"{year}-03-01T12:00:00Z"
    assert f"expires in the directory at {year}-03-01" in world.text
    told = world.explain("lee@example.com")
    assert told["turns"] == f"{year}-04-01T12:00:00Z" and actions(told) == []
    assert "begins in the directory" in world.text and "Who may not log in gets no account" in world.text
    assert world.explain("mia@example.com")["expired"] and "has expired" in world.text


# ---- history ----

def test_history_is_newest_first_and_has_an_end(world):
    world.sync()
    for number in range(12):
        world.modify("ada", "replace: sn", f"sn: Name{number}")
        world.sync()
    told = world.explain("ada@example.com")
    assert told["history"]["total"] == 13 and len(told["history"]["actions"]) == 10
    assert [row["run"] for row in told["history"]["actions"]] == list(range(13, 3, -1))
    assert "10 of 13; --history 13 shows all" in world.text
    told = world.explain("ada@example.com", "--history", "13")
    last = told["history"]["actions"][-1]
    assert last["action"]["kind"] == "create" and last["httpStatus"] == 201 and told["account"]["linkedSince"] == last["at"]
    assert last["action"]["reason"]["detail"].startswith("+ Finance Planning via ")
    assert world.explain("ada@example.com", "--history", "0")["history"] == {"total": 13, "actions": []}


# ---- several directories ----

@pytest.mark.parametrize("is_corp_first", [True, False])
def test_the_first_directory_has_precedence(world, is_corp_first):
    parts = [world.corp(), world.agency(person("ada", 91, CONTRACTORS))]
    world.agent.write(directory=", ".join(parts if is_corp_first else parts[::-1]))
    corp = world.explain("uid=ada," + PEOPLE)
    rival = only(corp["sameUserName"], directory="agency")
    assert rival["dn"] == dn("ada", CONTRACTORS) and rival["verdict"] == ("loses" if is_corp_first else "keeps")
    agency = world.explain("uid=ada," + CONTRACTORS)
    assert only(agency["sameUserName"], directory="corp")["verdict"] == ("keeps" if is_corp_first else "loses")
    won, lost = (corp, agency) if is_corp_first else (agency, corp)
    assert actions(won) == [("create", "planned", "joined")]
    assert actions(lost) == [("conflict", "rejected", "conflict")] and lost["next"]["whole"]
    world.sync(code=4)
    winner = won["directories"][0]["dn"]
    told = world.explain("ada@example.com")
    assert only(told["directories"], explained=True)["dn"] == winner
    assert told["account"]["directory"] == ("corp" if is_corp_first else "agency")


def test_two_new_ones_with_one_name_in_one_directory(world):
    world.modify("gus", "replace: mail", "mail: same@example.com")
    world.modify("hal", "replace: mail", "mail: SAME@example.com")
    told = world.explain("uid=gus," + PEOPLE)
    assert only(told["sameUserName"], dn=dn("hal"))["verdict"] == "both"
    assert actions(told) == [("conflict", "rejected", "conflict")] and "neither has an account yet" in world.text


def test_the_other_directory_has_the_linked_one(world):
    world.agent.write(directory=world.corp() + ", " + world.agency(person("kim", 21, CONTRACTORS)))
    world.sync()
    told = world.explain("kim@example.com")
    assert [(row["name"], row["place"]) for row in told["directories"]] == [("corp", "unreadable"), ("agency", "in-scope")] \
        or told["directories"][0]["place"] == "not-there"
    assert told["account"]["directory"] == "agency" and actions(told) == []


# ---- beside the service, and without a peer ----

def test_beside_a_service(world):
    world.sync()
    with world.agent.service() as service:
        service.wait_for(lambda: "started with" in service.log)
        assert world.agent.run("explain", "ada@example.com").expect(0).out.startswith("ada@example.com: in scope")


def test_without_a_state_nothing_is_made(world):
    assert actions(world.explain("ada@example.com")) == [("create", "planned", "joined")]
    assert not os.path.exists(world.agent.state)


def test_the_directory_is_down(world):
    world.sync()
    world.modify("ada", "replace: sn", "sn: Later")
    world.sync()
    world.server.stop()
    told = world.explain("ada@example.com", code=69)
    assert [gap["part"] for gap in told["missing"]] == ["directory", "plan"] and "Missing" in world.text
    assert told["account"]["id"] and told["account"]["observed"] and told["history"]["total"] == 2
    assert not told["next"]["planned"] and "what would change cannot be told" in world.text
    assert world.explain("stranger@example.com", code=69) is None and "directory: " in world.complaint


def test_one_directory_of_two_is_down(world):
    world.agent.write(directory=world.agency(person("kim", 21, CONTRACTORS)) + ", " + world.corp())
    world.sync()
    world.server.stop()
    told = world.explain("kim@example.com", code=69)
    assert [gap["part"] for gap in told["missing"]] == ["directory"] and told["missing"][0]["name"] == "corp"
    assert told["next"]["planned"] and actions(told) == []


def test_the_tenant_is_down(world):
    world.sync()
    world.modify("ada", "replace: sn", "sn: Wanted")
    world.agent.write(tenant=f"""url = "http://127.0.0.1:{slapd.free_port()}/scim/1/0/v2"; allow_cleartext = true;
        auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};""")
    told = world.explain("ada@example.com", code=69)
    assert [gap["part"] for gap in told["missing"]] == ["tenant"] and not told["account"]["observed"]
    assert actions(told) == [("update", "planned", "attribute-changed")] and told["directories"][0]["inScope"]
    assert "could not be asked" in world.text


def test_a_state_that_cannot_be_used(world):
    world.sync()
    with sqlite3.connect(world.agent.state) as state:
        state.execute("PRAGMA user_version = 99")
    state.close()
    assert world.agent.run("explain", "ada@example.com").expect(74).out == ""
    world.agent.write(mapping='{ to = "userNmae"; from = "x"; }')
    assert world.agent.run("explain", "ada@example.com").expect(78).out == ""


# ---- hostile values ----

def test_hostile_values_do_not_reach_the_terminal(world):
    evil = "\x1b[31mR\u202ed\u2028\r\nname\x07"
    record = slapd.line("sn", evil).rstrip("\n")
    world.modify("ada", "replace: sn", record)
    told = world.explain("uid=ada," + PEOPLE)
    assert only(told["mapping"]["rules"], to="name.familyName")["outcome"] == "refused"
    world.modify("ada", "replace: sn", slapd.line("sn", "R\u202ed\u2028").rstrip("\n"))
    told = world.explain("uid=ada," + PEOPLE)
    assert only(told["mapping"]["rules"], to="name.familyName")["value"] == "R\u202ed\u2028"
    for text in (world.text, world.agent.run("explain", f"no\x1b[2J\u202ebody\n").expect(1).err):
        assert not set(text) & set("\x1b\u202e\u2028\r\x07") and "\\u{202E}" in text
