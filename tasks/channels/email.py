"""Electronic letters by SMTP.

A letter has surely not been sent until the server has asked for its text and the whole text was written; from then
until the server's answer nobody can know. That moment is the border between trying again and asking a person (D7).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib

from settings import SettingError
from tasks.channels.channel import BAD_ADDRESS, Delivered, Outcome, Parcel, Permanent, RetryAfter, Uncertain

#: So many connections are kept open between letters.
KEPT_OPEN = 8
LONGEST_ANSWER = 300

_BREAK = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
#: An addressee refused with one of these enhanced codes is no address any more: no such mailbox or domain, moved
#: without a trace, closed, takes no mail (RFC 3463, RFC 7505). A bare 550 may be mere policy.
_NOBODY_THERE = re.compile(r"55\d 5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")
_STARTTLS = {"1": True, "0": False, "": None}


class NotSent(Exception):  # noqa: N818 - says what is known
    """The letter surely has not left; another time it may."""


class Rejected(Exception):  # noqa: N818 - says what is known
    """The server will never take this letter; it surely has not left."""

    def __init__(self, reason: str, *, address_is_dead: bool = False) -> None:
        super().__init__(reason)
        self.address_is_dead = address_is_dead


class Doubtful(Exception):  # noqa: N818 - says what is known
    """The letter may have left or not: the connection broke between its text and the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the mail server is waited for, seconds; all of it together is shorter than a letter's lease (D7)."""

    #: Connecting, encrypting and signing in together.
    connect: float = 20.0
    #: One answer.
    answer: float = 10.0
    #: The answer to the letter's text: a server may look through it first.
    text: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mail server as SMTP_URL names it."""

    host: str
    port: int
    username: str | None
    password: str | None
    implicit_tls: bool
    #: None encrypts when the server offers it; True insists.
    starttls: bool | None


def read_server(url: str) -> Server:
    """Read SMTP_URL: smtp://user:password@host:port, smtps://..., with ?starttls=1 to insist and ?starttls=0 to forgo.

    Raises SettingError with one clear line that does not repeat the password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise SettingError("SMTP_URL cannot be read: write smtp://user:password@host:port") from problem
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SettingError("SMTP_URL must look like smtp://user:password@host:port or smtps://user:password@host")
    implicit = parts.scheme == "smtps"
    wanted = parse_qs(parts.query).get("starttls", [""])[0]
    if wanted not in _STARTTLS or (implicit and wanted == "1"):
        raise SettingError("SMTP_URL: starttls is 1 (insist) or 0 (forgo), and not for smtps")
    return Server(
        host=parts.hostname,
        port=port or (465 if implicit else 587 if parts.username else 25),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        implicit_tls=implicit,
        starttls=False if implicit else _STARTTLS[wanted],
    )


def message_id(letter_id: UUID, sender: str) -> str:
    """Return the Message-ID, the same at every attempt, so that a receiver can fold doubles."""
    return f"<{letter_id}@{_domain(sender)}>"


def compose(letter: Parcel, *, sender: str) -> bytes:
    """Write the letter with its headers; line breaks in names and subjects become spaces, so none adds a header.

    Raises Rejected for an address that is none.
    """
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        message["From"] = Address(display_name=_one_line(letter.school_name), addr_spec=sender)
        message["To"] = Address(addr_spec=_wire_address(letter.address))
        message["Subject"] = _one_line(letter.subject)
        message["Date"] = format_datetime(letter.at)
        message["Message-ID"] = message_id(letter.id, sender)
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message["Content-Language"] = "ru"
        message.set_content(letter.body, charset="utf-8", cte="base64")
        return message.as_bytes()
    except (MessageError, ValueError, IndexError) as problem:
        raise Rejected(BAD_ADDRESS, address_is_dead=True) from problem


class Connection:
    """One open conversation with the mail server."""

    def __init__(self, client: aiosmtplib.SMTP, sender: str, patience: Patience) -> None:
        self._client = client
        self._sender = sender
        self._patience = patience
        self._is_whole = True

    async def answers(self) -> bool:
        """Return whether the server still listens; one kept open may have been closed meanwhile."""
        try:
            return (await self._client.noop()).code == aiosmtplib.SMTPStatus.completed
        except (aiosmtplib.SMTPException, OSError):
            return False

    def close(self) -> None:
        """Drop the connection."""
        self._client.close()

    @property
    def is_whole(self) -> bool:
        """Whether the conversation stands where another letter may begin."""
        return self._is_whole and self._client.is_connected

    async def send(self, parcel: Parcel) -> Outcome:
        """Hand the letter over; a cancelled delivery is Uncertain once the text was written."""
        self._is_whole = False
        try:
            answer = await self._deliver(parcel)
        except NotSent as problem:
            outcome: Outcome = RetryAfter(None, str(problem))
        except Rejected as problem:
            outcome = Permanent(str(problem), contact_is_dead=problem.address_is_dead)
        except Doubtful as problem:
            return Uncertain(str(problem))
        else:
            outcome = Delivered(message_id(parcel.id, self._sender), answer)
        self._is_whole = True
        return outcome

    async def _deliver(self, letter: Parcel) -> str:
        text = compose(letter, sender=self._sender)
        try:
            await self._announce(letter.address)
        except aiosmtplib.SMTPResponseException as problem:
            await self._reset()
            told = _told(problem.code, problem.message)
            if problem.code < 500 or isinstance(problem, aiosmtplib.SMTPSenderRefused):
                raise NotSent(told) from problem
            nobody_there = isinstance(problem, aiosmtplib.SMTPRecipientRefused) and _NOBODY_THERE.match(told)
            raise Rejected(told, address_is_dead=bool(nobody_there)) from problem
        except (aiosmtplib.SMTPException, OSError) as problem:
            self.close()
            raise NotSent(f"CONNECTION: {type(problem).__name__}") from problem
        except UnicodeEncodeError as problem:
            await self._reset()
            raise Rejected(BAD_ADDRESS, address_is_dead=True) from problem
        return await self._hand_over(text)

    async def _announce(self, address: str) -> None:
        """Name sender and addressee and ask to send the text: until this is granted nothing can have left."""
        await self._client.mail(self._sender)
        await self._client.rcpt(_wire_address(address))
        granted = await self._client.execute_command(b"DATA")
        if granted.code != aiosmtplib.SMTPStatus.start_input:
            raise aiosmtplib.SMTPDataError(granted.code, granted.message)

    async def _hand_over(self, text: bytes) -> str:
        protocol = self._client.protocol
        try:
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            protocol.write(_as_data(text))
        except (aiosmtplib.SMTPException, OSError) as problem:
            self.close()
            raise NotSent("CONNECTION: lost before the text") from problem
        try:
            answer = await protocol.read_response(timeout=self._patience.text)
        except (aiosmtplib.SMTPException, OSError, asyncio.CancelledError) as problem:
            self.close()
            raise Doubtful(f"CONNECTION_LOST_AFTER_TEXT: {type(problem).__name__}") from problem
        told = _told(answer.code, answer.message)
        if answer.code >= 500:
            raise Rejected(told)
        if answer.code >= 400:
            raise NotSent(told)
        if answer.code >= 300 or answer.code < 200:
            self.close()
            raise Doubtful(told)
        return told

    async def _reset(self) -> None:
        with suppress(aiosmtplib.SMTPException, OSError):
            await self._client.rset()
            return
        self.close()


class Postman:
    """The worker's way to the mail server; connections are reused, one letter at a time through each."""

    def __init__(self, server: Server, *, sender: str, patience: Patience | None = None) -> None:
        self._server = server
        self._sender = sender
        self._patience = patience or Patience()
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Connection | RetryAfter]:
        """Lend a connection that answers, or tell why the server cannot be reached."""
        try:
            connection = await self._kept() or await self._new()
        except NotSent as problem:
            yield RetryAfter(None, str(problem))
            return
        try:
            yield connection
        finally:
            if connection.is_whole and len(self._idle) < KEPT_OPEN:
                self._idle.append(connection)
            else:
                connection.close()

    async def close(self) -> None:
        """Drop the connections that are kept open."""
        while self._idle:
            self._idle.pop().close()

    async def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_whole and await connection.answers():
                return connection
            connection.close()
        return None

    async def _new(self) -> Connection:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.implicit_tls,
            start_tls=server.starttls,
            local_hostname=_domain(self._sender),
            timeout=self._patience.answer,
        )
        try:
            async with asyncio.timeout(self._patience.connect):
                await client.connect()
                await client.ehlo()
        except aiosmtplib.SMTPResponseException as problem:
            client.close()
            raise NotSent(_told(problem.code, problem.message)) from problem
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as problem:
            client.close()
            raise NotSent(
                f"CONNECTION: {_one_line(str(problem)) or type(problem).__name__}"[:LONGEST_ANSWER]
            ) from problem
        return Connection(client, self._sender, self._patience)


def _told(code: int, message: str) -> str:
    return f"{code} {' '.join(message.split())}"[:LONGEST_ANSWER]


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _wire_address(address: str) -> str:
    local, _at, domain = address.strip().rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def _as_data(text: bytes) -> bytes:
    """Return the letter as DATA carries it: CRLF everywhere, leading dots doubled, a lone dot at the end."""
    lines = _LEADING_DOT.sub(b"..", _BREAK.sub(b"\r\n", text))
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"
