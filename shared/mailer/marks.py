"""The mark that a mail's Message-ID carries where no row is kept of the mail: who reports that it came back had it.

A mail about an account is kept for a day, and its bounce may take five. Its id is signed together with the address that
it went to, so a report is believed of that address and of no other, whoever reports it. Whoever has the mail can report
it: that is its reader, and the servers on its way.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from shared.mailer.addresses import as_known

_MARKED = re.compile(r"account\.([\w-]{1,60}\.\d{1,4})\.([0-9a-f]{32})@[^@]+")


def marked(key: str, thing: str, address: str, domain: str) -> str:
    """A Message-ID, without brackets, for *thing* (letters, figures and a number of the try) that goes to *address*."""
    return f"account.{thing}.{_mark(key, thing, address)}@{domain}"


def is_marked(key: str, mail_id: str, address: str) -> bool:
    """Whether *mail_id* was made for a mail to *address*."""
    found = _MARKED.fullmatch(mail_id)
    return found is not None and hmac.compare_digest(_mark(key, found[1], address), found[2])


def _mark(key: str, thing: str, address: str) -> str:
    said = f"account mail\n{thing}\n{as_known(address)}".encode()
    return hmac.new(key.encode(), said, hashlib.sha256).hexdigest()[:32]
