"""
How well found entities agree with the right ones, document by document.

Nothing counts twice: of two predictions that are forms of one thing, the second
is false, and a thing named by the right words under the wrong type is both
false and missed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.evaluation.gold import GoldEntity

_ARTICLE: Final = re.compile(r"^(?:(?:the|el|la|los|las|le|les|o|a|os|as)\s+|[ld]')(?=\w)", re.IGNORECASE)
_QUOTES: Final = "\"'“”\u2018\u2019«»„`"
_HALF: Final = 0.5


@dataclass(frozen=True)
class Found:
    """What an engine says is named in a text; *value* is None if it knows none."""

    type: str
    text: str
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Hits and mistakes, which may be added up over documents and types."""

    right: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add up."""
        return Counts(right=self.right + other.right, false=self.false + other.false, missed=self.missed + other.missed)

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / max(1, self.right + self.false)

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.right / max(1, 2 * self.right + self.false + self.missed)


@dataclass(kw_only=True)
class EntityScore:
    """What came of one document: pairs of found and right, what is left of both, and pairs that agree in part."""

    hits: list[tuple[Found, GoldEntity]] = field(default_factory=list)
    near: list[tuple[Found, GoldEntity]] = field(default_factory=list)
    false: list[Found] = field(default_factory=list)
    missed: list[GoldEntity] = field(default_factory=list)

    def strict(self, *types: str) -> Counts:
        """Count what is right to the letter."""
        return Counts(
            right=sum(found.type in types for found, _ in self.hits),
            false=sum(found.type in types for found in self.false),
            missed=sum(gold.type in types for gold in self.missed),
        )

    def lenient(self, *types: str) -> Counts:
        """Count as right, too, what shares half of its words with what was meant."""
        near = sum(found.type in types for found, _ in self.near)
        strict = self.strict(*types)
        return Counts(right=strict.right + near, false=strict.false - near, missed=strict.missed - near)

    def values(self, *types: str) -> tuple[int, int]:
        """Return how many of the hits have the right value, and how many hits there are that have one."""
        valued = [(found, gold) for found, gold in self.hits if found.type in types and gold.value is not None]
        return sum(same_value(found.value, gold.value) for found, gold in valued), len(valued)


def score_entities(found: Iterable[Found], gold: Sequence[GoldEntity]) -> EntityScore:
    """Pair what was *found* with what is there: of the same type, and in one of the forms that the text uses."""
    score = EntityScore()
    missing = list(gold)
    for one in found:
        written = normalised(one.text)
        meant = next((each for each in missing if each.type == one.type and written in _forms(each)), None)
        if meant is None:
            score.false.append(one)
        else:
            missing.remove(meant)
            score.hits.append((one, meant))
    score.missed = missing
    score.near = _near(score.false, missing)
    return score


def normalised(text: str) -> str:
    """Write *text* without what no reader cares about: case, spacing, quotes, a leading article, a final dot."""
    text = " ".join(text.split()).strip(_QUOTES + " ").rstrip(".,;")
    return _ARTICLE.sub("", text.translate({ord(quote): "'" for quote in _QUOTES}), count=1).casefold()


def same_value(found: str | None, gold: str | None) -> bool:
    """Whether two values say the same: `310000000 EUR` and `310000000.00 EUR` do."""
    return found is not None and gold is not None and _numbers(found) == _numbers(gold)


def _numbers(value: str) -> list[float | str]:
    return [float(part) if re.fullmatch(r"-?\d+(?:\.\d+)?", part) else part for part in value.casefold().split()]


def _forms(gold: GoldEntity) -> set[str]:
    return {normalised(form) for form in gold.forms}


def _near(false: Sequence[Found], missed: Sequence[GoldEntity]) -> list[tuple[Found, GoldEntity]]:
    """Pair what is left of both, the most alike first, each once."""
    likeness = {
        (place, other): max(_overlap(one.text, form) for form in gold.forms)
        for place, one in enumerate(false)
        for other, gold in enumerate(missed)
        if gold.type == one.type
    }
    pairs: list[tuple[int, int]] = []
    for place, other in sorted(likeness, key=lambda pair: (-likeness[pair], pair)):
        taken = any(place == one or other == another for one, another in pairs)
        if likeness[place, other] >= _HALF and not taken:
            pairs.append((place, other))
    return [(false[place], missed[other]) for place, other in pairs]


def _overlap(one: str, other: str) -> float:
    first, second = (set(re.findall(r"\w+", normalised(text))) for text in (one, other))
    return 2 * len(first & second) / max(1, len(first) + len(second))
