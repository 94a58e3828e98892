#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""metrics.textfile, as Prometheus's text format has it.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_metrics.py
"""
import os
import re
import sys
import time

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import pytest  # noqa: E402

import slapd  # noqa: E402
from agent import Agent  # noqa: E402
from simulator import Simulator  # noqa: E402

SAMPLE = re.compile(r'([a-z_]+)(\{([a-z_]+)="((?:[^"\\\n]|\\.)*)"\})? (-?\d+(?:\.\d+)?)')


def parse(path):
    """The samples by name and label value; fails at what a linter would complain of."""
    samples, kinds, helped = {}, {}, set()
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in helped and line.endswith(".")
            helped.add(name)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in kinds and (kind == "counter") == name.endswith("_total")
            kinds[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match and match[1] in kinds and match[1] in helped, line
            assert (match[1], match[4]) not in samples and match[1].startswith("scimward_")
            samples[match[1], match[4]] = float(match[5])
    return samples


@pytest.fixture(name="agent")
def start_agent(tmp_path):
    with Simulator(tmp_path, "--api-key", "key-1") as simulator:
        people = tmp_path / "people.ldif"
        people.write_text(slapd.person("anna", givenName="A") + slapd.person("berta", givenName="B"))
        agent = Agent(tmp_path / "agent", f'{{ name = "corp"; kind = "ldif"; urls = [ "file://{people}" ]; }}',
                      f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
                          allow_cleartext = true;""")
        agent.file = str(tmp_path / "scimward.prom")
        agent.write(more=f'metrics = {{ textfile = "{agent.file}"; }}; schedule = {{ delta = "1s"; }};')
        agent.simulator = simulator
        yield agent


def test_a_sync_leaves_its_numbers(agent):
    began = time.time()
    agent.run("sync", "--dry-run").expect(0)
    assert not os.path.exists(agent.file)
    agent.run("sync").expect(0)
    found = parse(agent.file)
    assert found["scimward_linked_accounts", None] == found["scimward_active_accounts", None] == 2
    assert found["scimward_last_run_actions", "done"] == 2 and found["scimward_last_run_actions", "failed"] == 0
    assert found["scimward_delta_missed_changes_total", None] == 0
    assert found["scimward_cycles_total", "done"] == 1 and found["scimward_cycles_total", "peer-down"] == 0
    assert found["scimward_peer_up", "tenant"] == found["scimward_peer_up", "directory"] == 1
    assert found["scimward_tenant_write_requests_total", None] == 2
    assert began - 2 < found["scimward_last_certified_cycle_timestamp_seconds", None] < time.time() + 2
    assert os.stat(agent.file).st_mode & 0o777 == 0o644
    assert [name for name in os.listdir(os.path.dirname(agent.file)) if ".prom." in name] == []
    with open(agent.file, encoding="utf-8") as file:
        assert "@" not in file.read()  # nobody is named


def test_the_service_counts_on(agent):
    with agent.service() as service:
        service.wait_for(lambda: os.path.exists(agent.file) and
                         parse(agent.file)["scimward_cycles_total", "done"] >= 3)


def test_a_peer_that_is_down_shows(agent):
    agent.run("sync").expect(0)
    os.unlink(agent.path("../people.ldif"))
    agent.run("sync").expect(69)
    found = parse(agent.file)
    assert found["scimward_peer_up", "directory"] == 0 and found["scimward_peer_up", "tenant"] == 1
    assert found["scimward_cycles_total", "peer-down"] == 1


def test_a_file_that_cannot_be_written_stops_nothing(agent):
    agent.write(more='metrics = { textfile = "/nonexistent/scimward.prom"; };')
    done = agent.run("sync").expect(0)
    assert "cannot write /nonexistent/scimward.prom: No such file or directory" in done.err
    assert len(agent.simulator.users()) >= 2
