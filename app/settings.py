"""
What an operator can set, by environment variables; read once, by `main`, and handed on as values.

Safe for a local run by default. On Cloud Run (`K_SERVICE` is set) an unsafe or
missing value stops the process at its start, and the message names the variable.
"""

import os
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Seconds = Annotated[timedelta, Field(gt=timedelta(0))]


class Store(StrEnum):
    """Where tasks are kept."""

    SQLITE = "sqlite"
    FIRESTORE = "firestore"


class SweepAuth(StrEnum):
    """How the identity of whoever asks for a sweep is made sure of."""

    VERIFIED = "verified"
    PLATFORM = "platform"


class Settings(BaseSettings):
    """All settings; each is read from `AFTERWORD_` plus its name in capitals, unless its description names another."""

    model_config = SettingsConfigDict(
        env_prefix="AFTERWORD_", frozen=True, env_ignore_empty=True, populate_by_name=True, extra="ignore"
    )

    host: str = Field("127.0.0.1", description="The address to listen on; `0.0.0.0` by default on Cloud Run.")
    port: int = Field(
        8080, validation_alias=AliasChoices("PORT", "port"), ge=0, le=65535, description="`PORT`: where to listen."
    )
    web_concurrency: int = Field(
        1,
        validation_alias=AliasChoices("WEB_CONCURRENCY", "web_concurrency"),
        ge=1,
        le=64,
        description="`WEB_CONCURRENCY`: web workers; each has its own children.",
    )
    k_service: str | None = Field(
        None, validation_alias=AliasChoices("K_SERVICE", "k_service"), description="`K_SERVICE`: set by Cloud Run."
    )
    k_revision: str | None = Field(
        None, validation_alias=AliasChoices("K_REVISION", "k_revision"), description="`K_REVISION`: set by Cloud Run."
    )
    google_cloud_project: str | None = Field(
        None,
        validation_alias=AliasChoices("GOOGLE_CLOUD_PROJECT", "google_cloud_project"),
        description="`GOOGLE_CLOUD_PROJECT`: the project of Firestore and of the traces; required on Cloud Run.",
    )
    firestore_emulator_host: str | None = Field(
        None,
        validation_alias=AliasChoices("FIRESTORE_EMULATOR_HOST", "firestore_emulator_host"),
        description="`FIRESTORE_EMULATOR_HOST`: an emulator to use in place of Firestore.",
    )
    commit: str = Field("unknown", description="The commit this was built from; shown by `/version`.")
    log_level: str = Field(
        "info", pattern="(?i)^(debug|info|warning|error|critical)$", description="The least severe lines to log."
    )
    store: Store = Field(
        Store.SQLITE,
        validate_default=True,
        description="Where tasks are kept: `sqlite`, or `firestore`, the default on Cloud Run and with an emulator.",
    )
    sqlite_path: Path = Field(Path(".afterword/tasks.db"), description="The file of the SQLite store.")
    firestore_database: str = Field("(default)", description="The Firestore database.")
    allow_emulator: bool = Field(default=False, description="Accept an emulator on Cloud Run, for rehearsals.")
    processors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Modules with models of your own, comma-separated."
    )

    cpu_slots: int | None = Field(
        None,
        ge=1,
        le=64,
        description="CPU tasks a process runs at once; by default CPUs ÷ web workers, whatever a container's quota.",
    )
    io_slots: int = Field(32, ge=1, le=1000, description="Tasks waiting on other services that a process runs at once.")
    child_memory_mib: int = Field(512, ge=64, description="Memory a child process may take for one document, in MiB.")
    cpu_limit: Seconds = Field(timedelta(seconds=120), description="Time of one attempt of a CPU model.")
    io_limit: Seconds = Field(timedelta(seconds=600), description="Time of one attempt of an io model.")
    lease: Seconds = Field(timedelta(seconds=30), description="How long a worker owns a task without a heartbeat.")
    heartbeat: Seconds = Field(timedelta(seconds=10), description="How often a lease is renewed.")
    sweep: Seconds = Field(timedelta(seconds=15), description="How often a process looks for waiting work.")

    sweep_auth: SweepAuth | None = Field(
        None,
        description="Who has checked the token on `/internal/sweep`: `verified`, this service; `platform`, Cloud Run, "
        "where it lets in only `run.invoker`. Unset: nobody may ask for a sweep.",
    )
    sweep_audience: str | None = Field(None, description="The audience that the token must be made for.")
    sweep_account: str | None = Field(None, description="The service account, by e-mail, that may ask for a sweep.")

    json_body_bytes: int = Field(2 * 1024 * 1024, ge=1024, description="The largest JSON body.")
    content_bytes: int = Field(1024 * 1024, ge=1, description="The largest `content` or `text`, in UTF-8 bytes.")
    body_budget_bytes: int = Field(64 * 1024 * 1024, ge=1024, description="Bodies a process reads at once, together.")
    open_tasks: int = Field(20_000, ge=1, description="Tasks that one owner may have pending or processing at a time.")
    max_attempts: int = Field(3, ge=1, le=10, description="Attempts of a task that does not say.")
    time_to_live: Seconds = Field(
        timedelta(days=7), le=timedelta(days=30), description="How long a finished task that does not say is kept."
    )

    @field_validator("lease", "heartbeat", "sweep", "cpu_limit", "io_limit", "time_to_live", mode="before")
    @classmethod
    def _seconds(cls, value: object) -> object:
        return float(value) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else value

    @field_validator("processors", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _fit_the_surroundings(cls, values: dict[str, object]) -> dict[str, object]:
        on_cloud_run = any(values.get(name) for name in ("K_SERVICE", "k_service"))
        emulated = any(values.get(name) for name in ("FIRESTORE_EMULATOR_HOST", "firestore_emulator_host"))
        found: dict[str, object] = {"store": Store.FIRESTORE} if on_cloud_run or emulated else {}
        if on_cloud_run:
            found["host"] = "0.0.0.0"  # noqa: S104 - a container is reached from outside
        return found | values

    @model_validator(mode="after")
    def _refuse_the_unsafe(self) -> Self:
        if self.heartbeat * 2 > self.lease:
            raise ValueError(
                "AFTERWORD_HEARTBEAT must be at most half of AFTERWORD_LEASE, or one missed beat loses the task"
            )
        if not self.content_bytes <= self.json_body_bytes <= self.body_budget_bytes:
            raise ValueError(
                "AFTERWORD_CONTENT_BYTES must fit in AFTERWORD_JSON_BODY_BYTES, and that in AFTERWORD_BODY_BUDGET_BYTES"
            )
        if self.sweep_auth and not (self.sweep_audience and self.sweep_account):
            raise ValueError("AFTERWORD_SWEEP_AUTH needs AFTERWORD_SWEEP_AUDIENCE and AFTERWORD_SWEEP_ACCOUNT")
        if not self.k_service:
            return self._refuse_the_platforms_word()
        if self.store is Store.SQLITE:
            raise ValueError("AFTERWORD_STORE=sqlite would lose every task on Cloud Run; leave it out or set firestore")
        if self.firestore_emulator_host and not self.allow_emulator:
            raise ValueError(
                "FIRESTORE_EMULATOR_HOST is set on Cloud Run; unset it or set AFTERWORD_ALLOW_EMULATOR=true"
            )
        if not self.google_cloud_project:
            raise ValueError("GOOGLE_CLOUD_PROJECT must name the project on Cloud Run")
        return self

    def _refuse_the_platforms_word(self) -> Self:
        if self.sweep_auth is SweepAuth.PLATFORM:
            raise ValueError("AFTERWORD_SWEEP_AUTH=platform needs Cloud Run in front; set it to verified")
        return self

    @property
    def slots_for_cpu(self) -> int:
        """CPU tasks a process runs at once."""
        return self.cpu_slots or max(1, len(os.sched_getaffinity(0)) // self.web_concurrency)


def explain(error: ValidationError) -> str:
    """Say which variables are wrong, and how, a line for each; no value is shown, since some may be secret."""
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        variable = name if name.isupper() else f"AFTERWORD_{name.upper()}"
        said = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{variable}: {said}" if name else said)
    return "\n".join(lines)
