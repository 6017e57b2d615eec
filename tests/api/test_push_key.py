"""The public key of browsers' notices: the one that the school really signs with (RFC 8292)."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from asgi import create_app
from settings import SettingError, read_settings
from tasks.channels.channel import Delivered, Parcel
from tasks.channels.web_push import WebPush
from tests.support.server import served
from tests.support.service import Service, codes
from tests.support.town import Town
from tests.tasks.gateway import Gateway
from tests.tasks.ways import PUSH_KEY, Browser

ASK = "{ pushKey }"


async def test_nobody_without_a_session_is_told_and_where_no_notices_are_sent_there_is_none(
    service: Service, town: Town
) -> None:
    assert codes(await service.post(ASK)) == ["SIGN_IN_REQUIRED"]
    assert await service.post(ASK, token=await service.sign_in("galina")) == {"data": {"pushKey": None}}


async def test_the_key_that_browsers_are_told_is_the_one_that_notices_are_signed_with(town: Town) -> None:
    gateway = Gateway()
    await gateway.start()
    gateway.answers(b"", 201)
    channel = WebPush(key=PUSH_KEY, contact="mailto:office@school12.example", allow_loopback=True)
    parcel = Parcel(
        id=uuid4(), school_name="Школа № 1", address=f"{gateway.url}/push", subject="Собрание", body="Завтра",
        at=datetime.now(UTC), push_keys=Browser().keys,
    )  # fmt: skip
    assert isinstance(await channel.send(parcel), Delivered)
    await channel.close()
    await gateway.stop()
    signed_with = gateway.requests[0].headers["authorization"].partition("k=")[2]

    async with served(create_app(read_settings(os.environ | {"WEB_PUSH_KEY": PUSH_KEY}))) as with_notices:
        answer = await with_notices.post(ASK, token=await with_notices.sign_in("galina"))

    assert answer == {"data": {"pushKey": signed_with}}
    assert len(signed_with) == 87, "65 bytes in base64url"


@pytest.mark.parametrize("way", ["pem", "der"])
async def test_a_key_may_be_written_in_any_usual_form(town: Town, way: str) -> None:
    key = ec.derive_private_key(7**80 % 2**255, ec.SECP256R1())
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    written = {
        "pem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "der": base64.urlsafe_b64encode(der).decode(),
    }[way]

    told = []
    for form in (written, PUSH_KEY):
        async with served(create_app(read_settings(os.environ | {"WEB_PUSH_KEY": form}))) as running:
            told.append(await running.post(ASK, token=await running.sign_in("galina")))

    assert told[0] == told[1]


@pytest.mark.parametrize(
    "key", ["secret", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----", "c2VjcmV0"]
)
def test_a_slip_in_the_key_is_explained_in_one_line_without_it(key: str) -> None:
    with pytest.raises(SettingError, match="WEB_PUSH_KEY") as refusal:
        create_app(read_settings(os.environ | {"WEB_PUSH_KEY": key}))

    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)
