"""The notifications service as a process of its own, to be killed: `python sending.py <name> <json settings>`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import replace

from services.notifications.app import service
from shared.config import Settings
from shared.log.sqlite import SqliteLog
from shared.mailer.smtp import SmtpMailer
from shared.service import Shared, parts_of, running
from tests.notifications.conftest import Heard, NoMail


async def main(name: str, settings: Settings, connections: int) -> None:
    """Run until SIGTERM."""
    mailer = SmtpMailer(settings.smtp, connections=connections)
    common = Shared(settings, SqliteLog(settings.data / "log.sqlite"), Heard(), NoMail(), mailer)  # type: ignore[arg-type]
    await common.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    mine = replace(service, name=name)
    async with running(mine, parts_of(mine, common)):
        print("running", flush=True)
        await stop.wait()
    await common.stop()


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    asyncio.run(main(sys.argv[1], Settings(**given["settings"]), given["connections"]))
