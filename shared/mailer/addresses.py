"""Mail addresses in one form: what is stored, compared and put on the wire, and how people write the same.

Of `Anna@MÜNCHEN.example` the normal form is `anna@xn--mnchen-3ya.example`: in lower case, the domain as the name
servers have it (A-labels, RFC 5890, mapped by UTS 46 as browsers do). So an address is suppressed, known and found
under either spelling, and every mail server takes it. The part before the @ is ASCII: a mail to any other needs
SMTPUTF8 at every server on its way, and one without it sends it back; that is better said where it is entered.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

import idna
from pydantic import AfterValidator, EmailStr


class WrongAddress(ValueError):
    """This is not an address that mail can be sent to."""


class LocalPartNotPlain(WrongAddress):
    """The part before the @ has letters that many mail servers refuse; use an address in plain letters (a to z)."""


class WrongDomain(WrongAddress):
    """The part after the @ is not the name of a domain; check it for slips."""


def normal_form(address: str) -> str:
    """The one form of *address*. Raises WrongAddress, LocalPartNotPlain, WrongDomain; what else is wrong, it leaves."""
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    if not at or not local or not domain:
        raise WrongAddress(WrongAddress.__doc__)
    if not local.isascii():
        raise LocalPartNotPlain(LocalPartNotPlain.__doc__)
    return f"{local.lower()}@{_a_labels(domain)}"


def as_known(text: str) -> str:
    """The form under which *text* is known if it is an address or a domain, else *text* in lower case."""
    text = text.strip()
    try:
        return normal_form(text) if "@" in text else _a_labels(text)
    except WrongAddress:
        return text.lower()


def as_written(address: str) -> str:
    """An address in normal form as people write it: its domain in its own letters."""
    if "xn--" not in (address or ""):
        return address
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}"
    except idna.IDNAError:
        return address


def _a_labels(domain: str) -> str:
    if domain.isascii() and "xn--" not in domain.lower():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode().lower()
    except idna.IDNAError as error:
        raise WrongDomain(WrongDomain.__doc__) from error


MailAddress = Annotated[EmailStr, AfterValidator(normal_form)]
"""An address that somebody enters: checked, and in normal form."""
