# SPDX-License-Identifier: ISC
"""directory_probe as a conversation: it scans, then tells changes as often as it is asked.

    with FeedProbe(options, environment) as probe:
        probe.scanned               # the facts of the scan it began with
        probe.changes()             # a Changes: touched keys, members, facts
"""
import json
import os
import select
import subprocess
import time

import harness

PROBE = harness.BUILD / "tests/integration/directory_probe"


class Changes:
    """What one question brought."""

    def __init__(self, lines):
        self.facts = lines[-1]
        self.touched = [line["key"] for line in lines if line["event"] == "touched"]
        members = [line for line in lines if line["event"] == "member"]
        self.members = {line["dn"]: line["roots"] for line in members if line["dn"] is not None}
        self.lost = [line["roots"] for line in members if line["dn"] is None]
        self.gap = self.facts["gap"]
        self.cursor = self.facts["cursor"]

    def __repr__(self):
        return f"{self.facts} touched {self.touched} members {self.members} {self.lost}"


class FeedProbe:
    """A running probe; a context manager."""

    def __init__(self, options, environment, command="changes"):
        arguments = [str(PROBE)]
        for name, values in options.items():
            for value in values if isinstance(values, list) else [values]:
                if value is not None:
                    arguments += ["--" + name.replace("_", "-"), str(value)]
        self.process = subprocess.Popen([*arguments, command], env=environment, bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rest = b""
        self.refused = None
        self.keys = {}
        self.cursor = None
        self.take_scan()

    def line(self, timeout=60):
        """The next line that came, as an object; None when none comes in time."""
        until = time.monotonic() + timeout
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            piece = os.read(self.process.stdout.fileno(), 65536)
            assert piece, f"the probe ended with {self.process.wait()}"
            self.rest += piece
        text, self.rest = self.rest.split(b"\n", 1)
        return json.loads(text)

    def until(self, event, timeout=60):
        """All lines to the first of this kind."""
        lines = []
        while not lines or lines[-1]["event"] != event:
            got = self.line(timeout)
            assert got is not None, f"no {event}, but {lines}"
            lines.append(got)
        return lines

    def take_scan(self):
        lines = self.until("done")
        self.scanned = lines[-1]
        self.roots = next(line["roots"] for line in lines if line["event"] == "membership")
        assert self.scanned["status"] == "ok", self.scanned
        self.keys.update({line["dn"]: line["key"] for line in lines if line["event"] == "entry"})
        self.cursor = self.scanned["cursor"]

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    def scan(self):
        self.say("scan")
        self.take_scan()

    def changes(self, cursor=None):
        self.say("changes" if cursor is None else "changes " + cursor)
        got = Changes(self.until("changes"))
        self.cursor = got.cursor or self.cursor
        return got

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert kind is not None or code == 0, code

    # ---- watching ----

    def watch(self):
        """Starts to watch; comes back when the stream stands."""
        self.say("watch")
        assert self.line()["event"] == "notice"

    def noticed(self, timeout=5):
        """Seconds until the next notice; what came with it in one burst is taken too."""
        began = time.monotonic()
        line = self.line(timeout)
        assert line is not None and line["event"] == "notice", line
        waited = time.monotonic() - began
        while line is not None:
            line = self.line(0.1)
            assert line is None or line["event"] == "notice", line
        return waited
