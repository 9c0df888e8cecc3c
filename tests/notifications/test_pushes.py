"""Browser notifications: a real push service takes them, and only the browser can read them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from services.notifications.delivery.pushes import order_pushes, sender
from services.notifications.delivery.pushes.sealing import Seal, decoded, new_private_key
from services.notifications.delivery.summarising import put_together
from services.notifications.tables import fanouts, pushes
from shared import clock
from shared.config import Settings
from shared.outside.addresses import Doors
from shared.outside.calls import Caller
from tests.notifications.conftest import NoMail, Town, eventually, own_database, town_of
from tests.notifications.pushing import PushService, claims_of, listening

KEY = new_private_key()


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with listening(PushService()) as running:
        yield running


@pytest.fixture
async def pushing(settings: Settings) -> AsyncIterator[Town]:
    """A town that sends notifications, and may reach this machine."""
    mine = settings.model_copy(update={"push_key": KEY, "webhook_allow": "127.0.0.0/8"})
    async with own_database(mine) as own, town_of(mine, own, NoMail()) as running_town:
        yield running_town


async def reader(town: Town, service: PushService, person: str = "ann", **chosen: Any) -> str:
    """Somebody of the stroke network who allowed notifications in one browser."""
    await town.network("stroke", "Stroke network")
    await town.role(await town.person(person), "stroke")
    await town.post("/browsers", person, **service.subscription(f"of-{person}"))
    if chosen:
        await town.post("/preferences", person, "PATCH", **chosen)
    return person


async def told(service: PushService, count: int) -> None:
    async def arrived() -> bool:
        return len(service.taken) >= count

    await eventually(arrived)


@pytest.mark.fast
def test_what_is_sealed_opens_as_the_standard_s_example_does() -> None:
    """RFC 8291, appendix A: its keys, its salt, its result."""
    sent_by = ec.derive_private_key(
        int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    sealed = http_ece.encrypt(
        b"When I grow up, I want to be a watermelon", private_key=sent_by, salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
        dh=decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        auth_secret=decoded("BTBZMqHH6r4Tts7J_aSIgg"), version="aes128gcm",
    )  # fmt: skip
    expected = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
        "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert urlsafe_b64encode(sealed).rstrip(b"=").decode() == expected


@pytest.mark.fast
def test_a_key_made_anew_is_one_that_the_settings_take() -> None:
    assert Settings(push_key=new_private_key()).push_key
    assert len(decoded(Seal(KEY, "news@tidings.example").public_key)) == 65


async def test_a_live_alert_is_shown_by_the_browser_and_says_why(pushing: Town, service: PushService) -> None:
    await reader(pushing, service)
    message_id = await pushing.tell("{person:ann} now leads", networks=["stroke"], path="/networks/stroke")
    await told(service, 1)

    [shown] = service.taken
    assert (shown["title"], shown["body"], shown["path"]) == ("Stroke network", "Ann now leads", "/networks/stroke")
    assert (shown["tag"], shown["why"]) == (message_id, f"/alerts/{message_id}/why")
    assert shown["reason"] == "because you are a member of Stroke network"


async def test_the_push_service_learns_who_sends_and_nothing_else(pushing: Town, service: PushService) -> None:
    await reader(pushing, service)
    await pushing.tell("Aims changed", networks=["stroke"])
    await told(service, 1)

    [headers] = service.headers
    key = (await pushing.get("/browsers", "ann"))["key"]
    claims = claims_of(headers, key, service.origin)
    assert claims["sub"] == "mailto:news@tidings.example"
    assert 0 < claims["exp"] - datetime.now(UTC).timestamp() <= 24 * 3600
    assert headers["ttl"] == "86400" and headers["content-encoding"] == "aes128gcm" and len(headers["topic"]) == 32


async def test_what_comes_weekly_or_was_done_by_themselves_is_not_shown(pushing: Town, service: PushService) -> None:
    await reader(pushing, service)
    await reader(pushing, service, "somebody")
    await pushing.tell("A document", networks=["stroke"], category="resources")
    await pushing.tell("News", networks=["stroke"])
    await told(service, 1)
    assert [shown["body"] for shown in service.taken] == ["News"]  # to Ann; somebody did it


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_removed(pushing: Town, service: PushService, status: int) -> None:
    await reader(pushing, service)
    service.answers = [status]
    await pushing.tell("Aims changed", networks=["stroke"])

    async def gone() -> bool:
        return not (await pushing.get("/browsers", "ann"))["items"]

    await eventually(gone)
    async with pushing.parts.database.reading() as session:
        assert (await session.execute(select(pushes))).all() == []
    assert service.taken == []


async def test_a_push_service_in_trouble_is_asked_again_a_few_times(
    pushing: Town, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PAUSES", (0, 0))
    await reader(pushing, service)
    service.answers = [503, 429]
    await pushing.tell("Aims changed", networks=["stroke"])
    await told(service, 1)
    service.answers = [500, 500, 500]
    await pushing.tell("Given up", networks=["stroke"])

    async def given_up() -> bool:
        async with pushing.parts.database.reading() as session:
            return service.calls == 6 and not (await session.execute(select(pushes))).all()

    await eventually(given_up)
    assert [shown["body"] for shown in service.taken] == ["Aims changed"]


async def test_a_notification_that_a_killed_sender_held_comes_free(settings: Settings, service: PushService) -> None:
    mine = settings.model_copy(update={"push_key": KEY, "webhook_allow": "127.0.0.0/8"})
    caller, seal = Caller(Doors("127.0.0.0/8")), Seal(KEY, "news@tidings.example")
    async with own_database(mine) as own, town_of(mine, replace(own, workers=[]), NoMail()) as town:
        await reader(town, service)
        message_id = await town.tell("Aims changed", networks=["stroke"])
        async with town.parts.database.transaction() as session:
            await order_pushes(session, [(message_id, "ann")])
        async with town.parts.database.transaction() as session:
            assert len(await sender.hold(session)) == 1
        assert await sender.push_some(town.parts, caller, seal) == 0
        with clock.at(clock.now() + sender.HELD):
            assert await sender.push_some(town.parts, caller, seal) == 1
    await caller.close()
    assert len(service.taken) == 1


async def test_who_mutes_before_it_is_sent_is_shown_nothing(pushing: Town, service: PushService) -> None:
    await reader(pushing, service)
    service.answers = [503]
    await pushing.tell("Aims changed", networks=["stroke"])

    async def put_off() -> bool:
        return service.calls == 1

    await eventually(put_off)
    await pushing.post("/networks/stroke/mute", "ann")
    caller = Caller(Doors("127.0.0.0/8"))
    with clock.at(clock.now() + timedelta(minutes=5)):
        await sender.push_some(pushing.parts, caller, Seal(KEY, "news@tidings.example"))
    await caller.close()
    assert service.calls == 1 and service.taken == []


async def test_quiet_hours_end_with_one_notification_for_who_takes_no_mail(pushing: Town, service: PushService) -> None:
    now = datetime.now(UTC)
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=2)
    quiet = {"begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}"}
    await reader(pushing, service, zone="UTC", quiet=quiet)
    for headline in ("First", "Second"):
        await pushing.tell(headline, networks=["stroke"])

    await pushing.tell("Third", networks=["stroke"])

    async def fanned_out() -> bool:
        async with pushing.parts.database.reading() as session:
            return not (await session.execute(select(fanouts))).all()

    await eventually(fanned_out)
    assert service.calls == 0
    with clock.at(ends + timedelta(minutes=1)):
        async with pushing.parts.database.transaction() as session:
            await put_together(session)
        caller = Caller(Doors("127.0.0.0/8"))
        await sender.push_some(pushing.parts, caller, Seal(KEY, "news@tidings.example"))
        await caller.close()
    assert [shown["body"] for shown in service.taken] == ["3 changes while it was quiet"]


async def test_an_inner_address_is_never_called(settings: Settings, service: PushService) -> None:
    mine = settings.model_copy(update={"push_key": KEY})
    async with own_database(mine) as own, town_of(mine, own, NoMail()) as town:
        await town.person("ann")
        answer = await town.client.post("/browsers", headers=town.as_("ann"), json=service.subscription())
        assert answer.status_code == 422
        inner = {**service.subscription(), "endpoint": f"https://127.0.0.1:{service.port}/push"}
        await town.post("/browsers", "ann", **inner)
        await town.tell("For you", people=["ann"])

        async def tried() -> bool:
            async with town.parts.database.reading() as session:
                return bool((await session.execute(select(pushes.c.attempts))).scalar())

        await eventually(tried)
    assert service.calls == 0


async def test_a_browser_is_its_person_s_and_who_asked_last_is_told_there(pushing: Town, service: PushService) -> None:
    await pushing.person("ann")
    await pushing.person("ben")
    await pushing.post("/browsers", "ann", **service.subscription())
    await pushing.post("/browsers", "ben", **service.subscription())
    assert (await pushing.get("/browsers", "ann"))["items"] == []
    [mine] = (await pushing.get("/browsers", "ben"))["items"]
    refused = await pushing.client.delete(f"/browsers/{mine['id']}", headers=pushing.as_("ann"))
    assert refused.status_code == 404 and mine["service"] == "127.0.0.1"
    await pushing.post(f"/browsers/{mine['id']}", "ben", "DELETE")
    assert (await pushing.get("/browsers", "ben"))["items"] == []


async def test_without_a_key_no_browser_can_ask(town: Town, service: PushService) -> None:
    await town.person("ann")
    answer = await town.client.post("/browsers", headers=town.as_("ann"), json=service.subscription())
    assert answer.status_code == 404 and "operator" in answer.json()["detail"]
    assert (await town.get("/browsers", "ann"))["key"] == ""


@pytest.mark.parametrize("keys", [{"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "!", "auth": "AAAA"}])
async def test_keys_that_are_none_are_refused(pushing: Town, service: PushService, keys: dict[str, str]) -> None:
    await pushing.person("ann")
    sent = {**service.subscription(), "keys": keys}
    answer = await pushing.client.post("/browsers", headers=pushing.as_("ann"), json=sent)
    assert answer.status_code == 422
