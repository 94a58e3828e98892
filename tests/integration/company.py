# SPDX-License-Identifier: ISC
"""A small company as an LDIF file, and what a tenant in step with it must hold.

    company = Company(6); company.people[3].surname = "Ray"; company.write(path)
    company.expect_in_step(simulator, agent)

Whoever was in it once and is not any more is expected to be inactive.
"""
import copy
import json
import sqlite3
import uuid

from agent import FINANCE, HR

SUFFIX = "dc=corp,dc=example"
PEOPLE = "ou=people," + SUFFIX
GROUPS = "ou=groups," + SUFFIX
WORKSPACES = f"""
  {{ id = "{FINANCE}"; name = "Finance Planning"; group = "cn=finance,{GROUPS}"; }},
  {{ id = "{HR}"; name = "HR"; when = "(departmentNumber=HR*)"; }}"""
# A handful of people are no statistics.
NO_LIMITS = """limits = { deactivations = { count = 1000; percent = 0; }; revocations = { count = 1000; percent = 0; };
  creations = { count = 1000; percent = 0; }; smallest_scan_percent = 1; };"""


class Person:
    def __init__(self, number):
        self.number = number
        self.surname = f"Sur{number}"
        self.department = "IT"
        self.is_in_finance = False
        self.is_enabled = True

    @property
    def name(self):
        return f"p{self.number}@corp.example"

    @property
    def dn(self):
        return f"uid=p{self.number},{PEOPLE}"

    @property
    def ldif(self):
        lock = "" if self.is_enabled else "nsAccountLock: TRUE\n"
        return (f"dn: {self.dn}\nobjectClass: inetOrgPerson\nuid: p{self.number}\ncn: P{self.number}\n"
                f"givenName: Given\nsn: {self.surname}\nmail: {self.name}\ndepartmentNumber: {self.department}\n"
                f"{lock}entryUUID: {uuid.UUID(int=(0xA0 << 120) + self.number)}\n\n")

    @property
    def workspaces(self):
        return sorted([FINANCE] * self.is_in_finance + [HR] * self.department.startswith("HR"))


class Company:
    def __init__(self, count):
        self.people = {}
        self.left = {}
        for number in range(1, count + 1):
            self.join(number)

    def join(self, number):
        self.people[number] = self.left.pop(number, None) or Person(number)

    def leave(self, number):
        self.left[number] = self.people.pop(number)

    @property
    def ldif(self):
        text = ""
        for unit in ("people", "groups"):
            text += f"dn: ou={unit},{SUFFIX}\nobjectClass: organizationalUnit\nou: {unit}\n\n"
        members = [person.dn for person in self.people.values() if person.is_in_finance]
        text += "".join(person.ldif for person in self.people.values())
        text += f"dn: cn=finance,{GROUPS}\nobjectClass: groupOfNames\ncn: finance\nmember: cn=nobody,{SUFFIX}\n"
        return text + "".join(f"member: {dn}\n" for dn in members)

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.ldif)

    def copy(self):
        return copy.deepcopy(self)

    def expected(self):
        """What the tenant must hold: {userName: (surname, active, workspaces)}. Who left keeps workspaces."""
        wanted = {person.name: (person.surname, person.is_enabled, person.workspaces)
                  for person in self.people.values()}
        wanted.update({person.name: (person.surname, False, person.workspaces) for person in self.left.values()})
        return wanted

    def expect_in_step(self, simulator, agent):
        """The tenant, and the snapshot beside it, are what the company asks for; nothing is left open."""
        users = simulator.users()
        shown = {user["userName"]: (user["familyName"], user["active"], sorted(user["workspaces"]))
                 for user in users}
        assert len(users) == len(shown), "two accounts have one userName"
        assert shown == self.expected()
        ids = {user["userName"]: user["id"] for user in users}
        state = sqlite3.connect(agent.state)
        links = {name: (identity, json.loads(acknowledged)) for name, identity, acknowledged in
                 state.execute("SELECT user_name, account_id, acknowledged FROM link")}
        open_actions = state.execute("SELECT count(*) FROM action WHERE state IN ('planned', 'sent', 'unknown')")
        assert open_actions.fetchone() == (0,)
        assert state.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        state.close()
        assert {name: identity for name, (identity, _) in links.items()} == ids
        for name, (surname, active, workspaces) in shown.items():
            known = links[name][1]
            assert (known["name.familyName"], known["active"], sorted(known.get("entitlements", []))) == (
                surname, active, workspaces), name


def directory_text(path):
    return f"""{{ name = "corp"; kind = "ldif"; urls = [ "file://{path}" ];
    users = {{ bases = [ "{PEOPLE}" ]; }}; }}"""


def tenant_text(simulator, more="requests_per_second = 0; concurrency = 4;"):
    return f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
    allow_cleartext = true; {more}"""


def blind_creates(simulator, since=0):
    """userNames that were posted again although the answer before may have been lost, with no look between."""
    unsure, blind = set(), []
    for row in simulator.log(since):
        if row["method"] == "GET" and "/Users" in row["path"]:
            unsure.clear()
        elif row["method"] == "POST" and row["path"].endswith("/Users"):
            name = json.loads(row["body"])["userName"]
            if name in unsure:
                blind.append(name)
            if row["status"] < 400:
                unsure.add(name)
    return blind
