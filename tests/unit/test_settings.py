"""What an operator may and may not set."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from app.settings import Settings, Store

CLOUD_RUN = {"K_SERVICE": "afterword", "GOOGLE_CLOUD_PROJECT": "a-project"}


def settings(**variables: object) -> Settings:
    """Return the settings that these variables make."""
    return Settings.model_validate(variables)


def test_a_local_run_needs_no_setting() -> None:
    """The first command of the README must work on a fresh machine."""
    local = settings()

    assert local.store is Store.SQLITE
    assert local.host == "127.0.0.1"


@pytest.mark.parametrize("variables", [CLOUD_RUN, {"FIRESTORE_EMULATOR_HOST": "localhost:1"}])
def test_firestore_is_the_default_where_it_is_at_hand(variables: dict[str, str]) -> None:
    """A container's file would be gone with it."""
    assert settings(**variables).store is Store.FIRESTORE


def test_a_project_id_alone_does_not_select_firestore() -> None:
    """Many laptops have one set; nobody wants their tests to write into the cloud."""
    assert settings(GOOGLE_CLOUD_PROJECT="a-project").store is Store.SQLITE


def test_an_explicit_store_wins_over_the_surroundings() -> None:
    """What the operator says is what happens."""
    assert settings(FIRESTORE_EMULATOR_HOST="localhost:1", store="sqlite").store is Store.SQLITE


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"store": "sqlite"}, "AFTERWORD_STORE"),
        ({"FIRESTORE_EMULATOR_HOST": "localhost:1"}, "FIRESTORE_EMULATOR_HOST"),
        ({"GOOGLE_CLOUD_PROJECT": ""}, "GOOGLE_CLOUD_PROJECT"),
    ],
)
def test_cloud_run_refuses_what_would_lose_tasks(variables: dict[str, str], named: str) -> None:
    """Better no revision than one that forgets."""
    with pytest.raises(ValidationError, match=named):
        settings(**CLOUD_RUN | variables)


def test_an_emulator_on_cloud_run_can_be_allowed() -> None:
    """The image is rehearsed under Cloud Run's rules with an emulator."""
    rehearsal = CLOUD_RUN | {"FIRESTORE_EMULATOR_HOST": "localhost:1", "allow_emulator": "true"}

    assert settings(**rehearsal).store is Store.FIRESTORE


def test_cloud_run_is_listened_to_from_outside() -> None:
    """A container that listens on loopback gets no request."""
    assert settings(**CLOUD_RUN).host == "0.0.0.0"  # noqa: S104 - compared, not bound


def test_durations_are_seconds() -> None:
    """Nobody writes ISO 8601 durations into a deployment."""
    assert settings(lease="45", heartbeat="2.5").lease == timedelta(seconds=45)


def test_a_heartbeat_that_one_miss_would_break_is_refused() -> None:
    """A lease that ends between two beats turns live work into stolen work."""
    with pytest.raises(ValidationError, match="AFTERWORD_HEARTBEAT"):
        settings(lease="10", heartbeat="6")


def test_processors_are_a_comma_separated_list() -> None:
    """An environment variable holds no JSON."""
    assert settings(processors=" a.b , c ").processors == ("a.b", "c")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"content_bytes": "4000000"}, "AFTERWORD_CONTENT_BYTES"),
        ({"json_body_bytes": "99999999"}, "AFTERWORD_JSON_BODY_BYTES"),
        ({"time_to_live": "99999999999"}, "time_to_live"),
        ({"open_tasks": "0"}, "open_tasks"),
    ],
)
def test_a_limit_that_cannot_hold_is_refused(variables: dict[str, str], named: str) -> None:
    """A content that fits no body, a task kept for three thousand years, or none for anybody, is a typing error."""
    with pytest.raises(ValidationError, match=named):
        settings(**variables)


SWEPT = {"sweep_audience": "https://afterword.internal/sweep", "sweep_account": "sweep@example.com"}


def test_nobody_may_ask_for_a_sweep_by_default() -> None:
    """What nobody has opened is closed."""
    assert settings(**CLOUD_RUN).sweep_auth is None


@pytest.mark.parametrize("auth", ["verified", "platform"])
def test_on_cloud_run_either_may_check_the_schedulers_token(auth: str) -> None:
    """Which of them can, depends on who is let in; the deployment knows."""
    assert settings(**CLOUD_RUN, **SWEPT, sweep_auth=auth).sweep_auth == auth


@pytest.mark.parametrize("missing", list(SWEPT))
def test_a_sweep_needs_a_caller_and_an_audience(missing: str) -> None:
    """Otherwise any account of anybody's would do."""
    with pytest.raises(ValidationError, match="AFTERWORD_SWEEP_AUDIENCE"):
        settings(**CLOUD_RUN, **SWEPT | {missing: ""}, sweep_auth="platform")


def test_the_platforms_word_counts_only_on_the_platform() -> None:
    """Elsewhere nobody has checked the token, and anybody can write one."""
    with pytest.raises(ValidationError, match="AFTERWORD_SWEEP_AUTH=platform"):
        settings(**SWEPT, sweep_auth="platform")


def test_there_is_no_third_way_to_check_a_token() -> None:
    """A typing error must not open anything."""
    with pytest.raises(ValidationError, match="verified"):
        settings(**CLOUD_RUN, **SWEPT, sweep_auth="none")
