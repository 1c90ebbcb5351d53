"""
Tests of the image, which need a container engine: `make image-check` names the image in `AFTERWORD_IMAGE`.

Without that variable, as in `make test`, none of them is collected.
"""

import os
from collections.abc import Iterator

import pytest

from tests.emulator import Emulator
from tests.infra.image.container import Container, rehearsal, running, why_not

collect_ignore_glob = [] if os.environ.get("AFTERWORD_IMAGE") else ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def _image_is_there() -> None:
    """Say at once, and once, what is missing."""
    if reason := why_not():
        pytest.exit(reason, returncode=1)


@pytest.fixture(scope="module")
def container(emulator: Emulator) -> Iterator[Container]:
    """Run the image once for all tests of a file, over a project of its own."""
    with running(rehearsal(emulator.host)) as started:
        yield started
