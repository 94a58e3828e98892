# SPDX-License-Identifier: ISC
"""A throw-away machine: systemd as its first process, in name spaces of this one.

    with Machine(folder, {"scimward.service": text}) as machine:
        machine.run("systemctl", "start", "scimward")
        machine.path("/run/x")          # where a file of it is found from here

Its root is `folder`/root with /usr of this machine below; it shares nothing else but the network, and knows
no units but the given ones.  Root is needed.
"""
import os
import pathlib
import shutil
import subprocess
import time

SYSTEMD = "/lib/systemd/systemd"
FROM_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "nsswitch.conf", "hosts", "host.conf", "resolv.conf", "group",
            "passwd", "ssl", "gnutls", "os-release")
TARGETS = ("basic", "sysinit", "shutdown", "default", "multi-user")

BOOT = """\
set -e
mount --make-rprivate /
cd "$1"
mount --bind . .
cd "$1"
mount --rbind /usr usr
for each in bin sbin lib lib32 lib64 libx32; do
	[ ! -d "/$each" ] || [ -L "/$each" ] || mount --rbind "/$each" "$each"
done
mount --rbind /dev dev
mount -t proc proc proc
mount --bind /sys sys
mount -o remount,bind,ro sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mkdir old
pivot_root . old
umount -l old
# As it does itself where it is not in a container: credentials are mounted by a child.
mount --make-rshared /
export container=test SYSTEMD_UNIT_PATH=/units
exec $2 --system --unit=default.target --log-target=null </dev/null >/dev/null 2>&1
"""


def missing():
    """Why there can be no such machine; None when there can."""
    if not os.path.exists(SYSTEMD):
        return "systemd is missing"
    if os.geteuid() != 0:
        return "this needs root"
    probe = "mount --make-rprivate / && mount -t proc proc /proc && mount --bind /sys /sys && " \
            "mount -t cgroup2 cgroup2 /sys/fs/cgroup"
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount", "--cgroup", "--ipc", "--uts", "sh", "-c", probe],
                          capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else "no name spaces for a machine can be made here: " + done.stderr.strip()


class Machine:
    def __init__(self, folder, units):
        self.root = pathlib.Path(folder) / "root"
        self.process = None
        for name in ("usr", "dev", "proc", "sys", "run", "tmp", "var/lib", "etc", "units", "home", "root"):
            (self.root / name).mkdir(parents=True)
        for each in pathlib.Path("/").glob("[bl]i[bn]*"), pathlib.Path("/").glob("sbin"):
            for path in each:
                if path.is_symlink():
                    os.symlink(os.readlink(path), self.root / path.name)
                else:
                    (self.root / path.name).mkdir()
        for name in FROM_ETC:
            path = pathlib.Path("/etc") / name
            if path.is_dir():
                shutil.copytree(path, self.root / "etc" / name, symlinks=False, ignore_dangling_symlinks=True,
                                ignore=shutil.ignore_patterns("private"))
            elif path.exists():
                shutil.copyfile(path, self.root / "etc" / name)
        for name in TARGETS:
            (self.root / "units" / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\n")
        for name, text in units.items():
            path = self.root / "units" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def add_users(self, path):
        """As the package does with a file of sysusers.d."""
        subprocess.run(["systemd-sysusers", f"--root={self.root}", str(path)], check=True, capture_output=True)

    def boot(self):
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--ipc", "--uts", "sh", "-c", BOOT,
             "boot", str(self.root), SYSTEMD], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        while self.run("systemctl", "is-active", "default.target").stdout != "active\n":
            assert self.process.poll() is None, "it did not boot: " + self.process.stderr.read().decode()
            assert time.monotonic() < deadline, "it did not boot in time"
            time.sleep(0.05)

    def first(self):
        """The pid of its first process, as seen from here; 0: there is none yet."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
                return int(file.read().split()[0])
        except (OSError, IndexError):
            return 0

    def enter(self):
        """What a command inside is begun with."""
        return ["nsenter", f"--target={self.first()}", "--mount", "--pid", "--ipc", "--uts", "--root", "--wd=/"]

    def run(self, *command):
        return subprocess.run([*self.enter(), *command], capture_output=True, text=True, timeout=60, check=False)

    def path(self, name):
        return f"/proc/{self.first()}/root{name}"

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()

    def __enter__(self):
        self.boot()
        return self

    def __exit__(self, *_):
        self.stop()
