"""What the mails about accounts say: what happened, one thing to press, and what to do if it was somebody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.announcing import TITLES
from services.membership.commands.email_changes import EMAIL_HOURS
from services.membership.commands.invitations import INVITATION_DAYS
from services.membership.commands.letters import RESET_MINUTES, new_key
from services.membership.commands.sign_ins import NEW_BROWSER
from services.membership.tables import EmailChange, Invitation, Letter, Network, Person
from shared.config import Settings

OWN = "It is about how you sign in."
ARTICLE_A = frozenset({"member", "patient_representative", "co_ordinator", "chair"})


@dataclass(frozen=True, slots=True)
class Said:
    """A mail's words: its title, what comes *before* the button and *after* it, further *links*, and *why* it came."""

    title: str
    before: tuple[str, ...]
    button: str = ""
    url: str = ""
    after: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    why: str = OWN


async def words_of(session: AsyncSession, letter: Letter, settings: Settings) -> Said | None:
    """The words of a letter, its link made now; None where there is nobody, or nothing any more, to write about."""
    if letter.kind in WITH_A_LINK:
        return await WITH_A_LINK[letter.kind](session, letter, settings)
    return PLAIN[letter.kind](settings)


async def _reset(session: AsyncSession, letter: Letter, settings: Settings) -> Said | None:
    query = select(Person.id).where(Person.email == letter.address, Person.email != "")
    person_id = (await session.execute(query)).scalar_one_or_none()
    if person_id is None:
        return None
    key = await new_key(session, kind="reset", subject_id=person_id, lives=timedelta(minutes=RESET_MINUTES))
    return Said(
        "Choose a new password",
        (f"Somebody, most likely you, asked to choose a new password for {settings.name}.",),
        "Choose it", f"{settings.public_url}/sign-in/new-password/{key}",
        (
            f"The button works once, within {RESET_MINUTES} minutes.",
            "If it was not you, do nothing: your password stays as it is, and nobody was told whether this address is "
            "known.",
        ),
    )  # fmt: skip


async def _invitation(session: AsyncSession, letter: Letter, settings: Settings) -> Said | None:
    invitation = await session.get(Invitation, letter.subject_id)
    if invitation is None or invitation.status != "open":
        return None
    inviter = await session.get(Person, invitation.invited_by)
    network = await session.get(Network, invitation.network_id) if invitation.network_id else None
    what = f"to {settings.name}"
    if network:
        article = "a" if invitation.role in ARTICLE_A else "the"
        what = f"to {network.name}, as {article} {TITLES[invitation.role]}, and to {settings.name}"
    lives = timedelta(days=INVITATION_DAYS)
    key = await new_key(session, kind="invitation", subject_id=invitation.id, lives=lives)
    return Said(
        "You are invited", (f"{inviter.name if inviter else 'The national team'} invites you {what}.",),
        "Look at the invitation", f"{settings.public_url}/invitation/{key}",
        (
            f"It is open until {invitation.expires_at:%-d %B %Y}.",
            "If you know nothing of this, do nothing, and nothing happens.",
        ),
        why="Somebody gave this address to invite you.",
    )  # fmt: skip


async def _new_email(session: AsyncSession, letter: Letter, settings: Settings) -> Said | None:
    """To the new address: the link, or, where somebody else has the address by now, that."""
    asked = await session.get(EmailChange, letter.subject_id)
    if asked is None or asked.email != letter.address:
        return None
    why = "Somebody gave this address as their new one."
    if await _is_taken(session, letter.address):
        return Said(
            "This address has an account",
            (f"Somebody, most likely you, wants to sign in to {settings.name} with this address. It has an account "
             "already, so nothing was changed.",),
            "Sign in to that account", f"{settings.public_url}/sign-in",
            ("If you have two accounts, the national team can make one of them.",), why=why,
        )  # fmt: skip
    key = await new_key(session, kind="email", subject_id=letter.subject_id, lives=timedelta(hours=EMAIL_HOURS))
    return Said(
        "Confirm your new address",
        (f"Somebody, most likely you, wants to sign in to {settings.name} with this address.",),
        "Use this address", f"{settings.public_url}/confirm-address/{key}",
        (f"The button works once, within {EMAIL_HOURS} hours.", "If it was not you, do nothing, and nothing happens."),
        why=why,
    )  # fmt: skip


async def _new_browser(_session: AsyncSession, letter: Letter, settings: Settings) -> Said | None:
    about, when = letter.about, f"{letter.created_at:%-d %B %Y at %H:%M} UTC"
    where = f", from the network address {about['address']}" if about["address"] else ""
    return Said(
        "A new browser was used to sign in",
        (
            f"{about['browser']} signed in to your account for {settings.name} on {when}{where}. Your account has not "
            "been used with that browser before.",
            "If it was you, there is nothing to do.",
        ),
        "It was not me: sign it out", about["end"],
        ("Then choose a new password, because whoever signed in knows the present one.",),
        links=(("Choose a new password", f"{settings.public_url}/sign-in/forgotten"),),
    )  # fmt: skip


async def _is_taken(session: AsyncSession, email: str) -> bool:
    return (await session.execute(select(Person.id).where(Person.email == email))).first() is not None


def _email_asked(settings: Settings) -> Said:
    return Said(
        "Your address is about to change",
        ("Somebody who knows your password, most likely you, asked to sign in with another address from now on. It "
         "changes once the link that we mailed there is pressed.",),
        after=("If it was not you, choose a new password at once: that also ends the change.",),
        links=(("Choose a new password", f"{settings.public_url}/sign-in/forgotten"),),
    )  # fmt: skip


def _email(settings: Settings) -> Said:
    return Said(
        "Your e-mail address was changed",
        (f"From now on you sign in to {settings.name} with the new address, and mail goes there. This is the last mail "
         "to the old one.",),
        after=("If it was not you, tell the national team at once.",),
        links=(("Tell the national team", f"{settings.public_url}/contact"),),
    )  # fmt: skip


def _password(settings: Settings) -> Said:
    return Said(
        "Your password was changed", ("Everybody who was signed in with the old one has been signed out.",),
        after=("If it was not you, choose a new one at once. Then look at your tokens for programs.",),
        links=(
            ("Choose a new password", f"{settings.public_url}/sign-in/forgotten"),
            ("Your tokens for programs", f"{settings.public_url}/account/tokens"),
        ),
    )  # fmt: skip


def _linked(settings: Settings) -> Said:
    return Said(
        "A new way to sign in", (
            f"You can sign in to {settings.name} with {settings.oidc_name} from now on.",
            "To be safe, your old password and your tokens for programs have ended, and everybody who was signed in "
            "has been signed out.",
        ),
        after=("If it was not you, tell the national team at once.",),
        links=(
            ("Choose a password beside it", f"{settings.public_url}/sign-in/forgotten"),
            ("Tell the national team", f"{settings.public_url}/contact"),
        ),
    )  # fmt: skip


def _app_on(settings: Settings) -> Said:
    return Said(
        "Signing in takes a code now", ("An authenticator app was set up for your account.",),
        after=("If it was not you, choose a new password at once and ask the national team to take the app off.",),
        links=(
            ("Choose a new password", f"{settings.public_url}/sign-in/forgotten"),
            ("Ask the national team", f"{settings.public_url}/contact"),
        ),
    )  # fmt: skip


def _app_off(settings: Settings) -> Said:
    return Said(
        "Signing in takes no code any more",
        ("The authenticator app was taken off your account: your password alone lets you in.",),
        after=("If it was not you, choose a new password at once, and set up an app again.",),
        links=(
            ("Choose a new password", f"{settings.public_url}/sign-in/forgotten"),
            ("Set up an app", f"{settings.public_url}/account/second-factor"),
        ),
    )  # fmt: skip


WITH_A_LINK: dict[str, Callable[[AsyncSession, Letter, Settings], Awaitable[Said | None]]] = {
    "reset": _reset, "invitation": _invitation, "new-email": _new_email, NEW_BROWSER: _new_browser,
}  # fmt: skip
PLAIN: dict[str, Callable[[Settings], Said]] = {
    "email-asked": _email_asked, "email": _email, "password": _password, "linked": _linked, "app-on": _app_on,
    "app-off": _app_off,
}  # fmt: skip
"""Kind of letter → its words."""
