"""
Log lines: JSON for machines (Cloud Logging's own field names), readable ones in a terminal.

An event's name is a constant phrase, its data are fields. Never a document's
text, a key or a token.
"""

import logging
import sys
import traceback
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

SEVERITIES = {"warn": "WARNING", "exception": "ERROR"}


def get_logger() -> FilteringBoundLogger:
    """Return a logger that takes the request's id and trace along."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def frames_of(error: BaseException) -> str:
    """Tell where *error* came from, and nothing of what it says: its message may quote a document."""
    return "".join(traceback.format_tb(error.__traceback__))


def configure(*, level: str, project: str | None, stream: TextIO = sys.stderr) -> None:
    """
    Send every log line of this process, the libraries' too, to *stream*.

    *project* completes the trace's name, so that Cloud Logging groups a
    request's lines.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.stdlib.ExtraAdder(),
        _without_colours,
    ]
    readable = stream.isatty()
    rendering: list[Processor] = [_readable_rendering()] if readable else _json_rendering(project)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("google", "grpc", "asyncio", "httpx", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:-2],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _readable_rendering() -> Processor:
    """Render for a person; not with the tracebacks that show local variables, since those hold documents."""
    return structlog.dev.ConsoleRenderer(timestamp_key="time", exception_formatter=structlog.dev.plain_traceback)


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop the second form, with terminal colours, that uvicorn gives to some of its lines."""
    event.pop("color_message", None)
    return event


def _json_rendering(project: str | None) -> list[Processor]:
    def cloud_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        level = str(event.pop("level", "info"))
        event["severity"] = SEVERITIES.get(level, level.upper())
        event["message"] = event.pop("event", "")
        if trace := event.pop("trace_id", None):
            event["logging.googleapis.com/trace"] = f"projects/{project}/traces/{trace}" if project else trace
        if error := event.pop("exception", None):
            event["stack_trace"] = error
        return event

    return [structlog.processors.format_exc_info, cloud_fields, structlog.processors.JSONRenderer(ensure_ascii=False)]
