"""Everything that differs between machines, read once from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

Mode = Literal["production", "demo", "development"]
MODES: tuple[Mode, ...] = ("production", "demo", "development")

_TOKEN = re.compile(r"[A-Za-z0-9._~+=:-]+")


class SettingError(ValueError):
    """Raised when the environment holds a value the service cannot start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """The providers beside the mail server; one without its key or address is not used."""

    sms_gateway_url: str | None
    sms_gateway_token: str | None = field(repr=False)
    sms_sender: str
    telegram_api_url: str
    telegram_token: str | None = field(repr=False)
    vk_api_url: str
    vk_token: str | None = field(repr=False)
    max_api_url: str
    max_token: str | None = field(repr=False)
    web_push_key: str | None = field(repr=False)
    web_push_contact: str
    #: For tests and demonstrations on one machine: browsers' notices may go to this machine itself.
    web_push_allows_loopback: bool

    @property
    def is_any_named(self) -> bool:
        """Whether there is anybody to send with beside the mail server."""
        keys = (self.sms_gateway_url, self.telegram_token, self.vk_token, self.max_token, self.web_push_key)
        return any(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One machine's settings; what a school decides is a table, not a setting."""

    mode: Mode
    data: Path
    database_url: str | None
    redis_url: str | None
    secret_key: str
    smtp_url: str | None
    mail_from: str
    channels: ChannelSettings
    public_url: str | None
    host: str
    port: int

    @property
    def is_production(self) -> bool:
        """Whether introspection, the query page and demo conveniences are closed."""
        return self.mode == "production"

    @property
    def is_https(self) -> bool:
        """Whether families reach the service over https, so that cookies must be Secure."""
        return (self.public_url or "").startswith("https://")


def _secret(environ: Mapping[str, str], name: str) -> str | None:
    """Return NAME, or the content of the file that NAME_FILE points at."""
    value, file = environ.get(name), environ.get(f"{name}_FILE")
    if value and file:
        raise SettingError(f"set either {name} or {name}_FILE, not both")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as problem:
            raise SettingError(f"{name}_FILE: cannot read {file}: {problem.strerror}") from problem
    return value or None


def _token(environ: Mapping[str, str], name: str) -> str | None:
    """Return a secret that stands in a header or an address, where a blank or a slash would mean something else."""
    value = _secret(environ, name)
    if value is not None and not _TOKEN.fullmatch(value):
        raise SettingError(f"{name} must be one word of letters, digits and -._~+=:")
    return value


def _base_url(environ: Mapping[str, str], name: str) -> str | None:
    """Return the address that requests to a provider begin with."""
    value = environ.get(name)
    if not value:
        return None
    try:
        parts = urlsplit(value)
        is_sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_sound = False
    if not is_sound or parts.username or parts.password or parts.fragment or not value.isascii() or " " in value:
        raise SettingError(f"{name} must look like https://host/path, without a login")
    return value


def _channels(environ: Mapping[str, str], mail_from: str) -> ChannelSettings:
    loopback = environ.get("WEB_PUSH_ALLOW_LOOPBACK", "0")
    if loopback not in {"0", "1", ""}:
        raise SettingError(f"WEB_PUSH_ALLOW_LOOPBACK must be 0 or 1, not {loopback!r}")
    return ChannelSettings(
        sms_gateway_url=_base_url(environ, "SMS_GATEWAY_URL"),
        sms_gateway_token=_token(environ, "SMS_GATEWAY_TOKEN"),
        sms_sender=environ.get("SMS_SENDER", ""),
        telegram_api_url=_base_url(environ, "TELEGRAM_API_URL") or "https://api.telegram.org",
        telegram_token=_token(environ, "TELEGRAM_TOKEN"),
        vk_api_url=_base_url(environ, "VK_API_URL") or "https://api.vk.com",
        vk_token=_token(environ, "VK_TOKEN"),
        max_api_url=_base_url(environ, "MAX_API_URL") or "https://platform-api.max.ru",
        max_token=_token(environ, "MAX_TOKEN"),
        web_push_key=_secret(environ, "WEB_PUSH_KEY"),
        web_push_contact=environ.get("WEB_PUSH_CONTACT") or f"mailto:{mail_from}",
        web_push_allows_loopback=loopback == "1",
    )


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check the environment.

    Raises SettingError with one clear line that names the variable.
    """
    mode = environ.get("DIARY_MODE", "production")
    if mode not in MODES:
        raise SettingError(f"DIARY_MODE must be one of {', '.join(MODES)}, not {mode!r}")
    port_text = environ.get("DIARY_PORT", "8000")
    if not port_text.isascii() or not port_text.isdigit() or not 0 < int(port_text) < 65536:
        raise SettingError(f"DIARY_PORT must be a number from 1 to 65535, not {port_text!r}")
    data = Path(environ.get("DIARY_DATA", "var")).absolute()
    mail_from = environ.get("DIARY_MAIL_FROM", "diary@localhost")
    return Settings(
        mode=mode,
        data=data,
        database_url=_secret(environ, "DATABASE_URL"),
        redis_url=_secret(environ, "REDIS_URL"),
        secret_key=_secret(environ, "DIARY_SECRET_KEY") or "",
        smtp_url=_secret(environ, "SMTP_URL"),
        mail_from=mail_from,
        channels=_channels(environ, mail_from),
        public_url=environ.get("DIARY_PUBLIC_URL") or None,
        host=environ.get("DIARY_HOST", "127.0.0.1"),
        port=int(port_text),
    )


@cache
def settings() -> Settings:
    """Return this process's settings; the environment is read at the first call only."""
    return read_settings(os.environ)
