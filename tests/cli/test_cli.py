#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the program prints, held against stored outputs in tests/cli/expected.

UPDATE=1 writes them anew: look at the difference before you commit it.  What changes from run to
run (times, ports, ids, folders) is replaced by its name first.
"""
import contextlib
import datetime
import hashlib
import json
import os
import re
import shutil
import sqlite3
import sys

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "integration"))
from agent import Agent, FINANCE, HR  # noqa: E402
from simulator import Simulator  # noqa: E402

EXPECTED = os.path.join(HERE, "expected")
LDIF = os.path.join(TOP, "contrib", "example", "people.ldif")
GROUP = "cn=anaplan-finance,ou=groups,dc=corp,dc=example"
WORKSPACES = f"""{{ id = "{FINANCE}"; name = "Finance Planning"; group = "{GROUP}"; nested = true; }},
  {{ id = "{HR}"; name = "HR"; when = "(departmentNumber=HR*)"; }}"""


def normalize(text, agent, simulator):
    text = text.replace(agent.folder, "FOLDER").replace(TOP, "TOP")
    if simulator is not None:
        text = text.replace(str(simulator.port), "PORT")
        for number, user in enumerate(sorted(simulator.users(), key=lambda user: user["userName"]), 1):
            text = text.replace(user["id"], f"ACCOUNT-{number}")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    text = re.sub(r"(pproved|ejected) by \S+( \(sudo: \S+\))?", r"\1 by SOMEBODY", text)
    text = re.sub(r'"decidedBy": "[^"]*"', '"decidedBy": "SOMEBODY"', text)
    text = re.sub(r'"digest": "[0-9a-f]+"', '"digest": "DIGEST"', text)
    text = re.sub(r"answered in \d+ ms", "answered in N ms", text)
    text = re.sub(r'"(freeBytes|totalBytes|elapsedMs|differenceMs)":-?\d+', r'"\1":N', text)
    text = re.sub(r"\d+ [GM]iB free of \d+ [GM]iB", "N free of N", text)
    text = re.sub(r'("(config|directory|tenant|snapshot)Digest": *)"[0-9a-f]+"', r'\1"DIGEST"', text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)
    return text


def hold_against(name, result, agent, simulator=None):
    text = normalize(f"exit {result.code}\n--- out\n{result.out}--- err\n{result.err}", agent, simulator)
    path = os.path.join(EXPECTED, name + ".txt")
    if os.environ.get("UPDATE"):
        os.makedirs(EXPECTED, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    assert os.path.exists(path), f"no stored output {name}; UPDATE=1 writes it:\n{text}"
    with open(path, encoding="utf-8") as file:
        assert text == file.read()


def directory(agent_folder):
    return f"""{{ name = "demo"; kind = "ldif"; urls = [ "file://{agent_folder}/people.ldif" ];
    users = {{ bases = [ "ou=people,dc=corp,dc=example" ]; }}; }}"""


def make_agent(folder, port, **parts):
    tenant = f"""url = "http://127.0.0.1:{port}/scim/1/0/v2"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
    allow_cleartext = true; requests_per_second = 0;"""
    agent = Agent(folder, directory(folder), tenant, WORKSPACES, **parts)
    shutil.copy(LDIF, agent.path("people.ldif"))
    return agent


HOSTILE = (b"\ndn:: dWlkPWV2aWwbWzMxbSxvdT1wZW9wbGUsZGM9Y29ycCxkYz1leGFtcGxl\nobjectClass: inetOrgPerson\n"
           b"uid: evil\ncn: evil\nsn:: G1szMW0=\nmail: evil@corp.example\n")

USAGE = {
    "no-command": [],
    "unknown-command": ["snyc"],
    "unknown-option": ["sync", "--dryrun"],
    "option-without-value": ["sync", "--kind"],
    "unknown-kind": ["sync", "--kind", "ful"],
    "option-that-does-not-go-with-it": ["status", "--kind", "full"],
    "out-without-dry-run": ["sync", "--out", "plan.json"],
    "explain-without-who": ["explain"],
    "apply-without-plan": ["apply"],
    "apply-of-nothing": ["apply", "/nowhere/plan.json"],
    "undo-without-run": ["undo"],
    "undo-of-a-word": ["undo", "first"],
    "kind-undo": ["sync", "--kind", "undo"],
    "help-of-undo": ["undo", "--help"],
    "help-of-apply": ["apply", "--help"],
    "help-of-login": ["login", "--help"],
    "login-that-is-not-needed": ["login"],
    "one-word-too-many": ["status", "now"],
    "approve-without-number": ["approve"],
    "approve-a-word": ["approve", "all"],
    "audit-without-what": ["audit"],
    "audit-unknown": ["audit", "verfy"],
    "audit-verify-without-hash": ["audit", "verify", "--head", "c0ffee"],
    "audit-export-without-time": ["audit", "export", "--since", "yesterday"],
    "audit-head-of-an-export": ["audit", "export", "--head", "0" * 64],
    "help-of-audit-verify": ["audit", "verify", "--help"],
    "report-without-word": ["report"],
    "unknown-report": ["report", "chnages"],
    "bad-time": ["report", "changes", "--since", "yesterday"],
    "period-of-nothing": ["report", "changes", "--since", "2026-03-02", "--until", "2026-03-01"],
    "csv-elsewhere": ["status", "--format", "csv"],
    "value-for-a-flag": ["sync", "--dry-run=yes"],
    "init-without-answers": ["init", "--out", "/not-yet.conf"],
    "init-over-what-is-there": ["init"],
    "init-with-a-secret": ["init", "--out", "/not-yet.conf", "--directory", "corp.example", "--bind-dn", "cn=x",
                           "--bind-password", "hunter2", "--tenant", "eu6", "--credential", "env:KEY"],
    "help-of-init": ["init", "--help"],
    "watch-elsewhere": ["holds", "--watch"],
    "reload-of-something": ["reload", "now"],
    "help-of-status": ["status", "--help"],
    "help": ["--help"],
    "help-of-sync": ["sync", "--help"],
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(name, tmp_path):
    agent = make_agent(str(tmp_path), 1)
    hold_against("usage-" + name, agent.run(*USAGE[name]), agent)


def test_missing_configuration(tmp_path):
    agent = make_agent(str(tmp_path), 1)
    os.unlink(agent.config)
    hold_against("missing-configuration", agent.run("check", "--offline"), agent)


def test_all_faults_of_a_configuration_in_one_go(tmp_path):
    agent = make_agent(str(tmp_path), 1)
    with open(agent.config, "w", encoding="utf-8") as file:
        file.write("""version = 1;
directories = (
  { name = "corp";
    urls = [ "ldap://dc1.corp.example" ];
    bind = { methd = "simple"; dn = "cn=agent,dc=corp"; password = "hunter2"; };
    users = { bases = "ou=people"; filter = "(mail=*"; };
    page_size = -3; } );
mapping = ( { to = "userNmae"; from = "${mail|lowr}"; } );
workspaces = ( { id = "1"; when = "departmentNumber=HR"; } );
tenant = { auth = { method = "api-key"; key = "credential:key"; }; timeout = "60"; };
policy = { rename = "hodl"; };
""")
    result = agent.run("sync")
    assert "hunter2" not in result.out + result.err
    hold_against("faulty-configuration", result, agent)


def test_configuration_with_a_syntax_error(tmp_path):
    agent = make_agent(str(tmp_path), 1)
    with open(agent.config, "w", encoding="utf-8") as file:
        file.write("version = 1;\ndirectories = ( { name \"a\"; } );\n")
    hold_against("syntax-error", agent.run("check", "--offline"), agent)


def test_from_check_to_status(tmp_path):
    names = f"{FINANCE}=Finance Planning,{HR}=HR"
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", names) as simulator:
        agent = make_agent(str(tmp_path / "agent"), simulator.port)
        steps = [
            ("check", ["check"]),
            ("check-json", ["check", "--json"]),
            ("check-offline", ["check", "--offline"]),
            ("dry-run", ["--dry-run"]),
            ("dry-run-json", ["--dry-run", "--json"]),
            ("status-before", ["status"]),
            ("sync", ["sync"]),
            ("sync-again", ["sync"]),
            ("explain", ["explain", "hopper@corp.example"]),
            ("explain-json", ["explain", "hopper@corp.example", "--json"]),
            ("explain-nobody", ["explain", "nobody"]),
            ("status", ["status"]),
            ("status-json", ["status", "--json"]),
        ]
        for name, arguments in steps:
            hold_against(name, agent.run(*arguments), agent, simulator)


def test_changes_in_words(tmp_path):
    names = f"{FINANCE}=Finance Planning,{HR}=HR"
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", names) as simulator:
        agent = make_agent(str(tmp_path / "agent"), simulator.port)
        agent.run("sync")
        with open(agent.path("people.ldif"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace("sn: Hopper\n", "sn: Murray\n").replace("mail: Knuth@", "mail: don@")
        text = text.replace("member: uid=turing,ou=people,dc=corp,dc=example\n", "")
        blocks = [block for block in text.split("\n\n") if not block.startswith("dn: uid=zuse,")]
        with open(agent.path("people.ldif"), "w", encoding="utf-8") as file:
            file.write("\n\n".join(blocks))
        hold_against("changes-dry-run", agent.run("sync", "--dry-run"), agent, simulator)
        hold_against("changes-sync", agent.run("sync"), agent, simulator)


def test_from_a_hold_to_its_approval(tmp_path):
    names = f"{FINANCE}=Finance Planning,{HR}=HR"
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", names) as simulator:
        agent = make_agent(str(tmp_path / "agent"), simulator.port,
                           more="policy = { limits = { deactivations = { count = 1; percent = 0; };"
                                " smallest_scan_percent = 50; }; };")
        agent.run("sync")
        hold_against("holds-none", agent.run("holds"), agent, simulator)
        with open(agent.path("people.ldif"), encoding="utf-8") as file:
            blocks = file.read().split("\n\n")
        leavers = ("dn: uid=zuse,", "dn: uid=dijkstra,")
        with open(agent.path("people.ldif"), "w", encoding="utf-8") as file:
            file.write("\n\n".join(block for block in blocks if not block.startswith(leavers)))
        hold_against("holds-dry-run", agent.run("sync", "--dry-run"), agent, simulator)
        for name, arguments in [
                ("holds-sync", ["sync"]),
                ("holds", ["holds"]),
                ("holds-json", ["holds", "--json"]),
                ("holds-status", ["status"]),
                ("holds-unknown", ["approve", "7"]),
                ("holds-rejected", ["reject", "1"]),
                ("holds-approved", ["approve", "1"]),
                ("holds-decided", ["holds"]),
                ("holds-sent", ["sync"]),
                ("holds-ended", ["reject", "1"])]:
            hold_against(name, agent.run(*arguments), agent, simulator)
        assert sum(not user["active"] for user in simulator.users()) == 2


def test_from_a_plan_to_its_undo(tmp_path):
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance,{HR}=HR") as simulator:
        agent = make_agent(str(tmp_path / "agent"), simulator.port)
        agent.run("sync")
        path = agent.path("people.ldif")
        with open(path, encoding="utf-8") as file:
            before = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(before.replace("sn: Zuse", "sn: Zuse-Brendel"))
        agent.run("sync", "--dry-run", "--out", agent.path("plan.json"))
        with open(path, "w", encoding="utf-8") as file:
            file.write(before.replace("sn: Zuse", "sn: Brendel"))
        hold_against("apply-moved", agent.run("apply", agent.path("plan.json")), agent, simulator)
        agent.run("sync", "--dry-run", "--out", agent.path("plan.json"))
        hold_against("apply", agent.run("apply", agent.path("plan.json")), agent, simulator)
        for name, arguments in [
                ("undo-dry-run", ["undo", "last", "--dry-run"]),
                ("undo", ["undo", "last"]),
                ("undo-holds", ["holds"]),
                ("undo-status", ["status"]),
                ("undo-sync", ["sync"]),
                ("undo-again", ["undo", "3"]),
                ("undo-unknown", ["undo", "99"])]:
            hold_against(name, agent.run(*arguments), agent, simulator)


# What somebody with the file may do to it, and what then is the first bad record.
TAMPERING = {
    "nothing": ("", None),
    "body": ("UPDATE audit SET body = replace(body, 'status\":201', 'status\":200') WHERE seq = 2", 2),
    "time": ("UPDATE audit SET at = at - 86400000 WHERE seq = 4", 4),
    "run": ("UPDATE audit SET run_id = 2 WHERE seq = 4", 4),
    "hash": ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 14", 14),
    "first": ("DELETE FROM audit WHERE seq = 1", 1),
    "middle": ("DELETE FROM audit WHERE seq = 5", 5),
    "swapped": ("UPDATE audit SET seq = -1 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6;"
                "UPDATE audit SET seq = 6 WHERE seq = -1", 5),
    "inserted": ("INSERT INTO audit SELECT 15, at, run_id, body, hash, hash FROM audit WHERE seq = 14", 15),
    "stump": ("INSERT INTO meta VALUES ('audit_stump', '{}')", None),
    "type": ("UPDATE audit SET body = CAST(body AS BLOB) WHERE seq = 3", 3),
}


def row_hash(prev, seq, at, run, body):
    """As src/core/audit.h has it, written a second time."""
    numbers = b"".join(number.to_bytes(8, "big", signed=True) for number in (seq, at, run))
    return hashlib.sha256(prev + numbers + body.encode()).digest()


def write_anew(database, first):
    """Gives each row from the first on the hash it must have: what only a kept head shows."""
    with contextlib.closing(sqlite3.connect(database)) as file, file:
        prev = bytes(32)
        for seq, at, run, body, kept in file.execute(
                "SELECT seq, at, run_id, body, hash FROM audit ORDER BY seq").fetchall():
            if seq >= first:
                kept = row_hash(prev, seq, at, run, body)
                file.execute("UPDATE audit SET prev = ?, hash = ? WHERE seq = ?", (prev, kept, seq))
            prev = kept


@pytest.fixture(name="audited", scope="module")
def a_trail_of_fourteen_records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audited")
    with Simulator(folder, "--api-key", "key-1", "--workspaces", f"{FINANCE}=Finance,{HR}=HR") as simulator:
        agent = make_agent(str(folder / "agent"), simulator.port)
        agent.run("sync")
        shutil.copy(agent.path("state.db"), agent.path("kept.db"))
        yield agent


def restore(agent):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(agent.path("state.db" + suffix)):
            os.unlink(agent.path("state.db" + suffix))
    shutil.copy(agent.path("kept.db"), agent.path("state.db"))


def records_of(agent, *arguments):
    result = agent.run("audit", "export", *arguments)
    assert result.code == 0 and result.err == "", result.err
    return [json.loads(line) for line in result.out.splitlines()]


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found(name, audited):
    restore(audited)
    sql, bad = TAMPERING[name]
    with contextlib.closing(sqlite3.connect(audited.path("state.db"))) as file, file:
        file.executescript(sql)
    result = audited.run("audit", "verify", "--json")
    verdict = json.loads(result.out)
    assert verdict["badRecord"] == bad, verdict
    assert result.code == (0 if name == "nothing" else 1)
    hold_against("audit-verify-" + name, audited.run("audit", "verify"), audited)
    hold_against("audit-verify-json-" + name, result, audited)


def test_what_only_a_kept_head_shows(audited):
    restore(audited)
    head = records_of(audited)[-1]["hash"]
    assert json.loads(audited.run("status", "--json").out)["audit"] == {"record": 14, "head": head}
    hold_against("audit-verify-head", audited.run("audit", "verify", "--head", head), audited)
    for sql in ("DELETE FROM audit WHERE seq = 14", "UPDATE audit SET body = '{}' WHERE seq = 9",
                "DELETE FROM audit"):
        restore(audited)
        with contextlib.closing(sqlite3.connect(audited.path("state.db"))) as file, file:
            file.execute(sql)
        write_anew(audited.path("state.db"), 9)
        assert audited.run("audit", "verify").code == 0
        result = audited.run("audit", "verify", "--head", head)
        assert result.code == 1
    hold_against("audit-verify-head-cut", result, audited)
    hold_against("audit-verify-head-cut-json", audited.run("audit", "verify", "--json", "--head", head), audited)


def test_audit_export(audited):
    restore(audited)
    records = records_of(audited)
    assert [record["seq"] for record in records] == list(range(1, 15))
    prev = bytes(32)
    for record in records:
        body = json.dumps(record["body"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert record["prev"] == prev.hex()
        at = datetime.datetime.fromisoformat(record["at"].replace("Z", "+00:00"))
        prev = row_hash(prev, record["seq"], round(at.timestamp() * 1000), record["run"], body)
        assert record["hash"] == prev.hex(), "anybody can prove an export, and bodies are canonical"
    kinds = [record["body"]["kind"] for record in records]
    assert kinds == ["run-started"] + ["action"] * 12 + ["run-ended"]
    assert {record["body"]["state"] for record in records[1:13]} == {"done"}
    assert records_of(audited, "--since", "1h") == records
    assert records_of(audited, "--since", records[-1]["at"])[-1:] == records[-1:]
    assert records_of(audited, "--since=2999-01-01") == []


def test_an_export_stays_json_whatever_the_file_holds(audited):
    for body in ("", "no json", '{"a":1}\n{"b":2}', '[1]', '{"a":1}}', "\x1b[31m", '{"a":"\x7f\u202e"}'):
        restore(audited)
        with contextlib.closing(sqlite3.connect(audited.path("state.db"))) as file, file:
            file.execute("UPDATE audit SET body = ? WHERE seq = 2", (body,))
        result = audited.run("audit", "export")
        assert "\x1b" not in result.out
        assert len([json.loads(line) for line in result.out.splitlines()]) == 14


def test_an_audit_trail_that_is_not_there(tmp_path):
    agent = make_agent(str(tmp_path), 1)
    hold_against("audit-verify-empty", agent.run("audit", "verify"), agent)
    hold_against("audit-verify-empty-json", agent.run("audit", "verify", "--json"), agent)
    assert records_of(agent) == []
    assert not os.path.exists(agent.path("state.db"))


def test_hostile_values_never_reach_a_terminal_raw(tmp_path):
    with Simulator(tmp_path, "--api-key", "key-1") as simulator:
        agent = make_agent(str(tmp_path / "agent"), simulator.port)
        with open(agent.path("people.ldif"), "ab") as file:
            file.write(HOSTILE)
        result = agent.run("sync", "--dry-run")
    assert "\x1b" not in result.out + result.err
    assert "evil" in result.out, result.err


if __name__ == "__main__":
    sys.exit(pytest.main([os.path.abspath(__file__), "-q", "-p", "no:cacheprovider"]))
