"""Checking a signature file in a process of its own: what a stranger has made can be slow, and must be stoppable."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import orjson

import diary
from diary.consent.signatures.result import Checked, PersonName
from diary.consent.tables import SignatureVerdict
from diary.kit.refusal import Refusal
from diary.kit.wording import _

#: How long one file is looked at, its turn awaited; a usual one takes a second, most of it to start the process.
SECONDS = 30.0
#: So many are looked at at once in one server process; so many others wait, and no more.
AT_ONCE = 2
MOST_WAITING = 4
#: What of this process's surroundings the checking one sees: where programs and openssl's engines lie, and no secret.
SURROUNDINGS = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")

TOO_SLOW = _("Подпись не проверена: проверка заняла слишком много времени. Школа может проверить файл ещё раз.")
BROKEN_OFF = _("Подпись не проверена: проверка прервалась. Школа может проверить файл ещё раз.")


class ChecksBusy(Refusal):
    """So many signature files are being checked that one more would only wait; nothing of it is kept or counted."""

    code = "CHECKS_BUSY"
    wording = _("Сейчас проверяется много подписей. Повторите через минуту.")


@dataclass(slots=True)
class _Room:
    """Where files are looked at in one server process, and how many of them wait outside."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: int = 0

    async def enter(self) -> None:
        """Wait for a place; raises ChecksBusy where enough others wait."""
        if self.places.locked() and self.waiting >= MOST_WAITING:
            raise ChecksBusy
        self.waiting += 1
        try:
            await self.places.acquire()
        finally:
            self.waiting -= 1


_rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, _Room] = WeakKeyDictionary()


async def check(
    document: bytes,
    cms: bytes,
    *,
    expected: PersonName,
    trusted: Sequence[str],
    accredited: Sequence[str] = (),
    at: datetime,
    seconds: float = SECONDS,
) -> Checked:
    """Return what `check_cms` says, or that nothing was checked when it takes too long or breaks off.

    The process is killed with everything it has started, also when whoever waits for it gives up, and what it has
    written goes with it. Raises ChecksBusy.
    """
    order = {
        "document": b64encode(document).decode(),
        "cms": b64encode(cms).decode(),
        "expected": (expected.family, expected.given, expected.patronymic),
        "trusted": list(trusted),
        "accredited": list(accredited),
        "at": at.isoformat(),
        "seconds": seconds,
    }
    room = _rooms.setdefault(asyncio.get_running_loop(), _Room())
    try:
        async with asyncio.timeout(seconds):
            await room.enter()
            try:
                return await _run(orjson.dumps(order))
            finally:
                room.places.release()
    except TimeoutError:
        return Checked(verdict=SignatureVerdict.NOT_CHECKED, reason=TOO_SLOW)


async def _run(order: bytes) -> Checked:
    # What is checked is somebody's personal data: a killed process does not tidy up after itself.
    folder = tempfile.mkdtemp(prefix="diary-signature-")
    try:
        return await _run_in(folder, order)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run_in(folder: str, order: bytes) -> Checked:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", __package__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**_surroundings(), "TMPDIR": folder},
        start_new_session=True,
    )
    try:
        said, _nothing = await process.communicate(order)
    finally:
        # What has ended by itself has left nothing behind.
        if process.returncode != 0:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
    if process.returncode != 0:
        return Checked(verdict=SignatureVerdict.NOT_CHECKED, reason=BROKEN_OFF)
    return _told(orjson.loads(said))


def _surroundings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in SURROUNDINGS or name.startswith("OPENSSL_")}
    # The very code that runs here, wherever it lies.
    return {**kept, "PYTHONPATH": str(Path(diary.__path__[0]).parent), "PYTHONDONTWRITEBYTECODE": "1"}


def _told(answer: dict[str, Any]) -> Checked:
    certificate, signed_at = answer["certificate"], answer["signed_at"]
    return Checked(
        verdict=SignatureVerdict(answer["verdict"]),
        reason=answer["reason"],
        signer=answer["signer"],
        certificate=b64decode(certificate) if certificate is not None else None,
        signed_at=datetime.fromisoformat(signed_at) if signed_at is not None else None,
        checked_by=answer["checked_by"],
        qualified=answer["qualified"],
        authority_sha256=answer["authority_sha256"],
    )
