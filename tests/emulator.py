"""
A real Firestore emulator, as a process of its own.

The JVM is started directly: `gcloud emulators` is a chain of three processes,
and stopping it leaves the last one behind with the port.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, LOCK_SH, flock
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import pytest

JAR_VARIABLE: Final = "AFTERWORD_FIRESTORE_EMULATOR_JAR"
JAR_IN_SDK: Final = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
MAIN_CLASS: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
"""The jar names none in its manifest, so `java -jar` cannot start it."""

IN_ENGLISH: Final = ("-Duser.language=en",)
"""The emulator speaks no other language, says the script that ships with it."""

FOR_A_WHILE: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""A life of minutes takes a third less CPU time so: what is compiled best pays for itself in longer ones only."""

NO_DOCUMENT: Final = "/v1/projects/boot/databases/(default)/documents/none/none"

BOOT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Emulator:
    """One running emulator; *host* is its address, such as `127.0.0.1:9123`, and *pid* its JVM."""

    host: str
    pid: int


@contextmanager
def start_emulator(*, heap: str = "1g", options: Sequence[str] = FOR_A_WHILE) -> Iterator[Emulator]:
    """
    Run an emulator with so much memory, and *options* of its JVM, on a free port until the block ends.

    It keeps nothing on disk. Projects need no set-up: a test that takes a
    project id of its own shares nothing with any other.
    """
    java, jar, port = _find_java(), _find_jar(), _free_port()
    command = [java, f"-Xmx{heap}", *options, *IN_ENGLISH, "-cp", str(jar), MAIN_CLASS]
    command += ["--host=127.0.0.1", f"--port={port}"]
    jvm = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - found above
    try:
        _wait_until_it_answers(jvm, port)
        yield Emulator(host=f"127.0.0.1:{port}", pid=jvm.pid)
    finally:
        _stop(jvm)


@contextmanager
def share_emulator(folder: Path) -> Iterator[Emulator]:
    """
    Use the one emulator of all processes that name *folder*, until the block ends.

    The process that needs it first runs it, and in the end waits for the others;
    not for those that were killed, since the system takes their locks away.
    """
    address = folder / "emulator.json"
    with (folder / "emulator.users").open("w") as users, ExitStack() as mine:
        with (folder / "emulator.turn").open("w") as turn:
            flock(turn, LOCK_EX)
            flock(users, LOCK_SH)
            if not address.exists():
                running = mine.enter_context(start_emulator())
                mine.callback(address.unlink)
                mine.callback(flock, users, LOCK_EX)
                address.write_text(json.dumps(asdict(running)))
        yield Emulator(**json.loads(address.read_text()))


def _find_java() -> str:
    java = shutil.which("java")
    if java is None:
        pytest.fail("The Firestore emulator needs Java 17 or later: install `default-jre-headless`.", pytrace=False)
    return java


def _find_jar() -> Path:
    named = os.environ.get(JAR_VARIABLE)
    gcloud = shutil.which("gcloud")
    candidates = [Path(named)] if named else [Path(gcloud).resolve().parents[1] / JAR_IN_SDK] if gcloud else []
    for jar in candidates:
        if jar.is_file():
            return jar
    pytest.fail(
        "The Firestore emulator is missing: `gcloud components install cloud-firestore-emulator` "
        f"(or the package `google-cloud-cli-firestore-emulator`), or name its jar in {JAR_VARIABLE}.",
        pytrace=False,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(jvm: subprocess.Popen[bytes], port: int) -> None:
    give_up_at = time.monotonic() + BOOT_SECONDS
    while not _answers(port):
        if jvm.poll() is not None:
            pytest.fail(f"The Firestore emulator ended while starting, with code {jvm.returncode}.", pytrace=False)
        if time.monotonic() > give_up_at:
            pytest.fail(f"The Firestore emulator did not answer within {BOOT_SECONDS:.0f} s.", pytrace=False)
        time.sleep(0.05)


def _answers(port: int) -> bool:
    """Read a document that does not exist: the first read takes a cold JVM a second or more."""
    connection = HTTPConnection("127.0.0.1", port, timeout=BOOT_SECONDS)
    try:
        connection.request("GET", NO_DOCUMENT, headers={"Authorization": "Bearer owner"})
        return connection.getresponse().status == HTTPStatus.NOT_FOUND
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(jvm: subprocess.Popen[bytes]) -> None:
    jvm.terminate()
    try:
        jvm.wait(timeout=10)
    except subprocess.TimeoutExpired:
        jvm.kill()
        jvm.wait()
