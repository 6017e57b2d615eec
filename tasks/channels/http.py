"""One request to a provider: no redirects, bounded in time and size, and exact about what may have left (D7).

Every request has a connection of its own. A reused one may be closed by the provider at the moment of writing, and then
nobody could tell a lost message from one that was taken.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from diary.kit import clock
from tasks.channels.channel import Outcome, Permanent, RetryAfter, Uncertain, in_one_line

#: More of an answer is not read, bytes.
LONGEST_ANSWER = 64 * 1024
#: Longer than this no provider is obeyed; the row is tried again and asks anew, seconds.
LONGEST_WAIT = 86_400.0

UNREADABLE_ANSWER = "UNREADABLE_ANSWER"
ANSWER_TOO_LONG = "ANSWER_TOO_LONG"
CONNECTION = "CONNECTION"
CONNECTION_LOST_AFTER_TEXT = "CONNECTION_LOST_AFTER_TEXT"

# Addresses hold tokens, and httpx tells each address it calls.
for _library in ("httpx", "httpcore"):
    logging.getLogger(_library).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a provider is waited for, seconds; all together shorter than a letter's lease (D7)."""

    connect: float = 5.0
    #: A stranger's name server, where addresses come from strangers.
    names: float = 5.0
    #: Everything: connecting, writing and the whole answer.
    all: float = 20.0
    #: A server that could not be reached, fell silent or broke down is left alone for so long: its letters must not
    #: hold up the others', and each letter less in its hands is one less that nobody knows of.
    away: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider has answered, whole or not."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    is_whole: bool

    @property
    def is_good(self) -> bool:
        """Whether the provider says that it has done what was asked."""
        return 200 <= self.status < 300

    @property
    def facts(self) -> dict[str, Any] | None:
        """The JSON object of the answer, None when it holds none."""
        if not self.is_whole:
            return None
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def wait(self) -> float | None:
        """The seconds that Retry-After asks for, as a number or as a date."""
        told = self.headers.get("retry-after", "").strip()
        if told.isascii() and told.isdigit():
            return waiting(float(told))
        try:
            return waiting((parsedate_to_datetime(told) - clock.now()).total_seconds())
        except (ValueError, TypeError):
            return None


@cache
def _trusted() -> ssl.SSLContext:
    """Return the authorities that providers are believed by, read once."""
    return httpx.create_ssl_context(trust_env=False)


def waiting(seconds: object) -> float | None:
    """Return a provider's wish to be left alone in seconds within reason, None when it is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        return None
    return min(float(seconds), LONGEST_WAIT)


class Client:
    """The requests to one provider."""

    def __init__(self, *, patience: Patience | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._patience = patience or Patience()
        self._away_until: dict[str, float] = {}
        self._client = httpx.AsyncClient(
            verify=tls or _trusted(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self._patience.all, connect=self._patience.connect),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": "diary", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Drop what is open."""
        await self._client.aclose()

    async def post(self, url: str, *, at: Sequence[str] = (), **request: Any) -> Answer | RetryAfter | Uncertain:
        """Post and return the answer; RetryAfter when nothing was written, Uncertain when nobody answered after that.

        `url` names the provider, which is one however many addresses it has; `at` are the places where it is called
        instead, one after the other while nothing could be written. `request` is what httpx takes: json, data or
        content, headers, params, extensions.
        """
        named = httpx.URL(url)
        server = f"{named.scheme}://{named.netloc.decode('ascii')}"
        if time.monotonic() < self._away_until.get(server, 0.0):
            return RetryAfter(None, f"{CONNECTION}: away")
        answer: Answer | RetryAfter | Uncertain = RetryAfter(None, CONNECTION)
        for place in at or (url,):
            answer = await self._post(place, dict(request))
            if not isinstance(answer, RetryAfter):
                break
        if not isinstance(answer, Answer) or answer.status >= 500:
            self._is_away(server)
        return answer

    async def _post(self, url: str, request: dict[str, Any]) -> Answer | RetryAfter | Uncertain:
        begun = False

        async def watch(event: str, _facts: Mapping[str, Any]) -> None:
            nonlocal begun
            begun = begun or event.endswith("send_request_headers.started")

        request["extensions"] = {**request.get("extensions", {}), "trace": watch}
        try:
            async with (
                asyncio.timeout(self._patience.all),
                self._client.stream("POST", url, **request) as response,
            ):
                return await _read(response)
        except (httpx.HTTPError, OSError, TimeoutError, ssl.SSLError) as problem:
            # The text of an error may hold the address, and the address a token.
            kind = type(problem).__name__
            if begun:
                return Uncertain(f"{CONNECTION_LOST_AFTER_TEXT}: {kind}")
            return RetryAfter(None, f"{CONNECTION}: {kind}")
        except asyncio.CancelledError as problem:
            if begun:
                return Uncertain(f"{CONNECTION_LOST_AFTER_TEXT}: {type(problem).__name__}")
            raise

    def _is_away(self, server: str) -> None:
        now = time.monotonic()
        self._away_until = {name: until for name, until in self._away_until.items() if until > now}
        self._away_until[server] = now + self._patience.away


def by_status(answer: Answer, told: str = "") -> Outcome:
    """Return what an answer means whose words say nothing about the parcel.

    Only a refusal is a refusal: of a server that broke down with the parcel in its hands nobody knows.
    """
    reason = in_one_line(f"HTTP_{answer.status} {told}")
    if answer.status in {408, 425, 429, 503}:
        return RetryAfter(answer.wait, reason)
    if answer.status in {401, 403, 404, 405, 407} or 300 <= answer.status < 400:
        # Keys, rights and addresses of the service are the operator's to put right, so the parcel waits.
        return RetryAfter(None, reason)
    if 400 <= answer.status < 500:
        return Permanent(reason)
    if answer.is_good:
        return Uncertain(UNREADABLE_ANSWER if answer.is_whole else ANSWER_TOO_LONG)
    return Uncertain(reason)


async def _read(response: httpx.Response) -> Answer:
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if len(content) > LONGEST_ANSWER:
            break
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        content=bytes(content[:LONGEST_ANSWER]),
        is_whole=len(content) <= LONGEST_ANSWER,
    )
