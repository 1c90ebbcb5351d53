"""Stores for whole processes: a file of one's own, or a project of one's own in a real emulator."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from tests.acceptance.instance import STARTED

NOBODYS_BUSINESS: Final = re.compile(
    r"afterword_[0-9a-f]{16}_|\b[0-9a-f]{64}\b|\beyJ[\w-]+\.eyJ|biblioteca|comisión|Salamanca|Zaragoza|hunter2|HOLA",
    flags=re.IGNORECASE,
)
"""Keys, their digests, tokens, and words of the documents that the tests hand in."""


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_in_any_log() -> Iterator[None]:
    """Look through the logs of all instances in the end, whatever the tests were about."""
    yield
    told = {match[0] for log in STARTED if log.is_file() for match in NOBODYS_BUSINESS.finditer(log.read_text())}
    assert told == set(), "some log holds a key, a token or a document"


@pytest.fixture(params=["sqlite", "firestore"])
def store_variables(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Return the settings of a store that no other test shares."""
    if request.param == "sqlite":
        return {"AFTERWORD_STORE": "sqlite", "AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db")}
    emulator = request.getfixturevalue("emulator")
    return firestore_variables(emulator.host)


def firestore_variables(host: str) -> dict[str, str]:
    """Return the settings of a project that no other test shares, and of a log that says all there is to say."""
    return {
        "FIRESTORE_EMULATOR_HOST": host,
        "GOOGLE_CLOUD_PROJECT": f"test-{uuid4().hex[:12]}",
        "AFTERWORD_LOG_LEVEL": "debug",
    }
