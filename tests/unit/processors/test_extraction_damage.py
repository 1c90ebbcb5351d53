"""Files of every type that were cut off, or of which some bits are others: one of four errors, or a text."""

import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.errors import DocumentEncrypted, DocumentTooLarge, DocumentUnreadable, NoTextFound
from app.processors.extraction import extract
from tests.files import docx_of, pdf_of

EXPECTED = (DocumentEncrypted, DocumentTooLarge, DocumentUnreadable, NoTextFound)
TEXT = "Ana Ruiz firmó el 6 de marzo de 2024 en Málaga. "
WHOLE = {
    "pdf": pdf_of([["# Acta", "", TEXT, TEXT]] * 3, title="Acta", header="Página {page}", outline=[("Acta", 0, 0)]),
    "locked pdf": pdf_of([[TEXT]], user_password=""),
    "docx": docx_of(("Title", "Acta"), ("List Bullet", TEXT), ("Table", "a\tb\nc\td"), title="Acta"),
    "html": f"<!doctype html><meta charset=utf-8><title>x</title><h1>A</h1><table><tr><td>1<td hidden>{TEXT}".encode(),
    "markdown": f"---\ntitle: x\n---\n# A\n\n- [a](b) **c**\n\n| a | b |\n|---|---|\n| {TEXT} |\n".encode(),
    "utf-16": TEXT.encode("utf-16"),
    "latin": TEXT.encode("latin-1"),
}


def survives(file: bytes) -> bool:
    """Read *file*, and tell whether what came of it can be stored."""
    try:
        extraction = extract(file, lambda _stage, _fraction: None)
    except EXPECTED as error:
        return bool(error.message)
    text = extraction.text
    assert all(text.startswith(heading.text.split(" ")[0], heading.start) for heading in extraction.headings)
    return bool(text.strip()) and "\0" not in text and text.encode().decode() == text


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_other_bits_are_one_of_four_errors_or_a_text(kind: str, data: st.DataObject) -> None:
    """Any other exception would be tried again, and would put a foreign library's words into a log."""
    file = bytearray(WHOLE[kind])
    for place in data.draw(st.lists(st.integers(0, len(file) * 8 - 1), min_size=1, max_size=40)):
        file[place // 8] ^= 1 << place % 8

    assert survives(bytes(file))


@pytest.mark.parametrize("kind", WHOLE)
def test_an_end_that_is_missing_is_one_of_four_errors_or_a_text(kind: str) -> None:
    """An upload that broke off halfway is the commonest damage of all."""
    whole = WHOLE[kind]

    assert all(survives(whole[: len(whole) * part // 40]) for part in range(40))


@pytest.mark.parametrize("kind", WHOLE)
def test_a_piece_that_is_missing_or_doubled_is_one_of_four_errors_or_a_text(kind: str) -> None:
    """All places that a file speaks of are others then."""
    whole, chance = WHOLE[kind], random.Random(7)  # noqa: S311 - the same every time

    for _ in range(40):
        first, second = sorted(chance.randrange(len(whole)) for _ in range(2))
        assert survives(whole[:first] + whole[second:])
        assert survives(whole[:second] + whole[first:])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from((b"", b"%PDF-1.7\n", b"PK\3\4", b"<!doctype html>", b"# x\n\n")), st.binary(max_size=500))
@example(b"", b"\xff\xfe\x00\xd8")
@example(b"<!doctype html>", b"&#xd800;x")
def test_anything_at_all_is_one_of_four_errors_or_a_text(mark: bytes, rest: bytes) -> None:
    """The first upload of a curious person is `/dev/urandom`."""
    assert survives(mark + rest)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet="<>/!-=\"' &;#ptablehidnscrv\n", max_size=200))
def test_any_markup_is_a_page_or_nothing(markup: str) -> None:
    """Browsers have taught the world that everything is a page."""
    assert survives(f"<!doctype html>x{markup}".encode())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet="#*_`[]()!|>-+1. \n\\<a:~", max_size=200))
def test_any_signs_are_markdown_or_nothing(signs: str) -> None:
    """Every text is valid Markdown."""
    assert survives(f"# a\n\n**x** [a](b)\n{signs}".encode())
