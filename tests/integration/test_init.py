#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""scimward init: a directory and a tenant that nobody has told it about become a configuration.

slapd or an LDIF file on one side, the tenant simulator on the other; options, standard input or a
person at a terminal in between.  What was written is always held against `scimward check`.
"""
import json
import os
import pty
import re
import select
import signal
import shutil
import socket
import stat
import subprocess
import sys
import time

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import slapd as directory_server  # noqa: E402
from agent import FINANCE, HR, LEGAL, Result, find_binary  # noqa: E402
from simulator import Simulator, require  # noqa: E402
from slapd import GROUPS, PEOPLE, SERVICES, SUFFIX, Slapd, group, person, skeleton  # noqa: E402

SALES = "8a81b09d5e8c6f27015ece3402487d36"
EVIL = "8a81b09d5e8c6f27015ece3402487d37"
NOBODY = "8a81b09d5e8c6f27015ece3402487d38"
WORKSPACES = {FINANCE: "Finance Planning", HR: "HR", LEGAL: "Legal", SALES: "Sales"}
SYNC = "cn=sync," + SERVICES
PASSWORD = "secret-of-sync"
KEY = "key-of-tenant-1"
SECRETS = (PASSWORD, KEY)


def company():
    ldif = skeleton()
    for number in range(40):
        mail = {} if number != 7 else {"mail": []}
        ldif += person(f"p{number}", givenName="G", sn=f"S{number}", employeeNumber=f"E{number}", **mail)
    ldif += group("anaplan-finance-planning", [f"uid=p{number},{PEOPLE}" for number in range(5)])
    ldif += group("GRP HR", [f"uid=p9,{PEOPLE}"])
    ldif += group("anaplan-legal", [f"cn=GRP HR,{GROUPS}", f"uid=p2,{PEOPLE}"])
    ldif += group("anaplan-sales-emea", [f"uid=p3,{PEOPLE}", f"uid=p4,{PEOPLE}"])
    ldif += group("anaplan-sales-apac", [f"uid=p5,{PEOPLE}"])
    ldif += group("everybody", [f"uid=p{number},{PEOPLE}" for number in range(40)])
    return ldif


@pytest.fixture(scope="module", name="server")
def make_server(tmp_path_factory):
    require(directory_server.missing())
    with Slapd(tmp_path_factory.mktemp("slapd") / "server", company()) as server:
        server.start()
        yield server


@pytest.fixture(scope="module", name="tenant")
def make_tenant(tmp_path_factory):
    names = ",".join(f"{identity}={name}" for identity, name in WORKSPACES.items())
    with Simulator(tmp_path_factory.mktemp("tenant"), "--api-key", KEY, "--user", "robot@example.com:pass:word",
                   "--workspaces", names) as simulator:
        for number in range(3):
            simulator.add(userName=f"p{number}@example.com", givenName="G", familyName=f"S{number}", active=True,
                          externalId=f"E{number}", workspaces=[SALES])
        simulator.add(userName="scim-robot@example.com", givenName="R", familyName="R", active=True)
        yield simulator


class Init:
    """The command with a folder of its own."""

    def __init__(self, folder, server, tenant):
        self.folder, self.server, self.tenant = str(folder), server, tenant
        self.config = self.path("scimward.conf")
        self.environment = dict(os.environ, DIRECTORY_PASSWORD=PASSWORD, TENANT_KEY=KEY, NO_COLOR="1", TZ="UTC")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    @property
    def directory(self):
        return ["--directory", self.server.ldaps, "--ca-file", self.server.tls.ca, "--bind-dn", SYNC]

    @property
    def place(self):
        return ["--tenant", self.tenant.url, "--allow-cleartext"]

    @property
    def references(self):
        return ["--bind-password", "env:DIRECTORY_PASSWORD", "--credential", "env:TENANT_KEY"]

    def run(self, *arguments, text="", out=None, prefix=()):
        command = [*prefix, find_binary(), "init", "--out", out or self.config, *arguments]
        done = subprocess.run(command, env=self.environment, input=text.encode(), timeout=60, check=False,
                              capture_output=True)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        for secret in SECRETS:
            assert secret not in done.stdout + done.stderr
        return Result(done)

    def all(self, *more, **how):
        return self.run(*self.directory, *self.place, *self.references, *more, **how)

    def check(self, *more, config=None):
        done = subprocess.run([find_binary(), "-c", config or self.config, "check", *more], env=self.environment,
                              timeout=60, check=False, capture_output=True)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        return Result(done)

    @property
    def text(self):
        with open(self.config, encoding="utf-8") as file:
            return file.read()

    @property
    def settings(self):
        """The text without its comments."""
        return re.sub(r"^ *#.*$|   # .*$", "", self.text, flags=re.M)


@pytest.fixture(name="init")
def make_init(tmp_path, server, tenant):
    return Init(tmp_path, server, tenant)


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def newest_change(server):
    """What slapd says of its last write."""
    done = subprocess.run(["ldapsearch", "-x", "-LLL", "-H", server.ldap, "-s", "base", "-b", SUFFIX, "contextCSN"],
                          check=True, capture_output=True)
    return done.stdout


def test_options_become_a_configuration_that_check_accepts(init):
    before, since = newest_change(init.server), init.tenant.sequence()
    done = init.all().expect(0)
    assert f"{init.config} is written" in done.out and f"scimward -c {init.config} check" in done.out
    checked = init.check().expect(0)
    assert "FAILED" not in checked.out and "cn=anaplan-legal" in checked.out
    text, settings = init.text, init.settings
    assert text.index(f"{init.config} check\n") < text.index(f"{init.config} --dry-run\n") < text.index("version = 1;")
    assert 'kind = "openldap";' in settings and f'bases = [ "{SUFFIX}" ]' in settings
    assert "key is its entryUUID" in text
    assert 'filter = "(&(|(objectClass=inetOrgPerson)(objectClass=person))(mail=*))";' in settings
    assert "All 40 entries were looked at: 39 have mail" in text
    assert f'canaries = [ "uid=p0,{PEOPLE}", "uid=p1,{PEOPLE}" ]' in settings
    assert 'from = "${mail|lower}"' in settings and 'from = "${employeeNumber}"' in settings
    assert "Of 4 accounts that were looked at, 3 have just this" in text
    assert mode(init.config) == 0o644 and not os.path.exists(init.path("credentials"))
    # Nobody was changed.
    assert newest_change(init.server) == before and init.tenant.writes(since) == []
    assert {row["method"] for row in init.tenant.log(since)} == {"GET"}


def test_groups_become_rules_where_their_name_is_that_of_a_workspace(init):
    init.all().expect(0)
    rules = re.findall(r'id = "(\w+)"; name = "([^"]+)"; group = "([^"]+)";( nested = true;)?', init.settings)
    assert rules == [(FINANCE, "Finance Planning", f"cn=anaplan-finance-planning,{GROUPS}", ""),
                     (HR, "HR", f"cn=GRP HR,{GROUPS}", ""),
                     (LEGAL, "Legal", f"cn=anaplan-legal,{GROUPS}", " nested = true;")]
    text = re.sub(r"\n *# (?!-)", " ", init.text)
    assert f'TODO "Sales" ({SALES}): 3 accounts have it' in text
    assert "2 members: " in text and f"cn=anaplan-sales-emea,{GROUPS}" in text
    assert "5 members; 0 accounts have it now." in text
    assert "cn=everybody" not in text


def test_the_dry_run_of_it_recognises_the_accounts(init):
    init.all("--protect", "scim-robot@example.com").expect(0)
    done = subprocess.run([find_binary(), "-c", init.config, "--dry-run", "--json"], env=init.environment, timeout=60,
                          check=True, capture_output=True)
    summary = json.loads(done.stdout)["summary"]
    assert (summary["create"], summary["update"], summary["conflict"], summary["deactivate"]) == (3, 3, 0, 0)


def test_secrets_from_standard_input_are_stored_for_their_reader_only(init):
    done = init.run(*init.directory, *init.place, "--bind-password-stdin", "--credential-stdin",
                    text=f"{PASSWORD}\n{KEY}\n").expect(0)
    folder = init.path("credentials")
    assert mode(folder) == 0o700
    for name, secret in (("directory-password", PASSWORD), ("anaplan-api-key", KEY)):
        path = os.path.join(folder, name)
        assert mode(path) == 0o600 and f"file:{path}" in init.settings and path in done.out
        with open(path, encoding="utf-8") as file:
            assert file.read() == secret + "\n"
    assert not any(secret in init.text for secret in SECRETS)
    init.check().expect(0)


def test_an_instance_has_places_of_its_own(init):
    config = init.path("corp.conf")
    init.run(*init.directory, *init.place, "--bind-password-stdin", "--credential", "env:TENANT_KEY",
             text=PASSWORD + "\n", out=config).expect(0)
    assert mode(init.path("credentials")) == mode(init.path("credentials", "corp")) == 0o700
    assert mode(init.path("credentials", "corp", "directory-password")) == 0o600
    init.check(config=config).expect(0)


SCENE = """mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && shift && exec "$@" """


def test_as_root_the_service_owns_its_secrets(init):
    passwd = "root:x:0:0::/root:/bin/sh\nscimward:x:4711:4712::/var/lib/scimward:/usr/sbin/nologin\n"
    for name, text in (("passwd", passwd), ("group", "root:x:0:\nscimward:x:4712:\n")):
        with open(init.path(name), "w", encoding="utf-8") as file:
            file.write(text)
    prefix = ["unshare", "-m", "sh", "-c", SCENE, "sh", init.folder]
    if os.geteuid() != 0 or subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may have an /etc/passwd of its own for a while")
    init.run(*init.directory, *init.place, "--bind-password-stdin", "--credential-stdin",
             text=f"{PASSWORD}\n{KEY}\n", prefix=prefix).expect(0)
    for path in ("credentials", "credentials/directory-password", "credentials/anaplan-api-key"):
        info = os.lstat(init.path(path))
        assert (info.st_uid, info.st_gid) == (4711, 4712), path
    assert os.lstat(init.config).st_uid == 0


@pytest.mark.parametrize("option", ["--bind-password", "--credential"])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(init, option):
    references = init.references
    references[references.index(option) + 1] = PASSWORD
    done = init.run(*init.directory, *init.place, *references).expect(64)
    assert option + "-stdin" in done.err and not os.path.exists(init.config)


def test_every_missing_answer_is_named_at_once(init):
    done = init.run().expect(64)
    for option in ("--directory", "--bind-dn", "--tenant"):
        assert f"{option} is missing" in done.err
    for option in ("--bind-password", "--credential"):
        assert f"{option}, or {option}-stdin, is missing" in done.err
    done = init.run("--bind-password-stdin", "--credential-stdin", text="one line\n").expect(64)
    assert "--credential-stdin: standard input has no line" in done.err
    assert os.listdir(init.folder) == []


@pytest.mark.parametrize("change, words", [
    ({"--tenant": "eu6"}, ["no region", "eu5"]),
    ({"--base": "people"}, ["--base", "not a DN"]),
    ({"--filter": "(mail=*"}, ["--filter", "expected"]),
    ({"--bind": "ananymous"}, ["--bind", "anonymous"]),
    ({"--auth": "none"}, ["--auth", "api-key, basic, certificate or oauth-device"]),
    ({"--auth": "basic"}, ["--auth-user is missing", "--auth-url is missing"]),
    ({"--auth": "oauth-device"}, ["--client-id is missing"]),
    ({"--auth": "certificate"}, ["--auth-cert-file is missing", "--auth-key-file is missing"]),
    ({"--directory": "ldap://127.0.0.1:1", "--allow-cleartext": None}, ["--starttls"]),
    ({"--directory": "ldaps://"}, ["host"]),
])
def test_answers_that_make_no_sense_are_usage(init, change, words):
    answers = {"--directory": init.server.ldaps, "--ca-file": init.server.tls.ca, "--bind-dn": SYNC,
               "--bind-password": "env:DIRECTORY_PASSWORD", "--tenant": "eu1", "--credential": "env:TENANT_KEY",
               "--allow-cleartext": ""}
    answers["--tenant"] = init.tenant.url if "--tenant" not in change else answers["--tenant"]
    answers.update(change)
    arguments = [part for name, text in answers.items() if text is not None for part in (name, text) if part]
    done = init.run(*arguments).expect(64)
    assert all(word in done.err for word in words), done.err
    assert os.listdir(init.folder) == []


def test_what_is_there_is_not_overwritten(init):
    with open(init.config, "w", encoding="utf-8") as file:
        file.write("precious")
    since = init.tenant.sequence()
    done = init.all().expect(1)
    assert "--force" in done.err and init.text == "precious"
    assert init.tenant.log(since) == []  # nobody was asked in vain
    done = init.all("--force").expect(0)
    with open(init.config + ".old", encoding="utf-8") as file:
        assert file.read() == "precious"
    assert init.config + ".old" in done.out
    init.all("--force").expect(0)
    assert os.path.exists(init.config + ".old.2")
    init.check().expect(0)


def test_a_secret_that_is_there_is_not_overwritten(init):
    stdin = [*init.directory, *init.place, "--bind-password-stdin", "--credential", "env:TENANT_KEY"]
    init.run(*stdin, text=PASSWORD + "\n").expect(0)
    os.unlink(init.config)
    done = init.run(*stdin, text="another\n").expect(64)
    assert "directory-password is there already" in done.err
    init.run(*stdin, "--force", text=PASSWORD + "\n").expect(0)
    assert mode(init.path("credentials", "directory-password.old")) == 0o600


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("peer, options, words", [
    ("directory", ["--bind-password", "env:TENANT_KEY"], ["wrong bind DN or password"]),
    ("directory", ["--directory", "ldaps://127.0.0.1:PORT"], ["Connection refused"]),
    ("directory", ["--ca-file", "/etc/hostname"], ["ca"]),
    ("people", ["--base", "ou=nowhere," + SUFFIX], ["ou=nowhere", "no such entry"]),
    ("tenant", ["--credential", "env:DIRECTORY_PASSWORD"], ["401", "credential"]),
    ("tenant", ["--tenant", "http://127.0.0.1:PORT/scim/1/0/v2"], ["no connection can be made", "firewall"]),
])
def test_a_peer_that_cannot_be_looked_at(init, peer, options, words):
    options = [option.replace("PORT", str(free_port())) for option in options]
    done = init.all(*options).expect(69)
    assert f"{peer} cannot be looked at" in done.err and "--offline" in done.err
    assert all(word in done.err for word in words), done.err
    assert os.listdir(init.folder) == []


def test_without_looking_it_says_what_is_not_verified(init):
    since = init.tenant.sequence()
    done = init.all("--offline").expect(64)
    assert "--base is missing" in done.err
    done = init.all("--offline", "--base", PEOPLE, "--json").expect(0)
    told = json.loads(done.out)
    assert not told["directoryVerified"] and not told["tenantVerified"] and told["open"] >= 5
    assert "nothing of this is verified" in init.text and init.tenant.log(since) == []
    init.check("--offline").expect(0)
    init.check().expect(0)  # as it happens, all of it was right


def test_regions_have_their_hosts(init):
    init.run(*init.directory, "--bind-password", "env:DIRECTORY_PASSWORD", "--base", PEOPLE, "--tenant", "au1",
             "--auth", "basic", "--auth-user", "robot@example.com", "--credential", "file:/nowhere",
             "--offline").expect(0)
    assert 'url = "https://api.au1a.app2.anaplan.com/scim/1/0/v2";' in init.settings
    assert 'url = "https://au1a.app2.anaplan.com";' in init.settings
    init.check("--offline").expect(0)


def test_a_login_tells_whose_it_is(init):
    init.environment["ROBOT"] = "pass:word"
    init.run(*init.directory, "--bind-password", "env:DIRECTORY_PASSWORD", *init.place, "--auth", "basic",
             "--auth-user", "robot@example.com", "--auth-url", init.tenant.root, "--credential", "env:ROBOT").expect(0)
    assert 'protect = [ "robot@example.com" ];' in init.settings
    assert [row["path"] for row in init.tenant.log() if "/token/" in row["path"]][-1] == "/token/logout"


def test_an_api_key_does_not_tell(init):
    init.all().expect(0)
    assert "protect" not in init.settings and "It could be scim-robot@example.com." in init.text


def test_an_ldif_file_is_a_directory(init):
    path = init.path("people.ldif")
    with open(path, "w", encoding="utf-8") as file:
        file.write(company())
    init.run("--directory", "file://" + path, *init.place, "--credential", "env:TENANT_KEY").expect(0)
    assert 'kind = "ldif";' in init.settings and "bind" not in init.settings
    assert f'group = "cn=anaplan-finance-planning,{GROUPS}"' in init.settings
    init.check().expect(0)


def test_a_sample_of_many_is_a_sample(init):
    """The accounts' own entries are found among all."""
    path = init.path("people.ldif")
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(person(f"q{number}", sn="S", givenName="G") for number in range(1500)) + company())
    init.run("--directory", "file://" + path, *init.place, "--credential", "env:TENANT_KEY").expect(0)
    assert "1000 entries were looked at, as a sample" in init.text
    assert "3 have just this" in init.text and 'from = "${employeeNumber}"' in init.settings


def test_nothing_that_was_read_becomes_configuration(init, tmp_path):
    """Names with quotes, escapes, lines and controls, in everything that somebody else may name."""
    bad = 'anaplan "; }; evil = "x\\'
    names = [bad + "\n@include \"/etc/passwd\"\n\x1b[31m${mail}#", bad]
    people = [f"uid=p0\\22\\5C${{mail}},{PEOPLE}", f"uid=p1\\0A${{mail}},{PEOPLE}"]
    ldif = skeleton()
    for dn in people:
        uid = "p0\"\\${mail}" if "p0" in dn else "p1\n${mail}"
        ldif += directory_server.entry(dn, "inetOrgPerson", cn="c", sn='"; evil = "', givenName="G",
                                       mail="p@example.com", uid=uid)
    escaped = "anaplan \\22\\3B }\\3B evil \\3D \\22x\\5C"
    for name, rdn in zip(names, (escaped + "\\0A@include \\22/etc/passwd\\22\\0A\\1B[31m${mail}\\23", escaped)):
        ldif += directory_server.entry(f"cn={rdn},{GROUPS}", "groupOfNames", cn=name, member=people)
    listed = f"{EVIL}={names[0]},{NOBODY}={bad},{FINANCE}=Finance"
    with Slapd(tmp_path / "server", ldif) as server, \
            Simulator(tmp_path, "--api-key", KEY, "--workspaces", listed) as tenant:
        server.start()
        tenant.add(userName="admin\"; evil = \"\n@x.y", givenName="G", familyName="S", active=True)
        init.server, init.tenant = server, tenant
        init.all().expect(0)
        checked = init.check().expect(0)
        assert "\x1b" not in init.text and "\x1b" not in checked.out
        assert not re.search(r"^\s*@include", init.text, re.M) and "evil = " not in re.sub(
            r'"(\\.|[^"\\])*"', "", init.settings)
        assert "2 members" in checked.out and checked.out.count(": group: ") == 1
        assert checked.out.count(": canary: ") == 1  # a line in a DN is not for a configuration


# ---- a person at a terminal ----

class Terminal:
    """A conversation: expects a question, answers it. The transcript is what the person sees."""

    def __init__(self, init, *arguments):
        self.seen = ""
        self.at = 0
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores it
            os.execve(find_binary(), [find_binary(), "init", "--out", init.config, *arguments], init.environment)

    def read(self, seconds):
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, text):
        deadline = time.monotonic() + 30
        while text not in self.seen[self.at:]:
            assert time.monotonic() < deadline and self.read(30), f"no \"{text}\" in\n{self.seen}"
        self.at = self.seen.index(text, self.at) + len(text)

    def answer(self, question, text):
        self.wait_for(question)
        self.wait_for(": ")
        os.write(self.descriptor, text.encode() + b"\n")

    def end(self):
        while self.read(30):
            pass
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def answer_tenant(terminal, init):
    """What is left of it when the place and the key are options."""
    terminal.answer("allow it?", "y")
    terminal.answer("how to log in", "")


def answer_directory(terminal, init, password):
    terminal.answer("directory", init.server.ldap)
    terminal.answer("how to log in", "")
    terminal.answer("StartTLS", "y")
    terminal.answer("authorities", init.server.tls.ca)
    terminal.answer("DN of the account", SYNC)
    terminal.answer("password", password)


def test_a_person_is_asked(init):
    terminal = Terminal(init)
    answer_directory(terminal, init, PASSWORD)
    terminal.answer("region", init.tenant.url)
    terminal.answer("allow it?", "y")
    terminal.answer("how to log in", "api-key")
    terminal.answer("API key", KEY)
    terminal.answer("DN below", "people")  # no DN: asked again
    terminal.wait_for("not a DN")
    terminal.answer("DN below", PEOPLE)
    terminal.answer("filter", "(mail=*")
    terminal.wait_for("expected")
    terminal.answer("filter", "")
    terminal.answer("Finance Planning", "")
    terminal.answer("HR", "n")
    terminal.answer("Legal", "y")
    terminal.answer("userName of the account", "scim-robot@example.com")
    assert terminal.end() == 0, terminal.seen
    for secret in SECRETS:
        assert secret not in terminal.seen
    assert mode(init.path("credentials", "directory-password")) == 0o600
    settings = init.settings
    assert f'bases = [ "{PEOPLE}" ]' in settings and "starttls = true" in settings
    assert FINANCE in settings and HR not in settings and LEGAL in settings
    assert 'protect = [ "scim-robot@example.com" ];' in settings
    init.check().expect(0)


def test_a_person_may_mend_an_answer(init):
    terminal = Terminal(init, "--tenant", init.tenant.url, "--credential", "env:TENANT_KEY")
    answer_directory(terminal, init, "not the password")
    answer_tenant(terminal, init)
    terminal.wait_for("wrong bind DN or password")
    terminal.answer("(c)hange the answers", "c")
    terminal.answer(f"[{init.server.ldap}]", "")
    terminal.answer("[simple]", "")
    terminal.answer(f"[{init.server.tls.ca}]", "")
    terminal.answer(f"[{SYNC}]", "")
    terminal.answer("password", PASSWORD)
    for question in ("DN below", "filter", "Finance", "HR", "Legal", "userName of"):
        terminal.answer(question, "")
    assert terminal.end() == 0, terminal.seen
    init.check().expect(0)


def test_a_person_may_go_on_without_looking(init):
    terminal = Terminal(init, *init.place, "--credential", "env:TENANT_KEY", "--directory",
                        f"ldaps://127.0.0.1:{free_port()}", "--bind", "anonymous", "--ca-file", init.server.tls.ca)
    terminal.answer("how to log in", "")
    terminal.answer("(w)ithout looking", "w")
    terminal.answer("DN below", PEOPLE)
    terminal.answer("filter", "")
    terminal.answer("userName of", "")
    assert terminal.end() == 0, terminal.seen
    assert "TODO The directory was not looked at (cannot connect" in re.sub(r"\n# ", " ", init.text)
    init.check("--offline").expect(0)


@pytest.mark.parametrize("end", ["(q)uit", "the line goes", "an interrupt"])
def test_who_gives_up_leaves_nothing_behind(init, end):
    terminal = Terminal(init, "--tenant", init.tenant.url, "--credential", "env:TENANT_KEY")
    if end == "(q)uit":
        answer_directory(terminal, init, "not the password")
        answer_tenant(terminal, init)
        terminal.answer("(q)uit", "q")
        assert terminal.end() == 69
    else:
        terminal.answer("directory", init.server.ldaps)
        terminal.answer("how to log in", "")
        terminal.answer("authorities", "")
        terminal.answer("DN of the account", SYNC)
        terminal.wait_for("password")
        terminal.wait_for(": ")
        os.write(terminal.descriptor, b"half" + (b"\x03" if end == "an interrupt" else b"\x15\x04"))
        assert terminal.end() == (-2 if end == "an interrupt" else 1)
    assert os.listdir(init.folder) == []


def test_what_is_typed_instead_of_piped_is_not_shown_either(init):
    terminal = Terminal(init, *init.directory, *init.place, "--bind-password-stdin", "--credential",
                        "env:TENANT_KEY", "--yes")
    terminal.answer("password", PASSWORD)
    assert terminal.end() == 0, terminal.seen
    assert PASSWORD not in terminal.seen
    init.check().expect(0)


def test_yes_asks_nobody(init):
    terminal = Terminal(init, *init.directory, *init.place, *init.references, "--yes")
    assert terminal.end() == 0, terminal.seen
    assert "?" not in terminal.seen
    init.check().expect(0)
    shutil.rmtree(init.folder)
    os.mkdir(init.folder)
    terminal = Terminal(init, "--yes")
    assert terminal.end() == 64 and "--directory is missing" in terminal.seen


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
