#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The units: systemd understands every line of them, and they leave the service little room.

Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_systemd_unit.py
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

try:
    import pytest
except ImportError:
    if os.environ.get("CI"):
        raise
    print("pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.dont_write_bytecode = True
BUILD = pathlib.Path(os.environ.get("top_builddir", "."))
UNITS = {"scimward.service": "scimward.service", "scimward@.service": "scimward@example.service"}
# The network, the host's root, and for the control socket AF_UNIX, other users and the chown to control.group.
MOST_EXPOSURE = 1.4


@pytest.fixture(scope="module", autouse=True)
def systemd_analyze():
    if shutil.which("systemd-analyze") is None:
        if os.environ.get("CI"):
            pytest.fail("systemd-analyze is missing, and this is CI")
        pytest.skip("systemd-analyze is missing")


def text_of(unit):
    return (BUILD / "systemd" / unit).read_text()


@pytest.fixture(params=sorted(UNITS))
def unit(request, tmp_path):
    """The unit as built, except that what it starts is there on this machine."""
    text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text_of(request.param))
    path = tmp_path / UNITS[request.param]
    path.write_text(text)
    return path


def run(*command):
    # What the user of this machine configured must not speak into it.
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_systemd_understands_it(unit):
    # The manual pages are installed later.
    done = run("systemd-analyze", "verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_mistake_would_be_found(unit):
    unit.write_text(unit.read_text().replace("ProtectHome=yes", "ProtectHome=yse"))
    assert "yse" in run("systemd-analyze", "verify", "--man=no", str(unit)).stderr


def test_it_exposes_little(unit):
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found.group(1)) <= MOST_EXPOSURE, done.stdout


@pytest.mark.parametrize("name", sorted(UNITS))
def test_paths_are_filled_in(name):
    text = text_of(name)
    assert not re.search(r"@[a-z]+@", text)
    assert re.search(r"(?m)^ExecStart=/\S+/scimward -c /etc/scimward/(scimward|%i)\.conf run$", text)


@pytest.mark.parametrize("name", sorted(UNITS))
def test_what_does_not_mend_is_not_tried_again(name):
    assert "\nRestartPreventExitStatus=64 74 78\n" in text_of(name)


@pytest.mark.parametrize("name", sorted(UNITS))
def test_the_control_socket_has_its_place_and_knows_who_asks(name):
    folder = "scimward/%i" if "@" in name else "scimward"
    text = text_of(name)
    assert f"\nRuntimeDirectory={folder}\n" in text and f"# For the control socket, /run/{folder}/control.sock" in text
    assert "\nPrivateUsers=" not in text and re.search(r"(?m)^RestrictAddressFamilies=.*\bAF_UNIX\b", text)


def test_both_differ_only_in_names():
    def settings(text):
        text = text.replace("%i.conf", "scimward.conf")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return [re.sub(r"/%i|%i/| \(%i\)", "", line) for line in lines]

    assert settings(text_of("scimward@.service")) == settings(text_of("scimward.service"))


class Count:
    """How many tests there were, to tell a run in which all were skipped."""

    def __init__(self):
        self.passed = 0

    def pytest_runtest_logreport(self, report):
        self.passed += report.when == "call" and report.passed


if __name__ == "__main__":
    count = Count()
    code = pytest.main(["-q", "-rs", "-p", "no:cacheprovider", __file__], plugins=[count])
    sys.exit(77 if code == 0 and count.passed == 0 else int(code))
