"""A reader of files that each say what they do to it; what it is told is `<verb> <argument>`, and never a real file."""

import os
import re
import signal

from app.domain.errors import DocumentEncrypted, DocumentTooLarge, DocumentUnreadable, NoTextFound
from app.domain.extraction import Extraction, Heading
from app.domain.processing import Report

ERRORS = {error.code: error for error in (DocumentEncrypted, DocumentTooLarge, DocumentUnreadable, NoTextFound)}
MEBIBYTE = 1 << 20
REPLY = Extraction(
    text="¿Qué? 漢字 🙂",
    media_type="application/pdf",
    title="Título",
    pages=2,
    headings=(Heading(text="Título", level=1, start=0), Heading(text="漢字", level=2, start=6)),
)


def warm_up() -> None:
    """Need nothing."""


def extract(file: bytes, report: Report) -> Extraction:
    """Do as *file* says."""
    verb, _, argument = file[:64].decode().strip().partition(" ")
    report(str(os.getpid()), 0.5)
    harm(verb, argument)
    match verb:
        case "write":
            return Extraction(text="ñ" * (int(argument) * MEBIBYTE // 2), media_type="text/plain")
        case "list":
            many = (Heading(text="漢" * 1000, level=1, start=0),) * int(argument)
            return Extraction(text="漢", media_type="text/plain", headings=many)
        case "weigh":
            return Extraction(text=str(len(file)), media_type="text/plain")
    return REPLY


def harm(verb: str, argument: str) -> None:
    """Do what a file must not do to its reader."""
    match verb:
        case "raise":
            raise ERRORS[argument]
        case "break":
            raise ValueError("a sentence that nobody may read in a log")
        case "die":
            os.kill(os.getpid(), signal.Signals[argument])
        case "eat":
            bytearray(int(argument) * MEBIBYTE)
        case "compute":
            re.match(r"(a+)+$", "a" * 64 + "b")
