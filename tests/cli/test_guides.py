#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the guides, recipes and the README show is what the program does; guides.py says how."""
import functools
import glob
import json
import os
import re
import shlex
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
import guides  # noqa: E402
import harness  # noqa: E402
from agent import FINANCE, HR, find_binary  # noqa: E402
from simulator import Simulator, require  # noqa: E402

PAGES = sorted(glob.glob(os.path.join(TOP, "doc", "**", "*.md"), recursive=True)) + [
    os.path.join(TOP, name) for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PLAYED = [page for page in PAGES if os.path.dirname(page) == os.path.join(TOP, "doc")]
ROOTS = "directories|mapping|workspaces|tenant|policy|schedule|state|log|metrics|notify"


def name_of(page):
    return os.path.relpath(page, TOP)


def parts(page, *languages):
    return [part for part in guides.read_parts(page) if part.language in languages]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_configurations(page, tmp_path):
    for part in parts(page, "libconfig"):
        trouble = guides.check(guides.complete(part.text), str(tmp_path))
        assert not trouble, f"{name_of(page)}:{part.first}\n{trouble}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_json(page):
    for part in parts(page, "json"):
        json.loads(part.text)


def invocations(page):
    """Every scimward that is shown but not run: in sh blocks, and in running text in backquotes."""
    for part in parts(page, "sh"):
        text = part.text.replace("\\\n", " ")
        for line in text.split("\n"):
            for found in re.findall(r"(?:^|[|;&]\s*|\$\(|--\s|\bsudo |\bif |! |\bsshd? \S+ )scimward ([^|;&>)#]*)", line):
                yield line, found
    for found in re.findall(r"`(?:sudo (?:-u \w+ )?)?scimward( [^`|;&>]*)[^`]*`", guides.prose(page)):
        yield found, found


@functools.lru_cache(maxsize=None)
def without_configuration(words):
    return subprocess.run([find_binary(), "-c", "/nowhere/scimward.conf", *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_are_understood(page):
    """With a configuration that is not there, only the command line can be wrong."""
    for line, found in invocations(page):
        words = [re.sub(r"^(N|STEPS)$", "1", re.sub(r"^RUN$", "last", re.sub(r"\$\w+|HASH", "0" * 64, word)))
                 for word in shlex.split(found)]
        if not words or "…" in found or words[0] in ("audit", "report") and len(words) == 1:
            continue
        known = without_configuration(tuple(words))
        is_named_only = re.search(r" needs (WHO|RUN|PLAN|the number|a word)", known.stderr)
        is_file = known.stderr.startswith(f"scimward: {words[-1]}")
        assert known.returncode != 64 or is_named_only or is_file, f"{name_of(page)}: {line}\n{known.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_keys_exist(page):
    """What looks like a key of the configuration is one."""
    with open(os.path.join(TOP, "man", "scimward.conf.5"), encoding="utf-8") as file:
        keys = set(re.findall(r"^\.It Cm (\S+) Pq", file.read(), re.M))
    keys |= {key.replace("[]", "") for key in keys}
    named = re.findall(rf"`((?:{ROOTS})(?:\[\])?(?:\.[a-z_]+)+)(?: = [^`]*)?`", guides.prose(page))
    wrong = [key for key in named if key not in keys and not key.endswith(".db")]
    assert not wrong, f"{name_of(page)}: no such key: {wrong}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", guides.prose(page)):
        if not re.match(r"\w+:", target):
            path = os.path.normpath(os.path.join(os.path.dirname(page), target))
            assert os.path.exists(path), f"{name_of(page)}: {target}"
            # What is installed together must find itself there.
            assert not name_of(page).startswith("doc/") or name_of(path).startswith("doc/"), f"{name_of(page)}: {target}"


@pytest.mark.parametrize("page", PLAYED, ids=name_of)
def test_console(page, tmp_path):
    if not parts(page, "console"):
        return
    require(None if shutil.which("jq") else "jq is not installed (Debian: apt-get install jq)")
    accounts = tmp_path / "accounts.jsonl"
    shutil.copy(os.path.join(guides.EXAMPLE, "accounts.jsonl"), accounts)
    options = ("--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance Planning,{HR}=HR", "--state", str(accounts))
    with Simulator(tmp_path, *options) as simulator:
        wrong, text = guides.play(page, guides.World(str(tmp_path / "world"), simulator))
    if os.environ.get("UPDATE"):
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("language,run", [("mapping", guides.map_examples), ("filter", guides.filter_examples)])
def test_examples_of_the_mapping_language(language, run, tmp_path):
    rows = [row for page in PAGES for part in parts(page, language) for row in guides.examples(part)]
    assert len(rows) > 5
    with Simulator(tmp_path, "--api-key", "key-1") as simulator:
        found = run(rows, str(tmp_path / "agent"), simulator.port)
    wrong = [f"{left} of {attributes} gives {is_so}, not {told}"
             for (left, attributes, told), is_so in zip(rows, found) if told != is_so]
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    sys.exit(harness.run(__file__))
