#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The whole agent with profile generic before SCIMMY, a SCIM server that we did not write.

What our simulator cannot show: that the requests mean to others what we think they mean.  Run by
`make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_scimmy.py
"""
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import os  # noqa: E402
import uuid  # noqa: E402

import pytest  # noqa: E402

import scimmy_tenant  # noqa: E402
import slapd  # noqa: E402
from agent import Agent, FINANCE, HR, LEGAL  # noqa: E402
from conftest import need  # noqa: E402
from scimmy_tenant import Scimmy  # noqa: E402
from slapd import GROUPS, PEOPLE, Slapd, entry, group, person, skeleton  # noqa: E402

PEOPLE_COUNT = 100
OF_TYPE = 'entitlements[type eq "WORKSPACE"]'


@pytest.fixture(scope="module", autouse=True)
def installed():
    need(scimmy_tenant.missing())


def mail(number):
    return f"p{number:03}@example.com"


def dn(number):
    return f"uid=p{number:03},{PEOPLE}"


def entitlements(*ids):
    return [{"value": one, "type": "WORKSPACE"} for one in ids]


def workspace(identity, name, cn):
    return f'{{ id = "{identity}"; name = "{name}"; group = "cn={cn},{GROUPS}"; }}'


WORKSPACES = ", ".join([workspace(FINANCE, "Finance", "finance"), workspace(HR, "HR", "hr"),
                        workspace(LEGAL, "Legal", "legal")])


def tenant_text(tenant, more=""):
    return f"""profile = "generic"; url = "{tenant.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
    allow_cleartext = true; requests_per_second = 0; {more}"""


class People:
    """A directory in an LDIF file: people by number, who can be changed, and three groups."""

    def __init__(self, folder, count=PEOPLE_COUNT):
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(str(folder), "people.ldif")
        self.people = {number: {"givenName": "Given", "sn": f"Sur{number}"} for number in range(1, count + 1)}
        self.groups = {"finance": set(range(1, 41)), "hr": set(range(31, 61)), "legal": set()}
        self.write()

    @staticmethod
    def key(number):
        return str(uuid.UUID(int=number))

    def write(self):
        text = skeleton()
        for number, attributes in self.people.items():
            text += person(f"p{number:03}", **{"mail": mail(number), "entryUUID": self.key(number), **attributes})
        for number, (name, members) in enumerate(self.groups.items(), 1):
            # A group must have a member: the suffix stands for nobody.
            text += entry(f"cn={name},{GROUPS}", "groupOfNames", cn=name, entryUUID=self.key(10000 + number),
                          member=[slapd.SUFFIX, *(dn(one) for one in sorted(members) if one in self.people)])
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("version: 1\n\n" + text)

    def change(self, number, **attributes):
        self.people[number].update(attributes)
        self.write()

    def leave(self, number):
        del self.people[number]
        self.write()

    def set_groups(self, number, *names):
        for name, members in self.groups.items():
            (members.add if name in names else members.discard)(number)
        self.write()

    @property
    def text(self):
        return f"""{{ name = "file"; kind = "ldif"; urls = [ "file://{self.path}" ];
            users = {{ bases = [ "{PEOPLE}" ]; }}; }}"""


class World:
    """A directory, a tenant and the agent between them."""

    def __init__(self, folder, tenant, count=PEOPLE_COUNT, mapping="", more=""):
        self.tenant = tenant
        self.people = People(folder, count)
        self.agent = Agent(os.path.join(str(folder), "agent"), self.people.text, tenant_text(tenant), WORKSPACES,
                           mapping=mapping, more=more)

    def sync(self, *arguments, code=0):
        """Runs a sync; gives its plan and what was written."""
        since = self.tenant.sequence()
        result = self.agent.run("sync", "--json", *arguments).expect(code)
        return result, self.tenant.writes(since)

    def sync_one_patch(self, *operations):
        """A sync that must send one PATCH with just these operations."""
        result, writes = self.sync()
        assert [row["method"] for row in writes] == ["PATCH"]
        assert writes[0]["body"]["Operations"] == list(operations)
        return result


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Everybody is there already; the tests after that each take people of their own."""
    with Scimmy() as tenant:
        yield World(tmp_path_factory.mktemp("world"), tenant)
        assert "DELETE" not in {row["method"] for row in tenant.log()}, "nobody is ever deleted"


@pytest.fixture(name="small")
def make_small(tmp_path):
    """Starts a tenant of its own and makes a world of a few people around it."""
    tenants = []

    def make(*options, count=10, **more):
        tenants.append(Scimmy(*options))
        return World(tmp_path / "world", tenants[-1], count, **more)

    yield make
    for tenant in tenants:
        assert "DELETE" not in {row["method"] for row in tenant.log()}
        tenant.__exit__()


# ---- one company through its days: these go in order ----


def test_check(world):
    result = world.agent.run("check").expect(0)
    assert "PATCH, filters" in result.out and "may list users" in result.out
    world.agent.environment["TENANT_KEY"] = "wrong-key-17"
    result = world.agent.run("check").expect(69)
    assert "401" in result.out + result.err and "wrong-key-17" not in result.out + result.err
    world.agent.environment["TENANT_KEY"] = scimmy_tenant.TOKEN


def test_dry_run_writes_nothing(world):
    result = world.agent.run("--dry-run", "--json", "--detailed-exitcode").expect(2)
    assert result.summary["create"] == PEOPLE_COUNT
    assert world.tenant.writes() == [] and world.tenant.users() == []
    assert not os.path.exists(world.agent.state)


def test_first_sync_creates_everyone(world):
    result, writes = world.sync()
    assert result.summary["create"] == PEOPLE_COUNT
    assert [(row["method"], row["path"], row["status"]) for row in writes] == [("POST", "/Users", 201)] * PEOPLE_COUNT
    users = {user["userName"]: user for user in world.tenant.users()}
    assert sorted(users) == [mail(number) for number in range(1, PEOPLE_COUNT + 1)]
    assert users[mail(7)]["name"] == {"givenName": "Given", "familyName": "Sur7"}
    assert users[mail(7)]["externalId"] == People.key(7)
    assert all(user["active"] is True for user in users.values())
    assert world.tenant.workspaces(mail(7)) == [FINANCE]
    assert world.tenant.workspaces(mail(35)) == [FINANCE, HR]
    assert world.tenant.workspaces(mail(99)) == []


@pytest.mark.parametrize("kind", ["full", "delta", "reconcile"])
def test_nothing_to_do_sends_nothing(world, kind):
    result, writes = world.sync("--kind", kind)
    assert writes == [] and result.summary["unchanged"] == PEOPLE_COUNT and result.actions() == []


def test_surname_is_one_patch_with_one_operation(world):
    world.people.change(70, sn="Ray")
    world.sync_one_patch({"op": "replace", "path": "name.familyName", "value": "Ray"})
    assert world.tenant.user(mail(70))["name"] == {"givenName": "Given", "familyName": "Ray"}


def test_a_value_beyond_ascii_arrives(world):
    world.people.change(71, sn='Ræ "☃" \\ 𝄞')
    world.sync_one_patch({"op": "replace", "path": "name.familyName", "value": 'Ræ "☃" \\ 𝄞'})
    assert world.tenant.user(mail(71))["name"]["familyName"] == 'Ræ "☃" \\ 𝄞'


@pytest.mark.parametrize("number,before,after,operation", [
    (72, (), ("finance",), {"op": "add", "path": "entitlements", "value": entitlements(FINANCE)}),
    (73, (), ("hr", "finance"), {"op": "add", "path": "entitlements", "value": entitlements(FINANCE, HR)}),
    (5, ("finance",), ("finance", "legal"), {"op": "replace", "path": OF_TYPE, "value": entitlements(FINANCE, LEGAL)}),
    (6, ("finance",), ("hr",), {"op": "replace", "path": OF_TYPE, "value": entitlements(HR)}),
    (36, ("finance", "hr"), ("hr",), {"op": "replace", "path": OF_TYPE, "value": entitlements(HR)}),
    (8, ("finance",), (), {"op": "remove", "path": OF_TYPE}),
])
def test_workspaces_in_forms_that_mean_the_same_to_all(world, number, before, after, operation):
    ids = {"finance": FINANCE, "hr": HR, "legal": LEGAL}
    assert world.tenant.workspaces(mail(number)) == sorted(ids[name] for name in before)
    world.people.set_groups(number, *after)
    world.sync_one_patch(operation)
    assert world.tenant.workspaces(mail(number)) == sorted(ids[name] for name in after)


def test_other_entitlements_of_the_account_stay(world):
    world.tenant.edit(mail(9), entitlements=entitlements(FINANCE) + [{"value": "gold", "type": "LICENCE"}])
    world.people.set_groups(9, "finance", "hr")
    world.sync_one_patch({"op": "replace", "path": OF_TYPE, "value": entitlements(FINANCE, HR)})
    assert world.tenant.workspaces(mail(9)) == sorted([FINANCE, HR, "gold"])
    world.people.set_groups(9)
    world.sync_one_patch({"op": "remove", "path": OF_TYPE})
    assert world.tenant.workspaces(mail(9)) == ["gold"]


def test_a_person_who_is_gone_is_deactivated_and_keeps_workspaces(world):
    leaver = world.people.people[10]
    world.people.leave(10)
    result = world.sync_one_patch({"op": "replace", "path": "active", "value": False})
    assert [action["reason"]["code"] for action in result.actions()] == ["deleted"]
    assert world.tenant.user(mail(10))["active"] is False and world.tenant.workspaces(mail(10)) == [FINANCE]
    assert world.sync()[1] == []
    world.people.people[10] = leaver
    world.people.write()
    result = world.sync_one_patch({"op": "replace", "path": "active", "value": True})
    assert [action["reason"]["code"] for action in result.actions()] == ["rehired"]
    assert world.tenant.user(mail(10))["active"] is True


def test_several_changes_of_one_person_are_one_patch(world):
    world.people.set_groups(11, "finance", "legal")
    world.people.change(11, sn="Both", givenName="Changed")
    result, writes = world.sync()
    assert result.summary["update"] == 1 and [row["method"] for row in writes] == ["PATCH"]
    assert len(writes[0]["body"]["Operations"]) == 3
    assert world.tenant.user(mail(11))["name"] == {"givenName": "Changed", "familyName": "Both"}
    assert world.tenant.workspaces(mail(11)) == [FINANCE, LEGAL]


def test_reconcile_restores_drift(world):
    world.tenant.edit(mail(12), active=False)
    world.tenant.edit(mail(13), name={"givenName": "Given", "familyName": "Drift"})
    world.tenant.edit(mail(14), entitlements=entitlements(FINANCE, LEGAL))
    world.tenant.edit(mail(15), entitlements=[])
    assert world.sync()[1] == [], "only a reconcile looks at the tenant"
    result, writes = world.sync("--kind", "reconcile")
    assert {action["userName"]: action["reason"]["code"] for action in result.actions()} == dict.fromkeys(
        (mail(number) for number in (12, 13, 14, 15)), "drift")
    assert [row["method"] for row in writes] == ["PATCH"] * 4
    assert world.tenant.user(mail(12))["active"] is True
    assert world.tenant.user(mail(13))["name"]["familyName"] == "Sur13"
    assert world.tenant.workspaces(mail(14)) == world.tenant.workspaces(mail(15)) == [FINANCE]
    assert world.sync("--kind", "reconcile")[1] == []


@pytest.mark.parametrize("number,kind,user_name", [
    (201, "full", mail(201)),
    # SCIMMY's filters heed case, though a userName has none: there only a listing finds it.
    (203, "reconcile", "P203@Example.com")])
def test_an_existing_account_is_adopted_not_doubled(world, number, kind, user_name):
    world.tenant.add(userName=user_name, name={"familyName": "Old"}, displayName="Old", active=True, title="Boss")
    world.people.people[number] = {"givenName": "Given", "sn": "New"}
    world.people.write()
    result, writes = world.sync("--kind", kind)
    assert [action["reason"]["code"] for action in result.actions()] == ["adopted"]
    assert [row["method"] for row in writes] == ["PATCH"]
    user = world.tenant.user(mail(number))
    assert (user["externalId"], user["name"]["familyName"], user["title"]) == (People.key(number), "New", "Boss")
    assert world.sync()[1] == []


def test_a_name_that_only_a_listing_finds_is_not_doubled(world):
    world.tenant.add(userName="P204@Example.com", active=True)
    world.people.people[204] = {"givenName": "Given", "sn": "New"}
    world.people.write()
    result, writes = world.sync(code=4)
    assert [(row["method"], row["status"]) for row in writes] == [("POST", 409)]
    assert "does not show whose account" in result.actions()[0]["error"]["detail"]
    world.people.leave(204)
    world.tenant.remove("P204@Example.com")


def test_an_account_of_somebody_else_is_a_conflict(world):
    world.tenant.add(userName=mail(202), externalId="somebody-else", active=True)
    world.people.people[202] = {"givenName": "Given", "sn": "Two"}
    world.people.write()
    result, writes = world.sync(code=4)
    assert writes == [] and result.summary["conflict"] == 1
    assert world.tenant.user(mail(202))["externalId"] == "somebody-else"
    world.people.leave(202)
    world.sync()


def test_an_account_that_vanished_is_made_again(world):
    world.tenant.remove(mail(16))
    result, writes = world.sync("--kind", "reconcile")
    assert [row["method"] for row in writes] == ["POST"] and result.summary["create"] == 1
    world.tenant.remove(mail(17))
    world.people.change(17, sn="Late")
    _, writes = world.sync()
    assert [(row["method"], row["status"]) for row in writes] == [("PATCH", 404), ("POST", 201)]
    assert world.tenant.user(mail(17))["name"]["familyName"] == "Late"


def test_who_is_not_in_the_directory_is_counted_and_left(world):
    world.tenant.add(userName="by.hand@example.com", name={"familyName": "Hand"}, active=True)
    result, writes = world.sync("--kind", "reconcile")
    # The other one is the account of the conflict.
    assert writes == [] and result.summary["orphan"] == 2
    assert world.tenant.user("by.hand@example.com")["active"] is True


# ---- tenants that cannot do everything ----


def test_a_tenant_that_drops_workspaces_without_a_word(small):
    """201 and 200, but the entitlements are not there: told each time, the person tried again later."""
    world = small("--drop", "entitlements", count=42)
    result, _ = world.sync(code=4)
    failed = [action for action in result.actions() if action["state"] == "failed"]
    assert len(failed) == 42 and len(result.actions()) == 42
    for action in failed:
        assert "did not do all of it" in action["error"]["detail"]
        assert "workspaces that were granted" in action["error"]["detail"]
    assert len(world.tenant.users()) == 42, "the accounts as such are there"
    _, writes = world.sync()
    assert writes == [], "quarantine waits"
    world.people.change(1, sn="Changed")
    result, writes = world.sync(code=4)
    assert [row["method"] for row in writes] == ["PATCH"]


@pytest.mark.parametrize("attribute", ["title", "name.givenName"])
def test_a_tenant_that_does_not_know_an_attribute(small, attribute):
    """A create drops it, of which nothing shows; a change of it is refused, and only that person waits."""
    mapping = """{ to = "userName"; from = "${mail|lower}"; }, { to = "externalId"; from = "${.key}"; },
        { to = "name.familyName"; from = "${sn}"; }, { to = "name.givenName"; from = "${givenName}"; },
        { to = "title"; from = "${title}"; }"""
    world = small("--drop", attribute, mapping=mapping)
    for number in world.people.people:
        world.people.change(number, title="Boss")
    world.sync()
    assert world.sync("--kind", "reconcile")[1] == []
    world.people.change(1, **{"title" if attribute == "title" else "givenName": "Chief"})
    world.people.change(2, sn="Other")
    result, writes = world.sync(code=4)
    assert sorted(row["status"] for row in writes) == [200, 400]
    rejected = [action for action in result.actions() if action["state"] == "rejected"]
    assert [action["userName"] for action in rejected] == [mail(1)]
    assert "invalidPath" in str(rejected[0]) or attribute in rejected[0]["error"]["detail"]
    assert world.tenant.user(mail(2))["name"]["familyName"] == "Other"


def test_put_where_patch_does_not_work(small):
    world = small("--no-patch")
    assert "PUT instead of PATCH" in world.agent.run("check").expect(0).out
    world.sync()
    world.tenant.edit(mail(3), title="Boss", entitlements=entitlements(FINANCE))
    world.people.change(3, sn="Put")
    world.people.set_groups(4, "finance", "hr")
    world.people.leave(5)
    _, writes = world.sync()
    assert [(row["method"], row["status"]) for row in writes] == [("PUT", 200)] * 3
    assert world.tenant.user(mail(3))["name"] == {"givenName": "Given", "familyName": "Put"}
    assert world.tenant.workspaces(mail(3)) == [FINANCE], "a PUT says the whole set"
    assert world.tenant.workspaces(mail(4)) == [FINANCE, HR]
    assert world.tenant.user(mail(5))["active"] is False and world.tenant.workspaces(mail(5)) == [FINANCE]
    world.people.set_groups(6)
    world.sync()
    assert world.tenant.workspaces(mail(6)) == []
    assert world.sync("--kind", "reconcile")[1] == []


def test_a_tenant_without_filters(small):
    world = small("--no-filter")
    world.tenant.add(userName=mail(1), name={"familyName": "Old"}, active=True)
    assert "no filters" in world.agent.run("check").expect(0).out
    result, writes = world.sync()
    assert sorted(row["method"] for row in writes) == ["PATCH"] + ["POST"] * 9
    assert not [row for row in world.tenant.log() if "filter=" in row["path"]]
    world.people.people[11] = {"givenName": "Given", "sn": "New"}
    world.people.write()
    result, writes = world.sync()
    assert result.summary["create"] == 1 and [row["method"] for row in writes] == ["POST"]


def test_small_pages(small):
    world = small("--max-results", "7", count=40)
    assert "pages of 7" in world.agent.run("check").expect(0).out
    world.sync()
    world.tenant.edit(mail(39), active=False)
    since = world.tenant.sequence()
    result, writes = world.sync("--kind", "reconcile")
    assert len(writes) == 1 and result.summary["orphan"] == 0
    assert len([row for row in world.tenant.log(since) if row["method"] == "GET" and "startIndex" in row["path"]]) == 6


def test_a_rename_by_patch(small):
    world = small(more='policy = { rename = "patch"; };')
    world.sync()
    world.people.change(1, mail="new.name@example.com")
    world.sync_one_patch({"op": "replace", "path": "userName", "value": "new.name@example.com"})
    assert world.tenant.user("new.name@example.com")["externalId"] == People.key(1)
    world.people.change(2, mail="NEW.NAME@example.com")
    result, writes = world.sync(code=4)
    assert [row["status"] for row in writes] in ([], [409]), "the name is taken"
    assert world.tenant.user(mail(2))["active"] is True
    del result


# ---- from a real directory ----


def test_from_slapd_to_scimmy(tmp_path, need_slapd):
    del need_slapd
    ldif = skeleton() + "".join(person(f"p{n:03}", givenName="Given", sn=f"Sur{n}") for n in range(1, 101))
    ldif += group("finance", [dn(n) for n in range(1, 41)]) + group("hr", [dn(n) for n in range(31, 61)])
    ldif += group("legal", [dn(1)])
    with Slapd(tmp_path / "slapd", ldif) as server, Scimmy() as tenant:
        agent = Agent(tmp_path / "agent", f"""{{ name = "corp"; urls = [ "{server.ldaps}" ];
            tls = {{ ca_file = "{server.tls.ca}"; }}; users = {{ bases = [ "{PEOPLE}" ]; }}; page_size = 30;
            bind = {{ dn = "cn=sync,{slapd.SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }}; }}""",
                      tenant_text(tenant), WORKSPACES)
        agent.run("check").expect(0)
        assert agent.run("sync", "--json").expect(0).summary["create"] == 100
        assert tenant.workspaces(mail(1)) == [FINANCE, LEGAL]
        since = tenant.sequence()
        assert agent.run("sync", "--json").expect(0).summary["unchanged"] == 100
        assert tenant.log(since) == []
        server.modify(f"dn: {dn(2)}\nchangetype: modify\nreplace: sn\nsn: Ray\n\n"
                      f"dn: cn=finance,{GROUPS}\nchangetype: modify\ndelete: member\nmember: {dn(3)}\n\n"
                      f"dn: {dn(4)}\nchangetype: delete\n")
        assert agent.run("sync", "--json").expect(0).summary["update"] == 2
        assert {row["method"] for row in tenant.writes(since)} == {"PATCH"} and len(tenant.writes(since)) == 3
        assert tenant.user(mail(2))["name"]["familyName"] == "Ray"
        assert tenant.workspaces(mail(3)) == [] and tenant.user(mail(4))["active"] is False
