#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Secrets are never printed, logged or stored: every command, in success and in all kinds of failure, at the
noisiest log level; then every output and every file that the program left is searched for every secret.

Peers here are as careless as peers are: they repeat the credential in their error messages.
"""
import base64
import http.server
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.parse

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agent import Agent  # noqa: E402
from ldap_stub import Result, Stub  # noqa: E402
from simulator import Simulator, require, missing  # noqa: E402

DIRECTORY_PASSWORD = "dirpw-Vq7xK2mN9"
API_KEY = "apikey-Lw3zR8tY5"
BASIC_PASSWORD = "basicpw-Hb6uJ4cF1"
REFRESH_TOKEN = "v1.refresh-Qz5/tW+8=kM3"
USER = "admin@corp.example"
WRONG = "wrong-Xe9oP2sD7"
QUICK = 'requests_per_second = 0; timeout = "2s"; allow_cleartext = true;'
LOUD = ('log = { level = "debug"; format = "json"; };', 'log = { level = "debug"; format = "text"; };')


class Tap:
    """A relay to the simulator that learns the tokens which pass through it."""

    def __init__(self, port):
        self.target, self.tokens, self.user_codes = port, set(), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.relay, args=pair, daemon=True).start()

    def relay(self, source, sink):
        try:
            while data := source.recv(65536):
                self.tokens.update(re.findall(r'"(?:tokenValue|access_token|refresh_token|device_code)"\s*:\s*"([^"]+)"',
                                              data.decode("utf-8", "replace")))
                self.user_codes += re.findall(r'"user_code"\s*:\s*"([^"]+)"', data.decode("utf-8", "replace"))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class Parrot(http.server.BaseHTTPRequestHandler):
    """A gateway that repeats the request's headers and body in its error, in a few forms."""

    protocol_version = "HTTP/1.1"
    status = 400

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        said = f"{self.headers.get('Authorization')} {body}"
        plain = said.split(" ")[-2] if " " in said else said
        try:
            said += " " + base64.b64decode(plain).decode()
        except (ValueError, UnicodeDecodeError):
            pass
        text = json.dumps({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": said,
                           "status": str(self.status), "statusMessage": said, "error": "invalid_grant " + said,
                           "error_description": said}).encode()
        self.send_response(self.status, said.replace("\n", " "))
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = answer

    def log_message(self, *_):
        pass


def forms(secret):
    """A secret as it is, and as others may write it."""
    shown = {secret, urllib.parse.quote(secret, safe=""), secret.encode().hex(), secret.encode().hex().upper()}
    for text in (secret, f"{USER}:{secret}", f":{secret}"):
        shown.add(base64.b64encode(text.encode()).decode().rstrip("="))
    return {form.encode() for form in shown}


class Watch:
    """An agent whose every word is kept, and searched in the end."""

    def __init__(self, folder, directory, tenant):
        self.agent = Agent(folder / "agent", directory, tenant, "", "")
        self.said = []
        for name, value in (("directory", DIRECTORY_PASSWORD), ("key", API_KEY), ("basic", BASIC_PASSWORD),
                            ("wrong", WRONG), ("refresh-token", REFRESH_TOKEN)):
            path = self.secret(name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(value + "\n")
            os.chmod(path, 0o600)

    def secret(self, name):
        os.makedirs(self.agent.path("secrets"), exist_ok=True)
        return self.agent.path(os.path.join("secrets", name))

    def run(self, *arguments):
        result = self.agent.run(*arguments)
        self.said.append((arguments, (result.out + result.err).encode()))
        return result

    def run_all(self):
        """Every command, at every log format. @return their codes"""
        codes = set()
        for log in LOUD:
            self.agent.write(more=log)
            for arguments in (("check", "--offline"), ("check",), ("--dry-run",),
                              ("sync", "--dry-run", "--json", "--out", self.agent.path("plan.json")), ("sync",),
                              ("sync", "--kind", "reconcile", "--json"), ("explain", "p1@corp.example"),
                              ("status", "--json"), ("status",)):
                codes.add(self.run(*arguments).code)
        return codes

    def expect_silence(self, *secrets):
        wanted = set().union(*(forms(secret) for secret in secrets))
        for arguments, text in self.said:
            for form in wanted:
                assert form not in text, f"{form.decode()} is said by {arguments}:\n{text.decode()}"
        for folder, _, names in os.walk(self.agent.folder):
            for name in names:
                if os.path.basename(folder) == "secrets":
                    continue
                with open(os.path.join(folder, name), "rb") as file:
                    text = file.read()
                for form in wanted:
                    assert form not in text, f"{form.decode()} is in {name}"


def answer(request):
    """A directory of five people."""
    base = "ou=people,dc=example,dc=com"
    return [(f"uid=p{number},{base}", {"entryUUID": [f"b0000000-0000-0000-0000-00000000000{number}"],
                                       "mail": [f"p{number}@corp.example"], "givenName": ["G"], "sn": ["S"]})
            for number in range(1, 6)], Result(cookie=b"")


def bind(parts):
    """Takes the right password; repeats a wrong one, as no server should."""
    password = parts[2][1].decode()
    return (0, "") if password == DIRECTORY_PASSWORD else (49, f"80090308: the password {password} is wrong")


def ldap_text(url, password):
    return f"""{{ name = "corp"; urls = [ "{url}" ]; allow_cleartext = true;
        bind = {{ dn = "cn=agent,dc=example,dc=com"; password = "file:{password}"; }};
        users = {{ bases = [ "ou=people,dc=example,dc=com" ]; }}; }}"""


def key_text(url, key):
    return f'url = "{url}"; auth = {{ method = "api-key"; key = "file:{key}"; }}; {QUICK}'


def basic_text(url, auth, password):
    return f"""url = "{url}"; auth = {{ method = "basic"; url = "{auth}"; user = "{USER}";
        password = "file:{password}"; }}; {QUICK}"""


def oauth_text(url, host, file, profile="anaplan"):
    return f"""profile = "{profile}"; url = "{url}"; auth = {{ method = "oauth-device"; url = "{host}";
        client_id = "rotating"; refresh_token_file = "{file}"; }}; {QUICK}"""


@pytest.fixture(name="peers")
def make_peers(tmp_path):
    require(missing())
    with Stub(answer, bind=bind) as stub, \
            Simulator(tmp_path, "--api-key", API_KEY, "--user", f"{USER}:{BASIC_PASSWORD}", "--oauth-client",
                      "rotating", "--device-interval", "1", "--refresh-token", "rotating:" + REFRESH_TOKEN,
                      "--refresh-grace", "60") as simulator, \
            Tap(simulator.port) as tap:
        watch = Watch(tmp_path, "", "")
        watch.agent.write(directory=ldap_text(stub.url, watch.secret("directory")))
        yield stub, simulator, tap, watch


def test_with_an_api_key(peers):
    _, simulator, _, watch = peers
    watch.agent.write(tenant=key_text(simulator.url, watch.secret("key")))
    assert watch.run_all() == {0}
    watch.expect_silence(DIRECTORY_PASSWORD, API_KEY)


def test_with_a_password_and_tokens(peers):
    _, _, tap, watch = peers
    root = f"http://127.0.0.1:{tap.port}"
    watch.agent.write(tenant=basic_text(root + "/scim/1/0/v2", root, watch.secret("basic")))
    assert watch.run_all() == {0}
    assert len(tap.tokens) >= 2, "the tap learnt no token"
    watch.expect_silence(DIRECTORY_PASSWORD, BASIC_PASSWORD, *tap.tokens)


def test_with_oauth(peers):
    _, simulator, tap, watch = peers
    root = f"http://127.0.0.1:{tap.port}"
    watch.agent.write(tenant=oauth_text(root + "/scim/1/0/v2", root, watch.secret("refresh-token")))
    assert watch.run_all() == {0}
    for fault in ("lost", "cut", "503", "not-json", "invalid_client", "invalid_grant"):
        simulator.fault(fault=fault, path="/oauth/token")
        watch.run("sync", "--kind", "reconcile")
    assert len(tap.tokens) >= 10, "the tap learnt no token"
    watch.expect_silence(DIRECTORY_PASSWORD, REFRESH_TOKEN, *tap.tokens)


def allow_first_code(tap, simulator):
    """Waits until a login asks, and lets it in."""
    while True:
        codes = [row for row in simulator.log() if row["path"] == "/oauth/device/code"]
        if codes and tap.user_codes:
            break
        time.sleep(0.05)
    simulator.ask("POST", "/_device", {"userCode": tap.user_codes[0], "user": USER, "allow": True})


def test_a_login(peers):
    _, simulator, tap, watch = peers
    root = f"http://127.0.0.1:{tap.port}"
    watch.agent.write(tenant=oauth_text(root + "/scim/1/0/v2", root, watch.secret("refresh-token")), more=LOUD[0])
    person = threading.Thread(target=allow_first_code, args=(tap, simulator), daemon=True)
    person.start()
    watch.run("login", "--json").expect(0)
    assert len(tap.tokens) == 3
    watch.expect_silence(REFRESH_TOKEN, *tap.tokens)


def test_a_wrong_password_that_the_directory_repeats(peers):
    stub, simulator, _, watch = peers
    watch.agent.write(directory=ldap_text(stub.url, watch.secret("wrong")),
                      tenant=key_text(simulator.url, watch.secret("key")))
    assert 69 in watch.run_all()
    watch.expect_silence(WRONG, API_KEY)


def test_a_wrong_password_that_is_a_word_of_ours(peers, tmp_path):
    """Hidden in the program's own words it could be read off them."""
    stub, simulator, _, watch = peers
    (tmp_path / "word").write_text("wrong", encoding="ascii")
    (tmp_path / "word").chmod(0o600)
    watch.agent.write(directory=ldap_text(stub.url, tmp_path / "word"), tenant=key_text(simulator.url, watch.secret("key")))
    said = watch.agent.run("check").out
    assert "wrong bind DN or password (49)" in said and "the password [secret] is [secret]" in said, said


def test_a_wrong_key(peers):
    _, simulator, _, watch = peers
    watch.agent.write(tenant=key_text(simulator.url, watch.secret("wrong")))
    assert 69 in watch.run_all()
    watch.expect_silence(DIRECTORY_PASSWORD, WRONG)


def test_a_wrong_tenant_password(peers):
    _, simulator, _, watch = peers
    watch.agent.write(tenant=basic_text(simulator.url, simulator.root, watch.secret("wrong")))
    assert 69 in watch.run_all()
    watch.expect_silence(DIRECTORY_PASSWORD, WRONG)


def test_failures_in_mid_run(peers):
    _, simulator, tap, watch = peers
    root = f"http://127.0.0.1:{tap.port}"
    watch.agent.write(tenant=basic_text(root + "/scim/1/0/v2", root, watch.secret("basic")), more=LOUD[0])
    for fault in ("expire-tokens", "reset", "cut", "not-json", "403", "401"):
        simulator.fault(fault=fault, method="POST", path="/Users", count=2)
        watch.run("sync")
        simulator.clear()
    watch.expect_silence(DIRECTORY_PASSWORD, BASIC_PASSWORD, *tap.tokens)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
@pytest.mark.parametrize("method", ["api-key", "basic", "oauth", "oauth-generic"])
def test_a_gateway_that_repeats_what_it_was_sent(peers, status, method):
    _, _, _, watch = peers
    handler = type("Handler", (Parrot,), {"status": status})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        tenant = {"api-key": key_text(url + "/scim", watch.secret("key")),
                  "basic": basic_text(url + "/scim", url, watch.secret("basic")),
                  "oauth": oauth_text(url + "/scim", url, watch.secret("refresh-token")),
                  "oauth-generic": oauth_text(url + "/scim", url, watch.secret("refresh-token"), "generic")}[method]
        watch.agent.write(tenant=tenant, more=LOUD[0])
        for arguments in (("check",), ("sync",), ("sync", "--dry-run", "--json")):
            watch.run(*arguments)
        server.shutdown()
    watch.expect_silence(API_KEY, BASIC_PASSWORD, DIRECTORY_PASSWORD, REFRESH_TOKEN)


def test_literals_and_open_files_are_refused_unseen(peers):
    _, simulator, _, watch = peers
    key = watch.secret("key")
    watch.agent.write(tenant=key_text(simulator.url, key).replace("file:" + key, API_KEY))
    assert "credential:" in watch.run("check", "--offline").expect(78).err
    watch.agent.write(tenant=key_text(simulator.url, key))
    os.chmod(key, 0o644)
    assert "others can read" in watch.run("sync").expect(69).err
    os.unlink(watch.agent.config)  # which had the literal in it
    watch.expect_silence(API_KEY)


def mapped_files(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        return {line.split(None, 5)[5].strip() for line in maps if "/" in line and " rw-s " in line}


def test_as_a_service(peers):
    _, _, tap, watch = peers
    root = f"http://127.0.0.1:{tap.port}"
    watch.agent.write(tenant=basic_text(root + "/scim/1/0/v2", root, watch.secret("basic")),
                      more=LOUD[0] + ' schedule = { delta = "1s"; };')
    with watch.agent.service() as service:
        service.wait_for(lambda: '"run 1:' in service.log or "run 1:" in service.log)
        service.send(signal.SIGHUP)
        service.wait_for(lambda: "read again" in service.log)
        pid = service.process.pid
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            watch.said.append(("its command line", file.read()))
        with open(f"/proc/{pid}/environ", "rb") as file:
            watch.said.append(("its environment", file.read()))
        with open(f"/proc/{pid}/limits", encoding="utf-8") as file:
            assert re.search(r"Max core file size +0 +0 ", file.read())
        for path in mapped_files(pid):
            with open(path, "rb") as file:
                watch.said.append((path, file.read()))
        watch.expect_silence(DIRECTORY_PASSWORD, BASIC_PASSWORD, *tap.tokens)
    watch.expect_silence(DIRECTORY_PASSWORD, BASIC_PASSWORD, *tap.tokens)


def test_a_crash_leaves_no_core(peers):
    _, simulator, _, watch = peers
    watch.agent.write(tenant=key_text(simulator.url, watch.secret("key")), more=LOUD[0])
    service = watch.agent.service()
    service.wait_for(lambda: "run 1:" in service.log)
    service.send(signal.SIGABRT)
    assert service.process.wait(30) == -signal.SIGABRT
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
        pattern = file.read().strip()
    if not pattern.startswith("|"):
        folder = os.path.dirname(pattern) or os.getcwd()
        assert not [name for name in os.listdir(folder) if name.endswith(str(service.process.pid))]
    watch.expect_silence(DIRECTORY_PASSWORD, API_KEY)


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
