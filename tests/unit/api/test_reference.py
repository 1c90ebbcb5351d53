"""What the API says about itself: the schema, and the page that shows it."""

import re
from typing import Any

import pytest

from app.api.submissions import DocumentRequest
from tests.unit.api.arrange import World, assert_problem

PATHS = {
    "/process_document/": ["post"],
    "/document_status/{task_id}": ["get"],
    "/process_text_async/": ["post"],
    "/task_status/{task_id}": ["get"],
    "/process_text_blocking/": ["post"],
    "/tasks": ["get"],
    "/tasks/{task_id}": ["delete", "get"],
    "/tasks/{task_id}/cancel": ["post"],
    "/tasks/{task_id}/retry": ["post"],
    "/models": ["get"],
    "/version": ["get"],
    "/health/live": ["get"],
    "/health/ready": ["get"],
}


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

    operations = [operation for path in schema["paths"].values() for operation in path.values()]

    assert all(operation["description"] for operation in operations)
    assert all(set(operation["tags"]) <= known for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


async def test_every_documented_error_is_a_problem(schema: dict[str, Any]) -> None:
    """A generated client parses errors by what is written here."""
    for operations in schema["paths"].values():
        for operation in operations.values():
            errors = {status: found for status, found in operation["responses"].items() if not status.startswith("2")}
            unavailable = errors.pop("503", {}) if operation["operationId"] == "ready" else {}
            assert "application/problem+json" not in unavailable.get("content", {})
            assert all(list(found["content"]) == ["application/problem+json"] for found in errors.values())


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
