"""What a Firestore store does without credentials: it opens, says what it lacks, and takes up what it is given."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from threading import Event

import pytest
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import DefaultCredentialsError
from structlog.testing import capture_logs

from app.adapters.firestore_connection import Connector
from app.domain.errors import StoreUnavailable

NONE = "Firestore needs credentials, and this process has none"


class Surroundings:
    """What a search for credentials finds: an error at first, then what somebody puts there."""

    def __init__(self, *, error: Exception | None = None, project: str | None = None) -> None:
        """Name *project*, unless there is an *error*."""
        self.error = error
        self.project = project
        self.searches = 0
        self.gate = Event()
        self.gate.set()

    def search(self) -> tuple[Credentials, str | None]:
        """Find them, once the gate is open."""
        self.searches += 1
        assert self.gate.wait(timeout=60)
        if self.error:
            raise self.error
        return AnonymousCredentials(), self.project  # type: ignore[no-untyped-call]  # google-auth types no constructor

    def connector(self, project: str | None = None) -> Connector:
        """Return the way to a database of *project*."""
        return Connector(project=project, database="tasks", emulator_host=None, search=self.search)


async def test_a_process_without_credentials_starts_and_says_what_it_lacks(tmp_path: Path) -> None:
    """Not a traceback but a sentence, in the log and to the caller; and no environment leads it to an emulator."""
    bare = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path),
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json"),
        "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.contract.firestore_stranger", env=bare, stdout=PIPE, stderr=STDOUT
    )

    output, _ = await process.communicate()

    said = output.decode().splitlines()
    assert process.returncode == 0
    assert [line for line in said if not line.startswith("{")] == ["open", *[f"told: {NONE}"] * 2]
    assert [f'"reason": "{NONE}"' in line for line in said if line.startswith("{")] == [True, True]
    assert str(tmp_path) not in output.decode()


@pytest.mark.parametrize(
    "error",
    [
        DefaultCredentialsError("/a/path"),  # type: ignore[no-untyped-call]  # as above
        PermissionError("/a/path"),
        AttributeError("the file holds a list"),
    ],
)
async def test_credentials_that_come_late_are_taken_up(error: Exception) -> None:
    """A platform that is slow to hand them out, or a login in another window, needs no restart."""
    surroundings = Surroundings(error=error)
    connector = surroundings.connector(project="ours")

    with capture_logs() as logs, pytest.raises(StoreUnavailable, match=NONE) as caught:
        await connector.connection()
    surroundings.error = None
    connection = await connector.connection()
    await connector.close()

    assert connection.database == "projects/ours/databases/tasks"
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("store failed", NONE)]
    assert "/" not in caught.value.message


async def test_the_project_may_be_the_credentials_own() -> None:
    """On a developer's machine nobody sets one."""
    connector = Surroundings(project="theirs").connector()

    connection = await connector.connection()
    await connector.close()

    assert connection.database == "projects/theirs/databases/tasks"


async def test_credentials_that_name_no_project_are_not_enough() -> None:
    """Without a project there is no database to ask."""
    connector = Surroundings().connector()

    with pytest.raises(StoreUnavailable, match="needs a project"):
        await connector.connection()
    await connector.close()


async def test_calls_that_come_together_share_one_search() -> None:
    """A search may take seconds in a thread: a hundred waiting requests must not start a hundred."""
    surroundings = Surroundings(project="theirs")
    surroundings.gate.clear()
    connector = surroundings.connector()
    calls = [asyncio.ensure_future(connector.connection()) for _ in range(3)]
    await asyncio.sleep(0)

    calls[0].cancel()
    surroundings.gate.set()
    given_up, *connections = await asyncio.gather(*calls, return_exceptions=True)
    await connector.close()

    assert isinstance(given_up, asyncio.CancelledError)
    assert connections[0] is connections[1]
    assert surroundings.searches == 1


async def test_closing_does_not_wait_for_a_search() -> None:
    """A shutdown has better things to do."""
    surroundings = Surroundings(project="theirs")
    surroundings.gate.clear()
    connector = surroundings.connector()
    call = asyncio.ensure_future(connector.connection())
    await asyncio.sleep(0)

    await connector.close()
    (ended,) = await asyncio.gather(call, return_exceptions=True)
    surroundings.gate.set()

    assert isinstance(ended, asyncio.CancelledError)
