"""What would lose tasks on Cloud Run ends the container at its start, and says what to change."""

import pytest

from tests.infra.image.container import refused


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"GOOGLE_CLOUD_PROJECT": "test", "AFTERWORD_STORE": "sqlite"}, "AFTERWORD_STORE=sqlite"),
        ({"GOOGLE_CLOUD_PROJECT": "test", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}, "AFTERWORD_ALLOW_EMULATOR=true"),
        ({}, "GOOGLE_CLOUD_PROJECT"),
        ({"GOOGLE_CLOUD_PROJECT": "test", "AFTERWORD_AUTH": "none"}, "AFTERWORD_ALLOW_ANONYMOUS=true"),
    ],
    ids=["SQLite", "an emulator", "no project", "everybody"],
)
def test_an_unsafe_setting_ends_it_at_once_and_is_named(variables: dict[str, str], named: str) -> None:
    """A revision that starts wrongly gets traffic, and is found out by its callers."""
    status, said = refused(variables)

    assert status != 0
    assert named in said
    assert "Listening at" not in said
