"""Rules that name what no list has, each by an example of its own."""

import pytest

from tests.names import found, named


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("La reunión fue en la calle Mayor a las diez.", "es", "calle Mayor"),
        ("Le bureau se trouve rue de l'Ormeau depuis hier.", "fr", "rue de l'Ormeau"),
        ("A loja fica na travessa das Amoreiras, ao lado.", "pt", "travessa das Amoreiras"),
        ("They met at 12 Harrowgate Terrace yesterday.", "en", "Harrowgate Terrace"),
    ],
)
def test_a_street_keeps_its_kind(text: str, language: str, name: str) -> None:
    """`Mayor` alone is no place."""
    assert named(text, "LOCATION", language) == [name]


def test_what_is_meant_in_general_is_no_name() -> None:
    """`una calle de Lisboa` names the city only."""
    assert named("Vive en una calle de Lisboa desde niño.", "LOCATION", "es") == ["Lisboa"]


def test_french_courts_are_written_small() -> None:
    """Their kind is part of the name all the same."""
    text = "Le jugement du tribunal judiciaire de Quimper a été confirmé."

    assert named(text, "ORGANIZATION", "fr") == ["tribunal judiciaire de Quimper"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The order went to Thornbeck Catering last week.", "Thornbeck Catering"),
        ("The Food and Seed Administration agreed with them.", "Food and Seed Administration"),
        ("The drawings are by Ostrava Partners of Bristol.", "Ostrava Partners"),
    ],
)
def test_a_trade_behind_a_name_makes_a_firm(text: str, name: str) -> None:
    """English puts what a firm does last."""
    assert named(text, "ORGANIZATION", "en") == [name]


def test_terms_of_a_contract_are_no_firms() -> None:
    """`Service Level` has the form of a name, and is two words of the language."""
    assert named("The Service Level is set out in Schedule 2 below.", "ORGANIZATION", "en") == []


def test_a_name_in_a_list_is_of_the_kind_of_the_others() -> None:
    """Nobody knows Zumbilla, but Quito."""
    assert named("Abrirán tiendas en Quito, Zumbilla y Guayaquil.", "LOCATION", "es") == [
        "Quito",
        "Zumbilla",
        "Guayaquil",
    ]


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Falou Maria da Graça Pestana, da direção.", "pt", "Maria da Graça Pestana"),
        ("We thank Rev. Tamsin Oldacre³ for her help.", "en", "Tamsin Oldacre"),
        ("From: Oyelaran Sjöquist <o.sjoquist@tern.example>", "en", "Oyelaran Sjöquist"),
        ("Ayer firmó Nekane Olabarrieta el acta.", "es", "Nekane Olabarrieta"),
    ],
)
def test_persons_are_told_by_given_names_titles_and_addresses(text: str, language: str, name: str) -> None:
    """Where names are written, and how, says more than any list."""
    assert named(text, "PERSON", language) == [name]


def test_lines_of_a_signature_are_not_one_name() -> None:
    """A line that was not full did not wrap."""
    text = "Reciba un saludo.\n\nMarta Belmonte\nTalleres Ibarra, S.L.\n"

    assert named(text, "PERSON", "es") == ["Marta Belmonte"]
    assert named(text, "ORGANIZATION", "es") == ["Talleres Ibarra, S.L."]


def test_a_country_may_open_a_sentence_where_its_name_is_a_word() -> None:
    """`india` is a word of Spanish."""
    assert named("India, en cambio, ha crecido mucho.", "LOCATION", "es") == ["India"]


def test_a_firm_and_the_first_word_of_its_name_are_one() -> None:
    """Nobody repeats the legal form."""
    [firm] = [
        entity
        for entity in found("El contrato con Zubialde Forja, S.L. venció. Hoy Zubialde paga la mitad.", "es")
        if entity.type == "ORGANIZATION"
    ]

    assert (firm.text, firm.count) == ("Zubialde Forja, S.L.", 2)


def test_an_article_makes_no_second_entity() -> None:
    """`The World Bank` and `World Bank` are one."""
    [bank] = found("The World Bank lends. Later the board of the World Bank met.", "en")

    assert bank.count == 2


def test_a_sentence_of_capitals_says_nothing_by_them() -> None:
    """A licence that shouts names nobody."""
    text = "THE HOLDERS AND OTHER PARTIES PROVIDE THE WORK, TO THE EXTENT PERMITTED BY LAW, AS IT STANDS."

    assert [entity.text for entity in found(text, "en")] == []


def test_a_verb_is_no_legal_form() -> None:
    """`includes` begins like `inc`."""
    assert named("Carriage of goods is free. Packaging includes a box.", "ORGANIZATION", "en") == []


@pytest.mark.parametrize(
    ("text", "kind", "language", "name"),
    [
        ("Lo dictó el Juzgado de lo Social número 3 de Ubalda.", "ORGANIZATION", "es",
         "Juzgado de lo Social número 3 de Ubalda"),
        ("La Chambre d'agriculture de Morvanel conseille.", "ORGANIZATION", "fr", "Chambre d'agriculture de Morvanel"),
        ("We visited St Wulfan's Primary School.", "ORGANIZATION", "en", "St Wulfan's Primary School"),
        ("Ayer ganó el Deportivo Zurbela sin esfuerzo.", "ORGANIZATION", "es", "Deportivo Zurbela"),
        ("Yesterday Torbanix plc fell.", "ORGANIZATION", "en", "Torbanix plc"),
        ("Visitamos la ermita de Santa Brianda al alba.", "LOCATION", "es", "ermita de Santa Brianda"),
        ("Es vecina de Zarrandilla desde niña.", "LOCATION", "es", "Zarrandilla"),
        ("Cortaron el agua en San Olmedo de Tresjuncos ayer.", "LOCATION", "es", "San Olmedo de Tresjuncos"),
    ],
)  # fmt: skip
def test_kinds_and_the_words_between_belong_to_the_name(text: str, kind: str, language: str, name: str) -> None:
    """A court has its number, a chamber its matter, a school its patron, a building its saint."""
    assert named(text, kind, language) == [name]


def test_a_person_does_not_run_on_into_the_firm() -> None:
    """`of` joins institutions, and parts a person from them."""
    text = "Yesterday Owen Trask of Selwick Partners disagreed."

    assert named(text, "PERSON", "en") == ["Owen Trask"]
    assert named(text, "ORGANIZATION", "en") == ["Selwick Partners"]


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("El año pasado Zubrelka facturó mucho menos.", "es", "Zubrelka"),
        ("She sold her shares of Vorquex at once.", "en", "Vorquex"),
        ("Hier soir Brenavis, dont le siège est ici, a fermé.", "fr", "Brenavis"),
    ],
)
def test_who_trades_like_a_firm_is_one(text: str, language: str, name: str) -> None:
    """A word that nobody knows, but which has shares, a turnover or a seat."""
    assert named(text, "ORGANIZATION", language) == [name]


def test_a_firm_keeps_its_type_without_the_word_group() -> None:
    """Alone, it would speak like a person."""
    text = "Compró las acciones el Grupo Zandrika. Ayer Zandrika anunció despidos."

    assert named(text, "PERSON", "es") == []


def test_villages_are_formed_like_villages() -> None:
    """`-wick` and `del Monte` are enough where nothing speaks against it."""
    assert named("Residents fear the traffic that Skelwick will get.", "LOCATION", "en") == ["Skelwick"]
    assert named("Visitaron ayer Zurdillo del Monte con calma.", "LOCATION", "es") == ["Zurdillo del Monte"]


def test_a_word_that_nobody_knows_is_a_firm_if_the_text_keeps_using_it() -> None:
    """Persons and places give themselves away sooner."""
    text = "El depósito lo hizo Zubravesa en mayo. Según el acta, con Zubravesa no hubo quejas."

    assert named(text, "ORGANIZATION", "es") == ["Zubravesa"]


def test_a_register_of_companies_is_an_office() -> None:
    """Other registers are works."""
    text = "Consta en el Registro Mercantil de Zamudria desde ayer."

    assert named(text, "ORGANIZATION", "es") == ["Registro Mercantil de Zamudria"]
