"""Persons, by the company that their names keep, each rule by an example of its own."""

import pytest

from app.processors.entity_bearers import full_names_of
from tests.names import found, named


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Present: Harriet Stone (Chair), and no others", "en", "Harriet Stone"),
        ("Zoltan Brakova, Managing Director", "en", "Zoltan Brakova"),
        ("| Ramiro Quesos | Tesorero | 12 |", "es", "Ramiro Quesos"),
        ("Patient: Zelmira Brakova", "en", "Zelmira Brakova"),
        ("Presidente: Arq.ª Zelmira Pontes Brako", "pt", "Zelmira Pontes Brako"),
        ("Présents : Bastien Rochers (trésorier)", "fr", "Bastien Rochers"),
    ],
)
def test_forms_and_lists_of_those_present_say_who_is_who(text: str, language: str, name: str) -> None:
    """Stone is a word, and nobody knows Brakova, but a chair is taken by a person."""
    assert named(text, "PERSON", language) == [name]


def test_an_office_in_the_middle_of_a_sentence_is_not_that_of_the_name_before() -> None:
    """`whose director` speaks of the firm's."""
    text = "Zubrelka Ferrano, whose director resigned, is closed."

    assert all(entity.score < 0.75 for entity in found(text, "en"))


def test_a_given_name_inside_a_sentence_makes_a_person_of_a_surname_that_nobody_knows() -> None:
    """`Remedios` is a word, too."""
    assert named("Ayer llamaron a Remedios Zubalko desde aquí.", "PERSON", "es") == ["Remedios Zubalko"]


@pytest.mark.parametrize(
    "short", ["Carmela Zubalko", "Carmela B. Zubalko", "C. Bruna Zubalko", "Carmela Bruna", "C. Zubalko"]
)
def test_a_shortened_name_is_the_persons(short: str) -> None:
    """Minutes begin with the full name, and go on with half of it."""
    full = full_names_of(["Carmela Bruna Zubalko", short])

    assert full[short.lower()] == full["zubalko"] == "Carmela Bruna Zubalko"


def test_a_surname_of_two_persons_is_nobodys() -> None:
    """Guessing would be wrong half of the time."""
    assert "zubalko" not in full_names_of(["Carmela Bruna Zubalko", "Ana Ruiz Zubalko"])
