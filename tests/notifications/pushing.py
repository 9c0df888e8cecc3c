"""A push service and a browser for tests: it takes what is sent over HTTP and opens it as a browser would."""

from __future__ import annotations

import asyncio
import os
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
import jwt
import orjson
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def text_of(content: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class PushService:
    """Takes notifications for one browser; `answers` are given first, then 201."""

    port: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    answers: list[int] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    calls: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def subscription(self, name: str = "browser") -> dict[str, Any]:
        """What the browser's script sends us."""
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": f"{self.origin}/push/{name}", "keys": {"p256dh": text_of(public), "auth": text_of(self.auth)}
        }  # fmt: skip

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        content, more = b"", True
        while more:
            message = await receive()
            content, more = content + message.get("body", b""), message.get("more_body", False)
        self.calls += 1
        status = self.answers.pop(0) if self.answers else 201
        if status == 201:
            self._take(content, {name.decode(): value.decode() for name, value in scope["headers"]})
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def _take(self, content: bytes, headers: dict[str, str]) -> None:
        opened = http_ece.decrypt(content, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        self.taken.append(orjson.loads(opened))
        self.headers.append(headers)


def claims_of(headers: dict[str, str], public_key: str, audience: str) -> dict[str, Any]:
    """The VAPID claims, verified with the application's public key by another library than made them."""
    scheme, _, rest = headers["authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid" and parts["k"] == public_key
    from services.notifications.delivery.pushes.sealing import decoded

    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(public_key))
    claims: dict[str, Any] = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=audience)
    return claims


@asynccontextmanager
async def listening(service: PushService) -> AsyncIterator[PushService]:
    """Run *service* on a free port."""
    config = uvicorn.Config(service, port=0, lifespan="off", log_level="critical", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    service.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.should_exit = True
        await task
