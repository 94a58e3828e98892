# SPDX-License-Identifier: ISC
"""What guides in Markdown say, made to run.

A block in ```LANGUAGE is
    libconfig   a configuration, or some settings of one: checked with `scimward check --offline`
    console     "$ " commands with what they print: run, in order, in the example company
    sh          commands that are not run here; each scimward in them must be understood
    json        must be JSON
    mapping     `template   attribute: value; …   → result`: mapped by the program
    filter      `(filter)   attribute: value; …   → yes or no`: likewise

In what a console shows a line with only "…" stands for any lines, and what differs from run to run is
replaced (normalize). UPDATE=1 writes what was printed into the guide, without any "…".

A comment `<!-- then: leave zuse -->` changes the world there; World has the words.
"""
import contextlib
import os
import re
import shutil
import sqlite3
import subprocess

from agent import Agent, FINANCE, HR, find_binary

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(TOP, "contrib", "example")
GROUPS = "ou=groups,dc=corp,dc=example"
PEOPLE = "ou=people,dc=corp,dc=example"
WORKSPACES = f"""{{ id = "{FINANCE}"; name = "Finance Planning"; group = "cn=anaplan-finance,{GROUPS}"; nested = true; }},
  {{ id = "{HR}"; name = "HR"; when = "(departmentNumber=HR*)"; }}"""
# What a fragment is put into.
BASE = {
    "directories": """directories = ( { name = "corp"; urls = [ "ldaps://ldap.corp.example" ];
  bind = { dn = "cn=scimward,dc=corp,dc=example"; password = "credential:directory-password"; };
  users = { bases = [ "ou=people,dc=corp,dc=example" ]; }; } );""",
    "workspaces": f"workspaces = ( {WORKSPACES} );",
    "tenant": 'tenant = { auth = { key = "credential:anaplan-api-key"; }; };',
}


class Part:
    """A block or a directive of a guide."""

    def __init__(self, language, lines, first):
        self.language, self.lines, self.first = language, lines, first

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


def read_parts(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    parts, at = [], 0
    while at < len(lines):
        then = re.fullmatch(r"<!-- then: (.*) -->", lines[at])
        fence = re.fullmatch(r"```(\w*)", lines[at])
        if then:
            parts.append(Part("then", [then.group(1)], at))
        elif fence:
            end = lines.index("```", at + 1)
            parts.append(Part(fence.group(1), lines[at + 1:end], at + 1))
            at = end
        at += 1
    return parts


def prose(path):
    """The guide without its blocks."""
    with open(path, encoding="utf-8") as file:
        return re.sub(r"^```.*?^```$", "", file.read(), flags=re.M | re.S)


# Configurations

def complete(text):
    """A whole configuration: fragments get the rest from BASE."""
    names = set(re.findall(r"^(\w+)\s*=", text, re.M))
    return text + "".join("\n" + part for name, part in BASE.items() if name not in names)


def check(text, folder):
    path = os.path.join(folder, "guide.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([find_binary(), "-c", path, "check", "--offline"], capture_output=True, text=True,
                          timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


# Examples of mapping and filters

def examples(part):
    """Rows of (left, {attribute: [values]}, right)."""
    for row in part.lines:
        if not row.strip():
            continue
        found = re.fullmatch(r"(.+?)\s{2,}(.*?)\s*→ (.*)", row)
        assert found, f"not an example: {row}"
        attributes = {}
        for piece in filter(None, found.group(2).split("; ")):
            name, value = piece.split(": ", 1)
            attributes.setdefault(name.strip(), []).append(value.strip())
        yield found.group(1).strip(), attributes, found.group(3).strip()


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def example_entry(number, attributes):
    text = f"dn: uid=ex{number},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: ex{number}\n"
    if "entryUUID" not in attributes:
        text += f"entryUUID: 00000000-0000-4000-8000-{number:012}\n"
    return text + "".join(f"{name}: {value}\n" for name, values in attributes.items() for value in values) + "\n"


def dry_run(folder, port, entries, mapping, workspaces):
    directory = f'{{ name = "corp"; kind = "ldif"; urls = [ "file://{folder}/examples.ldif" ];' \
                f' users = {{ bases = [ "{PEOPLE}" ]; }}; }}'
    tenant = f'url = "http://127.0.0.1:{port}/scim/1/0/v2"; auth = {{ key = "env:TENANT_KEY"; }}; allow_cleartext = true;' \
             ' requests_per_second = 0;'
    agent = Agent(folder, directory, tenant, workspaces, mapping=mapping)
    with open(agent.path("examples.ldif"), "w", encoding="utf-8") as file:
        file.write("version: 1\n\n" + "".join(entries))
    result = agent.run("--dry-run", "--json").expect(0)
    return {action["dn"]: action for action in result.json["actions"]}


def changes_of(action):
    return {change["path"]: change["after"] for change in action["changes"]}


def map_examples(rows, folder, port):
    """What the program makes of each template, as a text."""
    rules = ['{ to = "userName"; from = "${uid}@corp.example"; }']
    for number, (template, _, _) in enumerate(rows):
        rules.append(f'{{ to = "externalId"; from = {quote(template)}; when = "(uid=ex{number})"; }}')
    entries = [example_entry(number, attributes) for number, (_, attributes, _) in enumerate(rows)]
    workspaces = f'{{ id = "{HR}"; when = "(uid=nobody)"; }}'
    found = dry_run(folder, port, entries, ", ".join(rules), workspaces)
    return [changes_of(found[f"uid=ex{number},{PEOPLE}"]).get("externalId", "nothing") for number in range(len(rows))]


def filter_examples(rows, folder, port):
    rules = [f'{{ id = "{number:032x}"; when = {quote(f"(&(uid=ex{number}){text})")}; }}'
             for number, (text, _, _) in enumerate(rows)]
    entries = [example_entry(number, attributes) for number, (_, attributes, _) in enumerate(rows)]
    mapping = '{ to = "userName"; from = "${uid}@corp.example"; }'
    found = dry_run(folder, port, entries, mapping, ", ".join(rules))
    return ["yes" if changes_of(found[f"uid=ex{number},{PEOPLE}"]).get("entitlements") else "no"
            for number in range(len(rows))]


# The example company

class World:
    """Twelve people of an LDIF file, a simulated tenant, and a shell in which `scimward` is the agent."""

    def __init__(self, folder, simulator, more=""):
        self.simulator = simulator
        directory = f"""{{ name = "corp"; kind = "ldif"; urls = [ "file://{folder}/people.ldif" ];
    users = {{ bases = [ "{PEOPLE}" ]; }}; }}"""
        tenant = f"""url = "{simulator.url}"; auth = {{ method = "api-key"; key = "env:TENANT_KEY"; }};
    allow_cleartext = true;"""
        self.agent = Agent(folder, directory, tenant, WORKSPACES, more='log = { format = "text"; };\n' + more)
        self.restore()
        os.makedirs(self.agent.path("bin"), exist_ok=True)
        with open(self.agent.path("bin/scimward"), "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec "{os.path.abspath(find_binary())}" -c "{self.agent.config}" "$@"\n')
        os.chmod(self.agent.path("bin/scimward"), 0o755)
        self.code = 0

    # What a directive can do.

    def restore(self):
        shutil.copy(os.path.join(EXAMPLE, "people.ldif"), self.agent.path("people.ldif"))

    def edit(self, change):
        path = self.agent.path("people.ldif")
        with open(path, encoding="utf-8") as file:
            before = file.read()
        after = change(before)
        assert after != before, "the directory does not change"
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)

    def leave(self, *uids):
        """People leave: their entries and memberships go."""
        def change(text):
            blocks = [block for block in text.split("\n\n") if not any(block.startswith(f"dn: uid={uid},") for uid in uids)]
            text = "\n\n".join(blocks)
            for uid in uids:
                text = text.replace(f"member: uid={uid},{PEOPLE}\n", "")
            return text
        self.edit(change)

    def set(self, uid, attribute, value):
        self.edit(lambda text: re.sub(rf"(dn: uid={uid},(?:[^\n]+\n)*?{attribute}: )[^\n]*", rf"\g<1>{value}", text))

    def drop(self, group, uid):
        """One person leaves a group."""
        self.edit(lambda text: re.sub(rf"(dn: cn={group},(?:[^\n]+\n)*?)member: uid={uid},[^\n]*\n", r"\1", text))

    def empty(self, group, uid):
        """The group has one member left."""
        self.edit(lambda text: re.sub(rf"(dn: cn={group},(?:[^\n]+\n)*?)(?:member: [^\n]+\n)+",
                                      rf"\g<1>member: uid={uid},{PEOPLE}\n", text))

    def others(self, user, attribute, value):
        """Somebody changes an account in the tenant by hand."""
        value = {"true": True, "false": False}.get(value, value)
        self.simulator.edit(self.simulator.user(user)["id"], **{attribute: value})

    def policy(self, *words):
        self.agent.write(more='log = { format = "text"; };\npolicy = { ' + " ".join(words) + " };")

    def tamper(self):
        """Somebody who can write the state turns the first deactivation of the trail into something else."""
        with contextlib.closing(sqlite3.connect(self.agent.state)) as state:
            state.execute("UPDATE audit SET body = replace(body, '\"deactivate\"', '\"update\"') WHERE seq ="
                          " (SELECT min(seq) FROM audit WHERE body LIKE '%\"action\":\"deactivate\"%')")
            state.commit()

    def do(self, directive):
        name, *words = directive.split()
        getattr(self, name)(*words)

    # What a reader types.

    def type(self, command):
        environment = dict(self.agent.environment, PATH=self.agent.path("bin") + ":" + os.environ["PATH"], COLUMNS="120")
        done = subprocess.run(["bash", "-c", f"(exit {self.code})\n{command}"], env=environment, cwd=self.agent.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        self.code = done.returncode
        return self.normalize(done.stdout.decode())

    def normalize(self, text):
        text = text.replace(self.agent.folder, "/srv/example").replace(self.simulator.root, "https://tenant.example")
        for number, user in enumerate(sorted(self.simulator.users(), key=lambda user: user["userName"]), 1):
            text = text.replace(user["id"], f"ACCOUNT-{number}")
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "2026-03-02T08:00:00Z", text)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "2026-03-02 08:00:00", text)
        text = re.sub(r"^\d\d:\d\d:\d\d", "08:00:00", text, flags=re.M)
        text = re.sub(r"answered in \d+ ms", "answered in 20 ms", text)
        text = re.sub(r"\d+ [GM]iB free of \d+ [GM]iB", "40 GiB free of 50 GiB", text)
        text = text.replace("names: 127.0.0.1 is an address", "names: tenant.example is 192.0.2.10")
        text = re.sub(r"\b(under 1s|\d+ s)(  +|$)", lambda found: "under 1s".ljust(len(found[0])) if found[2] else "under 1s",
                      text, flags=re.M)
        text = re.sub(r"(pproved|ejected) by \S+( \(sudo: \S+\))?", r"\1 by ada", text)
        text = re.sub(r'"decidedBy": "[^"]*"', '"decidedBy": "ada"', text)
        text = re.sub(r"\b[0-9a-f]{64}\b", "5f70bf18a08660fbbcb4c1c9b5f7e8b2f0f3d9d3c7f1d9f6b7b0a4f3c2e1d0aa", text)
        return re.sub(r"[ \t]+$", "", text, flags=re.M)


def commands_of(part):
    """Pairs of a command ("> " begins its further lines) and what follows it."""
    pairs, at = [], 0
    while at < len(part.lines):
        assert part.lines[at].startswith("$ "), f"line {part.first + at + 1}: no command: {part.lines[at]}"
        command = [part.lines[at][2:]]
        at += 1
        while at < len(part.lines) and part.lines[at].startswith("> "):
            command.append(part.lines[at][2:])
            at += 1
        shown = []
        while at < len(part.lines) and not part.lines[at].startswith("$ "):
            shown.append(part.lines[at])
            at += 1
        pairs.append(("\n".join(command), shown))
    return pairs


def matches(shown, printed):
    """Whether what a guide shows is what was printed; a line "…" stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line) + "\n" for line in shown)
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n" if printed.strip() else "") is not None


def play(path, world):
    """Runs a guide; gives (what is wrong, the guide as it should be)."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    wrong, moved = [], 0
    for part in read_parts(path):
        if part.language == "then":
            world.do(part.lines[0])
        if part.language != "console":
            continue
        wanted = []
        for command, shown in commands_of(part):
            printed = world.type(command)
            is_right = matches(shown, printed)
            if not is_right:
                wrong.append(f"{path}:{part.first + 1}: $ {command}\nprints\n{printed}not\n" + "\n".join(shown))
            first, *rest = command.split("\n")
            wanted += ["$ " + first, *["> " + line for line in rest]]
            wanted += shown if is_right else printed.rstrip("\n").split("\n") if printed.strip() else []
        lines[part.first + moved:part.first + moved + len(part.lines)] = wanted
        moved += len(wanted) - len(part.lines)
    return wrong, "\n".join(lines)
