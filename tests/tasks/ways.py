"""Families that are reached by other channels than e-mail, and what a good answer of each provider looks like."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from diary.delivery.tables import OutboxKind
from settings import read_settings
from tasks.actors.letters import Letters
from tasks.channels.http import Patience
from tasks.channels.providers import Providers, providers
from tests.tasks.gateway import Gateway
from tests.tasks.world import LONG_AGO, Family, World

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
#: A P-256 key made for these tests.
PUSH_KEY = base64.urlsafe_b64encode((7**80 % 2**255).to_bytes(32)).decode().rstrip("=")
#: A provider that could not be reached is tried again at once.
EAGER = Patience(away=0)
#: For providers that never answer.
IMPATIENT = Patience(connect=2, all=2, away=0)


@dataclass
class Browser:
    """A browser that has allowed notices: only it can read them."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes ok"

    @property
    def keys(self) -> dict[str, str]:
        """What it hands over."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": _url64(point), "auth": _url64(self.auth)}


@dataclass(frozen=True)
class Way:
    """One channel with an address in it, its good answer, and where the provider's id stands in that."""

    kind: OutboxKind
    value: str
    messenger: str | None = None
    good: Any = None
    good_status: int = 200
    provider_id: str = ""


SMS = Way(OutboxKind.SMS, "+79161234567", good={"id": "sms-77"}, provider_id="sms-77")
TELEGRAM = Way(
    OutboxKind.MESSENGER,
    "5551234",
    "TELEGRAM",
    good={"ok": True, "result": {"message_id": 41, "text": "..."}},
    provider_id="41",
)
VK = Way(OutboxKind.MESSENGER, "210700286", "VK", good={"response": 5083}, provider_id="5083")
MAX = Way(
    OutboxKind.MESSENGER,
    "98001122",
    "MAX",
    good={"message": {"body": {"mid": "mid.0000a1", "seq": 1, "text": "..."}}},
    provider_id="mid.0000a1",
)
PUSH = Way(OutboxKind.WEB_PUSH, "/push/abc", good=b"", good_status=201, provider_id="/m/9")
ALL = [SMS, TELEGRAM, VK, MAX, PUSH]
NAMES = ["sms", "telegram", "vk", "max", "push"]


def environment(gateway: Gateway) -> dict[str, str]:
    """Return the settings that make the gateway every provider at once."""
    return {
        "SMS_GATEWAY_URL": f"{gateway.url}/sms/send",
        "SMS_GATEWAY_TOKEN": TOKEN,
        "SMS_SENDER": "SCHOOL12",
        "TELEGRAM_API_URL": gateway.url,
        "TELEGRAM_TOKEN": TOKEN,
        "VK_API_URL": f"{gateway.url}/",
        "VK_TOKEN": TOKEN,
        "MAX_API_URL": gateway.url,
        "MAX_TOKEN": TOKEN,
        "WEB_PUSH_KEY": PUSH_KEY,
        "WEB_PUSH_CONTACT": "mailto:office@school12.example",
        "WEB_PUSH_ALLOW_LOOPBACK": "1",
    }


def carriers(gateway: Gateway, *, patience: Patience = EAGER) -> Providers:
    """Return all providers of the gateway, as impatient as a test."""
    return providers(read_settings(environment(gateway)), patience=patience)


@dataclass
class Reach:
    """Sends what it queues through one way."""

    world: World
    gateway: Gateway
    letters: Letters
    browser: Browser = field(default_factory=Browser)

    async def contact(self, family: Family, way: Way, *, channels: tuple[str, ...] | None = None) -> UUID:
        """Give a family a confirmed contact and agree on its channel."""
        contact, is_push = uuid4(), way.kind is OutboxKind.WEB_PUSH
        await self.world.connection.execute(
            "INSERT INTO contact_point (id, school, guardian, channel, messenger, value, push_keys, provenance, "
            "document_reference, confirmed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'PAPER', 'Заявление 1', $8)",
            contact,
            self.world.school,
            family.guardian,
            way.kind.value,
            way.messenger,
            f"{self.gateway.url}{way.value}" if is_push and way.value.startswith("/") else way.value,
            json.dumps(self.browser.keys) if is_push else None,
            LONG_AGO,
        )
        await self.world.agree(family, *(channels or (way.kind.value, "MAILBOX")))
        return contact

    async def letter(
        self, family: Family, way: Way, contact: UUID, *, body: str = "Завтра собрание в 18:00.", key: str = "m1"
    ) -> UUID:
        """Queue a letter through a way."""
        letter = uuid4()
        await self.world.connection.execute(
            "INSERT INTO outbox (id, school, kind, topic, dedup_key, guardian, pupil, contact_point, subject, body) "
            "VALUES ($1, $2, $3, 'CHILD', 'mailing:' || $4 || ':' || $7::uuid, $5, $6, $7, 'Собрание', $8)",
            letter,
            self.world.school,
            way.kind.value,
            key,
            family.guardian,
            family.pupil,
            contact,
            body,
        )
        return letter

    async def sent(self, way: Way, *, body: str = "Завтра собрание в 18:00.") -> Any:
        """Send one letter to a new family and return its row."""
        family = await self.world.family()
        letter = await self.letter(family, way, await self.contact(family, way), body=body)
        await self.letters.send(str(letter), way.kind)
        return await self.world.row(letter)

    def answers_well(self, way: Way) -> None:
        """Let the provider take what comes."""
        self.gateway.answers(way.good, way.good_status, Location=way.provider_id)


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
