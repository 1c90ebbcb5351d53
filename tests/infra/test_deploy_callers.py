"""Whom a release calls as, and that it tries to come in as nobody."""

from pathlib import Path

import pytest

from infra.cloud_run import Cloud
from tests.acceptance.instance import make_key, running
from tests.infra.fake_cloud_run import AUDIENCE, BUILD, Check, Program
from tests.infra.rehearsal import AFTER, NEW, ROOT, TRIAL, Rehearsal, assert_nothing_has_changed, image


def test_an_account_gets_its_token_from_iam_and_no_token_is_printed(platform: Rehearsal) -> None:
    """Neither a build nor a person has an identity token that the service takes; and a log is read by many."""
    done = platform.release()

    assert done.returncode == 0
    asked = platform.cloud.bodies[f"POST /iam/v1/projects/-/serviceAccounts/{BUILD}:generateIdToken"]
    assert asked == {"audience": AUDIENCE, "includeEmail": True}
    assert "token-of" not in done.stdout + done.stderr
    assert "access-token" not in done.stdout + done.stderr


def test_terraform_means_the_same_audience_and_account() -> None:
    """Each side makes them of the service's name, and a release that nobody expects is refused."""
    service, pipeline = ((ROOT / "infra" / name).read_text() for name in ("service.tf", "pipeline.tf"))

    assert 'audience       = "https://${var.service_name}.internal"\n' in service
    assert 'account_id   = "${var.service_name}-build"\n' in pipeline
    assert Cloud("p", "r", "s").audience == "https://s.internal"
    assert Cloud("p", "r", "s").build_account == "s-build@p.iam.gserviceaccount.com"


def test_an_account_that_the_service_does_not_expect_is_told_so(platform: Rehearsal) -> None:
    """Cloud Run lets it in and the service does not; what each wants stands in another place."""
    done = platform.release("--impersonate=somebody-else@a-project.iam.gserviceaccount.com")

    assert done.returncode == 1
    assert "AFTERWORD_GOOGLE_ACCOUNTS" in done.stderr
    assert_nothing_has_changed(platform)


@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
def test_what_would_let_everybody_in_gets_no_traffic(platform: Rehearsal, *, public: bool) -> None:
    """A setting was forgotten, or a check; nobody would notice but the one who looks for it."""
    platform.cloud.public = public
    platform.cloud.programs[image(NEW)] = Program(commit=NEW, check=Check.NONE)

    done = platform.release()

    assert done.returncode == 1
    assert "should refuse whoever comes without a credential" in done.stderr
    assert f"POST /{TRIAL}/process_document/" not in platform.cloud.calls
    assert_nothing_has_changed(platform)


def test_who_may_not_call_is_told_what_it_takes(platform: Rehearsal) -> None:
    """A service nobody may call looks broken, and is not."""
    platform.cloud.refuses = True

    done = platform.release()

    assert done.returncode == 1
    assert "403" in done.stderr
    assert "roles/run.invoker" in done.stderr
    assert_nothing_has_changed(platform)


def test_the_service_itself_passes_its_trial(platform: Rehearsal, tmp_path: Path) -> None:
    """What the release asks for is what the service really answers; a key stands for what only Google can sign."""
    variables = {"AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db"), "AFTERWORD_AUTH": "required"}
    platform.cloud.credential = make_key(variables, "release")
    with running(tmp_path / "log", AFTERWORD_COMMIT=NEW, K_REVISION=AFTER, **variables) as service:
        platform.change(urls=dict.fromkeys(("service", "tag"), service.url))

        done = platform.release()

    assert (done.returncode, done.stderr) == (0, "")
    assert platform.serving == {AFTER: 100}


def test_the_service_itself_fails_its_trial_where_it_lets_everybody_in(platform: Rehearsal, tmp_path: Path) -> None:
    """As it does by default where it does not run on Cloud Run."""
    with running(
        tmp_path / "log", AFTERWORD_SQLITE_PATH=str(tmp_path / "tasks.db"), AFTERWORD_COMMIT=NEW, K_REVISION=AFTER
    ) as service:
        platform.change(urls=dict.fromkeys(("service", "tag"), service.url))

        done = platform.release()

    assert done.returncode == 1
    assert "should refuse whoever comes without a credential, and answers: 200" in done.stderr
