#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a release is made of: one version everywhere, the bill of materials, and what `make install` puts where.

Run by `make check`, or by hand: top_srcdir=. top_builddir=BUILD pytest tests/packages/test_release.py
"""
import json
import os
import pathlib
import re
import shutil
import stat
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
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "integration")]

import harness  # noqa: E402
import sbom  # noqa: E402

SOURCE, BUILD = harness.SOURCE.resolve(), harness.BUILD.resolve()
PROGRAM = BUILD / "src/cli/scimward"
# The libraries of each project, by the names that programs are linked with.
PROJECT_OF = {"libcurl": "curl", "libc": "glibc", "libresolv": "glibc", "libjansson": "jansson", "libgssapi_krb5": "krb5",
              "libconfig": "libconfig", "libev": "libev", "libmicrohttpd": "libmicrohttpd", "libldap-2.5": "openldap",
              "libldap": "openldap", "liblber-2.5": "openldap", "liblber": "openldap", "libcrypto": "openssl",
              "libpcre2-8": "pcre2", "libsqlite3": "sqlite", "libsystemd": "systemd", "libutf8proc": "utf8proc"}
SANITIZERS = {"libasan", "libubsan"}


def text_of(name):
    return (SOURCE / name).read_text(encoding="utf-8")


def need(tool):
    if shutil.which(tool) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{tool} is missing, and this is CI")
        pytest.skip(f"{tool} is missing")


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="module")
def version():
    return re.search(r"AC_INIT\(\[scimward\], \[([^\]]+)\]", text_of("configure.ac")).group(1)


def test_the_program_says_the_version(version):
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    assert run(PROGRAM, "--version", env=environment).stdout == f"scimward {version}\n"


@pytest.mark.parametrize("name, where", [
    ("NEWS.md", r"# News\n\n## (\S+) \("),
    ("contrib/debian/changelog", r"scimward \((\S+)-[0-9]+\) "),
    ("contrib/rpm/scimward.spec", r"(?s).*?\nVersion: +(\S+)\n"),
    ("contrib/rpm/scimward.spec", r"(?s).*?\n%changelog\n\* .* - (\S+)-[0-9]+\n"),
])
def test_every_place_names_the_version(version, name, where):
    assert re.match(where, text_of(name)).group(1) == version, name


def needed():
    need("readelf")
    done = run("readelf", "-d", PROGRAM)
    names = set(re.findall(r"\(NEEDED\).*\[([^\]]+?)\.so[^\]]*\]", done.stdout))
    assert names, done.stdout + done.stderr
    return names - SANITIZERS


def test_the_bill_lists_exactly_what_is_linked(version):
    document = json.loads((BUILD / "contrib/scimward.spdx.json").read_text(encoding="utf-8"))
    assert set(sbom.check(document, version)) == {PROJECT_OF[name] for name in needed() if not name.startswith("ld-linux")}


@pytest.mark.parametrize("project, module", [
    ("curl", "libcurl"), ("jansson", "jansson"), ("openldap", "ldap"), ("openssl", "libcrypto"), ("sqlite", "sqlite3"),
    ("libconfig", "libconfig"), ("utf8proc", "libutf8proc"), ("pcre2", "libpcre2-8")])
def test_the_bill_says_the_versions_that_are_there(version, project, module):
    need("pkg-config")
    document = json.loads((BUILD / "contrib/scimward.spdx.json").read_text(encoding="utf-8"))
    assert sbom.check(document, version)[project] == run("pkg-config", "--modversion", module).stdout.strip()


def make_bill(*arguments):
    return run(SOURCE / "contrib/sbom", "1.2.3", "https://scimward.example/", "86400", *arguments)


def test_one_source_is_one_bill():
    first, second = make_bill("curl=7.88.1"), make_bill("curl=7.88.1")
    assert first.stdout == second.stdout
    document = json.loads(first.stdout)
    assert sbom.check(document, "1.2.3") == {"curl": "7.88.1"}
    assert document["creationInfo"]["created"] == "1970-01-02T00:00:00Z"
    other = json.loads(make_bill("curl=7.88.2").stdout)
    assert other["documentNamespace"] != document["documentNamespace"]


@pytest.mark.parametrize("library", ["unheard-of=1", "curl", "curl=", "=1", 'curl=1"'])
def test_no_bill_with_a_hole(library):
    done = make_bill(library)
    assert done.returncode != 0 and done.stdout == "" and "contrib/sbom: " in done.stderr


def test_the_time_of_the_source(tmp_path):
    tool = SOURCE / "contrib/source-date"
    clean = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    assert run(tool, tmp_path, env={**clean, "SOURCE_DATE_EPOCH": "12"}).stdout == "12\n"
    news = tmp_path / "NEWS.md"
    news.touch()
    os.utime(news, (34, 34))
    assert run(tool, tmp_path, env=clean).stdout == "34\n"
    (tmp_path / ".source-date-epoch").write_text("56\n", encoding="ascii")
    assert run(tool, tmp_path, env=clean).stdout == "56\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """An installation of the build into a directory of its own."""
    need("make")
    into = tmp_path_factory.mktemp("root")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = run("make", "-s", "-C", BUILD, "install", f"DESTDIR={into}", "prefix=/usr", "sysconfdir=/etc",
               "systemdsystemunitdir=/usr/lib/systemd/system", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return into


@pytest.mark.parametrize("name", [
    "usr/lib/systemd/system/scimward.service", "usr/lib/systemd/system/scimward@.service",
    "usr/lib/sysusers.d/scimward.conf", "usr/lib/tmpfiles.d/scimward.conf", "usr/sbin/scimward",
    "usr/share/man/man8/scimward.8", "usr/share/man/man5/scimward.conf.5", "usr/share/man/man7/scimward-audit.7",
    "usr/share/man/man7/scimward-metrics.7", "usr/share/doc/scimward/README.md", "usr/share/doc/scimward/NEWS.md",
    "usr/share/doc/scimward/SECURITY.md", "usr/share/doc/scimward/scimward.spdx.json",
    "usr/share/doc/scimward/report.schema.json", "usr/share/doc/scimward/examples/scimward.conf",
    "usr/share/scimward/prometheus/scimward.rules.yml", "usr/share/scimward/grafana/scimward.json"])
def test_make_install_puts(root, name):
    assert (root / name).is_file()


def test_make_install_touches_no_configuration_and_enables_nothing(root):
    assert sorted(path.name for path in root.iterdir()) == ["usr"]
    assert not list(root.rglob("*.wants"))


def test_user_and_directories(root):
    """What sysusers and tmpfiles make of an installation."""
    need("systemd-sysusers")
    need("systemd-tmpfiles")
    if os.geteuid() != 0:
        pytest.skip("only root can make users")
    (root / "etc").mkdir()
    for tool in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        done = run(*tool, f"--root={root}", "scimward.conf")
        assert done.returncode == 0, done.stderr
    user = re.search(r"(?m)^scimward:[^:]*:(\d+):(\d+):[^:]*:/var/lib/scimward:(.*)$",
                     (root / "etc/passwd").read_text(encoding="utf-8"))
    assert user and user.group(3).endswith("/nologin")

    def look(name):
        found = (root / name).stat()
        return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)

    assert look("etc/scimward") == (0, 0, 0o755)
    assert look("etc/scimward/credentials") == (0, 0, 0o700)
    assert look("var/lib/scimward") == (int(user.group(1)), int(user.group(2)), 0o700)
    # What was tightened by hand stays, and the folder that init gave to the user of the service.
    (root / "etc/scimward").chmod(0o750)
    os.chown(root / "etc/scimward/credentials", int(user.group(1)), int(user.group(2)))
    assert run("systemd-tmpfiles", "--create", f"--root={root}", "scimward.conf").returncode == 0
    assert look("etc/scimward") == (0, 0, 0o750)
    assert look("etc/scimward/credentials") == (int(user.group(1)), int(user.group(2)), 0o700)


if __name__ == "__main__":
    sys.exit(harness.run(__file__))
