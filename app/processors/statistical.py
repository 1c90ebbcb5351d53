"""
A second opinion on names that the rules cannot judge: spaCy's small models, if they are installed.

Rules win: a model is asked only what a name is that they leave open. Nothing of
spaCy is imported before `load`, which is called where children are forked from,
so that they share what it has read.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from app.processors.entity_evidence import LOCATION, ORGANIZATION, PERSON, UNKNOWN, Judgement, Surroundings
from app.processors.entity_names import Span
from app.processors.statistical_models import installed

MOST_CHARACTERS: Final = 200_000
"""From the beginning of a document; a model reads some 25,000 a second, the rules six times as many."""

_AT_ONCE: Final = 3000
"""Characters; memory grows with what a model is given, and its answers get no better."""
_SCORE: Final = 0.6
_TYPES: Final = {
    **dict.fromkeys(("PERSON", "PER"), PERSON),
    "ORG": ORGANIZATION,
    **dict.fromkeys(("GPE", "LOC", "FAC"), LOCATION),
}

_AGENTS: Final = frozenset({"by", "par", "por"})

type Opinions = Mapping[tuple[int, int], str]
"""The type of what stands between two places of the text."""

_loaded: Final[dict[str, Any]] = {}


def load() -> None:
    """Load the models that are installed; a second call costs nothing."""
    for language, package in installed().items():
        if language not in _loaded:
            model = import_module("spacy").load(package, exclude=["parser", "lemmatizer"])
            model("Ada.")
            _loaded[language] = model


def opinions(text: str, start: int, end: int, language: str) -> Opinions:
    """Ask the model of *language*, if one is loaded, what is named between *start* and *end*."""
    model = _loaded.get(language)
    if model is None:
        return {}
    return {
        (first + span.start_char, first + span.end_char): _TYPES[span.label_]
        for first, last in _stretches(text, start, min(end, MOST_CHARACTERS))
        for span in model(text[first:last]).ents
        if span.label_ in _TYPES and _is_of_names(span)
    }


def weighed(judgement: Judgement | None, span: Span, asked: Opinions, around: Surroundings) -> Judgement | None:
    """Let a model decide where the rules cannot, if what it says is likely of such a *span*."""
    kind = asked.get((span.start, span.end))
    if kind is None or judgement is None or judgement.type != UNKNOWN or not _is_likely(kind, span, around):
        return judgement
    return Judgement(kind, _SCORE)


def _is_likely(kind: str, span: Span, around: Surroundings) -> bool:
    """
    Leave out what small models are wrong about most of the time.

    They take products for persons, defined terms for organisations, and any
    word that opens a sentence for a place.
    """
    if kind == LOCATION:
        return not span.opens
    plain = [around.is_plain(word) for word in span.words]
    return len(plain) > 1 and not (all(plain) if kind == ORGANIZATION else any(plain))


def _is_of_names(span: Any) -> bool:  # noqa: ANN401 - spaCy is not there where types are checked
    """
    Whether all its capitalised words are proper nouns, unlike `However`.

    No person's name is in the plural, and a place stands behind a function word, a comma or another name.
    """
    capitalised = [token for token in span if token.text[:1].isupper()]
    if not capitalised or any(token.pos_ != "PROPN" for token in capitalised):
        return False
    if _TYPES[span.label_] == LOCATION and span.start > 0:
        before = span.doc[span.start - 1]
        return before.text not in _AGENTS and (before.is_stop or before.is_punct or before.pos_ == "PROPN")
    return _TYPES[span.label_] != PERSON or all(token.tag_ != "NNPS" for token in capitalised)


def _stretches(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield stretches of the text that a model may read at once, cut at line ends or else between words."""
    while start < end:
        last = end
        if end - start > _AT_ONCE:
            middle, most = start + _AT_ONCE // 2, start + _AT_ONCE
            gaps = (text.rfind(gap, middle, most) for gap in ("\n", " "))
            last = next((gap for gap in gaps if gap > 0), most - 1) + 1
        yield start, last
        start = last
