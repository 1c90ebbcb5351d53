"""
The named things of a text, each with every place where it stands.

Patterns (addresses, sums, dates, telephones) come before names: what they
claim is not looked at again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.domain.processing import Json
from app.processors.entity_amounts import amounts
from app.processors.entity_dates import dates
from app.processors.entity_evidence import PARTICLES
from app.processors.entity_names import name_of
from app.processors.entity_patterns import SURE, addresses, phones
from app.processors.entity_roster import names
from app.processors.mentions import Mention, without_overlaps
from app.processors.reading import Reading
from app.processors.ticks import Tick, no_tick

TYPES = ("PERSON", "ORGANIZATION", "LOCATION", "DATE", "MONEY", "PERCENT", "EMAIL", "URL", "PHONE", "MISC")
MOST_POSITIONS = 20
"""Places that are listed for one entity; *count* counts them all."""
MOST_KEPT = 50_000
"""Entities that are remembered; in a text with more, the rarest are forgotten."""

type _Key = tuple[str, str]
"""The type, and the value or the name."""


@dataclass(slots=True)
class Entity:
    """One thing that the text names, under whatever forms."""

    type: str
    score: float
    first: int
    count: int = 0
    value: str | None = None
    forms: dict[str, int] = field(default_factory=dict)
    positions: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The form that the text uses most; of equals the longest."""
        return max(self.forms, key=lambda form: (self.forms[form], len(form), form))

    def as_json(self) -> dict[str, Json]:
        """Write it as the API does."""
        written: dict[str, Json] = {"text": self.text, "type": self.type, "count": self.count}
        written["score"] = round(self.score, 2)
        if self.value is not None:
            written["value"] = self.value
        written["positions"] = [[start, end] for start, end in self.positions]
        return written


def entities(
    reading: Reading, *, named: Sequence[Sequence[Mention]] | None = None, tick: Tick = no_tick
) -> list[Entity]:
    """
    Find the entities of the text, the surest first, then in order of appearance.

    *named* is what `names` has found in it, if that is known.
    """
    groups: dict[_Key, Entity] = {}
    for section, found in zip(reading.sections, names(reading) if named is None else named, strict=True):
        text = reading.text[section.start : section.end]
        # The year of a law belongs to its name.
        numbered = [one for one in found if one.type == "MISC" and text[one.end - 1].isdigit()]
        patterns = _patterns(text, section.lexicon.language)
        _group(text, section.start, without_overlaps(numbered, *patterns, found), groups)
        if len(groups) > MOST_KEPT:
            groups = _pruned(groups)
        tick(section.end / len(reading.text))
    return sorted(groups.values(), key=lambda entity: (-round(entity.score, 2), entity.first))


def grouped(reading: Reading, named: Sequence[Sequence[Mention]]) -> list[Entity]:
    """Join the *named* that are one and the same."""
    groups: dict[_Key, Entity] = {}
    for section, found in zip(reading.sections, named, strict=True):
        _group(reading.text[section.start : section.end], section.start, found, groups)
    return list(groups.values())


def _patterns(text: str, language: str) -> Iterator[list[Mention]]:
    """Yield what is recognised by its form, the surest first."""
    yield addresses(text)
    yield amounts(text, language)
    numbers = phones(text, language)
    # A labelled number may hold what looks like a year; what only looks like a telephone may be a date.
    yield [number for number in numbers if number.score >= SURE]
    yield dates(text, language)
    yield [number for number in numbers if number.score < SURE]


def _group(text: str, offset: int, mentions: Sequence[Mention], groups: dict[_Key, Entity]) -> None:
    """Put the mentions of one thing together: by its value, else by its name in any case."""
    for mention in mentions:
        written = mention.name or name_of(text, mention.start, mention.end)
        key = (mention.type, mention.value or _bare(written))
        entity = groups.get(key)
        if entity is None:
            first = offset + mention.start
            entity = groups[key] = Entity(mention.type, mention.score, first, value=mention.value)
        entity.count += 1
        entity.score = max(entity.score, mention.score)
        entity.forms[written] = entity.forms.get(written, 0) + 1
        if len(entity.positions) < MOST_POSITIONS:
            entity.positions.append((offset + mention.start, offset + mention.end))


def _bare(name: str) -> str:
    """Leave out what is not written every time: `The World Bank`, `Parque Nacional (de) Ordesa`."""
    words = [word for word in name.casefold().split() if word not in PARTICLES]
    return " ".join(words) or name.casefold()


def _pruned(groups: dict[_Key, Entity]) -> dict[_Key, Entity]:
    """Forget the rarest half, the later ones of equals, so that memory does not grow with the text."""
    kept = sorted(groups.items(), key=lambda item: (-item[1].count, item[1].first))[: MOST_KEPT // 2]
    return dict(kept)
