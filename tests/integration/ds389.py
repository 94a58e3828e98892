# SPDX-License-Identifier: ISC
"""A throw-away 389 Directory Server on loopback, with content synchronization, retro changelog and
the MemberOf plugin.

    with DirectoryServer(folder, ldif_text) as server:
        server.ldap                                 # URL
        server.modify("dn: …\\nchangetype: modify\\n…")

Its tools read where everything is from defaults.inf below $PREFIX: a copy of it keeps an instance in a
folder of ours and away from systemd. Binds: cn=Directory Manager, and uid=sync,ou=services,… (may
read); both with the password "secret-of-NAME", NAME being manager or sync.
"""
import importlib.util
import os
import shutil
import subprocess
import time

from slapd import SERVICES, SUFFIX, find_tool, free_port

DEFAULTS = "/usr/share/dirsrv/inf/defaults.inf"
MANAGER = "cn=Directory Manager"
SYNC = "uid=sync," + SERVICES

INSTANCE = """\
[general]
config_version = 2
full_machine_name = localhost
strict_host_checking = False
start = True
systemd = False
defaults = 999999999
[slapd]
instance_name = test
port = {port}
secure_port = {secure_port}
root_password = secret-of-manager
self_sign_cert = False
user = root
group = root
db_lib = bdb
[backend-userroot]
create_suffix_entry = True
suffix = {suffix}
"""

PLUGINS = """\
dn: cn=Content Synchronization,cn=plugins,cn=config
changetype: modify
replace: nsslapd-pluginEnabled
nsslapd-pluginEnabled: on

dn: cn=Retro Changelog Plugin,cn=plugins,cn=config
changetype: modify
replace: nsslapd-pluginEnabled
nsslapd-pluginEnabled: on
-
add: nsslapd-attribute
nsslapd-attribute: nsuniqueid:targetUniqueId

dn: cn=MemberOf Plugin,cn=plugins,cn=config
changetype: modify
replace: nsslapd-pluginEnabled
nsslapd-pluginEnabled: on
-
replace: memberofgroupattr
memberofgroupattr: member

dn: cn=config
changetype: modify
replace: nsslapd-listenhost
nsslapd-listenhost: 127.0.0.1

"""

RIGHTS = f"""\
dn: {SUFFIX}
changetype: modify
add: aci
aci: (targetattr="*")(version 3.0; acl "read"; allow (read,search,compare) userdn="ldap:///{SYNC}";)

"""


def missing():
    """Why no server can be started here; None when it can."""
    if os.geteuid() != 0:
        return "389 Directory Server is set up by root"
    for tool in ("dscreate", "dsctl", "ns-slapd", "ldapmodify"):
        if find_tool(tool) is None:
            return tool + " is not installed (Debian: apt-get install 389-ds-base python3-lib389)"
    if importlib.util.find_spec("lib389") is None:
        return "the Python module lib389 is not installed (Debian: apt-get install python3-lib389)"
    return None


class DirectoryServer:
    """A running server; a context manager."""

    def __init__(self, folder, ldif):
        self.folder = str(folder)
        self.port = free_port()
        self.ldap = f"ldap://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "PREFIX": self.path("prefix")}
        self.prepare()
        self.tool("dscreate", "-v", "from-file", self.path("instance.inf"))
        self.is_running = True
        try:
            self.modify(PLUGINS)
            self.restart()
            self.modify(RIGHTS)
            self.modify(ldif)
        except BaseException:
            self.stop()
            raise

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def prepare(self):
        for name in ("prefix/share/dirsrv/inf", "etc/dirsrv", "etc/default", "etc/tmpfiles.d",
                     "run/dirsrv", "run/lock/dirsrv", "var/lib/dirsrv", "var/log/dirsrv", "shm",
                     "instances"):
            os.makedirs(self.path(name))
        for name in ("config", "schema"):
            shutil.copytree("/etc/dirsrv/" + name, self.path("etc/dirsrv", name))
        lines = []
        with open(DEFAULTS, encoding="utf-8") as file:
            for line in file:
                name = line.split("=")[0].strip()
                for place in ("/etc", "/var", "/run", "/dev/shm"):
                    line = line.replace(" " + place, " " + self.path(place.split("/")[-1]))
                own = {"with_systemd": "0", "user": "root", "group": "root",
                       "inst_dir": self.path("instances/slapd-{instance_name}")}
                lines.append(f"{name} = {own[name]}\n" if name in own else line)
        with open(self.path("prefix/share/dirsrv/inf/defaults.inf"), "w", encoding="utf-8") as file:
            file.writelines(lines)
        with open(self.path("instance.inf"), "w", encoding="utf-8") as file:
            file.write(INSTANCE.format(port=self.port, secure_port=free_port(), suffix=SUFFIX))

    def tool(self, name, *arguments):
        done = subprocess.run([find_tool(name), *arguments], env=self.environment, timeout=200,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout.decode(errors="replace")

    def start(self):
        self.tool("dsctl", "test", "start")
        self.is_running = True

    def stop(self):
        if self.is_running:
            self.tool("dsctl", "test", "stop")
        self.is_running = False

    def restart(self):
        self.stop()
        self.start()

    def modify(self, ldif):
        """Applies change records as the manager; an entry alone is added."""
        command = [find_tool("ldapmodify"), "-a", "-x", "-H", self.ldap, "-D", MANAGER, "-w",
                   "secret-of-manager"]
        for _ in range(50):
            done = subprocess.run(command, input=ldif.encode(), capture_output=True, check=False)
            if b"Can't contact" not in done.stderr:
                break
            time.sleep(0.1)
        assert done.returncode == 0, done.stderr.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
