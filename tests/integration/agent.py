# SPDX-License-Identifier: ISC
"""The agent under test: its configuration, its commands, its service.

    agent = Agent(folder, directory=server, tenant=simulator)
    agent.run("sync").expect(0)
    with agent.service() as service: …

SCIMWARD names the binary; otherwise it is looked for in the build tree (top_builddir).
"""
import json
import os
import signal
import subprocess
import time

FINANCE = "8a81b09d5e8c6f27015ece3402487d33"
HR = "8a81b09d5e8c6f27015ece3402487d34"
LEGAL = "8a81b09d5e8c6f27015ece3402487d35"


def find_binary():
    top = os.environ.get("top_builddir", ".")
    return os.environ.get("SCIMWARD") or os.path.join(top, "src", "cli", "scimward")


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    def expect(self, code):
        assert self.code == code, f"exit {self.code}, not {code}\n{self.out}\n{self.err}"
        return self

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def summary(self):
        return self.json["summary"]

    def actions(self, *kinds):
        return [action for action in self.json["actions"] if not kinds or action["kind"] in kinds]


class Service:
    """`scimward run` in the background; stopped in the end, and its exit checked."""

    def __init__(self, agent):
        self.log_path = agent.path("service.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(agent.command("run"), env=agent.environment, stdout=log, stderr=log)

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def send(self, number):
        self.process.send_signal(number)

    def wait_for(self, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, "the service ended:\n" + self.log
            assert time.monotonic() < deadline, "it did not happen in time:\n" + self.log
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.send(signal.SIGTERM)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if kind is None:
            assert code == 0, f"exit {code}\n{self.log}"


class Agent:
    """One configuration. Arguments are pieces of libconfig text."""

    prefix = ()  # of every command line, to start the program by another one

    def __init__(self, folder, directory, tenant, workspaces="", more="", mapping=""):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.config = self.path("scimward.conf")
        self.state = self.path("state.db")
        self.environment = dict(os.environ, DIRECTORY_PASSWORD="secret-of-sync", TENANT_KEY="key-1",
                                NO_COLOR="1", LC_ALL="C.UTF-8", TZ="UTC")
        self.parts = {"directory": directory, "tenant": tenant, "workspaces": workspaces, "more": more,
                      "mapping": mapping}
        self.write()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, **parts):
        """Writes the configuration, with some of its parts changed."""
        self.parts.update(parts)
        text = ["version = 1;", f"directories = ( {self.parts['directory']} );"]
        if self.parts["mapping"]:
            text.append(f"mapping = ( {self.parts['mapping']} );")
        if self.parts["workspaces"]:
            text.append(f"workspaces = ( {self.parts['workspaces']} );")
        text.append(f"tenant = {{ {self.parts['tenant']} }};")
        text.append(f'state = {{ path = "{self.state}"; }};')
        text.append(self.parts["more"])
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")

    def seen(self, name):
        """A path of the program's as the test finds it."""
        return name

    def command(self, *arguments):
        return [*self.prefix, find_binary(), "-c", self.config, *arguments]

    def run(self, *arguments, seconds=120):
        process = subprocess.run(self.command(*arguments), env=self.environment, capture_output=True,
                                 timeout=seconds, check=False)
        process.stdout = process.stdout.decode()
        process.stderr = process.stderr.decode()
        return Result(process)

    def service(self):
        return Service(self)
