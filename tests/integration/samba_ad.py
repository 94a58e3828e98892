# SPDX-License-Identifier: ISC
"""A throw-away Active Directory domain controller (Samba) on a loopback address of its own.

    with Domain(folder, authority) as domain:
        domain.ldap, domain.ldaps                    # URLs by address
        domain.person("ann", accountExpires="0")     # gives the DN
        with domain.at_once(): …                     # one transaction for many changes

Its ports are those of every domain controller, so the address is its own, somewhere in 127/8.
It ends with the process that started it. The account SYNC may read; its password is PASSWORD.
Plain simple binds are refused, as on a domain controller that demands signing.
"""
import contextlib
import importlib.util
import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import time

REALM = "CORP.EXAMPLE"
DOMAIN = "corp.example"
BASE = "DC=corp,DC=example"
STAFF = "OU=Staff," + BASE
AWAY = "OU=Away," + BASE
GROUPS = "OU=Groups," + BASE
SERVICES = "OU=Services," + BASE
SYNC = "CN=sync," + SERVICES
PASSWORD = "secret-of-sync"
ADMINISTRATOR = "CN=Administrator,CN=Users," + BASE
ADMINISTRATOR_PASSWORD = "Passw0rd!admin"
TOOLS = "/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", "/usr/bin:/bin")
PACKAGES = "samba samba-ad-dc samba-ad-provision samba-dsdb-modules winbind python3-samba krb5-user"
NEVER = "9223372036854775807"

CONFIGURATION = """\
[global]
  netbios name = DC1
  workgroup = CORP
  realm = {realm}
  server role = active directory domain controller
  server services = ldap, cldap, kdc
  dcerpc endpoint servers =
  interfaces = {address}/8
  bind interfaces only = yes
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}
  pid directory = {folder}
  ncalrpc dir = {folder}/ncalrpc
  winbindd socket directory = {folder}/winbindd
  ntp signd socket directory = {folder}/ntp_signd
  binddns dir = {folder}/bind-dns
  log file = {folder}/log.%m
  log level = 0
  tls enabled = yes
  tls cafile = {ca}
  tls certfile = {certificate}
  tls keyfile = {key}
  ldap server require strong auth = {strong}
  ldb:nosync = true
"""

KERBEROS = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  rdns = false
  dns_canonicalize_hostname = false
  ticket_lifetime = {lifetime}
[realms]
  {realm} = {{
    kdc = tcp/{address}:88
    kdc = {address}:88
  }}
[domain_realm]
  .{domain} = {realm}
  {domain} = {realm}
  {address} = {realm}
  localhost = {realm}
"""


def find_tool(name):
    return shutil.which(name, path=TOOLS)


def missing():
    """Why no domain controller can be started here; None when it can."""
    if os.geteuid() != 0:
        return "a domain controller needs root, for ports below 1024"
    for module in ("samba", "ldb"):
        if importlib.util.find_spec(module) is None:
            return f"the Python module {module} is not installed (Debian: apt-get install {PACKAGES})"
    for tool in ("samba", "samba-tool"):
        if find_tool(tool) is None:
            return f"{tool} is not installed (Debian: apt-get install {PACKAGES})"
    if not os.path.exists("/usr/share/samba/setup/provision.zone"):
        return f"samba-ad-provision is not installed (Debian: apt-get install {PACKAGES})"
    return None


def free_address():
    """A loopback address where nobody has the port of LDAP."""
    chosen = random.Random()
    while True:
        address = f"127.{chosen.randrange(64, 128)}.{chosen.randrange(256)}.{chosen.randrange(1, 255)}"
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((address, 389))
            return address


def filetime(seconds):
    """AD's time of a Unix time: 100 ns since 1601, as text."""
    return str(int((seconds + 11644473600) * 10_000_000))


def provision(folder, address):
    """Makes the database. Its own process, because Samba's settings are the process's."""
    from samba.auth import system_session
    from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
    from samba.param import LoadParm
    from samba.provision import provision as make

    parameters = LoadParm()
    parameters.load_default()
    parameters.set("interfaces", address + "/8")
    parameters.set("bind interfaces only", "yes")
    logging.disable(logging.CRITICAL)
    # Without the ACLs of the file share, which need extended attributes that a container refuses.
    make(logging.getLogger(), system_session(), targetdir=folder, realm=REALM, domain="CORP",
         hostname="dc1", hostip=address, adminpass=ADMINISTRATOR_PASSWORD,
         serverrole="active directory domain controller", dns_backend="NONE", backend_store="tdb",
         dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2, lp=parameters, skip_sysvolacl=True,
         batch_mode=True)


class Domain:
    """A running domain controller; a context manager."""

    def __init__(self, folder, authority, strong="yes"):
        self.folder = str(folder)
        self.address = free_address()
        self.ldap = f"ldap://{self.address}"
        self.ldaps = f"ldaps://{self.address}"
        self.name = "dc1." + DOMAIN
        self.ca = authority.ca
        self.strong = strong
        self.process = self.database = None
        self.tls = authority.sign("dc", self.name, f"DNS:{self.name},IP:{self.address}")
        done = subprocess.run([sys.executable, __file__, self.folder, self.address],
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        self.configuration = self.write("smb.conf", CONFIGURATION)
        self.kerberos = self.write("krb5.conf", KERBEROS)
        self.open_database()
        self.furnish()
        self.start()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, template, lifetime="1h"):
        text = template.format(
            realm=REALM, domain=DOMAIN, address=self.address, folder=self.folder, ca=self.ca,
            certificate=self.tls[0], key=self.tls[1], strong=self.strong, lifetime=lifetime)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    # ---- the server ----

    def start(self):
        for name in ("cache", "state", "ncalrpc", "winbindd", "ntp_signd"):
            os.makedirs(self.path(name), exist_ok=True)
        with open(self.path("log"), "ab") as log:
            # It ends when the other end of its input is closed, so never outlives us.
            self.process = subprocess.Popen(
                [find_tool("samba"), "-i", "-M", "single", "-s", self.configuration,
                 "--no-process-group"], cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log)
        for _ in range(400):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                socket.create_connection((self.address, 636), 1).close()
                return
            time.sleep(0.05)
        with open(self.path("log"), encoding="utf-8", errors="replace") as log:
            raise RuntimeError("samba did not start: " + log.read())

    def restart(self, strong):
        """Starts it anew with another idea of what a bind must be."""
        self.stop()
        self.strong = strong
        self.write("smb.conf", CONFIGURATION)
        self.start()

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # ---- what is in it ----

    def open_database(self):
        from samba.auth import system_session
        from samba.param import LoadParm
        from samba.samdb import SamDB

        parameters = LoadParm()
        parameters.load(self.configuration)
        self.database = SamDB(url=self.path("private", "sam.ldb"), lp=parameters,
                              session_info=system_session(parameters))

    @contextlib.contextmanager
    def at_once(self):
        """Makes all that is changed inside one transaction: a thousand people take seconds."""
        self.database.transaction_start()
        try:
            yield self
        except BaseException:
            self.database.transaction_cancel()
            raise
        self.database.transaction_commit()

    def furnish(self):
        self.database.set_minPwdLength(1)
        self.database.set_pwdProperties("0")
        self.database.set_minPwdAge("0")
        with self.at_once():
            for unit in (STAFF, AWAY, GROUPS, SERVICES):
                self.add(unit, objectClass="organizationalUnit")
            self.person("sync", base=SERVICES)
        self.database.setpassword(f"(distinguishedName={SYNC})", PASSWORD)
        # What a domain controller has by its address, for Kerberos without DNS.
        controller = f"CN=DC1,OU=Domain Controllers,{BASE}"
        self.modify(controller, add={"servicePrincipalName": [
            f"ldap/{self.address}", f"ldap/{self.name}", "ldap/localhost"]})

    def add(self, dn, **attributes):
        self.database.add({"dn": dn, **attributes})
        return dn

    def person(self, name, base=STAFF, **more):
        """An enabled account; an attribute that is None is left out."""
        attributes = {"objectClass": "user", "sAMAccountName": name, "givenName": name.capitalize(),
                      "sn": "Test", "mail": f"{name}@{DOMAIN}", "employeeID": "E-" + name,
                      "userPrincipalName": f"{name}@{DOMAIN}", "userAccountControl": "544"}
        attributes.update(more)
        return self.add(f"CN={name},{base}",
                        **{key: value for key, value in attributes.items() if value is not None})

    def group(self, name, members=(), base=GROUPS, **more):
        attributes = {"objectClass": "group", "sAMAccountName": name, **more}
        if members:
            attributes["member"] = list(members)
        return self.add(f"CN={name},{base}", **attributes)

    def modify(self, dn, add=None, remove=None, **replace):
        """Replaces attributes; `add` and `remove` map names to values. None takes one away."""
        import ldb

        message = ldb.Message(ldb.Dn(self.database, dn))
        for flag, changes in ((ldb.FLAG_MOD_REPLACE, replace), (ldb.FLAG_MOD_ADD, add or {}),
                              (ldb.FLAG_MOD_DELETE, remove or {})):
            for name, values in changes.items():
                values = [] if values is None else [values] if isinstance(values, str) else values
                message[f"{name}-{flag}"] = ldb.MessageElement(values, flag, name)
        self.database.modify(message)

    def rename(self, dn, new):
        self.database.rename(dn, new)
        return new

    def delete(self, dn):
        self.database.delete(dn)

    def change(self, ldif):
        """By LDAP: a controller does not notice what is done to its database behind its back."""
        environment = {**os.environ, "LDAPTLS_CACERT": self.ca}
        done = subprocess.run([find_tool("ldapmodify"), "-x", "-H", self.ldaps, "-D",
                               ADMINISTRATOR, "-w", ADMINISTRATOR_PASSWORD],
                              input=ldif.encode(), check=False, capture_output=True, env=environment)
        assert done.returncode == 0, done.stderr.decode()

    def read(self, dn, attribute):
        """The bytes of one attribute's first value."""
        import ldb

        found = self.database.search(base=dn, scope=ldb.SCOPE_BASE, attrs=[attribute])
        return bytes(found[0][attribute][0])

    # ---- Kerberos ----

    def keytab(self, account="sync"):
        """A keytab with the keys of an account."""
        path = self.path(account + ".keytab")
        if not os.path.exists(path):
            subprocess.run([find_tool("samba-tool"), "domain", "exportkeytab", path,
                            f"--principal={account}@{REALM}", "-s", self.configuration],
                           check=True, capture_output=True)
            os.chmod(path, 0o600)
        return path


if __name__ == "__main__":
    provision(sys.argv[1], sys.argv[2])
