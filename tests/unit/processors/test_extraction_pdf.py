"""What comes out of a PDF."""

import pytest

from app.domain.errors import DocumentTooLarge
from app.domain.extraction import TEXT_BYTES, Extraction
from app.processors.extraction import extract
from tests.files import pdf_of, set_pdf_of
from tests.hostile_files import pdf_of_too_many_pages

FULL = "Una línea llena de palabras que llega hasta donde llega la más larga"
BODY = [f"{FULL} de todas,", f"{FULL} de todas,", f"{FULL} o casi, y", "aquí termina."]


def read(file: bytes) -> Extraction:
    """Read *file*, and tell nobody how far it is."""
    return extract(file, lambda _stage, _fraction: None)


def test_lines_of_a_paragraph_are_one_and_paragraphs_stay_apart() -> None:
    """A sentence that is cut in three is three sentences to whoever reads on."""
    text = read(pdf_of([[*BODY, "", *BODY]])).text

    assert text == f"{' '.join(BODY)}\n\n{' '.join(BODY)}"


def test_lines_that_end_early_stay_lines() -> None:
    """An address is no sentence."""
    text = read(pdf_of([[*BODY, "", "Ana Ruiz", "Calle Mayor 1", "Madrid"]])).text

    assert text.endswith("\n\nAna Ruiz\nCalle Mayor 1\nMadrid")


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (["El docu-", "mento es breve y no dice nada."], "El documento es"),
        (["Un físico-", "químico leyó lo físico-químico."], "físico-químico leyó"),
        (["The state-of-the-", "art machine is new."], "state-of-the-art machine"),
        (["El período 2019-", "2020 fue largo."], "2019-2020 fue"),
        (["El acuerdo Madrid-", "Lisboa se firmó."], "Madrid-Lisboa se"),
    ],
)
def test_a_broken_word_is_mended_and_a_compound_is_not(lines: list[str], word: str) -> None:
    """No list of names and no stemmer knows half a word."""
    assert word in read(pdf_of([lines])).text


def test_a_word_and_a_sentence_go_on_over_the_page() -> None:
    """The page ends where the paper does."""
    text = read(pdf_of([["Aquí empieza una pala-"], ["bra que sigue y la frase"], ["acaba después. Otra."]])).text

    assert text == "Aquí empieza una palabra que sigue y la frase acaba después. Otra."


def test_running_headers_footers_and_page_numbers_are_left_out() -> None:
    """Otherwise the firm on the letterhead is the most important thing in every document."""
    pages = [[f"Página con texto propio {word}.", "Y otra línea."] for word in ("uno", "dos", "tres", "cuatro")]

    text = read(pdf_of(pages, header="Kestrel Logic S.L.", footer="Página {page} de 4")).text

    assert "Kestrel" not in text
    assert "de 4" not in text
    assert [word in text for word in ("uno", "dos", "tres", "cuatro")] == [True] * 4


def test_pages_that_are_all_alike_are_no_header() -> None:
    """A form that was printed five times still has something to say."""
    assert read(pdf_of([["Recibido."]] * 5)).text.startswith("Recibido.")


def test_headings_are_the_larger_lines_and_stand_where_they_say() -> None:
    """Whoever shows a table of contents jumps to these places."""
    extraction = read(set_pdf_of({"Introducción": ["Texto. " * 40], "Métodos": ["Más texto. " * 40]}))

    assert [(heading.text, heading.level) for heading in extraction.headings] == [("Introducción", 1), ("Métodos", 1)]
    assert all(extraction.text.startswith(heading.text, heading.start) for heading in extraction.headings)


def test_the_outline_knows_the_headings_better_than_their_size() -> None:
    """In many a report they are as small as the text."""
    pages = [["1. Alcance", "", *BODY], ["2. Plazos", "", "Otro texto.", "Y otro."]]

    extraction = read(pdf_of(pages, outline=[("Alcance", 0, 0), ("Plazos", 1, 1), ("Nada", 0, 1)]))

    assert [(heading.text, heading.level) for heading in extraction.headings] == [("1. Alcance", 1), ("2. Plazos", 2)]


@pytest.mark.parametrize("made_up", ["", "untitled", "Microsoft Word - acta.doc", "acta_v2.pdf", "Document1", "---"])
def test_a_title_that_a_program_made_up_is_none(made_up: str) -> None:
    """The largest line of the first page says more."""
    file = pdf_of([["# Acta de la reunión", "", *BODY]], title=made_up)

    assert read(file).title == "Acta de la reunión"


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("1. Introduction", None),
        ("1 Introduction", None),
        ("2.1 Alcance", None),
        ("IV) Metodología", None),
        ("§ 3 Zuständigkeit", None),
        ("2024 Annual Report", "2024 Annual Report"),
        ("Introduction", "Introduction"),
        ("Versión 1.2", "Versión 1.2"),
    ],
)
def test_a_numbered_heading_is_no_title(heading: str, title: str | None) -> None:
    """It is the name of the first section; no name is better than that of a part."""
    assert read(pdf_of([[f"# {heading}", "", *BODY]])).title == title


def test_a_title_that_somebody_gave_is_kept_and_pages_are_counted() -> None:
    """Both are what a list of documents shows."""
    extraction = read(pdf_of([BODY, [], BODY], title="Acta número 3"))

    assert (extraction.title, extraction.pages) == ("Acta número 3", 3)


def test_a_file_that_opens_without_a_password_is_read() -> None:
    """Many are encrypted only so that nobody may print them."""
    assert "aquí termina" in read(pdf_of([BODY], user_password="")).text


def test_too_many_pages_are_refused_before_the_first_is_read() -> None:
    """Two thousand are a large book."""
    with pytest.raises(DocumentTooLarge):
        read(pdf_of_too_many_pages())


def test_more_text_than_may_be_read_is_refused() -> None:
    """What follows is made for eight mebibytes."""
    line = "palabra " * 500

    with pytest.raises(DocumentTooLarge):
        read(pdf_of([[line] * 50] * (TEXT_BYTES // (50 * len(line)) + 2)))
