"""The platform of stand-ins that most tests of a deployment begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.rehearsal import Rehearsal, rehearsal


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Rehearsal]:
    """A service that runs the old commit."""
    with rehearsal(tmp_path) as made:
        yield made
