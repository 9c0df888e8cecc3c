"""Mails about accounts, on the sheet that all our mails have."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from services.membership.tables import Letter
from services.membership.wording import Said
from shared import clock
from shared.config import Settings
from shared.mailer import Mail
from shared.mailer.marks import marked
from shared.stationery import templates_in
from shared.stationery.styles import inlined

templates = templates_in(Path(__file__).parent / "templates")


def mail_of(said: Said, letter: Letter, settings: Settings) -> Mail:
    """The finished mail, in text and in HTML. Raises ValueError for an address that no header takes.

    Each try has a Message-ID of its own, because its link is another; a bounce is known by it (`shared.mailer.marks`).
    """
    thing, domain = f"{letter.id}.{letter.tries}", settings.mail_from.rpartition("@")[2] or "localhost"
    message_id = f"<{marked(settings.services_key, thing, letter.address, domain)}>"
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"{said.title} – {settings.name}"
    message["From"] = Address(settings.name, addr_spec=settings.mail_from)
    message["To"] = letter.address
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    values = {"said": said, "name": settings.name, "home": settings.public_url}
    message.set_content(templates.get_template("account.txt").render(values), cte="quoted-printable")
    html = inlined(templates.get_template("account.html").render(values))
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return Mail(message_id, settings.mail_from, letter.address, message.as_bytes())
