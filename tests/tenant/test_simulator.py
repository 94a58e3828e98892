#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Tests of the tenant simulator: each documented oddity, each fault, each way to log in.

TENANT_SIMULATOR names the binary; otherwise it is looked for in the build tree (top_builddir).
"""
import base64
import http.client
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

try:
    import pytest
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

BASE = "/scim/1/0/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
FINANCE = "8a81b09d5e8c6f27015ece3402487d33"
HR = "8a81b09d5e8c6f27015ece3402487d34"
UNKNOWN = "0" * 32
OF_TYPE = 'entitlements[type eq "WORKSPACE"]'
KEY = {"Authorization": "Bearer key-1"}
FILTER_DETAIL = ("The specified filter syntax was invalid, or the specified attribute and filter "
                 "comparison combination is not supported")


def find_binary():
    named = os.environ.get("TENANT_SIMULATOR")
    top = os.environ.get("top_builddir", ".")
    return named or os.path.join(top, "tests", "tenant", "tenant-simulator")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)


class Simulator:
    def __init__(self, folder, *options, tls=None):
        self.port_file = os.path.join(folder, "port")
        self.tls = tls
        command = [find_binary(), "--quiet", "--port-file", self.port_file, *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while not os.path.exists(self.port_file):
            assert self.process.poll() is None, self.process.stderr.read().decode()
            assert time.monotonic() < deadline, "the simulator did not start"
            time.sleep(0.01)
        with open(self.port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        complaint = self.process.stderr.read().decode()
        self.process.stderr.close()
        assert (status, complaint) == (0, "")

    def connect(self, timeout=10):
        if self.tls:
            return http.client.HTTPSConnection("localhost", self.port, timeout=timeout,
                                               context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, timeout=10):
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/scim+json")
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def scim(self, method, path, body=None, **headers):
        return self.ask(method, BASE + path, body, {**KEY, **headers})

    def create(self, user_name="ann@corp.example", **more):
        return self.scim("POST", "/Users", person(user_name, **more))

    def patch(self, user_id, *operations):
        return self.scim("PATCH", "/Users/" + user_id,
                         {"schemas": [PATCH], "Operations": list(operations)})

    def select(self, text):
        return self.scim("GET", "/Users?filter=" + urllib.parse.quote(text))

    def fault(self, name, **more):
        answer = self.ask("POST", "/_control", {"fault": name, **more})
        assert answer.status == 201, answer.text

    def users(self):
        return self.ask("GET", "/_users").json

    def log(self):
        return self.ask("GET", "/_log").json

    def stats(self):
        return self.ask("GET", "/_stats").json


def person(user_name="ann@corp.example", **more):
    return {"schemas": [USER], "userName": user_name,
            "name": {"givenName": "Ann", "familyName": "Ray"}, **more}


def workspaces(*ids):
    return [{"value": one, "type": "WORKSPACE"} for one in ids]


def basic(name, password):
    pair = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": "Basic " + pair}


def granted(resource):
    return [one["value"] for one in resource["entitlements"] if one["type"] == "WORKSPACE"]


def wait_until(happens):
    deadline = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    simulator = Simulator(tmp_path_factory.mktemp("shared"), "--api-key", "key-1",
                          "--api-key", "key-2:norole", "--user", "ann@corp.example:secret:word",
                          "--user", "bob@corp.example:secret:norole",
                          "--refresh-token", "client:first")
    yield simulator
    simulator.stop()


@pytest.fixture
def tenant(shared):
    shared.ask("POST", "/_reset")
    return shared


@pytest.fixture
def start(tmp_path):
    started = []

    def starter(*options, **more):
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Simulator(folder, "--api-key", "key-1", *options, **more))
        return started[-1]

    yield starter
    for one in started:
        if one.process.poll() is None:
            one.stop()


# --- users -------------------------------------------------------------------------------------


def test_create_answers_201_with_the_whole_user(tenant):
    answer = tenant.create(externalId="E1", entitlements=workspaces(FINANCE, HR))
    made = answer.json
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/scim+json"
    assert answer.headers["Location"] == made["meta"]["location"]
    assert made["meta"]["location"].startswith("http://localhost:8090/scim/1/0/v2/Users/")
    assert made["meta"]["resourceType"] == "User"
    assert len(made["id"]) == 32 and "-" not in made["id"]
    assert made["displayName"] == made["name"]["formatted"] == "Ann Ray"
    assert made["emails"][0]["value"] == "ann@corp.example"
    assert made["active"] is True
    assert tenant.scim("GET", "/Users/" + made["id"].upper()).json == made


def test_entitlements_come_back_in_three_forms(tenant):
    made = tenant.create(entitlements=workspaces(FINANCE, HR)).json
    by_type = {}
    for one in made["entitlements"]:
        by_type.setdefault(one["type"], []).append(one["value"])
    assert by_type == {"WORKSPACE": [FINANCE, HR], "WORKSPACE_IDS": [f"{FINANCE},{HR}"],
                       "WORKSPACE_NAMES": ['"Finance Planning","HR"']}
    assert made["entitlements"][0]["primary"] is True


@pytest.mark.parametrize("entitlement", [
    {"value": HR, "type": "WORKSPACE"},
    {"value": HR},
    {"display": "HR", "type": "WORKSPACE"},
    {"value": HR, "display": "Finance Planning", "type": "WORKSPACE"},
    {"value": HR.upper(), "type": "WORKSPACE_IDS"},
    {"value": '"HR"', "type": "WORKSPACE_NAMES"},
])
def test_entitlements_are_taken_in_each_form(tenant, entitlement):
    answer = tenant.create(entitlements=[entitlement])
    assert (answer.status, granted(answer.json)) == (201, [HR])


def test_entitlements_echoed_in_three_forms_count_once(tenant):
    made = tenant.create(entitlements=workspaces(FINANCE, HR)).json
    answer = tenant.patch(made["id"], {"op": "replace", "path": "entitlements",
                                       "value": made["entitlements"]})
    assert granted(answer.json) == [FINANCE, HR]


@pytest.mark.parametrize("user_name", ["ann", "@corp.example", "ann@corp", "a b@corp.example", "",
                                       "_ann@corp.example", "ann@corp.example_",
                                       "a" * 48 + "@corp.example"])
def test_user_name_rules(tenant, user_name):
    answer = tenant.create(user_name)
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert tenant.users() == []


def test_user_name_of_60_characters_is_good(tenant):
    assert tenant.create("a" * 47 + "@corp.example").status == 201


def test_user_name_is_unique_without_regard_to_case(tenant):
    tenant.create()
    answer = tenant.create("ANN@corp.example")
    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert answer.json["status"] == "409"


def test_external_id_is_not_unique(tenant):
    tenant.create("a@corp.example", externalId="E1")
    tenant.create("b@corp.example", externalId="e1")
    assert tenant.select('externalId eq "E1"').json["totalResults"] == 2


@pytest.mark.parametrize("value,stored", [(True, True), (False, False), ("True", True),
                                          ("False", False)])
def test_active_as_boolean_or_string(tenant, value, stored):
    made = tenant.create(active=value).json
    assert made["active"] is stored
    answer = tenant.patch(made["id"], {"op": "replace", "path": "active", "value": str(not stored)})
    assert answer.json["active"] is not stored


def test_attribute_names_in_any_case(tenant):
    body = {"SCHEMAS": [USER], "username": "a@corp.example", "Active": False,
            "NAME": {"givenname": "A", "FAMILYNAME": "B"}}
    assert tenant.scim("POST", "/Users", body).json["active"] is False


@pytest.mark.parametrize("body,scim_type", [
    ("{", "invalidSyntax"), ("[]", "invalidSyntax"),
    ({"userName": "a@corp.example"}, "invalidSyntax"),
    ({**person(), "name": {"givenName": "A"}}, "invalidValue"),
    ({**person(), "active": "perhaps"}, "invalidValue"),
    ({**person(), "externalId": 7}, "invalidValue"),
    ({**person(), "entitlements": "x"}, "invalidValue"),
    ({**person(), "entitlements": [{"type": "WORKSPACE"}]}, "invalidValue"),
    ({**person(), "entitlements": [{"value": HR, "type": "MODEL"}]}, "invalidValue"),
])
def test_bad_bodies(tenant, body, scim_type):
    answer = tenant.scim("POST", "/Users", body)
    assert (answer.status, answer.json["scimType"]) == (400, scim_type)
    assert answer.json["status"] == "400"


def test_unknown_workspace_is_partial_success(tenant):
    answer = tenant.create(entitlements=workspaces(FINANCE, UNKNOWN))
    assert (answer.status, answer.json["entitlements"]) == (207, [])
    user_id = answer.json["id"]
    tenant.patch(user_id, {"op": "add", "path": "entitlements", "value": workspaces(HR)})
    answer = tenant.patch(user_id, {"op": "replace", "path": "name.familyName", "value": "New"},
                          {"op": "add", "path": "entitlements", "value": workspaces(UNKNOWN)})
    assert (answer.status, granted(answer.json)) == (207, [HR])
    assert tenant.users()[0]["familyName"] == "New"


def test_fifty_workspaces_a_call(start):
    ids = [f"{number:032x}" for number in range(1, 61)]
    tenant = start("--workspaces", ",".join(ids))
    made = tenant.create(entitlements=workspaces(*ids[:50]))
    assert (made.status, granted(made.json)) == (201, ids[:50])
    assert tenant.create("b@corp.example", entitlements=workspaces(*ids[:51])).status == 400
    add = {"op": "add", "path": "entitlements"}
    answer = tenant.patch(made.json["id"], {**add, "value": workspaces(*ids[:26])},
                          {**add, "value": workspaces(*ids[26:51])})
    assert answer.status == 400
    answer = tenant.patch(made.json["id"], {**add, "value": workspaces(*ids[50:])})
    assert len(granted(answer.json)) == 60


def test_put_replaces_and_omitted_entitlements_are_lost(tenant):
    made = tenant.create(externalId="E1", active=False, entitlements=workspaces(HR)).json
    body = {**person(), "id": made["id"], "name": {"givenName": "B", "familyName": "C"}}
    answer = tenant.scim("PUT", "/Users/" + made["id"], body)
    assert (answer.status, answer.json["entitlements"]) == (200, [])
    assert (answer.json["active"], answer.json["externalId"]) == (False, "E1")
    assert answer.json["displayName"] == "B C"


def test_put_does_not_rename(tenant):
    made = tenant.create().json
    for change in ({"userName": "new@corp.example"}, {"id": UNKNOWN}):
        answer = tenant.scim("PUT", "/Users/" + made["id"], {**person(), **change})
        assert (answer.status, answer.json["scimType"]) == (400, "mutability")


def test_create_status_200(start):
    answer = start("--create-status", "200").create()
    assert answer.status == 200 and answer.headers["Location"]


# --- patch -------------------------------------------------------------------------------------


def test_patch_goes_in_order(tenant):
    made = tenant.create(externalId="E1").json
    answer = tenant.patch(
        made["id"], {"op": "replace", "path": "name.familyName", "value": "One"},
        {"op": "add", "path": "NAME.familyname", "value": "Two"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "name", "value": {"givenName": "G"}},
        {"op": "remove", "path": "externalId"})
    assert answer.status == 200
    assert answer.json["name"] == {"givenName": "G", "familyName": "Two", "formatted": "G Two"}
    assert answer.json["active"] is False and "externalId" not in answer.json


def test_patch_entitlements(tenant):
    user_id = tenant.create().json["id"]

    def patched(**operation):
        answer = tenant.patch(user_id, operation)
        return answer.status, granted(answer.json) if answer.status == 200 else answer.json.get(
            "scimType")

    finance, hr = workspaces(FINANCE), workspaces(HR)
    assert patched(op="replace", path=OF_TYPE, value=hr) == (400, "noTarget")
    assert patched(op="remove", path=OF_TYPE) == (400, "noTarget")
    assert patched(op="remove", path="entitlements") == (200, [])
    assert patched(op="add", path="entitlements", value=finance) == (200, [FINANCE])
    assert patched(op="add", path="entitlements", value=hr) == (200, [FINANCE, HR])
    assert patched(op="replace", path=OF_TYPE, value=hr) == (200, [HR])
    assert patched(op="add", path=OF_TYPE, value=finance) == (200, [FINANCE])
    assert patched(op="replace", path="entitlements", value=hr + finance) == (200, [HR, FINANCE])
    assert patched(op="remove", path=f'entitlements[value eq "{HR}"]') == (200, [FINANCE])
    assert patched(op="remove", path=f'entitlements[value eq "{HR}"]') == (400, "noTarget")
    assert patched(op="remove", path='entitlements[display ne "HR"]') == (200, [])
    assert patched(op="replace", path="entitlements", value=hr[0]) == (200, [HR])
    assert patched(op="remove", path=OF_TYPE) == (200, [])


def test_add_replaces_is_the_other_reading(start):
    tenant = start("--add-replaces")
    made = tenant.create(entitlements=workspaces(FINANCE)).json
    answer = tenant.patch(made["id"], {"op": "add", "path": "entitlements",
                                       "value": workspaces(HR)})
    assert granted(answer.json) == [HR]


@pytest.mark.parametrize("operation,scim_type", [
    ({"op": "Replace", "path": "active", "value": True}, "invalidSyntax"),
    ({"op": "move", "path": "active", "value": True}, "invalidSyntax"),
    ({"op": "replace", "value": {"active": True}}, "invalidPath"),
    ({"op": "replace", "path": "active"}, "invalidValue"),
    ({"op": "replace", "path": "active", "value": 1}, "invalidValue"),
    ({"op": "remove", "path": "active"}, "invalidValue"),
    ({"op": "replace", "path": "name.givenName", "value": ""}, "invalidValue"),
    ({"op": "remove", "path": "name.familyName"}, "invalidValue"),
    ({"op": "replace", "path": "userName", "value": "b@corp.example"}, "mutability"),
    ({"op": "replace", "path": "id", "value": "1"}, "mutability"),
    ({"op": "replace", "path": "nickName", "value": "x"}, "invalidPath"),
    ({"op": "remove", "path": 'active[value eq "x"]'}, "invalidPath"),
    ({"op": "remove", "path": 'entitlements[type eq \\"WORKSPACE\\"]'}, "invalidPath"),
    ({"op": "remove", "path": 'entitlements[type eq "A" or type eq "B"]'}, "invalidPath"),
    ({"op": "remove", "path": 'entitlements[type co "WORK"]'}, "invalidPath"),
    ({"op": "remove", "path": 'entitlements[colour eq "red"]'}, "invalidPath"),
    ({"op": "remove", "path": 'entitlements[type eq "WORKSPACE"'}, "invalidPath"),
    ({"op": "add", "path": "entitlements", "value": "x"}, "invalidValue"),
])
def test_refused_patches_change_nothing(tenant, operation, scim_type):
    made = tenant.create(entitlements=workspaces(HR)).json
    answer = tenant.patch(made["id"], {"op": "replace", "path": "active", "value": False},
                          operation)
    assert (answer.status, answer.json["scimType"]) == (400, scim_type)
    assert tenant.scim("GET", "/Users/" + made["id"]).json == made


def test_patch_needs_its_schema_and_an_operation(tenant):
    path = "/Users/" + tenant.create().json["id"]
    assert tenant.scim("PATCH", path, {"Operations": [{}]}).status == 400
    assert tenant.scim("PATCH", path, {"schemas": [PATCH], "Operations": []}).status == 400


# --- lists -------------------------------------------------------------------------------------


def test_paging(start):
    tenant = start("--users", "230")
    first = tenant.scim("GET", "/Users").json
    assert (first["totalResults"], first["itemsPerPage"], first["startIndex"]) == (230, 50, 1)
    assert "schemas" not in first
    pages = [tenant.scim("GET", f"/Users?startIndex={at}&count=100").json["Resources"]
             for at in (1, 101, 201, 301)]
    assert [len(page) for page in pages] == [100, 100, 30, 0]
    assert len({one["id"] for page in pages for one in page}) == 230
    assert tenant.scim("GET", "/Users?startIndex=-5&count=1").json["startIndex"] == 1
    assert tenant.scim("GET", "/Users?count=-1").json["Resources"] == []
    assert tenant.scim("GET", "/Users?count=0").json["totalResults"] == 230


@pytest.mark.parametrize("query", ["count=101", "count=x", "startIndex=x"])
def test_bad_paging(tenant, query):
    answer = tenant.scim("GET", "/Users?" + query)
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize("text,names", [
    ('userName eq "ANN@corp.example"', "a"),
    ('externalid EQ "e2"', "b"),
    ('userName ne "ann@corp.example"', "bc"),
    ('externalId ne "E1"', "bc"),
    ('externalId pr', "ab"),
    ('not_there pr', None),
    ('name.familyName gt "M"', "bc"),
    ('name.familyName ge "Ray" and name.familyName le "Ray"', "b"),
    ('name.givenName lt "B"', "a"),
    ('active eq true', "ab"),
    ('active eq "False"', "c"),
    ('active ne true', "c"),
    ('(userName eq "ann@corp.example" or externalId eq "E2") and active eq true', "ab"),
    ('userName eq "ann@corp.example" or name.familyName eq "Zed"', "ac"),
    ('((((active eq false))))', "c"),
    ('userName eq "nobody@corp.example"', ""),
    ('userName eq "a\\"b"', ""),
])
def test_filters(tenant, text, names):
    tenant.create("ann@corp.example", externalId="E1", name={"givenName": "Al", "familyName": "Dee"})
    tenant.create("bob@corp.example", externalId="E2")
    tenant.scim("PATCH", "/Users/" + tenant.users()[1]["id"], {
        "schemas": [PATCH], "Operations": [{"op": "replace", "path": "name.givenName",
                                            "value": "Bo"}]})
    tenant.create("cid@corp.example", active=False, name={"givenName": "Cy", "familyName": "Zed"})
    answer = tenant.select(text)
    if names is None:
        assert answer.status == 400
        return
    assert "".join(one["userName"][0] for one in answer.json["Resources"]) == names
    assert answer.json["totalResults"] == len(names)


@pytest.mark.parametrize("text", [
    'userName co "a"', 'userName sw "a"', 'userName ew "a"', 'not (active eq true)',
    'displayName eq "x"', 'emails.value eq "x"', 'entitlements.value eq "x"',
    'entitlements[type eq "x"]', 'meta.lastModified gt "2020-01-01T00:00:00Z"', 'userName eq',
    'userName eq x', 'userName eq "x', 'userName eq "x" and', '(userName pr', 'userName pr)',
    'userName', 'active gt true', 'active eq 1', 'id eq 5', '(' * 60 + 'id pr' + ')' * 60])
def test_unsupported_filters(tenant, text):
    answer = tenant.select(text)
    assert (answer.status, answer.json["scimType"], answer.json["detail"]) == (
        400, "invalidValue", FILTER_DETAIL)


def test_unstable_order_misses_and_repeats(start):
    tenant = start("--users", "230", "--page-order", "unstable")

    def read():
        return [one["id"] for at in (1, 101, 201)
                for one in tenant.scim("GET", f"/Users?startIndex={at}&count=100").json["Resources"]]

    seen = read()
    assert len(seen) == 230 and len(set(seen)) < 230
    tenant.fault("unstable-order", on=False)
    assert len(set(read())) == 230


def test_short_pages(start):
    tenant = start("--users", "30")
    tenant.fault("short-pages", size=4)
    page = tenant.scim("GET", "/Users?count=100").json
    assert (len(page["Resources"]), page["itemsPerPage"], page["totalResults"]) == (4, 4, 30)
    tenant.fault("short-pages", on=False)
    assert len(tenant.scim("GET", "/Users?count=100").json["Resources"]) == 30


def test_hundred_thousand_users(start):
    tenant = start("--users", "100000", "--log-limit", "10")
    connection = tenant.connect()
    seen = set()
    for at in range(1, 100001, 100):
        connection.request("GET", f"{BASE}/Users?startIndex={at}&count=100", headers=KEY)
        seen.update(one["id"] for one in json.load(connection.getresponse())["Resources"])
    connection.close()
    assert len(seen) == 100000
    assert tenant.select('userName eq "user099999@corp.example"').json["totalResults"] == 1
    assert tenant.select('externalId gt "E099990"').json["totalResults"] == 10
    assert len(tenant.log()) == 10


# --- paths, methods, headers -------------------------------------------------------------------


@pytest.mark.parametrize("method,path,status", [
    ("GET", "/users", 404), ("GET", "/Groups", 404), ("POST", "/.search", 404),
    ("GET", "/Me", 404), ("GET", "/Users/nobody", 404), ("PATCH", "/Users/nobody", 404),
    ("PUT", "/Users/nobody", 404), ("DELETE", "/Users/nobody", 501), ("DELETE", "/Users", 501),
    ("PUT", "/Users", 405), ("PATCH", "/Users", 405), ("GET", "/Users/a/b", 404),
])
def test_statuses_of_paths(tenant, method, path, status):
    answer = tenant.scim(method, path, None if method in ("GET", "DELETE") else {})
    assert (answer.status, answer.json["status"]) == (status, str(status))
    assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_media_types(tenant):
    assert tenant.scim("GET", "/Users", Accept="text/html").status == 406
    assert tenant.scim("GET", "/Users", Accept="application/*").status == 200
    plain = {"Content-Type": "application/json", "Accept": "application/json"}
    assert tenant.scim("POST", "/Users", person(), **plain).status == 201
    assert tenant.scim("POST", "/Users", person("b@corp.example"),
                       **{"Content-Type": "text/plain"}).status == 400


def test_discovery_needs_no_credentials_and_denies_what_works(tenant):
    config = tenant.ask("GET", BASE + "/ServiceProviderConfig").json
    assert config["patch"]["supported"] is False and config["filter"]["supported"] is False
    assert tenant.ask("GET", BASE + "/ResourceTypes").json["totalResults"] == 1
    attributes = tenant.ask("GET", BASE + "/Schemas").json["Resources"][0]["attributes"]
    by_name = {one["name"]: one for one in attributes}
    assert by_name["userName"]["mutability"] == "readOnly"
    assert len(by_name["entitlements"]["subAttributes"]) == 4


# --- who may ask -------------------------------------------------------------------------------


def test_scim_takes_each_kind_of_credential(tenant):
    login = tenant.ask("POST", "/token/authenticate", headers=basic("ann@corp.example",
                                                                    "secret:word"))
    assert login.status == 201 and login.json["status"] == "SUCCESS"
    token = login.json["tokenInfo"]["tokenValue"]
    for value in ("AnaplanAuthToken " + token, "Bearer " + token, "Bearer key-1",
                  basic("ann@corp.example", "secret:word")["Authorization"]):
        assert tenant.ask("GET", BASE + "/Users", headers={"Authorization": value}).status == 200
    for value in ("Bearer x", "AnaplanAuthToken key-1", "Basic x", "Digest x", token, "",
                  basic("ann@corp.example", "wrong")["Authorization"]):
        assert tenant.ask("GET", BASE + "/Users", headers={"Authorization": value}).status == 401
    assert tenant.ask("GET", BASE + "/Users").status == 401


def test_a_token_tells_whose_it_is(tenant):
    def owner(name, password):
        login = tenant.ask("POST", "/token/authenticate", headers=basic(name, password))
        own = {"Authorization": "AnaplanAuthToken " + login.json["tokenInfo"]["tokenValue"]}
        return tenant.ask("GET", "/token/validate", headers=own).json["userInfo"]

    stranger = owner("ann@corp.example", "secret:word")
    assert stranger["userId"] == "ann@corp.example" and len(stranger["userGuid"]) == 32
    assert owner("bob@corp.example", "secret")["userGuid"] != stranger["userGuid"]
    created = tenant.ask("POST", BASE + "/Users", person("Ann@corp.example"), KEY)
    assert created.status == 201, created.text
    assert owner("ann@corp.example", "secret:word")["userGuid"] == created.json["id"]


def test_no_role_is_403_that_says_404(tenant):
    for headers in (basic("bob@corp.example", "secret"), {"Authorization": "Bearer key-2"}):
        answer = tenant.ask("GET", BASE + "/Users", headers=headers)
        assert (answer.status, answer.json["status"]) == (403, "404")


def test_token_life(tenant):
    login = tenant.ask("POST", "/token/authenticate",
                       headers=basic("ann@corp.example", "secret:word")).json["tokenInfo"]
    assert abs(login["expiresAt"] / 1000 - time.time() - 2100) < 10
    own = {"Authorization": "AnaplanAuthToken " + login["tokenValue"]}
    time.sleep(0.01)
    refreshed = tenant.ask("POST", "/token/refresh", headers=own)
    assert refreshed.status == 200
    assert refreshed.json["tokenInfo"]["tokenValue"] == login["tokenValue"]
    assert refreshed.json["tokenInfo"]["expiresAt"] > login["expiresAt"]
    assert "userGuid" in tenant.ask("GET", "/token/validate", headers=own).json["userInfo"]
    bearer = {"Authorization": "Bearer " + login["tokenValue"]}
    for method, path in (("POST", "authenticate"), ("POST", "refresh"), ("GET", "validate")):
        answer = tenant.ask(method, "/token/" + path, headers=bearer)
        assert (answer.status, answer.json["status"]) == (400, "FAILURE_BAD_HEADER")
    assert tenant.ask("POST", "/token/logout", headers=own).status == 204
    answer = tenant.ask("GET", "/token/validate", headers=own)
    assert (answer.status, answer.json["status"]) == (401, "FAILURE_BAD_CREDENTIAL")
    assert tenant.ask("GET", BASE + "/Users", headers=own).status == 401
    assert tenant.ask("GET", "/token/refresh", headers=own).status == 405


def test_wrong_password(tenant):
    answer = tenant.ask("POST", "/token/authenticate", headers=basic("ann@corp.example", "x"))
    assert (answer.status, answer.json["status"]) == (401, "FAILURE_BAD_CREDENTIAL")


def test_tokens_expire(start):
    tenant = start("--user", "ann@corp.example:pw", "--token-lifetime", "2")
    login = tenant.ask("POST", "/token/authenticate", headers=basic("ann@corp.example", "pw"))
    bearer = {"Authorization": "Bearer " + login.json["tokenInfo"]["tokenValue"]}
    assert tenant.ask("GET", BASE + "/Users", headers=bearer).status == 200
    time.sleep(2.1)
    assert tenant.ask("GET", BASE + "/Users", headers=bearer).status == 401
    assert tenant.stats()["tokens"] == 0


def refresh(tenant, token, client="client"):
    return tenant.ask("POST", "/oauth/token", {"grant_type": "refresh_token", "client_id": client,
                                               "refresh_token": token})


def test_oauth_refresh_tokens_work_once(tenant):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "grant_type=refresh_token&client_id=client&refresh_token=%66irst"
    first = tenant.ask("POST", "/oauth/token", body, form)
    assert (first.status, first.json["expires_in"]) == (200, 2100)
    bearer = {"Authorization": "Bearer " + first.json["access_token"]}
    assert tenant.ask("GET", BASE + "/Users", headers=bearer).status == 200
    second = refresh(tenant, first.json["refresh_token"])
    assert second.status == 200
    assert refresh(tenant, first.json["refresh_token"], "another").json["error"] == "invalid_grant"
    other = tenant.ask("POST", "/oauth/token", {"grant_type": "client_credentials", "client_id": "client"})
    assert other.json["error"] == "unsupported_grant_type"
    # What was used before comes again: nothing of that login is good any more.
    again = refresh(tenant, "first")
    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert refresh(tenant, second.json["refresh_token"]).json["error"] == "invalid_grant"
    assert tenant.ask("GET", BASE + "/Users", headers=bearer).status == 401


CLIENTS = ("--oauth-client", "rotating", "--oauth-client", "steady:norotate", "--user", "ann@corp.example:pw",
           "--device-interval", "1", "--device-lifetime", "30")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def poll(tenant, device, client="rotating"):
    return tenant.ask("POST", "/oauth/token", {"grant_type": DEVICE_GRANT, "client_id": client,
                                               "device_code": device["device_code"]})


def code_for(tenant, client="rotating", scope="openid offline_access"):
    return tenant.ask("POST", "/oauth/device/code", {"client_id": client, "scope": scope}).json


def allow(tenant, device, **more):
    body = {"userCode": device["user_code"], "user": "ann@corp.example", "allow": True, **more}
    return tenant.ask("POST", "/_device", body).status


def test_a_person_lets_a_device_in(start):
    tenant = start(*CLIENTS)
    assert tenant.ask("POST", "/oauth/device/code", {"client_id": "nobody"}).json["error"] == "invalid_client"
    device = code_for(tenant)
    assert (device["interval"], device["expires_in"]) == (1, 30)
    assert device["user_code"] in device["verification_uri_complete"]
    assert poll(tenant, device).json["error"] == "authorization_pending"
    assert poll(tenant, device).json["error"] == "slow_down"
    assert allow(tenant, device, user="stranger@corp.example") == 400
    assert allow(tenant, {"user_code": "XXXX-XXXX"}) == 400
    other, refused = code_for(tenant), code_for(tenant)
    assert allow(tenant, other) == 200
    assert allow(tenant, other) == 400
    assert poll(tenant, other, "steady").json["error"] == "invalid_grant"
    granted = poll(tenant, other)
    assert granted.status == 200
    bearer = {"Authorization": "Bearer " + granted.json["access_token"]}
    assert tenant.ask("GET", BASE + "/Users", headers=bearer).status == 200
    assert poll(tenant, other).json["error"] == "invalid_grant"
    assert allow(tenant, refused, allow=False) == 200
    assert poll(tenant, refused).json["error"] == "access_denied"
    assert refresh(tenant, granted.json["refresh_token"], "rotating").json["refresh_token"]


def test_clients_whose_refresh_tokens_stay(start):
    tenant = start(*CLIENTS, "--refresh-lifetime", "0")
    device = code_for(tenant, "steady")
    allow(tenant, device)
    token = poll(tenant, device, "steady").json["refresh_token"]
    for _ in range(3):
        answer = refresh(tenant, token, "steady")
        assert answer.status == 200 and "refresh_token" not in answer.json
    device = code_for(tenant, "steady", scope="openid")
    allow(tenant, device)
    assert "refresh_token" not in poll(tenant, device, "steady").json


def test_refresh_tokens_end_and_lost_answers_may_be_forgiven(start):
    tenant = start("--refresh-token", "client:first", "--refresh-grace", "60")
    lost = refresh(tenant, "first")
    again = refresh(tenant, "first")
    assert (lost.status, again.status) == (200, 200)
    assert lost.json["refresh_token"] != again.json["refresh_token"]
    assert refresh(tenant, again.json["refresh_token"]).status == 200
    tenant.ask("POST", "/_expire")
    assert tenant.stats()["tokens"] == 0
    assert refresh(tenant, again.json["refresh_token"]).json["error"] == "invalid_grant"


def test_codes_end(start):
    tenant = start(*CLIENTS[:-1], "0")
    device = code_for(tenant)
    assert poll(tenant, device).json["error"] == "expired_token"
    assert allow(tenant, device) == 400
    tenant.fault("access_denied", path="/oauth/token")
    assert poll(tenant, device).json == {"error": "access_denied"}


def test_workspaces_of_the_integration_api(tenant):
    answer = tenant.ask("GET", "/2/0/workspaces", headers=KEY)
    assert [(one["id"], one["name"]) for one in answer.json["workspaces"]] == [
        (FINANCE, "Finance Planning"), (HR, "HR")]
    assert tenant.ask("GET", "/2/0/workspaces").status == 401


# --- certificates ------------------------------------------------------------------------------


def openssl(*arguments, folder, data=None):
    return subprocess.run(["openssl", *arguments], cwd=folder, input=data, check=True,
                          capture_output=True).stdout


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A CA, an intermediate, a client, a server certificate, and a stranger that signs itself."""
    folder = tmp_path_factory.mktemp("authority")

    def make(name, *issuer):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                "/CN=" + name, "-keyout", name + ".key", "-out", name + ".pem", *issuer,
                folder=folder)

    make("ca")
    make("inter", "-CA", "ca.pem", "-CAkey", "ca.key")
    leaf = ("-addext", "basicConstraints=critical,CA:FALSE")
    make("client", "-CA", "ca.pem", "-CAkey", "ca.key", *leaf)
    make("nested", "-CA", "inter.pem", "-CAkey", "inter.key", *leaf)
    make("server", "-CA", "ca.pem", "-CAkey", "ca.key", "-addext",
         "subjectAltName=DNS:localhost", *leaf)
    make("stranger")
    return folder


class CertificateLogin:
    """One login, right unless something is changed before ask()."""

    def __init__(self, tenant, folder):
        self.tenant, self.folder = tenant, folder
        self.name, self.signer, self.digest = "client", "client", "-sha512"
        self.seconds, self.padding, self.format = time.time(), 92, "v2"
        self.encode = self.pem

    def pem(self, name):
        return (self.folder / (name + ".pem")).read_bytes()

    def der(self, name):
        return openssl("x509", "-in", name + ".pem", "-outform", "DER", folder=self.folder)

    def ask(self):
        message = struct.pack(">Q", int(self.seconds)) + os.urandom(self.padding)
        signature = openssl("dgst", self.digest, "-sign", self.signer + ".key", folder=self.folder,
                            data=message)
        body = {"encodedDataFormat": self.format,
                "encodedData": base64.b64encode(message).decode(),
                "encodedSignedData": base64.b64encode(signature).decode()}
        encoded = base64.b64encode(self.encode(self.name)).decode()
        headers = {"Authorization": "CACertificate " + encoded, "Content-Type": "application/json"}
        return self.tenant.ask("POST", "/token/authenticate", body, headers)


@pytest.fixture
def login(start, authority):
    tenant = start("--ca-file", str(authority / "ca.pem"))
    return CertificateLogin(tenant, authority)


def test_certificate_as_pem_and_as_der(login):
    answer = login.ask()
    assert answer.status == 201, answer.text
    login.encode = login.der
    answer = login.ask()
    assert answer.status == 201, answer.text
    own = {"Authorization": "AnaplanAuthToken " + answer.json["tokenInfo"]["tokenValue"]}
    assert login.tenant.ask("GET", BASE + "/Users", headers=own).status == 200


def test_certificate_with_an_intermediate(login):
    login.name = login.signer = "nested"
    assert login.ask().status == 401
    login.encode = lambda name: login.pem(name) + login.pem("inter")
    assert login.ask().status == 201


@pytest.mark.parametrize("changes,status,word", [
    ({"signer": "stranger"}, 401, "signature"),
    ({"digest": "-sha256"}, 401, "signature"),
    ({"name": "stranger", "signer": "stranger"}, 401, "authority"),
    ({"seconds": time.time() * 1000}, 401, "timestamp"),
    ({"seconds": time.time() - 700}, 401, "timestamp"),
    ({"seconds": time.time() + 900}, 401, "timestamp"),
    ({"seconds": 0}, 401, "timestamp"),
    ({"padding": 91}, 400, "100 bytes"),
    ({"format": "v1"}, 400, "v2"),
    ({"encode": lambda name: b"nonsense"}, 400, "decoded"),
])
def test_certificate_refused(login, changes, status, word):
    for name, value in changes.items():
        setattr(login, name, value)
    answer = login.ask()
    assert answer.status == status and word in answer.json["statusMessage"]
    assert answer.json["status"].startswith("FAILURE_BAD_")


def test_certificate_without_a_ca_file(tenant, authority):
    assert CertificateLogin(tenant, authority).ask().status == 401


def test_tls(start, authority):
    trust = ssl.create_default_context(cafile=str(authority / "ca.pem"))
    tenant = start("--tls-cert", str(authority / "server.pem"), "--tls-key",
                   str(authority / "server.key"), tls=trust)
    assert tenant.create().status == 201
    tenant.fault("lost")
    with pytest.raises((OSError, http.client.HTTPException)):
        tenant.create("b@corp.example")
    assert len(tenant.users()) == 2


# --- faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["400", "401", "403", "404", "409", "429", "500", "502", "503"])
def test_injected_status_does_nothing_and_ends(tenant, name):
    tenant.fault(name, count=2)
    for _ in range(2):
        answer = tenant.create()
        assert answer.status == int(name)
        assert "Retry-After" not in answer.headers
    assert tenant.users() == []
    assert tenant.create().status == 201


def test_retry_after_in_each_form(tenant):
    tenant.fault("429", retryAfter="2")
    tenant.fault("503", retryAfter=3)
    tenant.fault("429", retryAfterDate=60)
    assert [tenant.create().headers["Retry-After"] for _ in range(2)] == ["2", "3"]
    date = tenant.create().headers["Retry-After"]
    when = time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
    assert 50 < when - time.time() < 70


def test_faults_match_method_path_and_position(tenant):
    tenant.fault("500", method="POST", path="/Users", after=1)
    assert tenant.scim("GET", "/Users").status == 200
    assert [tenant.create(f"{one}@corp.example").status for one in "abc"] == [201, 500, 201]
    tenant.fault("500", path="/token", count=-1)
    assert tenant.scim("GET", "/Users").status == 200
    answer = tenant.ask("POST", "/token/authenticate")
    assert (answer.status, answer.json["status"]) == (500, "FAILURE")
    assert tenant.ask("GET", "/_control").json["queue"][0]["count"] == -1
    tenant.ask("DELETE", "/_control")
    assert tenant.ask("GET", "/_control").json["queue"] == []


def test_faults_keep_their_order(tenant):
    for name in ("500", "429", "404"):
        tenant.fault(name)
    assert [tenant.create().status for _ in range(4)] == [500, 429, 404, 201]


@pytest.mark.parametrize("body", [{}, [], "x", {"fault": "no"}, {"fault": "200"},
                                  {"fault": "500", "times": 3}])
def test_wrong_faults_are_refused(tenant, body):
    assert tenant.ask("POST", "/_control", json.dumps(body)).status == 400


def test_reset_writes_nothing_lost_writes(tenant):
    tenant.fault("reset")
    with pytest.raises(ConnectionResetError):
        tenant.create("a@corp.example")
    assert tenant.users() == []
    tenant.fault("lost")
    with pytest.raises(http.client.RemoteDisconnected):
        tenant.create("a@corp.example")
    assert [one["userName"] for one in tenant.users()] == ["a@corp.example"]
    assert [(one["status"], one["fault"]) for one in tenant.log()] == [(0, "reset"), (0, "lost")]


def test_slow_holds_up_nobody_else(tenant):
    tenant.fault("slow", ms=60000, method="POST")
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(tenant.create().status))
    thread.start()
    wait_until(tenant.users)
    assert tenant.scim("GET", "/Users").status == 200 and statuses == []
    tenant.ask("DELETE", "/_control")
    thread.join()
    assert statuses == [201]


def test_slow_goes_with_another_fault(tenant):
    tenant.fault("slow", ms=100)
    tenant.fault("503")
    begin = time.monotonic()
    assert tenant.create().status == 503
    assert time.monotonic() - begin >= 0.1


def test_never_answers(tenant):
    for write, count in ((False, 0), (True, 1)):
        tenant.fault("never", write=write)
        with pytest.raises(socket.timeout):
            tenant.ask("POST", BASE + "/Users", person(), KEY, timeout=0.2)
        wait_until(lambda: len(tenant.log()) == count + 1)
        assert len(tenant.users()) == count
    tenant.fault("never", ms=50)
    with pytest.raises(http.client.RemoteDisconnected):
        tenant.create("b@corp.example")
    tenant.ask("DELETE", "/_control")


def test_stops_while_answers_wait(start):
    tenant = start()
    tenant.fault("never", count=2)
    for _ in range(2):
        with pytest.raises(socket.timeout):
            tenant.ask("GET", BASE + "/Users", None, KEY, timeout=0.1)
    tenant.stop(signal.SIGINT)


def test_cut(tenant):
    tenant.fault("cut")
    with pytest.raises(http.client.IncompleteRead):
        tenant.create()
    assert len(tenant.users()) == 1


def test_partial_and_wrong_entitlements(tenant):
    tenant.fault("207")
    answer = tenant.create(entitlements=workspaces(FINANCE, HR))
    assert (answer.status, granted(answer.json)) == (207, [])
    add = {"op": "add", "path": "entitlements", "value": workspaces(FINANCE, HR)}
    tenant.fault("wrong-entitlements")
    answer = tenant.patch(answer.json["id"], add)
    assert (answer.status, granted(answer.json)) == (200, [FINANCE])
    tenant.fault("wrong-entitlements")
    answer = tenant.patch(answer.json["id"], {"op": "remove", "path": OF_TYPE})
    assert (answer.status, granted(answer.json)) == (200, [FINANCE])
    assert tenant.users()[0]["workspaces"] == [FINANCE]


def test_expire_tokens(tenant):
    login = tenant.ask("POST", "/token/authenticate",
                       headers=basic("ann@corp.example", "secret:word")).json
    own = {"Authorization": "AnaplanAuthToken " + login["tokenInfo"]["tokenValue"]}
    tenant.fault("expire-tokens", after=1)
    assert [tenant.ask("GET", BASE + "/Users", headers=own).status for _ in range(2)] == [200, 401]
    assert tenant.scim("GET", "/Users").status == 200


def test_not_json_and_wrong_shape(tenant):
    tenant.fault("not-json")
    answer = tenant.create()
    assert (answer.status, answer.headers["Content-Type"]) == (201, "text/html")
    with pytest.raises(ValueError):
        answer.json
    tenant.fault("wrong-shape")
    answer = tenant.scim("GET", "/Users")
    assert (answer.status, answer.json["totalResults"]) == (200, "many")


def test_too_large(tenant):
    tenant.fault("too-large", bytes=3000000)
    assert len(tenant.scim("GET", "/Users").text) == 3000000
    tenant.fault("too-large")
    connection = tenant.connect()
    connection.request("GET", BASE + "/Users", headers=KEY)
    response = connection.getresponse()
    assert sum(len(response.read(65536)) for _ in range(200)) == 200 * 65536
    connection.close()
    assert tenant.scim("GET", "/Users").status == 200


# --- what tests can see ------------------------------------------------------------------------


def test_log_keeps_no_secret(tenant):
    tenant.create()
    tenant.ask("POST", "/token/authenticate", headers=basic("ann@corp.example", "secret:word"))
    log = tenant.log()
    assert [(one["sequence"], one["method"], one["path"], one["status"], one["authorization"])
            for one in log] == [(1, "POST", BASE + "/Users", 201, "Bearer"),
                                (2, "POST", "/token/authenticate", 201, "Basic")]
    assert json.loads(log[0]["body"])["userName"] == "ann@corp.example"
    assert "key-1" not in json.dumps(log)
    assert [one["sequence"] for one in tenant.ask("GET", "/_log?since=1").json] == [2]


def test_stats(tenant):
    tenant.create()
    tenant.create()
    stats = tenant.stats()
    assert stats["requests"] == {"POST": {"201": 1, "409": 1}}
    assert (stats["users"], stats["total"], stats["inFlight"]) == (1, 2, 0)


def test_two_in_flight_for_one_account(tenant):
    made = [tenant.create(f"{one}@corp.example").json["id"] for one in "ab"]

    def together(*ids):
        tenant.fault("slow", ms=60000, count=-1)
        threads = [threading.Thread(target=tenant.patch, args=(
            one, {"op": "replace", "path": "active", "value": False})) for one in ids]
        for thread in threads:
            thread.start()
        wait_until(lambda: tenant.stats()["inFlight"] == 2)
        tenant.ask("DELETE", "/_control")
        for thread in threads:
            thread.join()
        return tenant.stats()

    assert together(*made)["sameAccountInFlight"] == 0
    stats = together(made[0], made[0])
    assert (stats["sameAccountInFlight"], stats["mostInFlight"]) == (1, 2)


def test_a_person_at_the_screen(tenant):
    assert tenant.ask("POST", "/_users", [{"userName": "b@corp.example"},
                                          {"userName": "A@corp.example"}]).status == 200
    first = tenant.users()[0]
    assert first["userName"] == "A@corp.example"
    path = "/_users/" + first["id"]
    tenant.ask("PUT", path, {"active": False, "workspaces": [HR], "userName": "z@corp.example"})
    shown = tenant.scim("GET", "/Users/" + first["id"]).json
    assert (shown["active"], granted(shown), shown["userName"]) == (False, [HR], "z@corp.example")
    assert tenant.select('userName eq "a@corp.example"').json["totalResults"] == 0
    assert tenant.ask("PUT", path, {"workspaces": ["x"]}).status == 400
    assert tenant.ask("PUT", path, {"userName": "b@corp.example"}).status == 409
    assert tenant.ask("DELETE", path).status == 200
    assert [one["userName"] for one in tenant.users()] == ["b@corp.example"]
    assert tenant.scim("GET", "/Users/" + first["id"]).status == 404
    assert tenant.log()[0]["path"].startswith(BASE)


def test_state_file(start, tmp_path):
    state = str(tmp_path / "state.jsonl")
    tenant = start("--state", state)
    tenant.create(externalId="E1", entitlements=workspaces(HR))
    before = tenant.users()
    tenant.stop()
    assert start("--state", state).users() == before


def test_keep_alive_and_many_at_once(tenant):
    def work(letter):
        connection = tenant.connect()
        for number in range(50):
            connection.request("POST", BASE + "/Users", json.dumps(
                person(f"{letter}{number}@corp.example")),
                {**KEY, "Content-Type": "application/scim+json"})
            assert connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=work, args=(letter,)) for letter in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tenant.stats()["requests"]["POST"] == {"201": 400}


# --- the command line --------------------------------------------------------------------------


def run(*options):
    return subprocess.run([find_binary(), *options], capture_output=True, text=True, check=False,
                          timeout=20)


def test_help():
    done = run("--help")
    assert done.returncode == 0 and "--add-replaces" in done.stdout and done.stderr == ""


@pytest.mark.parametrize("options", [["--no-such"], ["--port", "x"], ["--port", "70000"], ["x"],
                                     ["--user", "nocolon"], ["--tls-cert", "x"],
                                     ["--page-order", "odd"], ["--create-status", "204"]])
def test_wrong_usage(options):
    done = run(*options)
    assert done.returncode == 64 and done.stderr and done.stdout == ""


@pytest.mark.parametrize("options", [["--address", "nowhere"], ["--tls-cert", "/no", "--tls-key",
                                                                "/no"],
                                     ["--port-file", "/no/such/folder/port"]])
def test_cannot_start(options):
    done = run(*options)
    assert done.returncode == 1 and done.stderr


if __name__ == "__main__":
    if not os.access(find_binary(), os.X_OK):
        print("SKIP: the tenant simulator is not built; it needs libmicrohttpd-dev")
        sys.exit(77)
    sys.dont_write_bytecode = True
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", __file__]))
