"""A program on a terminal of its own, whose screen pyte keeps."""

import fcntl
import os
import pty
import select
import struct
import termios
import time

import pyte

# A program that asks for text wants pastes marked.
ASKS, ASKS_NO_MORE = b"\x1b[?2004h", b"\x1b[?2004l"


class Terminal:
    def __init__(self, command, columns=40, rows=12, **environment):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = b""
        self.child, self.file = pty.fork()
        if self.child == 0:
            os.environ.update(environment, TERM="xterm")
            os.execvp(command[0], command)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """What comes within a time; false at the end."""
        if not select.select([self.file], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.file, 65536)
        except OSError:
            data = b""
        self.bytes += data
        self.stream.feed(data)
        return bool(data)

    def wait(self, condition, what):
        end = time.monotonic() + 60
        while not condition():
            if not self.read(0.05) or time.monotonic() > end:
                if condition():
                    return
                raise SystemExit(f"no {what}, but:\n" + "\n".join(self.lines()) + f"\n{self.bytes[-200:]}")

    def wait_for_prompt(self):
        """Until the program asks and shows what was typed."""
        self.wait(lambda: self.bytes.rfind(ASKS) > self.bytes.rfind(ASKS_NO_MORE), "prompt")
        while select.select([self.file], [], [], 0.1)[0] and self.read(0):
            pass

    def type(self, text):
        os.write(self.file, text.encode() if isinstance(text, str) else text)

    def say(self, text):
        """Types a message, and waits for what comes of it."""
        self.wait_for_prompt()
        asked = self.bytes.count(ASKS)
        self.type(text)
        self.type("\r")
        self.wait(lambda: self.bytes.count(ASKS) > asked, "answer")
        self.wait_for_prompt()

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def end(self):
        """The exit status."""
        while self.read(60):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
