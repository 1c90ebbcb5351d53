"""Writes `docs/settings.md` from the settings themselves: `python -m tests.docs.settings_page`."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic.fields import FieldInfo

from app.settings import Settings

PAGE: Final = Path(__file__).parents[2] / "docs" / "settings.md"
INTRODUCTION: Final = """# Settings

Every setting is an environment variable. All have a default that is safe for a local run; on Cloud Run the
service refuses to start with an unsafe or missing value and names the variable. Durations are seconds.

| Variable | Default | What it does |
|---|---|---|
"""


def page() -> str:
    """Return the page as it should be."""
    return INTRODUCTION + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    """Return one setting's line; a description that begins with a variable's name names the variable."""
    description = field.description or ""
    variable = f"AFTERWORD_{name.upper()}"
    if description.startswith("`") and "`: " in description:
        variable, _, description = description[1:].partition("`: ")
    return f"| `{variable}` | {_default(field.default)} | {description[:1].upper()}{description[1:]} |\n"


def _default(value: object) -> str:
    if value is None or value == ():
        return "unset"
    if isinstance(value, timedelta):
        return f"`{value.total_seconds():g}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
