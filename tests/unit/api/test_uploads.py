"""Files, handed in as a form."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api.forms import ENVELOPE
from app.api.services import Limits
from app.domain.task import FILE
from tests.unit.api.arrange import World, assert_problem, world

PATH = "/process_document/upload"
CONTENT = "¡Hola mundo! Es domingo.".encode()
KEY = {"Idempotency-Key": "order-17"}

type Part = tuple[str | None, bytes | str]


def file(content: bytes = CONTENT, name: str = "letter.txt") -> tuple[str, Part]:
    """Return the part of a form that is a file."""
    return FILE, (name, content)


def field(name: str, value: str) -> tuple[str, Part]:
    """Return the part of a form that is an option."""
    return name, (None, value)


async def hand_in(here: World, *parts: tuple[str, Part], path: str = PATH, **further: Any) -> httpx.Response:  # noqa: ANN401 - as httpx
    """Send a form."""
    return await here.caller.post(path, files=list(parts), **further)


def errors(answered: httpx.Response) -> list[tuple[list[str], str]]:
    """Return what an answer finds fault with: where, and in a word what."""
    assert_problem(answered, 422, "validation_error")
    return [(error["loc"], error["type"]) for error in answered.json()["errors"]]


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
async def test_a_file_is_accepted_as_a_document_is(here: World, path: str) -> None:
    """Clients find their way by the body or by the headers; both are the same for each way in."""
    answered = await hand_in(here, file(), path=path)

    body = answered.json()
    assert (answered.status_code, body["status"], body["result"]) == (202, "pending", None)
    assert answered.headers["location"] == f"/document_status/{body['task_id']}"
    assert answered.headers["retry-after"] == "1"


async def test_the_result_says_what_the_file_was(here: World) -> None:
    """The text is found before a model reads it, with the options that the form has."""
    parts = [
        field("max_keywords", "3"),
        field("entity_types", "DATE, PERSON"),
        field("entity_types", "MONEY"),
        field("language", "es"),
        field("summary_sentences", ""),
    ]
    answered = await hand_in(here, file(), *parts, headers={"Prefer": "wait=10"})

    task = answered.json()
    assert (answered.status_code, task["status"]) == (200, "completed")
    assert task["result"]["document"]["media_type"] == "text/plain"
    assert task["result"]["options"] == {
        "max_keywords": 3,
        "entity_types": ["DATE", "PERSON", "MONEY"],
        "language": "es",
    }


async def test_the_ways_of_a_task_are_options_too(here: World) -> None:
    """Nobody has to choose between a file and an option."""
    parts = [field("ttl_seconds", "60"), field("max_attempts", "7"), field("delay_seconds", "100")]

    await hand_in(here, file(), *parts, field("model_name", "summarizer_v1"))

    (task,) = await here.tasks()
    assert (task.time_to_live.total_seconds(), task.max_attempts, task.model_name) == (60, 7, "summarizer_v1")
    assert (task.available_at - task.created_at).total_seconds() == 100
    assert task.is_file


async def test_the_text_of_a_file_is_shown_to_who_has_asked_for_it(here: World) -> None:
    """Positions in the result refer to a text that the caller has never seen."""
    answered = await hand_in(here, file(), field("keep_text", "true"), headers={"Prefer": "wait=10"})

    text = await here.caller.get(f"/tasks/{answered.json()['task_id']}/text")
    assert text.text == CONTENT.decode()


async def test_a_file_that_cannot_be_read_is_a_failed_task(here: World) -> None:
    """Reading it takes time, and is not done while a caller waits for an answer."""
    answered = await hand_in(here, file(b" \n"), headers={"Prefer": "wait=10"})

    task = answered.json()
    assert (answered.status_code, task["status"], task["attempt"]) == (200, "failed", 1)
    assert task["failure"]["code"] == "no_text_found"


async def test_the_same_file_again_gets_the_first_answer_whatever_it_is_called(here: World) -> None:
    """A client that repeats itself may have saved the file under another name."""
    first = await hand_in(here, file(), headers=KEY)
    second = await hand_in(here, file(name="copy of letter (1).pdf"), headers=KEY)

    assert second.content == first.content
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await here.tasks()) == 1


@pytest.mark.parametrize("other", [[file(CONTENT + b"!")], [file(), field("max_keywords", "3")]], ids=["file", "field"])
async def test_another_file_with_the_same_key_is_refused(here: World, other: list[tuple[str, Part]]) -> None:
    """Neither may silently stand for the other."""
    await hand_in(here, file(), headers=KEY)

    assert_problem(await hand_in(here, *other, headers=KEY), 422, "submission_conflict")


async def test_a_file_is_not_the_document_of_the_same_bytes(here: World) -> None:
    """They may be read differently."""
    await here.caller.post("/process_document/", json={"content": CONTENT.decode()}, headers=KEY)

    assert_problem(await hand_in(here, file(), headers=KEY), 422, "submission_conflict")


@pytest.mark.parametrize(
    ("parts", "where", "kind"),
    [
        ([field("max_keywords", "3")], FILE, "missing"),
        ([file(), file(b"another")], FILE, "repeated"),
        ([file(b"")], FILE, "blank"),
        ([field(FILE, "hello")], FILE, "not_a_file"),
        ([file(), ("language", ("language.txt", b"es"))], "language", "unexpected_file"),
        ([file(), field("model_name", "a"), field("model_name", "b")], "model_name", "repeated"),
        ([file(), field("webhook_url", "https://example.com")], "webhook_url", "extra_forbidden"),
        ([file(), field("max_keywords", "many")], "max_keywords", "int_parsing"),
        ([file(), field("max_keywords", "0")], "max_keywords", "greater_than_equal"),
        ([file(), field("language", "xx")], "language", "literal_error"),
    ],
)
async def test_what_is_wrong_with_a_form_is_named(
    here: World, parts: list[tuple[str, Part]], where: str, kind: str
) -> None:
    """Nothing that was sent is left out silently."""
    found = errors(await hand_in(here, *parts))

    assert (["body", where], kind) in found
    assert await here.tasks() == ()


async def test_an_entity_type_that_nobody_knows_is_named(here: World) -> None:
    """A typing error would otherwise look like a document without entities."""
    found = errors(await hand_in(here, file(), field("entity_types", "PERSON,PERSONS")))

    assert found == [(["body", "entity_types", 1], "literal_error")]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b'{"file": "x"}', "application/json"),
        (b"file=x", "application/x-www-form-urlencoded"),
        (b"%PDF-1.7", "application/pdf"),
    ],
)
async def test_what_is_no_form_is_refused_unread(here: World, body: bytes, media: str) -> None:
    """Each library has its own idea of how to send a file; the answer says which one is wanted."""
    answered = await here.caller.post(PATH, content=body, headers={"Content-Type": media})

    assert_problem(answered, 415, "unsupported_media_type")
    assert "multipart/form-data" in answered.json()["detail"]


@pytest.mark.parametrize("charset", ["punycode", "undefined", "utf-16"])
async def test_a_form_is_utf_8_whatever_its_file_is(here: World, charset: str) -> None:
    """Decoding some of Python's charsets takes quadratic time, and one of them only ever raises."""
    media = f"multipart/form-data; boundary=B; charset={charset}"
    answered = await here.caller.post(PATH, content=b"--B--\r\n", headers={"Content-Type": media})

    assert_problem(answered, 415, "unsupported_media_type")


async def test_an_empty_field_is_as_good_as_none(here: World) -> None:
    """Browsers send every field of a form, also those that nobody has filled in."""
    parts = [field("entity_types", ""), field("language", "")]
    answered = await hand_in(here, file(), *parts, headers={"Prefer": "wait=10"})

    assert answered.json()["result"]["options"] == {}


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"--B\r\nnot a header\r\n", "multipart/form-data; boundary=B"),
        (b"--B\r\n", "multipart/form-data"),
        (
            b'--B\r\nContent-Disposition: form-data; name="language"\r\n\r\n' + b"e" * 9999,
            "multipart/form-data; boundary=B",
        ),
        (b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\n' * 99, "multipart/form-data; boundary=B"),
    ],
    ids=["no headers", "no boundary", "a long field", "many fields"],
)
async def test_a_form_that_cannot_be_understood_is_refused(here: World, body: bytes, media: str) -> None:
    """A parser's limits are the caller's mistakes, not the service's."""
    answered = await here.caller.post(PATH, content=body, headers={"Content-Type": media})

    assert_problem(answered, 422, "malformed_form")


async def test_a_packed_form_is_refused(here: World) -> None:
    """Nobody knows how large it is."""
    answered = await hand_in(here, file(), headers={"Content-Encoding": "gzip"})

    assert_problem(answered, 415, "unsupported_media_type")


async def test_a_file_may_be_larger_than_json_and_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """Documents as people have them are megabytes, and a hundred of those are not."""
    limits = Limits(json_body_bytes=100, upload_bytes=1000)
    async with world(tmp_path, limits=limits) as here:
        fits = await hand_in(here, file(b"x" * 1000))
        over = await hand_in(here, file(b"x" * 1001))
        far_over = await hand_in(here, file(b"x" * (1000 + ENVELOPE)))
        slash = await hand_in(here, file(b"x" * 1000), path=f"{PATH}/")
        json = await here.caller.post("/process_document/", json={"content": "x" * 1000})

        assert (fits.status_code, slash.status_code) == (202, 202)
        for answered in (over, far_over, json):
            assert_problem(answered, 413, "body_too_large")


async def test_a_file_without_a_declared_length_is_cut_off_where_it_grows_too_large(tmp_path: Path) -> None:
    """A chunked body is counted while it comes."""

    async def parts() -> Any:  # noqa: ANN401 - what httpx sends in chunks
        yield b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(10):
            yield b"x" * ENVELOPE
        raise AssertionError("it was read to its end")

    async with world(tmp_path, limits=Limits(upload_bytes=1000)) as here:
        headers = {"Content-Type": "multipart/form-data; boundary=B", "Transfer-Encoding": "chunked"}
        answered = await here.caller.post(PATH, content=parts(), headers=headers)

        assert_problem(answered, 413, "body_too_large")
        assert await here.tasks() == ()
