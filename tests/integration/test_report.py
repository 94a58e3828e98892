#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The audit reports of the whole program, after a life with joiners, leavers, drift and a hold.

The directory is an LDIF file, the tenant the simulator.  Every report is read back in every format,
with hostile values in it; the HTML is opened in a browser.
"""
import base64
import csv
import html.parser
import io
import json
import os
import re
import resource
import shutil
import sqlite3
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
import browser as browsers  # noqa: E402
import harness  # noqa: E402
from agent import Agent, FINANCE, HR, find_binary  # noqa: E402
from simulator import Simulator, require  # noqa: E402

REPORTS = ("changes", "access", "drift", "runs")
FORMATS = ("text", "json", "csv", "html")
BASE, GROUPS = "ou=people,dc=corp,dc=example", "ou=groups,dc=corp,dc=example"
# A quote, a formula, a script, a right-to-left mark, four bytes of UTF-8.
HOSTILE = "=cmd|' /C calc'!A0\"<script>document.title='caught'</script>\u202e\U0001f47b,;&"
SHOWN = HOSTILE.replace("\u202e", "\\u{202E}")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)")
MORE = """policy = { %s limits = { smallest_scan_percent = 10;
    deactivations = { count = 1; percent = 0; }; revocations = { count = 0; percent = 0; }; }; };"""


def entry(dn, **attributes):
    lines = [f"dn: {dn}"]
    for name, values in attributes.items():
        for value in values if isinstance(values, list) else [values]:
            lines.append(f"{name}:: {base64.b64encode(value.encode()).decode()}")
    return "\n".join(lines) + "\n"


def person(uid, **more):
    return entry(f"uid={uid},{BASE}", **{"objectClass": "inetOrgPerson", "uid": uid, "cn": uid, "sn": "Ray",
                                         "givenName": uid, "mail": uid + "@corp.example", **more})


def group(name, *members):
    return entry(f"cn={name},{GROUPS}", objectClass="groupOfNames", cn=name, member=list(members))


def dn(uid):
    return f"uid={uid},{BASE}"


class Life:
    def __init__(self, folder, simulator):
        self.simulator = simulator
        self.people = {uid: person(uid) for uid in ("ada", "ben", "cy", "dan", "boss")}
        self.people["eve"] = person("eve", sn=HOSTILE)
        for number, formula in enumerate(FORMULAS):
            self.people[f"f{number}"] = person(f"f{number}", sn=formula)
        self.inner = ["ada", "eve"]
        path = folder / "agent"
        self.agent = Agent(path, f"""{{ name = "demo"; kind = "ldif"; urls = [ "file://{path}/people.ldif" ];
            users = {{ bases = [ "{BASE}" ]; }}; }}""",
                           f"""url = "{simulator.url}"; allow_cleartext = true; requests_per_second = 0;
            auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};""",
                           f"""{{ id = "{FINANCE}"; name = "Finance Planning"; group = "cn=finance,{GROUPS}"; nested = true; }},
            {{ id = "{HR}"; name = "HR"; when = "(uid=b*)"; }}""", more=MORE % "")

    def sync(self, *arguments, code=0):
        groups = [group("inner", *map(dn, self.inner)), group("finance", f"cn=inner,{GROUPS}", dn("cy"))]
        with open(self.agent.path("new.ldif"), "w", encoding="utf-8") as file:
            file.write("\n".join([*self.people.values(), *groups]))
        os.rename(self.agent.path("new.ldif"), self.agent.path("people.ldif"))
        return self.agent.run("sync", "--json", *arguments).expect(code)

    def live(self):
        self.sync()
        self.agent.write(more=MORE % 'protect = [ "boss@corp.example" ];')
        eve = self.simulator.user("eve@corp.example")
        self.simulator.edit(eve["id"], workspaces=[FINANCE, HR])
        boss = self.simulator.user("boss@corp.example")
        self.simulator.edit(boss["id"], active=False)
        self.simulator.add(userName="nobody@corp.example", active=True)
        self.sync("--kind", "reconcile", code=4)
        del self.people["ben"]
        self.sync()
        self.inner = ["eve", "dan"]
        del self.people["cy"], self.people["f3"]
        self.sync(code=3)
        self.agent.run("approve", "1").expect(0)
        self.sync()

    def report(self, name, form, *arguments):
        return self.agent.run("report", name, "--format", form, *arguments).expect(0).out


@pytest.fixture(scope="module", name="life")
def make_life(tmp_path_factory):
    folder = tmp_path_factory.mktemp("life")
    with Simulator(folder, "--api-key", "key-1", "--workspaces",
                   f"{FINANCE}=Finance Planning,{HR}=HR") as simulator:
        life = Life(folder, simulator)
        life.live()
        # What no directory would give, the record must survive too.
        with sqlite3.connect(life.agent.state) as state:
            state.execute("UPDATE action SET detail = CAST(X'3d310aff22' AS TEXT) WHERE user_name = 'f3@corp.example'"
                          " AND kind = 'deactivate'")
        state.close()
        yield life


@pytest.fixture(scope="module", name="schema")
def make_schema():
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        require("python3-jsonschema is missing; on Debian: apt-get install python3-jsonschema")
    schema = json.loads((harness.SOURCE / "doc" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)

    def check(report):
        """Against the form of that very report, which gives better words than any of four."""
        form = next(form for form in schema["oneOf"] if form["properties"]["report"]["const"] == report["report"])
        jsonschema.validate(report, {**form, "$schema": schema["$schema"], "$defs": schema["$defs"]})
        jsonschema.validate(report, schema)
    return check


def rows_of(text):
    assert text.startswith("\ufeff") and "\n" not in text.replace("\r\n", "")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


class Page(html.parser.HTMLParser):
    """The cells of a page's tables, as somebody without a script sees them."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.scripts, self.attributes, self.is_in_cell = [], 0, [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.attributes += [(tag, *attribute) for attribute in attrs]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.is_in_cell = True

    def handle_endtag(self, tag):
        self.is_in_cell = self.is_in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self.is_in_cell:
            self.tables[-1][-1][-1] += data


def find(rows, **wanted):
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    assert len(found) == 1, f"{len(found)} rows are like {wanted}: {rows}"
    return found[0]


@pytest.mark.parametrize("name", REPORTS)
def test_json_is_as_published(life, schema, name):
    report = json.loads(life.report(name, "json"))
    schema(report)
    schema(json.loads(life.report(name, "json", "--since", "2020-01-01", "--until", "2020-01-01")))
    schema(json.loads(life.report(name, "json", "--since", "2020-01-01", "--until", "1h")))


def test_changes_tell_who_what_and_why(life):
    report = json.loads(life.report("changes", "json"))
    created = find(report["changes"], userName="ada@corp.example", kind="create")
    assert created["state"] == "done" and created["reason"] == "joined" and created["httpStatus"] == 201
    assert created["gained"] == [{"id": FINANCE, "name": "Finance Planning",
                                  "why": f"via cn=inner,{GROUPS} > cn=finance,{GROUPS}"}]
    lost = find(report["changes"], userName="ada@corp.example", kind="update")
    assert [item["name"] for item in lost["lost"]] == ["Finance Planning"]
    held = find(report["changes"], userName="cy@corp.example", kind="deactivate")
    assert held["state"] == "done" and held["decision"] == "approved" and held["hold"] == 1
    assert held["decidedBy"] and {"path": "active", "before": True, "after": False} in held["attributes"]
    assert report["summary"]["deactivated"] == 3
    hostile = find(report["changes"], userName="eve@corp.example", kind="create")
    assert {"path": "name.familyName", "before": None, "after": HOSTILE} in hostile["attributes"]


def test_access_tells_by_which_group(life):
    report = json.loads(life.report("access", "json"))
    people = {row["userName"]: row for row in report["people"]}
    assert people["dan@corp.example"]["workspaces"][0]["why"] == f"via cn=inner,{GROUPS} > cn=finance,{GROUPS}"
    assert people["ada@corp.example"]["workspaces"] == []
    assert people["boss@corp.example"]["workspaces"] == [{"id": HR, "name": "HR", "why": "by rule (uid=b*)"}]
    assert not people["cy@corp.example"]["active"]
    grant = find(report["grants"], userName="dan@corp.example")
    assert grant["active"] and grant["since"] and grant["run"] == 4
    assert {row["userName"] for row in report["leavers"]} == {f"{uid}@corp.example" for uid in ("ben", "cy", "f3")}
    held = find(report["leavers"], userName="cy@corp.example")
    # Seen by the run before the one that sent it.
    assert held["seen"] < held["done"] and held["tookSeconds"] >= 0 and held["decision"] == "approved"
    assert report["summary"]["active"] == len([row for row in report["people"] if row["active"]]) == 7


def test_drift_tells_what_others_did(life):
    report = json.loads(life.report("drift", "json"))
    row = find(report["drift"], userName="eve@corp.example")
    assert [item["id"] for item in row["lost"]] == [HR] and row["state"] == "done"
    assert "protected" in find(report["leftAlone"], userName="boss@corp.example")["why"]
    assert report["summary"]["orphans"] == 1


def test_runs_tell_certificates_and_who_decided(life):
    report = json.loads(life.report("runs", "json"))
    assert [row["exit"] for row in report["runs"]] == [0, 4, 0, 3, 0]
    assert len(report["certificates"]) == 5 and all(row["certified"] for row in report["certificates"])
    hold = find(report["holds"], hold=1)
    assert hold["class"] == "deactivations" and hold["decision"] == "approved" and hold["count"] == 2
    assert hold["decidedBy"] and hold["ended"]


def test_a_period(life):
    day = json.loads(life.report("runs", "json"))["made"][:10]
    assert len(json.loads(life.report("runs", "json", "--since", "1d"))["runs"]) == 5
    assert len(json.loads(life.report("runs", "json", "--since", "2020-01-01", "--until", day))["runs"]) == 5
    assert json.loads(life.report("runs", "json", "--until", "2020-01-01"))["runs"] == []
    assert json.loads(life.report("changes", "json", "--until", "1d"))["changes"] == []


@pytest.mark.parametrize("name", REPORTS)
def test_csv_is_one_table_without_formulas(life, name):
    text = life.report(name, "csv")
    rows = rows_of(text)
    report = json.loads(life.report(name, "json"))
    lists = [value for value in report.values() if isinstance(value, list)]
    assert len(rows) == sum(map(len, lists))
    for row in rows:
        assert None not in row and None not in row.values(), row
        for value in row.values():
            assert not value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")), row


def test_hostile_values_come_back(life):
    everything = {form: {name: life.report(name, form) for name in REPORTS} for form in FORMATS}
    for text in everything["text"].values():
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert SHOWN in everything["text"]["access"]
    people = [row for row in rows_of(everything["csv"]["access"]) if row["record"] == "person"]
    assert find(people, userName="eve@corp.example")["name"] == "eve " + SHOWN
    changes = rows_of(everything["csv"]["changes"])
    assert SHOWN in find(changes, userName="eve@corp.example", kind="create")["attributes"]
    # Bytes that are not UTF-8: escaped for people, replaced in JSON.
    assert find(changes, userName="f3@corp.example", kind="deactivate")["why"] == "'=1\\x0A\\xFF\""
    row = find(json.loads(everything["json"]["changes"])["changes"], userName="f3@corp.example", kind="deactivate")
    assert row["why"] == "=1\n\ufffd\""
    names = {row["userName"]: row["name"] for row in json.loads(everything["json"]["access"])["people"]}
    assert names["eve@corp.example"] == "eve " + HOSTILE
    assert [names[f"f{number}@corp.example"] for number in range(4)] == [f"f{n} {f}" for n, f in enumerate(FORMULAS)]
    page = Page(everything["html"]["access"])
    assert find([dict(zip(page.tables[0][0], row)) for row in page.tables[0][1:]],
                Person="eve@corp.example")["Name"] == "eve " + SHOWN


@pytest.mark.parametrize("name", REPORTS)
def test_html_needs_nothing_and_allows_nothing(life, name):
    text = life.report(name, "html")
    page = Page(text)
    assert page.scripts == 1
    policy = dict((attribute[1], attribute[2]) for attribute in page.attributes if attribute[0] == "meta")["content"]
    assert "Content-Security-Policy" in text and policy is not None
    for tag, attribute, value in page.attributes:
        assert attribute not in ("src", "style") and not attribute.startswith("on"), (tag, attribute)
        assert attribute != "href" or value.startswith("#"), value
    report = json.loads(life.report(name, "json"))
    lists = [value for value in report.values() if isinstance(value, list) and value]
    assert [len(table) - 1 for table in page.tables] == [len(rows) for rows in lists]


def test_a_file_is_whole_and_private(life, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    os.chmod(path, 0o644)
    assert life.report("access", "html", "-o", str(path)) == ""
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["report.html"]
    result = life.agent.run("report", "runs", "-o", str(tmp_path / "none" / "report")).expect(1)
    assert "is there such a directory" in result.err


def test_nothing_yet(tmp_path, schema):
    agent = Agent(tmp_path, f"""{{ name = "demo"; kind = "ldif"; urls = [ "file://{tmp_path}/people.ldif" ];
        users = {{ bases = [ "{BASE}" ]; }}; }}""", 'auth = { method = "api-key"; key = "env:TENANT_KEY"; };')
    for name in REPORTS:
        schema(agent.run("report", name, "--json").expect(0).json)
        for form in FORMATS:
            assert agent.run("report", name, "--format", form).expect(0).out
    assert not os.path.exists(agent.state)


def multiply(path, people):
    """As many people with an account, a workspace and the action that gave it."""
    with sqlite3.connect(path) as state:
        state.execute("CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                      f" WHERE i < {people}) SELECT i, randomblob(16) AS key FROM n")
        account = f"""'{{"active":true,"entitlements":["{FINANCE}"],"userName":"many' || i || '@corp.example"}}'"""
        state.execute(f"""INSERT INTO link (key, digest, directory, is_active, missing_since_ms, dn_mark, changed_ms,
            account_id, user_name_folded, user_name, dn, acknowledged) SELECT key, zeroblob(16), 1, 1, 0, 0, 1,
            'many' || i, 'many' || i, 'many' || i || '@corp.example', 'uid=many' || i || ',{BASE}', {account} FROM n""")
        state.execute(f"""INSERT INTO action (run_id, rank, is_open, kind, state, reason, attempts, http_status, at_ms,
            classes, hold_id, key, digest, account_id, user_name, detail, after) SELECT 1, 4, 0, 'create', 'done',
            'joined', 1, 201, 1, 4, 0, key, zeroblob(16), 'many' || i, 'many' || i || '@corp.example',
            '+ Finance Planning via cn=finance', {account} FROM n""")
    state.close()


def test_many_people_take_seconds_and_no_memory(life, tmp_path):
    is_sanitized = "define WITH_SANITIZERS 1" in (harness.BUILD / "config.h").read_text(encoding="utf-8")
    people = 20_000 if is_sanitized else 100_000
    state = tmp_path / "state.db"
    shutil.copy(life.agent.state, state)
    multiply(state, people)
    config = tmp_path / "scimward.conf"
    with open(life.agent.config, encoding="utf-8") as file:
        config.write_text(file.read().replace(life.agent.state, str(state)), encoding="utf-8")
    started = time.monotonic()
    subprocess.run([find_binary(), "-c", str(config), "report", "access", "--format", "html", "-o",
                    str(tmp_path / "access.html")], env=life.agent.environment, check=True, timeout=120)
    took = time.monotonic() - started
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"{people} people: {took:.1f} s, at most {kilobytes} kB")
    assert took < 30
    assert is_sanitized or kilobytes < 150_000


# ---- in a browser ----

@pytest.fixture(scope="module", name="browser")
def make_browser(tmp_path_factory):
    require(browsers.missing())
    with browsers.Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="module", name="pages")
def make_pages(life, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name in REPORTS:
        life.report(name, "html", "-o", str(folder / f"{name}.html"))
    return folder


SHOWN_ROWS = """return Array.from(document.querySelectorAll("#" + arguments[0] + " tbody tr"))
    .filter(function (row) { return row.offsetParent !== null || row.getClientRects().length; })
    .map(function (row) { return row.querySelector(".who").textContent; });"""


@pytest.mark.parametrize("name", REPORTS)
def test_page_asks_for_nothing_and_complains_of_nothing(browser, pages, name):
    browser.open(pages / f"{name}.html")
    assert browser.complaints() == []
    assert browser.requests() == [(pages / f"{name}.html").as_uri()]
    assert browser.driver.title.lower().startswith(name)


def test_policy_is_in_force(browser, pages):
    browser.open(pages / "access.html")
    browser.run("""var image = new Image(); image.src = "https://192.0.2.1/x"; document.body.append(image);
        var script = document.createElement("script"); script.textContent = "document.title = 'caught'";
        document.body.append(script);""")
    assert browser.driver.title != "caught"
    assert len(browser.complaints()) >= 2


def test_search_and_filter(browser, pages):
    browser.look(1280, 900)
    browser.open(pages / "access.html")
    everybody = browser.run(SHOWN_ROWS, "people")
    assert len(everybody) == 10
    search = browser.driver.find_element("css selector", "#people input[type=search]")
    search.send_keys("DAN finance")
    browser.run("return new Promise(function (done) { setTimeout(done, 50); })")
    assert browser.run(SHOWN_ROWS, "people") == ["dan@corp.example"]
    assert browser.run("return document.querySelector('#people output').value") == "1 of 10 shown"
    search.clear()
    search.send_keys("corp")
    choice = browser.driver.find_element("css selector", "#people select")
    choice.send_keys("no")
    browser.run("return new Promise(function (done) { setTimeout(done, 50); })")
    assert browser.run(SHOWN_ROWS, "people") == [f"{uid}@corp.example" for uid in ("ben", "cy", "f3")]


def test_order_by_mouse_and_by_keyboard(browser, pages):
    browser.look(1280, 900)
    browser.open(pages / "access.html")
    sort = "return document.querySelector('#people th').getAttribute('aria-sort')"
    everybody = browser.run(SHOWN_ROWS, "people")
    assert browser.run(sort) == "none"
    button = browser.driver.find_element("css selector", "#people th button")
    assert button.get_attribute("aria-label") == "Sort by Person"
    button.click()
    assert browser.run(sort) == "ascending"
    assert browser.run(SHOWN_ROWS, "people") == sorted(everybody)
    browser.run("arguments[0].focus()", button)
    browser.driver.switch_to.active_element.send_keys("\ue007")
    assert browser.run(sort) == "descending"
    assert browser.run(SHOWN_ROWS, "people") == sorted(everybody, reverse=True)


def test_every_control_has_a_name_and_takes_the_focus(browser, pages):
    for name in REPORTS:
        browser.open(pages / f"{name}.html")
        nameless = browser.run("""return Array.from(document.querySelectorAll("input, select, button, svg[role=img]"))
            .filter(function (one) { return !(one.labels && one.labels.length || one.getAttribute("aria-label")); })
            .length;""")
        assert nameless == 0
        unreachable = browser.run("""return Array.from(document.querySelectorAll("input, select, button"))
            .filter(function (one) { one.focus(); return document.activeElement !== one; }).length;""")
        assert unreachable == 0


@pytest.mark.parametrize("width", (1280, 390))
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_sticks_out(browser, pages, name, width):
    browser.look(width, 1200)
    browser.open(pages / f"{name}.html")
    browser.screenshot(pages / f"{name}-{width}.png")
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_light_and_dark(browser, pages):
    colors = []
    for is_dark in (False, True):
        browser.look(1280, 900, is_dark)
        browser.open(pages / "runs.html")
        colors.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    browser.look(1280, 900)
    assert colors[0] == "rgb(255, 255, 255)" and colors[1] != colors[0]


@pytest.mark.parametrize("name", REPORTS)
def test_on_paper(browser, pages, name):
    browser.open(pages / f"{name}.html")
    pdf = browser.print(pages / f"{name}.pdf")
    assert pdf.startswith(b"%PDF-") and len(pdf) > 10_000
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", str(pages / f"{name}.pdf"), "-"], capture_output=True,
                              check=True).stdout.decode()
        assert "UTC, for all times" in text and "shown" not in text


if __name__ == "__main__":
    sys.exit(harness.run(__file__))
