# SPDX-License-Identifier: ISC
"""The messages of the program, as its source has them: messages(top) gives {template: [file]}.

A message is what is given to one of WRITERS at that argument; "…" stands for what is filled in. What has
fewer than two words only puts others together ("%s: %s"), and is none.
"""
import os
import re

# Function: which argument is the message. The short names are of one file each, or alike in all.
WRITERS = {
    "err_set": 1, "err_prefix": 1, "log_error": 0, "log_warning": 0, "program_complain": 0,
    "config_refuse": 4, "config_warn": 4, "say": 3, "report": 3, "fail": 2, "refuse_file": 2,
}
REFUSE = {"config_source.c": 3, "file.c": 1, "ldif_parse.c": 2}
# Where sentences are written down as a table: each of their literals.
TABLES = ("src/scim/outcome.c", "src/directory/result_text.c", "src/core/certificate.c")
# Why nothing was sent for a person, or what became of it: reasons and answers of actions.
REASONS, REASON_WORDS = {"SPAN": 0, "arena_format": 1}, 4


def literal_end(text, at):
    """The end of a literal that begins at a quote."""
    quote, at = text[at], at + 1
    while text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at + 1


def without_comments(text):
    """The text with its comments as blanks; literals stay."""
    out, at = [], 0
    while at < len(text):
        if text[at] in "\"'":
            end = literal_end(text, at)
            out.append(text[at:end])
        elif text.startswith("/*", at):
            end = text.index("*/", at) + 2
            out.append(re.sub(r"[^\n]", " ", text[at:end]))
        else:
            end = at + 1
            out.append(text[at])
        at = end
    return "".join(out)


def arguments_at(text, at):
    """The arguments of a call, `at` being behind its bracket."""
    depth, begin, found = 1, at, []
    while depth > 0:
        if text[at] in "\"'":
            at = literal_end(text, at)
            continue
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[at], 0)
        if depth == 0 or (depth == 1 and text[at] == ","):
            found.append(text[begin:at].strip())
            begin = at + 1
        at += 1
    return found


def texts_in(argument):
    """The literals of an argument; those that follow each other are one."""
    for run in re.findall(r'"(?:[^"\\]|\\.)*"(?:(?:\s|[A-Z]\w+)*"(?:[^"\\]|\\.)*")*', argument):
        pieces = re.findall(r'"((?:[^"\\]|\\.)*)"|([A-Z]\w+)', run)
        text = "".join(literal if not macro else "u" if macro.startswith("PRI") else "…" for literal, macro in pieces)
        yield text.replace('\\"', '"').replace("\\\\", "\\")


def template(text):
    text = re.sub(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j|t)?[diouxXeEfgcsp]", "…", text)
    return re.sub(r"…+", "…", text.replace("%%", "%")).strip()


def source_files(top):
    for folder, _, names in os.walk(os.path.join(top, "src")):
        for name in sorted(names):
            if name.endswith(".c"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, top), without_comments(file.read())


def given_texts(path, text):
    """Pairs of a literal that a person may read and the fewest words that make it a message."""
    name = os.path.basename(path)
    writers = dict(WRITERS, **({"refuse": REFUSE[name]} if name in REFUSE else {}))
    if path.startswith("src/sync/"):
        writers.update(REASONS)
    for call in re.finditer(r"\b(" + "|".join(writers) + r")\(", text):
        given = arguments_at(text, call.end())
        place = writers[call.group(1)]
        for literal in texts_in(given[place]) if place < len(given) else ():
            is_prefix = call.group(1) == "err_prefix"
            yield literal + (": …" if is_prefix else ""), REASON_WORDS if call.group(1) in REASONS else 2
    if path in TABLES:
        plain = re.sub(r"^#.*|'(?:[^'\\]|\\.)'", "", text, flags=re.M)
        yield from ((literal, 3) for literal in texts_in(plain))


def messages(top):
    found = {}
    for path, text in source_files(top):
        for literal, words in given_texts(path, text):
            told = template(literal)
            if len(re.findall(r"[A-Za-z]{2,}", told)) >= words:
                found.setdefault(told, []).append(path)
    return found
