"""What cannot be a request: each a problem with a stable code, nothing stored, nothing of it repeated or logged."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.api.services import Limits
from tests.unit.api.arrange import SECRET, World, assert_problem, logged, world

JSON = {"content-type": "application/json"}
MIB = 1024 * 1024

DOCUMENTS: dict[str, tuple[Any, str, str]] = {
    "empty": ({"content": ""}, "content", "blank"),
    "blank": ({"content": " \t\n\u3000"}, "content", "blank"),
    "missing": ({"model_name": SECRET}, "content", "missing"),
    "null": ({"content": None}, "content", "string_type"),
    "a number": ({"content": 12}, "content", "string_type"),
    "a list": ({"content": [SECRET]}, "content", "string_type"),
    "NUL": ({"content": f"{SECRET}\0"}, "content", "nul_character"),
    "a lone surrogate": ({"content": f"{SECRET}\ud800"}, "content", "string_unicode"),
    "too long": ({"content": SECRET + "x" * MIB}, "content", "too_long"),
    "too long in UTF-8": ({"content": SECRET + "ñ" * (MIB // 2)}, "content", "too_long"),
    "a model that is no name": ({"content": SECRET, "model_name": 5}, "model_name", "string_type"),
    "no attempts": ({"content": SECRET, "max_attempts": 0}, "max_attempts", "greater_than_equal"),
    "eleven attempts": ({"content": SECRET, "max_attempts": 11}, "max_attempts", "less_than_equal"),
    "attempts as text": ({"content": SECRET, "max_attempts": "3"}, "max_attempts", "int_type"),
    "attempts as truth": ({"content": SECRET, "max_attempts": True}, "max_attempts", "int_type"),
    "half an attempt": ({"content": SECRET, "max_attempts": 1.5}, "max_attempts", "int_type"),
    "attempts without end": ({"content": SECRET, "max_attempts": 1e300}, "max_attempts", "less_than_equal"),
    "kept too shortly": ({"content": SECRET, "ttl_seconds": 59}, "ttl_seconds", "greater_than_equal"),
    "kept too long": ({"content": SECRET, "ttl_seconds": 2_592_001}, "ttl_seconds", "less_than_equal"),
    "in the past": ({"content": SECRET, "delay_seconds": -1}, "delay_seconds", "greater_than_equal"),
    "too late": ({"content": SECRET, "delay_seconds": 2_592_001}, "delay_seconds", "less_than_equal"),
    "no sentence": ({"content": SECRET, "summary_sentences": 0}, "summary_sentences", "greater_than_equal"),
    "many keywords": ({"content": SECRET, "max_keywords": 51}, "max_keywords", "less_than_equal"),
    "an unknown type": ({"content": SECRET, "entity_types": ["ANIMAL"]}, "entity_types", "literal_error"),
    "types without end": ({"content": SECRET, "entity_types": ["DATE"] * 11}, "entity_types", "too_long"),
    "an unknown language": ({"content": SECRET, "language": "tlh"}, "language", "literal_error"),
    "a webhook": ({"content": SECRET, "webhook_url": "https://x.test"}, "webhook_url", "extra_forbidden"),
    "text to keep, in words": ({"content": SECRET, "keep_text": "yes"}, "keep_text", "bool_type"),
    "an unknown member": ({"content": SECRET, "contents": SECRET}, "contents", "extra_forbidden"),
}

TEXTS: dict[str, tuple[Any, str, str]] = {
    "no id": ({"text": SECRET}, "task_id", "missing"),
    "an empty id": ({"text": SECRET, "task_id": ""}, "task_id", "string_too_short"),
    "a long id": ({"text": SECRET, "task_id": "x" * 256}, "task_id", "string_too_long"),
    "an id with a line break": ({"text": SECRET, "task_id": "a\nb"}, "task_id", "not_printable"),
    "an id with NUL": ({"text": SECRET, "task_id": "a\0"}, "task_id", "nul_character"),
    "an id with half a character": ({"text": SECRET, "task_id": "\udfff"}, "task_id", "string_unicode"),
    "a number as id": ({"text": SECRET, "task_id": 7}, "task_id", "string_type"),
    "NUL": ({"text": f"{SECRET}\0", "task_id": "t1"}, "text", "nul_character"),
    "a lone surrogate": ({"text": f"{SECRET}\udc00", "task_id": "t1"}, "text", "string_unicode"),
    "too long": ({"text": SECRET + "x" * MIB, "task_id": "t1"}, "text", "too_long"),
    "a document's option": ({"text": SECRET, "task_id": "t1", "max_keywords": 3}, "max_keywords", "extra_forbidden"),
}

MALFORMED: dict[str, bytes] = {
    "cut off": f'{{"content": "{SECRET}'.encode(),
    "no JSON": SECRET.encode(),
    "not UTF-8": b'{"content": "\xff\xfe"}',
    "nested deeply": b'{"content":' + b"[" * 100_000,
    "large and nested deeply": b'{"content":' + b"[" * 40_000 + b" " * 300_000,
    "large and full of values": b"[" + b"[]," * 200_000 + b"1]",
    "large, full of values, and cut off": b"," * 60_000 + b'"' + b'\\",' * 200_000,
    "a number without end": b'{"content":' + b"1" * 5_000 + b"}",
}


@pytest.mark.parametrize(("body", "member", "kind"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
async def test_a_document_that_cannot_be_is_refused(here: World, body: Any, member: str, kind: str) -> None:  # noqa: ANN401 - whatever somebody may send
    """The caller learns which member is wrong and why; nobody else learns anything."""
    with logged() as log:
        answered = await here.caller.post("/process_document/", content=as_json(body), headers=JSON)

    (found,) = assert_problem(answered, 422, "validation_error")["errors"]
    assert (found["loc"][:2], found["type"]) == (["body", member], kind)
    assert found.keys() == {"loc", "msg", "type"}
    assert await here.tasks() == ()
    assert SECRET not in log.getvalue()


async def test_a_whole_number_may_be_written_with_a_point(here: World) -> None:
    """To JSON 3.0 is a whole number, and some languages write every number like that."""
    answered = await here.caller.post("/process_document/", json={"content": "x", "max_attempts": 3.0})

    (task,) = await here.tasks()
    assert (answered.status_code, task.max_attempts) == (202, 3)


@pytest.mark.parametrize(("body", "member", "kind"), TEXTS.values(), ids=TEXTS.keys())
async def test_a_text_that_cannot_be_is_refused(here: World, body: Any, member: str, kind: str) -> None:  # noqa: ANN401 - whatever somebody may send
    """The caller learns which member is wrong and why; nobody else learns anything."""
    with logged() as log:
        answered = await here.caller.post("/process_text_async/", content=as_json(body), headers=JSON)

    (found,) = assert_problem(answered, 422, "validation_error")["errors"]
    assert (found["loc"][:2], found["type"]) == (["body", member], kind)
    assert await here.tasks() == ()
    assert SECRET not in log.getvalue()


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_no_json_is_refused(here: World, body: bytes) -> None:
    """Whatever the bytes, the process lives on and says what it expected."""
    with logged() as log:
        answered = await here.caller.post("/process_document/", content=body, headers=JSON)

    assert_problem(answered, 422, "malformed_json")
    assert await here.tasks() == ()
    assert SECRET not in log.getvalue()


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"1"])
async def test_json_that_is_no_object_is_refused(here: World, body: bytes) -> None:
    """Valid JSON is not yet a request."""
    answered = await here.caller.post("/process_document/", content=body, headers=JSON)

    assert_problem(answered, 422, "validation_error")


async def test_a_crowd_of_members_is_refused_at_once(here: World) -> None:
    """One error for each of a hundred thousand members would stop the event loop."""
    crowd = {f"member{number}": number for number in range(10_000)}

    answered = await here.caller.post("/process_document/", json=crowd)

    assert assert_problem(answered, 422, "validation_error")["errors"][0]["type"] == "too_many_members"


async def test_a_list_without_end_is_refused_at_its_first_mistake(here: World) -> None:
    """One error for each of its elements would stop the event loop."""
    answered = await here.caller.post("/process_document/", json={"content": "x", "entity_types": ["A"] * 10_000})

    assert len(assert_problem(answered, 422, "validation_error")["errors"]) == 1


async def test_a_member_with_an_absurd_name_is_named_in_short(here: World) -> None:
    """What is repeated stays short and printable; a document may have slipped into a name."""
    body = as_json({"content": "x", "\0\n" + "n" * 1000: 1})

    answered = await here.caller.post("/process_document/", content=body, headers=JSON)

    (found,) = assert_problem(answered, 422, "validation_error")["errors"]
    assert found["loc"][1] == "��" + "n" * 58


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "nonsense"},
        JSON | {"content-encoding": "gzip"},
    ],
)
@pytest.mark.parametrize("path", ["/process_document/", "/process_text_async/"])
async def test_another_media_type_is_refused(here: World, path: str, headers: dict[str, str]) -> None:
    """Guessing at bytes is how documents get mangled."""
    answered = await here.caller.post(path, content=b'{"content": "x"}', headers=headers)

    assert_problem(answered, 415, "unsupported_media_type")
    assert await here.tasks() == ()


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.example+json"])
async def test_json_by_another_name_is_json(here: World, content_type: str) -> None:
    """Clients add parameters without being asked."""
    answered = await here.caller.post(
        "/process_document/", content=b'{"content": "x"}', headers={"content-type": content_type}
    )

    assert answered.status_code == 202


async def test_no_body_at_all_is_a_missing_body(here: World) -> None:
    """The media type of nothing is not the mistake."""
    answered = await here.caller.post("/process_document/")

    assert assert_problem(answered, 422, "validation_error")["errors"][0]["type"] == "missing"


@pytest.mark.parametrize("model_name", ["gpt", "", "uppercase", SECRET, "\0", "x" * 100_000])
async def test_an_unknown_model_is_refused_with_the_known_ones(here: World, model_name: str) -> None:
    """The answer to a typing mistake is the list; a text's model is not among a document's."""
    answered = await here.caller.post("/process_document/", json={"content": "x", "model_name": model_name})

    detail = assert_problem(answered, 422, "unknown_model")["detail"]
    assert "default_ai_model" in detail
    assert "uppercase" not in detail
    assert await here.tasks() == ()


@pytest.mark.parametrize("path", ["/process_document/", "/process_text_async/", "/process_text_blocking/"])
async def test_a_wait_in_the_address_of_what_is_handed_in_is_refused(here: World, path: str) -> None:
    """Ignored, it would break its promise; the answer names the header that keeps it."""
    answered = await here.caller.post(path, json={"content": "x"}, params={"wait": "5", "text": "x"})

    assert "Prefer: wait" in assert_problem(answered, 422, "not_supported")["detail"]
    assert await here.tasks() == ()


@pytest.mark.parametrize("text", ["\0", "x" * 11])
async def test_a_text_in_the_query_is_held_to_the_same_rules(tmp_path: Path, text: str) -> None:
    """Another door, the same house."""
    async with world(tmp_path, limits=Limits(content_bytes=10)) as here:
        answered = await here.caller.post("/process_text_blocking/", params={"text": text})

        assert assert_problem(answered, 422, "validation_error")["errors"][0]["loc"] == ["query", "text"]
        assert await here.tasks() == ()


async def test_a_document_of_exactly_the_limit_is_accepted(here: World) -> None:
    """The limit is the largest that is accepted, not the smallest that is not."""
    answered = await here.caller.post("/process_document/", json={"content": "ñ" * (MIB // 2)})

    assert answered.status_code == 202


def as_json(body: Any) -> bytes:  # noqa: ANN401 - whatever somebody may send
    """Write *body* as JSON, with escapes if it holds half a character: there is no other way to send one."""
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(body).encode()
