"""
The analysis of a document, stage by stage: language, sentences, entities, keywords, summary.

Every word it returns stands in the document, and the same document always gives the same result.
"""

import json
import re
from collections.abc import Sequence

from app.domain.processing import Document, Json, Report, Result
from app.processors.entities import NAME_TYPES, Entity, entities
from app.processors.entity_patterns import warm
from app.processors.extractive import LANGUAGES, NAME
from app.processors.gazetteers import gazetteers
from app.processors.keywords import DEFAULT_COUNT, keywords
from app.processors.language import WORD, detect, lexicon
from app.processors.reading import Reading, Tick
from app.processors.summary import summarise

LARGEST_RESULT = 500 * 1024
"""Bytes of JSON, a little under what the service accepts."""

_MOST_ENTITIES = 1000
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")
_STAGES = {"language": 0.0, "sentences": 0.05, "entities": 0.2, "keywords": 0.55, "summary": 0.8}


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
    report("language", _STAGES["language"])
    language = _text_option(options.get("language")) or detect(text)
    report("sentences", _STAGES["sentences"])
    reading = Reading.of(text, language)
    found = entities(reading, tick=_ticker(report, "entities", "keywords"))
    phrases = keywords(
        reading,
        count=_count_option(options.get("max_keywords"), DEFAULT_COUNT),
        names=_names(found),
        tick=_ticker(report, "keywords", "summary"),
    )
    count = _count_option(options.get("summary_sentences"), None)
    summary = summarise(reading, count=count, tick=_ticker(report, "summary", None))
    report("summary", 1.0)
    kept = _wanted(found, options.get("entity_types"))
    return _fitted(
        {
            "summary": summary,
            "keywords": list[Json](phrases),
            "entities": [entity.as_json() for entity in kept[:_MOST_ENTITIES]],
            "language": language,
            "language_supported": language in LANGUAGES,
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


def _ticker(report: Report, stage: str, following: str | None) -> Tick:
    begin = _STAGES[stage]
    end = _STAGES[following] if following else 1.0
    report(stage, begin)
    return lambda share: report(stage, begin + (end - begin) * min(1.0, max(0.0, share)))


def _names(found: Sequence[Entity]) -> dict[str, str]:
    """Map each name, and each word of it that belongs to no other name, to the name in full."""
    named = [entity.text for entity in found if entity.type in NAME_TYPES]
    bearers: dict[str, set[str]] = {}
    for name in named:
        for word in name.split():
            bearers.setdefault(word.lower(), set()).add(name)
            bearers.setdefault(f"{word.lower()} ", {word})
    parts = {word: next(iter(full)) for word, full in bearers.items() if len(full) == 1}
    shared = {word: next(iter(bearers[f"{word} "])) for word, full in bearers.items() if len(full) > 1}
    return parts | shared | {name.lower(): name for name in named}


def _wanted(found: list[Entity], types: Json) -> list[Entity]:
    return [entity for entity in found if entity.type in types] if isinstance(types, list) else found


def _statistics(characters: int, reading: Reading) -> dict[str, Json]:
    prose = sum(sentence.is_prose for sentence in reading.sentences)
    return {
        "characters": characters,
        "sentences": prose or len(reading.sentences),
        "words": sum(1 for _ in WORD.finditer(reading.text)),
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
