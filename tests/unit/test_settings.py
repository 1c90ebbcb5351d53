"""What an operator may and may not set."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from app.settings import Auth, Settings, Store, unknown

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


def test_without_authentication_there_is_one_owner_and_no_limit_for_it() -> None:
    """The first command of the README asks for no key, and a load test of one's own machine is not refused."""
    local = settings()

    assert (local.auth, local.requests_per_second) == (Auth.NONE, 0)


@pytest.mark.parametrize("variables", [{"auth": "required"}, CLOUD_RUN, CLOUD_RUN | {"auth": "required"}])
def test_with_authentication_each_owner_has_a_limit(variables: dict[str, str]) -> None:
    """None of them may take up the process by itself."""
    there = settings(**variables)

    assert (there.auth, there.requests_per_second) == (Auth.REQUIRED, 50)


def test_an_explicit_limit_wins() -> None:
    """Also one of none."""
    assert settings(requests_per_second=5).requests_per_second == 5
    assert settings(auth="required", requests_per_second=0).requests_per_second == 0


def test_cloud_run_lets_nobody_in_unknown_unless_that_is_said_twice() -> None:
    """A service that anybody may use is a decision, and must not be an oversight."""
    with pytest.raises(ValidationError, match="AFTERWORD_ALLOW_ANONYMOUS=true"):
        settings(**CLOUD_RUN, auth="none")

    open_to_all = settings(**CLOUD_RUN, auth="none", allow_anonymous=True)
    assert (open_to_all.auth, open_to_all.requests_per_second) == (Auth.NONE, 50)


GOOGLE = {"google_accounts": "a@example.com, b@example.com", "google_audiences": "https://afterword.internal"}


@pytest.mark.parametrize("check", ["verified", "platform"])
def test_google_accounts_are_a_comma_separated_list(check: str) -> None:
    """That is how lists are written in an environment variable."""
    there = settings(**CLOUD_RUN, **GOOGLE, google_auth=check)

    assert there.google_accounts == ("a@example.com", "b@example.com")
    assert there.google_audiences == ("https://afterword.internal",)


@pytest.mark.parametrize("missing", list(GOOGLE))
def test_google_identities_need_accounts_and_audiences(missing: str) -> None:
    """Google makes tokens for everybody, and for everybody's services."""
    with pytest.raises(ValidationError, match="AFTERWORD_GOOGLE_ACCOUNTS"):
        settings(**CLOUD_RUN, **GOOGLE | {missing: ""}, google_auth="platform")


def test_the_platforms_word_for_a_caller_counts_only_on_the_platform() -> None:
    """Elsewhere anybody could write a token without a signature."""
    with pytest.raises(ValidationError, match="AFTERWORD_GOOGLE_AUTH=platform"):
        settings(**GOOGLE, google_auth="platform", auth="required")


def test_google_identities_that_keep_nobody_out_are_refused() -> None:
    """Who sets them believes that they do."""
    with pytest.raises(ValidationError, match="AFTERWORD_AUTH=required"):
        settings(**GOOGLE, google_auth="verified")


@pytest.mark.parametrize(
    "origins",
    [
        "app.example.com",
        "https://app.example.com/",
        "https://App.example.com",
        "null",
        "https://*.example.com",
        "ftp://a",
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(origins: str) -> None:
    """It would match nothing, and nobody would know why."""
    with pytest.raises(ValidationError, match="write each origin"):
        settings(cors_origins=origins)


def test_every_page_may_call_only_where_callers_are_known() -> None:
    """Otherwise any page that somebody opens could read what is on their machine."""
    with pytest.raises(ValidationError, match="AFTERWORD_CORS_ORIGINS"):
        settings(cors_origins="*")

    assert settings(cors_origins="*", auth="required").cors_origins == ("*",)


def test_a_misspelt_setting_is_noticed() -> None:
    """It would otherwise be as if it had not been set: no authentication, for example."""
    assert unknown(["PATH", "AFTERWORD_AUTH", "afterword_store", "AFTERWORD_AUHT"]) == ["AFTERWORD_AUHT"]


def test_what_callers_set_is_no_mistake() -> None:
    """Who tries the service on their own machine has both in one shell."""
    assert unknown(["AFTERWORD_SERVER", "AFTERWORD_KEY"]) == []
