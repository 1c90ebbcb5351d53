"""What is written in words, or in the way of one country, is worth as much as digits."""

import pytest

from app.processors.entities import entities
from app.processors.reading import Reading


def found(text: str, language: str, kind: str) -> list[tuple[str, str | None]]:
    """List what *text* holds of one type, with its values, in order."""
    of_kind = [entity for entity in entities(Reading.of(text, language)) if entity.type == kind]
    return [(entity.text, entity.value) for entity in sorted(of_kind, key=lambda entity: entity.first)]


@pytest.mark.parametrize(
    ("text", "language", "written", "value"),
    [
        (
            "Firmado el seis de marzo de dos mil veinticuatro.",
            "es",
            "seis de marzo de dos mil veinticuatro",
            "2024-03-06",
        ),
        ("Signed on the sixth of March 2024.", "en", "sixth of March 2024", "2024-03-06"),
        ("Signé le six mars deux mille vingt-quatre.", "fr", "six mars deux mille vingt-quatre", "2024-03-06"),
        ("Assinado em dois de abril de 2023.", "pt", "dois de abril de 2023", "2023-04-02"),
        ("Assinado a 1.º de maio de 2020.", "pt", "1.º de maio de 2020", "2020-05-01"),
        ("Entregado el 6-mar-2024 en Lugo.", "es", "6-mar-2024", "2024-03-06"),
        ("Volvió en octubre con su padre.", "es", "octubre", None),
        ("The march began in March.", "en", "March", None),
        ("Entregue a 12/05 em Braga.", "pt", "12/05", None),
        ("Coordinatrice     2019", "fr", "2019", "2019"),
    ],
)
def test_dates_are_read_in_words_and_in_parts(text: str, language: str, written: str, value: str | None) -> None:
    """Notaries write them in full, and a curriculum gives only the year."""
    assert found(text, language, "DATE") == [(written, value)]


def test_a_span_of_years_is_two_dates() -> None:
    """Both ends can be looked for."""
    assert found("Ingénieure, 2013-2016", "fr", "DATE") == [("2013", "2013"), ("2016", "2016")]


@pytest.mark.parametrize("text", ["Vinieron 2000 personas.", "El total es 2019,50 €.", "Consta de 1.999 hojas."])
def test_a_number_is_no_year(text: str) -> None:
    """Four digits alone are not enough."""
    assert found(text, "es", "DATE") == []


def test_one_date_tells_how_the_others_are_to_be_read() -> None:
    """`02/05` is the fifth of February for those who write `03/14`."""
    assert found("From 03/14/2024 to 02/05/2025.", "en", "DATE")[1] == ("02/05/2025", "2025-02-05")


@pytest.mark.parametrize(
    ("text", "language", "written", "value"),
    [
        ("Cuesta dos mil euros al mes.", "es", "dos mil euros", "2000 EUR"),
        ("They owe twenty-five million pounds sterling.", "en", "twenty-five million pounds sterling", "25000000 GBP"),
        ("Le prix est de quatre-vingt-dix euros.", "fr", "quatre-vingt-dix euros", "90 EUR"),
        ("Paga vinte mil reais.", "pt", "vinte mil reais", "20000 BRL"),
        ("Le prix est de 3 500 francs CFA.", "fr", "3 500 francs CFA", None),
        ("Pagaron S/ 284 000 en Lima.", "es", "S/ 284 000", "284000 PEN"),
        ("Costó $85,000 MXN en total.", "es", "$85,000 MXN", "85000 MXN"),
        ("El municipio de Colombia pagó $ 312 millones.", "es", "$ 312 millones", "312000000 COP"),
    ],
)
def test_sums_are_read_in_words_and_in_every_currency(
    text: str, language: str, written: str, value: str | None
) -> None:
    """A contract writes what a table gives in digits."""
    assert found(text, language, "MONEY") == [(written, value)]


def test_a_dollar_in_a_text_about_two_countries_has_no_value() -> None:
    """Guessing would be wrong half of the time."""
    assert found("In Canada and the United States it cost $20.", "en", "MONEY") == [("$20", None)]


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("Subió un doce por ciento.", "es", "12"),
        ("It rose by twelve percent.", "en", "12"),
        ("Une hausse de vingt et un pour cent.", "fr", "21"),
        ("Subiu dez por cento.", "pt", "10"),
    ],
)
def test_percentages_are_read_in_words(text: str, language: str, value: str) -> None:
    """They are the figures of a report that is read aloud."""
    assert [percent for _, percent in found(text, language, "PERCENT")] == [value]


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("From Maine to Oregon, and once in Quebec, it cost $20.", "en", "20 USD"),
        ("In Canada they paid $20.", "en", "20 CAD"),
        ("Pagaron 20 dólares en Quito.", "es", "20 USD"),
        ("En Uruguay costó $ 20, que es medio dólar.", "es", "20 UYU"),
        ("Un repas coûte 500 FCFA à Dakar, au Sénégal.", "fr", "500 XOF"),
        ("Un repas coûte 500 francs CFA au Cameroun.", "fr", "500 XAF"),
        ("Cuesta 1,200 pesos mexicanos.", "es", "1200 MXN"),
    ],
)
def test_the_countries_of_a_text_say_which_money_is_meant(text: str, language: str, value: str) -> None:
    """One word about a neighbour does not change it."""
    assert value in [written for _, written in found(text, language, "MONEY")]


@pytest.mark.parametrize(
    ("text", "language", "written"),
    [
        ("Tel. 555 021 1987 (office)", "es", "555 021 1987"),
        ("Ward tel.: 029 2018 7777", "en", "029 2018 7777"),
        ("Ask Ms Rusk, rusk@tern.example, 01434 555 0122.", "en", "01434 555 0122"),
        ("Call us today: 503-555-0122.", "en", "503-555-0122"),
        ("She wrote it down (0114 496 0122).", "en", "0114 496 0122"),
    ],
)
def test_numbers_that_stand_where_telephones_do_are_telephones(text: str, language: str, written: str) -> None:
    """Some hold a year, some are kept for examples, and some stand in brackets."""
    assert [number for number, _ in found(text, language, "PHONE")] == [written]
    assert found(text, language, "DATE") == []


def test_a_labelled_number_is_a_telephone() -> None:
    """Few plans of the world are known by heart, and the label says it."""
    assert found("Tel. 2555-0163, extensión 4", "es", "PHONE") == [("2555-0163", None)]


def test_a_link_in_markdown_ends_where_its_text_does() -> None:
    """A badge is two addresses."""
    text = "[![Build](https://ci.tern.example/badge.svg)](https://ci.tern.example)"

    assert [url for url, _ in found(text, "en", "URL")] == [
        "https://ci.tern.example/badge.svg",
        "https://ci.tern.example",
    ]
