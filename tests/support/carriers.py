"""Every provider of the service on the loopback, and what has reached families through them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import http_ece

from settings import read_settings
from tasks.actors.letters import Letters
from tasks.channels.providers import providers
from tests.tasks.gateway import Gateway, Request
from tests.tasks.mail_server import MailServer
from tests.tasks.ways import EAGER, Browser, environment

#: One answer that each of the providers would give for a parcel that it has taken.
TAKEN = {"id": "7", "ok": True, "result": {"message_id": 7}, "response": 7, "message": {"body": {"mid": "7"}}}
_KEY = re.compile(r"Письмо ([0-9a-f-]{36})")


@dataclass(frozen=True)
class Arrived:
    """Something that has reached an address: the channel, the address, and the key that its text holds."""

    channel: str
    address: str
    key: str


@dataclass
class Carriers:
    """The actor of letters with all its providers, a mail server, and a gateway that is every other provider."""

    letters: Letters
    mail: MailServer
    gateway: Gateway
    #: Where printed sheets lie.
    folder: Path
    browser: Browser = field(default_factory=Browser)

    def arrived(self) -> list[Arrived]:
        """Return what has arrived since this was asked last."""
        mails, self.mail.received = self.mail.received, []
        requests, self.gateway.requests = self.gateway.requests, []
        found = [Arrived("EMAIL", " ".join(mail.recipients), _key(str(mail.message["Subject"]))) for mail in mails]
        return found + [self._read(request) for request in requests]

    def _read(self, request: Request) -> Arrived:
        if request.path.startswith("/push/"):
            plain = http_ece.decrypt(
                request.body, private_key=self.browser.key, auth_secret=self.browser.auth, version="aes128gcm"
            )
            return Arrived("WEB_PUSH", f"{self.gateway.url}{request.path}", _key(plain.decode()))
        facts = request.facts
        if request.path == "/sms/send":
            return Arrived("SMS", facts["to"], _key(facts["text"]))
        to = facts.get("chat_id") or facts.get("user_id") or request.query["user_id"]
        return Arrived("MESSENGER", str(to), _key(facts.get("text") or facts["message"]))


def _key(text: str) -> str:
    found = _KEY.search(text)
    assert found is not None, text
    return found.group(1)


@asynccontextmanager
async def carriers(folder: Path) -> AsyncIterator[Carriers]:
    """Start the providers, all of them willing."""
    mail, gateway = MailServer(), Gateway()
    mail.start()
    await gateway.start()
    gateway.answers(TAKEN, 201, Location="/m/7")
    here = read_settings({**environment(gateway), "SMTP_URL": mail.url, "DIARY_MAIL_FROM": "diary@school12.example"})
    found = providers(here, patience=EAGER)
    try:
        yield Carriers(Letters(found), mail, gateway, folder)
    finally:
        await found.close()
        await gateway.stop()
        mail.stop()
