# SPDX-License-Identifier: ISC
"""SCIMMY as a fixture: a SCIM server that we did not write.

    with Scimmy("--no-patch") as tenant:
        tenant.url, tenant.users(), tenant.log(since), tenant.writes(since)

Its packages are installed by npm below the build directory when they are not there yet.
"""
import json
import os
import shutil
import subprocess
import urllib.request

import harness

TOKEN = "key-1"
FILES = ("package.json", "package-lock.json", "server.mjs")
SOURCE = harness.SOURCE / "tests/integration/scimmy"
HOME = harness.BUILD / "tests/integration/scimmy-server"


def missing():
    """Why SCIMMY cannot run here; None when it can.  Installs it."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (Debian: apt-get install nodejs npm)"
    return install()


def is_installed():
    """What is installed is what the lock asks for."""
    lock = HOME / "installed.json"
    return lock.exists() and lock.read_bytes() == (SOURCE / "package-lock.json").read_bytes()


def install():
    HOME.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        # Not shutil.copy: what a read-only source tree has must be writable here.
        (HOME / name).write_bytes((SOURCE / name).read_bytes())
    if is_installed():
        return None
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], cwd=HOME,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    if done.returncode != 0:
        words = done.stdout.decode(errors="replace").strip().splitlines() or ["it does not say why"]
        return "npm cannot install SCIMMY: " + " ".join(words[:3])
    (HOME / "installed.json").write_bytes((SOURCE / "package-lock.json").read_bytes())
    return None


class Scimmy:
    """A running server; a context manager."""

    def __init__(self, *options):
        self.process = subprocess.Popen(["node", "server.mjs", *options], cwd=HOME, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**os.environ, "TOKEN": TOKEN})
        self.root = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self.url = self.root + "/scim/v2"

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def users(self):
        return self.ask("GET", "/_users")

    def user(self, user_name):
        found = [user for user in self.users() if user["userName"].lower() == user_name.lower()]
        assert len(found) == 1, f"{len(found)} accounts are named {user_name}"
        return found[0]

    def workspaces(self, user_name):
        return sorted(item["value"] for item in self.user(user_name).get("entitlements") or [])

    def add(self, **members):
        return self.ask("POST", "/_users", members)

    def edit(self, user_name, **members):
        """Changes an account as somebody at a screen would."""
        self.ask("PATCH", "/_users/" + self.user(user_name)["id"], members)

    def remove(self, user_name):
        self.ask("DELETE", "/_users/" + self.user(user_name)["id"])

    def log(self, since=0):
        return self.ask("GET", f"/_log?since={since}")

    def sequence(self):
        return len(self.log())

    def writes(self, since=0):
        return [row for row in self.log(since) if row["method"] != "GET"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            assert self.process.wait(20) == 0
        finally:
            self.process.kill()
            self.process.stdout.close()
