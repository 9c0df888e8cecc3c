"""Mail on its way: one row for each copy, and the sender that works through them.

    pending ──▶ sending ──▶ sent
       ▲           ├──────▶ refused     for good: the address is suppressed
       └─ deferred ◀┘                   not now: again later, a bounded number of times

Invariants:
1. A copy is marked `sending`, and that is committed, before its connection begins with it. What a killed sender
   leaves in `sending` (one copy a connection at most) may or may not have arrived: it is sent again under the same
   Message-ID and marked as repeated. Nothing else is ever sent twice, and nothing is lost.
2. The marks of all connections share transactions: whatever finished while the last one committed goes into the next.
3. Copies are held by a sender that is alive: it says so every second and a half. Another takes over what a sender
   held that has not said so for five seconds.
4. Told to stop, a sender lets each connection finish its mail, records it, and gives back the rest.
"""
