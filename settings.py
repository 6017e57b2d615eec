"""Everything that differs between machines, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Mode = Literal["production", "demo", "development"]
MODES: tuple[Mode, ...] = ("production", "demo", "development")


class SettingError(ValueError):
    """Raised when the environment holds a value the service cannot start with."""


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
    return Settings(
        mode=mode,
        data=data,
        database_url=_secret(environ, "DATABASE_URL"),
        redis_url=_secret(environ, "REDIS_URL"),
        secret_key=_secret(environ, "DIARY_SECRET_KEY") or "",
        smtp_url=_secret(environ, "SMTP_URL"),
        mail_from=environ.get("DIARY_MAIL_FROM", "diary@localhost"),
        public_url=environ.get("DIARY_PUBLIC_URL") or None,
        host=environ.get("DIARY_HOST", "127.0.0.1"),
        port=int(port_text),
    )


@cache
def settings() -> Settings:
    """Return this process's settings; the environment is read at the first call only."""
    return read_settings(os.environ)
