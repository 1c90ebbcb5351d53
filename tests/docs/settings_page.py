"""Writes `docs/settings.md` from the settings themselves: `python -m tests.docs.settings_page`."""

import re
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

OF_CALLERS: Final = """
The commands `submit` and `watch` are callers. On their machine two more variables count, and the service itself reads
neither: `AFTERWORD_SERVER`, where the service is (`http://localhost:8080`), and `AFTERWORD_KEY`, an API key or identity
token. Their options `--server` and `--key` go before.
"""


def page() -> str:
    """Return the page as it should be."""
    rows = "".join(_row(name, field) for name, field in Settings.model_fields.items())
    return INTRODUCTION + rows + OF_CALLERS


def _row(name: str, field: FieldInfo) -> str:
    """Return one setting's line; a description that begins with a variable's name names the variable."""
    description = field.description or ""
    variable = f"AFTERWORD_{name.upper()}"
    if named := re.match(r"`([A-Z_]+)`: ", description):
        variable, description = named[1], description[named.end() :]
    return f"| `{variable}` | {_default(field.default)} | {description[:1].upper()}{description[1:]} |\n"


def _default(value: object) -> str:
    if value is None or value == ():
        return "unset"
    if isinstance(value, timedelta):
        return f"`{value.total_seconds():g}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
