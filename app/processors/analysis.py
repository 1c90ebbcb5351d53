"""
The analysis of a document, stage by stage: language, sentences, keywords, entities, summary.

Every word it returns stands in the document, and the same document always gives the same result.
"""

import json
import re

from app.domain.processing import Document, Json, Report, Result
from app.processors.entities import Entity, entities
from app.processors.entity_patterns import warm
from app.processors.extractive import LANGUAGES, NAME
from app.processors.gazetteers import gazetteers
from app.processors.keywords import DEFAULT_COUNT, keywords
from app.processors.language import lexicon
from app.processors.naming import Naming
from app.processors.parts import parts_of
from app.processors.reading import Reading
from app.processors.summary import summarise
from app.processors.ticks import Tick

LARGEST_RESULT = 500 * 1024
"""Bytes of JSON, a little under what the service accepts."""

_MOST_ENTITIES = 1000
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")
_STAGES = {
    "language": (0.0, 0.02),
    "sentences": (0.02, 0.12),
    "keywords": (0.12, 0.74),
    "entities": (0.74, 0.87),
    "summary": (0.87, 1.0),
}
"""Where each begins and ends, by the time it takes for a report of a megabyte."""

_NAMES_SHARE = 0.4
"""Of the time for keywords: the names come first, since keywords keep them whole."""


def warm_up() -> None:
    """Read all models and lists; a second call costs nothing."""
    gazetteers()
    warm()
    for code in LANGUAGES:
        lexicon(code)
    analyse(Document(text="Warm up: el 1 de mayo, Ada Lovelace pagó 3 € en París."), lambda _stage, _fraction: None)


def analyse(document: Document, report: Report) -> Result:
    """Answer summary, keywords, entities, language and statistics of *document*."""
    text = _readable(document.text)
    options = document.options
    parts = parts_of(text, _text_option(options.get("language")), _ticker(report, "language"))
    reading = Reading.in_parts(text, parts, _ticker(report, "sentences"))
    tick = _ticker(report, "keywords")
    naming = Naming.of(reading, lambda share: tick(_NAMES_SHARE * share))
    phrases = keywords(
        reading,
        count=_count_option(options.get("max_keywords"), DEFAULT_COUNT),
        names=naming.in_full,
        kinds=naming.kinds,
        tick=lambda share: tick(_NAMES_SHARE + (1 - _NAMES_SHARE) * share),
    )
    found = entities(reading, named=naming.mentions, tick=_ticker(report, "entities"))
    count = _count_option(options.get("summary_sentences"), None)
    summary = summarise(reading, count=count, tick=_ticker(report, "summary"))
    report("summary", 1.0)
    kept = _wanted(found, options.get("entity_types"))
    return _fitted(
        {
            "summary": summary,
            "keywords": list[Json](phrases),
            "entities": [entity.as_json() for entity in kept[:_MOST_ENTITIES]],
            "language": reading.language,
            "language_supported": reading.language in LANGUAGES,
            "model_name": NAME,
            "statistics": _statistics(len(document.text), reading),
        },
        is_cut=len(kept) > _MOST_ENTITIES,
    )


def _readable(text: str) -> str:
    """Replace what no library and no reader can take, one for one, so that positions stay true."""
    text = text.replace("\f", "\n").replace("\v", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = text.replace("\r\n", " \n").replace("\r", "\n")
    return _UNREADABLE.sub(" ", text)


def _text_option(value: Json) -> str | None:
    return value.lower().split("-")[0] if isinstance(value, str) and value else None


def _count_option[Default](value: Json, default: Default) -> int | Default:
    return max(1, value) if isinstance(value, int) and not isinstance(value, bool) else default


def _ticker(report: Report, stage: str) -> Tick:
    begin, end = _STAGES[stage]
    report(stage, begin)
    return lambda share: report(stage, begin + (end - begin) * share)


def _wanted(found: list[Entity], types: Json) -> list[Entity]:
    return [entity for entity in found if entity.type in types] if isinstance(types, list) else found


def _statistics(characters: int, reading: Reading) -> dict[str, Json]:
    return {
        "characters": characters,
        "sentences": reading.sentences.prose_count or len(reading.sentences),
        "words": reading.words,
    }


def _fitted(result: dict[str, Json], *, is_cut: bool) -> dict[str, Json]:
    """Shorten the lists until *result* is small enough."""
    while len(json.dumps(result).encode()) > LARGEST_RESULT:
        is_cut = True
        for member in ("entities", "keywords", "summary"):
            value = result[member]
            if isinstance(value, list | str) and len(json.dumps(value)) > LARGEST_RESULT // 4:
                result[member] = value[: len(value) // 2]
    if is_cut:
        result["truncated"] = True
    return result
