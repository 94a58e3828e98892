#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The tenant room against the simulator of an Anaplan tenant, by way of tenant_probe.

Each way to authenticate, TLS, what may go wrong with an answer, and what a request's outcome then
is.  Run by `make check`, or by hand: top_builddir=BUILD pytest tests/integration/test_tenant_simulator.py
"""
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.run(__file__))

import base64  # noqa: E402
import gzip  # noqa: E402
import http.server  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import socket  # noqa: E402
import subprocess  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402

import pytest  # noqa: E402

from agent import Agent, FINANCE, HR  # noqa: E402
from proxy import Proxy  # noqa: E402
from simulator import Simulator, require  # noqa: E402
from slapd import Authority, free_port  # noqa: E402

PROBE = harness.BUILD / "tests/integration/tenant_probe"
SECRET = "Sesame-7f31"
PASSWORD = "Simsalabim-55"
USER = "admin@corp.example"
LIST = "/Users?startIndex=1&count=100"


def canonical(**members):
    """An account in the form of core/account.h; `_` in a name is a dot."""
    account = {"active": True, "externalId": "E1", "name.familyName": "Ray", "name.givenName": "Ann",
               "userName": "ann@corp.example"}
    account.update({name.replace("_", "."): value for name, value in members.items()})
    return json.dumps({name: value for name, value in account.items() if value is not None},
                      sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Run:
    """What tenant_probe printed: a line for each answer; `errors` is what it said of the settings."""

    def __init__(self, arguments, environment):
        done = subprocess.run([str(part) for part in (PROBE, *arguments)], env=environment, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.code, self.text, self.errors = done.returncode, done.stdout.decode(), done.stderr.decode()
        self.lines = [json.loads(line) for line in self.text.splitlines()]
        for secret in (SECRET, PASSWORD, "PRIVATE KEY"):
            assert secret not in self.text + self.errors

    def __getitem__(self, command):
        """The last answer to a command."""
        return [line for line in self.lines if line.get("command") == command][-1]

    def all(self, command):
        return [line for line in self.lines if line.get("command") == command]

    @property
    def steps(self):
        return {line["what"]: line for line in self.lines if "what" in line}


def probe_with(environment, *commands, expect=0, secret=SECRET, **options):
    """Runs tenant_probe; options as keywords, `_` for `-`, True for one without a value."""
    options.setdefault("auth", "api-key")
    if options["auth"] == "api-key":
        options.setdefault("key", "env:PROBE_KEY")
    if options["auth"] == "basic":
        options.setdefault("password", "env:PROBE_PASSWORD")
        options.setdefault("user", USER)
    arguments = []
    for name, value in options.items():
        if value not in (None, False):
            arguments += ["--" + name.replace("_", "-")] + ([] if value is True else [value])
    run = Run([*arguments, *commands], {"PROBE_KEY": secret, "PROBE_PASSWORD": PASSWORD, **environment})
    assert run.code == expect, run.errors
    assert expect != 0 or run.errors == "", run.errors
    return run


@pytest.fixture(scope="session")
def identities(tmp_path_factory):
    """Who logs in by certificate: RSA, as Anaplan wants it."""
    require(None if shutil.which("openssl") else "openssl is missing (Debian: apt-get install openssl)")
    folder = tmp_path_factory.mktemp("identities")

    def run(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    def make(name, *more, key=("rsa:2048",)):
        run("req", "-x509", "-newkey", *key, "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout",
            name + ".key", "-out", name + ".pem", *more)

    leaf = ("-addext", "basicConstraints=critical,CA:FALSE")
    issued = ("-CA", "ca.pem", "-CAkey", "ca.key", *leaf)
    make("ca")
    make("agent", *issued)
    make("stranger", *leaf)
    make("elliptic", *issued, key=("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"))
    run("pkey", "-in", "agent.key", "-aes256", "-passout", "pass:x", "-out", "locked.key")
    shutil.copy(folder / "agent.key", folder / "shown.key")
    for key in folder.glob("*.key"):
        key.chmod(0o644 if key.name == "shown.key" else 0o600)
    both = (folder / "agent.key").read_text() + (folder / "agent.pem").read_text()
    (folder / "both.pem").write_text(both, encoding="ascii")
    (folder / "both.pem").chmod(0o600)
    (folder / "empty.pem").touch()
    return folder


@pytest.fixture(scope="module")
def running(tmp_path_factory, identities):
    with Simulator(tmp_path_factory.mktemp("tenant"), "--api-key", SECRET, "--api-key", "no-role:norole",
                   "--user", f"{USER}:{PASSWORD}", "--ca-file", str(identities / "ca.pem")) as simulator:
        yield simulator


@pytest.fixture
def tenant(running):
    running.clear()
    running.reset()
    return running


@pytest.fixture
def probe(tenant, environment):
    def run(*commands, **options):
        settings = {"url": tenant.url, "auth_url": tenant.root, "cleartext": True, **options}
        return probe_with(environment, *commands, **settings)

    return run


def create(**members):
    return ("create", canonical(**members))


def sent(log):
    """Method, path below the base, and status of each request."""
    return [(row["method"], row["path"].rsplit("/v2", 1)[-1], row["status"]) for row in log]


def assert_answer(answer, status, http_status, *words, **more):
    expected = {"status": status, "httpStatus": http_status, "isRefused": False, "isPartial": False,
                "retryAfterMs": -1, "mayHaveHappened": False, **more}
    assert {name: answer[name] for name in expected} == expected, answer
    assert status == "ok" or answer["error"], answer
    for word in words:
        assert word in answer["error"], answer["error"]


class Stub:
    """An HTTP server that answers what a function says; `seen` has every request."""

    def __init__(self, answer):
        stub, self.seen = self, []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                stub.seen.append((self.command, self.path, self.headers, body))
                status, headers, text = answer(self)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Connect:
    """A proxy that knows CONNECT only; `heads` are the requests that it got."""

    def __init__(self, refusal=None):
        self.refusal, self.heads = refusal, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.heads.append(head.decode())
        if self.refusal:
            client.sendall(self.refusal)
            Proxy.close(client)
            return
        server = socket.create_connection(("127.0.0.1", int(re.match(rb"CONNECT [^:]+:(\d+) ", head)[1])))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=self.relay, args=(client, server), daemon=True).start()
        self.relay(server, client)

    @staticmethod
    def relay(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        Proxy.close(source, target)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        Proxy.close(self.listener)


# ---- who asks ----


def test_api_key_is_a_bearer(probe, tenant):
    run = probe("open", "list", "1", "close")
    assert_answer(run["list"], "ok", 200, total=0)
    assert_answer(run["close"], "ok", 0)
    assert sent(tenant.log()) == [("GET", LIST, 200)]
    assert tenant.log()[0]["authorization"] == "Bearer"


def test_wrong_api_key(probe, tenant):
    run = probe("open", "list", "1", secret="no-such-key-9")
    assert_answer(run["list"], "down", 401, "GET /Users", "tenant.auth")
    assert "no-such-key-9" not in run.text
    assert sent(tenant.log()) == [("GET", LIST, 401)] * 2, "the key is read again once, not more"


def test_missing_api_key(probe, tenant):
    run = probe("open", "list", "1", key="env:NOT_SET_HERE")
    assert_answer(run["open"], "down", 0, "NOT_SET_HERE")
    assert_answer(run["list"], "down", 0)
    assert tenant.log() == []


def test_key_of_a_user_without_the_role(probe):
    run = probe("open", "list", "1", *create(), secret="no-role")
    assert_answer(run["list"], "down", 403, "User Administrator")
    assert_answer(run["create"], "down", 403, "User Administrator")


def test_an_exchanged_key_is_found_without_a_restart(tenant, environment, tmp_path):
    file = tmp_path / "key"
    file.write_text("old-key\n", encoding="ascii")
    file.chmod(0o600)
    with subprocess.Popen([PROBE, "--url", tenant.url, "--cleartext", "--auth", "api-key", "--key", f"file:{file}",
                           "open", "wait", "800", "list", "1"], env=environment, stdout=subprocess.PIPE) as process:
        assert json.loads(process.stdout.readline())["status"] == "ok"
        file.write_text(SECRET + "\n", encoding="ascii")
        assert json.loads(process.stdout.readline())["status"] == "ok"
    assert sent(tenant.log()) == [("GET", LIST, 401), ("GET", LIST, 200)]


def test_user_and_password_get_a_token_that_is_given_back(probe, tenant):
    run = probe("open", "list", "1", *create(), "close", auth="basic")
    assert_answer(run["create"], "ok", 201)
    assert [(row["path"].rsplit("/v2", 1)[-1], row["authorization"], row["status"]) for row in tenant.log()] == [
        ("/token/authenticate", "Basic", 201), ("/token/validate", "AnaplanAuthToken", 200),
        (LIST, "AnaplanAuthToken", 200), ("/Users", "AnaplanAuthToken", 201),
        ("/token/logout", "AnaplanAuthToken", 204)]
    assert tenant.stats()["tokens"] == 0


def test_wrong_password(probe, tenant):
    run = probe("open", "list", "1", "close", auth="basic", user="nobody@corp.example")
    assert_answer(run["open"], "down", 401, "Not authenticated", "tenant.auth")
    assert_answer(run["list"], "down", 401)
    assert {row["path"] for row in tenant.log()} == {"/token/authenticate"}
    assert base64.b64encode(f"nobody@corp.example:{PASSWORD}".encode()).decode() not in run.text


def test_certificate(probe, tenant, identities):
    run = probe("open", "list", "1", "close", auth="certificate", cert=identities / "agent.pem",
                key_file=identities / "agent.key")
    assert_answer(run["list"], "ok", 200)
    login = tenant.log()[0]
    assert (login["path"], login["authorization"], login["status"]) == ("/token/authenticate", "CACertificate", 201)
    assert tenant.stats()["tokens"] == 0


def test_certificate_of_a_stranger_is_refused_by_the_tenant(probe, identities):
    run = probe("open", auth="certificate", cert=identities / "stranger.pem", key_file=identities / "stranger.key")
    assert_answer(run["open"], "down", 401, "not issued by a registered authority", "tenant.auth")


@pytest.mark.parametrize("cert,key,words", [
    ("agent.pem", "stranger.key", ("does not belong",)),
    ("elliptic.pem", "elliptic.key", ("not RSA",)),
    ("agent.pem", "locked.key", ("encrypted",)),
    ("agent.pem", "shown.key", ("shown.key",)),
    ("agent.pem", "empty.pem", ("key_file",)),
    ("agent.pem", "nowhere.key", ("nowhere.key",)),
    ("nowhere.pem", "agent.key", ("nowhere.pem",)),
    ("empty.pem", "agent.key", ("no certificate",)),
])
def test_certificate_that_cannot_be_used_is_not_sent(probe, tenant, identities, cert, key, words):
    run = probe("open", auth="certificate", cert=identities / cert, key_file=identities / key)
    assert_answer(run["open"], "down", 0, *words)
    assert tenant.log() == []


def test_a_key_in_the_certificate_file_stays_here(probe, identities):
    with Stub(lambda _: (401, {}, b"{}")) as stub:
        probe("open", auth="certificate", auth_url=stub.url, cert=identities / "both.pem",
              key_file=identities / "both.pem")
        _, _, headers, _ = stub.seen[0]
    sent_text = base64.b64decode(headers["Authorization"].removeprefix("CACertificate ")).decode()
    assert "BEGIN CERTIFICATE" in sent_text and "PRIVATE" not in sent_text


def test_a_token_that_dies_is_renewed_and_the_request_repeated(probe, tenant):
    tenant.fault(fault="expire-tokens", method="POST", path="/Users")
    run = probe("open", "list", "1", *create(), "close", auth="basic")
    assert_answer(run["create"], "ok", 201)
    assert [row["status"] for row in tenant.log()] == [201, 200, 200, 401, 201, 201, 204]
    assert len(tenant.users()) == 1


def test_many_requests_renew_one_token_once(probe, tenant):
    tenant.add(userName="ann@corp.example", id="5f", givenName="Ann", familyName="Ray")
    tenant.fault(fault="expire-tokens", path="/Users/5f")
    run = probe("open", "gets", "20", "5f", auth="basic", concurrency=8)
    assert [answer["status"] for answer in run.all("gets")] == ["ok"] * 20
    assert len([row for row in tenant.log() if row["path"] == "/token/authenticate"]) == 2


def test_a_second_401_is_the_end(probe, tenant):
    tenant.fault(fault="401", path="/Users", count=2)
    run = probe("open", "list", "1", auth="basic")
    assert_answer(run["list"], "down", 401, "tenant.auth")
    assert [row["status"] for row in tenant.log()] == [201, 200, 401, 201, 401]


def test_a_token_is_refreshed_before_it_dies(tmp_path, environment):
    with Simulator(tmp_path, "--user", f"{USER}:{PASSWORD}", "--token-lifetime", "6") as tenant:
        # The server's date has whole seconds: what they hide of the token's life would be lost.
        time.sleep(1 - time.time() % 1)
        run = probe_with(environment, "open", *(["wait", "100", "list", "1"] * 75), url=tenant.url,
                         auth_url=tenant.root, auth="basic", cleartext=True)
        assert {answer["status"] for answer in run.all("list")} == {"ok"}
        logins = [row["path"] for row in tenant.log() if "/token/" in row["path"]]
        assert logins == ["/token/authenticate", "/token/validate", "/token/refresh"]
        assert {row["status"] for row in tenant.log()} <= {200, 201}


@pytest.mark.parametrize("fault,status,http_status,more", [
    ({"fault": "429", "retryAfter": "7"}, "retry", 429, {"retryAfterMs": 7000}),
    ({"fault": "503"}, "retry", 503, {}),
    ({"fault": "reset"}, "retry", 0, {}),
    ({"fault": "not-json"}, "retry", 201, {}),
    ({"fault": "wrong-shape"}, "retry", 201, {}),
    ({"fault": "400"}, "down", 400, {}),
    ({"fault": "404"}, "down", 404, {}),
])
def test_a_login_that_fails(probe, tenant, fault, status, http_status, more):
    tenant.fault(path="/token/authenticate", **fault)
    run = probe("open", "list", "1", auth="basic")
    assert_answer(run["open"], status, http_status, "/token/authenticate", **more)
    assert_answer(run["list"], "ok", 200)


def test_check_says_step_by_step_what_works(probe):
    steps = probe("check", auth="basic").steps
    assert list(steps) == ["connection", "tls", "token", "own-account", "role", "accounts", "rate", "discovery",
                           "clock"]
    assert all(step["status"] == "ok" for step in steps.values())
    steps = probe("check", secret="wrong-key-here").steps
    assert [what for what, step in steps.items() if step["status"] == "failed"] == ["role"]
    assert "401" in steps["role"]["detail"] and "tenant.auth" in steps["role"]["remedy"]
    assert steps["accounts"]["status"] == steps["discovery"]["status"] == "skipped"


# ---- whom to trust ----


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    require(None if shutil.which("openssl") else "openssl is missing (Debian: apt-get install openssl)")
    folder = tmp_path_factory.mktemp("authorities")
    return Authority(folder / "right"), Authority(folder / "wrong", "Another CA")


@pytest.fixture(scope="module")
def secure(tmp_path_factory, authorities):
    """The tenant by HTTPS, with a certificate for the name localhost only."""
    cert, key = authorities[0].sign("tenant", "localhost", "DNS:localhost")
    with Simulator(tmp_path_factory.mktemp("secure"), "--api-key", SECRET, "--tls-cert", cert, "--tls-key",
                   key) as simulator:
        yield simulator


def test_a_private_authority(secure, authorities, environment):
    run = probe_with(environment, "open", "list", "1", "check", url=secure.url, ca=authorities[0].ca)
    assert_answer(run["list"], "ok", 200)
    assert run.steps["tls"]["detail"].startswith(f"{secure.url}: verified with {authorities[0].ca}; subject CN=localhost")


@pytest.mark.parametrize("ca,host", [("wrong", "localhost"), ("missing", "localhost"), ("none", "localhost"),
                                     ("right", "127.0.0.1"), ("empty", "localhost")])
def test_a_tenant_that_cannot_be_trusted_learns_nothing(secure, authorities, environment, tmp_path, ca, host):
    (tmp_path / "empty.pem").touch()
    file = {"right": authorities[0].ca, "wrong": authorities[1].ca, "missing": tmp_path / "nowhere.pem",
            "empty": tmp_path / "empty.pem", "none": None}[ca]
    secure.reset()
    run = probe_with(environment, "open", "list", "1", *create(), "check", ca=file,
                     url=secure.url.replace("localhost", host))
    assert_answer(run["list"], "down", 0, "certificate", "tenant.tls.ca_file")
    assert_answer(run["create"], "down", 0, "certificate")
    assert run.steps["tls"]["status"] == "failed" and run.steps["token"]["status"] == "skipped"
    assert run.steps["tls"]["data"].get("certificate") == {
        "wrong": "unknown-issuer", "none": "unknown-issuer", "right": "wrong-name"}.get(ca)
    assert secure.log() == []


def test_https_where_the_server_speaks_http(tenant, environment):
    run = probe_with(environment, "open", "list", "1", url=tenant.url.replace("http:", "https:"))
    assert_answer(run["list"], "retry", 0, "TLS")


@pytest.mark.parametrize("options,words", [
    ({"url": "http://{host}/scim"}, ("tenant.url", "allow_cleartext")),
    ({"url": "https://{host}/scim", "auth_url": "http://{host}", "auth": "basic"},
     ("tenant.auth.url", "allow_cleartext")),
    ({"url": "https://ann:" + SECRET + "@{host}/scim"}, ("tenant.url", "tenant.auth")),
    ({"url": "ftp://{host}/scim"}, ("tenant.url", "https://")),
    ({"url": "https://{host}/scim?x=1"}, ("tenant.url", "query")),
    ({"url": "https://{host}/scim", "key": SECRET}, ("tenant.auth.key", "credential:NAME")),
    ({"url": "https://{host}/scim", "auth": "none"}, ("tenant.auth.method",)),
])
def test_settings_that_are_refused(tenant, environment, options, words):
    host = tenant.root.removeprefix("http://")
    options = {name: value.replace("{host}", host) for name, value in options.items()}
    run = probe_with(environment, "open", "list", "1", expect=78, **options)
    for word in words:
        assert word in run.errors
    assert tenant.log() == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(probe, tenant, status):
    with Stub(lambda _: (status, {"Location": tenant.url + "/Users"}, b"")) as stub:
        run = probe("open", "list", "1", *create(), url=stub.url)
        assert_answer(run["list"], "down", status, "redirects are never followed", "tenant.url")
        assert_answer(run["create"], "down", status)
        assert [seen[0] for seen in stub.seen] == ["GET", "POST"]
    assert tenant.log() == []


def test_a_proxy_sees_only_where_to_connect(secure, authorities, environment):
    secure.reset()
    with Connect() as proxy:
        run = probe_with(environment, "open", "list", "1", *create(), url=secure.url, ca=authorities[0].ca,
                         proxy=proxy.url)
        assert_answer(run["create"], "ok", 201)
        assert len(proxy.heads) == 1 and proxy.heads[0].startswith("CONNECT localhost:")
        assert SECRET not in proxy.heads[0] and "uthorization" not in proxy.heads[0]


def test_behind_a_proxy_the_tenant_is_verified_too(secure, authorities, environment):
    with Connect() as proxy:
        run = probe_with(environment, "open", "list", "1", url=secure.url, ca=authorities[1].ca, proxy=proxy.url)
        assert_answer(run["list"], "down", 0, "certificate")


def test_a_proxy_that_refuses(secure, authorities, environment):
    with Connect(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        run = probe_with(environment, "open", "list", "1", *create(), url=secure.url, ca=authorities[0].ca,
                         proxy=proxy.url)
        assert run["list"]["status"] == "retry" and "407" in run["list"]["error"]
        assert run["create"]["mayHaveHappened"] is False


def test_the_environment_names_no_proxy(tenant, environment):
    nowhere = f"http://127.0.0.1:{free_port()}"
    proxies = {name: nowhere for name in ("http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")}
    run = probe_with({**environment, **proxies}, "open", "list", "1", url=tenant.url, cleartext=True)
    assert_answer(run["list"], "ok", 200)


def test_http_2_where_it_is_offered(tenant, authorities, environment, tmp_path):
    """All requests share one connection then."""
    require(None if shutil.which("node") else "node is missing (Debian: apt-get install nodejs)")
    cert, key = authorities[0].sign("front", "localhost", "DNS:localhost")
    front = subprocess.Popen(["node", harness.SOURCE / "tests/integration/http2_front.mjs", cert, key,
                              str(tenant.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        port = int(front.stdout.readline())
        run = probe_with(environment, "open", "creates", "40", "p", "list", "1", concurrency=8, ca=authorities[0].ca,
                         url=f"https://localhost:{port}/scim/1/0/v2")
    finally:
        counts = json.loads(front.communicate(b"", timeout=20)[0])
    assert [answer["httpStatus"] for answer in run.all("creates")] == [201] * 40
    assert run["list"]["total"] == 40
    assert counts == {"sessions": 1, "streams": 41, "versions": ["2.0"]}


# ---- reading ----


def fill(tenant, count):
    tenant.ask("POST", "/_users", [{"userName": f"u{number:04}@corp.example", "externalId": f"E{number}",
                                    "givenName": "Ann", "familyName": "Ray"} for number in range(count)])


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 730])
def test_everybody_comes_in_pages(probe, tenant, count):
    fill(tenant, count)
    run = probe("open", "all", "counters")
    assert [run.lines[1][name] for name in ("status", "seen", "total")] == ["ok", count, count]
    assert run.lines[2]["requests"] == max(1, -(-count // 100))


def test_short_pages_are_followed_to_the_end(probe, tenant):
    fill(tenant, 100)
    tenant.fault(fault="short-pages", size=7)
    run = probe("open", "all", "counters")
    assert (run.lines[1]["seen"], run.lines[2]["requests"]) == (100, 15)


HOSTILE = ['quote " mark', 'back\\slash', 'x" or active eq true or externalId eq "x', "(a) and (b)", "a&count=0#f?b=c",
           "50%25+1", "naïve ☃ 𝄞", "line\nbreak\ttab", "[type eq]", "../../Users", "\u007f\u0080", "'); --"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_filter_finds_exactly_one_whatever_the_name(probe, tenant, text):
    fill(tenant, 3)
    tenant.add(userName="odd@corp.example", externalId=text)
    run = probe("open", "find", text, "-")
    assert [found["account"]["userName"] for found in run["find"]["accounts"]] == ["odd@corp.example"]
    assert run["find"]["accounts"][0]["account"]["externalId"] == text
    run = probe("open", "find", text + "x", "-")
    assert_answer(run["find"], "ok", 200, total=0)


def test_finding_by_either_name(probe, tenant):
    fill(tenant, 3)
    assert probe("open", "find", "E1", "U0002@corp.example")["find"]["total"] == 2
    assert probe("open", "find", "-", "u0002@corp.example")["find"]["total"] == 1


@pytest.mark.parametrize("identity", ["../ServiceProviderConfig", "a/b?c#d", "%2e%2e", "ä ö"])
def test_an_id_cannot_lead_elsewhere(probe, tenant, identity):
    run = probe("open", "get", identity)
    assert_answer(run["get"], "reject", 404)
    assert re.fullmatch(r"/scim/1/0/v2/Users/[A-Za-z0-9.~_%-]+", tenant.log()[0]["path"])


def test_forms_of_workspaces_count_once(probe, tenant):
    tenant.add(userName="ann@corp.example", id="5f", workspaces=[HR, FINANCE])
    found = probe("open", "get", "5f")["get"]["accounts"][0]
    assert found["account"]["entitlements"] == sorted([FINANCE, HR])


# ---- answers of all kinds ----

STATUSES = {"400": "reject", "403": "down", "404": "reject", "405": "reject", "408": "retry", "409": "reject",
            "412": "reject", "429": "retry", "500": "retry", "501": "retry", "502": "retry", "503": "retry",
            "504": "retry"}


@pytest.mark.parametrize("fault", STATUSES)
def test_statuses(probe, tenant, fault):
    """It concerns that request only, and nothing is repeated here: that is for others to decide."""
    tenant.fault(fault=fault, path="/Users", method="GET")
    tenant.fault(fault=fault, path="/Users", method="POST")
    run = probe("open", "list", "1", *create(), "list", "1")
    status = STATUSES[fault]
    assert_answer(run.all("list")[0], status, int(fault), "GET /Users", fault)
    # A gateway does not know what became of it.
    assert_answer(run["create"], status, int(fault), "POST /Users", fault,
                  mayHaveHappened=fault in ("502", "504"))
    assert_answer(run.all("list")[1], "ok", 200, total=0)
    assert [row[2] for row in sent(tenant.log())] == [int(fault), int(fault), 200]
    if fault == "409":
        assert run["create"]["errorType"] == "uniqueness"


@pytest.mark.parametrize("fault", ["429", "503"])
@pytest.mark.parametrize("header,least,most", [
    ({"retryAfter": "7"}, 7000, 7000), ({"retryAfter": "0"}, 0, 0), ({"retryAfterDate": 30}, 27000, 31000),
    ({"retryAfterDate": -30}, 0, 0), ({"retryAfter": "soon"}, -1, -1), ({"retryAfter": "-5"}, -1, -1),
    ({"retryAfter": "99999999999"}, 86400000, 86400000), ({}, -1, -1)])
def test_when_to_come_again(probe, tenant, fault, header, least, most):
    tenant.fault(fault=fault, path="/Users", **header)
    answer = probe("open", *create())["create"]
    assert (answer["status"], answer["httpStatus"], answer["mayHaveHappened"]) == ("retry", int(fault), False)
    assert least <= answer["retryAfterMs"] <= most


# What is lost, whether the write was done, and what is said of it.
NEVER_MS, SLOW_MS = 400, 5000
LOST = [
    ({"fault": "reset"}, 0, 0, "broke"),
    ({"fault": "lost"}, 1, 0, "broke"),
    ({"fault": "cut"}, 1, 201, "broke"),
    ({"fault": "not-json"}, 1, 201, "not JSON"),
    ({"fault": "wrong-shape"}, 1, 201, "is not"),
    ({"fault": "too-large"}, 1, 201, "too large"),
    ({"fault": "too-large", "bytes": 70000}, 1, 201, "too large"),
    ({"fault": "never"}, 0, 0, "time is over"),
    ({"fault": "never", "write": True}, 1, 0, "time is over"),
    ({"fault": "slow", "ms": SLOW_MS}, 1, 0, "time is over"),
]


def timeout_of(word):
    """Short only where it is what ends the request."""
    return NEVER_MS if word == "time is over" else 20000


@pytest.mark.parametrize("fault,count,http_status,word", LOST)
def test_an_answer_that_is_lost(probe, tenant, fault, count, http_status, word):
    """The write may have happened; it is sent once, on a kept connection too."""
    tenant.fault(path="/Users", method="POST", **fault)
    run = probe("open", "list", "1", *create(), timeout=timeout_of(word), max_bytes=65536)
    assert_answer(run["create"], "retry", http_status, "POST /Users", word, mayHaveHappened=True)
    assert [row[:2] for row in sent(tenant.log())] == [("GET", LIST), ("POST", "/Users")]
    assert len(tenant.users()) == count


@pytest.mark.parametrize("fault,count,http_status,word", LOST)
def test_a_reading_that_is_lost(probe, tenant, fault, count, http_status, word):
    del count
    tenant.fault(path="/Users", method="GET", **fault)
    run = probe("open", "list", "1", "list", "1", timeout=timeout_of(word), max_bytes=65536)
    assert_answer(run.all("list")[0], "retry", 200 if http_status else 0, "GET /Users", word)
    assert_answer(run.all("list")[1], "ok", 200)


def test_a_reading_is_repeated_when_a_kept_connection_was_dead(probe, tenant):
    tenant.fault(fault="lost", path="/Users", method="GET", after=1)
    run = probe("open", "list", "1", "list", "1")
    assert [answer["status"] for answer in run.all("list")] == ["ok", "ok"]
    assert len(tenant.log()) == 3


def test_slow_is_not_lost(probe, tenant):
    tenant.fault(fault="slow", ms=400, path="/Users")
    assert_answer(probe("open", *create())["create"], "ok", 201)


@pytest.mark.parametrize("trouble,after", [("cut_after", 0), ("cut_after", 10), ("cut_after", 200),
                                           ("cut_after", 400), ("stall_after", 10), ("stall_after", 200)])
def test_a_connection_cut_or_stalled_anywhere(probe, tenant, trouble, after):
    with Proxy(tenant.port, **{trouble: after}) as relay:
        run = probe("open", *create(), timeout=1000 if trouble == "stall_after" else 20000,
                    url=f"http://127.0.0.1:{relay.port}/scim/1/0/v2")
    assert (run["create"]["status"], run["create"]["mayHaveHappened"]) == ("retry", True)
    assert len(tenant.writes()) == 1


def test_the_limit_counts_what_is_unpacked(probe):
    bomb = gzip.compress(b" " * (20 << 20))
    with Stub(lambda _: (200, {"Content-Encoding": "gzip"}, bomb)) as stub:
        run = probe("open", "list", "1", url=stub.url)
        assert_answer(run["list"], "retry", 200, "too large")
    good = gzip.compress(b'{"totalResults":0,"Resources":[]}')
    with Stub(lambda _: (200, {"Content-Encoding": "gzip"}, good)) as stub:
        assert_answer(probe("open", "list", "1", url=stub.url)["list"], "ok", 200, total=0)


def test_nobody_there(probe):
    run = probe("open", *create(), "list", "1", url=f"http://127.0.0.1:{free_port()}/scim")
    assert_answer(run["create"], "retry", 0, "no connection", isRefused=True)
    assert_answer(run["list"], "retry", 0, "no connection", isRefused=True)
    run = probe("open", *create(), url="http://no-such-host.invalid/scim")
    assert_answer(run["create"], "retry", 0, "cannot be resolved", isRefused=True)


def test_what_the_tenant_says_is_shown_in_printable_form(probe):
    body = json.dumps({"detail": "bad\u001b[31m\nthing", "status": "400", "scimType": "invalidValue"}).encode()
    with Stub(lambda _: (400, {"X-Request-Id": "r-17"}, body)) as stub:
        answer = probe("open", *create(), url=stub.url)["create"]
    assert_answer(answer, "reject", 400, "thing")
    assert (answer["errorType"], answer["requestId"]) == ("invalidValue", "r-17")
    assert answer["error"].isprintable()


# ---- writing ----


def test_what_was_created_comes_back(probe, tenant):
    run = probe("open", *create(entitlements=[FINANCE, HR]))
    assert_answer(run["create"], "ok", 201)
    made = run["create"]["accounts"][0]
    assert made["id"] == tenant.users()[0]["id"] and made["account"]["entitlements"] == [FINANCE, HR]
    assert_answer(probe("open", *create())["create"], "reject", 409, errorType="uniqueness")


def test_partial_success_is_told(probe, tenant):
    tenant.fault(fault="207", path="/Users")
    run = probe("open", *create(entitlements=[FINANCE]))
    assert_answer(run["create"], "ok", 207, "not all of it", isPartial=True)
    assert "entitlements" not in run["create"]["accounts"][0]["account"]
    assert tenant.users()[0]["workspaces"] == []


def test_less_than_asked_shows_in_the_account(probe, tenant):
    tenant.fault(fault="wrong-entitlements", path="/Users")
    made = probe("open", *create(entitlements=[FINANCE, HR]))["create"]["accounts"][0]
    assert made["account"]["entitlements"] == [FINANCE]


CHANGES = [
    ("update", {"name_familyName": "Roy"}, [{"op": "replace", "path": "name.familyName", "value": "Roy"}]),
    ("update", {"entitlements": [FINANCE, HR]},
     [{"op": "replace", "path": 'entitlements[type eq "WORKSPACE"]',
       "value": [{"value": FINANCE, "type": "WORKSPACE"}, {"value": HR, "type": "WORKSPACE"}]}]),
    ("update", {"entitlements": None}, [{"op": "remove", "path": 'entitlements[type eq "WORKSPACE"]'}]),
    ("deactivate", {"active": False}, [{"op": "replace", "path": "active", "value": False}]),
]


@pytest.mark.parametrize("kind,members,operations", CHANGES)
def test_a_change_is_one_patch(probe, tenant, kind, members, operations):
    tenant.add(userName="ann@corp.example", id="5f", externalId="E1", givenName="Ann", familyName="Ray",
               workspaces=[FINANCE])
    before, after = {"entitlements": [FINANCE]}, {"entitlements": [FINANCE], **members}
    run = probe("open", "change", kind, "5f", canonical(**before), canonical(**after))
    assert_answer(run["change"], "ok", 200)
    assert sent(tenant.log()) == [("PATCH", "/Users/5f", 200)]
    assert json.loads(tenant.log()[0]["body"])["Operations"] == operations
    assert run["change"]["accounts"][0]["account"].get("entitlements") == after["entitlements"]


def test_the_first_workspaces_are_added(probe, tenant):
    tenant.add(userName="ann@corp.example", id="5f", externalId="E1", givenName="Ann", familyName="Ray")
    probe("open", "change", "update", "5f", canonical(), canonical(entitlements=[HR]))
    assert json.loads(tenant.log()[0]["body"])["Operations"] == [
        {"op": "add", "path": "entitlements", "value": [{"value": HR, "type": "WORKSPACE"}]}]
    assert tenant.users()[0]["workspaces"] == [HR]


def test_more_workspaces_than_the_tenant_takes(probe, tenant):
    many = [f"{number:032x}" for number in range(51)]
    run = probe("open", *create(entitlements=many))
    assert_answer(run["create"], "reject", 0, "at most 50")
    assert tenant.log() == []


def test_a_change_of_an_account_that_is_gone(probe):
    run = probe("open", "change", "deactivate", "5f", canonical(), canonical(active=False))
    assert_answer(run["change"], "reject", 404)


def test_many_at_once_stay_below_the_limit(probe, tenant):
    tenant.fault(fault="slow", ms=50, path="/Users", count=-1)
    run = probe("open", "creates", "30", "p", "counters", concurrency=5)
    assert [answer["httpStatus"] for answer in run.all("creates")] == [201] * 30
    assert 1 < tenant.stats()["mostInFlight"] <= 5
    assert run.lines[-1]["writes"] == 30


def test_a_canceled_call_is_answered(probe, tenant):
    tenant.fault(fault="never", path="/Users")
    started = time.monotonic()
    assert_answer(probe("open", "cancel", "5f", "close")["cancel"], "canceled", 0)
    assert time.monotonic() - started < 10


# ---- the agent before such a tenant ----


@pytest.fixture
def agent(tenant, tmp_path):
    """110 people from a file."""
    source = f"file://{tmp_path}/people.ldif"
    people = "".join(f"dn: uid=p{n},dc=corp,dc=example\nobjectClass: inetOrgPerson\nuid: p{n}\ncn: P\ngivenName: Ann\n"
                     f"sn: Ray\nmail: p{n}@corp.example\nentryUUID: 00000000-0000-4000-8000-{n:012}\n\n"
                     for n in range(110))
    (tmp_path / "people.ldif").write_text("version: 1\n\n" + people, encoding="utf-8")
    made = Agent(tmp_path / "agent",
                 f"""{{ name = "file"; kind = "ldif"; urls = [ "{source}" ];
                        users = {{ bases = [ "dc=corp,dc=example" ]; }}; }}""",
                 f"""url = "{tenant.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
                     allow_cleartext = true; requests_per_second = 0;""")
    made.environment["TENANT_KEY"] = SECRET
    return made


@pytest.mark.parametrize("fault", [{"fault": "unstable-order"}, {"fault": "short-pages", "size": 7}])
def test_reconcile_over_pages_of_any_order_and_size(agent, tenant, fault):
    assert agent.run("sync", "--json").expect(0).summary["create"] == 110
    tenant.edit(tenant.user("p70@corp.example")["id"], familyName="Drift")
    tenant.fault(**fault)
    since = tenant.sequence()
    result = agent.run("sync", "--kind", "reconcile", "--json").expect(0)
    assert (result.summary["update"], result.summary["create"], result.summary["orphan"]) == (1, 0, 0)
    assert [row["method"] for row in tenant.writes(since)] == ["PATCH"]
    # The listing itself was whole: nobody had to be looked up one by one.
    assert "lists fewer" not in result.err
    assert not [row for row in tenant.log(since) if row["method"] == "GET" and "/Users/" in row["path"]]


def test_adoption_over_pages_of_unstable_order_doubles_nobody(agent, tenant):
    strangers = [{"userName": f"p{n}@corp.example", "givenName": "Ann", "familyName": "Ray"} for n in range(110)]
    tenant.ask("POST", "/_users", strangers)
    tenant.fault(fault="unstable-order")
    agent.run("sync", "--json").expect(0)
    users = tenant.users()
    assert len(users) == 110 and all(user["externalId"] for user in users)
    assert not [row for row in tenant.writes() if row["method"] == "POST" and row["status"] == 201]
