#!/usr/bin/env python3
"""Conversations at a terminal: line editing, commands, history, Ctrl+C and Ctrl+D.

    test-cli-terminal.py PROGRAM TINY_MODEL_WRITER

Speaks TAP. The program runs on a pseudo-terminal; what it shows is read with escape sequences taken out.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM, WRITER = sys.argv[1:3]
HOME = pathlib.Path(tempfile.mkdtemp(prefix="headroom-terminal-"))
MODEL = HOME / "tiny.gguf"
TIMEOUT_S = 30
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    def __init__(self, *args, **env):
        folders = {f"XDG_{name}_HOME": str(HOME / name.lower()) for name in ("DATA", "CONFIG", "CACHE", "STATE")}
        (HOME / "run").mkdir(exist_ok=True, mode=0o700)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(HOME), "TERM": "xterm", "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(HOME / "run"),
                    **folders, **env}
        for name in os.environ:
            if name.startswith(("ASAN", "UBSAN", "LSAN")):
                self.env[name] = os.environ[name]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(PROGRAM, [PROGRAM, *args], self.env)
        self.text, self.status = "", None

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other side is closed
            return False
        self.text += ESCAPES.sub("", data.decode(errors="replace")).replace("\r", "")
        return bool(data)

    def wait_for(self, part, after=0):
        """Reads until part is shown at or after an offset; returns the offset behind it."""
        deadline = time.monotonic() + TIMEOUT_S
        while part not in self.text[after:]:
            left = deadline - time.monotonic()
            assert left > 0 and (self.read(min(left, 0.2)) or self.alive()), f"no “{part}” in:\n{self.text[after:]}"
        return self.text.index(part, after) + len(part)

    def alive(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is None

    def type(self, text):
        os.write(self.fd, text.encode())

    def enter(self, line, wanted=">>> "):
        """Types a line at the prompt and returns what was shown until the next one."""
        start = len(self.text)
        self.type(line + "\r")
        begin = self.wait_for(line, start)
        end = self.wait_for(wanted, begin)
        return self.text[begin:end - len(wanted)]

    def end(self):
        deadline = time.monotonic() + TIMEOUT_S
        while self.alive():
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
            self.read(0.05)
        os.close(self.fd)
        return self.status

    def kill(self):
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def chat(*args, **env):
    terminal = Terminal("run", str(MODEL), "-o", "num_predict=8", "-o", "temperature=0", *args, **env)
    terminal.wait_for(">>> ")
    return terminal


def test_answers():
    terminal = chat()
    first = terminal.enter("Hello")
    again = terminal.enter("Hello")
    for shown in (first, again):
        answer, notice = shown.strip().rsplit("\n", 1)
        assert answer and notice.startswith("headroom: the answer was cut"), shown
    terminal.enter("/clear")
    assert terminal.enter("Hello").split() == first.split(), "after /clear the conversation is new"
    terminal.enter("/bye", wanted="\n")
    assert terminal.end() == 0


def test_end_of_input():
    terminal = chat()
    terminal.type("\x04")
    assert terminal.end() == 0


def test_interrupt_at_prompt():
    terminal = chat()
    terminal.type("half a thou")
    at = terminal.wait_for("half a thou")
    terminal.type("\x03")
    at = terminal.wait_for(">>> ", at)
    terminal.type("\x03")
    terminal.wait_for("/bye", at)
    assert terminal.alive(), "Ctrl+C does not end the program"
    terminal.type("\x04")
    assert terminal.end() == 0


def test_editing():
    terminal = chat()
    start = len(terminal.text)
    terminal.type("xset system Be bold.\x01\x04/\x05!\r")  # to the start, delete, insert, to the end
    terminal.wait_for(">>> ", start)
    assert "Be bold.!" in terminal.enter("/show system")
    terminal.type("/bye\r")
    assert terminal.end() == 0


def test_history():
    terminal = chat()
    terminal.enter("/set system Be a cat.")
    terminal.type("/bye\r")
    assert terminal.end() == 0
    path = HOME / "state/headroom/history"
    assert "Be a cat." in path.read_text()
    assert path.stat().st_mode & 0o077 == 0, "others cannot read it"
    terminal = chat()
    start = len(terminal.text)
    terminal.type("\x1b[A\x1b[A\r")  # the line before the last
    terminal.wait_for(">>> ", start)
    assert "Be a cat." in terminal.enter("/show system")
    terminal.type("/bye\r")
    assert terminal.end() == 0


def test_commands():
    terminal = chat()
    assert "/set" in terminal.enter("/?") and "/bye" in terminal.text
    assert "is not a command" in terminal.enter("/frobnicate")
    terminal.enter("/set system Be a dog.")
    assert "Be a dog." in terminal.enter("/show system")
    terminal.enter("/set parameter num_predict 3")
    terminal.enter("/set verbose")
    assert "eval count:            3 token(s)" in terminal.enter("Hello")
    assert "warmth" in terminal.enter("/set parameter warmth 1")
    assert "num_predict" in terminal.enter("/show parameters")
    assert "llama" in terminal.enter("/show info")
    assert "usage: /show" in terminal.enter("/show everything")
    assert "No such file" in terminal.enter("/load ./nothing.gguf")
    assert "saved" in terminal.enter("/save dog")
    assert "dog:latest" in terminal.enter("/list")
    terminal.type("/bye\r")
    assert terminal.end() == 0


def test_several_lines():
    terminal = chat()
    start = len(terminal.text)
    terminal.type('"""one\r')
    terminal.wait_for("... ", start)
    terminal.type('two"""\r')
    end = terminal.wait_for(">>> ", start)
    assert "... " in terminal.text[start:end]
    terminal.type("/bye\r")
    assert terminal.end() == 0


def test_missing_model():
    terminal = Terminal("run", str(HOME / "nothing.gguf"))
    terminal.wait_for("nothing.gguf")
    assert terminal.end() == 1


def main():
    subprocess.run([WRITER, str(MODEL)], check=True)
    cases = [value for name, value in globals().items() if name.startswith("test_")]
    failed = False
    print(f"1..{len(cases)}")
    for number, case in enumerate(cases, 1):
        name = "/cli/terminal/" + case.__name__.removeprefix("test_").replace("_", "-")
        try:
            case()
            print(f"ok {number} {name}", flush=True)
        except (AssertionError, OSError) as error:
            failed = True
            print(f"not ok {number} {name}")
            print("\n".join(f"# {line}" for line in str(error).splitlines()), flush=True)
    shutil.rmtree(HOME, ignore_errors=True)
    sys.exit(failed)


main()
