#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The tarball and the packages from it: built, looked over, compared, installed, upgraded, removed.

Takes minutes, and so is not in `make check`: `make check-packages`, which contrib/check calls.  By hand:
top_srcdir=. top_builddir=BUILD pytest tests/packages/test_packages.py
"""
import fnmatch
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "integration")]

import harness  # noqa: E402
import sbom  # noqa: E402
import simulator  # noqa: E402
import throw_away  # noqa: E402

SOURCE, BUILD = harness.SOURCE.resolve(), harness.BUILD.resolve()
VERSION = re.search(r"AC_INIT\(\[scimward\], \[([^\]]+)\]", (SOURCE / "configure.ac").read_text()).group(1)
NAME = f"scimward-{VERSION}"
JOBS = str(os.cpu_count() or 2)
NOBODY = 65534


def environment(**more):
    """Ours, without what make and a caller's taste have put into it."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("MAKE", "MFLAGS", "DEB_", "SOURCE_DATE", "XZ_", "TAR_"))}
    return {**kept, **more}


def run(*command, **options):
    options.setdefault("env", environment())
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=900, **options)
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n" + done.stdout[-6000:]
    return done.stdout


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            if os.environ.get("CI"):
                pytest.fail(f"{tool} is missing, and this is CI: contrib/install-packages test")
            pytest.skip(f"{tool} is missing")


@pytest.fixture(scope="module")
def tarball():
    run("make", "-s", "-C", BUILD, "dist")
    return BUILD / f"{NAME}.tar.xz"


# The tarball.

def pack(top, **options):
    """Configures and packs a source in a directory of its own; gives the tarball's bytes."""
    build = top / "elsewhere"
    script = f"umask 077 && mkdir {build} && cd {build} && {top}/configure -q && make -s dist"
    run("sh", "-c", script, **options)
    return (build / f"{NAME}.tar.xz").read_bytes()


def test_the_tarball_packs_itself(tarball, tmp_path):
    """From the tarball, with no git at hand."""
    run("sh", "-c", f"umask 077 && cd {tmp_path} && tar -xf {tarball}")
    assert pack(tmp_path / NAME) == tarball.read_bytes()


@pytest.fixture
def open_folder():
    """A folder that others may enter; pytest keeps its own to itself."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


def test_anybody_packs_the_same_tarball(tarball, open_folder):
    """Another directory, user, umask, time, locale and taste in compression, and a bootstrap of its own."""
    need("git", "autoreconf")
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    if not (SOURCE / ".git").exists():
        pytest.skip("needs a checkout")
    top = open_folder / "a-longer-name-for-it"
    names = run("git", "-C", SOURCE, "ls-files", "-z").split("\0")[:-1]
    for name in names:
        if (SOURCE / name).exists():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / name, top / name)
            os.utime(top / name, (1234567890, 1234567890))
    (top / ".source-date-epoch").write_text(run(SOURCE / "contrib/source-date", SOURCE), encoding="ascii")
    run("chown", "-R", str(NOBODY), top)
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "umask": 0o077,
             "env": environment(LC_ALL="C", TZ="Pacific/Auckland", XZ_OPT="-0", XZ_DEFAULTS="-T4", TAR_OPTIONS="--owner=me",
                                HOME=str(top), CCACHE_DISABLE="1")}
    run("./bootstrap", cwd=top, **other)
    assert pack(top, **other) == tarball.read_bytes()


# What is in the packages.

@pytest.fixture(scope="module")
def deb(tarball, tmp_path_factory):
    need("dpkg-buildpackage", "dh")
    into = tmp_path_factory.mktemp("deb")
    run(SOURCE / "contrib/build-deb", tarball, into, env=environment(DEB_BUILD_OPTIONS=f"nocheck parallel={JOBS}"))
    return next(into.glob("scimward_*.deb"))


def twice_the_same(deb, tarball, tmp_path):
    run(SOURCE / "contrib/build-deb", tarball, tmp_path, env=environment(DEB_BUILD_OPTIONS=f"nocheck parallel={JOBS}",
                                                                       TZ="Pacific/Auckland"))
    assert (tmp_path / deb.name).read_bytes() == deb.read_bytes()


@pytest.fixture(scope="module")
def rpm(tarball, tmp_path_factory):
    need("rpmbuild")
    into = tmp_path_factory.mktemp("rpm")
    run(SOURCE / "contrib/build-rpm", tarball, into, "--without", "check")
    return next(file for file in into.glob("*.rpm") if not file.name.endswith(".src.rpm"))


def test_lintian_has_nothing_to_say(deb):
    need("lintian")
    said = run("lintian", "--allow-root", "--fail-on", "error,warning", next(deb.parent.glob("*.changes")))
    assert [line for line in said.splitlines() if line[:2] in ("E:", "W:")] == []


def test_rpmlint_has_nothing_to_say(rpm):
    need("rpmlint")
    said = run("rpmlint", "-c", SOURCE / "contrib/rpm/rpmlint.toml", *rpm.parent.glob("*.rpm"),
               SOURCE / "contrib/rpm/scimward.spec")
    assert re.search(r"\b2 packages and 1 specfiles checked; 0 errors, 0 warnings", said), said


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    into = tmp_path_factory.mktemp("installed")
    run("make", "-s", "-C", BUILD, "install", f"DESTDIR={into}", "prefix=/usr", "sysconfdir=/etc",
        "systemdsystemunitdir=/usr/lib/systemd/system", "LDFLAGS=")
    return into


@pytest.fixture(scope="module")
def from_deb(deb, tmp_path_factory):
    into = tmp_path_factory.mktemp("from-deb")
    run("dpkg-deb", "-x", deb, into)
    return into


@pytest.fixture(scope="module")
def from_rpm(rpm, tmp_path_factory):
    need("rpm2cpio", "cpio")
    into = tmp_path_factory.mktemp("from-rpm")
    run("sh", "-c", f"cd {into} && rpm2cpio {rpm} | cpio -idm --quiet")
    return into


PROGRAM = "usr/sbin/scimward"
BILL = "usr/share/doc/scimward/scimward.spdx.json"


def contents(root):
    """{path: (mode, digest)} as one layout: units where usr is merged, zsh's functions in its own place, pages not
    compressed."""
    found = {}
    for path in root.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            continue
        name = re.sub(r"^lib/", "usr/lib/", str(path.relative_to(root)))
        name = name.replace("zsh/vendor-completions/", "zsh/site-functions/")
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))
            continue
        data = path.read_bytes()
        if name.endswith(".gz"):
            name, data = name[:-3], gzip.decompress(data)
        if name.startswith("usr/lib/systemd/"):
            # A build for another prefix.
            data = data.replace(b"=/usr/local/sbin/", b"=/usr/sbin/")
        # The program is built anew each time, and the bill has the time of it: they are compared elsewhere.
        digest = "" if name in (PROGRAM, BILL) else hashlib.sha256(data).hexdigest()
        found[name] = (oct(path.stat().st_mode & 0o7777), digest)
    return found


def without(found, *patterns):
    return {name: what for name, what in found.items() if not any(re.fullmatch(pattern, name) for pattern in patterns)}


def test_the_deb_holds_what_make_install_installs(installed, from_deb):
    doc = "usr/share/doc/scimward/"
    of_debian = without(contents(from_deb), doc + "(changelog|changelog.Debian|copyright|README.Debian)",
                        "usr/share/lintian/overrides/scimward")
    assert of_debian == contents(installed)


def test_the_rpm_holds_what_make_install_installs(installed, from_rpm):
    of_rpm = without(contents(from_rpm), r"usr/share/licenses/scimward[^/]*/COPYING", r"usr/lib/\.build-id/.*")
    assert of_rpm == contents(installed)


def test_everything_is_root_s(deb, rpm):
    for line in run("dpkg-deb", "-c", deb).splitlines():
        assert " root/root " in line
    owners = run("rpm", "-qp", "--qf", "[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]", rpm)
    assert set(owners.split()) == {"root:root"}


@pytest.mark.parametrize("kind", ["from_deb", "from_rpm"])
def test_the_program_in_it(request, kind):
    root = request.getfixturevalue(kind)
    assert run(root / PROGRAM, "--version") == f"scimward {VERSION}\n"
    assert "not stripped" not in run("file", root / PROGRAM)
    dynamic = run("readelf", "-dhW", root / PROGRAM)
    assert "BIND_NOW" in dynamic and "PIE" in dynamic and not re.search(r"R(UN)?PATH", dynamic)


@pytest.mark.parametrize("kind", ["from_deb", "from_rpm"])
def test_the_bill_in_it(request, kind, installed):
    def libraries(root):
        return sbom.check(json.loads((root / BILL).read_text(encoding="utf-8")), VERSION)

    assert libraries(request.getfixturevalue(kind)) == libraries(installed)


# A life: installed, used, upgraded, removed.

class Debian:
    def __init__(self, root, package):
        self.root, self.package = root, package

    def higher(self, folder, version):
        """The same package with a higher version."""
        run("dpkg-deb", "-R", self.package, folder / "raised")
        control = folder / "raised/DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {version}-1", control.read_text()))
        run("dpkg-deb", "--root-owner-group", "-b", folder / "raised", folder)
        return next(folder.glob("*.deb"))

    def install(self, package):
        # An empty system has what the package depends on brought by it.
        how = ["apt-get", "install", "-q", "-y", "--allow-downgrades"] if self.root.is_bare else ["dpkg", "-i"]
        return self.root.must(*how, self.root.bring(package), DEBIAN_FRONTEND="noninteractive")

    def remove(self):
        self.root.must("dpkg", "--remove", "scimward")

    def version(self):
        return self.root.must("dpkg-query", "-W", "-f", "${Version} ${Status}", "scimward")


class RedHat:
    def __init__(self, root, package):
        self.root, self.package = root, package
        self.root.must("rpm", "--initdb")

    def higher(self, folder, version):
        """The same files and scripts with a higher version."""
        text = (SOURCE / "contrib/rpm/scimward.spec").read_text(encoding="utf-8")
        run("sh", "-c", f"mkdir {folder}/files && cd {folder}/files && rpm2cpio {self.package} | cpio -idm --quiet && "
                        "rm -rf usr/share/licenses usr/lib/.build-id")
        text = re.sub(r"(?s)\n%prep\n.*?\n# The user and", f"\n%install\ncp -a {folder}/files/. %{{buildroot}}\n\n# The user and", text)
        text = re.sub(r"(?m)^(Source0|BuildRequires|%license).*\n", "", re.sub(r"(?m)^(Version: +).*", rf"\g<1>{version}", text))
        (folder / "raised.spec").write_text(text, encoding="utf-8")
        run("rpmbuild", "-bb", "--define", f"_topdir {folder}/top", "--define", "__os_install_post %{nil}",
            folder / "raised.spec")
        return next(folder.glob("top/RPMS/*/*.rpm"))

    def install(self, package):
        return self.root.must("rpm", "-U", "--nodeps", self.root.bring(package))

    def remove(self):
        self.root.must("rpm", "-e", "scimward")

    def version(self):
        return self.root.must("rpm", "-q", "scimward")


CONFIGURATION = """version = 1;
directories = ( { name = "corp"; kind = "ldif"; urls = [ "file:///srv/people.ldif" ];
                  users = { bases = [ "ou=people,dc=corp,dc=example" ]; filter = "(mail=*)"; }; } );
workspaces = ( { id = "8a81b09d5e8c6f27015ece3402487d33"; name = "Finance Planning";
                 group = "cn=anaplan-finance,ou=groups,dc=corp,dc=example"; nested = true; } );
tenant = { url = "%s"; auth = { method = "api-key"; key = "credential:anaplan-api-key"; }; allow_cleartext = true; };
"""
STATE = "var/lib/scimward/state.db"


class Life:
    """One life of a package; each test is a part of it, in this order."""

    @pytest.fixture(scope="class")
    def base(self):
        return "/"

    @pytest.fixture(scope="class")
    def root(self, base, tenant, tmp_path_factory):
        reason = throw_away.missing()
        if reason:
            pytest.skip(reason)
        with throw_away.Root(tmp_path_factory.mktemp("root"), base) as root:
            yield root

    @pytest.fixture(scope="class")
    def tenant(self, tmp_path_factory):
        simulator.require(simulator.missing())
        with simulator.Simulator(tmp_path_factory.mktemp("tenant"), "--api-key", "key-1", "--workspaces",
                                 "8a81b09d5e8c6f27015ece3402487d33=Finance Planning") as tenant:
            yield tenant

    def scimward(self, root, *arguments, user="root"):
        """By hand, as the manual has it."""
        return root.must("runuser", "-u", user, "--", "scimward", *arguments,
                         CREDENTIALS_DIRECTORY="/etc/scimward/credentials")

    def kept(self, root):
        """What no upgrade and no removal may touch: content, owner, mode and inode of each file."""
        found = {}
        for name in ("etc/scimward/scimward.conf", "etc/scimward/credentials/anaplan-api-key", STATE):
            path = root.path(name)
            look = path.stat()
            found[name] = (hashlib.sha256(path.read_bytes()).hexdigest(), look.st_uid, look.st_gid, look.st_mode, look.st_ino)
        return found

    def service_user(self, root):
        return int(root.must("id", "-u", "scimward")), int(root.must("id", "-g", "scimward"))

    def assert_nothing_runs(self, root):
        asked = root.asked_of_systemd()
        assert not [line for line in asked if re.search(r"(?<![-\w])(start|restart|enable|preset|unmask)\b", line)], asked
        assert not list(root.path("etc/systemd/system").glob("*/scimward*"))

    def assert_asked(self, root, verb):
        """That systemd was told so of the service and of each instance, and to do nothing worse in between."""
        asked = root.asked_of_systemd()
        words = [word for line in asked if verb in line.split() for word in line.split()]
        for unit in ("scimward.service", "scimward@berlin.service"):
            assert any(fnmatch.fnmatch(unit, word) for word in words), asked
        assert verb == "stop" or not [line for line in asked if "stop" in line.split()], asked

    def test_installing(self, root, life):
        life.install(life.package)
        self.assert_nothing_runs(root)
        user, group = self.service_user(root)
        assert user != 0
        assert root.must("stat", "-c", "%u %g %a", "/var/lib/scimward") == f"{user} {group} 700\n"
        assert root.must("stat", "-c", "%u %g %a", "/etc/scimward") == "0 0 755\n"
        assert root.must("stat", "-c", "%u %g %a", "/etc/scimward/credentials") == "0 0 700\n"
        assert not any(root.path("var/lib/scimward").iterdir())
        assert [path.name for path in root.path("etc/scimward").iterdir()] == ["credentials"]

    def test_the_first_sync_by_root_leaves_the_state_to_the_service(self, root, life, tenant):
        shutil.copyfile(SOURCE / "contrib/example/people.ldif", root.path("srv/people.ldif"))
        root.write("etc/scimward/scimward.conf", CONFIGURATION % tenant.url, 0o640)
        root.must("chown", "root:scimward", "/etc/scimward/scimward.conf")
        root.write("etc/scimward/credentials/anaplan-api-key", "key-1\n", 0o600)
        self.scimward(root, "sync")
        owner = self.service_user(root)
        for path in root.path("var/lib/scimward").iterdir():
            look = path.stat()
            assert ((look.st_uid, look.st_gid), look.st_mode & 0o7777) == (owner, 0o600), path.name
        assert "state" in self.scimward(root, "status", user="scimward").lower()
        assert len(tenant.users()) > 5

    def test_upgrading(self, root, life, tmp_path_factory):
        with root.path("etc/scimward/scimward.conf").open("a", encoding="utf-8") as file:
            file.write("# edited by hand\n")
        before = self.kept(root)
        higher = life.higher(tmp_path_factory.mktemp("higher"), "99.0")
        life.install(higher)
        assert "99.0" in life.version()
        self.assert_nothing_runs(root)
        assert self.kept(root) == before
        assert self.nothing_to_do(root)

    def nothing_to_do(self, root):
        plan = json.loads(self.scimward(root, "sync", "--dry-run", "--format", "json"))
        return plan["actions"] == []

    def test_upgrading_what_runs_restarts_it(self, root, life, tmp_path_factory):
        root.set_active(True)
        life.install(life.higher(tmp_path_factory.mktemp("again"), "99.1"))
        root.set_active(False)
        self.assert_asked(root, "try-restart")

    def test_removing(self, root, life):
        before = self.kept(root)
        for unit in ("scimward.service", "scimward@berlin.service"):
            wants = root.path("etc/systemd/system/multi-user.target.wants")
            wants.mkdir(exist_ok=True)
            (wants / unit).symlink_to("/usr/lib/systemd/system/scimward.service")
        life.remove()
        assert self.kept(root) == before
        assert self.service_user(root)
        for name in (PROGRAM, "usr/share/scimward", "usr/lib/systemd/system/scimward.service", "lib/systemd/system/scimward.service"):
            assert not root.path(name).exists(), name
        self.assert_asked(root, "stop")
        self.assert_disabled_when_removed(root)

    def assert_disabled_when_removed(self, root):
        """Debian keeps what was enabled until the purge."""

    def test_installing_again_finds_the_state(self, root, life):
        before = self.kept(root)
        life.install(life.package)
        assert self.kept(root) == before
        assert self.nothing_to_do(root)


class TestLifeOfTheDeb(Life):
    @pytest.fixture(scope="class")
    def life(self, root, deb):
        return Debian(root, deb)

    def test_purging(self, root, life):
        root.must("dpkg", "--purge", "scimward")
        assert not root.path("var/lib/scimward").exists()
        assert not root.path("etc/scimward").exists()
        assert self.service_user(root)
        assert not list(root.path("etc/systemd/system").glob("*/scimward*"))
        assert root.must("dpkg", "--audit") == ""


class LifeOnAnEmptyDebian(TestLifeOfTheDeb):
    """The package brings what it needs; slow, and from the network."""

    @pytest.fixture(scope="class")
    def base(self, tmp_path_factory):
        need("debootstrap")
        return throw_away.bootstrap(tmp_path_factory.mktemp("debian"))

    @pytest.fixture(scope="class")
    def life(self, root, deb):
        root.must("apt-get", "update", "-q")
        return Debian(root, deb)


class TestLifeOfTheRpm(Life):
    @pytest.fixture(scope="class")
    def life(self, root, rpm):
        return RedHat(root, rpm)

    def assert_disabled_when_removed(self, root):
        assert not list(root.path("etc/systemd/system").glob("*/scimward*"))


# What takes long, or the network, is a part of make soak.
if os.environ.get("EMPTY_DEBIAN"):
    test_the_deb_is_built_twice_the_same = twice_the_same
    TestLifeOnAnEmptyDebian = LifeOnAnEmptyDebian


if __name__ == "__main__":
    sys.exit(harness.run(__file__))
