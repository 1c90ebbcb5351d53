"""What the API says about itself: the schema, and the page that shows it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from app.api import problems
from app.api.entrance import OPEN_PATHS
from app.api.services import Limits
from app.api.submissions import NOT_BLANK, PRINTABLE, DocumentRequest, TextRequest
from app.domain.processing import Kind
from app.engine.submission import Defaults
from tests.unit.api.arrange import World, assert_problem, world

PATHS = {
    "/process_document/": ["post"],
    "/process_document/upload": ["post"],
    "/document_status/{task_id}": ["get"],
    "/process_text_async/": ["post"],
    "/task_status/{task_id}": ["get"],
    "/process_text_blocking/": ["post"],
    "/tasks": ["get"],
    "/tasks/{task_id}": ["delete", "get"],
    "/tasks/{task_id}/cancel": ["post"],
    "/tasks/{task_id}/events": ["get"],
    "/tasks/{task_id}/retry": ["post"],
    "/tasks/{task_id}/text": ["get"],
    "/models": ["get"],
    "/version": ["get"],
    "/health/live": ["get"],
    "/health/ready": ["get"],
}


PROBLEM = "application/problem+json"
EVERYWHERE = {400, 408, 413, 431, 500, 503}
WHERE_CALLERS_ARE_KNOWN = {401, 403, 429}
OPEN = {"version", "live", "ready"}
STATUSES = {
    "process_document": {200, 202, 415, 422},
    "upload_document": {200, 202, 415, 422},
    "document_status": {200, 304, 404, 422},
    "process_text_async": {200, 415, 422},
    "task_status": {200, 304, 422},
    "process_text_blocking": {200, 404, 409, 422, 504},
    "list_tasks": {200, 422},
    "get_task": {200, 304, 404, 422},
    "delete_task": {204, 404, 409, 422},
    "get_text": {200, 404, 422},
    "task_events": {200, 204, 404, 422},
    "cancel_task": {200, 404, 409, 422},
    "retry_task": {200, 404, 409, 422},
    "list_models": {200},
    "version": {200},
    "live": {200},
    "ready": {200},
}
"""What each operation answers beside what all answer."""

ACCEPTING = {"process_document": "202", "upload_document": "202", "process_text_async": "200"}
AUTHENTICATE = {"WWW-Authenticate"}
LIMITS = {"RateLimit", "RateLimit-Policy", "Retry-After"}


@pytest.fixture
async def schema(here: World) -> dict[str, Any]:
    """Return the OpenAPI schema as callers get it."""
    read: dict[str, Any] = (await here.caller.get("/openapi.json")).json()
    return read


async def test_the_schema_has_the_tutorials_title_and_every_path(schema: dict[str, Any]) -> None:
    """Clients are generated from it: a path that is missing does not exist for them."""
    assert schema["info"]["title"] == "Procesador de Documentos IA Asíncrono"
    assert {path: sorted(operations) for path, operations in schema["paths"].items()} == PATHS


async def test_every_operation_says_what_it_is_for(schema: dict[str, Any]) -> None:
    """An operation without a sentence is one that nobody calls."""
    known = {tag["name"] for tag in schema["tags"]}

    found = [operation for path in schema["paths"].values() for operation in path.values()]

    assert all(operation["description"] for operation in found)
    assert all(set(operation["tags"]) <= known for operation in found)
    assert len({operation["operationId"] for operation in found}) == len(found)


def operations(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all operations by their names."""
    return {each["operationId"]: each for path in schema["paths"].values() for each in path.values()}


async def test_every_status_that_an_operation_can_answer_with_is_documented(schema: dict[str, Any]) -> None:
    """A client is written against this list; a `default` for all the others would promise nothing."""
    found = {name: set(map(int, each["responses"])) for name, each in operations(schema).items()}

    assert found == {
        name: own | EVERYWHERE | (set() if name in OPEN else WHERE_CALLERS_ARE_KNOWN) for name, own in STATUSES.items()
    }


async def test_every_documented_error_is_a_problem(schema: dict[str, Any]) -> None:
    """A generated client parses errors by what is written here; only who is not ready shows why instead."""
    for name, operation in operations(schema).items():
        errors = {status: set(each["content"]) for status, each in operation["responses"].items() if status >= "4"}
        assert errors.pop("503") == {PROBLEM} | ({"application/json"} if name == "ready" else set())
        assert all(media == {PROBLEM} for media in errors.values())


async def test_every_error_of_the_service_has_a_status_that_is_documented() -> None:
    """An error that is added to the table must not reach callers that have never read of it."""
    statuses = {int(status) for status, _ in problems.STATUSES.values()}

    assert statuses <= EVERYWHERE | WHERE_CALLERS_ARE_KNOWN | {404, 409, 422}


async def test_every_answer_says_what_its_headers_are(schema: dict[str, Any]) -> None:
    """Who may come again, and when, is in the headers alone."""
    for operation in operations(schema).values():
        headers = {status: set(each.get("headers", ())) for status, each in operation["responses"].items()}
        assert all("X-Request-Id" in names for names in headers.values())
        assert headers.get("401", AUTHENTICATE) >= AUTHENTICATE
        assert headers.get("429", LIMITS) >= LIMITS
        assert operation["operationId"] == "ready" or "Retry-After" in headers["503"]
        assert operation["operationId"] not in ACCEPTING or "Location" in headers[ACCEPTING[operation["operationId"]]]


async def test_what_describes_a_header_is_there(schema: dict[str, Any]) -> None:
    """A dangling reference makes the whole document invalid to some generators."""
    described = {f"#/components/headers/{name}" for name in schema["components"]["headers"]}

    used = {
        header["$ref"]
        for operation in operations(schema).values()
        for response in operation["responses"].values()
        for header in response.get("headers", {}).values()
    }
    assert used == described


async def test_a_closed_operation_takes_either_credential_and_an_open_one_none(schema: dict[str, Any]) -> None:
    """Swagger UI sends what it was given only to operations that say so."""
    schemes = schema["components"]["securitySchemes"]

    closed = [each["security"] for name, each in operations(schema).items() if name not in OPEN]
    assert all(security == [{"bearer": []}, {"apiKey": []}] for security in closed)
    assert not any("security" in each for name, each in operations(schema).items() if name in OPEN)
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")
    assert (schemes["apiKey"]["type"], schemes["apiKey"]["in"]) == ("apiKey", "header")
    assert schemes["apiKey"]["name"] == "X-API-Key"


async def test_open_is_what_the_entrance_leaves_open(schema: dict[str, Any]) -> None:
    """A document that shows no lock on a closed door, or the other way round, costs people hours."""
    paths = {path for path, each in schema["paths"].items() for operation in each.values() if "security" in operation}

    assert paths.isdisjoint(OPEN_PATHS)
    assert set(schema["paths"]) - paths <= OPEN_PATHS


async def test_every_link_leads_to_an_operation_that_takes_its_parameters(schema: dict[str, Any]) -> None:
    """A link to nowhere is worse than none: tools follow it."""
    named = {name: {each["name"] for each in found.get("parameters", ())} for name, found in operations(schema).items()}

    links = [
        link
        for operation in operations(schema).values()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert links
    assert all(set(link["parameters"]) <= named[link["operationId"]] for link in links)


async def test_no_parameter_can_be_null(schema: dict[str, Any]) -> None:
    """There is no null in an address or a header; a generated client would send the word."""
    parameters = [each for operation in operations(schema).values() for each in operation.get("parameters", ())]

    assert parameters
    assert not any("anyOf" in each["schema"] for each in parameters)


async def test_the_document_names_the_models_and_limits_of_this_very_service(tmp_path: Path) -> None:
    """They are settings: what is written for another installation is wrong for this one."""
    limits, defaults = Limits(content_bytes=5000), Defaults(max_attempts=7, time_to_live=timedelta(hours=1))

    async with world(tmp_path, limits=limits, defaults=defaults) as here:
        schemas = (await here.caller.get("/openapi.json")).json()["components"]["schemas"]

    document, text = schemas["DocumentRequest"]["properties"], schemas["TextRequest"]["properties"]
    assert set(document["model_name"]["enum"]) == set(here.services.catalogue.names(Kind.DOCUMENT))
    assert set(text["model_name"]["enum"]) == set(here.services.catalogue.names(Kind.TEXT))
    assert (document["content"]["maxLength"], text["text"]["maxLength"]) == (5000, 5000)
    assert "5,000 bytes" in document["content"]["description"]
    assert (document["max_attempts"]["default"], text["ttl_seconds"]["default"]) == (7, 3600)


@pytest.mark.parametrize(
    "content", ["a", " a ", "a\n\nb", "\u00a0ñ", "", " ", "\t\n", "\x1c\x85", "a\0", "\0", "\u3000"]
)
def test_a_document_is_valid_exactly_if_the_document_says_so(content: str) -> None:
    """A client that checks by the pattern must neither send what is refused nor refuse what would be taken."""
    fits = re.search(NOT_BLANK, content) is not None

    assert fits == is_valid(DocumentRequest, content=content)


@pytest.mark.parametrize("task_id", ["a", "mi tarea/ñ", "日本", "..", "\n", "a\x7f", "\x85", "\xa0", "\xad", "a\0"])
def test_an_id_is_valid_exactly_if_the_document_says_so(task_id: str) -> None:
    """As far as a pattern can tell what is printable without the tables of Unicode."""
    fits = re.search(PRINTABLE, task_id) is not None

    assert fits == is_valid(TextRequest, text="", task_id=task_id)


def test_whatever_is_printable_fits_the_pattern() -> None:
    """A generated client that checks it must not refuse anybody's language."""
    refused = [code for code in range(0x110000) if chr(code).isprintable() and not re.search(PRINTABLE, chr(code))]

    assert refused == []


def is_valid(model: type[BaseModel], **members: str) -> bool:
    """Whether the API would take these *members*."""
    try:
        model.model_validate(members)
    except ValidationError:
        return False
    return True


async def test_the_example_of_a_document_is_the_tutorials_and_works(here: World, schema: dict[str, Any]) -> None:
    """It is what people press first."""
    (example,) = schema["components"]["schemas"]["DocumentRequest"]["examples"]

    answered = await here.caller.post("/process_document/", json=example)

    assert example["model_name"] == "summarizer_v1"
    assert example["content"].startswith("Este es un documento de prueba")
    assert answered.status_code == 202
    assert DocumentRequest(**example).content == example["content"]


async def test_the_page_and_all_its_files_come_from_here(here: World) -> None:
    """The reference has to work where there is no internet, and tell nobody that it is read."""
    page = await here.caller.get("/docs")

    loaded = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page.text)
    paths = [source or url for source, url in loaded]
    answers = [await here.caller.get(path) for path in paths]
    assert page.headers["content-type"].startswith("text/html")
    assert len(paths) == 4
    assert all(path.startswith("/") and not path.startswith("//") for path in paths)
    assert [answer.status_code for answer in answers] == [200] * 4
    assert "://" not in page.text
    assert '"validatorUrl": null' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_page_can_show_the_version_of_the_schema(here: World, schema: dict[str, Any]) -> None:
    """Swagger UI before 5 shows nothing but an error for OpenAPI 3.1."""
    script = (await here.caller.get("/docs/swagger-ui-bundle.js")).text

    assert schema["openapi"].startswith("3.1")
    assert re.search(r'PACKAGE_VERSION:"5\.', script)


@pytest.mark.parametrize("path", ["/docs/__init__.py", "/docs/..%2Fmain.py", "/docs/x", "/redoc"])
async def test_nothing_else_is_served_beside_the_page(here: World, path: str) -> None:
    """A folder of a package is no web root."""
    assert_problem(await here.caller.get(path), 404, "not_found")


async def test_the_front_door_leads_to_the_reference(here: World) -> None:
    """Whoever opens the bare address wants to know what this is."""
    answered = await here.caller.get("/")

    assert (answered.status_code, answered.headers["location"]) == (307, "/docs")
