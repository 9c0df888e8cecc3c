"""Which addresses may be called: http and https, on ports that speak it, at public addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from shared.errors import Unprocessable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LONGEST_URL = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024
BAD_PORTS = frozenset({
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
})  # fmt: skip
"""Ports above 1023 that browsers refuse too (Fetch, "bad ports"), because other protocols live there."""
INNER = tuple(map(ip_network, ("168.63.129.16/32", "192.0.0.0/24", "64:ff9b:1::/48")))
"""Public in form, but a cloud's own machinery or a local translator answers there."""
EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("::/96"))
"""IPv6 networks whose last 32 bits are an IPv4 address: NAT64, and IPv4-compatible."""
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


class WrongUrl(Unprocessable):
    """This address cannot be called."""

    def __init__(self, message: str) -> None:
        """*message* says what is wrong and what to enter instead."""
        super().__init__(message, errors=[{"field": "url", "message": message}])


class NotAllowed(Exception):
    """The address is one that must not be called from here."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: what is needed to call it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """The target of *url*, checked in form only; where its name leads is checked when it is called. Raises WrongUrl."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise WrongUrl(f"must be an address of at most {LONGEST_URL} plain characters without spaces")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WrongUrl("is not a web address; enter one such as https://example.org/hook") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise WrongUrl("must begin with https:// or http:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise WrongUrl("must not hold a user name or password; the signature proves who calls")
    if parts.fragment:
        raise WrongUrl("must not hold a fragment (#…); it would never be sent")
    host = _host(parts.hostname)
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], (parts.path or "/") + query)


def _host(name: str) -> str:
    if ":" in name:
        try:
            return str(IPv6Address(name))
        except ValueError:
            raise WrongUrl("names a host that is no IPv6 address") from None
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.rstrip(".").split(".")):
        raise WrongUrl("names a host that cannot exist; international names are written in their xn-- form")
    return name


class Doors:
    """Which addresses are open to us: public ones, and those in the networks that the operator allowed."""

    def __init__(self, allowed: str = "") -> None:
        """*allowed* lists networks, separated by commas: `10.1.0.0/16,fd00:1::/64`. Raises ValueError."""
        self.allowed: Sequence[Network] = networks_in(allowed)

    def is_allowed(self, address: Address) -> bool:
        """Whether the operator allowed the address's network."""
        plain = unwrapped(address)
        return any(a.version == network.version and a in network for a in {address, plain} for network in self.allowed)

    def require_open(self, target: Target, address: Address) -> None:
        """Raise NotAllowed, with the reason, unless *target* may be called at *address*."""
        if self.is_allowed(address):
            return
        if not is_public(address):
            where = (
                f"{target.host} is" if target.host == str(address) else f"{target.host} leads to {address}, which is"
            )
            raise NotAllowed(f"{where} not a public address.")
        if target.port in BAD_PORTS or (target.port < FIRST_FREE_PORT and target.port not in DEFAULT_PORTS.values()):
            raise NotAllowed(f"Port {target.port} is not one for web addresses; use 80, 443 or one from 1024 on.")


def networks_in(text: str) -> list[Network]:
    """The networks of a list separated by commas. Raises ValueError."""
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64, compatible), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in EMBEDDING) and int(address) > 1:
        return ip_address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach *address*, and nothing but the internet is there."""
    plain = unwrapped(address)
    ours = plain.is_loopback or plain.is_link_local or (isinstance(plain, IPv6Address) and plain.is_site_local)
    strange = plain.is_multicast or plain.is_reserved or plain.is_unspecified
    return plain.is_global and not ours and not strange and not any(plain in network for network in INNER)
