"""How often and how many at once an account has signature files looked at: counted before, whatever becomes of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from diary.access.viewer import Viewer
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: So many signature files are looked at for one account in a day: each costs a process, and most are kept for ever.
FILES_AT_MOST, FILES_WITHIN = 10, timedelta(days=1)
#: A check that has not ended after this time was killed together with its server.
LONGEST_FLIGHT = timedelta(seconds=15)


class TooManySignatures(Refusal):
    """So many signature files have come from this account lately that no more are looked at for a while."""

    code = "TOO_MANY_SIGNATURES"
    wording = _("За сутки принято подписей: {most}. Попробуйте завтра или принесите документ в школу.")


class SignatureBeingChecked(Refusal):
    """The account's earlier file is still being looked at; the next one comes after it."""

    code = "SIGNATURE_BEING_CHECKED"
    wording = _("Предыдущий файл подписи ещё проверяется. Дождитесь ответа.")


async def begin(viewer: Viewer) -> UUID:
    """Count one more file of the account, inside a command; two that come at once are counted one after the other.

    Raises TooManySignatures, SignatureBeingChecked.
    """
    now = clock.now()
    await database.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('signatures:' || $1, 0))", str(viewer.account_id)
    )
    await database.execute(
        "DELETE FROM signature_attempt WHERE account = $1 AND started_at <= $2", viewer.account_id, now - FILES_WITHIN
    )
    rows = await database.fetch(
        "SELECT count(*) AS lately, bool_or(ended_at IS NULL AND started_at > $2) AS under_way "
        "FROM signature_attempt WHERE account = $1",
        viewer.account_id,
        now - LONGEST_FLIGHT,
    )
    if rows[0]["under_way"]:
        raise SignatureBeingChecked
    if rows[0]["lately"] >= FILES_AT_MOST:
        raise TooManySignatures(most=FILES_AT_MOST)
    begun = await database.fetch(
        "INSERT INTO signature_attempt (id, account, started_at) VALUES (uuidv7(), $1, $2) RETURNING id",
        viewer.account_id,
        now,
    )
    attempt: UUID = begun[0]["id"]
    return attempt


@command
async def end(viewer: Viewer, attempt: UUID) -> None:
    """Let the account's next file in."""
    del viewer
    await database.execute("UPDATE signature_attempt SET ended_at = $2 WHERE id = $1", attempt, clock.now())


@command
async def take_back(viewer: Viewer, attempt: UUID) -> None:
    """Count a file no longer: it was not looked at."""
    del viewer
    await database.execute("DELETE FROM signature_attempt WHERE id = $1", attempt)
