"""What the mails about accounts say: plain text, one link, and what to do if it was somebody else."""

from __future__ import annotations

from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.announcing import TITLES
from services.membership.commands.invitations import INVITATION_DAYS
from services.membership.commands.letters import RESET_MINUTES, new_key
from services.membership.tables import Invitation, Letter, Network, Person
from shared.config import Settings
from shared.envelope import new_id
from shared.mailer import Mail

RESET = """Somebody, most likely you, asked to choose a new password for {name}.

Choose it here within {minutes} minutes:
{url}/sign-in/new-password/{key}

The link works once. If it was not you, do nothing: your password stays as it is, and nobody was told whether this
address is known."""
INVITATION = """{inviter} invites you {what}.

Accept here until {until}:
{url}/invitation/{key}

If you know nothing of this, do nothing, and nothing happens."""
CHANGED = """The password of your account at {name} was changed. Everybody who was signed in with the old one has been
signed out.

If it was not you, choose a new one at once: {url}/sign-in/forgotten
Then look at your tokens for programs: {url}/account/tokens"""
EMAIL = """The e-mail address of your account at {name} was changed. From now on you sign in with the new one, and mail
goes there.

If it was not you, answer the national team at once: {url}/contact"""
LINKED = """You can sign in to {name} with {provider} from now on.

To be safe, your old password and your tokens for programs have ended, and everybody who was signed in has been signed
out. If you want a password beside it, choose one here: {url}/sign-in/forgotten

If it was not you, write to the national team at once: {url}/contact"""
SUBJECTS = {
    "reset": "Choose a new password", "invitation": "You are invited", "password": "Your password was changed",
    "email": "Your e-mail address was changed", "linked": "A new way to sign in",
}  # fmt: skip


async def mail_of(session: AsyncSession, letter: Letter, settings: Settings) -> Mail | None:
    """The mail of a letter, its link made now; None where there is nobody, or nothing any more, to write about."""
    said = {"name": settings.name, "url": settings.public_url, "provider": settings.oidc_name}
    if letter.kind == "reset":
        text = await _reset(session, letter, said)
    elif letter.kind == "invitation":
        text = await _invitation(session, letter, said)
    else:
        text = {"password": CHANGED, "email": EMAIL, "linked": LINKED}[letter.kind].format(**said)
    return _written(letter, text, settings) if text else None


async def _reset(session: AsyncSession, letter: Letter, said: dict[str, str]) -> str:
    query = select(Person.id).where(Person.email == letter.address, Person.email != "")
    person_id = (await session.execute(query)).scalar_one_or_none()
    if person_id is None:
        return ""
    key = await new_key(session, kind="reset", subject_id=person_id, lives=timedelta(minutes=RESET_MINUTES))
    return RESET.format(**said, minutes=RESET_MINUTES, key=key)


async def _invitation(session: AsyncSession, letter: Letter, said: dict[str, str]) -> str:
    invitation = await session.get(Invitation, letter.subject_id)
    if invitation is None or invitation.status != "open":
        return ""
    inviter = await session.get(Person, invitation.invited_by)
    network = await session.get(Network, invitation.network_id) if invitation.network_id else None
    what = f"to {said['name']}"
    if network:
        article = "a" if invitation.role in ("member", "patient_representative", "co_ordinator", "chair") else "the"
        what = f"to {network.name}, as {article} {TITLES[invitation.role]}, and to {said['name']}"
    lives = timedelta(days=INVITATION_DAYS)
    key = await new_key(session, kind="invitation", subject_id=invitation.id, lives=lives)
    until = f"{invitation.expires_at:%-d %B %Y}"
    return INVITATION.format(
        **said, inviter=inviter.name if inviter else "The national team", what=what, until=until, key=key
    )  # fmt: skip


def _written(letter: Letter, text: str, settings: Settings) -> Mail:
    message_id = f"<{new_id()}@{settings.mail_from.rpartition('@')[2]}>"
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"{SUBJECTS[letter.kind]} – {settings.name}"
    message["From"] = Address(settings.name, addr_spec=settings.mail_from)
    message["To"] = letter.address
    message["Date"] = formatdate()
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text + f"\n\n{settings.name}, {settings.public_url}\n")
    return Mail(message_id, settings.mail_from, letter.address, message.as_bytes())
