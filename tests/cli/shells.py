# SPDX-License-Identifier: ISC
"""Real shells that are asked what would complete a line: ask(folder, lines) gives a list of words for each."""
import os
import pty
import select
import shutil
import subprocess
import time

END = "end-of-this-line"

# What is added is written down and not added: so nothing is listed, and no key has to be pressed twice.
ZSH = r"""
PS1= PS2= ; setopt no_beep ; unsetopt prompt_cr prompt_sp
fpath=(FOLDER/zsh $fpath)
autoload -Uz compinit && compinit -u -D
compadd () {
    local -a matches
    local flag
    for flag in "$@"; do
        [[ $flag == -- ]] && break
        if [[ $flag == -[a-zA-Z1-9]#[OAD] ]]; then builtin compadd "$@"; return; fi
    done
    builtin compadd -O matches "$@"
    (( $#matches )) && print -rl -- "$matches[@]" >> ANSWERS
    return 1
}
setopt extended_glob
end-of-line-asked () { print -r -- MARK >> ANSWERS }
zle -N end-of-line-asked
bindkey '^X^E' end-of-line-asked
print -r -- MARK >> ANSWERS
"""

BASH = r"""
source FOLDER/bash/scimward
ask() {
    local line=$1 words rest
    # As readline parts a line: "=" stands alone.
    rest=${line//=/ = }
    read -ra COMP_WORDS <<<"$rest"
    [[ $line == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line}
    _scimward
    printf '%s\n' "${COMPREPLY[@]}" MARK
}
"""


def missing(name):
    return None if shutil.which(name) else f"{name} is not installed (Debian: apt-get install {name})"


def parts(text, count):
    """The words of each line, between the marks."""
    answers = [sorted({word for word in answer.split("\n") if word}) for answer in text.split(END + "\n")]
    assert len(answers) == count + 1, f"{len(answers) - 1} answers for {count} lines:\n{text}"
    return answers[:count]


def run(shell, script, folder):
    done = subprocess.run([*shell, script], capture_output=True, text=True, timeout=60, check=False, cwd=folder)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def ask_bash(completions, folder, lines):
    script = BASH.replace("FOLDER", completions).replace("MARK", END)
    script += "".join(f"ask '{line}'\n" for line in lines)
    return parts(run(["bash", "--norc", "--noprofile", "-c"], script, folder), len(lines))


def ask_fish(completions, folder, lines):
    script = f"source {completions}/fish/scimward.fish\n"
    script += "".join(f"complete -C '{line}' | string replace -r '\\t.*' ''\necho {END}\n" for line in lines)
    answers = parts(run(["fish", "--no-config", "-c"], script, folder), len(lines))
    # "--kind=full" is how fish says "full" there.
    return [sorted(word.partition("=")[2] or word for word in answer) for answer in answers]


class Terminal:
    """An interactive program behind a terminal of its own."""

    def __init__(self, arguments, folder, environment):
        self.child, self.screen = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            os.execvpe(arguments[0], arguments, environment)
        self.seen = b""

    def write(self, text):
        os.write(self.screen, text.encode())

    def wait_for(self, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while not condition(self.seen.decode(errors="replace")):
            assert time.monotonic() < deadline, "nothing came in time:\n" + self.seen.decode(errors="replace")
            if select.select([self.screen], [], [], 0.02)[0]:
                self.seen += os.read(self.screen, 65536)

    def close(self):
        os.close(self.screen)
        os.waitpid(self.child, 0)


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def ask_zsh(completions, folder, lines):
    path = os.path.join(folder, "answers")
    with open(os.path.join(folder, "ask.zsh"), "w", encoding="utf-8") as file:
        file.write(ZSH.replace("FOLDER", completions).replace("ANSWERS", path).replace("MARK", END))
    terminal = Terminal(["zsh", "-f", "-i"], folder, dict(os.environ, TERM="dumb"))
    terminal.write("source ./ask.zsh\n")
    terminal.wait_for(lambda _: END in read(path))
    os.unlink(path)
    for count, line in enumerate(lines, 1):
        terminal.write("\x15" + line + "\t\x18\x05")
        terminal.wait_for(lambda _, count=count: read(path).count(END + "\n") == count)
    terminal.write("\x15exit\n")
    terminal.close()
    return parts(read(path), len(lines))


def press_tab_in_bash(completions, folder, line):
    """What the line is after a TAB, by readline itself."""
    environment = dict(os.environ, TERM="dumb", PS1="", HISTFILE="")
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], folder, environment)
    terminal.write(f"source {completions}/bash/scimward; scimward() {{ printf '<%s>' \"$@\"; }}; PS1=; echo READY''NOW\n")
    terminal.wait_for(lambda text: "READYNOW" in text)
    terminal.write(line + "\t\n")
    terminal.wait_for(lambda text: "\n<" in text.rpartition("READYNOW")[2])
    terminal.write("exit\n")
    text = terminal.seen.decode(errors="replace")
    terminal.close()
    return text


ASK = {"bash": ask_bash, "zsh": ask_zsh, "fish": ask_fish}
