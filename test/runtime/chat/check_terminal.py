"""A chat on a terminal: keys, history, commands, and Ctrl-C.

usage: check_terminal.py FAKE-PROGRAM FOLDER

What was said is what the program saves.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from terminal import ASKS_NO_MORE, Terminal

PROGRAM, FOLDER = sys.argv[1], Path(sys.argv[2])
LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"
HOME, END, DELETE, BACK, ALT_ENTER = "\x1b[H", "\x1b[F", "\x1b[3~", "\x7f", "\x1b\r"
WORD_LEFT, ALT_D = "\x1b[1;5D", "\x1bd"


def ctrl(letter):
    return chr(ord(letter) & 0x1F)


def start(*options, **environment):
    return Terminal([PROGRAM, "chat", *options], XDG_STATE_HOME=str(FOLDER / "state"), **environment)


def saved(terminal):
    path = FOLDER / "chat.json"
    terminal.say(f"/save {path}")
    return json.loads(path.read_text())


def questions(terminal):
    return [message["content"] for message in saved(terminal) if message["role"] == "user"]


def expect(found, expected):
    if found != expected:
        sys.exit(f"found {found!r}, expected {expected!r}")


def check_keys():
    """Each of these texts is what its keys make."""
    cases = {
        "hello": "helo" + LEFT + "l",
        "a word": "word" + HOME + "a " + END,
        "a line": "line" + ctrl("A") + "a " + ctrl("E"),
        "kept": "kept and lost" + LEFT * 9 + ctrl("K"),
        "rest": "all the rest" + LEFT * 4 + ctrl("U"),
        "one three": "one two" + ctrl("W") + "three",
        "two words words": "two words" + ctrl("W") + ctrl("Y") + " " + ctrl("Y"),
        "new begin": "old begin" + WORD_LEFT * 2 + ALT_D + "new",
        "ax": "abx" + LEFT + BACK,
        "bx": "abx" + HOME + DELETE,
        "cx": "abcx" + HOME + ctrl("D") * 2,
        "日本": "日本語" + BACK,
        "日中本": "日本" + LEFT + "中",
        "e\u0301!": "e\u0301x" + BACK + "!",
        "👩‍🚀": "👩‍🚀👩‍🚀" + BACK,
        "line one\nline two": "line one" + ALT_ENTER + "line two",
        "first\nsecond": "first\\\rsecond",
        "above\nbelow!": "above" + ALT_ENTER + "below" + UP + DOWN + END + "!",
        "above!\nbelow": "above" + ALT_ENTER + "below" + UP + END + "!",
        "ab!\ndeeper": "ab" + ALT_ENTER + "deeper" + UP + "!",
        "pasted\n\ttwice": "\x1b[200~pasted\r\n\ttwice\x1b[201~",
        "/begins so": "//begins so",
        "/usr/bin": "/usr/bin",
    }
    terminal = start("-n", "1")
    for keys in cases.values():
        terminal.say(keys)
    expect(questions(terminal), list(cases))
    terminal.type(ctrl("D"))
    expect(terminal.end(), 0)


def check_history():
    terminal = start("-n", "1")
    # What earlier checks have said is in the user's file, commands, too.
    terminal.say(UP * 2)
    terminal.say("another")
    terminal.say("unsent" + UP * 2 + DOWN * 2 + " now")
    expect(questions(terminal), ["/usr/bin", "another", "unsent now"])
    terminal.type("/exit\r")
    expect(terminal.end(), 0)
    lines = (FOLDER / "state/quipu/history").read_text().splitlines()
    expect(lines[-5:], ["/usr/bin", "another", "unsent now", f"/save {FOLDER}/chat.json", "/exit"])
    assert "line one\\nline two" in lines and oct(os.stat(FOLDER / "state/quipu/history").st_mode)[-3:] == "600"


def check_history_file():
    """A long one is shortened and stays the user's own; a pipe has nothing to say."""
    history = FOLDER / "state/quipu/history"
    history.write_text("".join(f"text {i}\n" for i in range(2001)))
    history.chmod(0o600)
    terminal = start("-n", "1")
    terminal.type(UP + "\r" + "/exit\r")
    expect(terminal.end(), 0)
    lines = history.read_text().splitlines()
    expect((len(lines), lines[0], lines[-1]), (1001, "text 1001", "/exit"))
    expect(oct(history.stat().st_mode)[-3:], "600")
    history.unlink()
    os.mkfifo(history)
    reader = os.open(history, os.O_RDONLY | os.O_NONBLOCK)
    terminal = start("-n", "1")
    terminal.type("/exit\r")
    expect(terminal.end(), 0)
    expect(os.read(reader, 100), b"/exit\n")
    os.close(reader)
    history.unlink()


def check_screen():
    """What is typed wraps, and wide characters take two columns."""
    terminal = start("-n", "1")
    terminal.wait_for_prompt()
    top = next(i for i, line in enumerate(terminal.lines()) if line.startswith(">"))
    terminal.type("x" * 37 + "日y" + ALT_ENTER + "next" + LEFT * 2)
    terminal.wait(lambda: "next" in terminal.screen.display[top + 2], "second line")
    expect(terminal.lines()[top : top + 3], ["> " + "x" * 37, "日y", ". next"])
    expect((terminal.screen.cursor.y, terminal.screen.cursor.x), (top + 2, 4))
    terminal.type(END + ctrl("U") + BACK * 3)
    terminal.wait(lambda: terminal.lines()[top + 1] == "", "empty row")
    expect(terminal.lines()[top : top + 2], ["> " + "x" * 37, ""])
    # More than the screen has rows: those around the cursor are shown.
    terminal.type("".join(f"{ALT_ENTER}{i}" for i in range(30)))
    terminal.wait(lambda: ". 29" in terminal.lines(), "last row")
    terminal.type(ctrl("L") + UP * 29)
    terminal.wait(lambda: terminal.lines()[0].startswith("> x"), "first row")
    terminal.type(ctrl("C"))
    terminal.wait_for_prompt()
    terminal.type("\t/sa\t")
    terminal.wait(lambda: "> /save" in terminal.lines(), "whole command")
    terminal.type(ctrl("C"))
    terminal.wait_for_prompt()
    terminal.type(ctrl("C"))
    terminal.wait_for_prompt()
    terminal.type(ctrl("C"))
    expect(terminal.end(), 0)


def check_interrupt():
    """Ctrl-C stops an answer and not the chat."""
    terminal = start(FAKE_DELAY="100000")
    terminal.wait_for_prompt()
    terminal.type("hello\r")
    terminal.wait(lambda: terminal.bytes.rfind(ASKS_NO_MORE) in range(1, len(terminal.bytes) - 12), "part of an answer")
    terminal.type(ctrl("C"))
    terminal.wait_for_prompt()
    whole = subprocess.run([PROGRAM, "chat", "hello"], capture_output=True, text=True).stdout.strip()
    question, answer = saved(terminal)
    expect(question["content"], "hello")
    assert whole.startswith(answer["content"]) and 0 < len(answer["content"]) < len(whole), answer
    terminal.type(ctrl("D"))
    expect(terminal.end(), 0)


def check_commands():
    ask = subprocess.run([PROGRAM, "chat", "-n", "9", "hello"], capture_output=True, text=True).stdout
    terminal = start("-n", "9")
    terminal.say("hello")
    assert ask.strip() in terminal.lines(), terminal.lines()
    terminal.say("more")
    conversation = saved(terminal)
    expect(len(conversation), 4)
    terminal.say("/undo")
    expect(saved(terminal), conversation[:2])
    terminal.say("/retry")
    expect(saved(terminal), conversation[:2])
    terminal.say("/system be brief")
    expect(saved(terminal), [{"role": "system", "content": "be brief"}, *conversation[:2]])
    terminal.say("/reset")
    expect(saved(terminal), [{"role": "system", "content": "be brief"}])
    terminal.say("/system")
    expect(saved(terminal), [])
    (FOLDER / "given.json").write_text(json.dumps(conversation))
    terminal.say(f"/load {FOLDER}/given.json")
    expect(saved(terminal), conversation)
    for command, error in {
        "/sav x": "did you mean '/save'",
        "/load /nowhere": "cannot read '/nowhere'",
        "/reset all": "takes nothing behind it",
        "/save": "needs the name of a file",
    }.items():
        terminal.say(command)
        shown = "".join(terminal.lines())
        assert error.replace(" ", "") in shown.replace(" ", ""), (error, shown)
    expect(saved(terminal), conversation)
    terminal.type(ctrl("D"))
    expect(terminal.end(), 0)


for check in check_keys, check_history, check_history_file, check_screen, check_interrupt, check_commands:
    check()
    print(check.__name__, "passed")
