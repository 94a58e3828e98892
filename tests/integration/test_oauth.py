#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""oauth-device: a person logs in, the agent goes on by itself, and no death, lost answer or second process costs
more than it must.  The simulator is strict: a refresh token that comes a second time ends the login.
"""
import json
import os
import random
import re
import signal
import stat
import subprocess
import sys
import threading
import time

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import company as companies  # noqa: E402
from agent import Agent, find_binary  # noqa: E402
from company import Company, directory_text  # noqa: E402
from simulator import Simulator  # noqa: E402

ROBOT = "robot@corp.example"
TOKEN_PATH = "/oauth/token"
SEED = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)


class Login:
    """`scimward login` in the background, and the person at the browser."""

    def __init__(self, world, *options):
        self.world = world
        self.process = subprocess.Popen([find_binary(), "-c", world.agent.config, "login", *options],
                                        env=world.agent.environment, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.prompt = ""
        while "Ctrl-C" not in self.prompt:
            line = self.process.stderr.readline()
            assert line, f"no prompt:\n{self.prompt}"
            self.prompt += line
        self.code = re.search(r"^ {4}([A-Z]{4}-[A-Z]{4})$", self.prompt, re.M).group(1)

    def decide(self, allow=True, user=ROBOT):
        self.world.simulator.ask("POST", "/_device", {"userCode": self.code, "user": user, "allow": allow})

    def end(self, code):
        """@return what it said"""
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == code, out + err
        return out, err


class World:
    def __init__(self, folder, *options, client="rotating", profile="anaplan"):
        names = f"{companies.FINANCE}=Finance Planning,{companies.HR}=HR"
        self.simulator = Simulator(folder, "--workspaces", names, "--user", ROBOT + ":pw", "--oauth-client", "rotating",
                                   "--oauth-client", "steady:norotate", "--device-interval", "1", *options)
        self.company = Company(4)
        self.people = str(folder / "people.ldif")
        self.company.write(self.people)
        self.keep = folder / "var"
        self.keep.mkdir(mode=0o700)
        self.token_file = str(self.keep / "refresh-token")
        self.agent = Agent(folder / "agent", directory_text(self.people), f"""profile = "{profile}";
            url = "{self.simulator.url}"; allow_cleartext = true; requests_per_second = 0; timeout = "10s";
            auth = {{ method = "oauth-device"; client_id = "{client}"; refresh_token_file = "{self.token_file}";
                      url = "{self.simulator.root}"; }};""",
                           companies.WORKSPACES, f"policy = {{ {companies.NO_LIMITS} }};")

    @property
    def token(self):
        with open(self.token_file, encoding="ascii") as file:
            return file.read()

    def log_in(self):
        login = Login(self)
        login.decide()
        login.end(0)
        return self.token

    def exchanges(self, since=0):
        return [row for row in self.simulator.log(since) if row["path"] == TOKEN_PATH and
                "refresh_token" in row["body"]]

    def sync(self, code=0, *options):
        result = self.agent.run("sync", "--quiet", *options)
        assert result.code == code, f"exit {result.code}, not {code}\n{result.out}\n{result.err}"
        return result


@pytest.fixture(name="start")
def make_start(tmp_path):
    worlds = []

    def start(*options, **more):
        worlds.append(World(tmp_path, *options, **more))
        return worlds[-1]

    yield start
    for world in worlds:
        with world.simulator:
            pass
        assert set(os.listdir(world.keep)) <= {"refresh-token", "refresh-token.lock"}


def wait_until(happens, seconds=20):
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


# --- a person logs in ---------------------------------------------------------------------------


def test_a_first_configuration_and_its_login(start, tmp_path):
    """init cannot look at the tenant before somebody has logged in, and finds out more afterwards."""
    world = start()
    path = tmp_path / "first.conf"
    token_file = world.keep / "refresh-token"
    arguments = ["--out", str(path), "--directory", "file://" + world.people, "--tenant", world.simulator.url,
                 "--allow-cleartext", "--auth", "oauth-device", "--auth-url", world.simulator.root, "--client-id", "rotating",
                 "--refresh-token-file", str(token_file), "--yes"]
    done = world.agent.run("init", *arguments).expect(0)
    assert "Not verified: the tenant" in done.out and f"-c {path} login, then check" in done.out
    text = path.read_text(encoding="utf-8")
    assert "nobody has logged in yet" in text and f"# 1. scimward -c {path} login" in text
    assert companies.FINANCE not in text
    world.agent.config = str(path)
    world.log_in()
    done = world.agent.run("init", *arguments, "--force").expect(0)
    assert "Not verified" not in done.out
    assert companies.FINANCE in path.read_text(encoding="utf-8")
    world.agent.run("check").expect(0)


def test_from_a_login_to_a_sync(start):
    world = start()
    assert "is not there yet; log in with \"scimward login\"" in world.sync(69).err
    login = Login(world, "--json")
    assert "https://iam.example/activate?user_code=" + login.code in login.prompt
    assert not os.path.exists(world.token_file)
    login.decide()
    out, err = login.end(0)
    assert json.loads(out) == {"loggedIn": True, "refreshTokenFile": world.token_file}
    first = world.token
    assert re.fullmatch(r"[!-~]{20,}\n", first) and first.strip() not in out + err + login.prompt
    assert stat.S_IMODE(os.stat(world.token_file).st_mode) == 0o600
    world.sync()
    world.company.expect_in_step(world.simulator, world.agent)
    second = world.token
    assert second != first
    body = json.loads(world.exchanges()[0]["body"])
    assert body == {"grant_type": "refresh_token", "client_id": "rotating", "refresh_token": first.strip()}
    # A dry run reads, and so it may exchange; the state it leaves alone.
    with open(world.agent.state, "rb") as file:
        before = file.read()
    world.sync(0, "--dry-run", "--kind", "reconcile")
    assert world.token != second
    with open(world.agent.state, "rb") as file:
        assert file.read() == before
    # As the last step: a quiet sync does not even ask for a token.
    sequence = world.simulator.sequence()
    world.sync()
    assert world.simulator.log(sequence) == []
    check = world.agent.run("check").expect(0)
    assert "refresh-token: " + world.token_file in check.out and "name its owner in policy.protect" in check.out


def test_a_client_whose_token_stays(start):
    world = start(client="steady")
    token = world.log_in()
    world.sync()
    world.sync(0, "--kind", "reconcile")
    assert world.token == token
    world.simulator.fault(fault="lost", path=TOKEN_PATH)
    world.sync(0, "--kind", "reconcile")
    assert len(world.exchanges()) == 4


def test_other_tenants_get_forms(start):
    world = start(profile="generic")
    world.log_in()
    world.sync()
    device = [row for row in world.simulator.log() if row["path"] == "/oauth/device/code"]
    assert device[0]["body"] == "client_id=rotating&scope=openid%20profile%20email%20offline_access"
    assert world.exchanges()[0]["body"].startswith("grant_type=refresh_token&client_id=rotating&refresh_token=")


def test_logins_that_fail(start):
    world = start("--device-lifetime", "5")
    login = Login(world)
    login.decide(allow=False)
    assert "(access_denied: The user refused); somebody refused it" in login.end(69)[1]
    assert "nobody confirmed in time" in Login(world).end(69)[1]
    login = Login(world)
    world.simulator.fault(fault="expired_token", path=TOKEN_PATH)
    assert "(expired_token); nobody confirmed in time; start again" in login.end(69)[1]
    assert not os.path.exists(world.token_file)
    login = Login(world)
    world.simulator.fault(fault="503", path=TOKEN_PATH)
    login.decide()
    assert "answered 503; it is tried again (in 2 s)" in login.end(0)[1]
    token = world.token
    world.simulator.fault(fault="invalid_client", path="/oauth/device/code")
    assert "check tenant.auth.client_id" in world.agent.run("login").expect(69).err
    assert world.token == token


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_login_changes_nothing(start, number):
    world = start()
    token = world.log_in()
    login = Login(world)
    login.process.send_signal(number)
    assert "ended; the refresh token is as it was" in login.end(1)[1]
    assert world.token == token
    world.sync()


def test_login_is_for_oauth(start):
    world = start()
    world.agent.write(tenant=f'url = "{world.simulator.url}"; allow_cleartext = true; auth = {{ key = "env:K"; }};')
    assert "login is for tenant.auth.method" in world.agent.run("login").expect(78).err


def test_what_others_can_read_is_refused(start):
    world = start()
    world.log_in()
    os.chmod(world.token_file, 0o644)
    assert "others can read" in world.sync(69).err
    assert "has mode 0644" in world.agent.run("check").expect(69).out
    assert world.exchanges() == []


def test_root_leaves_the_service_its_file(start):
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    world = start()
    os.chown(world.keep, 4242, 4243)
    world.log_in()
    world.sync()
    for name in os.listdir(world.keep):
        info = os.stat(world.keep / name)
        assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (4242, 4243, 0o600), name


# --- answers that are lost ----------------------------------------------------------------------


def test_a_lost_answer_that_the_tenant_forgives(start):
    world = start("--refresh-grace", "60")
    world.log_in()
    world.simulator.fault(fault="lost", path=TOKEN_PATH)
    world.simulator.fault(fault="cut", path=TOKEN_PATH)
    world.simulator.fault(fault="504", path=TOKEN_PATH)
    world.sync()
    assert len(world.exchanges()) == 4
    world.sync(0, "--kind", "reconcile")


def test_a_lost_answer_that_it_does_not_forgive(start):
    world = start()
    world.log_in()
    world.simulator.fault(fault="lost", path=TOKEN_PATH)
    said = world.sync(69).err
    assert re.search(r"\(invalid_grant: The refresh token was used before\).*spent by the exchange of 20\d\d-.*Z, "
                     r"whose answer was lost; log in with \"scimward login\"", said), said
    assert world.token_file in said
    assert len(world.exchanges()) == 2
    world.log_in()
    world.sync()


@pytest.mark.parametrize("grace", ["0", "60"])
def test_death_while_the_answer_is_under_way(start, grace):
    world = start("--refresh-grace", grace)
    token = world.log_in()
    world.simulator.fault(fault="never", path=TOKEN_PATH, write=True)
    process = subprocess.Popen([find_binary(), "-c", world.agent.config, "sync", "--quiet"],
                               env=world.agent.environment)
    wait_until(world.exchanges)
    process.kill()
    process.wait()
    assert world.token == token
    world.simulator.clear()
    if grace == "0":
        assert "whose answer was lost" in world.sync(69).err
        world.log_in()
    world.sync()


def test_death_before_the_request_arrives(start):
    world = start()
    token = world.log_in()
    world.simulator.fault(fault="never", path=TOKEN_PATH)
    process = subprocess.Popen([find_binary(), "-c", world.agent.config, "sync", "--quiet"],
                               env=world.agent.environment)
    wait_until(world.exchanges)
    process.kill()
    process.wait()
    world.simulator.clear()
    assert world.token == token
    world.sync()


def test_a_stop_waits_for_the_answer(start):
    world = start()
    token = world.log_in()
    world.simulator.fault(fault="slow", path=TOKEN_PATH, ms=2000)
    process = subprocess.Popen([find_binary(), "-c", world.agent.config, "sync", "--quiet"],
                               env=world.agent.environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(world.token_file + ".new"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) != -signal.SIGTERM
    assert world.token != token
    world.sync()


def test_kill_at_random(start):
    """With a tenant that forgives lost answers no death ever asks for a person."""
    print(f"CRASH_SEED={SEED}")
    dice = random.Random(SEED)
    world = start("--refresh-grace", "600")
    world.log_in()
    began = time.monotonic()
    world.sync(0, "--dry-run", "--kind", "reconcile")
    whole, deaths = time.monotonic() - began, 0
    for _ in range(int(os.environ.get("CRASH_ROUNDS", "5"))):
        process = subprocess.Popen([find_binary(), "-c", world.agent.config, "sync", "--quiet", "--dry-run", "--kind",
                                    "reconcile"], env=world.agent.environment, stdout=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, 0.8 * whole))
        process.kill()
        deaths += process.wait() == -signal.SIGKILL
        world.sync(0, "--dry-run", "--kind", "reconcile")
    assert deaths > 0


# --- several processes --------------------------------------------------------------------------


def test_a_service_and_dry_runs_share_a_token(start):
    """The tenant ends the login if any token comes twice, so that one exchange too many would show."""
    world = start("--token-lifetime", "2")
    world.log_in()
    world.agent.write(more=f"policy = {{ {companies.NO_LIMITS} }}; schedule = {{ delta = \"1s\"; full = \"1m\"; }};")
    codes = []

    def run():
        for _ in range(2):
            codes.append(world.agent.run("sync", "--dry-run", "--kind", "reconcile", "--quiet").code)

    with world.agent.service() as service:
        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(5, 9):
            world.company.join(number)
            world.company.write(world.people)
            service.wait_for(lambda: len(world.simulator.users()) == number)
        for thread in threads:
            thread.join()
    assert codes == [0] * 8
    exchanges = world.exchanges()
    sent = [json.loads(row["body"])["refresh_token"] for row in exchanges]
    assert {row["status"] for row in exchanges} == {200} and len(exchanges) > 8
    assert len(sent) == len(set(sent))


def test_a_service_finds_the_next_login(start):
    world = start("--token-lifetime", "1")
    world.log_in()
    world.agent.write(more=f"""policy = {{ {companies.NO_LIMITS} }}; schedule = {{ delta = "1s"; full = "1m"; }};
        metrics = {{ textfile = "{world.agent.path('scimward.prom')}"; }};""")

    def number(name):
        with open(world.agent.path("scimward.prom"), encoding="utf-8") as file:
            return sum(float(line.split()[-1]) for line in file if line.startswith(name))

    with world.agent.service() as service:
        service.wait_for(lambda: len(world.simulator.users()) == 4)
        world.simulator.ask("POST", "/_expire")
        world.company.join(5)
        world.company.write(world.people)
        service.wait_for(lambda: "invalid_grant" in service.log)
        assert "scimward login" in service.log and world.token_file in service.log
        sequence = world.simulator.sequence()
        time.sleep(2.5)
        # A token that was refused is not sent again.
        assert world.exchanges(sequence) == []
        assert number('scimward_tenant_requests_total{operation="login",outcome="refused"}') == 1
        world.log_in()
        service.wait_for(lambda: len(world.simulator.users()) == 5)
    assert world.token not in service.log


def test_a_quiet_service_keeps_the_token_alive(start):
    """A token that rotates dies within 12 hours, and a weekend is longer."""
    world = start()
    world.log_in()
    world.sync()
    world.agent.write(more=f"policy = {{ {companies.NO_LIMITS} }}; schedule = {{ delta = \"1s\"; full = \"1m\"; }};")
    with world.agent.service() as service:
        token = world.token
        since = world.simulator.sequence()
        time.sleep(2.5)
        assert world.simulator.log(since) == []
        os.utime(world.token_file, (time.time() - 5 * 3600,) * 2)
        service.wait_for(lambda: world.token != token)
        time.sleep(2.5)
        assert [row["path"] for row in world.simulator.log(since)] == [TOKEN_PATH]
        os.unlink(world.token_file)
        service.wait_for(lambda: "is not there yet; log in with" in service.log)


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
