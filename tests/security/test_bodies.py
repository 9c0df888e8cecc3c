"""What is sent is taken as far as it may be long, of the kind that it may be, and no further."""

from __future__ import annotations

import io
import socket
import zipfile
from collections.abc import Iterator

import httpx
import pytest

from services.gateway.guard import LARGEST_FORM
from tests.flows.system import System
from tests.security.samples import until
from tests.security.visiting import Site

MEGABYTE = 1024 * 1024
SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + ']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"'
    ' t="inlineStr"><is><t>&j;</t></is></c></row></sheetData></worksheet>'
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><worksheet '
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr">'
    "<is><t>&a;</t></is></c></row></sheetData></worksheet>"
)
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="One" sheetId="1" '
    'r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}  # fmt: skip


def workbook(sheet: str | bytes, **more: str) -> bytes:
    """A workbook whose one sheet is *sheet*."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**PARTS, SHEET: sheet, **more}.items():
            packed.writestr(name, content)
    return kept.getvalue()


def bomb() -> bytes:
    """Half a megabyte that unpacks to half a gigabyte."""
    return workbook(b" " * (512 * MEGABYTE))


FILES = {
    "a program": ("networks.csv", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40),
    "a page": ("networks.xlsx", b"<html><script>pwned()</script></html>" * 100),
    "a picture": ("networks.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(5000)),
    "a broken archive": ("networks.xlsx", workbook("<worksheet/>")[:-40]),
    "an archive of something else": ("networks.xlsx", workbook("<worksheet", **{"../../etc/passwd": "x"})),
    "nothing": ("networks.csv", b""),
    "entities that multiply": ("networks.xlsx", workbook(ENTITIES)),
    "an entity from outside": ("networks.xlsx", workbook(OUTSIDE)),
    "a bomb": ("networks.xlsx", b""),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_no_list_is_refused_with_a_sentence_and_nothing_bursts(
    site: Site, system: System, what: str
) -> None:
    name, content = FILES[what]
    staff = site.as_("staff")
    before = memory_of(system)
    files = {"file": (name, bomb() if what == "a bomb" else content)}
    answer = staff.post("/networks/imports", files=files)
    assert answer.status_code in (303, 422), answer.text[:300]
    if answer.status_code == 303:
        said = until(lambda: stopped(site, answer.headers["location"]), 60)
        assert "hostname" not in said and "Something went wrong" not in said
    assert memory_of(system) - before < 100 * MEGABYTE


def stopped(site: Site, there: str) -> str:
    """What the page of an import says once it is not being read any more."""
    record = site.as_("staff").api("GET", there.removeprefix("/networks")).json()
    page = site.as_("staff").get(there)
    assert page.status_code == 200
    return "" if record["status"] == "reading" else f"{record['status']} {record['problem']} {page.text}"


def memory_of(system: System) -> int:
    """Resident bytes of the running system."""
    with open(f"/proc/{system.processes['all'].pid}/statm") as numbers:
        return int(numbers.read().split()[1]) * 4096


def endless(megabytes: int) -> Iterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(megabytes):
        yield b"a" * MEGABYTE


def status_of(url: str, content: bytes | Iterator[bytes], kind: str, **headers: str) -> int:
    """The status; 0 where the server hung up before all was sent, which it may."""
    try:
        return httpx.post(url, content=content, headers={"content-type": kind, **headers}, timeout=30).status_code
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        return 0


FORM, PARTED = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'


@pytest.mark.parametrize("path", ["/sign-in", "/newsletter/sign-up", "/sign-in/code", "/first-account/x"])
@pytest.mark.parametrize("kind", [FORM, PARTED])
def test_a_form_without_end_is_not_read_to_its_end(system: System, path: str, kind: str) -> None:
    before = memory_of(system)
    sized = (HEAD if kind == PARTED else b"a=") + b"x" * (LARGEST_FORM + 1)
    assert status_of(system.url + path, sized, kind) in (413, 0)
    assert status_of(system.url + path, endless(40), kind) in (413, 0, 400)
    assert memory_of(system) - before < 30 * MEGABYTE


@pytest.mark.parametrize("path", ["/sign-in", "/api/networks", "/networks/imports"])
def test_what_is_said_to_be_too_long_is_refused_before_it_is_sent(system: System, site: Site, path: str) -> None:
    cookie, port = site.as_("staff").browser.cookies["tidings"], int(system.url.rpartition(":")[2])
    token = site.as_("staff").form_token
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nCookie: tidings={cookie}\r\nX-CSRF-Token: {token}\r\n"
    head += f"Content-Type: {FORM}\r\nContent-Length: {60 * MEGABYTE}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).split(b" ")[1] in (b"413", b"422")


def test_nobody_who_is_not_signed_in_has_a_form_read_that_is_not_theirs(system: System) -> None:
    answer = httpx.post(f"{system.url}/networks/imports", content=b"x" * 1000, headers={"content-type": PARTED})
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


def test_too_many_fields_and_parts_that_break_off_are_refused(site: Site) -> None:
    browser = site.as_("staff").browser
    many = browser.post(
        "/preferences", content="&".join(f"a{n}=1" for n in range(30_000)), headers={"content-type": FORM}
    )
    assert many.status_code in (400, 403, 413)
    for content in (
        HEAD + b"x",
        b"--b",
        b"--b\r\n\r\n",
        b"",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
    ):
        answer = browser.post("/preferences", content=content, headers={"content-type": PARTED})
        assert answer.status_code in (400, 403), content


def test_a_head_without_end_is_refused(system: System) -> None:
    assert httpx.get(system.url, headers={"x-long": "x" * 500_000}).status_code == 431
    assert httpx.get(system.url + "/" + "x" * 60_000).status_code == 404
