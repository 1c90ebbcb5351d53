"""Firms and institutions, by the company that their names keep, each rule by an example of its own."""

import pytest

from tests.names import named


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Ganó el concurso la empresa gallega Zubrelka.", "es", "Zubrelka"),
        ("Il a vendu la ferme à la société danoise Vorquel Brenavi.", "fr", "Vorquel Brenavi"),
        ("Pagou tudo a associação ambientalista Zubrinha Verde.", "pt", "Zubrinha Verde"),
    ],
)
def test_an_adjective_may_stand_between_the_firm_and_its_name(text: str, language: str, name: str) -> None:
    """Romance languages say from where it is before they say what it is called."""
    assert named(text, "ORGANIZATION", language) == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The Nevada Department of Fisheries pays for it.", "Nevada Department of Fisheries"),
        ("The board of the Zubrel School District met.", "Zubrel School District"),
        ("She asked the Institution of Naval Riggers, as a Fellow of the Institution of Naval Riggers.",
         "Institution of Naval Riggers"),
    ],
)  # fmt: skip
def test_institutions_have_their_place_in_front_and_their_fellows_outside(text: str, name: str) -> None:
    """`Nevada` belongs to the name, `Fellow` does not."""
    assert named(text, "ORGANIZATION", "en") == [name]


def test_a_given_name_may_be_that_of_a_firm() -> None:
    """What stands before it says more."""
    assert named("La compró la compañía danesa Harland Zubrel.", "ORGANIZATION", "es") == ["Harland Zubrel"]


def test_initials_are_those_of_the_only_institution_that_has_them() -> None:
    """Not every text writes them in brackets first."""
    text = "The Inland Fisheries Bank lends again. Later the IFB said why."

    assert named(text, "ORGANIZATION", "en") == ["Inland Fisheries Bank"]


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Lo apunta en la aplicación Zubrel Go cada día.", "es", "Zubrel Go"),
        ("Le bateau a coulé pendant l'ouragan Zubrella hier.", "fr", "Zubrella"),
    ],
)
def test_the_noun_before_it_says_that_it_is_a_work(text: str, language: str, name: str) -> None:
    """Storms have given names, and applications the names of firms."""
    assert named(text, "MISC", language) == [name]


def test_what_a_firm_does_is_no_adjective() -> None:
    """`contrató` stands where an adjective may."""
    assert named("Ayer la empresa contrató Zubrelka.", "ORGANIZATION", "es") == []


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("She complained to Brenavis Portugal at once.", "en", "Brenavis Portugal"),
        ("A grant from Hockey Scotland paid for it.", "en", "Hockey Scotland"),
        ("Elle est membre de Recyclage Québec depuis mai.", "fr", "Recyclage Québec"),
    ],
)
def test_a_firm_may_be_called_after_where_it_is_active(text: str, language: str, name: str) -> None:
    """Without a comma, the country belongs to the name."""
    assert named(text, "ORGANIZATION", language) == [name]


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Los zapatos son de Calzadas Zubrelka desde siempre.", "es", "Calzadas Zubrelka"),
        ("They bought them from Zubrelka Marine Engines again.", "en", "Zubrelka Marine Engines"),
    ],
)
def test_a_trade_in_the_plural_makes_a_firm_of_a_name(text: str, language: str, name: str) -> None:
    """What it makes stands first in Spanish and last in English."""
    assert named(text, "ORGANIZATION", language) == [name]


def test_a_letterhead_of_capitals_names_who_writes() -> None:
    """Its head says that it is a hospital, and no other word of it may be written small."""
    text = "HOSPITAL COMARCAL SANTA ZUBRELKA DE OLMEDO\n\nEl paciente ingresa hoy con fiebre alta y mucha tos."

    assert named(text, "ORGANIZATION", "es") == ["HOSPITAL COMARCAL SANTA ZUBRELKA DE OLMEDO"]


def test_a_heading_of_capitals_is_no_institution() -> None:
    """`ASAMBLEA GENERAL` is what follows."""
    text = "ASAMBLEA GENERAL ORDINARIA\n\nSe abre la sesión a las diez con doce vecinos y el presidente."

    assert named(text, "ORGANIZATION", "es") == []


def test_where_somebody_works_is_no_place() -> None:
    """One is `at` a firm, and has things `from` it, as much as at and from a place."""
    assert named("He learnt it at Zubrelka and has letters from Vorquel.", "LOCATION", "en") == []


@pytest.mark.parametrize(
    ("text", "language", "names"),
    [
        ("They asked Bradford-based engineers first.", "en", ["Bradford"]),
        ("Llueve en la comarca de la Zubrelka.", "es", ["Zubrelka"]),
        ("Floods hit the districts of Zubrel and Vorquel.", "en", ["Zubrel", "Vorquel"]),
    ],
)
def test_what_kind_of_place_it_is_stands_before_it(text: str, language: str, names: list[str]) -> None:
    """With an article or without, for one place and for several."""
    assert named(text, "LOCATION", language) == names
