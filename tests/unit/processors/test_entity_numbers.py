"""Numbers that belong to names, and letters that are names: laws, standards, streets and acronyms."""

import pytest

from tests.names import named


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Lo exige la Ley 812 de 1997 sin más.", "es", "Ley 812 de 1997"),
        ("Lo exige la Ley N.º 20.123 sin más.", "es", "Ley N.º 20.123"),
        ("It falls under the Weights and Measures Act 1985 now.", "en", "Weights and Measures Act 1985"),
        ("The firm is certified to ISO 14001 now.", "en", "ISO 14001"),
        ("La porte respecte la norme EN 1627 depuis hier.", "fr", "EN 1627"),
    ],
)
def test_a_law_and_a_standard_have_their_number(text: str, language: str, name: str) -> None:
    """The year of a law is no date, and `ISO` alone is another thing."""
    assert named(text, "MISC", language) == [name]
    assert named(text, "DATE", language) == []


def test_a_preposition_that_opens_a_sentence_is_no_standard() -> None:
    """`En 14 días` counts days."""
    assert named("En 14 días volveremos a verlo.", "MISC", "es") == []


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Address: Zubrelgatan 14, Gothenburg", "en", "Zubrelgatan"),
        ("Zubrelgade 61, 1620 Brøndal", "en", "Zubrelgade"),
        ("Address: 6 Heol Zubrel, Cardiff", "en", "Heol Zubrel"),
        ("Oficina: Av. Zubrelco 480, Guadalajara", "es", "Av. Zubrelco"),
    ],
)
def test_a_street_is_told_by_its_house_number_and_the_town(text: str, language: str, name: str) -> None:
    """In the languages of which no kind of street is known."""
    assert name in named(text, "LOCATION", language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ayer lo confirmó la ZEPRAN en su página.", "es"),
        ("On l'apprend par un avis de la ZEPRAN publié hier.", "fr"),
        ("Foi multado pela ZEPRAN em maio.", "pt"),
    ],
)
def test_an_acronym_with_an_article_is_an_institution(text: str, language: str) -> None:
    """Texts leave out what everybody knows it to be short for."""
    assert named(text, "ORGANIZATION", language) == ["ZEPRAN"]


@pytest.mark.parametrize("text", ["Presión: TA 120, FC 88, sin XQR.", "ACTION: call them. NEW rules hold."])
def test_measures_and_shouts_are_no_names(text: str) -> None:
    """Two or three capitals are most often a unit or a label, and some words are only loud."""
    assert named(text, "MISC", "en") == named(text, "ORGANIZATION", "en") == []


def test_a_surname_that_is_a_town_too_is_the_persons() -> None:
    """The full name has said who is meant."""
    text = "Ayer llegó la Dra. Elena Toledo. Según Toledo, no hay riesgo."

    assert named(text, "PERSON", "es") == ["Elena Toledo"]
    assert named(text, "LOCATION", "es") == []
