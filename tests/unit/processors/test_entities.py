"""Entities are looked up and linked, so their type, value and place must be right."""

import pytest

from app.processors.entities import MOST_POSITIONS, Entity, entities
from app.processors.entity_amounts import number_value
from app.processors.reading import Reading

NEWS = {
    "es": "La ministra Elena Robledo visitó ayer la Universidad de Salamanca. Robledo viajó desde Lisboa.",
    "en": "Mayor Thomas Keane met researchers of the University of Leeds in London. Keane praised their work.",
    "fr": "La maire Claire Fontaine a visité hier l'Université de Nantes. Mme Fontaine est rentrée de Bruxelles.",
    "pt": "O ministro Paulo Teixeira visitou ontem a Universidade de Coimbra. Teixeira chegou de Madrid.",
}


def found(text: str, language: str = "es") -> list[Entity]:
    """Find the entities of *text* in one step."""
    return entities(Reading.of(text, language))


def named(text: str, kind: str, language: str = "es") -> list[str]:
    """List what *text* names of one type."""
    return [entity.text for entity in found(text, language) if entity.type == kind]


def value(text: str, kind: str, language: str = "es") -> str | None:
    """Return the value of the only entity of one type."""
    [entity] = [entity for entity in found(text, language) if entity.type == kind]
    return entity.value


@pytest.mark.parametrize(
    ("language", "person", "organization", "place"),
    [
        ("es", "Elena Robledo", "Universidad de Salamanca", "Lisboa"),
        ("en", "Thomas Keane", "University of Leeds", "London"),
        ("fr", "Claire Fontaine", "Université de Nantes", "Bruxelles"),
        ("pt", "Paulo Teixeira", "Universidade de Coimbra", "Madrid"),
    ],
)
def test_names_are_told_apart(language: str, person: str, organization: str, place: str) -> None:
    """The three types that everybody asks for, in the four languages."""
    text = NEWS[language]

    assert named(text, "PERSON", language) == [person]
    assert named(text, "ORGANIZATION", language) == [organization]
    assert named(text, "LOCATION", language) == [place]


@pytest.mark.parametrize("language", list(NEWS))
def test_a_surname_belongs_to_the_full_name(language: str) -> None:
    """One person is one entity, however often the surname alone is used."""
    [person] = [entity for entity in found(NEWS[language], language) if entity.type == "PERSON"]

    assert person.count == 2


def test_a_title_is_no_part_of_a_name() -> None:
    """`Dra. Ruiz` and `Ruiz` are looked up under the same letter."""
    assert named("Ayer llegó la Dra. Quintela. El Sr. Belmonte no vino.", "PERSON") == ["Quintela", "Belmonte"]


def test_the_beginning_of_a_sentence_makes_no_name() -> None:
    """The classic mistake of small models."""
    text = "Según el informe, todo va bien. También mejora el riego. Actualmente llueve. Vecinos y turistas celebran."

    assert found(text) == []


def test_an_acronym_is_what_it_abbreviates() -> None:
    """The text itself says what the letters mean."""
    text = "El Instituto Regional de Aguas (IRA) abrió el plazo. El IRA pagará en junio."

    [organization] = found(text)[:1]
    assert (organization.text, organization.type, organization.count) == (
        "Instituto Regional de Aguas",
        "ORGANIZATION",
        3,
    )


def test_a_legal_form_makes_an_organisation() -> None:
    """Contracts live from it."""
    text = "El pedido lo firmó Talleres Ibarra, S.L. y lo entregó Nordwind GmbH en plazo."

    assert named(text, "ORGANIZATION") == ["Talleres Ibarra, S.L.", "Nordwind GmbH"]


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        (
            "La Biblioteca Municipal de Zaragoza abrió ayer. Los lectores visitan la Biblioteca Municipal a diario.",
            "es",
            "Biblioteca Municipal de Zaragoza",
        ),
        (
            "The board of Northwind Ferries Ltd. met. Later the owners of Northwind Ferries agreed.",
            "en",
            "Northwind Ferries Ltd.",
        ),
    ],
)
def test_a_shortened_name_is_counted_under_the_whole(text: str, language: str, name: str) -> None:
    """One organisation is one entity, as one person is."""
    [organization] = [entity for entity in found(text, language) if entity.type == "ORGANIZATION"]

    assert (organization.text, organization.count) == (name, 2)


def test_a_shortened_name_that_fits_two_is_left_alone() -> None:
    """Guessing which one is meant would be wrong half of the time."""
    text = (
        "La Universidad Popular de Burgos y la Universidad Popular de Soria firmaron ayer. "
        "Los alumnos de la Universidad Popular aplaudieron."
    )

    assert "Universidad Popular" in named(text, "ORGANIZATION")


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("The vessel, built by Harland Marine in Belfast, is new.", "en", "Harland Marine"),
        ("El embalse, construido por Hormigones Levante, costó poco.", "es", "Hormigones Levante"),
        ("Un contrat avec Verrier Frères prévoit les fenêtres.", "fr", "Verrier Frères"),
        ("A linha, fabricada por Metalvale Vidros, enche garrafas.", "pt", "Metalvale Vidros"),
    ],
)
def test_whom_one_does_business_with_is_an_organisation(text: str, language: str, name: str) -> None:
    """Reports name their suppliers without a legal form."""
    assert named(text, "ORGANIZATION", language) == [name]


def test_a_person_may_build_as_well() -> None:
    """A given name is better evidence than a verb."""
    assert named("The chapel was built by Thomas Keane in one year.", "PERSON", "en") == ["Thomas Keane"]


def test_a_persons_name_ends_before_the_institution() -> None:
    """`Laura Whitcombe of the University of Leeds` is two entities."""
    text = "Yesterday Laura Whitcombe of the University of Leeds spoke about wetlands."

    assert named(text, "PERSON", "en") == ["Laura Whitcombe"]
    assert named(text, "ORGANIZATION", "en") == ["University of Leeds"]


def test_products_are_miscellaneous() -> None:
    """A technology is neither a person nor a place."""
    text = "Usamos Python con PostgreSQL, y el módulo TurboGrid se escribió aquí."

    assert named(text, "MISC") == ["Python", "PostgreSQL", "TurboGrid"]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Firmado el 14 de marzo de 2025 aquí.", "es", "2025-03-14"),
        ("Signed on March 14, 2025 here.", "en", "2025-03-14"),
        ("Signé le 1er mars 2025 ici.", "fr", "2025-03-01"),
        ("Assinado em 14 de março de 2025 aqui.", "pt", "2025-03-14"),
        ("Unterschrieben am 14. März 2025 hier.", "de", "2025-03-14"),
        ("Entrega: 2025-03-14.", "es", "2025-03-14"),
        ("Entrega el 03/04/2025.", "es", "2025-04-03"),
        ("Delivery on 25/03/2025.", "en", "2025-03-25"),
        ("Delivery on 03/04/2025.", "en", None),
        ("Abrió en marzo de 2025.", "es", "2025-03"),
        ("Vuelve el 3 de mayo.", "es", None),
    ],
)
def test_a_date_has_a_value_only_if_it_is_certain(text: str, language: str, expected: str | None) -> None:
    """A wrong date is worse than none: English writes both orders."""
    assert value(text, "DATE", language) == expected


def test_an_impossible_date_is_none() -> None:
    """Article 31.02.2025 of a catalogue is no day."""
    assert named("El 31/02/2025 no existe.", "DATE") == []


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Costó 1.200,50 € ayer.", "es", "1200.50 EUR"),
        ("Costó 1.200 euros ayer.", "es", "1200 EUR"),
        ("It cost £1,200.50 then.", "en", "1200.50 GBP"),
        ("Cuesta 3,2 millones de euros.", "es", "3200000 EUR"),
        ("It cost £1.9 billion.", "en", "1900000000 GBP"),
        ("Coûte 1,8 million d'euros.", "fr", "1800000 EUR"),
        ("Custou R$ 45,90 ontem.", "pt", "45.90 BRL"),
        ("It cost US$3,150 then.", "en", "3150 USD"),
        ("It cost $20 then.", "en", None),
        ("Costó 500 pesos ayer.", "es", None),
    ],
)
def test_a_sum_has_a_value_only_if_it_is_certain(text: str, language: str, expected: str | None) -> None:
    """A dollar sign belongs to twenty countries."""
    assert value(text, "MONEY", language) == expected


@pytest.mark.parametrize(
    ("written", "language", "expected"),
    [("1.200", "es", "1200"), ("1,200", "en", "1200"), ("1.200", "en", "None"), ("0,125", "es", "0.125")],
)
def test_a_single_separator_is_read_as_the_language_writes_it(written: str, language: str, expected: str) -> None:
    """A thousand and one point two look alike."""
    assert str(number_value(written, language)) == expected


@pytest.mark.parametrize("text", ["Subió un 12,5 % ayer.", "Subió un 12,5% ayer.", "Subió el 12,5 por ciento ayer."])
def test_a_percentage_is_a_number(text: str) -> None:
    """However it is written."""
    assert value(text, "PERCENT") == "12.5"


def test_addresses_end_where_they_end() -> None:
    """The full stop belongs to the sentence."""
    text = "Escriba a info@aguas.example. Más en https://aguas.example/datos_(2025), o en www.aguas.example."

    assert named(text, "EMAIL") == ["info@aguas.example"]
    assert named(text, "URL") == ["https://aguas.example/datos_(2025)", "www.aguas.example"]


def test_an_international_number_has_a_value() -> None:
    """Only the prefix makes it the same number everywhere."""
    assert value("Llame al +34 968 21 34 55 hoy.", "PHONE") == "+34968213455"


def test_a_national_number_has_none() -> None:
    """Spanish is spoken under many prefixes."""
    assert value("Teléfono: 968 21 34 55.", "PHONE") is None


@pytest.mark.parametrize("text", ["Quedan 2.345.678 litros.", "El pedido 48-2217 llegó.", "Factura 2024/000123."])
def test_other_numbers_are_no_telephones(text: str) -> None:
    """Tables are full of digits."""
    assert named(text, "PHONE") == []


@pytest.mark.parametrize("language", list(NEWS))
def test_positions_point_at_what_was_named(language: str) -> None:
    """Callers highlight with them."""
    text = "😀 " + NEWS[language]

    for entity in found(text, language):
        for start, end in entity.positions:
            assert text[start:end] in entity.text


def test_positions_are_capped_and_the_count_is_not() -> None:
    """A name on every page must not fill the result."""
    [entity] = found("Vamos a Lisboa. " * 50)

    assert (entity.count, len(entity.positions)) == (50, MOST_POSITIONS)


def test_german_nouns_are_no_names() -> None:
    """Where every noun has a capital, a capital means nothing."""
    text = "Die Brücke wurde vom Stadtrat beschlossen. Viele Bürger lobten die Brücke und den Stadtrat."

    assert named(text, "MISC", "de") == []


HOSTILE = [
    "a", "A", "0", ".", "@", "\n", "a@", "a.", "1,", "1 ", "12.", "€1", "+34 ", "A ", "Ab ", "Juan de ", "May ",
    "Juan Pérez, ",
    "www.", "http://", "(", "A.", "1/", "tel ", "de ", "Foo (F) ", "$", "%1", "'", "d'", "\u0301",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_repetition_ends(unit: str) -> None:
    """A pattern that backtracks would hang here."""
    text = unit * (100_000 // len(unit))

    assert all(entity.count > 0 for entity in found(text))
