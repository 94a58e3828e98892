#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The recipes for OpenLDAP and LDIF, with the rights that they give and no others.

Those for Active Directory and 389 Directory Server are tried in test_active_directory.py and
test_changes_389ds.py, where such servers run anyway.
"""
import os
import re
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import recipes  # noqa: E402
import slapd  # noqa: E402
from agent import FINANCE, HR  # noqa: E402
from simulator import Simulator  # noqa: E402

CROWD = 20  # So that one leaver is within the limits.
NAMES = ("--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance Planning,{HR}=HR")


def our_suffix(text):
    return text.replace("dc=corp,dc=example", slapd.SUFFIX)


def access_of_recipe():
    """The recipe's rights in the syntax of slapd.conf; nobody else may read anything."""
    text = our_suffix("".join(recipes.blocks("openldap", "ldif")))
    rights = re.findall(r"^olcAccess: \{\d+\}(to .*)$", text, re.M)
    limits = re.findall(r"^olcLimits: (.*)$", text, re.M)
    assert len(rights) >= 3 and limits
    return "".join(f"limits {limit}\n" for limit in limits) + "".join(f"access {right}\n" for right in rights) + \
        "access to attrs=userPassword by anonymous auth by * none\naccess to * by * none\n"


def company():
    text = slapd.skeleton()
    text += slapd.entry("cn=scimward," + slapd.SERVICES, "organizationalRole simpleSecurityObject", cn="scimward",
                        userPassword=recipes.PASSWORD)
    for uid, more in (("always.here", {}), ("ada", {"employeeNumber": "1815"}), ("berta", {"departmentNumber": "HR1"}),
                      ("carl", {"employeeType": "ended"})):
        text += slapd.person(uid, mail=f"{uid}@corp.example", givenName="A", **more)
    text += "".join(slapd.person(f"staff{number}", mail=f"staff{number}@corp.example", givenName="A") for number in range(CROWD))
    inner = slapd.group("inner", ["uid=berta," + slapd.PEOPLE])
    return text + inner + slapd.group("anaplan-finance", ["uid=ada," + slapd.PEOPLE, "cn=inner," + slapd.GROUPS])


def test_openldap(tmp_path, monkeypatch, need_slapd, authority):
    server_text = re.sub(r"^(access to|limits) .*\n", "", slapd.CONFIGURATION, flags=re.M)
    server_text = server_text.replace("overlay memberof", access_of_recipe() + "overlay memberof", 1)
    monkeypatch.setattr(slapd, "CONFIGURATION", server_text)
    with slapd.Slapd(tmp_path / "slapd", company(), authority=authority) as server, Simulator(tmp_path, *NAMES) as simulator:
        agent = recipes.Recipe(tmp_path / "agent", "openldap", simulator, {
            '"ldaps://ldap1.corp.example", "ldaps://ldap2.corp.example"': f'"{server.ldaps}"',
            "/etc/ssl/certs/corp.pem": server.tls.ca, "dc=corp,dc=example": slapd.SUFFIX})
        entitled = {f"staff{number}@corp.example": [] for number in range(CROWD)}
        told = agent.try_out({**entitled, "always.here@corp.example": [], "ada@corp.example": [FINANCE],
                              "berta@corp.example": [FINANCE, HR]})
        assert "syncrepl" in told
        users = {user["userName"]: user for user in simulator.users()}
        assert users["ada@corp.example"]["externalId"] == "1815"
        server.modify(f"dn: uid=ada,{slapd.PEOPLE}\nchangetype: delete\n")
        assert agent.run("sync", "--json").expect(0).summary["deactivate"] == 1


def test_ldif(tmp_path):
    people = tmp_path / "people.ldif"
    people.write_text(recipes.blocks("ldif", "ldif")[0], encoding="utf-8")
    os.chmod(people, 0o600)
    with Simulator(tmp_path, *NAMES) as simulator:
        agent = recipes.Recipe(tmp_path / "agent", "ldif", simulator, {"/srv/hr/people.ldif": str(people)})
        agent.try_out({"ada@corp.example": [FINANCE, HR]})
