"""Structured logs: static snake_case events, ids in keywords, one correlation id bound at the edge."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar

import structlog

from shared.envelope import new_id

correlation: ContextVar[str] = ContextVar("correlation", default="")
"""The id that everything caused by one request or one message shares."""
causation: ContextVar[str] = ContextVar("causation", default="")
"""The id of the message that is being handled, or empty."""


def correlation_id() -> str:
    """The present correlation id; made where none is bound."""
    if not correlation.get():
        correlation.set(new_id())
    return correlation.get()


def _bound_ids(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if correlation.get():
        event.setdefault("correlation_id", correlation.get())
    return event


def configure_logging(level: str, *, as_json: bool) -> None:
    """Send every log line to standard error: JSON for programs, coloured text for people."""
    number = logging.getLevelNamesMapping()[level.upper()]
    # Plain tracebacks: the pretty ones print local variables, and with them passwords and addresses.
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            _bound_ids,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
