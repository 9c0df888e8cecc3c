"""Settings: one `Settings` per process, read from `TIDINGS_*` and validated at start.

A part whose address is unset is the embedded one: SQLite for PostgreSQL, a SQLite log for Kafka,
memory for Redis, a local mailbox for SMTP.
"""

from __future__ import annotations

import re
import secrets
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.keys import is_public_key, public_key_of, services_secret_of

SERVICES = ("registry", "membership", "events", "notifications", "oversight")


SECRETS = frozenset(
    {"secret", "services_secret", "postgres", "smtp", "returned_mail", "push_key", "oidc_secret", "demo_password"}
)
"""Settings whose values only those may know who need them: each service declares its own (`Service.secrets`)."""
OF_SERVICES = frozenset({"postgres"})
"""What every service needs: to reach its own database. That the gateway asks is known by its public key."""
HIDDEN = frozenset(f"TIDINGS_{name.upper()}" for name in SECRETS - {"postgres", "smtp"})
"""What no message repeats; of an address it is the password."""
_PASSWORD = re.compile(r"(?<=:)[^:/@]+(?=@)")


class WrongSetting(SystemExit):
    """A setting has a value that cannot be used; the process does not start."""


class Settings(BaseSettings):
    """Every setting of a process. Field names, upper-cased, follow the prefix `TIDINGS_`."""

    model_config = SettingsConfigDict(env_prefix="TIDINGS_", frozen=True, extra="ignore")

    data: Path = Field(Path("var"), description="Folder for everything this process writes.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    name: str = Field("Tidings", min_length=1, max_length=40, description="The wordmark in the page header.")
    secret: str = Field(
        "", description="Signs sessions and tokens; at least 32 characters. Unset: made once, kept in DATA."
    )
    gateway_key: str = Field(
        "",
        description="Public key of the gateway, for services that hold no SECRET (`tidings keys`). Unset: of SECRET.",
    )
    services_secret: str = Field(
        "", description="Signs links in mails and webhooks where no SECRET is held (`tidings keys`). Unset: of SECRET."
    )
    kafka: str = Field("", description="Kafka bootstrap servers, host:port[,host:port]. Unset: a log in SQLite.")
    postgres: str = Field(
        "", description="PostgreSQL server, postgresql://user:password@host:port. Unset: SQLite files."
    )
    redis: str = Field("", description="Redis, redis://host:port. Unset: kept in this process.")
    smtp: str = Field(
        "", description="Mail server, smtp://[user:password@]host:port. Unset: a local mailbox with a page."
    )
    mail_from: str = Field("news@tidings.example", description="Sender address of mail.")
    dkim_key: str = Field(
        "", description="File with the private key (PEM, RSA or Ed25519) that signs mail by DKIM. Unset: not signed."
    )
    dkim_selector: str = Field(
        "tidings", pattern=r"^[A-Za-z0-9.-]{1,63}$", description="Where its public half is: <selector>._domainkey."
    )
    returned_mail: str = Field(
        "",
        description="Where bounces and complaints are delivered to: a Maildir, or imap[s]://user:password@host/folder."
        " Unset: only the hook takes them.",
    )
    mail_rates: str = Field(
        "",
        description="Most copies a second to a domain: example.com=20,example.org=5. Unset: as fast as it takes them.",
    )
    base_url: str = Field("", description="The public address, for links in mail. Unset: http://HOST:PORT.")
    demo: bool = Field(False, description="Load the demonstration register and people on the first start.")
    demo_password: str = Field("", description="Password of the demonstration people. Unset: made up and printed once.")
    second_factor: Literal["optional", "required"] = Field(
        "optional", description="Whether staff and officers must have an authenticator app to sign in; anybody may."
    )
    session_idle: int = Field(
        60, ge=5, le=7 * 24 * 60, description="Minutes without use after which a session ends (NIST SP 800-63B: 60)."
    )
    session_longest: int = Field(
        12 * 60, ge=5, le=30 * 24 * 60, description="Minutes after which a session ends however it is used."
    )
    api_rate: int = Field(
        1200, ge=0, description="Requests to the API a minute, for each person, or address where nobody is. 0: any."
    )
    form_rate: int = Field(
        60, ge=0, description="Forms a minute from one address by people who are not signed in. 0: any."
    )
    trusted_proxies: str = Field(
        "", description="Networks of proxies whose X-Forwarded-For is believed: 10.0.0.0/8,… Unset: none."
    )
    oidc_issuer: str = Field(
        "", description="Identity provider (OpenID Connect) to sign in with: https://login.example. Unset: none."
    )
    oidc_client: str = Field("", description="Our client id at the identity provider.")
    oidc_secret: str = Field("", description="Our client secret there. Unset: a public client, PKCE alone.")
    oidc_name: str = Field("your organisation", max_length=60, description="The provider's name on the button.")
    oidc_scopes: str = Field("openid profile email", description="What is asked of the provider.")
    oidc_claims: str = Field(
        "",
        description="File (TOML) that says which claims make whom staff or an officer; docs/sign-in.md. Unset: none.",
    )
    oidc_new_people: bool = Field(
        False, description="Whether who is not on the register yet is put there at their first sign-in."
    )
    services: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="Where each service answers: registry=http://registry:8080,… Unset: all in this process.",
    )
    webhook_allow: str = Field(
        "",
        description="Networks that webhooks may reach though they are not public: 10.1.0.0/16,… Unset: none.",
    )
    push_key: str = Field(
        "", description="Signs browser notifications; made by `tidings vapid`. Unset: no browser can ask for them."
    )
    log_level: str = Field("info", description="debug, info, warning or error.")

    @field_validator("services", mode="before")
    @classmethod
    def _addresses(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [part.split("=", 1) for part in value.split(",") if part.strip()]
        if any(len(pair) != 2 or not pair[1].startswith("http") for pair in pairs):
            raise ValueError("expected name=http://host:port, separated by commas")
        return {name.strip(): url.strip().rstrip("/") for name, url in pairs}

    @field_validator("kafka")
    @classmethod
    def _bootstrap(cls, value: str) -> str:
        for server in filter(None, value.split(",")):
            host, _, port = server.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError("expected host:port[,host:port], for example 127.0.0.1:9092")
        return value

    @field_validator("postgres", "redis", "smtp", "base_url", "oidc_issuer")
    @classmethod
    def _url(cls, value: str, info: Any) -> str:
        expected = {
            "postgres": ("postgresql", "postgres"),
            "redis": ("redis", "rediss"),
            "smtp": ("smtp", "smtps"),
            "base_url": ("http", "https"),
            "oidc_issuer": ("http", "https"),
        }[info.field_name]
        if value and (urlsplit(value).scheme not in expected or not urlsplit(value).hostname):
            raise ValueError(f"expected {expected[0]}://host:port")
        return value if info.field_name == "oidc_issuer" else value.rstrip("/")

    @field_validator("dkim_key")
    @classmethod
    def _signs(cls, value: str) -> str:
        if value:
            from shared.mailer.dkim import signer_of

            try:
                signer_of(Path(value), domain="", selector="")
            except (OSError, ValueError) as error:
                raise ValueError(f"{error}; expected a file with a private key") from None
        return value

    @field_validator("returned_mail")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        parts = urlsplit(value)
        is_whole = parts.scheme in ("imap", "imaps") and parts.hostname and parts.username and parts.password
        if "://" in value and not (is_whole and unquote(value).isascii()):
            raise ValueError("expected a folder, or imap[s]://user:password@host[:port][/folder]")
        return value

    @field_validator("mail_rates")
    @classmethod
    def _rates(cls, value: str) -> str:
        for domain, _, rate in (part.partition("=") for part in value.split(",") if part.strip()):
            if not domain.strip() or not rate.strip().isdigit() or int(rate) < 1:
                raise ValueError("expected domain=copies a second, separated by commas")
        return value

    @field_validator("webhook_allow", "trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        from shared.outside.addresses import networks_in

        try:
            networks_in(value)
        except ValueError as error:
            raise ValueError(f"{error}; expected networks such as 10.1.0.0/16, separated by commas") from None
        return value

    @field_validator("push_key")
    @classmethod
    def _private_key(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{43}", value):
            raise ValueError("expected a key as `tidings vapid` prints it")
        return value

    @field_validator("gateway_key", "services_secret")
    @classmethod
    def _of_the_secret(cls, value: str, info: Any) -> str:
        """With a key of another secret every request would be refused."""
        made = {"gateway_key": public_key_of, "services_secret": services_secret_of}[info.field_name]
        secret = info.data.get("secret", "")
        if value and secret and value != made(secret):
            raise ValueError("expected what `tidings keys` prints for TIDINGS_SECRET")
        if value and info.field_name == "gateway_key" and not is_public_key(value):
            raise ValueError("expected a key as `tidings keys` prints it")
        return value

    @field_validator("secret", "services_secret")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("expected at least 32 characters, for example from `openssl rand -hex 32`")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("expected debug, info, warning or error")
        return value.lower()

    @property
    def public_url(self) -> str:
        """The address that links in mail start with, without a trailing slash."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def signing_key(self) -> str:
        """The installation's secret: `secret`, or one made on the first start and kept in `data`.

        Raises WrongSetting where this process was given the keys that are made of it instead.
        """
        if self.gateway_key and not self.secret:
            raise WrongSetting("TIDINGS_SECRET is not set, and what this process does cannot be done without it.")
        return self.secret or kept_secret(self.data)

    @property
    def public_key(self) -> str:
        """What the gateway's signatures are checked with."""
        return self.gateway_key or public_key_of(self.signing_key)

    @property
    def knows_gateway(self) -> bool:
        """Whether there is a key to check its signatures with, but for one made now that no gateway has."""
        return bool(self.gateway_key or self.secret) or (self.data / "secret").exists()

    @property
    def services_key(self) -> str:
        """What services sign and encrypt with. Raises WrongSetting where this process was not given it."""
        return self.services_secret or services_secret_of(self.signing_key)


@cache
def kept_secret(folder: Path) -> str:
    """Read the secret kept in *folder*, making it, readable by its owner alone, where there is none."""
    path = folder / "secret"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text().strip()


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment; *overrides* win.

    Raises WrongSetting with one line for each wrong value: its name, the value, what is expected.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise WrongSetting("\n".join(_sentence(problem) for problem in error.errors())) from None


def _sentence(problem: Any) -> str:
    name = "TIDINGS_" + "_".join(str(part) for part in problem["loc"]).upper()
    shown = "(hidden)" if name in HIDDEN else _PASSWORD.sub("(hidden)", repr(problem["input"]))
    return f"{name} is {shown}: {problem['msg'].removeprefix('Value error, ')}."
