"""Collecting what comes back by mail: reports are taken and put away, all else is put where people can look at it.

Any number of processes may collect. In a Maildir a mail is taken over by moving it, which one of them alone can do;
over IMAP two may read the same mail, and what it reports is recorded once (commands/returned.py).
"""

from services.notifications.delivery.collecting.worker import collect, forget

__all__ = ["collect", "forget"]
