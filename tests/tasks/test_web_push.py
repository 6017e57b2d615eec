"""Notices for browsers: only that browser reads them, and nothing but the open Internet is called for them."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import http_ece
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from py_vapid import Vapid02

from tasks.channels.channel import CUT_OFF, Delivered, Outcome, Parcel, Permanent, RetryAfter, Uncertain
from tasks.channels.endpoints import is_public
from tasks.channels.http import Patience
from tasks.channels.resolver import AT_ONCE, OF_ONE_OWNER
from tasks.channels.web_push import WebPush
from tests.tasks.gateway import Gateway
from tests.tasks.ways import EAGER, PUSH_KEY, Browser

CONTACT = "mailto:office@school12.example"


def notice(endpoint: str, browser: Browser, **changes: Any) -> Parcel:
    return replace(
        Parcel(
            id=UUID("0199a1b2-0000-7000-8000-00000000abcd"),
            school_name="Школа № 12",
            address=endpoint,
            subject="Собрание",
            body="Завтра собрание в 18:00. Ждём Мишу Ёлкина 🎓",
            at=dt.datetime.now(dt.UTC),
            push_keys=browser.keys,
        ),
        **changes,
    )


async def pushed(parcel: Parcel, *, loopback: bool = True, tls: ssl.SSLContext | None = None) -> Outcome:
    channel = WebPush(key=PUSH_KEY, contact=CONTACT, allow_loopback=loopback, patience=EAGER, tls=tls)
    outcome = await channel.send(parcel)
    await channel.close()
    return outcome


def read_by(browser: Browser, body: bytes) -> dict[str, str]:
    plain = http_ece.decrypt(body, private_key=browser.key, auth_secret=browser.auth, version="aes128gcm")
    found: dict[str, str] = json.loads(plain)
    return found


async def test_only_its_browser_reads_a_notice(gateway: Gateway) -> None:
    browser = Browser()
    gateway.answers(b"", 201, Location="/m/9")

    outcome = await pushed(notice(f"{gateway.url}/push/abc?d=1", browser))

    [request] = gateway.requests
    assert outcome == Delivered("/m/9", "HTTP_201")
    assert (request.path, request.query) == ("/push/abc", {"d": "1"})
    assert read_by(browser, request.body) == {
        "id": "0199a1b2-0000-7000-8000-00000000abcd",
        "school": "Школа № 12",
        "title": "Собрание",
        "body": "Завтра собрание в 18:00. Ждём Мишу Ёлкина 🎓",
    }
    assert "Ёлкин".encode() not in request.body
    assert request.headers["content-encoding"] == "aes128gcm"
    assert int(request.headers["ttl"]) > 0
    assert len(request.headers["topic"]) <= 32
    with pytest.raises(http_ece.ECEException):
        read_by(Browser(), request.body)


async def test_the_school_signs_for_this_push_service_alone_and_not_for_longer_than_a_day(gateway: Gateway) -> None:
    gateway.answers(b"", 201)

    await pushed(notice(f"{gateway.url}/push/abc", Browser()))

    signature = gateway.requests[0].headers["authorization"]
    assert Vapid02.verify(signature)
    middle = signature.split("t=")[1].split(",")[0].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(middle + "=="))
    assert (claims["aud"], claims["sub"]) == (gateway.url, CONTACT)
    assert 0 < claims["exp"] - dt.datetime.now(dt.UTC).timestamp() <= 86_400


@pytest.mark.parametrize(
    "text", ["ы" * 5000, "🎓" * 5000, "\u0001\n" * 5000, "слово " * 2000], ids=lambda text: text[:2]
)
async def test_the_longest_letter_fits_into_what_push_services_take(gateway: Gateway, text: str) -> None:
    browser = Browser()
    gateway.answers(b"", 201)

    await pushed(notice(f"{gateway.url}/push", browser, body=text, subject=text[:200], school_name=text[:255]))

    [request] = gateway.requests
    assert len(request.body) <= 4096
    assert read_by(browser, request.body)["body"].endswith(CUT_OFF)


@pytest.mark.parametrize(
    "keys",
    [
        None,
        {},
        {"p256dh": "", "auth": ""},
        {"p256dh": "AAAA", "auth": "AAAA"},
        {"p256dh": base64.urlsafe_b64encode(b"\x04" + b"\x01" * 64).decode(), "auth": "c2l4dGVlbiBieXRlcyBvaw"},
        {"p256dh": "ключ", "auth": "ключ"},
        {"p256dh": 5, "auth": []},
    ],
    ids=["none", "no facts", "empty", "short", "off the curve", "cyrillic", "numbers"],
)
async def test_keys_that_encrypt_nothing_are_a_dead_contact(gateway: Gateway, keys: Any) -> None:
    outcome = await pushed(notice(f"{gateway.url}/push", Browser(), push_keys=keys))

    assert outcome == Permanent("BAD_KEYS", contact_is_dead=True)
    assert gateway.requests == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/push",
        "https://localhost/push",
        "https://10.1.2.3/push",
        "https://172.16.0.1/push",
        "https://192.168.0.1/push",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/push",
        "https://0.0.0.0/push",
        "https://[::1]/push",
        "https://[::]/push",
        "https://[fe80::1]/push",
        "https://[fd00::1]/push",
        "https://[::ffff:127.0.0.1]/push",
        "https://[::ffff:10.0.0.1]/push",
        "https://[64:ff9b::a00:1]/push",
        "https://[2002:7f00:1::]/push",
        "https://2130706433/push",
        "https://0x7f.1/push",
        "https://127.1/push",
        "https://224.0.0.1/push",
        "https://255.255.255.255/push",
    ],
)
async def test_an_endpoint_inside_a_network_is_never_called(endpoint: str) -> None:
    outcome = await pushed(notice(endpoint, Browser()), loopback=False)

    assert outcome == Permanent("ENDPOINT_NOT_PUBLIC", contact_is_dead=True)


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("http://push.example/1", "ENDPOINT_NOT_HTTPS"),
        ("https://push.example:8443/1", "ENDPOINT_NOT_HTTPS"),
        ("file:///etc/passwd", "ENDPOINT_UNREADABLE"),
        ("gopher://push.example/1", "ENDPOINT_NOT_HTTPS"),
        ("https://user:word@push.example/1", "ENDPOINT_UNREADABLE"),
        ("https://push.example\r\nX: y/1", "ENDPOINT_UNREADABLE"),
        ("https://push.example:99999/1", "ENDPOINT_UNREADABLE"),
        ("https://[::1/1", "ENDPOINT_UNREADABLE"),
        ("", "ENDPOINT_UNREADABLE"),
    ],
)
async def test_an_endpoint_that_is_none_is_never_called(endpoint: str, reason: str) -> None:
    outcome = await pushed(notice(endpoint, Browser()), loopback=False)

    assert outcome == Permanent(reason, contact_is_dead=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4010:c0f::5f", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        # IPv4: this network, private, shared by carriers, loopback, link, protocols, examples, relays, benchmarks, rest
        "0.1.2.3", "10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "169.254.169.254", "192.0.0.1", "192.0.0.8", "192.0.0.171", "192.0.2.1", "198.51.100.1", "203.0.113.1",
        "192.88.99.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        # IPv6: nobody, loopback, link, old and new site, multicast, discard, examples, routing segments
        "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "100::1", "2001:db8::1", "3fff::1",
        "5f00::1", "4000::1",
        # IPv4 inside IPv6: mapped, compatible, translated, translated locally, 6to4, Teredo, ISATAP of a link
        "::ffff:127.0.0.1", "::ffff:100.64.0.1", "::127.0.0.1", "::10.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2002:808:808::1",
        "2001:0:808:808::1", "2001:0:53aa:64c::f5ff:fffe", "fe80::5efe:8.8.8.8",
    ],
)  # fmt: skip
def test_what_is_not_the_open_internet_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


async def test_leave_for_this_machine_is_no_leave_for_its_network() -> None:
    for endpoint in ("https://10.1.2.3/push", "https://169.254.169.254/", "http://8.8.8.8/push"):
        outcome = await pushed(notice(endpoint, Browser()))
        assert isinstance(outcome, Permanent)
        assert outcome.contact_is_dead


@dataclass
class NameServer:
    """The name server, which is the outside: it answers as a stranger's may, and as slowly."""

    addresses: dict[str, list[list[str]]] = field(default_factory=dict)
    slow: threading.Event | None = None
    asked: list[str] = field(default_factory=list)

    def answers(self, host: str, *in_turn: list[str]) -> None:
        """Set what it says of a name; the last answer is repeated."""
        self.addresses[host] = list(in_turn)

    def look_up(self, host: str, port: int, *_more: object, **_options: object) -> list[Any]:
        """Answer like the system's own function."""
        self.asked.append(host)
        if host not in self.addresses:
            assert self.slow is not None, f"{host} is nobody's"
            self.slow.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        known = self.addresses[host]
        found = known.pop(0) if len(known) > 1 else known[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """A name server that does as it is told."""
    server = NameServer(slow=threading.Event())
    monkeypatch.setattr(socket, "getaddrinfo", server.look_up)
    yield server
    assert server.slow is not None
    server.slow.set()


async def test_a_name_with_one_inner_address_among_its_own_is_a_trap(name_server: NameServer) -> None:
    name_server.answers("push.example", ["8.8.8.8", "192.168.0.1"])

    outcome = await pushed(notice("https://push.example/1", Browser()), loopback=False)

    assert outcome == Permanent("ENDPOINT_NOT_PUBLIC", contact_is_dead=True)
    assert name_server.asked == ["push.example"]


async def test_a_name_is_looked_up_once_and_what_it_means_afterwards_is_of_no_matter(
    gateway: Gateway, name_server: NameServer
) -> None:
    name_server.answers("push.example", ["127.0.0.1"], ["192.0.2.1"])
    gateway.answers(b"", 201)

    outcome = await pushed(notice(f"http://push.example:{gateway.port}/1", Browser()))

    assert outcome == Delivered("", "HTTP_201")
    assert name_server.asked == ["push.example"]
    assert gateway.requests[0].headers["host"] == f"push.example:{gateway.port}"


async def test_slow_names_hold_up_one_another_and_nothing_else(gateway: Gateway, name_server: NameServer) -> None:
    """More of them than this process has threads for its own look-ups."""
    gateway.answers(b"", 201)
    patience = replace(EAGER, names=2)
    channel = WebPush(key=PUSH_KEY, contact=CONTACT, patience=patience)
    slow = [channel.send(notice(f"https://slow{number}.example/1", Browser())) for number in range(60)]
    sending = asyncio.gather(*slow)
    await asyncio.sleep(0.1)

    async with asyncio.timeout(1.5):
        assert await asyncio.to_thread(lambda: "other work") == "other work"

    slow_names = [RetryAfter(None, "CONNECTION: TimeoutError", by_contact=True)] * AT_ONCE
    assert await sending == slow_names + [RetryAfter(None, "CONNECTION: NamesBusy")] * (60 - AT_ONCE)
    assert len(name_server.asked) == AT_ONCE, "the others have not even begun"
    assert len([thread for thread in threading.enumerate() if thread.name == "resolver"]) == AT_ONCE
    name_server.answers("push.example", ["192.168.0.1"])
    assert name_server.slow is not None
    name_server.slow.set()
    for thread in threading.enumerate():
        if thread.name == "resolver":
            await asyncio.to_thread(thread.join)
    after = await channel.send(notice("https://push.example/1", Browser()))
    assert after == Permanent("ENDPOINT_NOT_PUBLIC", contact_is_dead=True), "their places are free again"
    await channel.close()


async def test_the_slow_names_of_one_owner_leave_places_for_the_others(name_server: NameServer) -> None:
    patience = replace(EAGER, names=2)
    channel = WebPush(key=PUSH_KEY, contact=CONTACT, patience=patience)
    name_server.answers("push.example", ["192.168.0.1"])
    slow = [channel.send(notice(f"https://n{number}.attacker.example/1", Browser())) for number in range(60)]
    sending = asyncio.gather(*slow)
    await asyncio.sleep(0.1)

    async with asyncio.timeout(1.5):
        other = await channel.send(notice("https://push.example/1", Browser()))

    assert other == Permanent("ENDPOINT_NOT_PUBLIC", contact_is_dead=True), "it was looked up at once"
    outcomes = await sending
    assert len([asked for asked in name_server.asked if asked.endswith("attacker.example")]) == OF_ONE_OWNER
    assert outcomes.count(RetryAfter(None, "CONNECTION: TimeoutError", by_contact=True)) == OF_ONE_OWNER
    assert name_server.slow is not None
    name_server.slow.set()
    await channel.close()


#: What was away a moment ago is remembered.
PATIENT = Patience(connect=2, all=2, away=60)


async def test_a_push_service_with_several_addresses_is_one(gateway: Gateway, name_server: NameServer) -> None:
    """Its name leads to a machine that is down, then to one that is not: the service as a whole has been away."""
    gateway.answers(b"", 201)
    name_server.answers("push.example", ["127.0.0.9"], ["127.0.0.1"])
    channel = WebPush(key=PUSH_KEY, contact=CONTACT, allow_loopback=True, patience=PATIENT)

    first, second = [
        await channel.send(notice(f"http://push.example:{gateway.port}/{turn}", Browser())) for turn in (1, 2)
    ]

    assert first == RetryAfter(None, "CONNECTION: ConnectError")
    assert second == RetryAfter(None, "CONNECTION: away")
    assert gateway.requests == []
    await channel.close()


async def test_an_address_of_a_push_service_that_is_down_is_made_up_for_by_the_next(
    gateway: Gateway, name_server: NameServer
) -> None:
    gateway.answers(b"", 201)
    name_server.answers("push.example", ["127.0.0.9", "127.0.0.1"])
    channel = WebPush(key=PUSH_KEY, contact=CONTACT, allow_loopback=True, patience=PATIENT)

    outcomes = [await channel.send(notice(f"http://push.example:{gateway.port}/1", Browser())) for _ in range(2)]

    assert outcomes == [Delivered("", "HTTP_201")] * 2
    await channel.close()


async def test_two_push_services_behind_one_address_are_two(gateway: Gateway, name_server: NameServer) -> None:
    name_server.answers("down.example", ["127.0.0.1"])
    name_server.answers("push.example", ["127.0.0.1"])
    channel = WebPush(key=PUSH_KEY, contact=CONTACT, allow_loopback=True, patience=PATIENT)
    gateway.answers(b"", 502)
    down = await channel.send(notice(f"http://down.example:{gateway.port}/1", Browser()))
    gateway.answers(b"", 201)

    other = await channel.send(notice(f"http://push.example:{gateway.port}/1", Browser()))
    again = await channel.send(notice(f"http://DOWN.example:{gateway.port}/1", Browser()))

    assert (down, other) == (Uncertain("HTTP_502"), Delivered("", "HTTP_201"))
    assert again == RetryAfter(None, "CONNECTION: away")
    await channel.close()


async def test_a_name_without_an_address_may_have_one_later() -> None:
    outcome = await pushed(notice("https://nobody.invalid/1", Browser()), loopback=False)

    assert isinstance(outcome, RetryAfter)
    assert outcome.reason.startswith("CONNECTION")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the name localhost, not for its address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push service")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return public, private


@pytest.fixture
async def encrypting(certificate: tuple[Path, Path]) -> AsyncIterator[Gateway]:
    """A push service with TLS."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    started = Gateway(tls=tls)
    await started.start()
    yield started
    await started.stop()


async def test_the_checked_address_is_called_and_the_name_is_still_proved(
    encrypting: Gateway, certificate: tuple[Path, Path]
) -> None:
    trusted = ssl.create_default_context(cafile=certificate[0])
    encrypting.answers(b"", 201)

    named = await pushed(notice(f"https://localhost:{encrypting.port}/push", Browser()), tls=trusted)
    by_address = await pushed(notice(f"https://127.0.0.1:{encrypting.port}/push", Browser()), tls=trusted)

    assert named == Delivered("", "HTTP_201")
    assert encrypting.requests[0].headers["host"] == f"localhost:{encrypting.port}"
    assert by_address == RetryAfter(None, "CONNECTION: ConnectError"), "the certificate is not for the address"
    assert len(encrypting.requests) == 1


async def test_a_push_service_that_nobody_vouches_for_gets_nothing(encrypting: Gateway) -> None:
    encrypting.answers(b"", 201)

    outcome = await pushed(notice(f"https://localhost:{encrypting.port}/push", Browser()))

    assert isinstance(outcome, RetryAfter)
    assert encrypting.requests == []
