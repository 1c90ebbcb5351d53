"""
How gunicorn serves this: its settings, its worker and its logger.

Used as `gunicorn --config python:app.server "app.main:create()"`. The numbers
fit into the ten seconds that Cloud Run grants after SIGTERM: open requests get
five of them, since a submission may wait four for its store; runs are handed
over meanwhile, and the process is gone by the eighth.
"""

import asyncio
import logging
import os
import signal
from typing import Any, ClassVar, Final, override

from gunicorn.config import Config
from gunicorn.glogging import Logger
from pydantic import ValidationError
from uvicorn_worker import UvicornWorker

from app.settings import Settings, explain
from app.telemetry import logs

ORPHAN_LOOK: Final = 1.0
"""Seconds between two looks at whether the master is still there."""


class Worker(UvicornWorker):
    """A uvicorn worker that bounds its graceful shutdown and steps down when its master is gone."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": "app.http_protocol:HttpProtocol",
        "ws": "app.websocket_protocol:WebSocketProtocol",
        "ws_max_size": 4096,
        "ws_per_message_deflate": False,
        "ws_ping_interval": 15.0,
        "lifespan": "on",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": 5,
    }

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - gunicorn's
        """Give uvicorn's lines back to the root logger; not those of requests, whose URLs hold what callers sent."""
        super().__init__(*arguments, **options)
        log = logging.getLogger("uvicorn.error")
        log.propagate = True
        log.addFilter(_names_no_request)

    @override
    async def _serve(self) -> None:
        watch = asyncio.create_task(self._step_down_without_master())
        try:
            await super()._serve()
        finally:
            watch.cancel()

    @override
    def _install_sigquit_handler(self) -> None:
        """Drain on SIGQUIT too: it is what gunicorn sends when its master alone gets SIGINT."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGQUIT, signal.raise_signal, signal.SIGTERM)

    async def _step_down_without_master(self) -> None:
        """
        Close the listening socket and drain, as after SIGTERM, as soon as the master has died.

        Otherwise this worker would serve on, and a restart find the address in use.
        """
        while os.getppid() == self.ppid:  # noqa: ASYNC110 - nothing tells of a parent's death but asking
            await asyncio.sleep(ORPHAN_LOOK)
        logs.get_logger().warning("master is gone")
        signal.raise_signal(signal.SIGTERM)


def _names_no_request(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's is none of those that it writes for each WebSocket, with its address."""
    return '"WebSocket %s"' not in str(record.msg)


class ServerLogger(Logger):
    """Lets gunicorn and uvicorn write the same lines as the rest of the process."""

    @override
    def setup(self, cfg: Config) -> None:
        settings = Settings()
        logs.configure(level=settings.log_level, project=settings.google_cloud_project)
        for log in (self.error_log, self.access_log):
            log.handlers = []
            log.propagate = True


def _read_settings() -> Settings:
    """Read them, or end with what is wrong: gunicorn prints the error and nothing else."""
    try:
        return Settings()
    except ValidationError as error:
        raise ValueError(explain(error)) from None


_settings = _read_settings()

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.web_concurrency
worker_class = "app.server.Worker"
logger_class = "app.server.ServerLogger"
proc_name = "afterword"
graceful_timeout = 9
timeout = 120
"""Seconds the event loop may stand still before gunicorn replaces the worker; its tasks go on elsewhere."""
max_requests = 0
"""A recycled worker stops serving before its successor starts."""
control_socket_disable = True
