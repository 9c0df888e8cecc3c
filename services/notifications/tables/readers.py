"""A reader of mail, with an account or without: where both tables have a name or an address, the account's counts."""

from __future__ import annotations

from sqlalchemy import func

from services.notifications.tables.newsletter import newsletter_readers
from services.notifications.tables.people import people

reader_name = func.coalesce(people.c.name, newsletter_readers.c.name, "")
reader_address = func.coalesce(people.c.email, newsletter_readers.c.email, "")
