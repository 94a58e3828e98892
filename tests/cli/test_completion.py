#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The completions: current, and what real shells propose is what the program's own help says."""
import filecmp
import functools
import os
import re
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
import shells  # noqa: E402
from agent import find_binary  # noqa: E402
from simulator import require  # noqa: E402

COMPLETIONS = os.path.join(TOP, "contrib", "completion")
MADE = ("bash/scimward", "zsh/_scimward", "fish/scimward.fish")


@functools.lru_cache(maxsize=None)
def ask(*arguments):
    return subprocess.run([find_binary(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)


def options_of(*command):
    text = ask(*command, "--help").stdout
    return set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.M)) | set(re.findall(r"^  (-\w), --", text, re.M))


def commands():
    block = ask("--help").stdout.split("\ncommands:\n")[1].split("\n\n")[0]
    return [line[2:34].split() for line in block.splitlines()]


def choices(*command):
    """Pairs of a command line and the words that the help says may stand at its end."""
    text = ask(*command, "--help").stdout
    for option, values in re.findall(r"^  (?:-\w, )?(--[\w-]+) ([a-z0-9-]+(?:\|[a-z0-9-]+)+)", text, re.M):
        if option != "--format":
            yield f"scimward {' '.join(command)} {option} ", set(values.split("|"))
    argument = re.match(r"usage: scimward \[-c FILE\] " + " ".join(command) + r" ([a-z]+(?:\|[a-z]+)+)", text)
    if argument:
        yield f"scimward {' '.join(command)} ", set(argument.group(1).split("|"))


def sample(command):
    """The command with an argument, if it needs one."""
    argument = re.match(r"usage: scimward \[-c FILE\] " + " ".join(command) + r" ([^\[\s]\S*)",
                        ask(*command, "--help").stdout)
    if argument is None:
        return list(command)
    return [*command, {"N": "1", "RUN": "last"}.get(argument.group(1), argument.group(1).split("|")[0])]


def formats(command):
    """Those of the help, and others that the program does not refuse; no configuration is there, so nothing happens."""
    dry = ["--dry-run"] if "--dry-run" in options_of(*command) else []
    return {"text", "json"} | {form for form in ("csv", "html") if not re.search(
        r"\bformat\b", ask("-c", "/nowhere/scimward.conf", *sample(command), *dry, "--format", form).stderr)}


def expectations():
    """Lines, and all that must complete each of them."""
    wanted = {"scimward ": {words[0] for words in commands()},
              "scimward -": options_of().union(*(options_of(*words) for words in commands())),
              "scimward --kind fu": {"full"}, "scimward sync --kind=": {"delta", "full", "reconcile"},
              "scimward sync --kind=re": {"reconcile"},
              "scimward undo ": {"last"}, "scimward -q --config x.conf undo ": {"last"},
              "scimward undo last ": set(), "scimward explain ": set(), "scimward report changes --since ": set(),
              "scimward -c ": {"plan.json"}, "scimward sync --dry-run --out pl": {"plan.json"},
              "scimward apply ": {"plan.json"}, "scimward status ": set()}
    for words in commands():
        line = "scimward " + " ".join(words)
        wanted[line + " -"] = options_of(*words)
        wanted[line + " --format "] = formats(words)
        wanted.update(choices(*words))
        if len(words) == 2:
            wanted.setdefault(f"scimward {words[0]} ", set()).add(words[1])
    assert wanted["scimward report "] == {"changes", "access", "drift", "runs"}
    assert wanted["scimward sync --dry-run --out pl"] and len(wanted["scimward -"]) > 15
    return wanted


@pytest.fixture(scope="module", name="wanted")
def _wanted():
    return expectations()


def test_is_current(tmp_path):
    subprocess.run([sys.executable, os.path.join(COMPLETIONS, "generate"), find_binary(), str(tmp_path)], check=True)
    old = [name for name in MADE if not filecmp.cmp(tmp_path / name, os.path.join(COMPLETIONS, name), False)]
    assert not old, f"the program has other commands or options than {', '.join(old)}: make completion, and commit them"


@pytest.mark.parametrize("shell", shells.ASK)
def test_proposes_what_the_help_says(shell, wanted, tmp_path):
    require(shells.missing(shell))
    (tmp_path / "plan.json").write_text("{}")
    lines = sorted(wanted)
    answers = dict(zip(lines, shells.ASK[shell](COMPLETIONS, str(tmp_path), lines)))
    wrong = {}
    for line in lines:
        answer = set(answers[line])
        if "plan.json" in answer and "plan.json" in wanted[line]:
            answer = {"plan.json"}  # Whatever else lies in the folder.
        if shell == "zsh":  # It shows an option with a value as --name=.
            answer = {word.rstrip("=") for word in answer}
            if not wanted[line]:  # And options where nothing else can stand.
                answer = {word for word in answer if not word.startswith("-")}
        if shell == "fish" and line.endswith(" -"):  # It proposes long ones where there are long ones.
            answer |= {word for word in wanted[line] if len(word) == 2}
        if answer != wanted[line]:
            wrong[line] = (sorted(answer - wanted[line]), sorted(wanted[line] - answer))
    assert not wrong, "\n".join(f"{line!r}: too many {more}, missing {less}" for line, (more, less) in wrong.items())


def test_hidden_options_are_not_proposed():
    for name in MADE:
        with open(os.path.join(COMPLETIONS, name), encoding="utf-8") as file:
            assert "stop-after" not in file.read()


@pytest.mark.parametrize("line,after", [("scimward sy", "<sync>"), ("scimward sync --kind=rec", "<sync><--kind=reconcile>"),
                                        ("scimward audit ver", "<audit><verify>"),
                                        ("scimward apply pl", "<apply><plan of march.json>")])
def test_tab_in_bash(line, after, tmp_path):
    require(shells.missing("bash"))
    (tmp_path / "plan of march.json").write_text("{}")
    assert after in shells.press_tab_in_bash(COMPLETIONS, str(tmp_path), line)


if __name__ == "__main__":
    sys.exit(harness.run(__file__))
