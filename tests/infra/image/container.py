"""
The image as Cloud Run runs it: nothing to write to but `/tmp`, no rights, within limits, ended by SIGTERM.

`CONTAINER_ENGINE` names the command that runs containers, with its options. By
default it is docker if its daemon answers, and podman otherwise.
"""

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx

from tests.acceptance.conftest import firestore_variables
from tests.acceptance.instance import free_port
from tests.infra.image.sizes import SIZES

READY_SECONDS: Final = 60.0
TERM_SECONDS: Final = 10
"""What Cloud Run grants between SIGTERM and SIGKILL."""

BIGGEST_MB: Final = 350
"""What the image may take, unpacked."""

CLOUD_RUN: Final = {"K_SERVICE": "afterword", "K_REVISION": "afterword-00007-tst", "K_CONFIGURATION": "afterword"}

WITHOUT_RIGHTS: Final = ("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges")
AS_IT_MAY: Final = ("--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096")
"""An engine's own defaults may be more than the one who starts it is allowed to grant."""


def image() -> str:
    """Name the image to be tested."""
    return os.environ["AFTERWORD_IMAGE"]


@cache
def engine() -> tuple[str, ...]:
    """Return the command that runs containers here."""
    if named := shlex.split(os.environ.get("CONTAINER_ENGINE", "")):
        return tuple(named)
    if shutil.which("docker") and _succeeds("docker", "version", "--format", "{{.Server.Version}}"):
        return ("docker",)
    if shutil.which("podman"):
        return ("podman", *_podman_options())
    raise NoEngine


class NoEngine(Exception):
    """Nothing here runs containers."""


def why_not() -> str | None:
    """Say what is missing for these tests, if anything is."""
    try:
        there = _succeeds(*engine(), "image", "inspect", image())
    except NoEngine:
        return "No container engine answers: start docker's daemon, install podman, or name one in CONTAINER_ENGINE."
    return None if there else f"There is no image {image()}: `make image` builds it, or name another with IMAGE=."


def run(*arguments: str, within: float = 60.0) -> str:
    """Have the engine do something, and return what it prints."""
    done = _done(*engine(), *arguments, within=within)
    assert done.returncode == 0, f"{shlex.join(done.args)} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout.strip()


def inspect_image(template: str) -> str:
    """Look up one fact about the image, by the engine's *template*."""
    return run("image", "inspect", "--format", template, image())


def rehearsal(emulator_host: str) -> dict[str, str]:
    """Return the settings of an instance over a project of its own in an emulator, which anybody may use."""
    unsafe = {"AFTERWORD_ALLOW_EMULATOR": "true", "AFTERWORD_AUTH": "none", "AFTERWORD_ALLOW_ANONYMOUS": "true"}
    return firestore_variables(emulator_host) | unsafe


@dataclass(frozen=True, slots=True)
class Container:
    """One running container, an instance of the service."""

    name: str
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything it has logged."""
        return run("logs", self.name)

    def state(self, field: str) -> str:
        """Look up one *field* of its state, such as `ExitCode`."""
        return run("inspect", "--format", f"{{{{.State.{field}}}}}", self.name)

    def python(self, code: str) -> str:
        """Run *code* in it, as the service's own user, and return what it prints."""
        return run("exec", self.name, "python", "-c", code)

    def terminate(self) -> int:
        """End it as Cloud Run does, and return its exit status: 137 if it had to be killed."""
        run("stop", "-t", str(TERM_SECONDS), self.name)
        return int(self.state("ExitCode"))

    def is_ready(self) -> bool:
        """Whether it takes documents."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def running(variables: Mapping[str, str], *options: str, cpus: float = SIZES.cpu) -> Iterator[Container]:
    """Run one container with these settings, and more of the engine's *options*, until the block ends."""
    container = Container(name=f"afterword-{uuid4().hex[:12]}", port=free_port())
    arguments = _arguments(container.port, cpus, variables)
    run("run", "--detach", f"--name={container.name}", *options, *arguments, image())
    try:
        _wait_until_ready(container)
        yield container
    finally:
        run("rm", "--force", container.name)


def refused(variables: Mapping[str, str]) -> tuple[int, str]:
    """Start a container that ends by itself, and return its exit status and what it said."""
    done = _done(*engine(), "run", "--rm", *_arguments(free_port(), SIZES.cpu, variables), image())
    return done.returncode, done.stdout


def _arguments(port: int, cpus: float, variables: Mapping[str, str]) -> list[str]:
    environment = {"PORT": str(port), **CLOUD_RUN, **SIZES.variables, **variables}
    settings = [f"--env={name}={value}" for name, value in environment.items()]
    limits = [f"--memory={SIZES.memory}m", f"--cpus={cpus}"]
    return ["--network=host", *WITHOUT_RIGHTS, *AS_IT_MAY, *limits, *settings]


def _wait_until_ready(container: Container) -> None:
    give_up_at = time.monotonic() + READY_SECONDS
    while not container.is_ready():
        if container.state("Running") != "true" or time.monotonic() > give_up_at:
            raise AssertionError(f"the container did not start:\n{container.log}")
        time.sleep(0.05)


def _podman_options() -> list[str]:
    """Adapt to a machine without systemd, and to one with control groups of the first version."""
    options = [] if Path("/run/systemd/system").exists() else ["--cgroup-manager=cgroupfs"]
    is_second_version = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return options if is_second_version or not shutil.which("runc") else [*options, "--runtime=runc"]


def _succeeds(*command: str) -> bool:
    return _done(*command).returncode == 0


def _done(*command: str, within: float = 60.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the engine, and arguments of our own
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=within, check=False
    )
