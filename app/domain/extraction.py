"""What has been read out of a file: its text, and what is known of its structure."""

from dataclasses import dataclass
from typing import Final

from app.domain.processing import RESULT_BYTES, Json, Report, Result, size

MOST_HEADINGS: Final = 500
"""Headings that are listed of one file."""

TEXT_BYTES: Final = 8 * 1024 * 1024
"""Text that is read of one file, in UTF-8."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """
    A heading of the file.

    Attributes:
        text: On one line.
        level: From 1, the highest, to 6.
        start: At which character of the extracted text it begins.

    """

    text: str
    level: int
    start: int

    def as_json(self) -> dict[str, Json]:
        """Write it as the API does."""
        return {"text": self.text, "level": self.level, "start": self.start}


@dataclass(frozen=True, kw_only=True, slots=True)
class Extraction:
    """
    The readable part of a file.

    Attributes:
        text: What positions refer to; valid Unicode without NULs, never blank.
        media_type: What the file turned out to be, told by its content.
        title: As the file itself says, or its first heading of the highest level, unless that is numbered; else None.
        pages: How many; None if its type has no pages.
        headings: At most `MOST_HEADINGS`, in order.

    """

    text: str
    media_type: str
    title: str | None = None
    pages: int | None = None
    headings: tuple[Heading, ...] = ()

    def as_json(self, *, within: int = RESULT_BYTES) -> dict[str, Json]:
        """Write all but the text as a result's `document`, with the headings that fit *within* bytes."""
        headings: list[Json] = []
        known: dict[str, Json] = {
            "media_type": self.media_type,
            "title": self.title,
            "pages": self.pages,
            "headings": headings,
        }
        room = within - size(known)
        for heading in self.headings:
            room -= size(heading.as_json()) + len(", ")
            if room < 0:
                break
            headings.append(heading.as_json())
        return known


SHARE: Final = 0.2
"""What the extraction is of the whole work, as far as progress goes."""

_COMMAS: Final = len(', "document": , "truncated": true')


def reading(report: Report) -> Report:
    """Report an extraction as the first part of the work."""
    return lambda stage, fraction: report(stage, SHARE * fraction)


def after_reading(report: Report) -> Report:
    """Report what is done with the text as the rest of the work."""
    return lambda stage, fraction: report(stage, SHARE + (1 - SHARE) * fraction)


def described(result: Result, extraction: Extraction) -> Result:
    """Add to a *result* what is known of the file, as far as there is room for it; `truncated` if not all of it is."""
    if not isinstance(result, dict):
        return result
    room = RESULT_BYTES - size(result) - _COMMAS
    document = extraction.as_json(within=room)
    if size(document) > room:
        return result | {"truncated": True}
    is_whole = document["headings"] == [heading.as_json() for heading in extraction.headings]
    return result | {"document": document} | ({} if is_whole else {"truncated": True})
