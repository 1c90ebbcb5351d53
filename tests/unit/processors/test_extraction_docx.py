"""What comes out of a Word file."""

import zipfile
from io import BytesIO

import pytest

from app.domain.errors import DocumentEncrypted, DocumentUnreadable
from app.domain.extraction import Extraction
from app.processors.extraction import extract
from tests.files import docx_of, docx_with, zip_of

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"
STYLES = (
    '<w:styles ROOT><w:style w:type="paragraph" w:styleId="Ttulo2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:styleId="Propio"><w:basedOn w:val="Ttulo2"/></w:style>'
    '<w:style w:styleId="Lista"><w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr></w:style>'
    '<w:style w:styleId="Circular"><w:basedOn w:val="Circular"/></w:style></w:styles>'
)


def read(file: bytes) -> Extraction:
    """Read *file*, and tell nobody how far it is."""
    return extract(file, lambda _stage, _fraction: None)


def paragraph(text: str, style: str = "", inside: str = "") -> str:
    """Write a paragraph."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{inside}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'


def test_a_file_of_a_word_processor_keeps_its_structure() -> None:
    """Headings, items and rows are what the rest is understood by."""
    extraction = read(
        docx_of(
            ("Title", "Acta"),
            ("Heading 1", "Asistentes"),
            ("List Bullet", "Ana"),
            ("List Number", "Luis"),
            ("Normal", "Se acordó todo."),
            ("Table", "Concepto\tImporte\nPapel\t3 €"),
            ("Heading 2", "Fin"),
        )
    )

    assert extraction.text == (
        "Acta\n\nAsistentes\n\n- Ana\n- Luis\n\nSe acordó todo.\n\nConcepto | Importe\nPapel | 3 €\n\nFin"
    )
    assert [(heading.text, heading.level) for heading in extraction.headings] == [
        ("Acta", 1),
        ("Asistentes", 1),
        ("Fin", 2),
    ]
    assert extraction.title == "Acta"
    assert all(extraction.text.startswith(heading.text, heading.start) for heading in extraction.headings)


def test_styles_are_known_by_what_they_mean_in_any_language() -> None:
    """`Ttulo2` and `berschrift2` are what Word calls a second heading where it speaks Spanish or German."""
    body = paragraph("Uno", "Ttulo2") + paragraph("Dos", "Propio") + paragraph("Tres", "Lista")
    body += paragraph("Cuatro", "Circular") + paragraph("Cinco", "", '<w:outlineLvl w:val="3"/>')

    extraction = read(docx_with(body, styles=STYLES))

    assert extraction.text == "Uno\n\nDos\n\n- Tres\n\nCuatro\n\nCinco"
    assert [(heading.text, heading.level) for heading in extraction.headings] == [("Uno", 2), ("Dos", 2), ("Cinco", 4)]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "<w:del><w:r><w:delText>no</w:delText><w:t>no</w:t></w:r></w:del><w:ins><w:r><w:t>sí</w:t></w:r></w:ins>",
            "sí",
        ),
        ("<w:moveFrom><w:r><w:t>sí</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>sí</w:t></w:r></w:moveTo>", "sí"),
        ("<w:r><w:instrText>PAGE</w:instrText><w:t>sí</w:t></w:r>", "sí"),
        ("<w:hyperlink><w:r><w:t>un </w:t></w:r><w:r><w:t>enlace</w:t></w:r></w:hyperlink>", "un enlace"),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r><w:r><w:t>sí</w:t></w:r>", "sí"),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>sí</w:t></w:r>', "sí"),
        ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>", "a\tb\nc-d"),
        ("<w:r><w:softHyphen/><w:t>a</w:t></w:r>", "a"),
    ],
)
def test_what_is_read_is_what_would_be_printed(body: str, text: str) -> None:
    """A sentence that was struck out must not turn up in a summary."""
    assert read(docx_with(f"<w:p>{body}</w:p>")).text == text


def test_a_text_box_is_read_once() -> None:
    """It is stored twice, for new programs and for old ones."""
    box = "<w:txbxContent><w:p><w:r><w:t>Caja</w:t></w:r></w:p></w:txbxContent>"
    choice = f"<mc:Choice>{box}</mc:Choice><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    body = f"<w:p><w:r><w:t>Texto</w:t><mc:AlternateContent>{choice}</mc:AlternateContent></w:r></w:p>"

    assert read(docx_with(body)).text == "Caja\n\nTexto"


def test_notes_come_at_the_end_without_the_line_above_them() -> None:
    """They name sources that are nowhere else."""
    notes = (
        '<w:footnotes ROOT><w:footnote w:type="separator"><w:p><w:r><w:t>—</w:t></w:r></w:p></w:footnote>'
        "<w:footnote><w:p><w:r><w:t>Véase el anexo.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )

    assert read(docx_with(paragraph("Texto."), footnotes=notes)).text == "Texto.\n\nVéase el anexo."


def test_a_table_that_only_places_text_is_no_table() -> None:
    """Letters are often laid out in one, and a letter is prose."""
    cell = paragraph("Estimada Ana:") + paragraph("Todo va bien.")

    text = read(docx_with(f"<w:tbl><w:tr><w:tc>{cell}</w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>")).text

    assert text == "Estimada Ana:\n\nTodo va bien."


@pytest.mark.parametrize(("words", "pages"), [("4", 12), ("400", None), ("0", None), ("x", None)])
def test_pages_are_believed_if_the_words_are_right(words: str, pages: int | None) -> None:
    """Programs that do not count pages leave the number of their template in the file."""
    app = f'<Properties xmlns="{OFFICE}"><Pages>12</Pages><Words>{words}</Words></Properties>'
    text = " ".join(["palabra"] * (6 if words == "4" else 20))

    assert read(docx_with(paragraph(text), app=app)).pages == (None if words == "4" else pages)


def test_pages_of_a_file_that_was_counted_are_told() -> None:
    """It is the only place where a Word file says how long it is."""
    app = f'<Properties xmlns="{OFFICE}"><Pages>3</Pages><Words>90</Words></Properties>'

    assert read(docx_with(paragraph("palabra " * 100), app=app)).pages == 3


def test_the_title_is_the_one_of_the_properties() -> None:
    """If there is one that says something."""
    assert read(docx_of(("Title", "Acta"), title="Acta de mayo")).title == "Acta de mayo"
    assert read(docx_of(("Title", "Acta"), title="Word Document")).title == "Acta"


def test_a_member_with_a_password_is_told_as_such() -> None:
    """Zips have a way of their own to be encrypted."""
    file = bytearray(docx_with(paragraph("Texto.")))
    for mark, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        file[file.find(mark) + offset] |= 1

    with pytest.raises(DocumentEncrypted):
        read(bytes(file))


def test_a_member_packed_in_an_unusual_way_is_refused() -> None:
    """The others unpack a hundred times more at once than was asked for."""
    with zipfile.ZipFile(BytesIO(docx_with(paragraph("Texto.")))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    with pytest.raises(DocumentUnreadable):
        read(made.getvalue())


def test_the_refusal_of_another_zip_says_what_can_be_read() -> None:
    """`Unreadable` alone sends somebody with a spreadsheet looking for damage."""
    with pytest.raises(DocumentUnreadable, match="only DOCX"):
        read(zip_of({"xl/workbook.xml": b"<x/>"}))
