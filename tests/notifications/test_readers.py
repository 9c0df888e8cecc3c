"""Readers without an account say yes twice; a list from elsewhere says when and how each of them said yes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.notifications.commands.readers import forget_unconfirmed
from services.notifications.confirmations import Confirmations
from services.notifications.tables import deliveries, newsletter_readers
from shared import clock
from shared.config import Settings
from shared.mailer.mailbox import LocalMailbox
from tests.notifications.conftest import STAFF, Town, eventually, own_database, town_of
from tests.notifications.reports import SENDMAIL, made
from tests.notifications.test_mail import all_sent, pressed
from tests.notifications.test_returned import hook


@pytest.fixture
async def posting(settings: Settings) -> AsyncIterator[Town]:
    """A town whose mail goes to the local mailbox."""
    mailbox = LocalMailbox(settings.data / "mailbox.db")
    async with own_database(settings) as mine, town_of(settings, mine, mailbox) as running_town:
        yield running_town


async def sign_up(town: Town, email: str, **more: Any) -> dict[str, Any]:
    answer = await town.client.post("/newsletter/sign-ups", json={"email": email, **more})
    return {"status": answer.status_code, **answer.json()}


async def link_to(town: Town, email: str) -> str:
    """The path of the confirmation in the newest mail to *email*."""

    async def arrived() -> bool:
        return bool((await town.get("/mailbox", recipient=email))["total"])

    await eventually(arrived)
    [summary, *_] = (await town.get("/mailbox", recipient=email))["items"]
    text = (await town.get(f"/mailbox/{summary['message_id']}"))["text"]
    found = re.search(r"/newsletter/confirm/(\S+)", text)
    assert found
    return f"/newsletter/confirmations/{found[1]}"


async def readers(town: Town, q: str = "") -> list[tuple[str, str]]:
    return [(item["email"], item["status"]) for item in (await town.get("/newsletter/readers", q=q))["items"]]


async def test_address_is_a_readers_only_after_the_link_was_pressed(posting: Town) -> None:
    await sign_up(posting, "Zoe@public.example", name="Zoe", care_groups=["stroke"])
    link = await link_to(posting, "zoe@public.example")
    assert (await posting.client.get(link)).status_code == 200
    assert await readers(posting) == [("zoe@public.example", "unconfirmed")]
    assert (await posting.client.post(link)).status_code == 200 == (await posting.client.post(link)).status_code
    assert await readers(posting, "ZOE") == [("zoe@public.example", "reads")]

    await posting.network("stroke")
    await posting.tell("Stroke news", care_groups=["stroke"])
    await all_sent(posting, await pressed(posting))
    [copy, _] = (await posting.get("/mailbox", recipient="zoe@public.example"))["items"]
    text = (await posting.get(f"/mailbox/{copy['message_id']}"))["text"].replace("\r\n", "\n")
    assert "Dear Zoe," in text and "FROM YOUR NETWORKS\n\nStroke\n\n* Stroke news" in text


async def test_answer_says_nothing_of_who_reads_and_mails_do_not_pile_up(posting: Town) -> None:
    await posting.person("ann")
    await posting.post("/preferences", "ann", "PATCH", newsletter=True)
    answers = [await sign_up(posting, address) for address in ("ann@people.example", "new@public.example")]
    answers += [await sign_up(posting, "new@public.example") for _ in range(3)]
    assert all(answer == answers[0] for answer in answers) and answers[0]["status"] == 202
    await link_to(posting, "new@public.example")
    await link_to(posting, "ann@people.example")
    assert (await posting.get("/mailbox"))["total"] == 2
    assert (await posting.get("/preferences", "ann"))["newsletter"] is True
    assert (await sign_up(posting, "no address"))["status"] == 422


async def test_link_that_is_made_up_or_old_confirms_nothing(posting: Town, settings: Settings) -> None:
    wrong = await posting.client.post(f"/newsletter/confirmations/ann.29990101.{'0' * 32}")
    with clock.at(clock.now() - timedelta(days=9)):
        old = Confirmations(settings).made("ann")
    ended = await posting.client.post(f"/newsletter/confirmations/{old}")
    assert (wrong.status_code, ended.status_code) == (404, 410)


async def test_unconfirmed_address_is_forgotten_after_its_link_has_ended(town: Town) -> None:
    await sign_up(town, "zoe@public.example")
    async with town.parts.database.transaction() as session:
        await forget_unconfirmed(session)
        kept = await session.execute(deliveries.select())
        assert len(kept.all()) == 1
    assert len(await readers(town)) == 1
    with clock.at(clock.now() + timedelta(days=9)):
        async with town.parts.database.transaction() as session:
            await forget_unconfirmed(session)
    assert await readers(town) == []


async def test_confirmed_mail_shows_that_a_bounced_address_works_again(posting: Town) -> None:
    await hook(posting, made(SENDMAIL, address="zoe@public.example", status="5.1.1", mail_id=""))
    assert (await posting.get("/mail/suppressions"))["total"] == 1
    await sign_up(posting, "zoe@public.example")
    await posting.client.post(await link_to(posting, "zoe@public.example"))
    assert (await posting.get("/mail/suppressions"))["total"] == 0


LIST = """\
email;name;consented_on;how
new@public.example;Nell New;2026-03-01;Form at the spring conference
NEW@public.example;Nell Again;2026-03-01;Form at the spring conference
no-address;;2026-03-01;Form
undated@public.example;;soon;Form
future@public.example;;2999-01-01;Form
unproven@public.example;;2026-03-01;
left@public.example;;2026-03-01;Form
refused@public.example;;2026-03-01;Form
"""


async def import_(town: Town, dry_run: bool) -> dict[str, Any]:
    found: dict[str, Any] = await town.post("/newsletter/readers/import", csv=LIST, dry_run=dry_run)
    return found


async def test_list_is_judged_row_by_row_before_any_is_taken(posting: Town) -> None:
    await hook(posting, made(SENDMAIL, address="refused@public.example", status="5.1.1", mail_id=""))
    await sign_up(posting, "left@public.example")
    link = await link_to(posting, "left@public.example")
    await posting.client.post(link)
    [reader] = (await posting.get("/newsletter/readers"))["items"]
    from services.notifications.letters.stationery import Stationery

    await posting.client.post(f"/unsubscribe/{Stationery(posting.parts.settings).token('newsletter', reader['id'])}")

    judged = await import_(posting, dry_run=True)
    assert len(await readers(posting)) == 1
    taken = await import_(posting, dry_run=False)

    counts = {name: taken[name] for name in ("new", "already", "left", "suppressed", "wrong")}
    assert counts == {"new": 1, "already": 1, "left": 1, "suppressed": 1, "wrong": 4}
    assert {**judged, "dry_run": False} == taken
    assert [(row["line"], row["outcome"]) for row in taken["rows"]][:3] == [(3, "already"), (4, "wrong"), (5, "wrong")]
    assert set(await readers(posting)) == {("left@public.example", "left"), ("new@public.example", "reads")}


async def test_imported_reader_has_the_proof_of_consent(posting: Town) -> None:
    await posting.person("staff-1", name="Staff One")
    await import_(posting, dry_run=False)
    [reader] = [r for r in (await posting.get("/newsletter/readers"))["items"] if r["email"] == "new@public.example"]
    assert (reader["consent_on"], reader["consent_how"]) == ("2026-03-01", "Form at the spring conference")
    assert reader["consent_by_name"] == "Staff One" and reader["name"] == "Nell New"


async def test_of_a_list_with_every_third_address_wrong_the_good_come_in_and_each_wrong_one_is_named(
    posting: Town,
) -> None:
    wrong = ("no-address", 'a"b@public.example', "a b@public.example", "jörg@public.example", "a@b@public.example", "@")
    addresses = [wrong[n // 3 % len(wrong)] if n % 3 == 0 else f"reader-{n}@public.example" for n in range(900)]
    rows = "\n".join(f"{address};2026-03-01;Form" for address in addresses)
    taken = await posting.post("/newsletter/readers/import", csv=f"email;consented_on;how\n{rows}", dry_run=False)

    assert (taken["new"], taken["wrong"]) == (600, 300) == (len(await all_readers(posting)), len(taken["rows"]))
    assert [row["line"] for row in taken["rows"]] == list(range(2, 902, 3))
    assert {row["email"] for row in taken["rows"]} == set(wrong) and all(row["reason"] for row in taken["rows"])


async def all_readers(town: Town) -> list[str]:
    async with town.parts.database.reading() as session:
        return list((await session.execute(select(newsletter_readers.c.email))).scalars())


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "PK\x03\x04", '"email","consented_on","how"\n"x'])
async def test_file_that_is_no_list_is_refused_whole(town: Town, text: str) -> None:
    answer = await town.client.post("/newsletter/readers/import", headers=town.as_(STAFF), json={"csv": text})
    assert answer.status_code in (200, 422)
    assert answer.status_code == 422 or answer.json()["new"] == 0


async def test_domain_of_other_letters_is_one_address_under_either_spelling(posting: Town) -> None:
    written, known = "Anna@MÜNCHEN.example", "anna@xn--mnchen-3ya.example"
    await sign_up(posting, written)
    await posting.client.post(await link_to(posting, known))
    await sign_up(posting, known)
    assert await readers(posting, "münchen.example") == [(known, "reads")] == await readers(posting, written)

    rows = "\n".join(f"{address},2026-01-01,at the conference" for address in (written, "jörg@public.example"))
    judged = await posting.post("/newsletter/readers/import", csv=f"email,consented_on,how\n{rows}", dry_run=True)
    assert [(row["outcome"], row["reason"][:40]) for row in judged["rows"]] == [
        ("already", "This reader gets the newsletter already."), ("wrong", "The part before the @ has letters that m"),
    ]  # fmt: skip

    await hook(posting, made(SENDMAIL, address=known, status="5.1.1", mail_id=""))
    assert [one["address"] for one in (await posting.get("/mail/suppressions", q=written))["items"]] == [known]
    await posting.post("/mail/suppressions/lift", address=written)
    assert (await posting.get("/mail/suppressions"))["total"] == 0


async def test_letters_before_the_at_sign_that_servers_refuse_are_refused_with_the_reason(posting: Town) -> None:
    refused = await sign_up(posting, "jürgen@public.example")
    assert refused["status"] == 422 and "plain letters (a to z)" in refused["detail"]
