"""A mail server on the loopback that writes down what reaches it and misbehaves on demand."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Received:
    """One letter that the server has accepted."""

    message: EmailMessage
    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def letter_id(self) -> str:
        """The outbox row that the Message-ID names."""
        return str(self.message["Message-ID"]).strip("<>").partition("@")[0]


class MailServer:
    """Start it, set what it does next, and look at what it received."""

    def __init__(self, *, password: str | None = None) -> None:
        self.received: list[Received] = []
        self.connections = 0
        #: What is answered instead of 250: at MAIL, RCPT, or after the text.
        self.answers: dict[str, str] = {}
        self.delay = 0.0
        self.hangs_at = ""
        self.breaks_at = ""
        self.password = password
        self.port = _free_port()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """The server as SMTP_URL."""
        login = f"school:{self.password}@" if self.password else ""
        return f"smtp://{login}127.0.0.1:{self.port}"

    @property
    def times_received(self) -> Counter[str]:
        """How often each letter has arrived."""
        return Counter(letter.letter_id for letter in self.received)

    def start(self) -> None:
        """Listen."""
        self._controller = _Controller(self)
        self._controller.start()
        self.connections = 0  # the controller has tried the door itself

    def stop(self) -> None:
        """Listen no more: connections are refused."""
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender, or do not."""
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an addressee, or do not."""
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a letter, or do not; a letter counts as received before its answer is on the way."""
        await asyncio.sleep(self.delay)
        if self.hangs_at == "TEXT":
            await asyncio.sleep(3600)
        if "TEXT" in self.answers:
            return self.answers["TEXT"]
        raw = envelope.content
        assert isinstance(raw, bytes)
        message = message_from_bytes(raw, policy=default)
        self.received.append(Received(message, envelope.mail_from or "", list(envelope.rcpt_tos), raw))
        if self.breaks_at == "ANSWER":
            _hang_up(server)
        return "250 2.0.0 queued as 4D1"


class _Conversation(SMTP):
    mail_server: MailServer

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.mail_server.breaks_at == "DATA":
            _hang_up(self)
            return
        if self.mail_server.hangs_at == "DATA":
            await asyncio.sleep(3600)
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def __init__(self, mail_server: MailServer) -> None:
        self._mail_server = mail_server
        super().__init__(mail_server, hostname="127.0.0.1", port=mail_server.port)

    def factory(self) -> SMTP:
        self._mail_server.connections += 1
        options: dict[str, Any] = {"enable_SMTPUTF8": True}
        if self._mail_server.password:
            options |= {"auth_required": True, "auth_require_tls": False, "authenticator": self._authenticate}
        conversation = _Conversation(self._mail_server, **options)
        conversation.mail_server = self._mail_server
        return conversation

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        expected = LoginPassword(b"school", (self._mail_server.password or "").encode())
        return AuthResult(success=data == expected, handled=False)


def _hang_up(conversation: SMTP) -> None:
    assert isinstance(conversation.transport, asyncio.Transport)
    conversation.transport.abort()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
