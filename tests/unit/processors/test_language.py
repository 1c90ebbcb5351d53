"""Language decides how everything else is read, so a wrong guess spoils a whole result."""

import pytest

from app.processors.language import UNDETERMINED, detect, lexicon, words
from app.processors.sentences import LONGEST, split

SPANISH = "La cooperativa inauguró ayer una planta que dará agua a doce pueblos de la comarca."
ENGLISH = "The council agreed yesterday to repair the old bridge before the winter rains begin."
FRENCH = "Le conseil municipal a voté hier la rénovation de l'école et du petit marché couvert."
PORTUGUESE = "A câmara aprovou ontem um projeto que vai levar água a doze aldeias da região."
GERMAN = "Der Stadtrat hat gestern beschlossen, die alte Brücke noch vor dem Winter zu erneuern."


@pytest.mark.parametrize(
    ("text", "language"),
    [(SPANISH, "es"), (ENGLISH, "en"), (FRENCH, "fr"), (PORTUGUESE, "pt"), (GERMAN, "de")],
)
def test_a_sentence_tells_its_language(text: str, language: str) -> None:
    """One sentence is all that many callers send."""
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "   \n", "12 345,67 € 2024", "hola", "😀😀😀", "--- *** ---", "\x00\x00"])
def test_too_little_text_has_no_language(text: str) -> None:
    """A guess about one word or a number would only look like knowledge."""
    assert detect(text) == UNDETERMINED


def test_a_foreign_heading_does_not_decide() -> None:
    """English titles stand over Spanish reports."""
    text = "Quarterly business review\n\n" + f"{SPANISH} " * 40

    assert detect(text) == "es"


def test_capitals_do_not_hide_the_language() -> None:
    """Legal texts shout."""
    assert detect(SPANISH.upper()) == "es"


def test_inflected_forms_have_one_stem() -> None:
    """Otherwise the singular and the plural would compete as keywords."""
    assert len(set(lexicon("es").stems(["contrato", "contratos"]))) == 1


def test_an_unknown_language_keeps_its_words() -> None:
    """No stemmer is better than a wrong one."""
    assert lexicon("xx").stems(["brücken"]) == ["brücken"]


def test_elisions_and_possessives_are_no_part_of_a_word() -> None:
    """`l'école` and `école` are the same word."""
    assert words("L'école d\u2019Ada's jusqu'ici") == ["école", "ada", "ici"]


def test_words_of_scripts_with_combining_marks_stay_whole() -> None:
    """Vowel signs are no separators."""
    assert words("हिन्दी भाषा") == ["हिन्दी", "भाषा"]


def test_sentences_point_at_the_text() -> None:
    """Offsets are characters, also behind emoji."""
    text = "Hola 😀 mundo. ¿Qué tal? El Sr. Pérez llegó."

    found = [text[one.start : one.end] for one in split(text, "es")]

    assert found == ["Hola 😀 mundo.", "¿Qué tal?", "El Sr. Pérez llegó."]


@pytest.mark.parametrize(
    "text",
    ["Véase el art. 5 de la ley.", "Dña. Lucía firmó el contrato.", "D. Juan pagó la renta.", "L'art. 3 le prévoit."],
)
def test_an_abbreviation_does_not_end_a_sentence(text: str) -> None:
    """Half a sentence makes no summary."""
    assert len(split(text, "es")) == 1


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Ms. Doyle argued against it."),
        ("en", "Prof. Reed lives in St. Albans, i.e. near London."),
        ("en", "See no. 5 and p. 14 of it."),
        ("en", "Acme Inc. rose against Zenith Ltd. today."),
        ("es", "Dña. Ana y el Excmo. Sr. Gil citan el núm. 5 y la pág. 7."),
        ("es", "Sumas S.A. ofrece frutas, p. ej. los almendros."),
        ("fr", "Mme. Roy et M. Blanc citent Me. Roche."),
        ("pt", "A Profa. Silva citou o Exmo. Sr. Reis, p. ex. na fl. 3."),
        ("pt", "Moinhos Ltda. vende farinha."),
    ],
)
def test_titles_and_abbreviations_stay_with_what_follows(language: str, sentence: str) -> None:
    """`Doyle argued` without `Ms.` reads like a telegram; the splitter is asked in the middle of a text."""
    text = f"Before it. {sentence} After it all ends."

    found = [text[one.start : one.end] for one in split(text, language)]

    assert found == ["Before it.", sentence, "After it all ends."]


@pytest.mark.parametrize("sentence", ["She loves modern art.", "They hired Acme Ltd.", "He gave it to me."])
def test_a_word_that_is_also_an_abbreviation_may_end_a_sentence(sentence: str) -> None:
    """Two sentences in one make a summary too long."""
    assert len(split(f"{sentence} The others agreed with it.", "en")) == 2


def test_a_title_that_ends_in_an_abbreviation_is_a_heading() -> None:
    """The name of a company does not make a sentence of a title."""
    text = "Minutes of the board of Northwind Ferries Ltd.\n\nThe board met in Leeds. It adjourned at noon.\n"

    found = [one.is_prose for one in split(text, "en")]

    assert found == [False, True, True]


def test_a_document_of_one_line_is_no_title() -> None:
    """Where nothing follows, there is nothing to be the title of."""
    assert [one.is_prose for one in split("The ferry was built by Harland Ltd.\n", "en")] == [True]


def test_a_wrapped_line_goes_on() -> None:
    """Text from PDF files is broken where the page was narrow."""
    text = "Esta frase fue escrita en una página que era demasiado estrecha para\nque cupiera en una sola línea."

    assert len(split(text, "es")) == 1


def test_a_heading_is_no_prose() -> None:
    """Headings repeat the topic and would win every summary."""
    text = "Introducción general\n\nEste informe describe la obra.\n\n# Fin\n"

    found = [one.is_prose for one in split(text, "es")]

    assert found == [False, True, False]


def test_no_sentence_is_endless() -> None:
    """A megabyte without a full stop must not reach the comparison of sentences."""
    found = split("palabra " * 100_000, "es")

    assert max(one.end - one.start for one in found) <= LONGEST


@pytest.mark.parametrize("unit", ["«", '"', "a", ".", "\n", "A. ", "(", "\ud800"])
def test_hostile_repetition_is_split_all_the_same(unit: str) -> None:
    """One caller must not occupy a slot for hours."""
    text = unit * 50_000

    found = split(text, "es")

    assert all(0 <= one.start < one.end <= len(text) for one in found)
