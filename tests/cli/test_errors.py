#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""doc/errors.md has each message of the source, once, and none that there is not; messages.py says what a message is."""
import os
import re
import sys

try:
    import pytest  # noqa: F401
except ImportError:
    print("SKIP: pytest is missing; on Debian: apt-get install python3-pytest")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "integration"))
sys.path.insert(0, HERE)
import harness  # noqa: E402
import messages  # noqa: E402


def page():
    with open(os.path.join(TOP, "doc", "errors.md"), encoding="utf-8") as file:
        return file.read()


def listed():
    return [line for block in re.findall(r"^```messages\n(.*?)^```$", page(), re.M | re.S) for line in block.splitlines()]


def test_every_message_is_explained():
    known = set(listed())
    missing = [f"{text}    ({', '.join(files)})" for text, files in messages.messages(TOP).items() if text not in known]
    assert not missing, "put these into a section of doc/errors.md that says why and what to do:\n" + "\n".join(missing)


def test_no_message_is_explained_that_there_is_not():
    given = set(messages.messages(TOP))
    gone = [text for text in listed() if text not in given]
    assert not gone, "the program does not say these any more; take them out of doc/errors.md:\n" + "\n".join(gone)


def test_each_stands_in_one_section():
    twice = {text for text in listed() if listed().count(text) > 1}
    assert not twice, twice


def test_each_section_says_what_to_do():
    for title, text in re.findall(r"^### (.*)\n\n```messages\n.*?^```\n\n(.*?)(?=^#|\Z)", page(), re.M | re.S):
        assert len(text.split()) >= 5, title
    assert len(re.findall(r"^### ", page(), re.M)) == len(re.findall(r"^```messages$", page(), re.M))


def test_the_source_is_understood():
    """What a message is, on some that are written in awkward ways."""
    source = 'x(); err_set(reterr, "a %s: %" PRIu64 " of \\"%.*s\\" /* no */", f("not, me"), g); /* err_set(e, "nor me too"); */'
    text = messages.without_comments(source)
    assert [messages.template(literal) for literal, _ in messages.given_texts("src/app/x.c", text)] == [
        'a …: … of "…" /* no */']
    given = messages.messages(TOP)
    assert len(given) > 350 and any("did you mean" in text for text in given)


if __name__ == "__main__":
    sys.exit(harness.run(__file__))
