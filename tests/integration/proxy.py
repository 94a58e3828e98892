# SPDX-License-Identifier: ISC
"""A TCP relay on loopback that can cut or stall a connection after so many bytes of the server."""
import socket
import threading


class Proxy:
    """Relays to a port; a context manager. `cut_after` and `stall_after` count each connection's
    bytes from the server; only the first `faulty` connections are treated so (None: all)."""

    def __init__(self, port, cut_after=None, stall_after=None, faulty=None,
                 host="127.0.0.1"):
        self.target = (host, port)
        self.cut_after, self.stall_after, self.faulty = cut_after, stall_after, faulty
        self.counts = []
        self.open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
            except OSError:
                return
            self.open += [client, server]
            number = len(self.counts)
            self.counts.append(0)
            for job in ((self.upward, client, server), (self.downward, client, server, number)):
                threading.Thread(target=job[0], args=job[1:], daemon=True).start()

    @staticmethod
    def close(*sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def upward(self, client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
        except OSError:
            pass
        self.close(client, server)

    def downward(self, client, server, number):
        is_faulty = self.faulty is None or number < self.faulty
        limit = (self.cut_after if self.cut_after is not None else self.stall_after)
        limit = limit if is_faulty else None
        try:
            while data := server.recv(65536):
                room = len(data) if limit is None else max(0, limit - self.counts[number])
                client.sendall(data[:room])
                self.counts[number] += min(room, len(data))
                if room < len(data):
                    if self.cut_after is not None:
                        break
                    return
        except OSError:
            pass
        self.close(client, server)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close(self.listener, *self.open)
