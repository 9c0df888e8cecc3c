"""What membership keeps: people and how they sign in, organisations, roles, and a projection of networks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import JsonB, UtcDateTime

metadata = MetaData()
_GIVEN = text("email <> ''")


class Row(DeclarativeBase):
    """A row of this service."""

    metadata = metadata
    type_annotation_map = {str: Text, datetime: UtcDateTime, list[str]: JsonB, dict[str, str]: JsonB}  # noqa: RUF012


class Person(Row):
    """A person. `email` is in lower case and unique unless empty; `organisation` and `bodies` are ODS codes."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    name: Mapped[str]
    sort_name: Mapped[str]
    email: Mapped[str]
    professions: Mapped[list[str]]
    interests: Mapped[list[str]]
    organisation: Mapped[str]
    is_staff: Mapped[bool]
    is_associate: Mapped[bool]
    bodies: Mapped[list[str]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("people_in_order", "sort_name", "id"),
        Index("people_by_email", "email", unique=True, sqlite_where=_GIVEN, postgresql_where=_GIVEN),
    )


class Account(Row):
    """How a person signs in: an Argon2 hash."""

    __tablename__ = "accounts"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    password: Mapped[str] = mapped_column(comment="Argon2")
    changed_at: Mapped[datetime]


class SecondFactor(Row):
    """The key of somebody's authenticator app, encrypted; it counts once a code of it was given (`confirmed_at`).

    `last_step` is the thirty seconds whose code was used last: no code works twice.
    """

    __tablename__ = "second_factors"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(comment="encrypted with a key made of TIDINGS_SECRET")
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int]


class Identity(Row):
    """Somebody as an identity provider knows them: its issuer, and the subject that it never gives to another."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(index=True)
    linked_at: Mapped[datetime]
    used_at: Mapped[datetime]


class RecoveryCode(Row):
    """A code that takes the app's place once, known by its SHA-256 alone."""

    __tablename__ = "recovery_codes"

    hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(index=True)


class Token(Row):
    """A personal token, known by its SHA-256 alone: a copy of this table opens nothing."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(server_default="", default="")
    hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Letter(Row):
    """A mail that waits to be sent, or was sent: what it says is made as it goes, so that no link is ever stored.

    `subject_id` is the person or the invitation that it is about; a reset asked for an address names nobody, because
    what is stored must not tell whether somebody has that address. `due_at` is None once nothing is to be done.
    """

    __tablename__ = "letters"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(comment="what it says, see wording.py")
    address: Mapped[str]
    subject_id: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    tries: Mapped[int]
    about: Mapped[dict[str, str]] = mapped_column(server_default="{}", default=dict)


class FirstSignIn(Row):
    """That somebody has signed in at all: a browser is new only to who had another before."""

    __tablename__ = "first_sign_ins"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class MailedKey(Row):
    """The secret in a mailed link, known by its SHA-256 alone: the last for each subject and kind."""

    __tablename__ = "mailed_keys"

    hash: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(comment="reset, invitation or email")
    subject_id: Mapped[str] = mapped_column(index=True)
    expires_at: Mapped[datetime]


class EmailChange(Row):
    """The address that somebody wants to sign in with, until the link that was mailed there is pressed."""

    __tablename__ = "email_changes"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Invitation(Row):
    """Somebody is invited to have an account and, where `network_id` is given, to a role in that network.

    `status` is open, accepted or withdrawn; an open one is over after `expires_at`. `refusal` is what the mail server
    said that would not take its mail.
    """

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    network_id: Mapped[str] = mapped_column(index=True)
    role: Mapped[str]
    invited_by: Mapped[str]
    by_staff: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[str]
    refusal: Mapped[str] = mapped_column(server_default="", default="")


class FirstLink(Row):
    """The one-time link that makes the first staff account, known by its SHA-256 alone."""

    __tablename__ = "first_links"

    hash: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class Organisation(Row):
    """An organisation; `code` is its ODS code, None where it has none; `body` the oversight body of its area."""

    __tablename__ = "organisations"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    code: Mapped[str | None] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    sort_name: Mapped[str]
    body: Mapped[str]
    town: Mapped[str]
    postcode: Mapped[str]

    __table_args__ = (Index("organisations_in_order", "sort_name", "id"),)


class Role(Row):
    """A person's role in a network from `since` to `until`, both days included; plain members have one too.

    `status` is planned, active or ended, and turns with the calendar (turning.py). The last three tell of networks
    that were merged or split (see MembershipState).
    """

    __tablename__ = "roles"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    network_id: Mapped[str]
    person_id: Mapped[str]
    role: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    status: Mapped[str]
    continues: Mapped[str] = mapped_column(server_default="", default="")
    continued_in: Mapped[str] = mapped_column(server_default="", default="")
    told_since: Mapped[datetime | None]

    __table_args__ = (
        Index("roles_of_network", "network_id", "status", "role", "id"),
        Index("roles_of_person", "person_id", "status"),
        Index("roles_by_calendar", "status", "until"),
    )


class RoleBatch(Row):
    """One role that one person was given in many networks together, or (`ends`) gave up. `status`: applied, undone."""

    __tablename__ = "role_batches"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    status: Mapped[str]
    person_id: Mapped[str]
    role: Mapped[str]
    ends: Mapped[bool]
    reason: Mapped[str]
    minor: Mapped[bool]
    changed: Mapped[int] = mapped_column(comment="networks in which it was otherwise before")
    kept: Mapped[int] = mapped_column(comment="networks changed since, which an undo left alone")
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    undone_by: Mapped[str]
    undone_at: Mapped[datetime | None]


class RoleBatchEffect(Row):
    """What it did in one network: `touched` is each role given or ended, with the revision that it has since.

    `{"id", "revision", "until"}`; `until` is the last day that it had before (None: open), left out for the new one.
    """

    __tablename__ = "role_batch_effects"

    batch_id: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)
    touched: Mapped[list[dict[str, Any]]] = mapped_column(JsonB)
    kept: Mapped[bool] = mapped_column(comment="an undo left it alone")


class Network(Row):
    """Projection of `registry.networks`. Its row is also what commands lock, so that a network's roles keep order."""

    __tablename__ = "networks"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    care_group: Mapped[str]
    bodies: Mapped[list[str]]
    archived: Mapped[bool]


class Address(Row):
    """Projection of `registry.networks`: an address that a network had before."""

    __tablename__ = "addresses"

    slug: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str]
