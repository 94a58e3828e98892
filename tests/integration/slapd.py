# SPDX-License-Identifier: ISC
"""A throw-away OpenLDAP server on loopback: ldap, ldaps and ldapi, with its own authority.

    with Slapd(folder, ldif_text) as server:
        server.ldap, server.ldaps, server.ldapi     # URLs
        server.tls.ca, server.tls.client            # files
        server.modify("dn: …\\nchangetype: modify\\n…")

Binds: cn=admin,dc=example,dc=com (rootdn), cn=sync,ou=services,dc=example,dc=com (may read all,
no limits), cn=small,… (size limit 500), cn=blind,… (may not read below ou=secret nor the group
cn=hidden); all with the password "secret-of-NAME".
"""
import base64
import os
import shutil
import socket
import subprocess
import time

SUFFIX = "dc=example,dc=com"
PEOPLE = "ou=people," + SUFFIX
GROUPS = "ou=groups," + SUFFIX
SERVICES = "ou=services," + SUFFIX
TOOLS = "/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", "/usr/bin:/bin")
MODULES = ("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap", "/usr/libexec/openldap")
SCHEMAS = ("/etc/ldap/schema", "/etc/openldap/schema", "/usr/share/openldap/schema")


def find_tool(name):
    return shutil.which(name, path=TOOLS)


def missing():
    """Why a server cannot be started here; None when it can."""
    for tool in ("slapd", "slapadd", "ldapmodify", "openssl"):
        if find_tool(tool) is None:
            return tool + " is not installed (Debian: apt-get install slapd ldap-utils openssl)"
    return None


def first_folder(folders):
    for folder in folders:
        if os.path.isdir(folder):
            return folder
    raise RuntimeError("none of these is there: " + ", ".join(folders))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Authority:
    """A certificate authority with what it signed, as PEM files in a folder."""

    def __init__(self, folder, name="Test CA"):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ca = self.path("ca.crt")
        self.run("req", "-x509", *self.new_key("ca"), "-days", "30", "-subj", "/O=Test/CN=" + name,
                 "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.ca)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments):
        subprocess.run([find_tool("openssl"), *arguments], check=True, capture_output=True)

    def new_key(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", self.path(name + ".key"))

    def sign(self, name, common_name, alternative="", days=30):
        """Makes NAME.crt and NAME.key; gives both paths."""
        with open(self.path(name + ".ext"), "w", encoding="utf-8") as extensions:
            extensions.write("extendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n")
            if alternative:
                extensions.write("subjectAltName=" + alternative + "\n")
        self.run("req", *self.new_key(name), "-subj", "/O=Test/CN=" + common_name,
                 "-out", self.path(name + ".csr"))
        self.run("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.ca,
                 "-CAkey", self.path("ca.key"), "-CAcreateserial", "-days", str(days),
                 "-extfile", self.path(name + ".ext"), "-out", self.path(name + ".crt"))
        return self.path(name + ".crt"), self.path(name + ".key")


LOCALHOST = "DNS:localhost,IP:127.0.0.1,IP:::1"

CONFIGURATION = """\
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
include {schema}/nis.schema
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
modulepath {modules}
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload syncprov
moduleload sssvlv
{more_modules}
loglevel none
threads 4
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
TLSVerifyClient try
authz-regexp "cn=agent,o=test" "cn=sync,{services}"
sizelimit unlimited
timelimit 60
{extra_global}
database mdb
suffix {suffix}
rootdn cn=admin,{suffix}
rootpw secret-of-admin
directory {folder}/db
maxsize 1073741824
dbnosync
index objectClass eq
index uid,mail,cn eq
index entryUUID,entryCSN eq
index member eq
limits dn.exact="cn=small,{services}" size=500 size.prtotal=500
limits dn.exact="cn=sync,{services}" size=unlimited time=unlimited size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
{access}
overlay memberof
memberof-refint TRUE
overlay refint
refint_attributes member
overlay sssvlv
overlay syncprov
{extra_database}"""

# After the password: who may read what, in slapd.access(5)'s words.
ACCESS = f"""\
access to dn.subtree="ou=secret,{SUFFIX}" by dn.exact="cn=blind,{SERVICES}" disclose by * read
access to dn.exact="cn=hidden,{GROUPS}" by dn.exact="cn=blind,{SERVICES}" none by * read
access to * by users read by anonymous read"""

ACCOUNTS = ("sync", "small", "blind")


def line(name, value):
    """One LDIF line, in base64 when the value asks for it."""
    if value and value.isascii() and value.isprintable() and value[0] not in " :<":
        return f"{name}: {value}\n"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}\n"


def entry(dn, classes, **attributes):
    """An entry as LDIF; a list gives several values; `_` in a name is `-`."""
    text = line("dn", dn) + "".join(line("objectClass", name) for name in classes.split())
    for name, values in attributes.items():
        for value in [values] if isinstance(values, str) else values:
            text += line(name, value)
    return text + "\n"


def person(uid, base=PEOPLE, **more):
    attributes = {"uid": uid, "cn": uid.capitalize(), "sn": "Test", "mail": uid + "@example.com"}
    attributes.update(more)
    return entry(f"uid={uid},{base}", "inetOrgPerson", **attributes)


def group(name, members, base=GROUPS):
    return entry(f"cn={name},{base}", "groupOfNames", cn=name, member=members)


def skeleton():
    """Suffix, units and the accounts that bind."""
    text = entry(SUFFIX, "top dcObject organization", o="Example", dc="example")
    for unit in ("people", "groups", "services", "secret"):
        text += entry(f"ou={unit},{SUFFIX}", "organizationalUnit", ou=unit)
    for name in ACCOUNTS:
        text += entry(f"cn={name},{SERVICES}", "organizationalRole simpleSecurityObject", cn=name,
                      userPassword="secret-of-" + name)
    return text


class Slapd:
    """A running server; a context manager."""

    def __init__(self, folder, ldif, certificate=None, extra_global="", extra_database="",
                 authority=None, access=ACCESS):
        self.folder = str(folder)
        os.makedirs(os.path.join(self.folder, "db"))
        self.tls = authority or Authority(os.path.join(self.folder, "tls"))
        self.certificate = certificate or self.tls.sign("server", "localhost", LOCALHOST)
        self.ports = (free_port(), free_port())
        self.ldap = f"ldap://127.0.0.1:{self.ports[0]}"
        self.ldaps = f"ldaps://127.0.0.1:{self.ports[1]}"
        self.socket = os.path.join(self.folder, "ldapi")
        self.ldapi = "ldapi://" + self.socket.replace("/", "%2F")
        self.process = None
        self.extra = {"extra_global": extra_global, "extra_database": extra_database}
        self.write_configuration(access)
        self.load(ldif)
        self.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_configuration(self, access):
        with open(self.path("slapd.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(
                schema=first_folder(SCHEMAS), modules=first_folder(MODULES), folder=self.folder,
                ca=self.tls.ca, certificate=self.certificate[0], key=self.certificate[1],
                suffix=SUFFIX, services=SERVICES, access=access,
                more_modules="\n".join("moduleload " + name for name in ("retcode", "ppolicy")
                                       if "overlay " + name in self.extra["extra_database"]),
                **self.extra))

    def load(self, ldif):
        with open(self.path("data.ldif"), "w", encoding="utf-8") as file:
            file.write(ldif)
        subprocess.run([find_tool("slapadd"), "-q", "-f", self.path("slapd.conf"), "-l",
                        self.path("data.ldif")], check=True, capture_output=True)

    def start(self):
        urls = f"{self.ldap} ldaps://127.0.0.1:{self.ports[1]} {self.ldapi}"
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                [find_tool("slapd"), "-h", urls, "-f", self.path("slapd.conf"), "-d", "0"],
                stdout=log, stderr=log)
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.ports[1]), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        with open(self.path("log"), encoding="utf-8", errors="replace") as log:
            raise RuntimeError("slapd did not start: " + log.read())

    def restrict(self, access):
        """Starts it anew with other rights."""
        self.stop()
        self.write_configuration(access)
        self.start()

    def modify(self, ldif):
        """Applies change records as the administrator."""
        subprocess.run([find_tool("ldapmodify"), "-x", "-H", self.ldap, "-D", "cn=admin," + SUFFIX,
                        "-w", "secret-of-admin"], input=ldif.encode(), check=True,
                       capture_output=True)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.process is not None:
            self.process.wait()
        self.process = None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
