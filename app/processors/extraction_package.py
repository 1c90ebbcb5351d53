"""The parts of a zipped office file, read piece by piece: never more than is allowed, whatever they claim to be."""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final, Protocol, Self
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from app.domain.errors import DocumentEncrypted, DocumentTooLarge, DocumentUnreadable

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of all parts together, unpacked."""

MOST_TAGS: Final = 3_000_000
"""Of all parts together: nothing can be written in so few bytes that takes so long to read."""

MOST_MEMBERS: Final = 20_000

# Whatever zipfile, zlib and expat were seen to raise for files that somebody broke.
DAMAGE: Final = (
    BadZipFile,
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    expat.ExpatError,
    struct.error,
    zlib.error,
)

_CHUNK: Final = 1 << 16
_CONTENT_TYPES: Final = "[Content_Types].xml"
_IS_ENCRYPTED: Final = 1


class Handler(Protocol):
    """Is told what stands in a part; names are a namespace, a space and a local name."""

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """Take up an opening tag."""

    def end(self, name: str, /) -> None:
        """Take up a closing tag."""

    def data(self, text: str, /) -> None:
        """Take up text."""


@dataclass
class Package:
    """A zip of parts, with how much of it may still be unpacked."""

    members: ZipFile
    bytes_left: int = MOST_BYTES
    tags_left: int = MOST_TAGS
    _types: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def opened(cls, file: bytes) -> Self:
        """
        Open the package and read which part is of which type.

        Raises:
            DocumentTooLarge: If it has too many parts.
            DocumentUnreadable: If it has no list of types, as other zips have not.

        """
        package = cls(ZipFile(BytesIO(file)))
        if len(package.members.namelist()) > MOST_MEMBERS:
            raise DocumentTooLarge
        if _CONTENT_TYPES not in package.members.namelist():
            raise DocumentUnreadable(NO_DOCX)
        types = _Types()
        package.read(_CONTENT_TYPES, types)
        present = set(package.members.namelist())
        package._types = {name: type_ for name, type_ in types.found.items() if name in present}
        return package

    def part(self, *suffixes: str) -> str | None:
        """Name the part whose type ends in one of *suffixes*."""
        return next((name for name, type_ in self._types.items() if type_.endswith(suffixes)), None)

    def read(self, name: str, handler: Handler, progress: Callable[[float], None] = lambda _share: None) -> None:
        """
        Parse a part.

        Raises:
            DocumentEncrypted: If it takes a password.
            DocumentTooLarge: If more comes out of the package than is allowed.
            DocumentUnreadable: If it is packed in an unusual way or declares entities.

        """
        member = self.members.getinfo(name)
        if member.flag_bits & _IS_ENCRYPTED:
            raise DocumentEncrypted
        if member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise DocumentUnreadable  # the others unpack far more at once than was asked for
        parser = _parser(handler)
        read = 0
        with self.members.open(member) as part:
            while chunk := part.read(_CHUNK):
                self.bytes_left -= len(chunk)
                self.tags_left -= chunk.count(b"<")
                if min(self.bytes_left, self.tags_left) < 0:
                    raise DocumentTooLarge
                parser.Parse(chunk, False)  # noqa: FBT003 - expat knows it by place only
                read += len(chunk)
                progress(min(1.0, read / max(1, member.file_size)))
        parser.Parse(b"", True)  # noqa: FBT003 - as above


NO_DOCX: Final = "The file is a zip, but no DOCX; of such files only DOCX can be read"


@dataclass
class _Types:
    found: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        if name.endswith(" Override") and len(self.found) < MOST_MEMBERS:
            self.found[attributes.get("PartName", "").lstrip("/")] = attributes.get("ContentType", "")

    def end(self, name: str, /) -> None:
        pass

    def data(self, text: str, /) -> None:
        pass


def _parser(handler: Handler) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.data
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_declaration: object) -> None:
    """Refuse what no word processor writes, and what entities are declared in."""
    raise DocumentUnreadable
