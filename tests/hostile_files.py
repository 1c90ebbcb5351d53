"""Files that were made to harm whoever reads them, none above 10 MiB."""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO

from tests.files import TYPES_PART, content_types, docx_with, zip_of

MEBIBYTE = 1 << 20
SHARE = float(os.environ.get("AFTERWORD_TEST_SHARE", "0.25"))
"""Of the full size that may be sent, for those `AT_A_SHARE`; `make bombs` has them all at their full size."""


def deflated(unit: bytes, total: int, *, head: bytes = b"", tail: bytes = b"") -> bytes:
    """Compress about *total* bytes of *unit* without ever having them: a block that needs no other is repeated."""
    packer = zlib.compressobj(9)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(unit * (4 * MEBIBYTE // len(unit))) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + block * (total // (4 * MEBIBYTE)) + packer.compress(tail) + packer.flush()


def pdf_of_objects(*objects: bytes) -> bytes:
    """Put a PDF together from its objects; the first is the catalogue."""
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return bytes(made) + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def pdf_with_content(packed: bytes, filters: bytes) -> bytes:
    """Make a PDF of one page, whose content is *packed* by *filters*."""
    return pdf_of_objects(
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>>>",
        b"<</Length %d /Filter [%s]>>\nstream\n%s\nendstream" % (len(packed), filters, packed),
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
    )


def pdf_content_bomb() -> bytes:
    """A page of 4 GiB of blanks, packed twice."""
    return pdf_with_content(zlib.compress(deflated(b" ", 4096 * MEBIBYTE), 9), b"/FlateDecode /FlateDecode")


def pdf_text_bomb() -> bytes:
    """A page of a hundred million letters, each an object of its own for whoever reads it."""
    packed = deflated(b"(abcdefgh ijklmno) Tj T*\n", 250 * MEBIBYTE, head=b"BT /F 10 Tf 12 TL 9 700 Td\n", tail=b"ET")
    return pdf_with_content(packed, b"/FlateDecode")


def pdf_object_stream_bomb() -> bytes:
    """An object stream of a gigabyte, which holds the page and nothing else of use."""
    page = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800]>>"
    index = b"3 0 6 %d " % (len(page) + 1)
    packed = deflated(b"[[[] [] []] (xxxx)] ", 1000 * MEBIBYTE, head=index + page + b" [", tail=b"]")
    stream = b"<</Type /ObjStm /N 2 /First %d /Length %d /Filter /FlateDecode>>\nstream\n%s\nendstream"
    made, places = bytearray(b"%PDF-1.7\n"), {}
    for number, content in (
        (1, b"<</Type /Catalog /Pages 2 0 R /Names 6 0 R>>"),
        (2, b"<</Type /Pages /Kids [3 0 R] /Count 1>>"),
        (4, stream % (len(index), len(packed), packed)),
    ):
        places[number] = len(made)
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    places[5] = len(made)
    rows = [
        (0, 0, 65535),
        (1, places[1], 0),
        (1, places[2], 0),
        (2, 4, 0),
        (1, places[4], 0),
        (1, places[5], 0),
        (2, 4, 1),
    ]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    made += b"5 0 obj\n<</Type /XRef /Size 7 /W [1 4 2] /Root 1 0 R /Length %d>>\nstream\n%s\nendstream\nendobj\n" % (
        len(table),
        table,
    )
    return bytes(made) + b"startxref\n%d\n%%%%EOF\n" % places[5]


def pdf_of_too_many_pages() -> bytes:
    """A hundred thousand pages, each a line of its file."""
    kids = b"".join(b"%d 0 R " % number for number in range(3, 100_003))
    return pdf_of_objects(
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [%s] /Count 100000>>" % kids,
        *[b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>"] * 100_000,
    )


def pdf_that_turns_in_circles() -> bytes:
    """Pages that are their own parents, and an outline whose last entry is followed by its first."""
    return pdf_of_objects(
        b"<</Type /Catalog /Pages 2 0 R /Outlines 4 0 R>>",
        b"<</Type /Pages /Kids [3 0 R 2 0 R] /Count 2 /Parent 2 0 R>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 3 0 R>>",
        b"<</First 5 0 R /Last 5 0 R>>",
        b"<</Title (a) /Parent 4 0 R /Next 5 0 R /First 5 0 R>>",
    )


def pdf_of_deep_arrays() -> bytes:
    """Millions of brackets inside each other."""
    return pdf_of_objects(b"<</Type /Catalog /Pages 2 0 R /X %s>>" % (b"[" * 4 * MEBIBYTE), b"<</Type /Pages>>")


def zip_of_deflated(members: Mapping[str, tuple[bytes, int, int]]) -> bytes:
    """Make a zip of members that are packed already, each with the sum and the size that it claims to have."""
    made, index = bytearray(), bytearray()
    for name, (packed, crc, size) in members.items():
        raw = packed[2:-4]  # without zlib's own head and sum
        fields = (20, 0, 8, 0, 0, crc, len(raw), size, len(name), 0)
        index += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, *fields, 0, 0, 0, 0, len(made)) + name.encode()
        made += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", *fields) + name.encode() + raw
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(members), len(members), len(index), len(made), 0)
    return bytes(made + index + end)


def docx_bomb(*, claimed: int = 4000 * MEBIBYTE, unit: bytes = b"<!---->") -> bytes:
    """A body of 4 GiB, which may claim to be smaller."""
    head = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    types = content_types()
    return zip_of_deflated(
        {
            TYPES_PART: (zlib.compress(types), zlib.crc32(types), len(types)),
            "word/document.xml": (deflated(unit, 4000 * MEBIBYTE, head=head), 0, claimed),
        }
    )


def docx_with_doctype(doctype: str, text: str) -> bytes:
    """Make a Word file whose XML has a document type."""
    document = docx_with(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
    with zipfile.ZipFile(BytesIO(document)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["word/document.xml"] = doctype.encode() + members["word/document.xml"]
    return zip_of(members)


def docx_billion_laughs() -> bytes:
    """Ten entities of ten entities, ten times over."""
    entities = '<!ENTITY l0 "lol">' + "".join(
        f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10)
    )
    return docx_with_doctype(f"<!DOCTYPE w [{entities}]>", "&l9;")


def docx_with_external_entity() -> bytes:
    """An entity that is a file of the reader."""
    return docx_with_doctype('<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "Text &x;")


def docx_of_members() -> bytes:
    """A hundred thousand parts."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(TYPES_PART, content_types())
        for number in range(90_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    return made.getvalue()


def docx_overlapping() -> bytes:
    """Ten thousand parts that are all the same ten megabytes of the file."""
    kernel = docx_bomb(unit=b" ")
    start = kernel.rfind(b"PK\1\2")
    entry, count = kernel[start:-22], 10_000
    length = kernel.find(b"PK\1\2")
    index = kernel[length:start] + entry * count
    return kernel[:length] + index + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(index), length, 0)


def zip_in_zip() -> bytes:
    """Sixteen archives in each of sixteen archives, six deep."""
    content = zip_of({"0": bytes(4 * MEBIBYTE)})
    for _ in range(6):
        content = zip_of({str(number): content for number in range(16)})
    return content


def docx_deep() -> bytes:
    """Tables in tables, a hundred thousand deep."""
    table = "<w:tbl><w:tr><w:tc>"
    return docx_with(table * 100_000 + "<w:p><w:r><w:t>deep</w:t></w:r></w:p>" + "</w:tc></w:tr></w:tbl>" * 100_000)


def docx_huge_table() -> bytes:
    """A table of two hundred thousand cells."""
    row = "<w:tr>" + "<w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc>" * 1000 + "</w:tr>"
    return docx_with(f"<w:tbl>{row * 200}</w:tbl>")


def docx_of_paragraphs() -> bytes:
    """Nearly as many paragraphs as a file may have tags, and nothing in them."""
    return docx_with("<w:p/>" * int(2_900_000 * SHARE))


def docx_of_too_much_text() -> bytes:
    """Two paragraphs of 8 MiB."""
    return docx_with(f"<w:p><w:r><w:t>{'palabra ' * MEBIBYTE}</w:t></w:r></w:p>" * 2)


def html(body: str) -> bytes:
    """Make a page."""
    return f"<!doctype html><title>Page</title><body><p>Some text.</p>{body}".encode()[: 10 * MEBIBYTE]


def markdown(body: str) -> bytes:
    """Make a Markdown file; at its full size it has 7 MiB."""
    size = int(7 * MEBIBYTE * SHARE)
    return f"# Title\n\n**Some** [text](http://a.example).\n\n{body}".encode()[:size]


def text_of_marks() -> bytes:
    """One letter with four million accents."""
    return ("a" + "\u0301\u0316" * (2 * MEBIBYTE)).encode()


DEEP = 100_000
MANY = 10 * MEBIBYTE

BOMBS: dict[str, Callable[[], bytes]] = {
    "pdf: content of 4 GiB": pdf_content_bomb,
    "pdf: 150 million letters": pdf_text_bomb,
    "pdf: object stream of 1 GiB": pdf_object_stream_bomb,
    "pdf: 100,000 pages": pdf_of_too_many_pages,
    "pdf: circles": pdf_that_turns_in_circles,
    "pdf: deep arrays": pdf_of_deep_arrays,
    "docx: body of 4 GiB": docx_bomb,
    "docx: body of 4 GiB that claims to be small": partial(docx_bomb, claimed=1000),
    "docx: 4 GiB of blanks": partial(docx_bomb, unit=b" "),
    "docx: billion laughs": docx_billion_laughs,
    "docx: external entity": docx_with_external_entity,
    "docx: 90,000 parts": docx_of_members,
    "docx: overlapping parts": docx_overlapping,
    "docx: deep tables": docx_deep,
    "docx: huge table": docx_huge_table,
    "docx: paragraphs": docx_of_paragraphs,
    "docx: 16 MiB of text": docx_of_too_much_text,
    "zip: in zip": zip_in_zip,
    "html: deep": lambda: html("<div>" * DEEP + "deep"),
    "html: huge table": lambda: html("<table>" + ("<tr>" + "<td>1" * 1000) * 300),
    "html: scripts": lambda: html("<script>if (a < b) '</p>'</script><p onclick='x'>y</p>" * 100_000),
    "html: comments without end": lambda: html("<!--" * MANY),
    "html: tags without end": lambda: html("<a " * MANY),
    "html: quotes without end": lambda: html("<a b='" * MANY),
    "html: ends in quotes": lambda: html('<a =">" \' ' * 1_000_000),
    "html: hidden by many names": lambda: html("".join(f"<x{number} hidden></x{number}>" for number in range(200_000))),
    "html: one tag": lambda: html("<p " + "a=b " * MANY),
    "html: closing tags": lambda: html("</p" * MANY),
    "html: declarations": lambda: html("<![CDATA[" * MANY),
    "html: hidden without end": lambda: html("".join(f"<x{number} hidden>" for number in range(int(600_000 * SHARE)))),
    "html: references": lambda: html("&" * MANY),
    "html: long number": lambda: html(f"&#{'9' * 5000};<p>&#x{'f' * 5000};"),
    "html: bare brackets": lambda: html("<" * MANY),
    "markdown: brackets": lambda: markdown("[" * MANY),
    "markdown: links": lambda: markdown("[a](" * MANY),
    "markdown: link of blanks": lambda: markdown("[x](" + " " * (4 * MEBIBYTE)),
    "markdown: stars": lambda: markdown("*a **b " * MANY),
    "markdown: quotes": lambda: markdown("> " * MANY + "x"),
    "markdown: blanks": lambda: markdown(" " * (9 * MEBIBYTE) + "x"),
    "markdown: table": lambda: markdown("a | b\n" + " " * MEBIBYTE + "x\n" + "|-" * MEBIBYTE),
    "markdown: backticks": lambda: markdown("`" * MANY),
    "markdown: lines": lambda: markdown("a\n" * int(2 * MEBIBYTE * SHARE)),
    "text: one word": lambda: b"a" * (8 * MEBIBYTE),
    "text: too long": lambda: b"a" * (8 * MEBIBYTE + 1),
    "text: marks": text_of_marks,
    "text: zeros among letters": lambda: b"word \0" * MEBIBYTE,
    "text: stray bytes": lambda: ("ñandú ".encode() + b"\xe9 ") * (MEBIBYTE // 2),
    "text: nothing but line ends": lambda: b"\r" * (7 * MEBIBYTE) + b"x",
}
"""What each is called, and how it is made."""

AT_A_SHARE = {"docx: paragraphs", "html: hidden without end", *(name for name in BOMBS if name.startswith("markdown"))}
"""Those that take seconds at their full size."""
