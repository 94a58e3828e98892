#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Two directories in one configuration: slapd, and an LDIF file of contractors.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_several_directories.py
"""
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import slapd  # noqa: E402
from agent import Agent, FINANCE  # noqa: E402
from simulator import Simulator, require  # noqa: E402
from slapd import PEOPLE, SERVICES  # noqa: E402

CONTRACTORS = "ou=contractors,o=agency"
MAPPING = """{ to = "userName"; from = "${mail|lower}"; }, { to = "externalId"; from = "${.key}"; },
  { to = "name.givenName"; from = "${givenName}"; }, { to = "name.familyName"; from = "${sn}"; }"""
POLICY = """policy = { limits = { deactivations = { percent = 0; }; revocations = { percent = 0; };
  smallest_scan_percent = 10; }; };"""


class Company:
    """Anna and Berta are in slapd, Carl and Dora in the file."""

    def __init__(self, folder, server, simulator):
        self.server = server
        self.simulator = simulator
        self.contractors = {"carl": "1", "dora": "2"}
        self.file = str(folder / "contractors.ldif")
        self.write()
        self.agent = Agent(folder / "agent", self.directories(), f"""url = "{simulator.url}";
            auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }}; allow_cleartext = true;""",
                           f'{{ id = "{FINANCE}"; name = "Finance"; when = "(sn=Test)"; }}',
                           more=POLICY, mapping=MAPPING)

    def directories(self, order=("corp", "agency")):
        texts = {"corp": f"""{{ name = "corp"; urls = [ "{self.server.ldap}" ]; allow_cleartext = true;
            bind = {{ dn = "cn=sync,{SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
            connect_timeout = "1s"; users = {{ bases = [ "{PEOPLE}" ]; }}; }}""",
                 "agency": f'{{ name = "agency"; kind = "ldif"; urls = [ "file://{self.file}" ]; }}'}
        return ", ".join(texts[name] for name in order)

    def write(self):
        with open(self.file, "w", encoding="ascii") as file:
            for name, number in self.contractors.items():
                file.write(slapd.person(name, CONTRACTORS, givenName="Given",
                                        entryUUID=f"00000000-0000-4000-8000-00000000000{number}"))

    def sync(self, code=0):
        return self.agent.run("sync", "--kind", "full", "--json").expect(code)

    def logins(self):
        return {user["userName"].split("@")[0]: user["active"] for user in self.simulator.users()
                if not user["userName"].startswith("integration")}


@pytest.fixture(name="company")
def start_company(tmp_path, authority):
    require(slapd.missing())
    ldif = slapd.skeleton() + slapd.person("anna", givenName="A") + slapd.person("berta", givenName="B")
    with slapd.Slapd(tmp_path / "server", ldif, authority=authority) as server, \
            Simulator(tmp_path, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance") as simulator:
        yield Company(tmp_path, server, simulator)


def test_people_of_both_come_and_go(company):
    company.sync()
    assert company.logins() == {"anna": True, "berta": True, "carl": True, "dora": True}
    company.server.modify(f"dn: uid=anna,{PEOPLE}\nchangetype: delete\n\n")
    del company.contractors["carl"]
    company.write()
    found = company.sync()
    assert {action["kind"] for action in found.actions()} == {"deactivate"}
    assert company.logins() == {"anna": False, "berta": True, "carl": False, "dora": True}
    assert company.sync().actions() == []


@pytest.mark.parametrize("broken", ["corp", "agency"])
def test_one_that_fails_does_not_void_the_other(company, broken):
    company.sync()
    company.contractors.update(emil="5")
    del company.contractors["carl"]
    fritz = slapd.person("fritz", givenName="F").replace("\nobjectClass", "\nchangetype: add\nobjectClass", 1)
    company.server.modify(f"dn: uid=anna,{PEOPLE}\nchangetype: delete\n\n{fritz}")
    if broken == "corp":
        company.write()
        company.server.stop()
        expected = {"anna": True, "berta": True, "carl": False, "dora": True, "emil": True}
    else:
        with open(company.file, "w", encoding="ascii") as file:
            file.write("dn: uid=carl," + CONTRACTORS + "\nnonsense\n")
        expected = {"anna": False, "berta": True, "carl": True, "dora": True, "fritz": True}
    done = company.agent.run("sync", "--kind", "full", "--json")
    assert done.code == (69 if broken == "corp" else 4), done.out + done.err
    assert company.logins() == expected


@pytest.mark.parametrize("order, winner", [(("corp", "agency"), "corp"), (("agency", "corp"), "agency")])
def test_the_first_has_precedence(company, order, winner):
    loser = CONTRACTORS if winner == "corp" else PEOPLE
    company.contractors.update(berta="3")
    company.write()
    company.agent.write(directory=company.directories(order))
    found = company.sync(4)
    [conflict] = found.actions("conflict")
    assert conflict["userName"] == "berta@example.com" and conflict["dn"].endswith(loser)
    assert f"directory {winner}, which comes first" in conflict["reason"]["detail"]
    assert company.logins() == {"anna": True, "berta": True, "carl": True, "dora": True}
    # The account stays where it is, whatever the order says later.
    company.agent.write(directory=company.directories(order[::-1]))
    [conflict] = company.sync(4).actions("conflict")
    assert conflict["dn"].endswith(loser) and "keeps it" in conflict["reason"]["detail"]


def test_who_is_removed_from_the_configuration_stays(company):
    company.sync()
    company.agent.write(directory=company.directories(("corp",)))
    assert company.sync().actions() == []
    assert company.logins() == {"anna": True, "berta": True, "carl": True, "dora": True}


def test_a_person_of_the_second_is_found_by_name(company):
    company.sync()
    assert "carl@example.com" in company.agent.run("explain", "carl@example.com").expect(0).out
    del company.contractors["dora"]
    company.write()
    company.agent.run("sync", "--user", "dora@example.com").expect(0)
    assert company.logins()["dora"] is False
