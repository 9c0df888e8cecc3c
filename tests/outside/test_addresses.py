"""What may be called from here, and what may not."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outside.addresses import Doors, NotAllowed, WrongUrl, is_public, target_of

pytestmark = pytest.mark.fast
INNER = (
    "127.0.0.1", "127.255.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "0.0.0.0", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:7f00:1::",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1")


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_not_open(address: str) -> None:
    with pytest.raises(NotAllowed):
        Doors().require_open(target_of("https://hooks.example/"), ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_open(address: str) -> None:
    Doors().require_open(target_of("https://hooks.example/"), ip_address(address))


@given(st.integers(0, 2**32 - 1))
def test_an_address_is_as_public_in_whichever_form_it_is_written(number: int) -> None:
    plain = IPv4Address(number)
    mapped, sixtofour = IPv6Address(f"::ffff:{plain}"), IPv6Address((0x2002 << 112) | (number << 80))
    translated = IPv6Address((0x64FF9B << 96) | number)
    assert is_public(plain) == is_public(mapped) == is_public(sixtofour)
    assert is_public(plain) == is_public(translated) or number < 2


def test_an_allowed_network_is_open_also_on_odd_ports_and_in_mapped_form() -> None:
    doors = Doors("127.0.0.0/8, fd00:1::/64")
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd00:1::5"):
        doors.require_open(target_of("http://hooks.example:25/"), ip_address(address))
    with pytest.raises(NotAllowed):
        doors.require_open(target_of("http://hooks.example:25/"), ip_address("10.0.0.1"))


@pytest.mark.parametrize("port", [22, 25, 110, 445, 993, 2049, 6667, 6000])
def test_a_port_where_other_protocols_live_is_not_open(port: int) -> None:
    with pytest.raises(NotAllowed, match=f"Port {port}"):
        Doors().require_open(target_of(f"https://hooks.example:{port}/"), ip_address("8.8.8.8"))


@pytest.mark.parametrize("port", [80, 443, 8080, 8443, 3000, 65535])
def test_a_port_for_web_addresses_is_open(port: int) -> None:
    Doors().require_open(target_of(f"https://hooks.example:{port}/"), ip_address("8.8.8.8"))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://hooks.example/", "https://"), ("file:///etc/passwd", "https://"), ("gopher://hooks.example", "https://"),
        ("https://", "name a host"), ("hooks.example", "https://"), ("https://me:secret@hooks.example/", "password"),
        ("https://me@hooks.example/", "password"), ("https://hooks.example/#here", "fragment"),
        ("https://hooks.example:99999/", "not a web address"), ("https://hooks example/", "without spaces"),
        ("https://hooks.example/\r\nx: y", "plain characters"), ("https://hooks.example/" + "x" * 2000, "2000"),
        ("https://h\u00f6rer.example/", "plain characters"), ("https://-x.example/", "cannot exist"),
        ("https://[::1", "not a web address"), ("https://hooks.example\\@inner/", "plain characters"),
        ("https://a..b/", "cannot exist"),
    ],
)  # fmt: skip
def test_an_address_in_a_wrong_form_is_refused_with_what_to_enter(url: str, says: str) -> None:
    with pytest.raises(WrongUrl, match=says):
        target_of(url)


def test_a_target_keeps_port_path_and_question() -> None:
    target = target_of("http://hooks.example:8080/a/b?c=d&e")
    assert (target.port, target.path, target.authority) == (8080, "/a/b?c=d&e", "hooks.example:8080")
    assert target_of("https://[2606:4700::1]").authority == "[2606:4700::1]"
