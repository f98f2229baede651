"""The stage: through its socket the director moves event time and says what the simulated devices see (docs/stage.md)."""

import json
import os
import socket
import time


class StageGone(Exception):
    """The gate is not there, or went away before it answered."""


class StageRefused(Exception):
    """The gate answered no."""


class Stage:
    """One connection. Every call waits until the gate has settled: what it did is committed when the answer comes."""

    def __init__(self, path):
        self.path = path
        self.socket = None
        self.pending = b""

    def connect(self, patience=30.0, is_alive=lambda: True):
        """Waits for the gate and returns its hello."""
        self.close()
        until = time.monotonic() + patience
        while True:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self.socket.connect(self.path)
                hello = self.ask({"verb": "hello"})
                if hello.get("ready", True):
                    return hello
            except (OSError, StageGone):
                self.close()
            if not is_alive():
                raise StageGone("the gate ended while it started")
            if time.monotonic() > until:
                raise StageGone(f"{self.path}: the gate was not ready within {patience:g} s")
            time.sleep(0.02)

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None
        self.pending = b""

    def send(self, request):
        try:
            self.socket.sendall(json.dumps(request).encode() + b"\n")
        except (OSError, AttributeError) as problem:
            raise StageGone(f"{self.path}: {problem}") from None

    def receive(self, patience=60.0):
        until = time.monotonic() + patience
        while b"\n" not in self.pending:
            left = until - time.monotonic()
            if left <= 0:
                raise StageGone(f"{self.path}: no answer within {patience:g} s")
            try:
                self.socket.settimeout(left)
                piece = self.socket.recv(65536)
            except TimeoutError:
                continue
            except OSError as problem:
                raise StageGone(f"{self.path}: {problem}") from None
            if not piece:
                raise StageGone(f"{self.path}: the gate closed the connection")
            self.pending += piece
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def ask(self, request, patience=60.0):
        self.send(request)
        answer = self.receive(patience)
        if not answer.get("ok"):
            raise StageRefused(f"{json.dumps(request, ensure_ascii=False)}: {answer.get('error', answer)}")
        return answer


def remove_stale(path):
    """A killed gate leaves its socket file behind."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
