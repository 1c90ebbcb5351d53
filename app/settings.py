"""
What an operator can set, by environment variables; read once, by `main`, and handed on as values.

Safe for a local run by default. On Cloud Run (`K_SERVICE` is set) an unsafe or
missing value stops the process at its start, and the message names the variable.
"""

import os
import re
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Seconds = Annotated[timedelta, Field(gt=timedelta(0))]
Names = Annotated[tuple[str, ...], NoDecode]

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?|https?://\[[0-9a-f:]+\](:[0-9]+)?|\*")

OF_CALLERS: Final = frozenset({"AFTERWORD_SERVER", "AFTERWORD_KEY"})
"""What `submit` and `watch` read on a caller's machine, which may well be the service's: no settings, no mistakes."""


class Store(StrEnum):
    """Where tasks are kept."""

    SQLITE = "sqlite"
    FIRESTORE = "firestore"


class Auth(StrEnum):
    """Whether callers have to say who they are."""

    NONE = "none"
    REQUIRED = "required"


class TokenCheck(StrEnum):
    """Who has made sure that an identity token is genuine."""

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
    processors: Names = Field((), description="Modules with models of your own, comma-separated.")
    statistical_models: Literal["auto", "off"] = Field(
        "auto",
        description="Whether the default engine asks those that are installed for names (`auto`), or goes by its rules "
        "alone (`off`).",
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
    extract_limit: Seconds = Field(timedelta(seconds=60), description="Time to find the text of a file, beforehand.")
    lease: Seconds = Field(timedelta(seconds=30), description="How long a worker owns a task without a heartbeat.")
    heartbeat: Seconds = Field(timedelta(seconds=10), description="How often a lease is renewed.")
    sweep: Seconds = Field(timedelta(seconds=15), description="How often a process looks for waiting work.")

    auth: Auth = Field(
        Auth.NONE,
        validate_default=True,
        description="Whether callers need an API key or a Google identity: `none`, and all of them are one owner; or "
        "`required`, the default on Cloud Run.",
    )
    allow_anonymous: bool = Field(
        default=False, description="Accept `AFTERWORD_AUTH=none` on Cloud Run: whoever reaches it may use it."
    )
    google_auth: TokenCheck | None = Field(
        None,
        description="Who has checked the Google identity tokens of callers: `verified`, this service; `platform`, "
        "Cloud Run, where it lets in only `run.invoker`. Unset: such tokens are not taken.",
    )
    google_audiences: Names = Field((), description="What those tokens may be made for, comma-separated.")
    google_accounts: Names = Field(
        (), description="The accounts, by e-mail and comma-separated, that may call; each is an owner by that name."
    )
    requests_per_second: int = Field(
        50,
        ge=0,
        validate_default=True,
        description="Requests that an owner may make of one process, and twice as many at once; 0, which is the "
        "default of `AFTERWORD_AUTH=none` outside of Cloud Run, sets no limit.",
    )
    cors_origins: Names = Field(
        (), description="The origins whose pages may call, comma-separated, such as `https://app.example.com`."
    )

    stream_seconds: Seconds = Field(
        timedelta(seconds=3300),
        description="How long a stream or WebSocket lasts at most; it ends a little earlier, and its client goes on "
        "with a new one. Less than the platform's own limit for a request, which would cut it.",
    )
    waits: int = Field(
        50,
        ge=0,
        validate_default=True,
        description="Requests of one owner that may wait for tasks in one process at a time: streams, WebSockets, "
        "long-polls, blocking calls; 0, which is the default of `AFTERWORD_AUTH=none` outside of Cloud Run, sets no "
        "limit.",
    )
    listen_targets: int = Field(
        100,
        ge=0,
        le=1000,
        description="Tasks that one `Listen` stream of Firestore follows; beyond that there is another stream. 0: none "
        "is used, and followed tasks are read again and again.",
    )

    sweep_auth: TokenCheck | None = Field(
        None,
        description="Who has checked the token on `/internal/sweep`: `verified` or `platform`, as above. "
        "Unset: nobody may ask for a sweep.",
    )
    sweep_audience: str | None = Field(None, description="The audience that the token must be made for.")
    sweep_account: str | None = Field(None, description="The service account, by e-mail, that may ask for a sweep.")

    json_body_bytes: int = Field(2 * 1024 * 1024, ge=1024, description="The largest JSON body.")
    upload_bytes: int = Field(10 * 1024 * 1024, ge=1, description="The largest file that is uploaded.")
    content_bytes: int = Field(1024 * 1024, ge=1, description="The largest `content` or `text`, in UTF-8 bytes.")
    body_budget_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, description="Bodies a process reads, and kept texts it sends, at once, together."
    )
    open_tasks: int = Field(20_000, ge=1, description="Tasks that one owner may have pending or processing at a time.")
    max_attempts: int = Field(3, ge=1, le=10, description="Attempts of a task that does not say.")
    time_to_live: Seconds = Field(
        timedelta(days=7), le=timedelta(days=30), description="How long a finished task that does not say is kept."
    )

    @field_validator(
        "lease", "heartbeat", "sweep", "cpu_limit", "io_limit", "stream_seconds", "time_to_live", mode="before"
    )
    @classmethod
    def _seconds(cls, value: object) -> object:
        return float(value) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else value

    @field_validator("processors", "google_audiences", "google_accounts", "cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _as_browsers_write_them(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError("write each origin as browsers do, https://app.example.com, without a path; or only *")
        return origins

    @model_validator(mode="before")
    @classmethod
    def _fit_the_surroundings(cls, values: dict[str, object]) -> dict[str, object]:
        on_cloud_run = any(values.get(name) for name in ("K_SERVICE", "k_service"))
        emulated = any(values.get(name) for name in ("FIRESTORE_EMULATOR_HOST", "firestore_emulator_host"))
        found: dict[str, object] = {"store": Store.FIRESTORE} if on_cloud_run or emulated else {}
        if on_cloud_run:
            found["host"] = "0.0.0.0"  # noqa: S104 - a container is reached from outside
            found["auth"] = Auth.REQUIRED
        elif values.get("auth", Auth.NONE) == Auth.NONE:
            found |= {"requests_per_second": 0, "waits": 0}  # there is nobody whom one owner could hold up
        return found | values

    @model_validator(mode="after")
    def _refuse_the_unsafe(self) -> Self:
        if self.heartbeat * 2 > self.lease:
            raise ValueError(
                "AFTERWORD_HEARTBEAT must be at most half of AFTERWORD_LEASE, or one missed beat loses the task"
            )
        largest_body = max(self.json_body_bytes, self.upload_bytes)
        if self.content_bytes > self.json_body_bytes or largest_body > self.body_budget_bytes:
            raise ValueError(
                "AFTERWORD_CONTENT_BYTES must fit in AFTERWORD_JSON_BODY_BYTES, "
                "and that, like AFTERWORD_UPLOAD_BYTES, in AFTERWORD_BODY_BUDGET_BYTES"
            )
        self._refuse_half_an_identity()
        if not self.k_service:
            return self._refuse_the_platforms_word()
        if self.auth is Auth.NONE and not self.allow_anonymous:
            raise ValueError(
                "AFTERWORD_AUTH=none would let everybody in; leave it out, or set AFTERWORD_ALLOW_ANONYMOUS=true"
            )
        if self.store is Store.SQLITE:
            raise ValueError("AFTERWORD_STORE=sqlite would lose every task on Cloud Run; leave it out or set firestore")
        if self.firestore_emulator_host and not self.allow_emulator:
            raise ValueError(
                "FIRESTORE_EMULATOR_HOST is set on Cloud Run; unset it or set AFTERWORD_ALLOW_EMULATOR=true"
            )
        if not self.google_cloud_project:
            raise ValueError("GOOGLE_CLOUD_PROJECT must name the project on Cloud Run")
        return self

    def _refuse_half_an_identity(self) -> None:
        if self.sweep_auth and not (self.sweep_audience and self.sweep_account):
            raise ValueError("AFTERWORD_SWEEP_AUTH needs AFTERWORD_SWEEP_AUDIENCE and AFTERWORD_SWEEP_ACCOUNT")
        if self.google_auth and not (self.google_audiences and self.google_accounts):
            raise ValueError("AFTERWORD_GOOGLE_AUTH needs AFTERWORD_GOOGLE_AUDIENCES and AFTERWORD_GOOGLE_ACCOUNTS")
        if "*" in self.cors_origins and self.auth is Auth.NONE:
            raise ValueError("AFTERWORD_CORS_ORIGINS=* needs AFTERWORD_AUTH=required, or any web page could come in")
        if (self.google_audiences or self.google_accounts) and not self.google_auth:
            raise ValueError("AFTERWORD_GOOGLE_AUTH must be set too: verified, or platform behind Cloud Run's IAM")
        if not all("@" in account for account in self.google_accounts):
            raise ValueError("AFTERWORD_GOOGLE_ACCOUNTS are e-mail addresses")
        if self.google_auth and self.auth is Auth.NONE:
            raise ValueError("AFTERWORD_GOOGLE_AUTH needs AFTERWORD_AUTH=required, or it would keep nobody out")

    def _refuse_the_platforms_word(self) -> Self:
        if self.sweep_auth is TokenCheck.PLATFORM:
            raise ValueError("AFTERWORD_SWEEP_AUTH=platform needs Cloud Run in front; set it to verified")
        if self.google_auth is TokenCheck.PLATFORM:
            raise ValueError("AFTERWORD_GOOGLE_AUTH=platform needs Cloud Run in front; set it to verified")
        return self

    @property
    def whereabouts(self) -> str:
        """The store, as a person would name it."""
        if self.store is Store.SQLITE:
            return str(self.sqlite_path)
        if self.firestore_emulator_host:
            return f"the Firestore emulator at {self.firestore_emulator_host}"
        project = self.google_cloud_project or "the default project"
        return f"Firestore, database {self.firestore_database} of {project}"

    @property
    def slots_for_cpu(self) -> int:
        """CPU tasks a process runs at once."""
        return self.cpu_slots or max(1, len(os.sched_getaffinity(0)) // self.web_concurrency)


def unknown(environment: Iterable[str]) -> list[str]:
    """Return the names in *environment* that look like settings and are none: typing errors, most likely."""
    known = OF_CALLERS | {f"AFTERWORD_{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in environment if name.upper().startswith("AFTERWORD_") and name.upper() not in known)


def explain(error: ValidationError) -> str:
    """Say which variables are wrong, and how, a line for each; no value is shown, since some may be secret."""
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        variable = name if name.isupper() else f"AFTERWORD_{name.upper()}"
        said = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{variable}: {said}" if name else said)
    return "\n".join(lines)
