"""What the default engine names in a text, for tests of its rules."""

from app.processors.entities import Entity, entities
from app.processors.reading import Reading


def found(text: str, language: str) -> list[Entity]:
    """Find the entities of *text* in one step."""
    return entities(Reading.of(text, language))


def named(text: str, kind: str, language: str) -> list[str]:
    """List what *text* names of one type, in order."""
    of_kind = [entity for entity in found(text, language) if entity.type == kind]
    return [entity.text for entity in sorted(of_kind, key=lambda entity: entity.first)]
