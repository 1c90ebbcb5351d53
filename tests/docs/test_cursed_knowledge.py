"""The page of hard-learnt facts: dated, and tied to the code that relies on them."""

import re
from datetime import date

import pytest

from tests.house.source import ROOT

PAGE = (ROOT / "docs" / "cursed-knowledge.md").read_text(encoding="utf-8")
FACTS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if " | **" in line]
KNOWN_FROM = re.compile(r"(Seen in (?:the emulator|a local run)|Documented by [A-Z]\w+), (\d{4}-\d{2}-\d{2})")
PLACES = [
    (path, word)
    for fact in FACTS
    for path, words in re.findall(r"`([^`]+)` \(((?:`[^`]+`(?:, )?)+)\)", fact[-1])
    for word in re.findall(r"`([^`]+)`", words)
]


def test_every_fact_has_a_day_and_a_place() -> None:
    """A fact without a date cannot be doubted, and one that nothing relies on is only a story."""
    days = [found and date.fromisoformat(found[2]) for found in map(KNOWN_FROM.fullmatch, (fact[0] for fact in FACTS))]

    assert len(FACTS) > 20
    assert [
        fact for fact, day in zip(FACTS, days, strict=True) if not day or len(fact) != 3 or "(`" not in fact[2]
    ] == []


def test_what_nobody_here_has_seen_says_who_says_so() -> None:
    """Hearsay that looks like experience is believed for years; a link lets anybody see whether it still stands."""
    hearsay = [fact for fact in FACTS if fact[0].startswith("Documented")]

    assert hearsay
    assert [fact for fact in hearsay if "](https://" not in fact[1]] == []


def test_what_the_emulator_was_seen_to_do_is_not_said_of_the_real_service() -> None:
    """No test has ever met the real Firestore."""
    seen = [fact[1] for fact in FACTS if fact[0].startswith("Seen in the emulator")]

    assert [fact for fact in seen if re.match(r"\*\*[^*]*real service", fact)] == []


@pytest.mark.parametrize(("path", "word"), PLACES)
def test_the_code_still_relies_on_it_there(path: str, word: str) -> None:
    """Whoever moves or removes the code should meet the reason for it."""
    assert re.search(rf"\b{re.escape(word)}\b", (ROOT / path).read_text(encoding="utf-8"))
