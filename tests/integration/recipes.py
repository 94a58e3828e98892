# SPDX-License-Identifier: ISC
"""The recipes of doc/recipes, for tests that have a server of that kind.

    text = recipes.block("openldap", "libconfig")
    agent = recipes.Recipe(folder, "openldap", simulator, {"ldaps://ldap1.corp.example": server.ldaps, …})
"""
import os
import re

import harness
from agent import Agent

FOLDER = os.path.join(str(harness.SOURCE), "doc", "recipes")
PASSWORD = "secret-of-scimward"


def blocks(name, language):
    with open(os.path.join(FOLDER, name + ".md"), encoding="utf-8") as file:
        return re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.M | re.S)


def configuration(name):
    found = blocks(name, "libconfig")
    assert len(found) == 1, f"{name} has {len(found)} configurations"
    return found[0]


class Recipe(Agent):
    """The agent with a recipe's configuration. Only what names hosts and files is put in its place."""

    def __init__(self, folder, name, simulator, places):
        super().__init__(folder, "", "")
        text = configuration(name)
        places = {"credential:directory-password": "env:DIRECTORY_PASSWORD",
                  "credential:anaplan-api-key": "env:TENANT_KEY",
                  "tenant = { auth": f'tenant = {{ url = "{simulator.url}"; allow_cleartext = true; auth',
                  **places}
        for old, new in places.items():
            assert old in text or old == "credential:directory-password", f"the recipe {name} has no {old}"
            text = text.replace(old, new)
        text += f'state = {{ path = "{self.state}"; }};\n'
        self.environment["DIRECTORY_PASSWORD"] = PASSWORD
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def try_out(self, entitled):
        """check, sync and a sync that finds nothing; `entitled` are the workspaces of some accounts, by userName."""
        told = self.run("check").expect(0).out
        # The test's certificates last for less than 30 days, and not every server tells the time.
        wrong = [line for line in told.splitlines() if line.startswith(("failed", "warning", "skipped"))
                 and ": tls: " not in line and ": clock: " not in line]
        assert not wrong and ", 0 failed, " in told, told
        found = {action["userName"]: next((change["after"] for change in action["changes"]
                                           if change["path"] == "entitlements"), [])
                 for action in self.run("sync", "--json").expect(0).json["actions"]}
        assert found == entitled, found
        assert not self.run("sync", "--json").expect(0).json["actions"]
        return told
