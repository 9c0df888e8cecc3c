"""Free ports on this machine."""

from __future__ import annotations

import random
import socket

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


def free_port() -> int:
    """A port on which a server could listen now. Another program may take it before you do."""
    return next(port for port in random.sample(BELOW_EPHEMERAL, 1000) if is_free(port))
