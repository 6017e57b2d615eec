"""Whom a school trusts: authorities are added and retired by an operator, and stay what they were (63-FZ)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asn1crypto import pem as armor

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.signatures.trust import authorities, sha256_of
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _


class AuthorityKnown(Refusal):
    """The school trusts this very certificate already; another accreditation is another entry, after retiring it."""

    code = "AUTHORITY_KNOWN"
    wording = _("Этот сертификат уже есть в списке: «{name}».")


class AuthorityRetired(Refusal):
    """The authority is trusted no more, and an end is only ever brought forward."""

    code = "AUTHORITY_RETIRED"
    wording = _("Этому центру уже не доверяют. Дату можно перенести только на более раннюю.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority as it stands in the school's list."""

    id: UUID
    name: str
    sha256: str
    qualified: bool
    retired_at: datetime | None


@command
async def add_authority(viewer: Viewer, *, school_id: UUID, name: str, pem: str, qualified: bool) -> Authority:
    """Let a school trust one certification authority from now on; only an operator may.

    A clerk who could add one would make signatures of anybody. Raises NotAllowed, NotFound, BadInput, AuthorityKnown.
    """
    viewer.require(Role.OPERATOR)
    if not await database.fetch("SELECT FROM school WHERE id = $1 FOR NO KEY UPDATE", school_id):
        raise NotFound
    name = typed_line(name, field="name")
    if not name:
        raise BadInput(field="name", reason=_("укажите название удостоверяющего центра"))
    found = authorities([pem])
    if len(found) != 1:
        raise BadInput(field="pem", reason=_("вставьте один сертификат в формате PEM, целиком"))
    if not found[0].ca:
        raise BadInput(field="pem", reason=_("это не сертификат удостоверяющего центра"))
    now = clock.now()
    known = await database.fetch(
        "SELECT name FROM trusted_certificate "
        "WHERE school = $1 AND sha256 = $2 AND (retired_at IS NULL OR retired_at > $3)",
        school_id,
        sha256_of(found[0]),
        now,
    )
    if known:
        raise AuthorityKnown(name=known[0]["name"])
    rows = await database.fetch(
        """
        INSERT INTO trusted_certificate (id, school, name, pem, qualified, added_at)
        VALUES (uuidv7(), $1, $2, $3, $4, $5) RETURNING id, name, sha256, qualified, retired_at
        """,
        school_id,
        name,
        armor.armor("CERTIFICATE", found[0].dump()).decode(),
        qualified,
        now,
    )
    return Authority(**rows[0])


@command
async def retire_authority(viewer: Viewer, authority_id: UUID, *, at: datetime | None = None) -> Authority:
    """Trust an authority no more, from now or from an instant; what it made valid before stays registered.

    Only an operator may. Raises NotAllowed, NotFound, AuthorityRetired, BadInput.
    """
    viewer.require(Role.OPERATOR)
    at = at or clock.now()
    rows = await database.fetch(
        "SELECT added_at, retired_at FROM trusted_certificate WHERE id = $1 FOR UPDATE", authority_id
    )
    if not rows:
        raise NotFound
    if rows[0]["retired_at"] is not None and rows[0]["retired_at"] <= at:
        raise AuthorityRetired
    if at < rows[0]["added_at"]:
        raise BadInput(field="day", reason=_("тогда этому центру ещё не доверяли: укажите более позднюю дату"))
    changed = await database.fetch(
        "UPDATE trusted_certificate SET retired_at = $2 WHERE id = $1 "
        "RETURNING id, name, sha256, qualified, retired_at",
        authority_id,
        at,
    )
    return Authority(**changed[0])
