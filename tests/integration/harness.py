# SPDX-License-Identifier: ISC
"""What the integration tests share: where the build is, and how a test file runs itself.

    if __name__ == "__main__":
        sys.exit(harness.run(__file__))
"""
import json
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("top_builddir", "."))
SOURCE = pathlib.Path(os.environ.get("top_srcdir", pathlib.Path(__file__).parents[2]))

# libldap keeps a client certificate for good, and the words of a notice of disconnection; a thread
# that is given up may still be on its way out when the process ends. None of it is ours.
LEAKS_OF_OTHERS = "leak:libgnutls\nleak:libtasn1\nleak:libgmp\nleak:_dlerror_run\nleak:ldap_result\n"


def sanitizer_environment(folder):
    """Environment in which known leaks of other people's libraries do not fail a test."""
    path = pathlib.Path(folder) / "leaks-of-others"
    path.write_text(LEAKS_OF_OTHERS, encoding="utf-8")
    return {**os.environ, "LSAN_OPTIONS": f"suppressions={path}:print_suppressions=0"}


def json_lines(arguments, environment, timeout=120):
    """Runs a program that prints a JSON object a line; gives (objects, exit code)."""
    done = subprocess.run([str(part) for part in arguments], env=environment, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    trouble = done.stderr.decode(errors="replace")
    assert not trouble, trouble
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


class Count:
    """Counts passed tests, to tell a run in which all were skipped."""

    def __init__(self):
        self.passed = 0

    def pytest_runtest_logreport(self, report):
        self.passed += report.when == "call" and report.passed


def run(file):
    """Runs a test file; 77 (automake's SKIP) when nothing could be tested."""
    try:
        import pytest
    except ImportError:
        if os.environ.get("CI"):
            raise
        print("pytest is missing; on Debian: apt-get install python3-pytest")
        return 77
    count = Count()
    code = pytest.main(["-q", "-rs", "-p", "no:cacheprovider", file, *sys.argv[1:]],
                       plugins=[count])
    return 77 if code == 0 and count.passed == 0 else int(code)
