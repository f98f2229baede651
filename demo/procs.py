"""Processes of the demo: each is started, watched and ended by its own pid, and none outlives the demo."""

import ctypes
import getpass
import os
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1


class ProcessFailed(Exception):
    """A process did not start, or ended when it should not have; the text holds the end of its log."""


def _end_with_the_demo():
    """Runs in the child: the kernel kills it when the demo dies, however it dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def free_port():
    """A loopback port that was free a moment ago. Whoever starts a server on it tries again when somebody was faster."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One program with its log file. `start` may be called again after the process has ended."""

    def __init__(self, name, argv, folder, env=None):
        self.name = name
        self.argv = [str(a) for a in argv]
        self.log = os.path.join(folder, name + ".log")
        self.env = {**os.environ, **(env or {})}
        self.child = None

    @property
    def pid(self):
        return self.child.pid if self.child else None

    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def start(self, extra=()):
        if self.is_running():
            raise ProcessFailed(f"{self.name} is running already")
        with open(self.log, "ab") as log:
            log.write(f"--- {' '.join(self.argv + list(extra))}\n".encode())
            log.flush()
            self.child = subprocess.Popen(self.argv + list(extra), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                                          start_new_session=True,  # Ctrl-C is for the demo alone, which then ends them in order
                                          preexec_fn=_end_with_the_demo)

    def kill(self):
        """kill -9: nothing is flushed, nothing is said."""
        if self.is_running():
            os.kill(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def stop(self, patience=10.0):
        """SIGTERM, and the seconds it took to end. Fails when it takes longer than `patience`."""
        if not self.is_running():
            return 0.0
        begun = time.monotonic()
        self.child.terminate()
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessFailed(f"{self.name} did not end within {patience:g} s of SIGTERM\n{self.tail()}") from None
        return time.monotonic() - begun

    def must_run(self):
        if not self.is_running():
            status = self.child.returncode if self.child else "never started"
            raise ProcessFailed(f"{self.name} is not running (status {status})\n{self.tail()}")

    def tail(self, lines=25):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                return "".join(f"  {self.name}: {line}" for line in log.readlines()[-lines:])
        except OSError:
            return ""


class Broker(Process):
    """A mosquitto of our own on a loopback port. What it holds is in a file, so that a killed one comes back with it."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "broker")
        os.makedirs(self.folder, exist_ok=True)
        self.port = 0
        self.config = os.path.join(self.folder, "mosquitto.conf")
        super().__init__("mosquitto", ["mosquitto", "-c", self.config], folder,
                         {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"})
        self.argv[0] = self._program()

    def _program(self):
        for folder in self.env["PATH"].split(":"):
            path = os.path.join(folder, "mosquitto")
            if os.access(path, os.X_OK):
                return path
        raise ProcessFailed("there is no mosquitto on this machine: ./dev setup installs it")

    def _write_config(self):
        with open(self.config, "w", encoding="utf-8") as config:
            config.write("\n".join([
                f"listener {self.port} 127.0.0.1",
                "allow_anonymous true",
                f"user {getpass.getuser()}",
                "persistence true",
                f"persistence_location {self.folder}/",
                "autosave_on_changes true",
                "autosave_interval 1",
                "max_queued_messages 0",
                "log_type error",
                "log_type warning",
                ""]))

    def start(self, extra=()):
        """The first start chooses the port; later ones keep it, as a broker that comes back does."""
        tries = 5 if self.port == 0 else 1
        for _ in range(tries):
            if tries > 1:
                self.port = free_port()
                self._write_config()
            super().start(extra)
            if self._answers(5.0):
                return
            self.kill()
        raise ProcessFailed(f"mosquitto does not answer on port {self.port}\n{self.tail()}")

    def _answers(self, patience):
        until = time.monotonic() + patience
        while time.monotonic() < until and self.is_running():
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False
