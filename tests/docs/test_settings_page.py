"""The page of settings says what the code does."""

from app.settings import Settings
from tests.docs.settings_page import PAGE, page


def test_every_setting_is_on_the_page_as_it_is() -> None:
    """An operator reads the page, not the code."""
    written = PAGE.read_text(encoding="utf-8")

    assert written == page(), "write it anew: python -m tests.docs.settings_page"


def test_every_setting_is_described() -> None:
    """A setting nobody can understand is not one."""
    missing = [name for name, field in Settings.model_fields.items() if not field.description]

    assert missing == []
