"""The service as its users run it: a process with a port, which can be stopped, killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import httpx

READY_SECONDS: Final = 60.0
QUICK: Final = {"AFTERWORD_LEASE": "3", "AFTERWORD_HEARTBEAT": "1", "AFTERWORD_SWEEP": "1"}
"""Take-over within seconds, so that a test need not wait for the defaults."""


STARTED: Final[set[Path]] = set()
"""The logs of all instances that were started, for whoever wants to look through them in the end."""


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the surroundings of a process with these *variables*, whatever else is set for the tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AFTERWORD_", "K_"))}
    return inherited | dict(variables)


def command(variables: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m app` with *arguments* until it ends."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "app", *arguments],
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=READY_SECONDS,
        check=False,
    )


def make_key(variables: Mapping[str, str], owner: str) -> str:
    """Make an API key for *owner*, as an operator does."""
    made = command(variables, "keys", "create", "--owner", owner)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@dataclass
class Instance:
    """One server process; *log* is the file that its lines go to."""

    log: Path
    variables: Mapping[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start it and wait until it is ready."""
        STARTED.add(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve"],
                env=environment({"PORT": str(self.port)} | dict(self.variables)),
                stderr=log,
                start_new_session=True,
            )
        give_up_at = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > give_up_at:
                raise AssertionError(f"the server did not start:\n{self.log.read_text()}")
            time.sleep(0.05)
        return self

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def wait_until_silent(self) -> None:
        """Return when nobody listens on its port any more."""
        give_up_at = time.monotonic() + READY_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            except ConnectionRefusedError:
                return
            assert time.monotonic() < give_up_at, "somebody still listens"
            time.sleep(0.05)

    def wait_for_line(self, message: str, *, times: int = 1) -> None:
        """Return when it has logged *message* so many *times*."""
        give_up_at = time.monotonic() + READY_SECONDS
        while self.log.read_text().count(f'"message": "{message}"') < times:
            assert time.monotonic() < give_up_at, f"no line says '{message}':\n{self.log.read_text()}"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill the server and all that belongs to it, as a machine that goes down does."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to end, as a deployment does; return how many seconds that took."""
        assert self.process is not None
        asked_at = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=30)
        return time.monotonic() - asked_at


@contextmanager
def running(log: Path, **variables: str) -> Iterator[Instance]:
    """Run one instance until the block ends."""
    instance = Instance(log=log, variables=variables)
    try:
        yield instance.start()
    finally:
        if instance.process is not None and instance.process.poll() is None:
            instance.kill()


def ended(client: httpx.Client, path: str, *, within: float = 60.0) -> dict[str, object]:
    """Poll *path* until its task has ended."""
    give_up_at = time.monotonic() + within
    while True:
        task: dict[str, object] = client.get(path).raise_for_status().json()
        if task["status"] in {"completed", "failed", "cancelled"}:
            return task
        assert time.monotonic() < give_up_at, f"{path} is still {task['status']}"
        time.sleep(0.1)
