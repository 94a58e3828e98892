#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a dry run predicts, held against what the tenant answers when the same is then sent.

The directory is an LDIF file, the tenant the simulator.  Whoever is predicted to be refused is
refused, whoever is predicted nothing of goes through, and the requests are those of the plan, as
many as it says.
"""
import base64
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser as browsers  # noqa: E402
import harness  # noqa: E402
from agent import Agent, FINANCE, HR, LEGAL  # noqa: E402
from simulator import Simulator, require  # noqa: E402

BASE, OTHERS = "ou=people,dc=corp,dc=example", "ou=others,dc=corp,dc=example"
# A quote, a script, a right-to-left mark, four bytes of UTF-8; and what would end a cell.
HOSTILE = "\"'<script>document.title='caught'</script></td></code>\u202e\U0001f47b&"
OPEN = "limits = { deactivations = { count = 0; percent = 0; }; smallest_scan_percent = 1; };"


def entry(dn, **attributes):
    lines = [f"dn: {dn}"]
    for name, values in attributes.items():
        for value in values if isinstance(values, list) else [values]:
            if value is not None:
                lines.append(f"{name}:: {base64.b64encode(value.encode()).decode()}")
    return "\n".join(lines) + "\n"


def person(uid, base=BASE, **more):
    return entry(f"uid={uid},{base}", **{"objectClass": "inetOrgPerson", "uid": uid, "cn": uid, "sn": "Ray",
                                         "givenName": uid, "mail": uid + "@corp.example", **more})


class World:
    """One directory file, one agent, one tenant."""

    def __init__(self, folder, simulator, policy="", directories=None, tenant=""):
        self.simulator, self.people, self.others = simulator, {}, {}
        path = str(folder / "agent")
        source = directories or [("corp", BASE)]
        directory = ", ".join(f"""{{ name = "{name}"; kind = "ldif"; urls = [ "file://{path}/people.ldif" ];
            users = {{ bases = [ "{base}" ]; }}; }}""" for name, base in source)
        self.agent = Agent(path, directory, f"""url = "{simulator.url}"; allow_cleartext = true;
            auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }}; {tenant or "requests_per_second = 0;"}""",
                           f"""{{ id = "{FINANCE}"; name = "Finance Planning"; when = "(departmentNumber=F*)"; }},
            {{ id = "{HR}"; name = "HR"; when = "(departmentNumber=*H)"; }},
            {{ id = "{LEGAL}"; name = "Legal"; when = "(departmentNumber=*L*)"; }}""",
                           more=f"policy = {{ {policy} {OPEN} }};")

    def give(self, uid, **more):
        self.people[uid] = person(uid, **more)

    def write(self):
        with open(self.agent.path("new.ldif"), "w", encoding="utf-8") as file:
            file.write("\n".join([*self.people.values(), *self.others.values()]))
        os.rename(self.agent.path("new.ldif"), self.agent.path("people.ldif"))

    def plan(self, *arguments, code=0):
        self.write()
        before = self.simulator.users()
        sequence = self.simulator.sequence()
        result = self.agent.run("sync", "--dry-run", "--json", *arguments).expect(code)
        assert {row["method"] for row in self.simulator.log(sequence)} <= {"GET"}
        assert self.simulator.users() == before
        return result.json

    def sync(self, *arguments, code=0):
        self.write()
        return self.agent.run("sync", "--json", *arguments).expect(code).json


@pytest.fixture(name="simulator")
def make_simulator(tmp_path):
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces",
                   f"{FINANCE}=Finance Planning,{HR}=HR") as simulator:
        yield simulator


@pytest.fixture(scope="module", name="schema")
def make_schema():
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        require("python3-jsonschema is missing; on Debian: apt-get install python3-jsonschema")
    schema = json.loads((harness.SOURCE / "doc" / "plan.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return lambda plan: jsonschema.validate(plan, schema)


def predicted(plan):
    """{userName: [code]} of what becomes a request."""
    return {action["userName"]: [one["code"] for one in action["predictions"]]
            for action in plan["actions"] if action["request"] is not None}


def expect_as_predicted(plan, sent):
    """Who is predicted to be refused was, who is predicted nothing of was not, and all was asked as the plan says."""
    wanted = {(action["dn"], action["kind"]): action for action in plan["actions"] if action["request"]}
    states = {(action["dn"], action["kind"]): action for action in sent["actions"]}
    assert {place: states[place]["request"] for place in wanted} == {
        place: action["request"] for place, action in wanted.items()}
    for place, action in wanted.items():
        outcomes = {one["outcome"] for one in action["predictions"]}
        state = states[place]["state"]
        if "refused" in outcomes:
            assert state == "rejected", states[place]
        elif "partial" in outcomes and "unsure" not in outcomes:
            assert state == "failed", states[place]
        elif not outcomes:
            assert state == "done", states[place]


def test_every_prediction_comes_true(tmp_path, simulator, schema):
    world = World(tmp_path, simulator, 'correlate = [ "externalId" ];')
    simulator.add(userName="TAKEN@corp.example", externalId="other", active=False)
    world.give("fine", departmentNumber=["F", "H"])
    world.give("taken")
    world.give("legal", departmentNumber=["F", "L"])
    world.give("nameless", givenName=None)
    world.give("domain", mail="domain@corp")
    world.give("comma", mail="a,b@corp.example")
    world.give("all", departmentNumber="L", givenName=None, mail="Taken.All@corp")
    plan = world.plan("--kind", "full")
    schema(plan)
    assert predicted(plan) == {
        "fine@corp.example": [], "taken@corp.example": ["user-name-taken"],
        "legal@corp.example": ["workspace-not-shown"], "nameless@corp.example": ["name-missing"],
        "domain@corp": ["user-name-doubtful"], "a,b@corp.example": ["user-name-doubtful"],
        "taken.all@corp": ["user-name-doubtful", "name-missing", "workspace-not-shown"]}
    assert plan["forecast"]["predictions"] == {
        "user-name-taken": 1, "user-name-contested": 0, "user-name-read-only": 0, "user-name-doubtful": 3,
        "name-missing": 2, "workspace-not-shown": 2}
    legal = next(action for action in plan["actions"] if action["userName"] == "legal@corp.example")
    assert LEGAL in legal["predictions"][0]["detail"] and FINANCE not in legal["predictions"][0]["detail"]
    # A listing comes to the same as look-ups.
    assert predicted(world.plan("--kind", "reconcile")) == predicted(plan)
    sent = world.sync("--kind", "full", code=4)
    schema(sent)
    expect_as_predicted(plan, sent)
    assert "forecast" not in sent and all("predictions" not in action for action in sent["actions"])
    assert simulator.user("legal@corp.example")["workspaces"] == []


def test_what_is_sure_is_rejected_before(tmp_path, simulator):
    """What the agent itself refuses is no prediction: no request is made of it."""
    world = World(tmp_path, simulator)
    world.give("long", mail="l" * 60 + "@corp.example")
    world.give("none", mail="no-address")
    world.give("space", mail="a b@corp.example")
    world.give("end", mail="_end@corp.example")
    world.give("control", mail="con\ntrol@corp.example")
    plan = world.plan(code=4)
    assert plan["summary"]["rejected"] == 5 and plan["forecast"]["writes"] == 0
    assert all(action["request"] is None and action["predictions"] == [] for action in plan["actions"])


def test_more_than_fifty_workspaces(tmp_path):
    ids = [f"{number:032x}" for number in range(1, 52)]
    with Simulator(tmp_path, "--api-key", "key-1", "--workspaces",
                   ",".join(f"{one}=W{one[-2:]}" for one in ids)) as simulator:
        world = World(tmp_path, simulator)
        rules = [f'{{ id = "{one}"; name = "W"; when = "(departmentNumber={"A" if at < 50 else "B"})"; }}'
                 for at, one in enumerate(ids)]
        world.agent.write(workspaces=", ".join(rules))
        world.give("fifty", departmentNumber="A")
        world.give("more", departmentNumber=["A", "B"])
        plan = world.plan(code=4)
        assert predicted(plan) == {"fifty@corp.example": []}
        assert plan["summary"]["rejected"] == 1
        sent = world.sync(code=4)
        expect_as_predicted(plan, sent)
        assert len(simulator.user("fifty@corp.example")["workspaces"]) == 50


def test_names_of_several_directories_collide(tmp_path, simulator):
    world = World(tmp_path, simulator, directories=[("corp", BASE), ("others", OTHERS)])
    world.give("one", mail="Same@corp.example")
    world.others["two"] = person("two", OTHERS, mail="same@CORP.example")
    world.others["three"] = person("three", OTHERS)
    plan = world.plan(code=4)
    assert plan["summary"]["conflict"] == 1 and plan["summary"]["create"] == 2
    assert predicted(plan) == {"same@corp.example": [], "three@corp.example": []}
    expect_as_predicted(plan, world.sync(code=4))
    # A linked entry keeps its name against one that comes.
    world.give("four", mail="THREE@corp.example")
    plan = world.plan(code=4)
    assert plan["summary"]["conflict"] == 2 and plan["summary"]["create"] == 0
    assert world.sync(code=4)["summary"]["conflict"] == 2


@pytest.mark.parametrize("rename", ("patch", "recreate", "hold"))
def test_a_new_name_that_is_taken(tmp_path, simulator, schema, rename):
    world = World(tmp_path, simulator, f'rename = "{rename}";')
    world.give("one")
    world.give("two")
    world.sync()
    simulator.add(userName="Taken@corp.example", externalId="other", active=True)
    world.give("one", mail="taken@corp.example")
    world.give("two", mail="free@corp.example")
    for kind in ("full", "reconcile"):
        plan = world.plan("--kind", kind, code=3 if rename == "hold" else 0)
        schema(plan)
        found = predicted(plan)
        assert "user-name-taken" in found["taken@corp.example"]
        assert "user-name-taken" not in found["free@corp.example"]
        assert ("user-name-read-only" in found["free@corp.example"]) == (rename != "recreate")
        assert plan["forecast"]["heldRequests"] == (2 if rename == "hold" else 0)
    if rename == "hold":
        return
    sent = world.sync("--kind", "full", code=4)
    states = {(action["userName"], action["kind"]): action["state"] for action in sent["actions"]}
    if rename == "patch":
        assert set(states.values()) == {"rejected"}
    else:
        assert states[("free@corp.example", "create")] == "done"
        assert states[("taken@corp.example", "conflict")] == "rejected"
        assert states[("one@corp.example", "deactivate")] == "done"


def test_an_account_keeps_what_it_has(tmp_path, simulator):
    """A workspace that is not shown and that the account has already is no news to the tenant."""
    world = World(tmp_path, simulator)
    world.give("ada", departmentNumber="F")
    world.give("ben")
    world.sync()
    world.give("ada", departmentNumber=["F", "H"])
    world.give("ben", sn="Rai")
    sequence = simulator.sequence()
    plan = world.plan()
    assert predicted(plan) == {"ada@corp.example": [], "ben@corp.example": []}
    assert [row["path"] for row in simulator.log(sequence)] == ["/2/0/workspaces"]
    world.give("ada", departmentNumber="F")
    sequence = simulator.sequence()
    world.plan()
    assert simulator.log(sequence) == []


def test_a_list_that_cannot_be_had(tmp_path, simulator, schema):
    world = World(tmp_path, simulator)
    world.give("legal", departmentNumber="L")
    for status in ("403", "404", "401"):
        simulator.fault(fault=status, path="/2/0/workspaces", count=9)
        plan = world.plan()
        schema(plan)
        assert predicted(plan) == {"legal@corp.example": []}
        assert "GET /2/0/workspaces" in plan["forecast"]["workspacesNotChecked"]
        simulator.clear()
    simulator.fault(fault="403", path="/2/0/workspaces", count=1)
    text = world.agent.run("sync", "--dry-run").expect(0).out
    assert "Workspaces were not checked: GET /2/0/workspaces" in text


def test_a_generic_tenant_is_not_asked(tmp_path, simulator):
    world = World(tmp_path, simulator, tenant='profile = "generic"; requests_per_second = 0;')
    world.give("legal", departmentNumber="L", mail="legal")
    sequence = simulator.sequence()
    plan = world.plan()
    assert predicted(plan) == {"legal": []}
    assert "no list of workspaces" in plan["forecast"]["workspacesNotChecked"]
    assert not [row for row in simulator.log(sequence) if "workspaces" in row["path"]]


def test_requests_are_as_many_as_predicted(tmp_path, simulator):
    world = World(tmp_path, simulator, tenant="requests_per_second = 100; burst = 5; concurrency = 4;")
    for number in range(40):
        world.give(f"p{number}", departmentNumber="F")
    plan = world.plan("--kind", "full")
    forecast = plan["forecast"]
    sequence = simulator.sequence()
    world.sync("--kind", "full")
    assert len(simulator.log(sequence)) == forecast["requests"] == forecast["reads"] + 40
    assert forecast["seconds"] == 1 and forecast["answerMs"] == 40
    text = world.agent.run("sync", "--dry-run").expect(0).out
    assert "0 requests (0 to read, 0 to write), under 1s at 100/s." in text


def test_files_and_formats(tmp_path, simulator, schema):
    world = World(tmp_path, simulator)
    world.give("ada")
    world.write()
    path = tmp_path / "plan.json"
    result = world.agent.run("sync", "--dry-run", "--format", "html", "--out", str(path)).expect(0)
    assert result.out.startswith("<!DOCTYPE html>") and result.out.endswith("</html>\n")
    schema(json.loads(path.read_text(encoding="utf-8")))
    assert world.agent.run("--dry-run", "--format", "html", "--detailed-exitcode").expect(2).out.startswith("<!DOC")
    assert "--dry-run only" in world.agent.run("sync", "--format", "html").expect(64).err
    assert "csv goes with" in world.agent.run("sync", "--dry-run", "--format", "csv").expect(64).err


# ---- the page ----

class Page(html.parser.HTMLParser):
    """What stands in a page, as somebody without a script sees it."""

    def __init__(self, text):
        super().__init__()
        self.text, self.scripts, self.attributes = "", 0, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.attributes += [(tag, *attribute) for attribute in attrs]

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module", name="page")
def make_page(tmp_path_factory):
    """A plan with everything in it that a plan can have, hostile values too."""
    folder = tmp_path_factory.mktemp("page")
    with Simulator(folder, "--api-key", "key-1", "--workspaces",
                   f"{FINANCE}=Finance Planning,{HR}=HR") as simulator:
        world = World(folder, simulator)
        for number in range(12):
            world.give(f"old{number}", departmentNumber="F")
        world.sync()
        world.agent.write(more='policy = { correlate = [ "externalId" ]; limits = { deactivations = { count = 2; '
                               'percent = 0; }; smallest_scan_percent = 99; }; };')
        simulator.add(userName="taken@corp.example", externalId="other", active=True)
        for number in range(4):
            del world.people[f"old{number}"]
        world.give("old4", departmentNumber="H", sn=HOSTILE)
        world.give("old5", mail="new5@corp.example", departmentNumber="F")
        world.give("taken", sn=HOSTILE)
        world.give("legal", departmentNumber="L")
        world.give("doubt", mail="doubt@corp", givenName=HOSTILE)
        world.give("bad", mail=HOSTILE)
        world.write()
        result = world.agent.run("sync", "--dry-run", "--kind", "full", "--format", "html")
        path = folder / "plan.html"
        path.write_text(result.out, encoding="utf-8")
        plan = world.plan("--kind", "full", code=result.code)
        yield path, plan


def test_page_is_complete_without_its_script(page):
    path, plan = page
    text = path.read_text(encoding="utf-8")
    shown = Page(text)
    assert shown.scripts == 1 and "\u202e" not in text
    for tag, attribute, value in shown.attributes:
        assert attribute not in ("src", "style") and not attribute.startswith("on"), (tag, attribute)
        assert attribute != "href" or value.startswith("#"), value
    policy = dict((attribute[1], attribute[2]) for attribute in shown.attributes if attribute[0] == "meta")["content"]
    assert policy is not None and "default-src 'none'" in text
    everything = shown.text.replace("\\u{202E}", "\u202e")
    for action in plan["actions"]:
        for value in (action["userName"], action["dn"], *(one["detail"] for one in action["predictions"])):
            assert value is None or value in everything, value
        for change in action["changes"]:
            assert change["path"] in everything or change["path"] == "entitlements"
        if action["request"] is not None:
            assert f"{action['request']['method']} {action['request']['path']}" in everything
    bodies = [json.loads(part) for part in re.findall(r'\{"schemas".*?\}(?=\s*(?:Directory|DN))', everything)]
    assert bodies == [action["request"]["body"] for action in plan["actions"] if action["request"]]
    for code, count in plan["forecast"]["predictions"].items():
        assert (count > 0) == (code in everything)


@pytest.fixture(scope="module", name="browser")
def make_browser(tmp_path_factory):
    require(browsers.missing())
    with browsers.Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


SHOWN_ROWS = """return Array.from(document.querySelectorAll("#actions tbody tr"))
    .filter(function (row) { return row.getClientRects().length; })
    .map(function (row) { return row.querySelector(".who").textContent; });"""


def test_page_asks_for_nothing_and_complains_of_nothing(browser, page):
    browser.open(page[0])
    assert browser.complaints() == []
    assert browser.requests() == [page[0].as_uri()]
    assert browser.driver.title.startswith("Plan")


def test_search_filter_and_order(browser, page):
    path, plan = page
    browser.look(1280, 900)
    browser.open(path)
    assert len(browser.run(SHOWN_ROWS)) == len(plan["actions"])
    selects = browser.driver.find_elements("css selector", "#actions select")
    assert len(selects) == 4
    selects[0].send_keys("refused")
    browser.run("return new Promise(function (done) { setTimeout(done, 50); })")
    assert sorted(browser.run(SHOWN_ROWS)) == sorted(
        action["userName"] for action in plan["actions"] if "refused" in {one["outcome"] for one
                                                                         in action["predictions"]})
    browser.open(path)
    browser.driver.find_element("css selector", "#actions input[type=search]").send_keys("legal")
    browser.run("return new Promise(function (done) { setTimeout(done, 50); })")
    assert browser.run(SHOWN_ROWS) == ["legal@corp.example"]
    browser.open(path)
    button = browser.driver.find_elements("css selector", "#actions th button")[4]
    assert button.get_attribute("aria-label") == "Sort by Person"
    browser.run("arguments[0].focus()", button)
    browser.driver.switch_to.active_element.send_keys("\ue007")
    names = browser.run(SHOWN_ROWS)
    assert names == sorted(names)


@pytest.mark.parametrize("width", (1280, 390))
def test_nothing_sticks_out(browser, page, width):
    browser.look(width, 1400)
    browser.open(page[0])
    browser.screenshot(page[0].with_name(f"plan-{width}.png"))
    if os.environ.get("KEEP_SCREENSHOTS"):
        shutil.copy(page[0].with_name(f"plan-{width}.png"), os.environ["KEEP_SCREENSHOTS"])
    assert browser.run("return document.documentElement.scrollWidth") <= width
    nameless = browser.run("""return Array.from(document.querySelectorAll("input, select, button, svg[role=img]"))
        .filter(function (one) { return !(one.labels && one.labels.length || one.getAttribute("aria-label")); })
        .length;""")
    assert nameless == 0


def test_light_dark_and_paper(browser, page):
    path, plan = page
    colors = []
    for is_dark in (False, True):
        browser.look(1280, 900, is_dark)
        browser.open(path)
        colors.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    browser.look(1280, 900)
    assert colors[0] != colors[1]
    pdf = browser.print(path.with_suffix(".pdf"))
    assert pdf.startswith(b"%PDF-")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", str(path.with_suffix(".pdf")), "-"], capture_output=True,
                              check=True).stdout.decode()
        assert "UTC, for all times" in text and " shown" not in text.split("Actions")[0]
        assert f"{plan['forecast']['requests']} requests" in text


if __name__ == "__main__":
    sys.exit(harness.run(__file__))
