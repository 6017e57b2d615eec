"""One-time codes: sent to one address for one act, hashed, short-lived, with few tries (R8.2, 63-FZ art. 9)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from diary.access import passwords
from diary.delivery.tables import Channel, CodePurpose, OutboxKind
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.wording import _

DIGITS = 6
LIVES_FOR = timedelta(minutes=10)
TRIES = 5
#: So many codes one account gets to one address in this time, and so many to all its addresses in a day.
ADDRESS_AT_MOST, ADDRESS_WITHIN = 3, timedelta(minutes=15)
ACCOUNT_AT_MOST, ACCOUNT_WITHIN = 10, timedelta(days=1)
#: So many go to one address in that time whoever asks; beyond it none leaves, and nobody learns that others ask too.
ADDRESS_OF_ALL_AT_MOST = 6

#: Channels that can carry a code; in a browser it comes as a notice.
CARRIERS = {
    Channel.EMAIL: OutboxKind.EMAIL,
    Channel.SMS: OutboxKind.SMS,
    Channel.MESSENGER: OutboxKind.MESSENGER,
    Channel.WEB_PUSH: OutboxKind.WEB_PUSH,
}

# Sent in Russian, like every letter.
_SUBJECT = {
    CodePurpose.CONFIRM_CONTACT: _("Код подтверждения адреса"),
    CodePurpose.SIGN_DECISION: _("Код для подписи"),
}
_BODY = {
    CodePurpose.CONFIRM_CONTACT: _(
        "Код: {code}\n\nВведите его в дневнике, чтобы подтвердить этот адрес. Код действует 10 минут. "
        "Если вы не указывали этот адрес, ничего делать не нужно."
    ),
    CodePurpose.SIGN_DECISION: _(
        "Код: {code}\n\nВведя его в дневнике, вы подписываете документ, показанный на экране. Код действует 10 минут. "
        "Никому его не сообщайте. Если вы ничего не подписываете, сообщите в школу."
    ),
}


class TooManyCodes(Refusal):
    """So many codes have been asked for lately that no more are sent for a while."""

    code = "TOO_MANY_CODES"
    wording = _("Слишком много кодов подряд. Подождите и попробуйте снова.")


class CodeWrong(Refusal):
    """The code is not the one that was sent; so many tries are left."""

    code = "CODE_WRONG"
    wording = _("Код не подходит. Осталось попыток: {left}.")


class CodeExpired(Refusal):
    """The code is older than it may be; a new one has to be asked for."""

    code = "CODE_EXPIRED"
    wording = _("Срок действия кода истёк. Запросите новый.")


class CodeSpent(Refusal):
    """The code was used, or mistyped too often."""

    code = "CODE_SPENT"
    wording = _("Этот код больше не действует. Запросите новый.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent:
    """A code that is on its way."""

    request_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedCode:
    """A code that came back from its address, with what it was bound to."""

    request_id: UUID
    contact_id: UUID
    address: str
    document: bytes | None
    document_sha256: str
    facts: Mapping[str, Any] | None
    sent_at: datetime


async def send_code(
    actor: Actor,
    *,
    account_id: int,
    contact_id: UUID,
    purpose: CodePurpose,
    document: bytes | None = None,
    document_sha256: str = "",
    facts: Mapping[str, Any] | None = None,
    address: str = "",
) -> CodeSent:
    """Queue a fresh code to a contact, inside the command that needs it.

    Whoever asks for an address that others flood gets the usual answer and no code: a refusal would tell that somebody
    else has entered the very same address.
    Raises TooManyCodes, BadInput for a channel that carries none, NotFound for a contact that is no more.
    """
    now = clock.now()
    rows = await database.fetch(
        "SELECT school, guardian, pupil, channel, value FROM contact_point WHERE id = $1 AND retired_at IS NULL "
        "AND (confirmed_at IS NOT NULL OR $2 = 'CONFIRM_CONTACT')",
        contact_id,
        purpose.value,
    )
    if not rows:
        raise NotFound
    contact = rows[0]
    carrier = CARRIERS.get(Channel(contact["channel"]))
    if carrier is None:
        raise BadInput(field="channel", reason=_("по этому каналу код не отправить"))
    # Requests of one account, and those for one address, are counted one after the other, always in this order.
    for counted in (f"codes-of:{account_id}", f"codes-to:{contact['value'].lower()}"):
        await database.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", counted)
    lately = (
        await database.fetch(
            """
            SELECT count(*) FILTER (WHERE c.account = $2 AND lower(p.value) = lower($1) AND c.sent_at > $3)
                    AS to_address,
                count(*) FILTER (WHERE c.account = $2) AS by_account,
                count(*) FILTER (WHERE lower(p.value) = lower($1) AND c.sent_at > $3 AND c.purpose = 'CONFIRM_CONTACT'
                    AND EXISTS (SELECT FROM outbox o WHERE o.dedup_key = 'code:' || c.id)) AS by_all
            FROM one_time_code c JOIN contact_point p ON p.id = c.contact_point
            WHERE c.sent_at > $4 AND (c.account = $2 OR lower(p.value) = lower($1))
            """,
            contact["value"],
            account_id,
            now - ADDRESS_WITHIN,
            now - ACCOUNT_WITHIN,
        )
    )[0]
    if lately["to_address"] >= ADDRESS_AT_MOST or lately["by_account"] >= ACCOUNT_AT_MOST:
        raise TooManyCodes
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    request_id: UUID = (
        await database.fetch(
            """
            INSERT INTO one_time_code (id, school, purpose, account, contact_point, code_hash, document,
                document_sha256, facts, sent_at, expires_at, tries, address)
            VALUES (uuidv7(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11) RETURNING id
            """,
            contact["school"],
            purpose.value,
            account_id,
            contact_id,
            await passwords.hash_password(code),
            document,
            document_sha256,
            dict(facts) if facts is not None else None,
            now,
            now + LIVES_FOR,
            address,
        )
    )[0]["id"]
    # Others who enter somebody's address cannot keep the owner, who has confirmed it, from signing.
    if purpose is CodePurpose.CONFIRM_CONTACT and lately["by_all"] >= ADDRESS_OF_ALL_AT_MOST:
        return CodeSent(request_id=request_id, expires_at=now + LIVES_FOR)
    await database.execute(
        """
        INSERT INTO outbox (id, school, kind, topic, dedup_key, guardian, pupil, contact_point, subject, body, due_at,
            created_at, created_by)
        VALUES (uuidv7(), $1, $2, 'CODE', $3, $4, $5, $6, $7, $8, $9, $9, $10)
        """,
        contact["school"],
        carrier.value,
        f"code:{request_id}",
        contact["guardian"],
        contact["pupil"],
        contact_id,
        _SUBJECT[purpose],
        _BODY[purpose].format(code=code),
        now,
        actor.account_id,
    )
    return CodeSent(request_id=request_id, expires_at=now + LIVES_FOR)


async def try_code(actor: Actor, *, request_id: UUID, account_id: int, code: str, purpose: CodePurpose) -> UsedCode:
    """Compare what came back with what was sent; a try counts even when everything after it fails.

    The caller spends the code in the transaction of what it proves. Raises NotFound, CodeSpent, CodeExpired, CodeWrong.
    """
    found = await _take_try(actor, request_id=request_id, account_id=account_id, purpose=purpose)
    try:
        fits = await passwords.matches(found["code_hash"], code.strip())
    except passwords.SignInBusy:
        # Nothing was compared: whoever crowds the sign-in burns nobody's tries.
        await _give_back(actor, request_id)
        raise
    if not fits:
        left = TRIES - found["tries"]
        raise CodeWrong(left=left) if left else CodeSpent
    return UsedCode(
        request_id=request_id,
        contact_id=found["contact_point"],
        address=found["value"],
        document=found["document"],
        document_sha256=found["document_sha256"],
        facts=orjson.loads(found["facts"]) if found["facts"] else None,
        sent_at=found["sent_at"],
    )


async def spend(used: UsedCode) -> datetime:
    """Use the code up, inside the command that rests on it, and return when; raises CodeSpent for a second time."""
    now = clock.now()
    rows = await database.fetch(
        "UPDATE one_time_code SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id", used.request_id, now
    )
    if not rows:
        raise CodeSpent
    return now


@command
async def _give_back(actor: Actor, request_id: UUID) -> None:
    del actor
    await database.execute("UPDATE one_time_code SET tries = tries - 1 WHERE id = $1 AND tries > 0", request_id)


@command
async def _take_try(actor: Actor, *, request_id: UUID, account_id: int, purpose: CodePurpose) -> Mapping[str, Any]:
    del actor
    rows = await database.fetch(
        """
        SELECT c.*, p.value FROM one_time_code c JOIN contact_point p ON p.id = c.contact_point
        WHERE c.id = $1 AND c.account = $2 AND c.purpose = $3 FOR UPDATE OF c
        """,
        request_id,
        account_id,
        purpose.value,
    )
    if not rows:
        raise NotFound
    if rows[0]["used_at"] is not None or rows[0]["tries"] >= TRIES:
        raise CodeSpent
    if rows[0]["expires_at"] <= clock.now():
        raise CodeExpired
    await database.execute("UPDATE one_time_code SET tries = tries + 1 WHERE id = $1", request_id)
    return {**rows[0], "tries": rows[0]["tries"] + 1}
