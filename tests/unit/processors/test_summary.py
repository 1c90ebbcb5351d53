"""A summary is what most callers read, and often all they read."""

import re

import pytest

from app.processors.quoting import LONGEST_QUOTE
from app.processors.reading import Reading
from app.processors.summary import summarise

REPORT = """Informe anual de la biblioteca

La biblioteca municipal prestó 84.000 libros durante el año, un tercio más que el año anterior. El aumento de los
préstamos se debe sobre todo a la nueva sala infantil, que abrió en marzo. La sala infantil recibió 12.000 visitas en
nueve meses. También se renovaron los aseos de la planta baja.

Presupuesto y personal

El presupuesto de la biblioteca creció un cinco por ciento y permitió contratar a dos bibliotecarias. Las nuevas
bibliotecarias atienden la sala infantil por las tardes. El aparcamiento sigue cerrado por obras. Para el próximo año,
la biblioteca pide fondos para ampliar el horario y digitalizar los libros antiguos.
"""


def summary(text: str, language: str = "es", count: int | None = None) -> str:
    """Summarise *text* in one step."""
    return summarise(Reading.of(text, language), count=count)


def test_it_quotes_whole_sentences() -> None:
    """A summary that invents is worse than none."""
    flat = " ".join(REPORT.split())

    quoted = summary(REPORT, count=3)

    assert all(sentence.strip(" .") in flat for sentence in quoted.split(". "))


def test_it_keeps_the_order_of_the_text() -> None:
    """Sentences refer back, so their order carries meaning."""
    flat = " ".join(REPORT.split())

    places = [flat.index(sentence.strip(" .")) for sentence in summary(REPORT, count=4).split(". ")]

    assert places == sorted(places)


def test_headings_stay_out() -> None:
    """A heading says what comes, not what is so."""
    quoted = summary(REPORT, count=8)

    assert "Informe anual" not in quoted
    assert "Presupuesto y personal" not in quoted


def test_it_chooses_what_the_text_is_about() -> None:
    """The car park is a detail; the loans are the news."""
    quoted = summary(REPORT)

    assert "84.000 libros" in quoted
    assert "aparcamiento" not in quoted


def test_as_many_sentences_as_asked_for() -> None:
    """The option is a promise."""
    assert [len(re.findall(r"\.(?: |$)", summary(REPORT, count=count))) for count in (1, 2, 5)] == [1, 2, 5]


def test_more_sentences_than_there_are_gives_all() -> None:
    """Asking for too much is no error."""
    assert summary("Una frase corta de prueba. Otra frase distinta.", count=20).count(".") == 2


def test_by_default_it_is_shorter_than_the_text() -> None:
    """Two sentences need a summary of one."""
    assert summary("El puente se abrió ayer al tráfico. Los vecinos celebraron una fiesta.").count(".") == 1


def test_it_does_not_say_the_same_twice() -> None:
    """Reports repeat themselves; a summary has no room for it."""
    text = (
        "El consejo aprobó el presupuesto de la nueva escuela. "
        "El consejo aprobó ayer el presupuesto de la nueva escuela. "
        "La escuela abrirá en otoño con veinte aulas. Los alumnos estudian ahora en barracones de obra. "
        "El presupuesto incluye un comedor y una pista de deporte."
    )

    assert summary(text, count=None).count("aprobó") == 1


def test_a_text_of_headings_is_summarised_by_them() -> None:
    """Some documents are nothing but a list."""
    assert summary("Pan integral\n\nLeche de avena\n\nManzanas") != ""


def test_nothing_gives_nothing() -> None:
    """Blank pages occur."""
    assert summary(" \n\n ") == ""


def test_a_monster_sentence_is_cut() -> None:
    """Text without punctuation must not come back whole."""
    assert len(summary("palabra " * 5000)) <= 5 * (LONGEST_QUOTE + 2)


def test_bullets_and_numbers_are_taken_off() -> None:
    """They point at a list that is not there any more."""
    text = "1. El contrato dura un año completo desde hoy.\n2. La renta se paga cada mes por adelantado."

    assert summary(text, count=1)[0].isalpha()


def test_the_same_text_has_the_same_summary() -> None:
    """A repeated attempt must not change the outcome."""
    assert summary(REPORT) == summary(REPORT)


def test_a_sentence_that_says_where_to_call_stays_out() -> None:
    """A telephone number is an entity, not the gist."""
    text = (
        "La biblioteca de la comarca abrirá los domingos desde septiembre. Los lectores de la comarca lo pedían desde "
        "hace años. La biblioteca atiende dudas de los lectores en el teléfono +34 976 123 456 o en "
        "lectores@biblioteca.example. El horario de los domingos será de diez a dos."
    )

    quoted = summary(text)

    assert quoted.startswith("La biblioteca de la comarca abrirá")
    assert "976" not in quoted


def test_a_title_with_a_full_stop_stays_out() -> None:
    """The first sentence is a good one; the title above it is none."""
    text = (
        "Minutes of the board meeting of Northwind Ferries Ltd.\n\nThe board of Northwind Ferries met in Edinburgh. "
        "Ms. Doyle argued that the board should wait for the second ferry. Fuel remained the largest cost of all."
    )

    quoted = summary(text, "en", count=2)

    assert quoted.startswith("The board of Northwind Ferries met")
    assert "Ms. Doyle argued" in quoted


LETTER = """From: Odile Varga <odile@mill.example>
Date: Tuesday, 4 June 2024 9:12 a.m.
Subject: the flour

Dear Tom,

Thank you for the nice words about our bread and the bakery. The flour that you sent us is damp, and the bakers
refuse to use the flour. We ask for new flour before 12 June, or for a refund of $1,860. It rained a lot. Our bakers
are glad that you and your family are well.

Item            Amount
Flour           40 sacks, damp.

Best wishes,
Odile
"""


def test_what_is_asked_by_when_and_for_how_much_comes_first() -> None:
    """Who reads one sentence of a letter wants to know what to do."""
    assert summary(LETTER, "en", count=1).startswith("We ask for new flour before 12 June")


def test_what_only_frames_a_letter_stays_out() -> None:
    """Senders, greetings and rows of a table are no sentences, whatever they end in."""
    quoted = summary(LETTER, "en", count=20)

    assert not [piece for piece in ("Odile", "9:12", "Dear", "40 sacks", "Best wishes") if piece in quoted]


@pytest.mark.parametrize(
    ("language", "polite", "told"),
    [
        ("en", "Thank you for the letter about the mill and the old wheel.", "The mill gets a new wheel in June."),
        ("es", "Le agradecemos su carta sobre el molino y su rueda.", "El molino tendrá rueda nueva en junio."),
        ("fr", "Nous vous remercions de la lettre sur le moulin.", "Le moulin aura une roue neuve en juin."),
        ("pt", "Agradecemos a carta sobre o moinho e a roda velha.", "O moinho terá uma roda nova em junho."),
        ("en", "The minutes of the last mill meeting were agreed.", "It was resolved to buy a wheel for the mill."),
    ],
)
def test_what_is_only_polite_or_formal_is_left_out(language: str, polite: str, told: str) -> None:
    """Every letter thanks, and every meeting approves the minutes of the one before."""
    assert summary(f"{polite} {told}", language, count=1) == told


def test_a_long_text_is_summarised_in_about_eighty_words() -> None:
    """A summary is read at a glance; half of that tells half as much."""
    text = " ".join(
        f"In year {year} the port of call number {year} earned {year} dollars." for year in range(1900, 1990)
    )

    assert 75 <= len(summary(text, "en").split()) <= 95


def test_figures_in_the_middle_of_a_very_long_text_are_found() -> None:
    """Only some hundred sentences are compared with each other, and the beginning is not all of a report."""
    filler = "The committee of the harbour talked about the harbour for a while. " * 600

    text = f"{filler}The harbour committee decided to pay €7,400,000 for the new pier. {filler}"

    assert "€7,400,000" in summary(text, "en")


def test_a_sentence_that_leans_comes_only_with_what_it_leans_on() -> None:
    """`It` without its noun is a riddle."""
    text = (
        "A lighthouse keeper found the wreck near the lighthouse. It carried copper. The wreck lies in deep water near "
        "the old lighthouse. Divers will photograph the wreck in spring."
    )

    quoted = summary(text, "en", count=2)

    assert "It carried" not in quoted


def test_the_items_of_a_list_serve_where_there_is_little_else() -> None:
    """Whoever writes a curriculum vitae writes no sentences."""
    text = (
        "Ada Quill\n\nExperience\n\n- Led the repair of the swing bridge at Goole, for £3.2 million\n- Taught welding "
        "to forty apprentices in two years\n- Tea\n\nI am looking for work as a bridge engineer.\n"
    )

    assert summary(text, "en", count=3) == (
        "Led the repair of the swing bridge at Goole, for £3.2 million · Taught welding to forty apprentices in two "
        "years · I am looking for work as a bridge engineer."
    )


def test_an_answered_message_is_quoted_without_its_marks() -> None:
    """The marks of each line would stand in the middle of the sentence."""
    text = (
        "Yes, we can.\n\n> Can the mill deliver forty sacks of\n> Manitoba flour before the\n> 3 July? We need flour.\n"
    )

    assert summary(text, "en", count=3) == (
        "Yes, we can. Can the mill deliver forty sacks of Manitoba flour before the 3 July? We need flour."
    )
