"""What the image is for, asked of it over HTTP; and what it is made of, asked from within."""

import json
import os
import re
import shlex
import subprocess
import sys
from typing import Any, Final

import httpx
import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from app import __version__
from tests.acceptance.instance import ended
from tests.house.source import ROOT
from tests.infra.image.container import BIGGEST_MB, CLOUD_RUN, Container, engine, image, inspect_image

DOCUMENT: Final = (
    "La biblioteca de Zaragoza abre los domingos. Lo anunció Pedro Sánchez en la Universidad de Salamanca. "
    "Para reservar, llame al teléfono 91 123 45 67 o escriba a reservas@biblioteca.es. La entrada cuesta 3 euros."
)

BYTECODE: Final = """
import json, os, sys
import app.main, app.server, app.adapters.firestore_store, app.processors.extractive, app.processors.forkserver
modules = [module for module in sys.modules.values() if getattr(module, '__cached__', None)]
print(json.dumps([len(modules), [module.__name__ for module in modules if not os.path.exists(module.__cached__)]]))
"""

INSTALLED: Final = """
import json
from importlib.metadata import distributions
print(json.dumps([[one.name, one.version] for one in distributions(path=['/opt/venv/lib/python3.13/site-packages'])]))
"""
SBOM: Final = "/usr/share/doc/afterword/sbom.cdx.json"

TOOLS: Final = ("pip", "uv", "gcc", "cc", "make", "git", "curl")


def test_a_document_goes_through_from_end_to_end(container: Container) -> None:
    """An image that lacks one data file of a model starts, and then finds nothing."""
    with httpx.Client(base_url=container.url, timeout=30) as client:
        accepted = client.post("/process_document/", json={"content": DOCUMENT})
        task = ended(client, accepted.headers["location"])
        deleted = client.delete(f"/tasks/{task['task_id']}")
        afterwards = client.get(accepted.headers["location"])

    assert accepted.status_code == httpx.codes.ACCEPTED
    assert (task["status"], task["attempt"], task["error"]) == ("completed", 1, None)
    result = task["result"]
    assert isinstance(result, dict)
    found = {(entity["type"], entity["text"]) for entity in result["entities"]}
    assert found >= {
        ("PERSON", "Pedro Sánchez"),
        ("ORGANIZATION", "Universidad de Salamanca"),
        ("LOCATION", "Zaragoza"),
        ("PHONE", "91 123 45 67"),
        ("EMAIL", "reservas@biblioteca.es"),
        ("MONEY", "3 euros"),
    }
    assert "Universidad de Salamanca" in result["keywords"]
    assert result["language"] == "es"
    assert result["summary"]
    assert deleted.status_code == httpx.codes.NO_CONTENT
    assert afterwards.status_code == httpx.codes.NOT_FOUND


def test_it_names_the_commit_that_it_was_built_from(container: Container) -> None:
    """The pipeline compares it before it lets a caller in; a builder that is given none says so."""
    labelled = inspect_image('{{index .Config.Labels "org.opencontainers.image.revision"}}')

    said = httpx.get(f"{container.url}/version").json()

    assert said == {"version": __version__, "commit": labelled, "revision": CLOUD_RUN["K_REVISION"]}
    assert labelled in {"unknown", os.environ.get("COMMIT", labelled)}


def test_gunicorn_is_process_one_and_has_no_rights(container: Container) -> None:
    """A shell as process 1 keeps SIGTERM to itself, and a deployment becomes a massacre."""
    command = container.python("print(open('/proc/1/cmdline').read().split(chr(0)))")
    status = dict(
        line.split(":\t", 1) for line in container.python("print(open('/proc/1/status').read())").splitlines()
    )

    assert "/opt/venv/bin/gunicorn" in command
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"10001"}
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def test_nothing_in_it_builds_or_installs(container: Container) -> None:
    """What is not there is neither attacked nor reported by a scanner."""
    there = container.python(f"import shutil; print([tool for tool in {TOOLS} if shutil.which(tool)])")
    importable = container.python(
        "from importlib.util import find_spec; "
        "print([name for name in ('pip', 'ensurepip', 'setuptools', 'uv') if find_spec(name)])"
    )

    assert (there, importable) == ("[]", "[]")


@pytest.fixture
def sbom(container: Container) -> str:
    """Read the list of packages, as the user that the service runs as."""
    return container.python(f"print(open('{SBOM}', encoding='utf-8').read(), end='')")


def test_its_list_of_packages_is_what_is_installed_and_what_is_locked(container: Container, sbom: str) -> None:
    """Who hears of a bad release asks the list; one that leaves something out, or has more, answers wrongly."""
    listed: dict[str, Any] = json.loads(sbom)
    installed = {(canonicalize_name(name), version) for name, version in json.loads(container.python(INSTALLED))}

    assert (listed["bomFormat"], listed["metadata"]["component"]["name"]) == ("CycloneDX", "afterword")
    assert listed["metadata"]["component"]["version"] == __version__
    components = {(canonicalize_name(one["name"]), one["version"]) for one in listed["components"]}
    assert components == installed == locked()
    assert {one["purl"] for one in listed["components"]} == {
        f"pkg:pypi/{name}@{version}" for name, version in installed
    }


def locked() -> set[tuple[str, str]]:
    """Return what the service's lock pins for the image's platform."""
    platform = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "python_version": "3.13"}
    platform |= {"python_full_version": "3.13.0", "platform_machine": "x86_64"}
    platform |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; (.+?))? \\$", lock, flags=re.MULTILINE)
    return {(name, version) for name, version, marker in pins if not marker or Marker(marker).evaluate(platform)}


def test_make_puts_the_list_beside_the_build(sbom: str) -> None:
    """There it is found by whoever builds, and by what looks through lists for a company."""
    command = ["make", "image", f"IMAGE={image()}", "IMAGE_BUILDER=true", f"CONTAINER_ENGINE={shlex.join(engine())}"]
    environment = dict(os.environ) | {"MAKEFLAGS": ""}  # those of the make that runs the tests

    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60)  # noqa: S603 - ours

    assert json.loads((ROOT / "build" / "sbom.cdx.json").read_text(encoding="utf-8")) == json.loads(sbom)


def test_a_start_compiles_nothing(container: Container) -> None:
    """It would be done at every start, since it cannot be kept, and take longer than all the rest."""
    count, without_bytecode = json.loads(container.python(BYTECODE))

    assert count > 500
    assert without_bytecode == []


def test_it_stays_small() -> None:
    """It grows by one reasonable package at a time; docs/ says what weighs what."""
    megabytes = int(inspect_image("{{.Size}}")) // 1_000_000

    sys.stdout.write(f"The image takes {megabytes} MB, unpacked.\n")
    assert megabytes < BIGGEST_MB
