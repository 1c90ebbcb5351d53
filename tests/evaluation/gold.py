"""Documents with their right answers, as they are written down in `documents/<language>/*.yaml`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parent
NAMES: Final = ("PERSON", "ORGANIZATION", "LOCATION")
PATTERNS: Final = ("DATE", "MONEY", "PERCENT", "EMAIL", "PHONE", "URL")
TYPES: Final = (*NAMES, "MISC", *PATTERNS)


@dataclass(frozen=True, kw_only=True)
class GoldEntity:
    """One thing that the text names: all the forms that it uses, the fullest first, and its value if it has one."""

    type: str
    forms: tuple[str, ...]
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class IndexedDocument:
    """A text and its key phrases, each `form | form`."""

    name: str
    language: str
    genre: str
    text: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GoldDocument(IndexedDocument):
    """
    A text and all that a careful reader finds in it.

    Each of *facts* holds parts that must all be said, and each part the ways
    in which it may be said.
    """

    entities: tuple[GoldEntity, ...]
    summary: str
    facts: tuple[tuple[tuple[str, ...], ...], ...]


def documents(folder: Path, *, language: str | None = None, name: str = "") -> list[GoldDocument]:
    """Read the documents in *folder* and below it, in the order of their paths."""
    found = (read(path) for path in sorted(folder.rglob("*.yaml")) if name in path.stem)
    return [document for document in found if language in (None, document.language)]


def indexed_documents(folder: Path) -> list[IndexedDocument]:
    """Read texts and key phrases only of the documents in *folder* and below it, in the order of their paths."""
    return [IndexedDocument(**_indexed(path.stem, _written(path))) for path in sorted(folder.rglob("*.yaml"))]


def read(path: Path) -> GoldDocument:
    """
    Read one document.

    Raises:
        KeyError: If a member is missing.
        ValueError: If it holds entities of an unknown type.

    """
    written = _written(path)
    unknown = sorted(set(written["entities"]) - set(TYPES))
    if unknown:
        raise ValueError(f"{path.name} has entities of unknown types: {', '.join(unknown)}")
    return GoldDocument(
        **_indexed(path.stem, written),
        entities=tuple(_entities(written["entities"])),
        summary=" ".join(written["summary"].split()),
        facts=tuple(_fact(str(fact)) for fact in written["facts"]),
    )


def _written(path: Path) -> dict[str, Any]:
    written: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return written


def _indexed(name: str, written: dict[str, Any]) -> dict[str, Any]:
    keywords = tuple(str(phrase) for phrase in written["keywords"])
    return {"name": name, "keywords": keywords} | {key: written[key] for key in ("language", "genre", "text")}


def _entities(written: dict[str, list[Any] | None]) -> Iterator[GoldEntity]:
    """Read the entities; lines of one type with one value are one thing, written in several ways."""
    for kind, lines in written.items():
        by_value: dict[str, GoldEntity] = {}
        for line in lines or ():
            entity = _entity(kind, str(line))
            if entity.value in by_value:
                known = by_value[entity.value]
                entity = GoldEntity(type=kind, forms=(*known.forms, *entity.forms), value=entity.value)
            by_value[entity.value or entity.forms[0]] = entity
        yield from by_value.values()


def _entity(kind: str, line: str) -> GoldEntity:
    """Read `form | form = value`; only patterns have values, since names may hold a `=`."""
    forms, value = line, ""
    if kind in PATTERNS and " = " in line:
        forms, value = line.rsplit(" = ", maxsplit=1)
    return GoldEntity(type=kind, forms=tuple(form.strip() for form in forms.split(" | ")), value=value.strip() or None)


def _fact(line: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(way.strip() for way in part.split("|")) for part in line.split("&"))
