"""The demo's mail server, spoken to by SMTP."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import aiosmtplib
import pytest
import pytest_asyncio

from tasks.mail_catcher import LARGEST_LETTER, NotLoopback, catching, serve
from tests.tasks.processes import ROOT


@pytest_asyncio.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    async with catching("127.0.0.1", 0, tmp_path / "mail") as chosen:
        yield chosen


def letter(subject: str = "Новая отметка", text: str = "Миша получил 5.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Школа № 12 <diary@localhost>"
    message["To"] = "anna@example.com"
    message["Subject"] = subject
    message.set_content(text)
    return message


def kept(directory: Path) -> list[Path]:
    return sorted((directory / "mail").glob("*"))


async def test_a_letter_is_kept_byte_for_byte(port: int, tmp_path: Path) -> None:
    written = letter(text="Миша получил 5.\n.точка в начале строки\n..две\n").as_bytes(policy=SMTP)
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        await client.sendmail("diary@localhost", ["anna@example.com"], written)

    (file,) = kept(tmp_path)
    assert file.suffix == ".eml"
    assert file.read_bytes() == written


async def test_names_grow_with_time(port: int, tmp_path: Path) -> None:
    for number in range(12):
        await aiosmtplib.send(letter(f"Письмо {number}"), hostname="127.0.0.1", port=port)

    subjects = [message_from_bytes(file.read_bytes(), policy=default)["Subject"] for file in kept(tmp_path)]
    assert subjects == [f"Письмо {number}" for number in range(12)]


async def test_letters_at_the_same_time_are_all_kept(port: int, tmp_path: Path) -> None:
    await asyncio.gather(
        *(aiosmtplib.send(letter(f"Письмо {number}"), hostname="127.0.0.1", port=port) for number in range(50))
    )

    subjects = {message_from_bytes(file.read_bytes(), policy=default)["Subject"] for file in kept(tmp_path)}
    assert subjects == {f"Письмо {number}" for number in range(50)}


async def test_letters_are_for_their_owner_alone(port: int, tmp_path: Path) -> None:
    await aiosmtplib.send(letter(), hostname="127.0.0.1", port=port)

    (file,) = kept(tmp_path)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_a_russian_address_is_taken(port: int, tmp_path: Path) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        await client.sendmail("дневник@школа.рф", ["анна@почта.рф"], letter().as_bytes(), mail_options=["SMTPUTF8"])

    assert len(kept(tmp_path)) == 1


async def test_a_letter_that_is_too_large_is_refused(port: int, tmp_path: Path) -> None:
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await aiosmtplib.send(letter(text="ж" * LARGEST_LETTER), hostname="127.0.0.1", port=port)

    assert refused.value.code == 552
    assert kept(tmp_path) == []


async def test_a_letter_that_breaks_off_leaves_nothing(port: int, tmp_path: Path) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HELO x\r\nMAIL FROM:<a@b.ru>\r\nRCPT TO:<c@d.ru>\r\nDATA\r\nSubject: half\r\n\r\nhalf of a le")
    while not (await reader.readline()).startswith(b"354"):
        pass
    writer.close()
    await writer.wait_closed()
    await aiosmtplib.send(letter("Следующее"), hostname="127.0.0.1", port=port)

    (file,) = kept(tmp_path)
    assert message_from_bytes(file.read_bytes(), policy=default)["Subject"] == "Следующее"


async def test_a_letter_that_cannot_be_kept_is_for_later(port: int, tmp_path: Path) -> None:
    (tmp_path / "mail").rmdir()
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await aiosmtplib.send(letter(), hostname="127.0.0.1", port=port)

    assert refused.value.code == 452


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
async def test_other_machines_are_not_served(host: str, tmp_path: Path) -> None:
    with pytest.raises(NotLoopback, match="this machine only"):
        await serve(host, 0, tmp_path / "mail")

    assert not (tmp_path / "mail").exists()


async def test_an_open_conversation_ends_with_the_server(tmp_path: Path) -> None:
    async with catching("127.0.0.1", 0, tmp_path) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"220")

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(_read_to_the_end(reader), timeout=5)
    writer.close()
    with pytest.raises(OSError, match=r"Connect|refused"):
        await asyncio.open_connection("127.0.0.1", port)


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    if await reader.read() == b"":
        raise ConnectionResetError


async def test_the_process_takes_letters_until_it_is_ended(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = "import asyncio, pathlib, sys; from tasks.mail_catcher import serve; "
    program += "asyncio.run(serve('127.0.0.1', int(sys.argv[1]), pathlib.Path(sys.argv[2])))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(port), str(tmp_path / "mail"), cwd=ROOT
    )
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    await aiosmtplib.send(letter(), hostname="127.0.0.1", port=port)
                    break
                except aiosmtplib.SMTPConnectError:
                    await asyncio.sleep(0.05)
        assert len(kept(tmp_path)) == 1
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == -signal.SIGTERM
