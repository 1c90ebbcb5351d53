"""The Dockerfile as far as it can be judged without building it; `make image-check` judges what comes out."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from app.settings import Settings

ROOT: Final = Path(__file__).parents[2]
DOCKERFILE: Final = ROOT / "Dockerfile"
TEXT: Final = DOCKERFILE.read_text(encoding="utf-8")


def test_the_linter_has_nothing_to_say() -> None:
    """It knows what others have regretted."""
    hadolint = Path(sys.executable).parent / "hadolint"

    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)  # noqa: S603 - ours

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_all_stages_have_one_base_of_the_version_that_is_tested() -> None:
    """An environment that was made with one Python does not run with another, nor is it tested with that."""
    tested = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", TEXT, flags=re.MULTILINE))
    bases = set(re.findall(r"^FROM (\S+)", TEXT, flags=re.MULTILINE)) - stages

    assert len(bases) == 1
    assert bases.pop().split("@")[0] == f"python:{tested}-slim"


def test_the_builder_is_sent_what_is_copied_and_nothing_else() -> None:
    """Otherwise keys and notes that lie about in a checkout travel to a builder, and every edit builds anew."""
    copied = set(re.findall(r"^COPY (?!--from)(\S+) ", TEXT, flags=re.MULTILINE))
    ignoring = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignoring if not line.startswith("#")]

    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == copied


def test_every_install_compares_hashes() -> None:
    """A registry, or who stands in for it, could else put its own code into the image."""
    installs = re.findall(r"(?:pip install|pip sync)(?:.*\\\n)*.*", TEXT)

    assert len(installs) == 3
    assert [install for install in installs if "--require-hashes" not in install] == []


def test_the_list_of_packages_lies_where_make_takes_it_from() -> None:
    """`make image` copies it out of the image."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    place = re.search(r"^SBOM := (\S+)/sbom\.cdx\.json$", makefile, flags=re.MULTILINE)

    assert place
    assert f"COPY --from=sbom /build/sbom.cdx.json {place[1]}/\n" in TEXT


def test_what_it_sets_is_a_setting() -> None:
    """A misspelt variable is no error anywhere: the default is taken, and the service is reached by nobody."""
    set_here = set(re.findall(r"\bAFTERWORD_(\w+)=", TEXT))

    assert {name.lower() for name in set_here} <= set(Settings.model_fields)
    assert {"HOST", "COMMIT"} <= set_here
