"""The figures that the engine promises, by its rules alone, on documents whose right answers are known."""

from functools import cache

import pytest

from tests.evaluation.engines import OURS, core_engines
from tests.evaluation.gold import FOLDER, NAMES, PATTERNS, documents
from tests.evaluation.results import LANGUAGES, Results, evaluate, mean

ENTITIES = {"es": 0.75, "en": 0.75, "fr": 0.60, "pt": 0.60}
PRECISION = {"es": 0.80, "en": 0.80}
KEYWORDS = {"es": 0.45, "en": 0.65}
EACH_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


@cache
def results(language: str) -> Results:
    """Score all documents of *language*, once."""
    return evaluate(documents(FOLDER / "documents", language=language), lambda _language: core_engines())


@EACH_LANGUAGE
def test_names_are_found_and_seldom_made_up(language: str) -> None:
    """A change that helps one document may cost ten others their names."""
    counts = results(language).of(engine=OURS).strict(*NAMES)

    assert counts.f1 >= ENTITIES[language]
    assert counts.precision >= PRECISION.get(language, 0.0)


@EACH_LANGUAGE
def test_dates_sums_and_contacts_are_found(language: str) -> None:
    """They are what documents are searched for, and have a form that can be known."""
    assert results(language).of(engine=OURS).strict(*PATTERNS).f1 >= 0.90


@EACH_LANGUAGE
def test_key_phrases_are_those_that_a_reader_would_choose(language: str) -> None:
    """Fragments and function words creep in with the smallest change of a weight."""
    scores = results(language).of(engine=OURS).keywords

    assert mean(score.f1 for score in scores) >= KEYWORDS.get(language, 0.0)


@EACH_LANGUAGE
def test_a_summary_beats_the_beginning_of_the_text(language: str) -> None:
    """If it did not, the first eighty words would be the better product."""
    ours, lead = (results(language).of(engine=engine).summaries for engine in (OURS, "lead-80"))

    assert mean(score.rouge for score in ours) > mean(score.rouge for score in lead)
    assert mean(score.facts for score in ours) >= mean(score.facts for score in lead) + 0.08
