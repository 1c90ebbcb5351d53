"""
How the web process and a child talk: a tag, a length, a payload.

Frames travel over a socket of their own, so nothing that a processor prints
can be taken for one. What is not a frame is told apart from one at once.
"""

import struct
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from app.domain.errors import (
    DocumentEncrypted,
    DocumentTooLarge,
    DocumentUnreadable,
    MemoryLimitExceeded,
    NoTextFound,
    PermanentFailure,
    ProcessorCrashed,
    ProcessorError,
    TransientFailure,
)
from app.domain.extraction import TEXT_BYTES
from app.domain.processing import RESULT_BYTES

HEADER: Final = struct.Struct("!BI")

CROSSING: Final[Mapping[str, type[ProcessorError]]] = MappingProxyType(
    {
        error.__name__: error
        for error in (
            ProcessorError,
            TransientFailure,
            PermanentFailure,
            MemoryLimitExceeded,
            DocumentEncrypted,
            DocumentTooLarge,
            DocumentUnreadable,
            NoTextFound,
        )
    }
)
"""The errors that a child may raise here, by the names they travel under."""


class Tag(IntEnum):
    """What a payload means; all but `TEXT` and `FILE` are JSON."""

    HELLO = 1
    JOB = 2
    TEXT = 3
    PROGRESS = 4
    RESULT = 5
    RAISED = 6
    EXTRACT = 7
    FILE = 8
    EXTRACTION = 9


def header(tag: Tag, payload: bytes) -> bytes:
    """What precedes *payload*."""
    return HEADER.pack(tag, len(payload))


def announced(head: bytes) -> tuple[Tag, int]:
    """
    The tag and the length that the header of a child's frame announces.

    Raises:
        ProcessorCrashed: If no child would send it.

    """
    tag, length = HEADER.unpack(head)
    if tag not in Tag or length > (TEXT_BYTES if tag == Tag.TEXT else RESULT_BYTES):
        raise ProcessorCrashed
    return Tag(tag), length
