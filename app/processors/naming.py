"""The names of a text as its key phrases need them: in full and in part, and what kind each is of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.processors.entities import Entity, grouped
from app.processors.entity_roster import names
from app.processors.mentions import Mention
from app.processors.reading import Reading
from app.processors.ticks import Tick, no_tick


@dataclass(frozen=True, slots=True)
class Naming:
    """Who and what is named; all keys are in lower case."""

    mentions: Sequence[Sequence[Mention]]
    """As `names` finds them."""
    in_full: Mapping[str, str]
    """What things are called, or a word of it, and how they are written in full."""
    kinds: Mapping[str, str]
    """What things are called, and their types."""

    @classmethod
    def of(cls, reading: Reading, tick: Tick = no_tick) -> "Naming":
        """Find the names of *reading*."""
        mentions = names(reading, tick)
        bearers = [(entity, _forms(reading.text, entity)) for entity in grouped(reading, mentions)]
        kinds = {form: entity.type for entity, forms in bearers for form in forms}
        return cls(mentions, _in_full(bearers), kinds)


def _forms(text: str, entity: Entity) -> frozenset[str]:
    """What the thing is called, in lower case, in full or as it is written in some place."""
    return frozenset({*map(str.lower, entity.forms), *(text[start:end].lower() for start, end in entity.positions)})


def _in_full(bearers: Sequence[tuple[Entity, frozenset[str]]]) -> dict[str, str]:
    """Map each form of a name, and each word of it that belongs to no other name, to the name in full."""
    owners: dict[str, set[str]] = {}
    spelled: dict[str, str] = {}
    for entity, _ in bearers:
        for word in entity.text.split():
            owners.setdefault(word.lower(), set()).add(entity.text)
            spelled.setdefault(word.lower(), word)
    parts = {word: next(iter(full)) for word, full in owners.items() if len(full) == 1}
    shared = {word: spelled[word] for word, full in owners.items() if len(full) > 1}
    forms = {form: entity.text for entity, written in bearers for form in sorted(written) if " " in form}
    return parts | shared | forms | {entity.text.lower(): entity.text for entity, _ in bearers}
