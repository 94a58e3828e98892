#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The manuals beside the program, in both directions: nothing is missing, and nothing is told that there is not.

The keys of scimward.conf(5) are compared by tests/unit/app/test_config_keys.c, the metrics of
scimward-metrics(7) by tests/integration/test_metrics.py.
"""
import json
import os
import re
import shutil
import subprocess
import sys

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "integration"))
sys.path.insert(0, HERE)
import harness  # noqa: E402
from agent import find_binary  # noqa: E402
from test_cli import FINANCE, HR, Simulator, make_agent  # noqa: E402

# Told of, because it is not read.
NOT_READ = {"http_proxy"}


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def section(page, name):
    """From a .Sh to the next."""
    found = re.search(rf"^\.S[hs] {name}\n(.*?)(?=^\.S[hs] |\Z)", read("man", page), re.M | re.S)
    assert found, f"{page} has no section {name}"
    return found.group(1)


def tags(text, macro):
    """What the items of a list are named: [".It Fl c Ar file , Fl -config Ar file"] and so on."""
    return re.findall(rf"^\.It {macro} (.*)", text, re.M)


def run(*arguments):
    return subprocess.run([find_binary(), *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def helped_commands():
    return {line[2:34].strip() for line in run("--help").split("\ncommands:\n")[1].split("\n\n")[0].splitlines()}


def options_in(text):
    return set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.M)) | set(re.findall(r"^  (-\w), --", text, re.M))


def helped_options():
    """Of the main help, and those that it leaves to the help of their command."""
    return options_in(run("--help")).union(*(options_in(run(*command.split(), "--help")) for command in helped_commands()))


def options_tagged(text):
    """-c of "Fl c", --config of "Fl -config", in the lines of a page."""
    return {"-" + name for name in re.findall(r"\bFl (-?[\w-]+)", text)}


def sources():
    for folder, _, files in os.walk(os.path.join(TOP, "src")):
        for name in sorted(files):
            if name.endswith((".c", ".h")):
                yield read(folder, name)


def test_every_command_is_in_the_manual_and_no_other():
    told = {re.split(r" (?:Ar|Fl) ", tag)[0] for tag in tags(section("scimward.8", "DESCRIPTION"), "Cm")}
    assert told == helped_commands()


def test_every_option_is_in_the_manual_and_no_other():
    told = options_tagged("\n".join("Fl " + tag for tag in tags(read("man", "scimward.8"), "Fl")))
    assert told == helped_options()


def test_the_synopsis_is_what_each_command_takes():
    everywhere = {"--config", "-c", "--format", "--json", "-q", "--quiet", "-v", "--verbose", "-h", "--help", "-V", "--version"}
    for command in sorted(helped_commands()):
        own = options_in(run(*command.split(), "--help")) - everywhere
        word = command if command not in ("approve", "reject") else "approve | reject"
        lines = re.search(rf"^\.Cm {re.escape(word)}\n(.*?)(?=^\.Nm|\Z)", section("scimward.8", "SYNOPSIS"), re.M | re.S)
        assert lines, f"the synopsis has no {command}"
        shown = options_tagged(lines.group(1)) - everywhere
        long = {short: name for short, name in re.findall(r"^  (-\w), (--[\w-]+)", run("--help"), re.M)}
        shown = {long.get(name, name) for name in shown}
        own = {name for name in own if name.startswith("--")}
        # Where there are many: ".Op Ar option ..."
        assert shown == own or (".Op Ar option" in lines.group(1) and shown < own), command


def test_options_named_in_running_text_exist():
    known = helped_options()
    for page in sorted(os.listdir(os.path.join(TOP, "man"))):
        if not page.endswith((".8", ".5", ".7")):
            continue
        text = read("man", page)
        named = set(re.findall(r"\bFl (-[\w-]+)", text))
        assert {"-" + name for name in named} <= known, page
        for line in re.findall(r"^(?:sudo )?scimward .*", text, re.M):
            assert set(re.findall(r"\s(--[\w-]+)", line)) <= known, line


def test_exit_codes():
    header = read("src", "cli", "options.h")
    codes = set(re.findall(r"^\tEXIT_\w+ = (\d+),", header, re.M))
    assert set(re.findall(r"^\.It (\d+)$", section("scimward.8", "EXIT STATUS"), re.M)) == codes and len(codes) >= 10


def test_environment():
    read_by_program = {name for text in sources() for name in re.findall(r'getenv\("(\w+)"\)', text)}
    told = set(re.findall(r"\.It Ev (\w+)", section("scimward.8", "ENVIRONMENT")))
    assert told == read_by_program
    mentioned = set(re.findall(r"^\.Ev (\w+)", section("scimward.8", "ENVIRONMENT"), re.M))
    assert mentioned <= NOT_READ


def test_signals():
    caught = {name for text in sources() for name in re.findall(r"loop_signal_new\([^,]+, (SIG[A-Z]+),", text)}
    told = {name for tag in tags(section("scimward.8", "SIGNALS"), "Dv") for name in re.findall(r"SIG[A-Z]+", tag)}
    assert told == caught


def test_template_functions():
    table = set(re.findall(r'^\t\{ "(\w+)", ARGUMENTS_', read("src", "core", "template_compile.c"), re.M))
    told = set()
    for tag in tags(section("scimward.conf.5", "Templates"), "Ic"):
        told |= {re.split(r"[ (]", part.strip())[0] for part in tag.replace(" , Ic ", " , ").split(" , ")}
    told.discard("\\")  # The second argument of replace.
    assert len(table) > 10 and told == table


def members(value):
    return set(value) if isinstance(value, dict) else set()


def test_audit_records(tmp_path):
    """Everything that an export of a lively history holds is in scimward-audit(7)."""
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance,{HR}=HR") as simulator:
        agent = make_agent(str(tmp_path / "agent"), simulator.port,
                           more="policy = { limits = { deactivations = { count = 1; percent = 0; };"
                                " smallest_scan_percent = 50; }; };")
        agent.run("sync")
        blocks = read("contrib", "example", "people.ldif").split("\n\n")
        leavers = ("dn: uid=zuse,", "dn: uid=dijkstra,")
        with open(agent.path("people.ldif"), "w", encoding="utf-8") as file:
            file.write("\n\n".join(block for block in blocks if not block.startswith(leavers)))
        for arguments in (["sync"], ["approve", "1"], ["sync"], ["undo", "last", "--yes"]):
            agent.run(*arguments)
        shutil.copy(os.path.join(TOP, "contrib", "example", "people.ldif"), agent.path("people.ldif"))
        agent.run("sync")
        records = [json.loads(line) for line in agent.run("audit", "export").expect(0).out.splitlines()]
    page = re.sub(r"[,()]", " ", read("man", "scimward-audit.7"))
    words = set(page.split())
    seen = {record["body"]["kind"] for record in records}
    assert {"run-started", "run-ended", "action", "hold", "decision", "hold-ended"} <= seen
    for record in records:
        assert members(record) | members(record["body"]) <= words
        assert not members(record["body"].get("reason")) - {"code", "detail"}
        assert not members(record["body"].get("request")) - words
    told = set(re.findall(r"^\.It Cm ([\w-]+)$", section("scimward-audit.7", "Bodies"), re.M))
    written = {kind for text in sources() for kind in re.findall(r'"(run-started|run-ended|action|hold|decision|hold-ended|'
                                                                r'retention)"', text)}
    assert told == written and seen <= told


if __name__ == "__main__":
    sys.exit(harness.run(__file__))
