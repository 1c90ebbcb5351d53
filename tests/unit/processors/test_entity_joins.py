"""Where the name of an institution ends, and where the next one begins, each rule by an example of its own."""

import pytest

from tests.names import named


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("We asked the Trust for the Rescue of Donkeys and Mules.", "Trust for the Rescue of Donkeys and Mules"),
        ("A gift of the Association of Weavers in Scotland came.", "Association of Weavers in Scotland"),
        ("It was the Lighting Commission for England and Wales.", "Lighting Commission for England and Wales"),
        ("She wrote to the Ministry of Trade, Tourism and Sport.", "Ministry of Trade, Tourism and Sport"),
        ("They met the Government of Kenya again.", "Government of Kenya"),
        ("Later the Welsh Government promised more.", "Welsh Government"),
        ("Shares rose on the Lagos Stock Exchange again.", "Lagos Stock Exchange"),
        ("The goods went to Zandrel Boats Limited yesterday.", "Zandrel Boats Limited"),
    ],
)
def test_english_institutions_have_small_words_inside(text: str, name: str) -> None:
    """Whom they are for, of whom they consist, where, and of what they are in charge."""
    assert named(text, "ORGANIZATION", "en") == [name]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "It is run by the Royal Society of Weavers and Selwick Trust.",
            ["Royal Society of Weavers", "Selwick Trust"],
        ),
        ("Ask the Planning Committee on Tuesday, please.", ["Planning Committee"]),
    ],
)
def test_what_only_follows_is_no_part_of_an_institution(text: str, names: list[str]) -> None:
    """Neither another institution, nor a day."""
    assert named(text, "ORGANIZATION", "en") == names


def test_somebody_from_somewhere_is_two_names() -> None:
    """Minutes say where those who ask questions live."""
    text = "Then Zadock Brinsley of Tanner Lane asked again."

    assert named(text, "PERSON", "en") == ["Zadock Brinsley"]
    assert named(text, "LOCATION", "en") == ["Tanner Lane"]


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Lo pagó el Ministerio de Minas, Pesca y Aguas.", "es", "Ministerio de Minas, Pesca y Aguas"),
        ("Falou a Secretaria da Pesca, da Caça e do Mar.", "pt", "Secretaria da Pesca, da Caça e do Mar"),
    ],
)
def test_a_ministry_has_its_matters(text: str, language: str, name: str) -> None:
    """What stands between commas and the last `and` are no names of their own."""
    assert named(text, "ORGANIZATION", language) == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hier, l'Office français de la biodiversité a publié un avis.", "Office français de la biodiversité"),
        (
            "La Chambre de commerce et d'industrie de Rouen soutient le projet.",
            "Chambre de commerce et d'industrie de Rouen",
        ),
        (
            "Il quitte l'Institut national de la statistique et des études économiques en mai.",
            "Institut national de la statistique et des études économiques",
        ),
        ("Le Conseil constitutionnel a censuré la loi.", "Conseil constitutionnel"),
        ("Selon le Bureau d'études sur les forêts, tout va bien.", "Bureau d'études sur les forêts"),
        ("(1) Centre de recherche agricole (CRA), Brest", "Centre de recherche agricole"),
    ],
)
def test_french_institutions_are_written_small_behind_their_kind(text: str, name: str) -> None:
    """The name goes on as long as it says of what, for what, and of which sort."""
    assert named(text, "ORGANIZATION", "fr") == [name]


def test_a_french_kind_of_institution_that_opens_a_sentence_is_no_name() -> None:
    """Its capital is that of the sentence."""
    assert named("Comité de pilotage réuni le matin.", "ORGANIZATION", "fr") == []
