"""The decisions in `docs/adr`: numbered, of one form, and true where a machine can tell."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.house.source import ROOT

DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
SECTIONS = ["Status", "Context", "Decision", "Consequences"]
ONE_PAGE = 60


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_the_four_sections_and_fits_on_a_page(path: Path) -> None:
    """Somebody who questions a decision has to find its reasons within a minute."""
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == SECTIONS
    assert text.startswith(f"# {path.stem[:4]}: ")
    assert len(text.splitlines()) <= ONE_PAGE


def test_decisions_are_numbered_without_gaps() -> None:
    """They refer to each other by number; a superseded one stays and says so."""
    assert [path.stem[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


def test_every_dependency_is_justified() -> None:
    """A package that nobody can give a reason for is one that nobody dares to remove."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {Requirement(line).name for line in project["dependencies"]}

    page = (ROOT / "docs" / "adr" / "0005-dependencies.md").read_text(encoding="utf-8")
    justified = set(re.findall(r"^\| `([\w.-]+)` \|", page, flags=re.MULTILINE))

    assert justified == asked
