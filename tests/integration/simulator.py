# SPDX-License-Identifier: ISC
"""The tenant simulator as a fixture.

    with Simulator(folder, "--api-key", "key-1") as simulator:
        simulator.url, simulator.users(), simulator.log(since), simulator.fault(fault="429", count=3)

With --tls-cert and --tls-key among the options it is https://localhost.

TENANT_SIMULATOR names the binary; otherwise it is looked for in the build tree (top_builddir).
"""
import json
import os
import signal
import ssl
import subprocess
import time
import urllib.request

import pytest


def require(reason):
    """Skips with the reason that something is missing; in CI that is a failure."""
    if reason is None:
        return
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def find_binary():
    top = os.environ.get("top_builddir", ".")
    return os.environ.get("TENANT_SIMULATOR") or os.path.join(top, "tests", "tenant", "tenant-simulator")


def missing():
    return None if os.path.exists(find_binary()) else "the tenant simulator was not built (it needs libmicrohttpd)"


class Simulator:
    def __init__(self, folder, *options):
        require(missing())
        port_file = os.path.join(str(folder), "simulator.port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        self.process = subprocess.Popen([find_binary(), "--quiet", "--port", "0", "--port-file", port_file, *options])
        deadline = time.monotonic() + 20
        while not os.path.exists(port_file):
            assert self.process.poll() is None and time.monotonic() < deadline, "the simulator did not start"
            time.sleep(0.01)
        with open(port_file, encoding="ascii") as file:
            self.port = int(file.read())
        is_tls = "--tls-cert" in options
        self.root = f"https://localhost:{self.port}" if is_tls else f"http://127.0.0.1:{self.port}"
        self.url = self.root + "/scim/1/0/v2"

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        # The tests look behind the scenes here; who verifies is the agent.
        trust = ssl._create_unverified_context() if self.root.startswith("https:") else None  # pylint: disable=W0212
        with urllib.request.urlopen(request, timeout=30, context=trust) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def users(self):
        return self.ask("GET", "/_users")

    def user(self, name):
        found = [user for user in self.users() if user["userName"].lower() == name.lower()]
        assert len(found) == 1, f"{len(found)} accounts are named {name}"
        return found[0]

    def edit(self, identity, **members):
        """Changes an account as somebody in the user interface would."""
        self.ask("PUT", "/_users/" + identity, members)

    def add(self, **members):
        self.ask("POST", "/_users", members)

    def remove(self, identity):
        self.ask("DELETE", "/_users/" + identity)

    def log(self, since=0):
        return self.ask("GET", f"/_log?since={since}")

    def sequence(self):
        rows = self.log()
        return rows[-1]["sequence"] if rows else 0

    def writes(self, since=0):
        return [row for row in self.log(since) if row["method"] in ("POST", "PATCH", "PUT", "DELETE")
                and "/Users" in row["path"]]

    def fault(self, **members):
        self.ask("POST", "/_control", members)

    def clear(self):
        self.ask("DELETE", "/_control")

    def reset(self):
        """As it was at the start: users, tokens, faults and log."""
        self.ask("POST", "/_reset")

    def stats(self):
        return self.ask("GET", "/_stats")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
