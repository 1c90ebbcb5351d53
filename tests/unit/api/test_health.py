"""What operators and platforms ask: alive, ready, which version, which models."""

from pathlib import Path

from app.domain.errors import PermanentFailure
from app.domain.processing import Document, Execution, Processor, Report, Result
from tests.unit.api.arrange import MODELS, World, world

NO_CHILD = "No child process can take a document at the moment"


async def test_a_process_whose_store_is_gone_still_lives(here: World) -> None:
    """Killing it would not bring the store back, and would end what it runs."""
    here.store.is_reachable = False

    answered = await here.caller.get("/health/live")

    assert (answered.status_code, answered.json()) == (200, {"status": "ok"})


async def test_a_process_is_ready_with_its_store_and_models(here: World) -> None:
    """Traffic is sent by this answer."""
    answered = await here.caller.get("/health/ready")

    assert answered.status_code == 200
    assert answered.json() == {"status": "ok", "components": {"store": "ok", "models": "ok"}}


async def test_a_process_without_its_store_is_not_ready(here: World) -> None:
    """And says which part is missing, so that nobody has to look for it."""
    here.store.is_reachable = False

    answered = await here.caller.get("/health/ready")

    assert answered.status_code == 503
    assert answered.json() == {"status": "unavailable", "components": {"store": "unavailable", "models": "ok"}}


async def test_a_process_without_children_is_not_ready_and_says_so(here: World) -> None:
    """It would accept documents and hold them, while its neighbours have nothing to do."""
    here.pool.is_usable = False

    answered = await here.caller.get("/health/ready")

    assert (answered.status_code, answered.json()["status"]) == (503, "unavailable")
    assert answered.json()["components"] == {"store": "ok", "models": NO_CHILD}


async def test_a_process_without_models_is_not_ready(tmp_path: Path) -> None:
    """Whatever it is asked for, it would refuse."""
    async with world(tmp_path, models=()) as here:
        answered = await here.caller.get("/health/ready")

    assert (answered.status_code, answered.json()["components"]["models"]) == (503, "No model is offered")


async def test_the_version_names_what_runs(here: World) -> None:
    """A deployment is checked by it."""
    answered = await here.caller.get("/version")

    assert answered.json() == {"version": "1.2.3", "commit": "abc", "revision": None}


async def test_models_are_listed_with_what_they_take(here: World) -> None:
    """It is the list that an unknown model's problem points to."""
    models = (await here.caller.get("/models")).json()["models"]

    assert [model["name"] for model in models] == ["extractive_v1", "uppercase", "refusing", "stumbling"]
    assert models[0]["aliases"] == ["default_ai_model", "summarizer_v1"]
    assert (models[1]["kinds"], models[1]["execution"]) == (["text"], "cpu")
    assert (models[0]["layers"], models[1]["layers"]) == (["rules"], [])


async def test_a_model_that_can_work_is_available(here: World) -> None:
    """And there is nothing to explain."""
    models = (await here.caller.get("/models")).json()["models"]

    assert {(model["available"], model["reason"]) for model in models} == {(True, None)}


async def test_a_model_that_has_no_child_to_run_in_is_not_available(tmp_path: Path) -> None:
    """One that waits for another service needs none."""

    async def ask(_document: Document, _report: Report) -> Result:
        raise PermanentFailure

    remote = Processor(name="remote", run=ask, execution=Execution.IO)
    async with world(tmp_path, models=(*MODELS, remote)) as here:
        here.pool.is_usable = False
        models = (await here.caller.get("/models")).json()["models"]

    said = {model["name"]: (model["available"], model["reason"]) for model in models}
    assert said == {each.name: (False, NO_CHILD) for each in MODELS} | {"remote": (True, None)}
