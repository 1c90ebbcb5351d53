"""Rules of everything that is committed, code or not."""

import re
import tomllib
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT, files, modules

TEXTS: Final = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8", errors="replace") for path in files()}
LOCKS: Final = tuple(f"requirements{use}.lock" for use in ("", "-dev", "-spacy", "-evaluation", "-infra", "-audit"))
PROJECT: Final = tomllib.loads(TEXTS["pyproject.toml"])

REGISTRY = re.compile(r"(?:pypi|pythonhosted|npmjs)\.(?:org|com)|--(?:extra-)?index-url|--find-links")
PRIVATE_PATH = re.compile(r"(?<![\w.])/(?:root|work|Users|home/\w+)/")
LEFT_FOR_LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XXX)\b")
THIS_FILE: Final = "tests/house/test_rules_of_the_files.py"


@pytest.mark.parametrize("pattern", [REGISTRY, PRIVATE_PATH, LEFT_FOR_LATER], ids=["registry", "path", "for later"])
def test_no_file_says_what_belongs_to_one_machine_or_to_later(pattern: re.Pattern[str]) -> None:
    """A lock that names a company's mirror installs nowhere else; a wish in the code is no plan."""
    found = [
        f"{name}:{text.count('\n', 0, match.start()) + 1}"
        for name, text in TEXTS.items()
        if name != THIS_FILE
        for match in pattern.finditer(text)
    ]

    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_hashes_and_no_addresses(lock: str) -> None:
    """What is installed was seen before, byte for byte, whichever registry it comes from."""
    begun = re.findall(r"^[^\s#].*", TEXTS[lock], flags=re.MULTILINE)
    hashed = re.findall(r"^[\w.-]+==[^\s;]+(?: ; .+?)? \\\n    --hash=sha256:[0-9a-f]{64}\b", TEXTS[lock], re.MULTILINE)

    assert len(begun) == len(hashed) > 20
    assert "://" not in TEXTS[lock]


def test_every_lock_is_made_by_make_from_releases_that_are_a_week_old() -> None:
    """Most stolen releases are found within days."""
    resolver = re.search(r"^COMPILE = (?:.*\\\n)*.*", TEXTS["Makefile"], flags=re.MULTILINE)
    recipe = re.search(r"^lock: .*\n((?:\t.*\n)+)", TEXTS["Makefile"], flags=re.MULTILINE)

    assert resolver
    assert recipe
    assert {"--generate-hashes", '--exclude-newer "7 days"'} <= set(re.findall(r'--[a-z-]+(?: "[^"]+")?', resolver[0]))
    lines = recipe[1].splitlines()
    assert [line for line in lines if "$(COMPILE)" not in line and ",$(COMPILE))" not in line] == []
    assert re.findall(r"--output-file (\S+)", recipe[1]) == list(LOCKS)
    assert {path.name for path in ROOT.glob("*.lock")} - {"uv.lock"} == set(LOCKS)


def test_make_installs_nothing_but_what_has_its_hash() -> None:
    """A hash that is not compared keeps nothing out."""
    recipes = re.sub(r"\\\n", "", TEXTS["Makefile"])
    installs = re.findall(r"^\t.*\bpip (?:install|sync)\b.*", recipes, flags=re.MULTILINE)

    assert len(installs) == 3
    assert [install for install in installs if "--require-hashes" not in install] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_what_the_project_asks_for(lock: str) -> None:
    """A dependency that was added without `make lock` works for its author and for nobody else."""
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.+!-]+)", TEXTS[lock], flags=re.MULTILINE))
    groups = PROJECT["dependency-groups"]
    service = PROJECT["project"]["dependencies"]
    spacy = service + PROJECT["project"]["optional-dependencies"]["spacy"]
    evaluation = spacy + groups["dev"] + groups["evaluation"]
    wanted_of_each = (service, service + groups["dev"], spacy, evaluation, groups["infra"], groups["audit"])
    asked = dict(zip(LOCKS, wanted_of_each, strict=True))[lock]

    unmet = [
        line
        for line in asked
        if not (wanted := Requirement(line)).specifier.contains(pinned.get(canonicalize_name(wanted.name), "0"))
    ]
    assert unmet == []


def test_the_locks_that_extend_the_services_agree_with_it() -> None:
    """What is tested is what is served."""
    service, *others = (dict(re.findall(r"^([\w.-]+)==(\S+)", TEXTS[lock], flags=re.MULTILINE)) for lock in LOCKS[:4])

    assert [pins for pins in others if not service.items() <= pins.items()] == []


def test_every_target_of_the_makefile_is_explained() -> None:
    """`make help` prints the explanations; a target without one is found by nobody."""
    phony = set(re.findall(r"^\.PHONY: (.+)$", TEXTS["Makefile"], flags=re.MULTILINE)[0].split())
    explained = set(re.findall(r"^([a-z-]+):.*## \w", TEXTS["Makefile"], flags=re.MULTILINE))

    assert phony == explained


def test_hooks_come_from_this_repository_only() -> None:
    """A hook from elsewhere is code that nobody here has read, run before every commit."""
    sources = re.findall(r"repo: *(\S+)", TEXTS[".pre-commit-config.yaml"])

    assert set(sources) == {"local"}


def test_the_version_is_said_once() -> None:
    """`/version`, the package and the changelog's newest release are one number."""
    said = [
        text for module in modules("app") for text in re.findall(r'^__version__ = "(.+)"', module.text, re.MULTILINE)
    ]
    released = re.findall(r"^## \[(\d\S*)\]", TEXTS["CHANGELOG.md"], flags=re.MULTILINE)

    assert said == [PROJECT["project"]["version"]]
    assert released[:1] in ([], said)
