"""Free ports on this machine."""

from __future__ import annotations

import random
import socket
from itertools import islice

BELOW_EPHEMERAL = range(20000, 32000)
"""Below the ports that the kernel hands to clients: there, a client that reconnects to a server that was killed can
be given the server's own port, and talks to itself."""


def is_free(port: int) -> bool:
    """Whether a server could listen on *port* of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """That many different ports on which servers could listen now. Another program may take one before you do."""
    return list(islice(filter(is_free, random.sample(BELOW_EPHEMERAL, len(BELOW_EPHEMERAL))), count))


def free_port() -> int:
    """One such port."""
    return free_ports(1)[0]
