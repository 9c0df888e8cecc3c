"""Addresses with domains of other letters have one form, under whichever spelling they come."""

from __future__ import annotations

import idna
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.mailer.addresses import (
    LocalPartNotPlain,
    MailAddress,
    WrongAddress,
    WrongDomain,
    as_known,
    as_written,
    normal_form,
)

pytestmark = pytest.mark.fast

LETTERS = "abcxyz019äöüéßñçøłżğаяжшωδ中文日本語한국ΑÄÖ"
domains = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=3).map(
    lambda labels: ".".join([*labels, "example"])
)
locals_ = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,20}", fullmatch=True)


def _known(local: str, domain: str) -> str:
    try:
        return normal_form(f"{local}@{domain}")
    except WrongDomain:
        assume(False)
        raise


@given(locals_, domains)
def test_both_spellings_and_any_case_are_one_address_in_ascii(local: str, domain: str) -> None:
    known = _known(local, domain)
    written = as_written(known)
    assert known.isascii() and known == known.lower()
    assert {normal_form(form) for form in (known, known.upper(), written, f" {local.upper()}@{domain}\n")} == {known}
    assert as_known(written) == known and as_known(written.rpartition("@")[2]) == known.rpartition("@")[2]


@given(domains)
def test_what_people_see_is_the_domain_in_its_own_letters(domain: str) -> None:
    shown = as_written(_known("a", domain)).rpartition("@")[2]
    assert "xn--" not in shown and idna.encode(shown, uts46=True) == idna.encode(domain, uts46=True)


@pytest.mark.parametrize(
    ("entered", "known"),
    [
        ("Anna@MÜNCHEN.example", "anna@xn--mnchen-3ya.example"),
        ("anna@xn--mnchen-3ya.example", "anna@xn--mnchen-3ya.example"),
        ("anna@straße.example", "anna@xn--strae-oqa.example"),
        ("anna@mu\u0308nchen.example", "anna@xn--mnchen-3ya.example"),
        ("anna@münchen。example", "anna@xn--mnchen-3ya.example"),
        ("Anna@Plain.example", "anna@plain.example"),
    ],
)
def test_normal_form_is_what_name_servers_know(entered: str, known: str) -> None:
    assert normal_form(entered) == known == as_known(entered)


@pytest.mark.parametrize(
    ("entered", "error"),
    [
        ("jürgen@plain.example", LocalPartNotPlain), ("a@-ü.example", WrongDomain), ("a@xn--ü.example", WrongDomain),
        ("a@xn--a.example", WrongDomain), ("nobody", WrongAddress), ("@münchen.example", WrongAddress),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_to_is_refused_with_its_reason(entered: str, error: type[WrongAddress]) -> None:
    with pytest.raises(error, match=str(error.__doc__)[:30]):
        normal_form(entered)


def test_field_of_a_form_takes_both_spellings_and_says_why_it_refuses() -> None:
    field = TypeAdapter(MailAddress)
    assert field.validate_python("Anna@münchen.example") == field.validate_python("anna@xn--mnchen-3ya.example")
    with pytest.raises(ValidationError, match="plain letters"):
        field.validate_python("jürgen@münchen.example")
