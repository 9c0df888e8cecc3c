"""Calling addresses that somebody outside gave us.

Invariants:
1. Nothing is sent to an address that is not public, unless the operator allowed its network: a stranger who may name
   an address must not reach through us what only we can reach.
2. What is checked is what is connected to: a name is resolved once for a connection, every answer is checked, and the
   connection goes to that very address, while Host and SNI keep the name. A name that changes in between gains nothing.
3. No redirect is followed, no proxy of the environment is used, and no answer is longer, slower or more patient than
   its limits.
"""
