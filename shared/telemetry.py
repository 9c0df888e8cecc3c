"""Metrics for Prometheus and the trace context that travels with every request and message (W3C traceparent)."""

from __future__ import annotations

import secrets
from contextvars import ContextVar

from prometheus_client import Counter, Gauge, Histogram

_trace: ContextVar[str] = ContextVar("traceparent", default="")
_QUICK = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

OUTBOX_AGE = Gauge("tidings_outbox_age_seconds", "Age of the oldest message not yet on the log.", ["service"])
OUTBOX_ROWS = Gauge("tidings_outbox_rows", "Messages not yet on the log.", ["service"])
LAG = Gauge("tidings_consumer_lag", "Messages not yet handled.", ["service", "topic"])
HANDLED = Counter("tidings_messages_handled_total", "Messages handled, by outcome.", ["service", "topic", "outcome"])
HANDLER_SECONDS = Histogram("tidings_handler_seconds", "Time to handle a batch.", ["service"], buckets=_QUICK)
DEAD_LETTERS = Gauge("tidings_dead_letters", "Messages that wait for somebody to look.", ["service"])
SCREEN_SECONDS = Histogram("tidings_commit_to_screen_seconds", "From the change's time to the streams.", buckets=_QUICK)
STREAMS = Gauge("tidings_streams", "Open live streams.", ["kind"])
MAILS = Counter("tidings_mails_total", "Mails, by outcome.", ["outcome"])
WEBHOOKS = Counter(
    "tidings_webhooks_total", "Tries to deliver a message to a webhook, by what became of it.", ["outcome"]
)
PUSHES = Counter("tidings_pushes_total", "Tries to send a browser notification, by what became of it.", ["outcome"])
HTTP_SECONDS = Histogram(
    "tidings_http_seconds", "Time to answer.", ["service", "method", "route", "status"], buckets=_QUICK
)


def traceparent() -> str:
    """The present trace context, begun where there is none."""
    if not _trace.get():
        _trace.set(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
    return _trace.get()


def continue_trace(incoming: str) -> None:
    """Go on with the trace of *incoming* as a new span of it; begin a new trace where it is not well formed."""
    parts = incoming.split("-")
    well_formed = len(parts) == 4 and len(parts[1]) == 32 and len(parts[2]) == 16
    trace = parts[1] if well_formed else secrets.token_hex(16)
    _trace.set(f"00-{trace}-{secrets.token_hex(8)}-01")
