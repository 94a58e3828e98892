#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The program dies, and the next run makes it good: at every step of a sync, and by kill -9 at random.

Each round changes the company, has a sync of it die, lets the next one end, and wants the tenant and
the snapshot to be what the company asks for; one more run then sends nothing.

CRASH_ROUNDS (10; `make soak` gives 200) says how often it is killed, CRASH_SEED repeats a run.
"""
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import company as companies  # noqa: E402
from agent import Agent, find_binary  # noqa: E402
from company import Company, blind_creates, directory_text, tenant_text  # noqa: E402
from simulator import Simulator  # noqa: E402

STOPPED = 137
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "10"))
SEED = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)


class World:
    def __init__(self, folder, simulator, count):
        self.simulator = simulator
        self.company = Company(count)
        self.people = str(folder / "people.ldif")
        self.agent = Agent(folder / "agent", directory_text(self.people), tenant_text(simulator),
                           companies.WORKSPACES, f"policy = {{ {companies.NO_LIMITS} }};")
        self.company.write(self.people)

    def change(self, number):
        """Joiners, leavers, returners, a surname, a department, a group: other people each time."""
        company, count = self.company, len(self.company.people) + len(self.company.left)
        company.join(count + 1)
        company.people[count + 1].is_in_finance = True
        if company.left:
            company.join(min(company.left))
        there = sorted(company.people)
        company.leave(there[number % (len(there) - 1)])
        there = sorted(company.people)
        company.people[there[number % len(there)]].surname = f"Round{number}"
        for offset in (2, 3):
            person = company.people[there[(number + offset) % len(there)]]
            person.is_in_finance = not person.is_in_finance
        person = company.people[there[(number + 4) % len(there)]]
        person.department = "IT" if person.department == "HR" else "HR"
        person = company.people[there[(number + 1) % len(there)]]
        person.is_enabled = not person.is_enabled
        company.write(self.people)

    def expect_intents(self, since):
        """Promise 2: whatever arrived at the tenant was on disk, marked as sent, before it went out."""
        with tempfile.TemporaryDirectory() as folder:
            for suffix in ("", "-wal"):
                if os.path.exists(self.agent.state + suffix):
                    shutil.copy(self.agent.state + suffix, os.path.join(folder, "state.db" + suffix))
            state = sqlite3.connect(os.path.join(folder, "state.db"))
            arrived = [row["body"] for row in self.simulator.writes(since)]
            rows = state.execute("SELECT body FROM action WHERE state <> 'planned'") if arrived else []
            known = {body for body, in rows}
            state.close()
        assert [body for body in arrived if body not in known] == []

    def expect_made_good(self, since):
        self.expect_intents(since)
        self.agent.run("sync", "--quiet").expect(0)
        self.company.expect_in_step(self.simulator, self.agent)
        assert blind_creates(self.simulator, since) == []
        sequence = self.simulator.sequence()
        self.agent.run("sync", "--quiet").expect(0)
        assert self.simulator.log(sequence) == []


@pytest.fixture(name="world")
def make_world(tmp_path):
    names = f"{companies.FINANCE}=Finance Planning,{companies.HR}=HR"
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", names) as simulator:
        yield World(tmp_path, simulator, 6)


def die_at_every_step(world, *options):
    """@return the number of steps"""
    for step in range(1, 1000):
        world.change(step)
        since = world.simulator.sequence()
        code = world.agent.run("sync", "--quiet", "--stop-after", str(step), *options).code
        assert code in (0, STOPPED)
        world.expect_made_good(since)
        if code == 0:
            return step - 1
    raise AssertionError("it never ended")


def test_death_at_every_step_of_a_sync(world):
    world.agent.run("sync").expect(0)
    steps = die_at_every_step(world)
    print(f"died at {steps} steps")
    assert 15 <= steps <= 60


def test_death_at_some_steps_of_a_first_sync(world):
    for step in (1, 3, 5, 9, 14):
        since = world.simulator.sequence()
        world.agent.run("sync", "--stop-after", str(step)).expect(STOPPED)
        world.expect_made_good(since)
        world.simulator.ask("POST", "/_reset")
        os.unlink(world.agent.state)


def test_a_death_writes_no_result(world):
    died = world.agent.run("sync", "--stop-after", "7").expect(STOPPED)
    assert died.out == ""
    refused = world.agent.run("sync", "--stop-after", "0").expect(64)
    assert "from 1 on" in refused.err
    assert "stop-after" not in world.agent.run("sync", "--help").expect(0).out


def kill_after(world, seconds, kind):
    """@return whether it was still running"""
    process = subprocess.Popen([find_binary(), "-c", world.agent.config, "sync", "--quiet", "--kind", kind],
                               env=world.agent.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(seconds)
    was_running = process.poll() is None
    process.kill()
    _, said = process.communicate()
    assert was_running or process.returncode == 0, said.decode()
    return was_running


def test_kill_at_random(world):
    print(f"CRASH_SEED={SEED}")
    chance = random.Random(SEED)
    killed = 0
    start = time.monotonic()
    world.agent.run("sync").expect(0)
    longest = time.monotonic() - start
    for number in range(ROUNDS):
        world.change(number)
        since = world.simulator.sequence()
        if chance.random() < 0.5:
            # Answers that hang: more of the time is spent with requests in flight.
            world.simulator.fault(fault="slow", ms=chance.randrange(1, 40), count=chance.randrange(1, 9))
        for _ in range(chance.randrange(1, 4)):
            killed += kill_after(world, chance.random() * longest,
                                 chance.choice(["full", "delta", "reconcile"]))
        world.simulator.clear()
        try:
            world.expect_made_good(since)
        except AssertionError:
            print(f"round {number} of CRASH_SEED={SEED}")
            raise
    assert killed >= ROUNDS / 2, f"only {killed} of {ROUNDS} rounds were interrupted"


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
