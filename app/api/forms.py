"""How a form with a file is read: into memory that is counted, and never so that the event loop stands still."""

from collections import Counter
from collections.abc import Callable, Coroutine
from sys import maxsize
from typing import Any, Final, override

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.bodies import refuse_encoded
from app.api.problems import CODES, Refused

FILE: Final = "file"
"""The one field that is a file."""

REPEATABLE: Final = frozenset({"entity_types"})

UPLOADS: Final = "/process_document/upload"

ENVELOPE: Final = 64 * 1024
"""What a form may take beyond its file."""

MOST_FIELDS: Final = 50
LONGEST_FIELD: Final = 4 * 1024


class Parser(MultiPartParser):
    """
    Keeps the file in memory, where it is counted as a body; a document has no business on a disk.

    Its slowest 64 KiB, of line ends and beginnings of the boundary, took 12 ms.
    """

    spool_max_size = maxsize


class FormRequest(Request):
    """A request whose form has been read."""

    def __init__(self, request: Request, form: FormData) -> None:
        """Stand for *request*."""
        super().__init__(request.scope, request.receive)
        self._form = form


class FormRoute(APIRoute):
    """A route that refuses a body that is no form before it reads any of it, and a form that cannot be understood."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_form(request: Request) -> Response:
            refuse_encoded(request.headers)
            _refuse_other_media(request.headers)
            form = await _read(request)
            try:
                _refuse_what_is_in_the_wrong_place(form)
                return await handle(FormRequest(request, form))
            finally:
                await form.close()

        return handle_form


def _refuse_other_media(headers: Headers) -> None:
    """Refuse what is no form, and a charset of the caller's choice: decoding some of them takes quadratic time."""
    media, parameters = parse_options_header(headers.get("content-type", ""))
    if media != b"multipart/form-data":
        raise Refused(415, "unsupported_media_type", "Send the file as a form, of type multipart/form-data.")
    if parameters.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise Refused(415, "unsupported_media_type", "Send the form in UTF-8; the file in it may have any encoding.")


async def _read(request: Request) -> FormData:
    parser = Parser(
        request.headers,
        request.stream(),
        max_files=MOST_FIELDS,
        max_fields=MOST_FIELDS,
        max_part_size=LONGEST_FIELD,
    )
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise Refused(422, "malformed_form", f"The form cannot be read: {_harmless(error.message)}") from error
    except ClientDisconnect as error:  # nobody reads the answer
        raise Refused(400, *CODES[400]) from error


def _harmless(message: str) -> str:
    """Return what the parser says, if it says nothing of the body."""
    return message if message.startswith(("Too many", "Missing boundary", "Part exceeded")) else "it is malformed."


def _refuse_what_is_in_the_wrong_place(form: FormData) -> None:
    """
    Refuse a field that is sent twice, of which one would be ignored, and a file that is none.

    Raises:
        RequestValidationError: If there is one.

    """
    sent = form.multi_items()
    errors = [
        _error(name, "This must be sent once", "repeated")
        for name, times in Counter(name for name, _ in sent).items()
        if times > 1 and name not in REPEATABLE
    ]
    for name, value in sent:
        if name == FILE and isinstance(value, str):
            errors.append(_error(name, "This must be a file, with a filename", "not_a_file"))
        elif name != FILE and isinstance(value, UploadFile):
            errors.append(_error(name, "This must not be a file", "unexpected_file"))
    if errors:
        raise RequestValidationError(errors)


def _error(name: str, message: str, kind: str) -> dict[str, Any]:
    return {"loc": ("body", name), "msg": message, "type": kind}
