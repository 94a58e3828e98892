# SPDX-License-Identifier: ISC
"""Runs a command on a terminal of a given size, and keeps what it drew.

    seen = Terminal(command, environment, columns=40).run()
    seen.text          # all bytes, as text
    seen.frames        # each line that was drawn over another one
    seen.screen        # the lines that stayed
"""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
import unicodedata


def columns_of(text):
    """What a terminal gives to plain text; a second opinion beside the program's."""
    total = 0
    for character, following in zip(text, text[1:] + " "):
        if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":
            continue
        total += 2 if following == "\ufe0f" or unicodedata.east_asian_width(character) in "WF" else 1
    return total


class Terminal:
    def __init__(self, command, environment, columns=80, **more):
        self.master, slave = pty.openpty()
        self.resize(columns)
        self.text, self.code = "", None
        environment = {**environment, "TERM": "xterm", **more}
        environment.pop("NO_COLOR", None) if "NO_COLOR" not in more else None
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment,
                                        start_new_session=True)
        os.close(slave)
        self.rest = b""

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=60):
        """Some more of what it writes; False at its end."""
        if not select.select([self.master], [], [], seconds)[0]:
            raise AssertionError("it says nothing any more: " + self.text)
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            data = b""
        self.rest += data
        text = self.rest.decode(errors="ignore")
        self.text, is_over = text, not data
        return not is_over

    def until(self, words, seconds=30):
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert self.read() and time.monotonic() < deadline, f"no {words!r} in {self.text!r}"

    def run(self):
        while self.read():
            pass
        os.close(self.master)
        self.code = self.process.wait(30)
        return self

    @property
    def frames(self):
        return [piece.split("\r")[0].split("\n")[0] for piece in self.text.split("\r\x1b[K")[1:]]

    @property
    def screen(self):
        lines = []
        for line in self.text.replace("\r\n", "\n").split("\n"):
            lines.append(line.rsplit("\r\x1b[K", 1)[-1])
        return lines
