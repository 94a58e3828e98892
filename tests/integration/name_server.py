# SPDX-License-Identifier: ISC
"""A small DNS server on a loopback address, and a mount namespace whose programs ask only it.

    with NameServer("127.80.0.1") as names:
        names.srv["_ldap._tcp.corp.example"] = [(0, 100, 389, "dc1.corp.example")]
        names.hosts["dc1.corp.example"] = "127.80.0.1"
        subprocess.run(names.inside(folder) + ["getent", "hosts", "dc1.corp.example"])

Names that it does not know do not exist. `fails` makes it answer SERVFAIL, `is_silent` nothing;
answers of more than 512 bytes are cut, and whole over TCP.
"""
import os
import shutil
import socket
import struct
import subprocess
import threading

A, AAAA, SRV = 1, 28, 33
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3


def missing():
    """Why no program can be given a name server of its own here; None when it can."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "a name server of one's own needs root and unshare"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
        return "this container allows no mount namespaces"
    return None


def encode(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


class NameServer:
    """A running server; a context manager."""

    def __init__(self, address):
        self.address = address
        self.srv, self.hosts, self.asked = {}, {}, []
        self.fails = self.is_silent = False
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind((address, 53))
        self.listener = socket.create_server((address, 53))
        self.is_over = False
        self.datagrams.settimeout(0.02)
        self.listener.settimeout(0.02)
        self.threads = [threading.Thread(target=self.serve, args=[one], daemon=True)
                        for one in (self.serve_datagram, self.serve_connection)]
        for thread in self.threads:
            thread.start()

    def records(self, name, kind):
        """(result code, encoded data of each record)."""
        if self.fails:
            return SERVER_FAILURE, []
        known = {key.lower() for key in [*self.srv, *self.hosts]}
        if name.lower() not in known:
            return NO_SUCH_NAME, []
        if kind == SRV:
            return NO_ERROR, [struct.pack(">3H", *numbers) + encode(target)
                              for *numbers, target in self.srv.get(name, [])]
        if kind == A and name in self.hosts:
            return NO_ERROR, [socket.inet_aton(self.hosts[name])]
        return NO_ERROR, []

    def answer(self, query):
        identity, _, _, _, _, _ = struct.unpack(">6H", query[:12])
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, = struct.unpack(">H", query[at + 1:at + 3])
        name = ".".join(labels)
        self.asked.append((name, kind))
        code, data = self.records(name, kind)
        answer = struct.pack(">6H", identity, 0x8580 | code, 1, len(data), 0, 0) + query[12:at + 5]
        for record in data:
            answer += b"\xc0\x0c" + struct.pack(">2HIH", kind, 1, 60, len(record)) + record
        return answer

    def serve(self, one):
        while not self.is_over:
            try:
                one()
            except TimeoutError:
                pass

    def serve_datagram(self):
        query, sender = self.datagrams.recvfrom(4096)
        if self.is_silent:
            return
        answer = self.answer(query)
        if len(answer) > 512:
            answer = answer[:2] + bytes([answer[2] | 2]) + answer[3:6] + bytes(6) + query[12:]
        self.datagrams.sendto(answer, sender)

    def serve_connection(self):
        connection, _ = self.listener.accept()
        with connection:
            size = connection.recv(2)
            answer = self.answer(connection.recv(int.from_bytes(size, "big")))
            connection.sendall(struct.pack(">H", len(answer)) + answer)

    def inside(self, folder):
        """What is put before a command to have it ask this server."""
        for name, text in (("resolv.conf", f"nameserver {self.address}\n"),
                           ("nsswitch.conf", "hosts: files dns\n")):
            with open(os.path.join(str(folder), name), "w", encoding="utf-8") as file:
                file.write(text)
        script = ('for name in resolv.conf nsswitch.conf; do mount --bind "$0/$name" "/etc/$name" '
                  '|| exit 1; done; exec "$@"')
        return ["unshare", "-m", "sh", "-c", script, str(folder)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        self.datagrams.close()
        self.listener.close()
