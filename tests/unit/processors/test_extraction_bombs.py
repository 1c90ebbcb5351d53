"""
Files that were made to do harm, each read in a child like the pool's, under its limits.

Only PDFium takes what it can get; there it is the limit that ends it, and the
pool makes `document_unreadable` of the death.
"""

import signal

import pytest

from tests.confined import CPU_TIME, MEBIBYTE, MEMORY, confined
from tests.hostile_files import AT_A_SHARE, BOMBS, SHARE

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KILLING = ("pdf: content of 4 GiB", "pdf: 150 million letters", "pdf: object stream of 1 GiB")
OUTCOMES = {
    "pdf: 100,000 pages": "document_too_large",
    "pdf: circles": "no_text_found",
    "pdf: deep arrays": "no_text_found",
    "docx: body of 4 GiB": "document_too_large",
    "docx: body of 4 GiB that claims to be small": "document_unreadable",
    "docx: 4 GiB of blanks": "document_too_large",
    "docx: billion laughs": "document_unreadable",
    "docx: external entity": "document_unreadable",
    "docx: 90,000 parts": "document_too_large",
    "docx: overlapping parts": "document_unreadable",
    "docx: deep tables": DOCX,
    "docx: huge table": DOCX,
    "docx: paragraphs": "no_text_found",
    "docx: 16 MiB of text": "document_too_large",
    "zip: in zip": "document_unreadable",
    "html: references": "document_too_large",
    "html: bare brackets": "document_too_large",
    "text: too long": "document_too_large",
}
MOST_MEMORY = {"pdf: deep arrays": 450}
"""MiB, where it is more than `MODEST`."""
MODEST = 250


def made(name: str) -> bytes:
    """Make a bomb that is small enough to be sent; a larger one is refused at the door, and would prove nothing."""
    bomb = BOMBS[name]()
    assert len(bomb) <= 10 * MEBIBYTE
    return bomb


@pytest.mark.parametrize("name", [name for name in BOMBS if name not in KILLING])
def test_a_bomb_is_refused_or_read_in_little_memory(name: str) -> None:
    """What a file claims, and what it would become, must not matter."""
    verdict = confined(made(name))

    expected = OUTCOMES.get(name) or f"text/{name.partition(':')[0].replace('text', 'plain')}"
    assert verdict.outcome == expected
    assert verdict.signal == 0
    assert verdict.peak < MOST_MEMORY.get(name, MODEST)
    assert verdict.seconds < CPU_TIME.total_seconds() / 2 * (SHARE if name in AT_A_SHARE else 1)


@pytest.mark.parametrize("name", KILLING)
def test_a_bomb_in_a_pdf_takes_a_child_with_it_and_no_more_memory_than_that_may_have(name: str) -> None:
    """PDFium aborts rather than go on without the memory that it wants."""
    verdict = confined(made(name))

    assert (verdict.outcome, verdict.signal) == ("", signal.SIGABRT)
    assert verdict.peak < MEMORY // MEBIBYTE + 100
    assert verdict.seconds < CPU_TIME.total_seconds() / 2
