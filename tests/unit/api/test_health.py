"""What operators and platforms ask: alive, ready, which version, which models."""

from tests.unit.api.arrange import World


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
