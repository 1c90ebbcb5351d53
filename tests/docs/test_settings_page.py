"""The page of settings says what the code does."""

import re

from app.settings import OF_CALLERS, Settings
from tests.docs import settings_page
from tests.docs.settings_page import PAGE, page


def test_every_setting_is_on_the_page_as_it_is() -> None:
    """An operator reads the page, not the code."""
    written = PAGE.read_text(encoding="utf-8")

    assert written == page(), "write it anew: python -m tests.docs.settings_page"


def test_every_setting_is_described() -> None:
    """A setting nobody can understand is not one."""
    missing = [name for name, field in Settings.model_fields.items() if not field.description]

    assert missing == []


def test_what_callers_set_is_on_the_page_too() -> None:
    """Who looks for a variable looks there."""
    named = set(re.findall(r"`(AFTERWORD_\w+)`", settings_page.OF_CALLERS))

    assert named == OF_CALLERS
