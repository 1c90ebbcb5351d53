"""What a file is, whatever it is called, and what never comes out of it."""

import pytest

from app.domain.errors import DocumentEncrypted, DocumentUnreadable, NoTextFound
from app.domain.extraction import Extraction
from app.processors.extraction import extract, warm_up
from tests.files import docx_of, docx_with, pdf_of, zip_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
PROSE = "La reunión fue el 6 de marzo de 2024. Asistieron todas las personas convocadas."


def read(file: bytes) -> Extraction:
    """Read *file*, and tell nobody how far it is."""
    return extract(file, lambda _stage, _fraction: None)


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        (pdf_of([[PROSE]]), "application/pdf"),
        (b"\r\n\r\njunk\n" + pdf_of([[PROSE]]), "application/pdf"),
        (docx_of(("Normal", PROSE)), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (f"\ufeff<!-- x -->\n<!DOCTYPE html><title>x</title><p>{PROSE}".encode(), "text/html"),
        (f"<div><p>{PROSE}</p><p>Fin.</p></div>".encode(), "text/html"),
        (f"# Acta\n\n{PROSE}\n\n- uno\n- dos\n".encode(), "text/markdown"),
        (f'<p align="center"><b>x</b></p>\n\n# Acta\n\n[{PROSE}](http://a.example)\n'.encode(), "text/markdown"),
        (f"---\ntitle: Acta\n---\n\n{PROSE} **Fin.**\n".encode(), "text/markdown"),
        (f"# Acta\n\n{PROSE}\n".encode(), "text/markdown"),
        (f"{PROSE}\r\n\r\n## Acuerdos\r\n\r\n{PROSE}".encode(), "text/markdown"),
        (f"{PROSE}\n\n# Acta".encode(), "text/markdown"),
        (PROSE.encode(), "text/plain"),
        (b"# Settings of the library\n\nport = 8080\n# how many at once\nslots = 2\n", "text/plain"),
        (f"{PROSE}\n# Acta\n{PROSE}".encode(), "text/plain"),
        (f"The <html> tag opens a page. {PROSE}".encode(), "text/plain"),
        (f"A PDF begins with %PDF-1.7. {PROSE}".encode(), "text/plain"),
        (f"Dear all,\n\n- one\n- two\n\n> quoted\n\n{PROSE}".encode(), "text/plain"),
        (b"#!/bin/sh\n# a comment\necho hello\n", "text/plain"),
        (b"PKG_CONFIG is a variable of the environment.", "text/plain"),
    ],
)
def test_a_file_is_what_its_content_says(file: bytes, media_type: str) -> None:
    """A name is given by whoever saved it; half of the wrong ones come from a browser."""
    assert read(file).media_type == media_type


@pytest.mark.parametrize(
    "file",
    [
        zip_of({"readme.txt": b"hello"}),
        zip_of({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}),
        zip_of({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"}),
        b"PK\x05\x06" + bytes(18),
        OLE,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        b"\x7fELF\x02\x01\x01" + bytes(range(256)),
        b"\x1f\x8b\x08" + bytes(range(256)),
        b"{\\rtf1\\ansi Hello.}",
        bytes(range(256)) * 16,
        b"%PDF-1.7\nand nothing else",
    ],
    ids=["zip", "odt", "xlsx", "empty zip", "doc", "png", "elf", "gzip", "rtf", "bytes", "pdf"],
)
def test_what_cannot_be_read_is_refused(file: bytes) -> None:
    """The letters that happen to stand in a picture are no document."""
    with pytest.raises(DocumentUnreadable):
        read(file)


@pytest.mark.parametrize(
    "file",
    [OLE + "EncryptedPackage".encode("utf-16-le"), pdf_of([[PROSE]], user_password="secret")],  # noqa: S106 - made here
    ids=["docx", "pdf"],
)
def test_a_password_is_told_from_damage(file: bytes) -> None:
    """Only its owner can do something about it."""
    with pytest.raises(DocumentEncrypted):
        read(file)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b" \r\n\t ",
        b"\xef\xbb\xbf",
        b"\0\0\0\0\0\0\0\0",
        pdf_of([[], []]),
        docx_of(("Normal", "")),
        b"<!doctype html><title>Nothing</title><script>'x'</script>",
        b"<!-- [a](b) **c** -->\n\n[a]: http://b.example\n",
    ],
    ids=["empty", "blank", "mark", "zeros", "pdf", "docx", "html", "markdown"],
)
def test_nothing_to_read_is_said_to_be_so(file: bytes) -> None:
    """A scan without letters is the commonest of all, and its owner should hear that it is no fault of the file."""
    with pytest.raises(NoTextFound):
        read(file)


@pytest.mark.parametrize(
    "file",
    [
        pdf_of([[PROSE]] * 30),
        docx_with(f"<w:p><w:r><w:t>{PROSE}</w:t></w:r></w:p>" * 3000),
        f"<!doctype html>{f'<p>{PROSE}</p>' * 3000}".encode(),
        f"# Acta\n\n{f'{PROSE} **x**\n\n' * 2000}".encode(),
    ],
    ids=["pdf", "docx", "html", "markdown"],
)
def test_progress_is_told_on_the_way(file: bytes) -> None:
    """Without a word for seconds, a caller takes the work for stuck."""
    told: list[float] = []

    extract(file, lambda _stage, fraction: told.append(fraction))

    assert len(told) >= 4
    assert told[0] == 0.0
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_warming_up_twice_is_harmless() -> None:
    """The process that children are forked from does it, and so may a test."""
    warm_up()
    warm_up()
