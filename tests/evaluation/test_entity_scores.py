"""Scores of entities, on answers whose figures are plain to see."""

import pytest

from tests.evaluation.entity_scores import Counts, Found, normalised, same_value, score_entities
from tests.evaluation.gold import NAMES, GoldEntity

ADA = GoldEntity(type="PERSON", forms=("Ada Lovelace", "Lovelace"))
ROYAL = GoldEntity(type="ORGANIZATION", forms=("Royal Society of London",))
MAY = GoldEntity(type="DATE", forms=("3 May 2024",), value="2024-05-03")


def test_any_form_of_a_thing_is_right() -> None:
    """The text decides how a person is called, not the one who wrote the answers down."""
    score = score_entities([Found("PERSON", "Lovelace")], [ADA])

    assert score.strict("PERSON") == Counts(right=1)


def test_the_second_form_of_a_thing_is_false() -> None:
    """One entity for its variants is a promise of the service."""
    score = score_entities([Found("PERSON", "Ada Lovelace"), Found("PERSON", "Lovelace")], [ADA])

    assert score.strict("PERSON") == Counts(right=1, false=1)


def test_the_wrong_type_is_false_and_missed() -> None:
    """A company among the persons misleads whoever asks for persons."""
    score = score_entities([Found("ORGANIZATION", "Lovelace")], [ADA])

    assert score.strict(*NAMES) == Counts(false=1, missed=1)


def test_wrong_bounds_are_wrong_but_near() -> None:
    """Who tunes has to tell a name cut short from one that was never seen."""
    score = score_entities([Found("ORGANIZATION", "Royal Society"), Found("PERSON", "Society")], [ROYAL, ADA])

    assert score.strict(*NAMES) == Counts(false=2, missed=2)
    assert score.lenient(*NAMES) == Counts(right=1, false=1, missed=1)
    assert score.near == [(Found("ORGANIZATION", "Royal Society"), ROYAL)]


def test_values_count_where_there_is_a_right_one() -> None:
    """A date that is found and misread is worse than none."""
    found = [Found("DATE", "3 May 2024", "2024-03-05"), Found("PERSON", "Lovelace")]

    score = score_entities(found, [MAY, ADA])
    assert score.values("DATE", "PERSON") == (0, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Royal  Society", "royal society"),
        ("«El Faro»", "Faro"),
        ("l\u2019Oréal", "Oréal"),
        ("Acme Inc.", "ACME Inc"),
        ("d'Ormesson", "d\u2019Ormesson"),
    ],
)
def test_what_no_reader_cares_about_makes_no_difference(one: str, other: str) -> None:
    """Otherwise the figures measure punctuation."""
    assert normalised(one) == normalised(other)


def test_letters_that_look_like_articles_stay() -> None:
    """`Los Angeles` may lose its article on both sides, but `Laos` must not lose its first letters."""
    assert [normalised(text) for text in ("Laos", "O", "Lesotho")] == ["laos", "o", "lesotho"]


@pytest.mark.parametrize(
    ("found", "gold", "same"),
    [
        ("310000000.00 EUR", "310000000 EUR", True),
        ("12.5", "12.50", True),
        ("2024-03", "2024-03-01", False),
        (None, "2024", False),
    ],
)
def test_values_are_compared_as_what_they_mean(found: str | None, gold: str, *, same: bool) -> None:
    """How many zeros an amount is written with says nothing about it."""
    assert same_value(found, gold) is same


def test_counts_give_precision_recall_and_f1() -> None:
    """The figures of the tables, by hand once."""
    counts = Counts(right=3, false=1) + Counts(missed=3)

    assert (counts.precision, counts.recall, counts.f1) == (0.75, 0.5, 0.6)
    assert Counts().f1 == 0.0
