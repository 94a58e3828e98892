# SPDX-License-Identifier: ISC
"""A root to throw away: this machine's own, or another in a folder, with all that is written to it in memory
(overlayfs in a mount namespace).

    with Root(folder) as root:
        root.run("dpkg", "-i", root.bring(package))
        root.path("etc/passwd").read_text()

Nothing runs in it as a service: `systemctl` is a script that writes down what is asked of it, as if systemd ran, and
says of each unit that it is active when root.set_active(True) said so.
"""
import os
import pathlib
import shutil
import subprocess
import time

SYSTEMCTL = """#!/bin/sh
echo "$*" >>/var/log/systemctl
case " $* " in
*" disable "*)
    for unit; do :; done
    rm -f /etc/systemd/system/*.wants/"$unit"
    ;;
*" is-active "*) [ -e /run/services-are-active ] ;;
*" is-enabled "*) echo disabled; exit 1 ;;
esac
"""
MOUNT = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 scratch "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" root "$1/root"
mount -t proc proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
mount -t tmpfs -o mode=1777 tmp "$1/root/tmp"
mount -t tmpfs -o mode=755 run "$1/root/run"
echo ready
exec sleep infinity
"""


def missing():
    """Why there can be none here; None when there can."""
    if os.geteuid() != 0:
        return "only root can make a root to throw away"
    tools = [tool for tool in ("unshare", "nsenter", "mount", "chroot") if shutil.which(tool) is None]
    if tools:
        return f"{tools[0]} is missing"
    probe = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return "this root may not mount" if probe.returncode else None


def bootstrap(folder):
    """Makes an empty Debian of this machine's release in a folder, with systemd in it; needs the network."""
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
                   if "=" in line)
    done = subprocess.run(["debootstrap", "--variant=minbase", "--include=systemd,ca-certificates",
                           release["VERSION_CODENAME"].strip('"'), str(folder)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return folder


class Root:
    def __init__(self, folder, base="/"):
        """@param base  what it looks like at first: this machine, or the folder of another system"""
        self.folder = pathlib.Path(folder)
        self.is_bare = str(base) != "/"
        self.holder = subprocess.Popen(["unshare", "-m", "sh", "-c", MOUNT, "sh", str(self.folder), str(base)],
                                       stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n", "the root could not be mounted"
        # What the machine has of its own must not have a say.
        self.run("rm", "-f", "/usr/sbin/policy-rc.d")
        self.run("mkdir", "-p", "/run/systemd/system")
        self.write("usr/bin/systemctl", SYSTEMCTL, 0o755)
        assert self.run("sh", "-c", "id scimward").returncode != 0, "this machine has a user scimward already"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.terminate()
        self.holder.wait(20)

    def path(self, name):
        """A path in it, for reading and writing from outside."""
        return pathlib.Path(f"/proc/{self.holder.pid}/root{self.folder}/root") / name

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        # A new file, whatever the name stood for.
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def run(self, *command, **environment):
        """Runs a command in it, with nothing of our environment but what is given."""
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", **environment}
        # nsenter looks the root up after it entered, so the path is that of the other namespace.
        return subprocess.run(["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "chroot", f"{self.folder}/root", *command],
                              env=clean, capture_output=True, text=True, timeout=300, check=False)

    def must(self, *command, **environment):
        done = self.run(*command, **environment)
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def bring(self, file):
        """Copies a file in; gives its path inside."""
        into = f"/tmp/{time.monotonic_ns()}-{file.name}"
        shutil.copyfile(file, self.path(into.lstrip("/")))
        return into

    def set_active(self, is_active):
        self.must("rm" if not is_active else "touch", *([] if is_active else ["-f"]), "/run/services-are-active")

    def asked_of_systemd(self):
        """What was asked of systemctl since the last time."""
        log = self.path("var/log/systemctl")
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines
