"""The service that is attacked: one server process, with keys made as an operator makes them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.acceptance.instance import Instance, running
from tests.fuzz.models import MODULE

STORES: Final = ("sqlite", "firestore")
COMMON: Final = {
    "AFTERWORD_AUTH": "required",
    "AFTERWORD_PROCESSORS": MODULE,
    "AFTERWORD_REQUESTS_PER_SECOND": "0",
    "AFTERWORD_STREAM_SECONDS": "0.1",
    "AFTERWORD_SWEEP": "1",
}
"""No limit of requests, or most of the answers would be 429; streams that end before anybody loses patience."""


def store_variables(store: str, *, emulator: str | None, folder: Path) -> dict[str, str]:
    """Return the settings of a *store* that nobody else uses: a file in *folder*, or a project in the *emulator*."""
    if emulator is None:
        return {"AFTERWORD_STORE": store, "AFTERWORD_SQLITE_PATH": str(folder / "tasks.db")}
    return {"FIRESTORE_EMULATOR_HOST": emulator, "GOOGLE_CLOUD_PROJECT": f"fuzz-{folder.name}"}


@contextmanager
def service(folder: Path, variables: Mapping[str, str]) -> Iterator[Instance]:
    """Run one server until the block ends; its log is in *folder*."""
    with running(folder / "server.log", **COMMON | dict(variables)) as instance:
        yield instance


def broken_requests(log: Path) -> list[str]:
    """Say what the server has logged as broken: how often, and the first of it."""
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if '"severity": "ERROR"' in line]
    return [f"the server has logged {len(lines)} errors, the first: {lines[0]}"] if lines else []
