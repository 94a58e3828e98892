#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Notifications end to end: slapd and the tenant simulator on the sides, a receiver on loopback.

Each event comes once, is tried again when the receiver is not there, says nothing about persons,
and a receiver that is dead or silent neither slows nor fails a sync.
"""
import base64
import http.server
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import slapd as directory_server  # noqa: E402
from agent import Agent, FINANCE  # noqa: E402
from slapd import GROUPS, PEOPLE, Slapd, free_port, group, person, skeleton  # noqa: E402
from receiver import TOKEN, Receiver  # noqa: E402
from simulator import Simulator, require  # noqa: E402

HOOK = "env:TEST_WEBHOOK"
ALL = '[ "hold", "failure", "recovered", "quarantine" ]'
LIMITS = "policy = { limits = { deactivations = { count = 2; percent = 0; }; }; };"
# What a notice may never hold: of persons, of the directory, of the configuration.
PRIVATE = ("example", "p0", "P0", "Given", "Sur", "uid=", "dc=", "secret-of-sync", "key-1", TOKEN, "Users/")


def dn(number):
    return f"uid=p{number:03d},{PEOPLE}"


def company():
    people = "".join(person(f"p{number:03d}", givenName=f"Given{number}", sn=f"Sur{number}")
                     for number in range(1, 31))
    return skeleton() + people + group("finance", [dn(1), dn(2)])


def notify(url=HOOK, on=ALL, more=""):
    return f'notify = {{ webhook = "{url}"; on = {on}; {more} }};\n'


class World:
    def __init__(self, server, simulator, receiver, agent):
        self.server, self.simulator, self.receiver, self.agent = server, simulator, receiver, agent
        self.removed = []

    def modify(self, number, text):
        self.server.modify(f"dn: {dn(number)}\nchangetype: modify\n{text}\n")

    def rename(self, number, surname):
        self.modify(number, f"replace: sn\nsn: {surname}")

    def configure(self, text, delta=""):
        self.agent.write(more=LIMITS + text + delta)

    def set_url(self, url):
        self.agent.environment["TEST_WEBHOOK"] = url


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    require(directory_server.missing())
    folder = tmp_path_factory.mktemp("notify")
    with Slapd(folder / "slapd", company()) as server, \
            Simulator(folder, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance") as simulator:
        directory = f"""{{ name = "corp"; urls = [ "{server.ldaps}" ]; tls = {{ ca_file = "{server.tls.ca}"; }};
            bind = {{ dn = "cn=sync,{directory_server.SERVICES}"; password = "env:DIRECTORY_PASSWORD"; }};
            users = {{ bases = [ "{PEOPLE}" ]; }}; }}"""
        tenant = f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
            allow_cleartext = true; requests_per_second = 0;"""
        workspaces = f'{{ id = "{FINANCE}"; name = "Finance"; group = "cn=finance,{GROUPS}"; }}'
        agent = Agent(folder / "agent", directory, tenant, workspaces)
        agent.run("sync").expect(0)
        yield server, simulator, agent


@pytest.fixture
def world(servers):
    server, simulator, agent = servers
    receiver = Receiver()
    world = World(server, simulator, receiver, agent)
    world.set_url(receiver.url)
    world.configure(notify())
    agent.environment["MAIL_PASSWORD"] = "secret-of-mail"
    agent.environment["TENANT_KEY"] = "key-1"
    yield world
    receiver.close()
    simulator.clear()
    agent.environment["TENANT_KEY"] = "key-1"
    # No row of failures is left for the next test.
    world.configure("")
    agent.run("sync").expect(0)


def expect_private(receiver):
    """Nothing of persons or secrets in any body, but the token where it belongs."""
    for _, path, headers, body, _ in receiver.got:
        assert path == f"/hook/{TOKEN}"
        assert headers["Content-Type"] == "application/json"
        assert headers["User-Agent"].startswith("scimward/")
        for word in PRIVATE:
            assert word not in body, f"{word} in {body}"


def test_a_quiet_sync_tells_nothing(world):
    world.agent.run("sync").expect(0)
    assert world.receiver.got == []


def test_quarantine_comes_once(world):
    world.simulator.fault(fault="400", count=3, method="PATCH")
    for number in (3, 4, 5):
        world.rename(number, f"Refused{number}")
    world.agent.run("sync").expect(4)
    notice = world.receiver.only("quarantine")
    assert notice["count"] == 3 and isinstance(notice["run"], int)
    assert "3 more users" in notice["summary"]
    world.agent.run("sync").expect(0)
    assert len(world.receiver.got) == 1
    expect_private(world.receiver)
    for number in (3, 4, 5):
        world.rename(number, f"Sur{number}")
    world.agent.run("sync").expect(0)


def test_failure_and_recovery_come_once_across_runs(world):
    world.rename(6, "Late")
    world.agent.environment["TENANT_KEY"] = "no-such-key"
    for _ in range(3):
        failed = world.agent.run("sync").expect(69)
        assert TOKEN not in failed.err + failed.out
    notice = world.receiver.only("failure")
    assert notice["error"] == "the tenant cannot be used"
    assert notice["failures"] == 1 and notice["retryAt"] is None
    world.agent.environment["TENANT_KEY"] = "key-1"
    world.agent.run("sync").expect(0)
    world.agent.run("sync").expect(0)
    assert world.receiver.events() == ["failure", "recovered"]
    assert world.receiver.bodies()[1]["failures"] == 3
    expect_private(world.receiver)


def test_a_dead_directory_is_a_failure_too(world):
    world.agent.environment["DIRECTORY_PASSWORD"] = "hunter-two"
    world.agent.run("sync").expect(69)
    world.agent.environment["DIRECTORY_PASSWORD"] = "secret-of-sync"
    world.agent.run("sync").expect(0)
    assert world.receiver.events() == ["failure", "recovered"]
    assert world.receiver.bodies()[0]["error"] == "the directory cannot be used"
    expect_private(world.receiver)


def test_a_dry_run_and_one_person_tell_nothing(world):
    world.rename(7, "Dry")
    world.agent.environment["TENANT_KEY"] = "no-such-key"
    world.agent.run("sync", "--dry-run", "--kind", "reconcile").expect(69)
    world.agent.run("sync", "--user", "p007@example.com").expect(69)
    assert world.receiver.got == []
    world.agent.environment["TENANT_KEY"] = "key-1"
    world.agent.run("sync").expect(0)
    assert world.receiver.got == []


def test_only_what_is_wanted_is_told(world):
    world.configure(notify(on='[ "recovered" ]'))
    world.rename(8, "Late")
    world.agent.environment["TENANT_KEY"] = "no-such-key"
    world.agent.run("sync").expect(69)
    assert world.receiver.got == []
    world.agent.environment["TENANT_KEY"] = "key-1"
    world.agent.run("sync").expect(0)
    assert world.receiver.events() == ["recovered"]


def fail_once(world, number):
    """A failed cycle and a good one: two notices."""
    world.rename(number, f"Late{time.monotonic_ns()}")
    world.agent.environment["TENANT_KEY"] = "no-such-key"
    start = time.monotonic()
    failed = world.agent.run("sync").expect(69)
    took = time.monotonic() - start
    world.agent.environment["TENANT_KEY"] = "key-1"
    good = world.agent.run("sync").expect(0)
    for text in (failed.err, failed.out, good.err, good.out):
        assert TOKEN not in text and "/hook/" not in text
    return took, failed


def test_a_one_shot_sync_tries_again_for_a_moment(world):
    world.receiver.answers = [(503, {}, 0)]
    fail_once(world, 9)
    assert [status for *_, status in world.receiver.got] == [503, 204, 204]
    first, second = world.receiver.got[0], world.receiver.got[1]
    assert first[3] == second[3] and json.loads(first[3])["id"]
    assert 0.4 < second[0] - first[0] < 3


def test_what_is_refused_is_not_tried_again(world):
    world.receiver.answers = [(404, {}, 0), (302, {"Location": world.receiver.url}, 0)]
    _, failed = fail_once(world, 9)
    assert [status for *_, status in world.receiver.got] == [404, 302]
    assert "the failure notice could not be given to notify.webhook: the answer is HTTP 404" in failed.err


def test_a_dead_receiver_neither_slows_nor_fails(world):
    world.set_url(f"http://127.0.0.1:{free_port()}/hook/{TOKEN}")
    took, failed = fail_once(world, 9)
    assert took < 15  # the sanitizers' share included
    assert "could not be given to notify.webhook" in failed.err


def test_a_silent_receiver_costs_five_seconds_at_the_end(world):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        world.set_url(f"http://127.0.0.1:{silent.getsockname()[1]}/hook/{TOKEN}")
        world.agent.environment["TENANT_KEY"] = "no-such-key"
        world.rename(9, "Silent")
        start = time.monotonic()
        failed = world.agent.run("sync").expect(69)
        assert 4.5 < time.monotonic() - start < 15
        assert "there was no more time" in failed.err
    world.set_url(world.receiver.url)
    world.agent.environment["TENANT_KEY"] = "key-1"
    world.agent.run("sync").expect(0)


def test_cleartext_to_elsewhere_is_refused_also_in_a_secret(world):
    world.set_url(f"http://hook.example/{TOKEN}")
    _, failed = fail_once(world, 9)
    assert "http:// is for this host only" in failed.err
    assert world.receiver.got == []
    world.configure(notify(f"http://hook.example/{TOKEN}"))
    wrong = world.agent.run("check", "--offline").expect(78)
    assert TOKEN not in wrong.err + wrong.out


def test_a_plain_url_does_too_and_is_in_no_log(world):
    world.configure(notify(world.receiver.url) + 'log = { level = "debug"; };')
    fail_once(world, 9)
    assert world.receiver.events() == ["failure", "recovered"]


def test_the_state_and_the_reports_do_not_hold_the_token(world):
    fail_once(world, 10)
    for path in (world.agent.state, world.agent.state + "-wal"):
        if os.path.exists(path):
            with open(path, "rb") as file:
                assert TOKEN.encode() not in file.read()
    assert TOKEN not in world.agent.run("status", "--json").out


def test_tls_is_verified(world, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*world.server.tls.sign("hook", "localhost", directory_server.LOCALHOST))
    world.receiver.server.socket = context.wrap_socket(world.receiver.server.socket, server_side=True)
    world.set_url(world.receiver.url.replace("http://", "https://"))
    _, failed = fail_once(world, 9)
    assert world.receiver.got == [] and "certificate" in failed.err
    world.configure(notify(more=f'tls = {{ ca_file = "{world.server.tls.ca}"; }};'))
    fail_once(world, 9)
    assert world.receiver.events() == ["failure", "recovered"]
    expect_private(world.receiver)


def test_the_service_tells_and_goes_on(world):
    """Hold, failure and recovery once each; a reload changes the address; a dead one is tried again."""
    world.configure(notify(), 'schedule = { delta = "1s"; };log = { level = "debug"; };')
    receiver = world.receiver
    with world.agent.service() as service:
        service.wait_for(lambda: "Idle" in service.log or "nothing to do" in service.log)
        world.server.modify("\n".join(f"dn: {dn(number)}\nchangetype: delete\n" for number in (21, 22, 23)))
        service.wait_for(lambda: receiver.events() == ["hold"])
        notice = receiver.bodies()[0]
        assert (notice["class"], notice["count"], notice["limit"]) == ("deactivations", 3, 2)
        held = world.agent.run("holds", "--json").expect(0).json
        assert notice["hold"] == held[0]["hold"]

        receiver.answers = [(503, {"Retry-After": "9"}, 0)]
        world.simulator.fault(fault="403", count=-1, path="/Users")
        world.rename(11, "Late")
        service.wait_for(lambda: len(receiver.got) == 2)
        world.simulator.clear()
        before = world.simulator.sequence()
        # The receiver's back-off is its own: the sync goes on meanwhile.
        service.wait_for(lambda: world.simulator.user("p011@example.com")["familyName"] == "Late")
        assert world.simulator.writes(before) and len(receiver.got) == 2
        service.wait_for(lambda: receiver.events() == ["hold", "failure", "recovered"])
        waited = receiver.got[2][0] - receiver.got[1][0]
        assert waited >= 9
        assert receiver.bodies()[1]["retryAt"] is not None
        assert receiver.got[1][3] == receiver.got[2][3]

        other = Receiver()
        world.configure(notify(other.url), 'schedule = { delta = "1s"; };log = { level = "debug"; };')
        service.send(signal.SIGHUP)
        service.wait_for(lambda: "was read again" in service.log)
        world.rename(13, "After")
        service.wait_for(lambda: world.simulator.user("p013@example.com")["familyName"] == "After")
        world.simulator.fault(fault="400", count=1, method="PATCH")
        world.rename(12, "Refused")
        service.wait_for(lambda: other.events() == ["quarantine"])
    other.close()
    assert receiver.events() == ["hold", "failure", "recovered"]
    expect_private(receiver)
    expect_private(other)
    assert TOKEN not in service.log and "/hook/" not in service.log
    world.agent.run("approve", str(notice["hold"])).expect(0)
    world.configure(notify())
    world.agent.run("sync").expect(0)


def test_a_service_that_ends_delivers_first(world):
    """The receiver is not there when the event comes, and back when the service is asked to end."""
    port = free_port()
    world.set_url(f"http://127.0.0.1:{port}/hook/{TOKEN}")
    world.configure(notify(), 'schedule = { delta = "1s"; };log = { level = "debug"; };')
    world.simulator.fault(fault="403", count=-1, path="/Users")
    world.rename(14, "Late")
    with world.agent.service() as service:
        service.wait_for(lambda: "notify: webhook: " in service.log)
        assert "retrying in" in service.log
        late = http.server.ThreadingHTTPServer(("127.0.0.1", port), world.receiver.server.RequestHandlerClass)
        threading.Thread(target=late.serve_forever, daemon=True).start()
        assert world.receiver.got == []
    late.shutdown()
    late.server_close()
    assert world.receiver.events() == ["failure"]
    world.simulator.clear()
    world.set_url(world.receiver.url)
    world.agent.run("sync").expect(0)
    assert world.receiver.events() == ["failure", "recovered"]


def test_a_service_with_a_silent_receiver_ends_within_seconds(world):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        world.set_url(f"http://127.0.0.1:{silent.getsockname()[1]}/hook/{TOKEN}")
        world.configure(notify(), 'schedule = { delta = "1s"; };')
        world.simulator.fault(fault="403", count=-1, path="/Users")
        world.rename(15, "Late")
        with world.agent.service() as service:
            silent.accept()
            start = time.monotonic()
            service.send(signal.SIGTERM)
            service.process.wait(20)
            assert time.monotonic() - start < 12
        assert "there was no more time" in service.log and TOKEN not in service.log


class MailServer:
    """A mail server that keeps what it gets; `replies` has other replies than the usual by verb."""

    def __init__(self, context=None, replies=None):
        self.mails = []  # (from, recipients, text, login)
        self.replies = replies or {}
        self.hung_at = None
        self.socket = socket.create_server(("127.0.0.1", 0))
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except ValueError:
                return
            except OSError:
                if self.socket.fileno() < 0:
                    return
                continue
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        sender, recipients, login = None, [], None
        file = connection.makefile("rwb")

        def say(text):
            file.write(text.encode() + b"\r\n")
            file.flush()

        say("220 test")
        for line in file:
            verb = line.split()[0].decode().upper()
            reply = self.replies.get(verb, "250 fine")
            if verb == "QUIT":
                if reply is None:
                    time.sleep(30)
                return
            if verb == "EHLO":
                say("250-test\r\n250 AUTH PLAIN")
                continue
            if verb == "AUTH":
                say("334 ")
                login = base64.b64decode(file.readline()).split(b"\0")[1:]
                reply = self.replies.get(verb, "235 welcome")
            if verb == "MAIL":
                sender = line.decode().strip()
            if verb == "RCPT":
                recipients.append(line.decode().strip())
                reply = self.replies.get(line.decode().strip(), reply)
            if verb == "DATA":
                say("354 go on")
                text = b"".join(iter(file.readline, b".\r\n")).decode()
                self.hung_at = time.monotonic()
                if reply is None:
                    time.sleep(30)
                self.mails.append((sender, recipients, text, login))
            say(reply)

    def close(self):
        self.socket.close()


def mail_text(url, more=""):
    return f"""notify = {{ on = {ALL}; {more} mail = {{ url = "{url}"; from = "agent@corp.test";
        to = [ "iam@corp.test", "soc@corp.test" ]; user = "mailer"; password = "env:MAIL_PASSWORD"; }}; }};"""


def test_mail_goes_over_tls_with_a_login(world):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*world.server.tls.sign("mail", "localhost", directory_server.LOCALHOST))
    server = MailServer(context)
    world.agent.environment["MAIL_PASSWORD"] = "hunter-two"
    world.configure(mail_text(f"smtps://127.0.0.1:{server.port}"))
    _, failed = fail_once(world, 16)
    assert server.mails == [] and "could not be given to notify.mail" in failed.err
    world.configure(mail_text(f"smtps://127.0.0.1:{server.port}", f'tls = {{ ca_file = "{world.server.tls.ca}"; }};'))
    _, failed = fail_once(world, 16)
    assert "hunter-two" not in failed.err
    assert [mail[3] for mail in server.mails] == [[b"mailer", b"hunter-two"]] * 2
    sender, recipients, text, _ = server.mails[0]
    assert "agent@corp.test" in sender
    assert [name.split("<")[1] for name in recipients] == ["iam@corp.test>", "soc@corp.test>"]
    assert "Subject: [scimward] Users are not in step: the tenant cannot be used (1 in a row)\r\n" in text
    assert json.loads(text.split("\r\n\r\n")[2])["event"] == "failure"
    assert "Recovered after 1 failed cycle" in server.mails[1][2]
    for word in PRIVATE:
        assert word not in text
    server.close()


def test_one_refused_recipient_takes_nothing_from_the_other(world):
    server = MailServer(replies={"RCPT TO:<iam@corp.test>": "550 nobody"})
    world.configure(mail_text(f"smtp://127.0.0.1:{server.port}"))
    _, failed = fail_once(world, 16)
    assert len(server.mails) == 2 and "could not" not in failed.err
    server.close()


def test_refused_mail_is_not_tried_again_and_its_words_are_not_repeated(world):
    server = MailServer(replies={"MAIL": "550 go away, agent@corp.test"})
    world.configure(mail_text(f"smtp://127.0.0.1:{server.port}"))
    _, failed = fail_once(world, 16)
    assert "the failure notice could not be given to notify.mail: the mail server's reply is 550" in failed.err
    assert "go away" not in failed.err
    server.close()


@pytest.mark.parametrize("replies", [{"QUIT": None}, {"QUIT": None, "MAIL": "450 later"}])
def test_a_mail_server_that_does_not_say_good_bye_holds_nobody_up(world, replies):
    server = MailServer(replies=replies)
    world.configure(mail_text(f"smtp://127.0.0.1:{server.port}"))
    took, failed = fail_once(world, 16)
    assert took < 8 and "no more time" not in failed.err
    assert len(server.mails) == (0 if "MAIL" in replies else 2)
    server.close()


def test_a_mail_server_that_hangs_does_not_stop_the_service(world):
    server = MailServer(replies={"DATA": None})
    world.configure(mail_text(f"smtp://127.0.0.1:{server.port}"), 'schedule = { delta = "1s"; };')
    world.simulator.fault(fault="403", count=-1, path="/Users")
    world.rename(17, "Late")
    with world.agent.service() as service:
        service.wait_for(lambda: server.hung_at is not None)
        world.simulator.clear()
        service.wait_for(lambda: world.simulator.user("p017@example.com")["familyName"] == "Late")
        assert time.monotonic() - server.hung_at < 12
        service.send(signal.SIGTERM)
        start = time.monotonic()
        service.process.wait(20)
        assert time.monotonic() - start < 10
    assert "there was no more time" in service.log
    server.close()


def test_mail_to_elsewhere_needs_tls(world):
    """The server offers no STARTTLS; as this host is named otherwise, nothing is said in the clear."""
    server = MailServer()
    name = socket.gethostname()
    try:
        if not socket.gethostbyname(name).startswith("127."):
            pytest.skip("this host's name leads elsewhere than to loopback")
    except OSError:
        pytest.skip("this host's name cannot be resolved")
    world.configure(mail_text(f"smtp://{name}:{server.port}"))
    fail_once(world, 16)
    assert server.mails == []
    server.close()


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
