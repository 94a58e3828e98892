#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What stands on a terminal: progress, plans and reports that fit, colour, nothing that a directory could
smuggle in; and what scripts get instead.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_terminal.py
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
from agent import Agent, FINANCE  # noqa: E402
from simulator import Simulator  # noqa: E402
from slapd import PEOPLE  # noqa: E402
from terminal import Terminal, columns_of  # noqa: E402

COUNT = 90
PROGRESS = re.compile(rf"sending: \d+ of {COUNT} \(\d+ %\), [\d.]+/s, \d+ s left")
ESCAPE = re.compile(r"\x1b\[[\d;]*m")
# Of the second the mapping takes nothing, as it holds controls; the first is only unpleasant to look at.
SNEAKY = "Sm\u200bith\u2066 \u202egnp.exe"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m"
PEOPLE_OF_THE_WORLD = {
    "yamada": "山田太郎山田太郎山田太郎山田太郎", "jurgen": "Ju\u0308rgen " * 8, "family": "👩\u200d👩\u200d👧 " * 8,
    "heart": "❤\ufe0f" * 20, "hangul": "\u1112\u1161\u11ab" * 20}


def write_people(path, people):
    path.write_text("".join(people), encoding="utf-8")


@pytest.fixture(name="world")
def make_world(tmp_path):
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance") as simulator:
        people = tmp_path / "people.ldif"
        agent = Agent(tmp_path / "agent", f'{{ name = "corp"; kind = "ldif"; urls = [ "file://{people}" ]; }}',
                      f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
                          allow_cleartext = true; requests_per_second = 0;""",
                      f'{{ id = "{FINANCE}"; name = "Finance"; when = "(uid=*)"; }}')
        agent.people = people
        agent.environment.pop("NO_COLOR")
        yield agent


def many(agent, rate=30):
    write_people(agent.people, (slapd.person(f"p{number}", givenName="Given") for number in range(COUNT)))
    agent.write(tenant=re.sub(r"requests_per_second = \d+;", f"requests_per_second = {rate}; burst = 1;",
                              agent.parts["tenant"]))


def world_wide(agent):
    write_people(agent.people, (slapd.person(uid, givenName="Given", sn=name)
                                for uid, name in PEOPLE_OF_THE_WORLD.items()))


def hostile(agent):
    """By their name, their DN, and the name of a group."""
    write_people(agent.people, [
        slapd.person("sneaky", givenName=SNEAKY, sn=SNEAKY), slapd.person("hostile", givenName="A", sn=HOSTILE),
        slapd.person("x" + SNEAKY, mail="dn@example.com", givenName="A"),
        slapd.person("y\x1b[2J\x07", mail="bell@example.com", givenName="A")])


def on_terminal(agent, *arguments, columns=80, **environment):
    return Terminal(agent.command(*arguments), agent.environment, columns, **environment)


def drawn(terminal):
    """Frames of progress: what wiped one to write a line of the log is none."""
    return [frame for frame in terminal.frames if re.match(r"(sending|reading|listing|matching)", frame)]


# ---- progress ----


def test_progress_tells_rate_and_time_left_and_fits(world):
    many(world)
    terminal = on_terminal(world, "sync")
    terminal.until(" left")
    terminal.resize(24)
    sized = len(terminal.text)
    terminal.run()
    assert terminal.code == 0
    frames = drawn(terminal)
    assert any(PROGRESS.fullmatch(frame) for frame in frames), frames
    narrow = [frame for frame in re.findall(r"\r\x1b\[K(sending[^\r\n]*)", terminal.text[sized + 200:])]
    assert narrow and max(map(columns_of, narrow)) < 24 and narrow[0].endswith("…"), narrow
    assert max(map(columns_of, frames)) < 80
    # Neither plan nor log has a piece of it.
    assert not any("sending:" in line for line in terminal.screen)
    assert any(f"{COUNT} of them done" in line for line in terminal.screen)


def test_what_is_done_in_a_second_shows_no_progress(world):
    write_people(world.people, [slapd.person("a", givenName="A")])
    terminal = on_terminal(world, "sync").run()
    assert terminal.code == 0 and drawn(terminal) == []


@pytest.mark.parametrize("arguments, environment", [
    (("--quiet",), {}), ((), {"TERM": "dumb"})])
def test_nobody_is_shown_progress_who_cannot_or_will_not_see_it(world, arguments, environment):
    many(world, rate=60)
    terminal = on_terminal(world, "sync", *arguments, **environment).run()
    assert terminal.code == 0 and "sending:" not in terminal.text and "\x1b[K" not in terminal.text


def test_a_pipe_gets_no_progress(world):
    many(world, rate=60)
    start = time.monotonic()
    done = world.run("sync").expect(0)
    assert time.monotonic() - start > 1.2 and "sending" not in done.err and "\x1b" not in done.out + done.err


# ---- how much is said ----


def test_quiet_says_nothing_but_errors(world):
    many(world, rate=0)
    done = world.run("sync", "--quiet").expect(0)
    assert done.err == "" and f"{COUNT} to create" in done.out
    write_people(world.people, [])
    done = world.run("sync", "-q").expect(3)  # not certified, which is worth a warning otherwise
    assert done.err == ""
    assert "not certified" in world.run("sync").expect(3).err
    os.unlink(world.people)
    done = world.run("sync", "-q").expect(69)
    assert done.err.startswith("scimward: directory: ") and done.err.count("\n") == 1


def test_verbose_says_all(world):
    many(world, rate=0)
    assert '"level":"debug"' not in world.run("sync", "--dry-run").err
    for option in ("-v", "--verbose"):
        done = world.run("sync", "--dry-run", option).expect(0)
        assert '"level":"debug","message":"tenant: GET /Users' in done.err
    done = world.run("sync", "-q", "-v").expect(64)
    assert "--quiet and --verbose" in done.err
    assert '"level":"debug"' in world.run("check", "-v").err


# ---- tables ----


def test_a_plan_and_reports_fit(world):
    world_wide(world)
    widths = (20, 37, 60, 100)
    terminals = [(columns, on_terminal(world, "--dry-run", columns=columns).run()) for columns in widths]
    assert all(terminal.code == 0 and ("…" in terminal.text) == (columns < 100) for columns, terminal in terminals)
    world.run("sync").expect(0)
    terminals += [(columns, on_terminal(world, "report", "access", columns=columns).run()) for columns in widths]
    for columns, terminal in terminals:
        for line in terminal.screen:
            line = ESCAPE.sub("", line)
            # Sentences about the whole are never cut: the terminal breaks them.
            if line.startswith(" "):
                assert columns_of(line) <= columns, line


def test_scripts_see_everything(world):
    world_wide(world)
    plan = world.run("--dry-run").expect(0).out
    world.run("sync").expect(0)
    report = world.run("report", "access").expect(0).out
    for name, text in PEOPLE_OF_THE_WORLD.items():
        assert text.strip() in plan, name
    assert "uid=yamada," + PEOPLE in report and "…" not in plan + report and "\x1b" not in plan + report


def test_nothing_hostile_reaches_the_terminal(world):
    hostile(world)
    for command in (("--dry-run",), ("sync", "--verbose"), ("explain", "sneaky@example.com"),
                    ("explain", "bell@example.com"), ("report", "access"), ("report", "changes"), ("status",), ("check",)):
        terminal = on_terminal(world, *command, columns=200).run()
        assert terminal.code in (0, 4), terminal.text
        left = ESCAPE.sub("", terminal.text).replace("\r\x1b[K", "").replace("\r\n", "")
        found = re.search(r"[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", left)
        assert not found, left[max(0, found.start() - 80):found.end() + 80] if found else ""


def test_a_terminal_that_does_not_know_its_size(world):
    world_wide(world)
    for environment, columns in (({"COLUMNS": "50"}, 50), ({}, 80), ({"COLUMNS": "many"}, 80)):
        terminal = on_terminal(world, "--dry-run", columns=0, **environment).run()
        lines = [columns_of(ESCAPE.sub("", line)) for line in terminal.screen if line.startswith(" ")]
        assert columns - 2 <= max(lines) <= columns


# ---- colour ----


def test_colour_with_restraint(world):
    world_wide(world)
    for environment, is_colored in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True),
                                    ({"TERM": "dumb"}, False)):
        terminal = on_terminal(world, "--dry-run", **environment).run()
        assert terminal.code == 0 and bool(ESCAPE.search(terminal.text)) == is_colored, environment
        # No colour but those few, and each is ended on its line.
        assert set(ESCAPE.findall(terminal.text)) <= {f"\x1b[{code}m" for code in (0, 1, 2, 31, 32, 33)}
        for line in terminal.screen:
            assert line.count("\x1b[0m") * 2 == len(ESCAPE.findall(line))
        assert PEOPLE in terminal.text
