"""Stores for whole processes: a file of one's own, or a project of one's own in a real emulator."""

from pathlib import Path
from uuid import uuid4

import pytest


@pytest.fixture(params=["sqlite", "firestore"])
def store_variables(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Return the settings of a store that no other test shares."""
    if request.param == "sqlite":
        return {"AFTERWORD_STORE": "sqlite", "AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db")}
    emulator = request.getfixturevalue("emulator")
    return firestore_variables(emulator.host)


def firestore_variables(host: str) -> dict[str, str]:
    """Return the settings of a project that no other test shares."""
    return {"FIRESTORE_EMULATOR_HOST": host, "GOOGLE_CLOUD_PROJECT": f"test-{uuid4().hex[:12]}"}
