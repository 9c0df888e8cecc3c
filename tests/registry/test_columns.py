"""What somebody wants to see of each network in the directory: kept for them, and for nobody else."""

from __future__ import annotations

from services.registry import consumers
from shared.auth import Principal
from shared.envelope import Envelope
from tests.registry.conftest import BOTH, Register

ANN, BEN = Principal("ann"), Principal("ben")


async def shown(register: Register, by: Principal) -> list[str]:
    return list((await register.get("/columns", by=by))["shown"])


@BOTH
async def test_columns_are_kept_for_whoever_chose_them(register: Register) -> None:
    assert (await register.ask("PUT", "/columns", {"shown": ["host", "aims", "host"]}, by=ANN)).status_code == 200
    assert await shown(register, ANN) == ["aims", "host"]
    assert await shown(register, BEN) == ["leads", "areas"]
    await register.ask("PUT", "/columns", {"shown": []}, by=ANN)
    assert await shown(register, ANN) == []


async def test_a_column_that_there_is_not_is_refused(register: Register) -> None:
    assert (await register.ask("PUT", "/columns", {"shown": ["shoe size"]}, by=ANN)).status_code == 422
    assert (await register.ask("GET", "/columns", by=Principal())).status_code == 401


@BOTH
async def test_columns_of_the_erased_are_forgotten(register: Register) -> None:
    await register.ask("PUT", "/columns", {"shown": ["host"]}, by=ANN)
    erased = Envelope(
        topic="membership.people", key="ann", type="networks.membership.person.erased.v1", source="/membership",
        subject="ann", revision=9, data=None,
    )  # fmt: skip
    async with register.database.transaction() as session:
        await consumers.on_people(session, [erased])
    assert await shown(register, ANN) == ["leads", "areas"]
