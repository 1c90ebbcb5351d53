"""What may just be read of a file, and what is one too many."""

import struct
from io import BytesIO
from zipfile import ZipFile

import pytest

from app.domain.errors import DocumentTooLarge
from app.domain.extraction import MOST_HEADINGS, TEXT_BYTES, Extraction
from app.processors.extraction import extract
from app.processors.extraction_draft import LONGEST_HEADING, Block, Draft
from app.processors.extraction_package import MOST_BYTES, MOST_MEMBERS, MOST_TAGS, Package
from app.processors.extraction_pdf import MOST_PAGES
from tests.files import docx_of
from tests.hostile_files import pdf_of_objects

PART = b"<a><b/><b/><b/></a>"
TAGS = PART.count(b"<")


class Deaf:
    """Is told what stands in a part, and keeps nothing."""

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """Take up an opening tag."""

    def end(self, name: str, /) -> None:
        """Take up a closing tag."""

    def data(self, text: str, /) -> None:
        """Take up text."""


def read(file: bytes) -> Extraction:
    """Read *file*, and tell nobody how far it is."""
    return extract(file, lambda _stage, _fraction: None)


def pdf_of_pages(count: int) -> bytes:
    """Make a PDF of empty pages behind one with a word."""
    kids = b"".join(b"%d 0 R " % (3 + number) for number in range(count))
    word = b"BT /F 9 Tf (Word) Tj ET"
    font = b"<</Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>"
    return pdf_of_objects(
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [%s] /Count %d>>" % (kids, count),
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents %d 0 R /Resources %s>>" % (3 + count, font),
        *[b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>"] * (count - 1),
        b"<</Length %d>> stream\n%s\nendstream" % (len(word), word),
    )


def docx_of_members(count: int) -> bytes:
    """Make a Word file with so many parts, of which the last one is listed again and again, and read by nobody."""
    made = BytesIO(docx_of(("Normal", "Word")))
    with ZipFile(made, "a") as members:
        written = len(members.namelist()) + 1
        members.writestr("last", b"")
    file = made.getvalue()
    first, last, end = file.find(b"PK\1\2"), file.rfind(b"PK\1\2"), file.rfind(b"PK\5\6")
    index = file[first:end] + file[last:end] * (count - written)
    return file[:first] + index + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(index), first, 0)


def package_of_one_part(*, bytes_left: int = MOST_BYTES, tags_left: int = MOST_TAGS) -> Package:
    """Return a package with so much room for what is read of it."""
    file = BytesIO()
    with ZipFile(file, "w") as members:
        members.writestr("part", PART)
    return Package(ZipFile(file), bytes_left=bytes_left, tags_left=tags_left)


def test_a_pdf_has_two_thousand_pages_at_the_most() -> None:
    """A report of a thousand pages is a document, and the promise is a round number."""
    assert read(pdf_of_pages(MOST_PAGES)).pages == MOST_PAGES
    with pytest.raises(DocumentTooLarge):
        read(pdf_of_pages(MOST_PAGES + 1))


def test_a_word_file_has_twenty_thousand_parts_at_the_most() -> None:
    """Each takes memory before any of them is read."""
    assert read(docx_of_members(MOST_MEMBERS)).text == "Word"
    with pytest.raises(DocumentTooLarge):
        read(docx_of_members(MOST_MEMBERS + 1))


@pytest.mark.parametrize("room", [{"bytes_left": len(PART)}, {"tags_left": TAGS}], ids=["bytes", "tags"])
def test_a_part_that_takes_all_the_room_is_read_and_the_next_one_is_not(room: dict[str, int]) -> None:
    """The room is that of all parts together, so that a thousand small ones are no way around it."""
    package = package_of_one_part(**room)

    package.read("part", Deaf())
    with pytest.raises(DocumentTooLarge):
        package.read("part", Deaf())


@pytest.mark.parametrize("room", [{"bytes_left": len(PART) - 1}, {"tags_left": TAGS - 1}], ids=["bytes", "tags"])
def test_a_part_with_a_byte_or_a_tag_too_many_is_refused(room: dict[str, int]) -> None:
    """What was read of it until then is not shown as if it were all."""
    with pytest.raises(DocumentTooLarge):
        package_of_one_part(**room).read("part", Deaf())


@pytest.mark.parametrize("letter", ["x", "☃"])
def test_a_text_that_is_put_together_has_eight_mebibytes_at_the_most(letter: str) -> None:
    """What stands between its paragraphs counts too: positions lead into all of it."""
    half = letter * ((TEXT_BYTES - len("\n\n")) // 2 // len(letter.encode()))
    rest = "x" * (TEXT_BYTES - len("\n\n") - 2 * len(half.encode()))
    draft, too_long = Draft(), Draft()

    draft.add(Block(half))
    draft.add(Block(half + rest))
    too_long.add(Block(half))

    assert len(draft.finished("text/html").text.encode()) == TEXT_BYTES
    with pytest.raises(DocumentTooLarge):
        too_long.add(Block(half + rest + "x"))


def test_so_many_headings_are_listed_and_the_text_of_the_others_is_there() -> None:
    """A result has room for a table of contents, not for a dictionary."""
    draft = Draft()
    for number in range(MOST_HEADINGS + 1):
        draft.add(Block(f"Heading {number}", level=1))

    extraction = draft.finished("text/html")

    assert len(extraction.headings) == MOST_HEADINGS
    assert extraction.text.endswith(f"Heading {MOST_HEADINGS}")


@pytest.mark.parametrize(("length", "is_heading"), [(LONGEST_HEADING, True), (LONGEST_HEADING + 1, False)])
def test_what_is_too_long_for_a_heading_is_a_paragraph(length: int, *, is_heading: bool) -> None:
    """Somebody has set the whole letter in large type."""
    draft = Draft()
    draft.add(Block("x" * length, level=1))

    assert bool(draft.finished("text/html").headings) is is_heading
