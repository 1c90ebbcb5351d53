"""The page of hard-learnt facts: dated, and tied to the code that relies on them."""

import re
from datetime import date

import pytest

from tests.house.source import ROOT

PAGE = (ROOT / "docs" / "cursed-knowledge.md").read_text(encoding="utf-8")
FACTS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| 2")]
PLACES = [
    (path, word)
    for fact in FACTS
    for path, words in re.findall(r"`([^`]+)` \(((?:`[^`]+`(?:, )?)+)\)", fact[-1])
    for word in re.findall(r"`([^`]+)`", words)
]


def test_every_fact_has_a_day_and_a_place() -> None:
    """A fact without a date cannot be doubted, and one that nothing relies on is only a story."""
    incomplete = [fact for fact in FACTS if len(fact) != 3 or not date.fromisoformat(fact[0]) or "(`" not in fact[2]]

    assert len(FACTS) > 20
    assert incomplete == []


@pytest.mark.parametrize(("path", "word"), PLACES)
def test_the_code_still_relies_on_it_there(path: str, word: str) -> None:
    """Whoever moves or removes the code should meet the reason for it."""
    assert re.search(rf"\b{re.escape(word)}\b", (ROOT / path).read_text(encoding="utf-8"))
