"""Notices in a browser: encrypted for that browser alone, signed by the school, taken by its push service (RFC 8030).

A push service sees neither the text nor the child's name. A browser that has withdrawn its leave answers 404 or 410.
"""

from __future__ import annotations

import base64
import json
import ssl
import time
from typing import Any

from http_ece import ECEException
from py_vapid import VapidException
from pywebpush import WebPusher, WebPushException

from diary.delivery import push_key
from settings import SettingError
from tasks.channels.channel import Delivered, Outcome, Parcel, Permanent, RetryAfter, cut, in_one_line
from tasks.channels.endpoints import Endpoint, NotPublic, resolved
from tasks.channels.http import CONNECTION, Answer, Patience, by_status
from tasks.channels.provider import HttpProvider
from tasks.channels.resolver import Resolver

#: A notice that the browser could not be given for a day is old news, seconds.
LIVES_FOR = 86_400
#: The school's signature is valid so long; push services refuse more than a day.
SIGNED_FOR = 43_200
#: Services take 4096 bytes of cipher text; a UTF-16 unit is at most 3 bytes long, or 6 where JSON escapes it.
LONGEST_TITLE = 100
LONGEST_TEXT = 400
#: So many addresses of one endpoint are tried.
ADDRESSES_AT_MOST = 3
BAD_KEYS = "BAD_KEYS"


class WebPush(HttpProvider):
    """The school's voice towards browsers."""

    def __init__(
        self,
        *,
        key: str,
        contact: str,
        allow_loopback: bool = False,
        patience: Patience | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Read the private key, PEM, DER or raw in base64url; raises SettingError without repeating it."""
        super().__init__(patience=patience, tls=tls)
        try:
            self._vapid = push_key.signer(key)
            self._signature("https://push.example", contact)
        except (ValueError, TypeError, IndexError, AttributeError, VapidException) as problem:
            raise SettingError(
                "WEB_PUSH_KEY must be a P-256 private key (PEM, DER or raw in base64url), "
                "WEB_PUSH_CONTACT mailto:somebody@example.org or https://..."
            ) from problem
        self._contact = contact
        self._allow_loopback = allow_loopback
        self._resolver = Resolver()

    async def send(self, parcel: Parcel) -> Outcome:
        """Encrypt the parcel for its browser and give it to the push service."""
        try:
            body = _encrypted(parcel)
        except (WebPushException, ECEException, ValueError, TypeError, IndexError, KeyError):
            return Permanent(BAD_KEYS, contact_is_dead=True)
        try:
            endpoint = await resolved(
                parcel.address,
                self._resolver,
                seconds=self._patience.names,
                allow_loopback=self._allow_loopback,
            )
        except NotPublic as problem:
            return Permanent(str(problem), contact_is_dead=True)
        except OSError as problem:
            reason = f"{CONNECTION}: {type(problem).__name__}"
            return RetryAfter(None, reason, by_contact=isinstance(problem, TimeoutError))
        answer = await self._post(endpoint, parcel, body)
        return _understood(answer) if isinstance(answer, Answer) else answer

    async def _post(self, endpoint: Endpoint, parcel: Parcel, body: bytes) -> Answer | Outcome:
        headers = {
            **self._signature(endpoint.origin, self._contact),
            "Host": endpoint.authority,
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(LIVES_FOR),
            "Urgency": "normal",
            # A second attempt replaces the first one while the browser is away.
            "Topic": base64.urlsafe_b64encode(parcel.id.bytes).decode().rstrip("="),
        }
        return await self._client.post(
            endpoint.origin,
            at=endpoint.pinned[:ADDRESSES_AT_MOST],
            content=body,
            headers=headers,
            extensions={"sni_hostname": endpoint.host},
        )

    def _signature(self, origin: str, contact: str) -> dict[str, str]:
        claims = {"aud": origin, "sub": contact, "exp": int(time.time()) + SIGNED_FOR}
        signed: dict[str, str] = self._vapid.sign(claims)
        return signed


def _encrypted(parcel: Parcel) -> bytes:
    keys = dict(parcel.push_keys or {})
    told: dict[str, Any] = {
        "id": str(parcel.id),
        "school": cut(parcel.school_name, most=LONGEST_TITLE),
        "title": cut(parcel.subject, most=LONGEST_TITLE),
        "body": cut(parcel.body.strip(), most=LONGEST_TEXT),
    }
    browser = WebPusher({"endpoint": parcel.address, "keys": {"p256dh": keys["p256dh"], "auth": keys["auth"]}})
    encrypted: bytes = browser.encode(json.dumps(told, ensure_ascii=False).encode())["body"]
    return encrypted


def _understood(answer: Answer) -> Outcome:
    if answer.status in {200, 201, 202}:
        return Delivered(in_one_line(answer.headers.get("location", "")), f"HTTP_{answer.status}")
    # The browser has taken its leave back; and no push service sends its callers elsewhere.
    if answer.status in {404, 410} or 300 <= answer.status < 400:
        return Permanent(f"HTTP_{answer.status}", contact_is_dead=True)
    return by_status(answer)
