"""One run of schemathesis: its settings, its checks, and what it reports, as a tally."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx
import schemathesis
from hypothesis import strategies
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext
from schemathesis.specs.openapi.schemas import OpenApiSchema

from app.api.waiting import LONGEST_WAIT
from tests.fuzz.exceptions import exemption
from tests.fuzz.tally import Finding, Tally

ONE_BY_ONE: Final = ("examples", "coverage", "fuzzing")
IN_SEQUENCE: Final = ("stateful",)
OURS: Final = "acme"
THEIRS: Final = "globex"
"""Two owners that must not see anything of each other."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is sent in these *phases*: so many *cases* for each operation, or so many sequences of requests."""

    seed: int
    cases: int
    phases: tuple[str, ...] = ONE_BY_ONE


TAKING_A_BODY: Final = ("/process_document/", "/process_text_async/")

UNKNOWN_HEADER: Final = "x-schemathesis-unknown-property"
"""What schemathesis makes a request wrong by, in its own opinion, where headers are described."""

AGAIN: Final = 5
"""One request in so many keeps the key, or id, that schemathesis has chosen, which is often one that it has used."""

NAMES: Final = {"TaskDetail": "Task", "ModelView": "Model"}

OF_PHASES: Final[Mapping[str, Mapping[str, Any]]] = {"fuzzing": {"generation": {"unique-inputs": True}}}
"""The same request twice tells nothing new; in a sequence, it is the one before that counts."""

ROOM: Final = 255
"""Characters of a key, or an id."""

IDEMPOTENCY_KEY: Final = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")

_requests: Final = count(1)

schemathesis.openapi.format("printable", strategies.text().filter(str.isprintable))


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Make most keys and ids of texts new: what was used before is refused whatever else is wrong with a request."""
    _be_impatient(case)
    number = next(_requests)
    if number % AGAIN == 0:
        return
    for name, key in dict(case.headers or {}).items():
        if name.lower() == "idempotency-key" and IDEMPOTENCY_KEY.fullmatch(key):
            case.headers[name] = _renamed(key, number)
    task_id = case.body.get("task_id") if isinstance(case.body, dict) else None
    if isinstance(case.body, dict) and isinstance(task_id, str) and 0 < len(task_id) <= ROOM:
        case.body = {**case.body, "task_id": _renamed(task_id, number)}


def _be_impatient(case: Case[Any]) -> None:
    """Wait for a moment where a request would wait for half a minute, as it may: there are many of them."""
    wait = (case.query or {}).get("wait")
    if isinstance(wait, int | float) and 0 < wait <= LONGEST_WAIT:
        case.query["wait"] = wait / 1000
    for name, preferred in dict(case.headers or {}).items():
        if name.lower() == "prefer" and "wait" in preferred.lower():
            case.headers[name] = "wait=1"


def _renamed(name: str, number: int) -> str:
    ending = f" {number}"
    return name[: ROOM - len(ending)] + ending


def settings(plan: Plan, *, url: str | None = None, credentials: Path | None = None) -> SchemathesisConfig:
    """Return what schemathesis is told: all checks, on the service at *url*, with *credentials* of two owners."""
    told: dict[str, Any] = {
        "seed": plan.seed,
        "continue-on-failure": True,
        "cache": {"enabled": False},
        "generation": {"max-examples": plan.cases, "database": "none"},
        "operations": [
            {
                "include-method": "POST",
                "include-path": list(TAKING_A_BODY),
                # Else it goes on to ask for the model that it has found in an answer, and for no other.
                "phases": {"fuzzing": {"extra-data-sources": {"responses": False}}},
            }
        ],
        "phases": {
            phase: {"enabled": phase in plan.phases} | dict(OF_PHASES.get(phase, {}))
            for phase in ONE_BY_ONE + IN_SEQUENCE
        },
        "output": {"sanitization": {"enabled": False}},  # or no request with an Idempotency-Key could be repeated
    }
    if url is not None:
        told["base-url"] = url
    if credentials is not None:
        told["auth"] = {"wfc": {"path": str(credentials), "user": OURS, "peers": [OURS, THEIRS]}}
    return SchemathesisConfig.from_dict(told)


def write_credentials(path: Path, keys: Mapping[str, str]) -> Path:
    """Write the *keys*, by their owners, as schemathesis reads them."""
    users = [
        {"name": owner, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
        for owner, key in keys.items()
    ]
    path.write_text(json.dumps({"schema_version": "0.1.0", "auth": users}), encoding="utf-8")
    return path


def load(url: str, config: SchemathesisConfig) -> OpenApiSchema:
    """
    Read the document of the service at *url*; only two of its schemas get other names.

    A sequence begins with an operation only if what it refers to is answered
    somewhere under that very name: a `task_id` by a `Task`, a `model_name` by a `Model`.
    """
    text = httpx.get(f"{url}/openapi.json", timeout=30).raise_for_status().text
    for name, simple in NAMES.items():
        text = re.sub(rf'(?<=["/]){name}"', f'{simple}"', text)
    return schemathesis.openapi.from_dict(json.loads(text), config=config)


def operations_of(schema: OpenApiSchema) -> list[str]:
    """Return the operations of the document, each as its method and path."""
    return [found.ok().label for found in schema.get_all_operations() if isinstance(found, Ok)]


def attack(schema: OpenApiSchema, tally: Tally, *, says: Callable[[str], None] = lambda _: None) -> None:
    """Send all that the settings of *schema* ask for, and add it to the *tally*; *says* is told how far it is."""
    _set_aside(schema, tally)
    begun = monotonic()
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                _count(tally, event.recorder, event.phase.value)
                says(f"{event.phase.value}, {tally.cases} requests, {len(tally.findings)} findings")
            case events.NonFatalError():
                tally.errors.append(f"{event.label}: {event.info.format()}")
            case events.FatalError():
                tally.errors.append(f"schemathesis gave up: {event.exception!r}")
            case events.EngineFinished() if event.stop_reason.value != "completed":
                tally.errors.append(f"the run ended early: {event.stop_reason.value}")
    tally.seconds += monotonic() - begun


def _set_aside(schema: OpenApiSchema, tally: Tally) -> None:
    """Let no exemption be taken for a failure: the engine would try to shrink it."""

    def filter_failure(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
        is_odd = UNKNOWN_HEADER in {name.lower() for name in case.headers or ()}
        is_form = case.media_type == "multipart/form-data" and not code_of(response)
        code = "unknown_header" if is_odd else "form" if is_form else code_of(response)
        found = exemption(type(failure).__name__, response.status_code, code)
        if found is not None:
            tally.set_aside[found.code] += 1
        return found is None

    schema.hook(filter_failure)


def _count(tally: Tally, recorder: ScenarioRecorder, phase: str) -> None:
    for case_id, exchange in recorder.interactions.items():
        node = recorder.cases.get(case_id)
        tally.phases[phase] += 1
        if node is not None and exchange.response is not None:
            tally.answers[node.value.operation.label, exchange.response.status_code] += 1
    tally.findings.extend(_findings(recorder))


def _findings(recorder: ScenarioRecorder) -> Iterator[Finding]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is None:
                continue
            failure = check.failure_info.failure
            exchange = recorder.interactions.get(failure.case_id or case_id)
            response = exchange.response if exchange else None
            yield Finding(
                check=type(failure).__name__,
                operation=str(failure.operation),
                status=response.status_code if response else None,
                code=code_of(response) if response else "",
                message=failure.message,
                curl=check.failure_info.code_sample,
            )


def code_of(response: Response) -> str:
    """Return the code of a problem, and in what a request was not valid; nothing if the answer is none."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    return " ".join([str(body.get("code", "")), *sorted({str(found["type"]) for found in body.get("errors") or ()})])
