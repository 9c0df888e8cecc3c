"""Webhooks on their way: one row for each message to each subscription, and the sender that visits their endpoints.

    waiting ──▶ delivered
       │    ──▶ retrying ──▶ delivered
       │            └──────▶ failed       after eight tries, or 410
       └──────────────────▶ withdrawn     the owner may no longer see it

Invariants:
1. A message arrives at least once: a try is recorded after its answer, so what a killed sender had on its way is tried
   again, with the same `webhook-id` (the message's id).
2. An endpoint is visited by one sender at a time, which says that it is alive as the sender of mail does; another takes
   over what one held that has fallen silent.
3. Order is best effort: an endpoint gets the messages of one network one after another, in the order of the changes.
   What had to be put off is overtaken, and so is what is ordered afterwards (4) by what comes once its receiver
   answers; `revision` in the message tells which is newer.
4. Slow endpoints never delay quick ones. A message to a receiver that answers is ordered with the change; the others'
   are ordered afterwards, some at a time (later.py). Visits run in lanes (new, quick, slow), each with a number of
   places of its own; whoever lets a call last longer than half a second gives up the place at once, and comes back
   as slow.
5. Everything is bounded: calls at once to one endpoint and in all, messages of one visit, tries, pauses, what is kept
   of an answer, and for how long.
6. What is sent is put together when it is sent: with the names of that moment, and only what the owner may see then.
"""
