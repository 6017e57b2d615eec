"""Contact points: handed over by a document, or entered and confirmed by a code; the old ones stay (R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.delivery import alerts, codes
from diary.delivery.addresses import browser_keys, reachable
from diary.delivery.tables import Channel, CodePurpose, Messenger, Provenance
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _

#: A person has at most so many contacts at a time.
CONTACTS_AT_MOST = 20


class ContactKnown(Refusal):
    """The person has this very address already."""

    code = "CONTACT_KNOWN"
    wording = _("Этот адрес у этого человека уже указан.")


class ContactNeedsDocument(Refusal):
    """What staff type in rests on a document of the family (R8.2)."""

    code = "CONTACT_NEEDS_DOCUMENT"
    wording = _("Укажите документ, из которого взяты контактные данные (номер, дата, место хранения).")


class TooManyContacts(Refusal):
    """The person has as many contacts as anybody may have."""

    code = "TOO_MANY_CONTACTS"
    wording = _("Контактов уже {most}: сначала уберите ненужные.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact as its owner and the office see it."""

    id: UUID
    guardian_id: UUID | None
    pupil_id: UUID | None
    channel: Channel
    messenger: Messenger | None
    value: str
    provenance: Provenance
    document_reference: str
    confirmed_at: datetime | None
    #: Whether a code that reached it has come back; only then it carries codes to sign with.
    confirmed_by_code: bool
    retired_at: datetime | None
    replaced_by: UUID | None
    failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedContact:
    """A new contact, and until when its code is valid, if one is on its way."""

    contact: Contact
    code_expires_at: datetime | None


async def of_person(viewer: Viewer, *, guardian_id: UUID | None = None, pupil_id: UUID | None = None) -> list[Contact]:
    """Return a person's contacts, those in use first, the old ones below; raises NotFound for a stranger."""
    await _require_person(viewer, guardian_id, pupil_id)
    rows = await database.fetch(
        """
        SELECT * FROM contact_point WHERE guardian = $1 OR pupil = $2
        ORDER BY retired_at IS NOT NULL, retired_at DESC, id
        """,
        guardian_id,
        pupil_id,
    )
    return [_contact(row) for row in rows]


@command
async def add_contact_point(
    viewer: Viewer,
    *,
    guardian_id: UUID | None = None,
    pupil_id: UUID | None = None,
    channel: Channel,
    messenger: Messenger | None = None,
    value: str,
    push_keys: Mapping[str, str] | None = None,
    provenance: Provenance = Provenance.PAPER,
    document_reference: str = "",
    address: str = "",
) -> AddedContact:
    """Add a contact: the owner's own gets a code, the office's is confirmed by its document at once (R8.1, R8.2).

    Raises NotFound, BadInput, ContactKnown, ContactNeedsDocument, TooManyContacts, TooManyCodes.
    """
    school, by_office = await _require_person(viewer, guardian_id, pupil_id)
    return await _add(
        viewer,
        school=school,
        by_office=by_office,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        channel=channel,
        messenger=messenger,
        value=value,
        push_keys=push_keys,
        provenance=provenance,
        document_reference=document_reference,
        address=address,
    )


async def confirm_contact_point(viewer: Viewer, *, contact_id: UUID, code: str) -> Contact:
    """Confirm an own contact by the code that reached it.

    Raises NotFound, CodeWrong, CodeExpired, CodeSpent.
    """
    rows = await database.fetch(
        "SELECT id FROM one_time_code WHERE contact_point = $1 AND account = $2 AND purpose = 'CONFIRM_CONTACT' "
        "ORDER BY sent_at DESC, id DESC LIMIT 1",
        contact_id,
        viewer.account_id,
    )
    if not rows:
        raise NotFound
    used = await codes.try_code(
        viewer,
        request_id=rows[0]["id"],
        account_id=viewer.account_id,
        code=code,
        purpose=CodePurpose.CONFIRM_CONTACT,
    )
    return await _confirm(viewer, used)


@command
async def resend_code(viewer: Viewer, *, contact_id: UUID, address: str = "") -> AddedContact:
    """Send another code to an own contact that waits for one, or one to an own contact that a document has confirmed.

    Only after a code of its own has come back does it carry codes to sign with. Raises NotFound, BadInput for a channel
    that carries no code, TooManyCodes.
    """
    contact = await _own(viewer, contact_id)
    _require_owner(viewer, contact)
    if contact.confirmed_by_code or (contact.confirmed_at is None and contact.provenance != Provenance.SELF_ENTERED):
        raise NotFound
    sent = await codes.send_code(
        viewer,
        account_id=viewer.account_id,
        contact_id=contact_id,
        purpose=CodePurpose.CONFIRM_CONTACT,
        address=address,
    )
    return AddedContact(contact=contact, code_expires_at=sent.expires_at)


@command
async def replace_contact_point(
    viewer: Viewer,
    *,
    contact_id: UUID,
    value: str,
    provenance: Provenance = Provenance.PAPER,
    document_reference: str = "",
    address: str = "",
) -> AddedContact:
    """Put a new address in the place of an old one, which is kept with the date of its end (R8.1).

    The old one serves until the new one is confirmed, so a slip of the pen leaves nobody without news. Raises what
    `add_contact_point` raises.
    """
    old = await _own(viewer, contact_id)
    school, by_office = await _require_person(viewer, old.guardian_id, old.pupil_id)
    added = await _add(
        viewer,
        school=school,
        by_office=by_office,
        guardian_id=old.guardian_id,
        pupil_id=old.pupil_id,
        channel=old.channel,
        messenger=old.messenger,
        value=value,
        push_keys=None,
        provenance=provenance,
        document_reference=document_reference,
        address=address,
    )
    if by_office:
        # The entry was told to the old address too, while it was in use.
        await _retire(contact_id, replaced_by=added.contact.id)
    else:
        await database.execute("UPDATE contact_point SET replaced_by = $2 WHERE id = $1", contact_id, added.contact.id)
    return added


@command
async def retire_contact_point(viewer: Viewer, *, contact_id: UUID) -> Contact:
    """Use a contact no more; the row stays, and the person is told, at this contact too. Raises NotFound."""
    contact = await _own(viewer, contact_id)
    if contact.confirmed_at is not None:
        _school, by_office = await _require_person(viewer, contact.guardian_id, contact.pupil_id)
        await alerts.retired(viewer, contact_id=contact_id, by_office=by_office)
    return await _retire(contact_id, replaced_by=None)


async def _add(
    viewer: Viewer,
    *,
    school: UUID,
    by_office: bool,
    guardian_id: UUID | None,
    pupil_id: UUID | None,
    channel: Channel,
    messenger: Messenger | None,
    value: str,
    push_keys: Mapping[str, str] | None,
    provenance: Provenance,
    document_reference: str,
    address: str,
) -> AddedContact:
    value = reachable(channel, value, messenger=messenger)
    document_reference = typed_line(document_reference, field="documentReference")
    if push_keys is not None and channel is not Channel.WEB_PUSH:
        raise BadInput(field="pushKeys", reason=_("ключи указывают только для уведомлений браузера"))
    if channel is Channel.WEB_PUSH:
        if by_office:
            raise BadInput(field="channel", reason=_("уведомления браузера включают в самом браузере"))
        push_keys = browser_keys(push_keys)
    if by_office:
        if provenance not in {Provenance.PAPER, Provenance.SIGNED_DOCUMENT}:
            raise BadInput(field="provenance", reason=_("заявление на бумаге или подписанный документ"))
        if not document_reference:
            raise ContactNeedsDocument
    elif channel not in codes.CARRIERS:
        raise BadInput(field="channel", reason=_("такой адрес передают в школу заявлением"))
    now = clock.now()
    owner = guardian_id or pupil_id
    await database.execute("SELECT pg_advisory_xact_lock(hashtextextended('contacts:' || $1, 0))", str(owner))
    superseded = await _supersede(owner, channel, messenger, value, by_office=by_office)
    held = await database.fetch(
        "SELECT count(*) AS many FROM contact_point WHERE coalesce(guardian, pupil) = $1 AND retired_at IS NULL", owner
    )
    if held[0]["many"] >= CONTACTS_AT_MOST:
        raise TooManyContacts(most=CONTACTS_AT_MOST)
    try:
        rows = await database.fetch(
            """
            INSERT INTO contact_point (id, school, guardian, pupil, channel, messenger, value, push_keys, provenance,
                document_reference, confirmed_at, failure)
            VALUES (uuidv7(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '') RETURNING *
            """,
            school,
            guardian_id,
            pupil_id,
            channel.value,
            messenger.value if messenger else None,
            value,
            dict(push_keys) if push_keys else None,
            (provenance if by_office else Provenance.SELF_ENTERED).value,
            document_reference if by_office else "",
            now if by_office else None,
        )
    except asyncpg.UniqueViolationError as problem:
        raise ContactKnown from problem
    contact = _contact(rows[0])
    if superseded:
        await database.execute("UPDATE contact_point SET replaced_by = $2 WHERE id = ANY ($1)", superseded, contact.id)
    if by_office:
        await alerts.entered(viewer, contact_id=contact.id)
        return AddedContact(contact=contact, code_expires_at=None)
    sent = await codes.send_code(
        viewer,
        account_id=viewer.account_id,
        contact_id=contact.id,
        purpose=CodePurpose.CONFIRM_CONTACT,
        address=address,
    )
    return AddedContact(contact=contact, code_expires_at=sent.expires_at)


async def _supersede(
    owner: UUID | None, channel: Channel, messenger: Messenger | None, value: str, *, by_office: bool
) -> list[UUID]:
    """Retire the same address where nothing has confirmed it yet, so that the new entry can be.

    A roster's is superseded by whoever enters it, what the family typed itself only by a document (R8.1).
    """
    rows = await database.fetch(
        """
        UPDATE contact_point SET retired_at = $5
        WHERE coalesce(guardian, pupil) = $1 AND channel = $2 AND messenger IS NOT DISTINCT FROM $3
            AND lower(value) = lower($4) AND retired_at IS NULL AND confirmed_at IS NULL
            AND (provenance = 'IMPORTED' OR $6)
        RETURNING id
        """,
        owner,
        channel.value,
        messenger.value if messenger else None,
        value,
        clock.now(),
        by_office,
    )
    return [row["id"] for row in rows]


@command
async def _confirm(viewer: Viewer, used: codes.UsedCode) -> Contact:
    _require_owner(viewer, await _own(viewer, used.contact_id))
    at = await codes.spend(used)
    rows = await database.fetch(
        """
        UPDATE contact_point SET confirmed_at = coalesce(confirmed_at, $2), confirmed_by_code = $3, failed_at = NULL,
            failure = ''
        WHERE id = $1 AND confirmed_by_code IS NULL AND retired_at IS NULL RETURNING *
        """,
        used.contact_id,
        at,
        used.request_id,
    )
    if not rows:
        raise NotFound
    await alerts.confirmed(viewer, contact_id=used.contact_id)
    # The address that this one was entered for has served until now, and is told of it as the last thing.
    await database.execute(
        "UPDATE contact_point SET retired_at = $2 WHERE replaced_by = $1 AND retired_at IS NULL", used.contact_id, at
    )
    return _contact(rows[0])


def _require_owner(viewer: Viewer, contact: Contact) -> None:
    """Refuse the office where only the person may act: a code proves who holds the address (R8.2)."""
    if contact.guardian_id not in viewer.people(Role.GUARDIAN) and contact.pupil_id not in viewer.people(Role.PUPIL):
        raise NotFound


async def _retire(contact_id: UUID, *, replaced_by: UUID | None) -> Contact:
    rows = await database.fetch(
        "UPDATE contact_point SET retired_at = $2, replaced_by = $3 WHERE id = $1 RETURNING *",
        contact_id,
        clock.now(),
        replaced_by,
    )
    return _contact(rows[0])


async def _own(viewer: Viewer, contact_id: UUID) -> Contact:
    """Return a contact in use that is the viewer's, or of the viewer's school for the office."""
    rows = await database.fetch(
        "SELECT * FROM contact_point WHERE id = $1 AND retired_at IS NULL FOR NO KEY UPDATE", contact_id
    )
    if not rows:
        raise NotFound
    contact = _contact(rows[0])
    await _require_person(viewer, contact.guardian_id, contact.pupil_id)
    return contact


async def _require_person(viewer: Viewer, guardian_id: UUID | None, pupil_id: UUID | None) -> tuple[UUID, bool]:
    """Return the person's school and whether the office asks; raises NotFound for anybody else, BadInput for two."""
    if guardian_id is None and pupil_id is None:
        raise BadInput(field="guardianId", reason=_("укажите представителя или обучающегося"))
    rows = await database.fetch(
        "SELECT school FROM guardian WHERE id = $1 UNION ALL SELECT school FROM pupil WHERE id = $2",
        guardian_id,
        pupil_id,
    )
    own = guardian_id in viewer.people(Role.GUARDIAN) or pupil_id in viewer.people(Role.PUPIL)
    if not rows or not (own or rows[0]["school"] in viewer.schools(Role.OFFICE)):
        raise NotFound
    if guardian_id is not None and pupil_id is not None:
        raise BadInput(field="guardianId", reason=_("укажите представителя или обучающегося"))
    return rows[0]["school"], not own


def _contact(row: Mapping[str, Any]) -> Contact:
    return Contact(
        id=row["id"],
        guardian_id=row["guardian"],
        pupil_id=row["pupil"],
        channel=Channel(row["channel"]),
        messenger=Messenger(row["messenger"]) if row["messenger"] else None,
        value=row["value"],
        provenance=Provenance(row["provenance"]),
        document_reference=row["document_reference"],
        confirmed_at=row["confirmed_at"],
        confirmed_by_code=row["confirmed_by_code"] is not None,
        retired_at=row["retired_at"],
        replaced_by=row["replaced_by"],
        failed_at=row["failed_at"],
    )
