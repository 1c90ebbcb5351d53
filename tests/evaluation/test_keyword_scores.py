"""Scores of key phrases, on answers whose figures are plain to see."""

import pytest

from tests.evaluation.keyword_scores import KeywordScore, score_keywords

TEXT = "La energía solar crece. Las energías renovables de la Sierra Norte, y la energía solar, crecen."
GOLD = ["energía solar", "energías renovables", "crecimiento"]


def score(*found: str, gold: list[str] = GOLD) -> KeywordScore:
    """Score what was *found* in the text."""
    return score_keywords(found, gold, text=TEXT, names=["Sierra Norte"], language="es")


def test_phrases_are_compared_by_their_stems() -> None:
    """Singular and plural, upper and lower case are one phrase to whoever searches."""
    assert score("Energías Solar", "energía renovable").hits == ("Energías Solar", "energía renovable")


def test_a_phrase_counts_once() -> None:
    """Ten ways to write the right phrase would make a perfect score."""
    both = score("energía solar", "energías solar")

    assert both.hits == ("energía solar",)
    assert both.precision == 0.5
    assert both.duplicates == ("energías solar",)


def test_one_form_of_a_phrase_is_enough_and_two_are_one_too_many() -> None:
    """Whoever writes `lease` for `lease agreement` is right, and says nothing new with the other."""
    both = score("renovables", "energías renovables", gold=["energías renovables | renovables", "energía solar"])

    assert both.hits == ("renovables",)
    assert both.false == ("energías renovables",)
    assert both.missed == ("energía solar",)


def test_only_the_first_ten_are_looked_at() -> None:
    """A caller who asked for ten key phrases does not read the eleventh."""
    late = score(*(f"nada {number}" for number in range(10)), "energía solar")

    assert (late.returned, late.hits) == (10, ())


def test_recall_is_of_as_many_as_may_be_returned() -> None:
    """Ten right ones of twelve are all that anybody could give."""
    gold = [f"cosa {number}" for number in range(12)]

    assert score(*gold[:10], gold=gold).f1 == 1.0


def test_few_good_phrases_are_judged_by_precision_too() -> None:
    """A short text has few key phrases; made-up ones must not pay."""
    assert score("energía solar").f1 == pytest.approx(2 * 1 / (1 + 3))


@pytest.mark.parametrize("phrase", ["sierra", "norte", "solar", "de la Sierra"])
def test_a_piece_of_something_longer_is_a_fragment(phrase: str) -> None:
    """`Norte` says nothing if the text only ever speaks of `Sierra Norte`."""
    assert score(phrase).fragments == (phrase,)


@pytest.mark.parametrize("phrase", ["Sierra Norte", "energía solar", "crece"])
def test_a_phrase_that_stands_by_itself_is_none(phrase: str) -> None:
    """A name in full and a word of its own are fair answers, wanted or not."""
    assert score(phrase).fragments == ()


def test_half_of_the_words_is_near() -> None:
    """Who tunes has to tell a phrase cut short from a wrong one."""
    near = score("energía", "Sierra Norte")

    assert (near.f1, near.near) == (0.0, 1)
    assert near.lenient_f1 == pytest.approx(2 * 1 / (2 + 3))
