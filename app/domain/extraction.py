"""What has been read out of a file: its text, and what is known of its structure."""

from dataclasses import dataclass
from typing import Final

from app.domain.processing import Json

MOST_HEADINGS: Final = 500
"""Headings that are listed of one file."""


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
        title: As the file itself says, or its first heading of the highest level; None if it has neither.
        pages: How many; None if its type has no pages.
        headings: At most `MOST_HEADINGS`, in order.

    """

    text: str
    media_type: str
    title: str | None = None
    pages: int | None = None
    headings: tuple[Heading, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Write all but the text as the API does, as a result's `document`."""
        return {
            "media_type": self.media_type,
            "title": self.title,
            "pages": self.pages,
            "headings": [heading.as_json() for heading in self.headings],
        }
