"""The demo's letters on their page, by HTTP."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from cabinet.caught_letters import LETTERS_AT_MOST, TEXT_AT_MOST, list_letters, read_letter
from cabinet.mail_page import mail_routes
from cabinet.template import style_route
from diary.kit import clock
from tasks.mail_catcher import catching

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    clock.use(clock.SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)))
    yield
    clock.use(None)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    kept = tmp_path / "mail"
    kept.mkdir()
    return kept


@pytest_asyncio.fixture
async def browser(directory: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=[*mail_routes(directory, zone=MOSCOW), style_route()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


def put(directory: Path, content: bytes | EmailMessage, *, number: int = 1, at: str = "20261124T054501000000Z") -> str:
    """Lay a letter into the directory as the catcher names it."""
    name = f"{at}-{number:06}-0123abcd.eml"
    (directory / name).write_bytes(content if isinstance(content, bytes) else content.as_bytes())
    return name


def letter(subject: str = "Новая отметка", text: str = "Миша получил 5.") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Школа № 12 <diary@localhost>"
    message["To"] = "anna@example.com"
    message["Subject"] = subject
    message.set_content(text)
    return message


class Reader(HTMLParser):
    """What a browser makes of the page: its tags with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_letters_are_listed_newest_first_with_addressee_and_the_school_s_time(
    browser: httpx.AsyncClient, directory: Path
) -> None:
    put(directory, letter("Первое"), number=1)
    put(directory, letter("Второе"), number=2, at="20261124T054502000000Z")
    put(directory, letter("Вчерашнее"), number=3, at="20261123T180000000000Z")

    answer = await browser.get("/demo/mail")

    text = Reader(answer.text).text
    assert answer.status_code == 200
    assert re.findall("Первое|Второе|Вчерашнее", text) == ["Второе", "Первое", "Вчерашнее"]
    assert "кому: anna@example.com" in text
    assert "08:45:02" in text
    assert "23 ноября, 21:00:00" in text


async def test_a_letter_opens_from_the_list(browser: httpx.AsyncClient, directory: Path) -> None:
    put(directory, letter(text="Миша получил 5.\n\n  Отступ остаётся."))
    listed = Reader((await browser.get("/demo/mail")).text)
    (address,) = [attrs["href"] for tag, attrs in listed.tags if tag == "a" and str(attrs["href"]).endswith(".eml")]
    assert address is not None

    opened = Reader((await browser.get(address)).text)

    assert "Миша получил 5.\n\n  Отступ остаётся." in opened.text
    assert "Школа № 12 <diary@localhost>" in opened.text
    assert ("a", {"class": "button", "href": "/demo/mail"}) in opened.tags


async def test_what_the_catcher_keeps_the_page_shows(browser: httpx.AsyncClient, directory: Path) -> None:
    import aiosmtplib  # noqa: PLC0415 - only here

    async with catching("127.0.0.1", 0, directory) as port:
        await aiosmtplib.send(letter("Письмо по почте"), hostname="127.0.0.1", port=port)

    assert "Письмо по почте" in (await browser.get("/demo/mail")).text


@pytest.mark.parametrize("place", [".", "not/there/yet"])
async def test_no_letters_yet_is_said(place: str, directory: Path) -> None:
    transport = httpx.ASGITransport(Starlette(routes=list(mail_routes(directory / place))))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/demo/mail")

    assert answer.status_code == 200
    assert "Писем пока нет" in answer.text


async def test_markup_in_a_letter_is_shown_and_does_nothing(browser: httpx.AsyncClient, directory: Path) -> None:
    evil = "</article><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}"
    name = put(directory, letter(f"Тема {evil}", f"Текст {evil}"))

    for address in ("/demo/mail", f"/demo/mail/{name}"):
        page = Reader((await browser.get(address)).text)
        assert not {"script", "img", "style"} & {tag for tag, _attrs in page.tags}
        assert f"Тема {evil}" in page.text
    assert f"Текст {evil}" in page.text


async def test_the_page_has_no_inline_code_or_style_and_everything_from_here(
    browser: httpx.AsyncClient, directory: Path
) -> None:
    name = put(directory, letter())

    for address in ("/demo/mail", f"/demo/mail/{name}", "/demo/mail/none"):
        for tag, attrs in Reader((await browser.get(address)).text).tags:
            assert tag not in {"script", "style", "iframe", "form"}
            assert not [attr for attr in attrs if attr == "style" or attr.startswith("on")]
            assert str(attrs.get("href", "/")).startswith("/")
    style = await browser.get("/static/diary.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
    assert "url(" not in style.text


async def test_letters_stay_out_of_caches(browser: httpx.AsyncClient, directory: Path) -> None:
    name = put(directory, letter())

    for address in ("/demo/mail", f"/demo/mail/{name}"):
        assert (await browser.get(address)).headers["cache-control"] == "no-store"


async def test_nothing_is_changed_through_the_page(browser: httpx.AsyncClient, directory: Path) -> None:
    name = put(directory, letter())

    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await browser.request(method, f"/demo/mail/{name}")).status_code == 405
    assert (directory / name).exists()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.eml",
        "..%2fsecret.eml",
        "%2e%2e%2fsecret.eml",
        "..%5csecret.eml",
        "%2fetc%2fpasswd",
        "20261124T054501000000Z-000001-0123abcd.eml%00",
        "20261124T054501000000Z-000001-0123abcd.eml%0a",
        ".20261124T054501000000Z-000001-0123abcd.eml.part",
        "20261124T054501000000Z-000002-0123abcd.eml",
        "20261399T999999999999Z-000003-0123abcd.eml",
        "notes.eml",
    ],
)
async def test_only_letters_of_the_directory_can_be_opened(
    name: str, browser: httpx.AsyncClient, directory: Path
) -> None:
    secret = letter("Тайна").as_bytes()
    put(directory, letter())
    (directory.parent / "secret.eml").write_bytes(secret)
    (directory / "notes.eml").write_bytes(secret)
    (directory / ".20261124T054501000000Z-000001-0123abcd.eml.part").write_bytes(secret)
    (directory / "20261399T999999999999Z-000003-0123abcd.eml").write_bytes(secret)
    (directory / "20261124T054501000000Z-000002-0123abcd.eml").symlink_to(directory.parent / "secret.eml")

    answer = await browser.get(f"/demo/mail/{name}")

    assert answer.status_code == 404
    assert "Тайна" not in answer.text
    assert "Тайна" not in (await browser.get("/demo/mail")).text


async def test_an_unknown_letter_is_a_friendly_404(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/demo/mail/20261124T054501000000Z-000001-0123abcd.eml")

    assert answer.status_code == 404
    assert "Письмо не найдено" in answer.text
    assert "/demo/mail" in answer.text


async def test_a_pipe_and_a_folder_named_like_letters_harm_nobody(browser: httpx.AsyncClient, directory: Path) -> None:
    os.mkfifo(directory / "20261124T054501000000Z-000001-0123abcd.eml")
    (directory / "20261124T054501000000Z-000002-0123abcd.eml").mkdir()

    assert "Писем пока нет" in (await browser.get("/demo/mail")).text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe" * 100,
        b"Subject: =?utf-8?b?!!!?=\r\nTo: =?x-unknown?q?abc?=\r\n\r\ntext",
        b"Subject: " + b"a" * 70_000 + b"\r\n\r\ntext",
        b'From: <<<>>>,,;:@[\r\nTo: "\r\nSubject: x\r\n\r\n',
        b"Content-Type: text/plain; charset=klingon\r\n\r\n\xd0\x9f\xd1\x80",
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nunfinished",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\nx",
        b'Content-Type: text/plain; charset="\xff"\r\n\r\nx',
        b"Date: never\r\nMessage-ID: [\r\n\r\n\xed\xa0\x80",
    ],
)
async def test_a_broken_letter_breaks_no_page(content: bytes, browser: httpx.AsyncClient, directory: Path) -> None:
    name = put(directory, content)
    put(directory, letter("Здоровое письмо"), number=2)

    assert "Здоровое письмо" in (await browser.get("/demo/mail")).text
    assert (await browser.get(f"/demo/mail/{name}")).status_code == 200


async def test_a_letter_of_html_alone_says_that_there_is_no_plain_text(
    browser: httpx.AsyncClient, directory: Path
) -> None:
    message = letter()
    message.set_content("<p>Привет</p>", subtype="html")
    name = put(directory, message)

    answer = await browser.get(f"/demo/mail/{name}")

    assert "В письме нет простого текста" in answer.text
    assert "Привет" not in answer.text


async def test_direction_and_control_signs_are_not_shown(browser: httpx.AsyncClient, directory: Path) -> None:
    name = put(directory, letter("Отметка 5\u202e2", "\u2066Текст\u0007 с\u200bпрятками"))

    page = Reader((await browser.get(f"/demo/mail/{name}")).text)

    assert "Отметка 52" in page.text
    assert "Текст спрятками" in page.text


async def test_the_list_is_bounded_and_says_so(browser: httpx.AsyncClient, directory: Path) -> None:
    for number in range(LETTERS_AT_MOST + 20):
        put(directory, letter(f"Письмо {number}"), number=number)

    answer = await browser.get("/demo/mail")

    assert answer.text.count("<li>") == LETTERS_AT_MOST
    assert "Письмо 119" in answer.text
    assert ">Письмо 19<" not in answer.text
    assert "Показаны последние письма" in answer.text
    assert [line.subject for line in list_letters(directory, limit=2)] == ["Письмо 119", "Письмо 118"]


def test_a_very_long_text_is_cut_and_says_so(directory: Path) -> None:
    name = put(directory, letter(text="ж" * (TEXT_AT_MOST + 1)))

    opened = read_letter(directory, name)

    assert opened is not None
    assert opened.is_cut
    assert opened.text == "ж" * TEXT_AT_MOST
