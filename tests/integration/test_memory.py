#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A whole life of syncs without a leak or a wrong access; part of `make soak`.

A build with sanitizers looks by itself when it ends; any other one runs under valgrind.
"""
import os
import shutil
import stat
import subprocess
import sys

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import company as companies  # noqa: E402
from agent import Agent, find_binary  # noqa: E402
from company import Company, directory_text, tenant_text  # noqa: E402
from simulator import Simulator, require  # noqa: E402

PEOPLE = 300
VALGRIND = ("--quiet", "--leak-check=full", "--show-leak-kinds=definite,possible", "--errors-for-leak-kinds=definite",
            "--error-exitcode=99", "--child-silent-after-fork=yes")


def has_sanitizers(binary):
    with open(binary, "rb") as file:
        return b"__asan_init" in file.read()


@pytest.fixture(name="agent_of")
def make_agent_of(tmp_path, monkeypatch):
    binary = os.path.abspath(find_binary())
    if not has_sanitizers(binary):
        require(None if shutil.which("valgrind") else "valgrind is missing; on Debian: apt-get install valgrind")
        wrapper = tmp_path / "scimward"
        wrapper.write_text(f'#!/bin/sh\nexec valgrind {" ".join(VALGRIND)} "{binary}" "$@"\n', encoding="utf-8")
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("SCIMWARD", str(wrapper))
    return Agent


def test_a_whole_life(tmp_path, agent_of):
    company = Company(PEOPLE)
    people = str(tmp_path / "people.ldif")
    names = f"{companies.FINANCE}=Finance Planning,{companies.HR}=HR"
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", names) as simulator:
        agent = agent_of(tmp_path / "agent", directory_text(people), tenant_text(simulator),
                         companies.WORKSPACES, f"policy = {{ {companies.NO_LIMITS} }};")
        company.write(people)
        agent.run("--dry-run", "--json", seconds=600).expect(0)
        agent.run("sync", seconds=600).expect(0)
        company.expect_in_step(simulator, agent)
        for number in range(1, 40):
            company.people[number].surname = "Ray"
        for number in range(40, 60):
            company.leave(number)
        for number in range(60, 90):
            company.people[number].is_in_finance = True
        company.join(PEOPLE + 1)
        company.write(people)
        for fault in ("lost", "429", "reset", "cut", "500"):
            simulator.fault(fault=fault, method="PATCH")
        simulator.fault(fault="lost", method="POST")
        agent.run("sync", seconds=600).expect(0)
        company.expect_in_step(simulator, agent)
        agent.run("sync", "--kind", "reconcile", "--json", seconds=600).expect(0)
        agent.run("explain", "p1@corp.example", seconds=600).expect(0)
        agent.run("status", seconds=600).expect(0)
        simulator.fault(fault="403", method="GET", count=-1)
        agent.run("sync", "--kind", "reconcile", seconds=600).expect(69)
        agent.run("sync", "--stop-after", "5", "--kind", "reconcile", seconds=600)


def test_the_watcher_sees(tmp_path):
    """A leak is found, so that silence means something."""
    binary = find_binary()
    if has_sanitizers(binary):
        pytest.skip("the sanitizers' own tests show that")
    require(None if shutil.which("valgrind") else "valgrind is missing")
    done = subprocess.run(["valgrind", *VALGRIND, sys.executable, "-c",
                           "import ctypes; ctypes.CDLL(None).malloc(77777); ctypes.CDLL(None).strlen(b'')"],
                          env=dict(os.environ, PYTHONMALLOC="malloc"), capture_output=True, check=False, timeout=300)
    assert done.returncode == 99, done.stderr.decode()


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-rs", "-p", "no:cacheprovider", *sys.argv[1:]]))
