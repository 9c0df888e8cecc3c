"""Browser notifications on their way: a row for each, until a push service took it.

    order_pushes() ─▶ pushes ──held for a minute──▶ taken: the row goes
                         ▲                        ├─ 404, 410: the browser goes, with all its rows
                         └──── later, a few times ┴─ anything else

Invariants:
1. A notification is a row, written in the transaction that decided on it. What a killed sender held comes free after a
   minute: it may arrive twice then, and the browser shows the second in place of the first, because both have one tag.
2. No transaction is open while a push service is called, and it is called as webhooks are: at public addresses alone.
3. What is said is read when it is sent: who chose otherwise meanwhile is shown nothing.
4. The push service sees whom it is for and how long it is, never what it says (RFC 8291).
"""

from services.notifications.delivery.pushes.ordering import order_pushes

__all__ = ["order_pushes"]
