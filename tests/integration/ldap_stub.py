# SPDX-License-Identifier: ISC
"""A small LDAP server whose answers a test chooses: what real servers do seldom, or on others' hosts.

    def answer(request):                # a Search; gives (entries, result)
        return [("cn=a", {"mail": ["a@x"]})], Result()

    with Stub(answer) as stub: … stub.url …

An entry may have controls too: (dn, attributes, [(oid, value)]). It understands simple binds, searches
and abandons; every extended request is refused.
"""
import dataclasses
import socket
import socketserver
import threading

PAGED = "1.2.840.113556.1.4.319"
SYNC_INFO = "1.3.6.1.4.1.4203.1.9.1.4"
BIND, UNBIND, SEARCH, ABANDON, EXTENDED = 0x60, 0x42, 0x63, 0x50, 0x77


def ber(tag, *parts):
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def number(value, tag=2):
    return ber(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value, tag=4):
    return ber(tag, value if isinstance(value, bytes) else value.encode())


def parse(data):
    """The elements of a constructed value: [(tag, body)]."""
    elements, at = [], 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at:at + count], "big"), at + count
        elements.append((tag, data[at:at + size]))
        at += size
    return elements


@dataclasses.dataclass
class Search:
    base: str
    scope: int
    filter: bytes
    attributes: list
    page_size: int = 0
    cookie: bytes = b""
    controls: dict = dataclasses.field(default_factory=dict)  # values by OID, paging too
    number: int = 0  # of the searches on this connection


@dataclasses.dataclass
class Result:
    code: int = 0
    text: str = ""
    cookie: bytes = None  # None: no answer to the paging control
    hang_up: bool = False  # after the entries
    notice: bool = False  # of disconnection, instead of a result
    controls: list = ()  # (oid, value) besides paging
    infos: list = ()  # values of sync info messages before it


ROOT = {
    "generic": {"namingContexts": ["dc=example,dc=com"], "supportedControl": [PAGED]},
    "ad": {"namingContexts": ["DC=corp,DC=example"], "supportedControl": [PAGED],
           "supportedCapabilities": ["1.2.840.113556.1.4.800"]},
    "389": {"namingContexts": ["dc=example,dc=com"], "supportedControl": [PAGED],
            "vendorName": ["389 Project"]},
}


class Handler(socketserver.BaseRequestHandler):
    def message(self, number_of, *parts):
        self.request.sendall(ber(0x30, number(number_of), *parts))

    def result(self, number_of, tag, code, text="", controls=b""):
        self.message(number_of, ber(tag, number(code, 10), octets(""), octets(text)), controls)

    def read_message(self):
        head = self.rest(2)
        size = head[1]
        if size & 0x80:
            size = int.from_bytes(self.rest(size & 0x7F), "big")
        return parse(self.rest(size))

    def rest(self, count):
        data = b""
        while len(data) < count:
            piece = self.request.recv(count - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def handle(self):
        self.searches = 0
        try:
            while self.serve(*self.read_message()):
                pass
        except OSError:
            pass

    def serve(self, message_id, operation, controls=(0xA0, b"")):
        number_of = int.from_bytes(message_id[1], "big")
        tag, body = operation
        if tag == BIND:
            code, text = self.server.bind(parse(body))
            self.result(number_of, 0x61, code, text)
        elif tag == SEARCH:
            return self.search(number_of, parse(body), parse(controls[1]))
        elif tag == EXTENDED:
            self.result(number_of, 0x78, 2, "not here")
        return tag != UNBIND

    def search(self, number_of, parts, controls):
        request = Search(parts[0][1].decode(), parts[1][1][0], parts[6][1],
                         [name.decode() for _, name in parse(parts[7][1])])
        for _, control in controls:
            fields = parse(control)
            request.controls[fields[0][1].decode()] = fields[-1][1] if fields[-1][0] == 4 else b""
            if fields[0][1].decode() == PAGED:
                size, cookie = parse(parse(fields[-1][1])[0][1])
                request.page_size, request.cookie = int.from_bytes(size[1], "big"), cookie[1]
        if request.base == "" and request.scope == 0:
            self.send_entry(number_of, "", self.server.root)
            self.result(number_of, 0x65, 0)
            return True
        request.number = self.searches
        self.searches += 1
        entries, result = self.server.answer(request)
        for entry in entries:
            self.send_entry(number_of, *entry)
        for info in result.infos:
            self.message(number_of, ber(0x79, octets(SYNC_INFO, 0x80), octets(info, 0x81)))
        return self.end(number_of, result)

    def end(self, number_of, result):
        controls = list(result.controls)
        if result.hang_up:
            return False
        if result.notice:
            self.message(0, ber(0x78, number(52, 10), octets(""), octets("closing"),
                                octets("1.3.6.1.4.1.1466.20036", 0x8A)))
            return False
        if result.cookie is not None:
            value = ber(0x30, number(0), octets(result.cookie))
            controls.append((PAGED, value))
        self.result(number_of, 0x65, result.code, result.text, self.encode(controls))
        return True

    @staticmethod
    def encode(controls):
        parts = [ber(0x30, octets(oid), octets(value)) for oid, value in controls]
        return ber(0xA0, *parts) if parts else b""

    def send_entry(self, number_of, dn, attributes, controls=()):
        lists = [ber(0x30, octets(name), ber(0x31, *[octets(value) for value in values]))
                 for name, values in attributes.items()]
        self.message(number_of, ber(0x64, octets(dn), ber(0x30, *lists)), self.encode(controls))


class Stub(socketserver.ThreadingTCPServer):
    """A running server; a context manager. `bind` gives (code, text) for a bind's parts."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, answer, root="generic", bind=lambda parts: (0, "")):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.bind = answer, bind
        self.root = root if isinstance(root, dict) else ROOT[root]
        self.url = f"ldap://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()

    def process_request(self, request, client_address):
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().process_request(request, client_address)

    def __exit__(self, *arguments):
        self.shutdown()
        super().__exit__(*arguments)
