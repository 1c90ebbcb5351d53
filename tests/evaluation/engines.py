"""
What is compared: the service's own engine, and what stands beside it.

spaCy and yake are found only where `requirements-evaluation.lock` is
installed; without them their lines are left out, and said to be.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import sentencex

from app.domain.processing import Document
from app.processors import extractive
from app.processors.statistical_models import installed
from tests.evaluation.entity_scores import Found
from tests.evaluation.gold import GoldDocument

OURS: Final = "ours"
LEAD_WORDS: Final = 80
LEAD_SENTENCES: Final = 3

_SPACY_TYPES: Final = {
    **dict.fromkeys(("PERSON", "PER"), "PERSON"),
    "ORG": "ORGANIZATION",
    **dict.fromkeys(("GPE", "LOC", "FAC"), "LOCATION"),
    **dict.fromkeys(("PRODUCT", "WORK_OF_ART", "LAW", "EVENT", "MISC"), "MISC"),
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one engine says of one document; None for what it does not do."""

    entities: tuple[Found, ...] | None = None
    keywords: tuple[str, ...] | None = None
    summary: str | None = None


type Engine = Callable[[GoldDocument], Answer]


def core_engines() -> dict[str, Engine]:
    """Name what can answer everywhere: ours, by its rules alone, and the beginning of the text."""
    return {OURS: ours, "lead-80": lead_words, "lead-3": lead_sentences}


def installed_engines(language: str) -> dict[str, Engine]:
    """
    Name what else can answer for *language* here.

    Ours asks the statistical models from the first call on, so that its rules can be tried alone only before.
    """
    with_spacy: dict[str, Engine] = {f"{OURS}, spaCy asked": ours_with_models, "spaCy": spacy_names}
    with_yake: dict[str, Engine] = {"yake": yake_keywords}
    return (with_spacy if language in installed() else {}) | (with_yake if find_spec("yake") else {})


def not_installed(languages: Iterable[str]) -> Iterator[str]:
    """Say what could stand beside our figures and does not."""
    if not find_spec("yake"):
        yield "yake is not installed: no keywords to compare with"
    without = [language for language in languages if language not in installed()]
    if without:
        yield f"no spaCy model is installed for {', '.join(without)}: no entities to compare with"


def ours(document: GoldDocument) -> Answer:
    """Answer as the service does."""
    result: Any = extractive.run(Document(text=document.text), lambda _stage, _fraction: None)
    return Answer(
        entities=tuple(Found(one["type"], one["text"], one.get("value")) for one in result["entities"]),
        keywords=tuple(result["keywords"]),
        summary=result["summary"],
    )


def ours_with_models(document: GoldDocument) -> Answer:
    """Answer the entities that the service finds where statistical models are installed."""
    extractive.load()
    return Answer(entities=ours(document).entities)


def lead_words(document: GoldDocument) -> Answer:
    """Answer the first eighty words."""
    return Answer(summary=" ".join(document.text.split()[:LEAD_WORDS]))


def lead_sentences(document: GoldDocument) -> Answer:
    """Answer the first three sentences."""
    sentences = [sentence for sentence in sentencex.segment(document.language, document.text) if sentence.strip()]
    return Answer(summary=" ".join(" ".join(sentences[:LEAD_SENTENCES]).split()))


def spacy_names(document: GoldDocument) -> Answer:
    """Answer the names that the small statistical model finds, each once."""
    spans = _spacy(document.language)(document.text).ents
    found = (Found(_SPACY_TYPES[span.label_], span.text.strip()) for span in spans if span.label_ in _SPACY_TYPES)
    return Answer(entities=tuple(dict.fromkeys(found)))


def yake_keywords(document: GoldDocument) -> Answer:
    """Answer yake's ten best phrases."""
    extractor = import_module("yake").KeywordExtractor(lan=document.language, n=3, top=10)
    return Answer(keywords=tuple(phrase for phrase, _ in extractor.extract_keywords(document.text)))


@cache
def _spacy(language: str) -> Any:  # noqa: ANN401 - spaCy is not known where types are checked
    return import_module("spacy").load(installed()[language], exclude=["parser", "lemmatizer"])
