"""What comes back: bounces (RFC 3464), complaints (RFC 5965), read from the mails that report them.

A report is a stranger's mail: it is read without trust, and what it says is believed only where it names a mail of ours
(commands/returned.py).
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from typing import Literal

Kind = Literal["bounce", "delay", "complaint"]
LONGEST_REASON = 300
_ADDRESS = re.compile(r"[^\s<>;,\"]+@[^\s<>;,\"]+")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_MAIL_ID = re.compile(r"<([^<>\s]{3,400})>")


@dataclass(frozen=True, slots=True)
class Returned:
    """One recipient's part of a report. `mail_id` is the Message-ID that it is about, or empty."""

    kind: Kind
    address: str
    status: str
    reason: str
    mail_id: str

    @property
    def is_final(self) -> bool:
        """Whether the address itself will never take a mail, as far as the server says."""
        return self.kind == "bounce" and self.status.startswith("5.")


def read_returned(content: bytes) -> list[Returned]:
    """What *content*, a whole mail, reports; nothing where it is no report."""
    mail = email.message_from_bytes(content, policy=email.policy.default)
    parts = {part.get_content_type(): part for part in reversed(list(mail.walk()))}
    mail_id = _about(parts)
    if feedback := parts.get("message/feedback-report"):
        return list(_complaints(feedback, parts, mail_id))
    if status := parts.get("message/delivery-status"):
        return list(_bounces(status, mail_id))
    return []


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _bounces(part: Message, mail_id: str) -> Iterator[Returned]:
    """A block a recipient; the first speaks of the mail as a whole."""
    for block in _blocks(part):
        address = _address_in(_value(block, "Original-Recipient")) or _address_in(_value(block, "Final-Recipient"))
        action = _value(block, "Action").lower()
        if not address or action not in ("failed", "delayed"):
            continue
        said = _value(block, "Diagnostic-Code")
        status = _STATUS.search(_value(block, "Status")) or _STATUS.search(said)
        code = status[0] if status else ""
        reason = re.sub(r"^\s*[\w-]+\s*;\s*", "", said) or f"The mail server reported {action} ({code or 'no reason'})."
        kind: Kind = "bounce" if action == "failed" else "delay"
        yield Returned(kind, address, code, reason[:LONGEST_REASON], mail_id)


def _complaints(part: Message, parts: dict[str, EmailMessage], mail_id: str) -> Iterator[Returned]:
    """Who pressed "this is spam". Reports that something is no spam are none."""
    fields = (_blocks(part) or [part])[0]
    kind = _value(fields, "Feedback-Type").lower()
    if kind in ("not-spam", ""):
        return
    named = fields.get_all("Original-Rcpt-To") or [_original(parts, "To")]
    for value in named:
        if address := _address_in(str(value)):
            reason = f"The reader reported a mail as {kind}."
            yield Returned("complaint", address, "", reason[:LONGEST_REASON], mail_id)


def _about(parts: dict[str, EmailMessage]) -> str:
    found = _MAIL_ID.search(_original(parts, "Message-ID"))
    return found[1] if found else ""


def _original(parts: dict[str, EmailMessage], name: str) -> str:
    """A header of the mail that came back, whole or as its headers alone."""
    if whole := parts.get("message/rfc822"):
        return _value((_blocks(whole) or [whole])[0], name)
    if headers := parts.get("text/rfc822-headers"):
        return _value(email.message_from_string(str(headers.get_content()), policy=email.policy.default), name)
    return ""


def _value(block: Message, name: str) -> str:
    """A header as one line. What cannot be read as that header is taken as it stands."""
    try:
        return " ".join(str(block.get(name, "")).replace("\x00", "").split())
    except (ValueError, LookupError, AttributeError, IndexError):
        return ""


def _address_in(value: str) -> str:
    found = _ADDRESS.search(value.partition(";")[2] or value)
    return found[0].lower()[:254] if found else ""
