# SPDX-License-Identifier: ISC
"""Fixtures that several test files share; each kind of server has a module of its own."""
import os
import sys

import pytest

sys.dont_write_bytecode = True

import harness  # noqa: E402
import slapd  # noqa: E402


def need(reason):
    """Skips with a reason; where CI is set everything is installed, so there it fails."""
    if reason is None:
        return
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def need_slapd():
    need(slapd.missing())


@pytest.fixture(scope="session")
def authority(tmp_path_factory, need_slapd):
    return slapd.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    return harness.sanitizer_environment(tmp_path_factory.mktemp("environment"))
