"""The attack itself, on a small service that lies in its document: a suite that finds nothing must be able to."""

from typing import Annotated, Any

import pytest
import schemathesis.openapi
from fastapi import FastAPI, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.fuzz.attack import Plan, attack, operations_of, settings
from tests.fuzz.tally import Tally, complaints

ONCE: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"X-Promised": {"required": True, "schema": {"type": "string"}}}},
    422: {"description": "Not valid."},
}


class Answer(BaseModel):
    """What is promised."""

    number: int


def lying() -> FastAPI:
    """Return a service that breaks a rule on each of its paths, and on one of them none."""
    app = FastAPI()

    @app.get("/honest")
    async def honest(number: Annotated[int, Query(ge=0, le=9)]) -> Answer:
        return Answer(number=number)

    @app.get("/another-body", response_model=Answer)
    async def another_body() -> Response:
        return JSONResponse({"number": "one"})

    @app.get("/another-status", response_model=Answer)
    async def another_status() -> Response:
        return JSONResponse({"number": 1}, 207)

    @app.get("/no-header", responses=ONCE)
    async def no_header() -> Answer:
        return Answer(number=1)

    @app.get("/refuses", responses=ONCE)
    async def refuses(number: int) -> Response:
        return JSONResponse({"code": "odd"}, 422, headers={"X-Promised": f"{number}"})

    @app.get("/breaks")
    async def breaks() -> Response:
        return JSONResponse({"code": "internal_error"}, 500)

    return app


@pytest.fixture(scope="module")
def outcome() -> Tally:
    """Attack it with a few requests."""
    app = lying()
    config = settings(Plan(seed=1, cases=5, phases=("coverage", "fuzzing")))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    assert isinstance(schema, OpenApiSchema)
    tally = Tally("lies", operations_of(schema))
    attack(schema, tally)
    return tally


@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("/another-body", "JsonSchemaError"),
        ("/another-status", "UndefinedStatusCode"),
        ("/no-header", "MissingHeaders"),
        ("/refuses", "RejectedPositiveData"),
        ("/breaks", "ServerError"),
    ],
)
def test_every_lie_is_found(outcome: Tally, path: str, check: str) -> None:
    """Each is one that the real service could tell after any change."""
    assert (f"GET {path}", check) in {(finding.operation, finding.check) for finding in outcome.findings}


def test_the_truth_is_not_taken_for_a_lie(outcome: Tally) -> None:
    """A false alarm costs more trust than it is worth."""
    assert not [finding for finding in outcome.findings if finding.operation == "GET /honest"]
    assert {200, 422} <= set(outcome.statuses("GET /honest"))


def test_the_run_fails_and_says_how_to_repeat_what_it_found(outcome: Tally) -> None:
    """A finding that nobody can repeat is a rumour."""
    assert "some answers were 500" in complaints(outcome)
    assert all(finding.curl.startswith("curl") for finding, _ in outcome.kinds())
    assert any(finding.code == "odd" for finding in outcome.findings)
