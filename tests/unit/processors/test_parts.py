"""People paste letters in one language into reports in another; each paragraph is read as what it is."""

import pytest

from app.processors.parts import LONGEST, main_language, parts_of
from app.processors.reading import Reading

SPANISH = "La cooperativa inauguró ayer una planta que dará agua a doce pueblos de la comarca durante muchos años."
ENGLISH = "The council agreed yesterday to repair the old bridge before the winter rains begin and the river rises."
FRENCH = "Le conseil municipal a voté hier la rénovation de l'école et du petit marché couvert de la vieille ville."
PORTUGUESE = "A câmara aprovou ontem um projeto que vai levar água a doze aldeias da região durante os próximos anos."
CODE = "```\nfor x in y:\n    z[x] = q(x)\n```"
TABLE = "| Ávila | 12 | 4,5 |\n| Soria | 30 | 6,1 |\n| León | 45 | 7,7 |\n| Burgos | 51 | 8,0 |\n| Zamora | 11 | 2,3 |"


def languages(text: str) -> list[tuple[str, str]]:
    """Say how each part of *text* begins, and in which language it is."""
    return [(text[part.start : part.start + 10], part.language) for part in parts_of(text)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(SPANISH, ENGLISH, ["es", "en"]), (FRENCH, PORTUGUESE, ["fr", "pt"])],
)
def test_each_paragraph_has_its_language(one: str, other: str, expected: list[str]) -> None:
    """With the wrong function words half of the keywords would be rubbish."""
    assert [language for _, language in languages(f"{one}\n\n{one}\n\n{other}")] == expected


def test_a_quotation_does_not_change_what_stands_around_it() -> None:
    """A report in Spanish may quote a letter in English."""
    text = f"{SPANISH}\n\n{ENGLISH}\n\n{SPANISH}\n\n{SPANISH}"

    found = parts_of(text)

    assert [part.language for part in found] == ["es", "en", "es"]
    assert main_language(found) == "es"


@pytest.mark.parametrize("odd", [TABLE, CODE, "Sí.", "--- 12 ---", "London, 3 May"])
def test_what_does_not_tell_goes_with_its_neighbours(odd: str) -> None:
    """Numbers, code and two words would be taken for any language."""
    assert [language for _, language in languages(f"{SPANISH}\n\n{odd}\n\n{SPANISH}")] == ["es"]


def test_between_two_languages_the_main_one_decides() -> None:
    """A table between a Spanish report and its English annex is the report's."""
    text = f"{SPANISH}\n\n{SPANISH}\n\n{SPANISH}\n\n{TABLE}\n\n{ENGLISH}"

    [spanish, english] = parts_of(text)

    assert text.index(TABLE) + len(TABLE) <= spanish.end
    assert (spanish.language, english.language) == ("es", "en")


def test_the_callers_language_is_that_of_every_paragraph() -> None:
    """The caller knows."""
    assert {part.language for part in parts_of(f"{SPANISH}\n\n{ENGLISH}", "fr")} == {"fr"}


@pytest.mark.parametrize("language", [None, "es"])
@pytest.mark.parametrize("text", ["", " ", "a" * 200_000, "a\n" * 100_000, f"{SPANISH}\n\n{ENGLISH}\n\n" * 1000])
def test_parts_cover_the_text_and_are_of_bounded_size(text: str, language: str | None) -> None:
    """No letter is lost, and no pattern ever sees more than one part."""
    found = parts_of(text, language)

    assert "".join(text[part.start : part.end] for part in found) == text
    assert all(0 < part.end - part.start <= LONGEST for part in found)


def test_a_long_text_is_cut_between_words() -> None:
    """A name that is cut in two is two wrong names."""
    text = "palabra " * 20_000

    assert all(text[part.start :].startswith("palabra") for part in parts_of(text))


def test_sentences_are_found_in_the_language_of_their_paragraph() -> None:
    """What is an abbreviation, a function word or a stem depends on it."""
    text = f"{SPANISH}\n\n{ENGLISH}"

    reading = Reading.of(text)

    assert [text[one.start : one.end] for one in map(reading.sentences.__getitem__, range(2))] == [SPANISH, ENGLISH]
    assert [reading.lexicon_at(text.index(one)).language for one in (SPANISH, ENGLISH)] == ["es", "en"]
    assert [list(section.places) for section in reading.sections] == [[0], [1]]
