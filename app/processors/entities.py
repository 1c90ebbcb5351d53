"""
The named things of a text, each with every place where it stands.

Patterns (addresses, sums, dates, telephones) come before names: what they
claim is not looked at again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.processing import Json
from app.processors.entity_amounts import amounts
from app.processors.entity_dates import dates
from app.processors.entity_names import name_of
from app.processors.entity_patterns import addresses, phones
from app.processors.entity_roster import names
from app.processors.extractive import LANGUAGES
from app.processors.mentions import Mention, without_overlaps
from app.processors.reading import Reading, Tick, no_tick

TYPES = ("PERSON", "ORGANIZATION", "LOCATION", "DATE", "MONEY", "PERCENT", "EMAIL", "URL", "PHONE", "MISC")
NAME_TYPES = frozenset({"PERSON", "ORGANIZATION", "LOCATION", "MISC"})
MOST_POSITIONS = 20
"""Places that are listed for one entity; *count* counts them all."""


@dataclass(slots=True)
class Entity:
    """One thing that the text names, under whatever forms."""

    type: str
    score: float
    first: int
    count: int = 0
    value: str | None = None
    forms: Counter[str] = field(default_factory=Counter)
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


def entities(reading: Reading, *, tick: Tick = no_tick) -> list[Entity]:
    """Find the entities of the text, the surest first, then in order of appearance."""
    text, language = reading.text, reading.lexicon.language
    patterns = without_overlaps(addresses(text), amounts(text, language), dates(text, language))
    tick(0.3)
    patterns = without_overlaps(patterns, phones(text, language))
    tick(0.5)
    found = without_overlaps(patterns, names(reading, is_supported=language in LANGUAGES))
    tick(0.9)
    return sorted(_grouped(text, found), key=lambda entity: (-round(entity.score, 2), entity.first))


def _grouped(text: str, mentions: Sequence[Mention]) -> list[Entity]:
    """Put the mentions of one thing together: by its value, else by its name in any case."""
    groups: dict[tuple[str, str], Entity] = {}
    for mention in mentions:
        written = mention.name or name_of(text, mention.start, mention.end)
        key = (mention.type, mention.value or written.casefold())
        entity = groups.get(key)
        if entity is None:
            entity = groups[key] = Entity(mention.type, mention.score, mention.start, value=mention.value)
        entity.count += 1
        entity.score = max(entity.score, mention.score)
        entity.forms[written] += 1
        if len(entity.positions) < MOST_POSITIONS:
            entity.positions.append((mention.start, mention.end))
    return list(groups.values())
