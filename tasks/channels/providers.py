"""The providers that this machine's settings name, one for each kind of parcel."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from diary.delivery.tables import Messenger, OutboxKind
from settings import Settings
from tasks.channels.channel import Provider
from tasks.channels.email import Postman, read_server
from tasks.channels.http import Patience
from tasks.channels.max import Max
from tasks.channels.sms import Sms
from tasks.channels.telegram import Telegram
from tasks.channels.vk import Vk


@dataclass(frozen=True, slots=True)
class Providers:
    """Who carries what; each messenger has a provider of its own, the other kinds have one."""

    by_way: Mapping[tuple[OutboxKind, Messenger | None], Provider]

    def of(self, kind: OutboxKind, messenger: Messenger | None = None) -> Provider | None:
        """Return who carries parcels of a kind, None where this machine's settings name nobody."""
        return self.by_way.get((kind, messenger))

    async def close(self) -> None:
        """Drop what all of them keep open."""
        await asyncio.gather(*(provider.close() for provider in self.by_way.values()))


def sent_kinds(here: Settings) -> list[OutboxKind]:
    """Return the kinds of letters that are worked off on this machine.

    E-mails wait until there is a mail server. The others fail where nobody carries them, and the next agreed channel
    takes over.
    """
    others = [OutboxKind.SMS, OutboxKind.MESSENGER, OutboxKind.WEB_PUSH]
    return [OutboxKind.EMAIL, *others] if here.smtp_url else others


def providers(here: Settings, *, patience: Patience | None = None) -> Providers:
    """Return the providers of this machine; raises SettingError with one clear line."""
    named, found = here.channels, dict[tuple[OutboxKind, Messenger | None], Provider]()
    if here.smtp_url:
        found[OutboxKind.EMAIL, None] = Postman(read_server(here.smtp_url), sender=here.mail_from)
    if named.sms_gateway_url:
        found[OutboxKind.SMS, None] = Sms(
            url=named.sms_gateway_url, token=named.sms_gateway_token, sender=named.sms_sender, patience=patience
        )
    if named.telegram_token:
        found[OutboxKind.MESSENGER, Messenger.TELEGRAM] = Telegram(
            url=named.telegram_api_url, token=named.telegram_token, patience=patience
        )
    if named.vk_token:
        found[OutboxKind.MESSENGER, Messenger.VK] = Vk(url=named.vk_api_url, token=named.vk_token, patience=patience)
    if named.max_token:
        found[OutboxKind.MESSENGER, Messenger.MAX] = Max(
            url=named.max_api_url, token=named.max_token, patience=patience
        )
    if named.web_push_key:
        # Half a second of imports that only this channel needs.
        from tasks.channels.web_push import WebPush  # noqa: PLC0415

        found[OutboxKind.WEB_PUSH, None] = WebPush(
            key=named.web_push_key,
            contact=named.web_push_contact,
            allow_loopback=named.web_push_allows_loopback,
            patience=patience,
        )
    return Providers(found)
