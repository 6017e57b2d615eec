"""The panel in a real browser: a clerk signs in, writes a statement, registers it, and fills in a form."""

from __future__ import annotations

import os
import shutil
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from admin.forms import FORMS
from admin.labels import table_name
from admin.tables import LISTINGS
from diary.kit import database
from tests.admin.conftest import Panel, Worlds
from tests.admin.test_check_signature import signed_file, trust
from tests.admin.test_statements import ledger
from tests.admin.world import PASSWORD

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PICTURES = Path(os.environ["DIARY_PICTURES"]) if "DIARY_PICTURES" in os.environ else None


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the module."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        await chromium.close()


class Desk:
    """The clerk's screen; every script error and every blocked resource fails the test."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self.problems.append(said.text) if "Content Security" in said.text else None)

    async def sign_in(self) -> None:
        """Sign in as the clerk of school A."""
        await self.page.goto(f"{self.url}/")
        await self.page.fill("input[name=username]", "office-А")
        await self.page.fill("input[name=password]", PASSWORD)
        await self.page.click("[data-uitest=login_button]")
        await expect(self.page.get_by_text("Выберите таблицу или действие слева.")).to_be_visible()

    async def open(self, place: str) -> None:
        """Go to a place of the panel."""
        await self.page.goto(f"{self.url}/#/{place}/")

    async def picture(self, name: str) -> None:
        """Keep a picture where somebody wants to look at it."""
        if PICTURES:
            await self.page.wait_for_timeout(400)
            await self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest_asyncio.fixture(
    params=[(1280, "light"), (390, "dark")], ids=lambda param: f"{param[0]}-{param[1]}", loop_scope="session"
)
async def desk(request: pytest.FixtureRequest, browser: Browser, panel: Panel, worlds: Worlds) -> AsyncIterator[Desk]:
    """A screen of a size, in a colour scheme."""
    width, scheme = request.param
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale="ru-RU",
        timezone_id="Europe/Moscow",
    )
    context.set_default_timeout(20_000)
    desk = Desk(await context.new_page(), panel.url)
    yield desk
    await context.close()
    assert desk.problems == []


async def test_a_clerk_writes_a_statement_and_registers_it(desk: Desk, worlds: Worlds) -> None:
    page, width = desk.page, desk.page.viewport_size["width"] if desk.page.viewport_size else 0
    await desk.sign_in()
    await desk.picture(f"{width}-home")

    await desk.open("Заявления/add")
    for label, wanted in (("Представитель", "ова Анна Ивановна"), ("Обучающийся", "ов Михаил Петрович")):
        await page.locator(f"label:has-text('{label}') >> xpath=following::input[1]").click()
        await page.get_by_text(f"{worlds.a.secret}{wanted}", exact=True).click()
    await page.locator("select[name=decision]").select_option("REFUSED")
    await page.fill("input[name=document_reference]", "Вх. № 77")
    await desk.picture(f"{width}-add")
    await page.click("[data-uitest=create_button]")
    await expect(page.get_by_text("Запись добавлена")).to_be_visible()
    (added,) = await database.fetch("SELECT * FROM statement WHERE document_reference = 'Вх. № 77'")
    assert (added["school"], added["state"], added["decision"]) == (worlds.a.id, "DRAFT", "REFUSED")

    await desk.open("Заявления")
    await expect(page.get_by_text("Вх. № 77")).to_be_visible()
    await desk.picture(f"{width}-list")
    await desk.open(f"Заявления/{added['id']}")
    await page.locator("select[name=state]").select_option("REGISTERED")
    await page.click("[data-uitest=save_button]")
    await expect(page.get_by_text("Сохранено", exact=True)).to_be_visible()
    (decision,) = await ledger(worlds)
    assert (decision["decision"], decision["document_reference"]) == ("REFUSED", "Вх. № 77")

    await page.fill("input[name=document_reference]", "поправка")
    await page.click("[data-uitest=save_button]")
    await expect(page.get_by_text("Заявление зарегистрировано или отклонено: его нельзя изменить")).to_be_visible()
    await desk.picture(f"{width}-locked")


async def test_a_clerk_registers_a_decision_by_the_form_with_a_scan(desk: Desk, worlds: Worlds, tmp_path: Path) -> None:
    page, width = desk.page, desk.page.viewport_size["width"] if desk.page.viewport_size else 0
    scan = tmp_path / "Согласие Анны.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    await desk.sign_in()

    await desk.open("forms/register-decision")
    await page.fill("input[name=pupil]", worlds.a.secret)
    await expect(page.locator("datalist option").first).to_have_attribute(
        "value", f"{worlds.a.secret}ов Михаил Петрович, 5А, 04.03.2014"
    )
    await page.fill("input[name=guardian]", "Неизвестная")
    await page.locator("select[aria-label='Решение']").select_option("GIVEN")
    await page.set_input_files("input[type=file]", scan)
    await expect(page.get_by_text("Файл приложен.")).to_be_visible()
    await page.get_by_role("button", name="Выполнить").click()
    await expect(page.get_by_text("«Неизвестная» не найден")).to_be_visible()
    await desk.picture(f"{width}-form-error")
    await page.fill("input[name=guardian]", f"{worlds.a.secret}ова Анна Ивановна")
    await page.get_by_role("button", name="Выполнить").click()
    await expect(page.get_by_text("Зарегистрировано: согласие")).to_be_visible()
    await desk.picture(f"{width}-form-done")

    (decision,) = await ledger(worlds)
    assert decision["scan"].startswith(f"{worlds.a.id}/")


async def test_a_clerk_agrees_with_a_family_and_asks_whether_its_access_was_lawful(desk: Desk, worlds: Worlds) -> None:
    page, width = desk.page, desk.page.viewport_size["width"] if desk.page.viewport_size else 0
    family = {"pupil": f"{worlds.a.secret}ов Михаил Петрович", "guardian": f"{worlds.a.secret}ова Анна Ивановна"}
    await desk.sign_in()

    async def fill_in(form: str, **fields: str) -> None:
        # The panel shows the fields of the last form until it knows those of the next one.
        # From a record nobody gets to another list: there is no menu.
        await page.goto("about:blank")
        await desk.open(f"forms/{form}")
        await expect(page.locator("form datalist")).to_have_count(2)
        for name, text in {**family, **fields}.items():
            await page.fill(f"input[name={name}]", text)

    await desk.open("forms/register-statements")
    await page.get_by_role("button", name="Выполнить").click()
    await expect(page.get_by_text("Черновиков: 1, пройдут все.")).to_be_visible()
    await desk.picture(f"{width}-pile")

    await fill_in("agree-delivery", document="Папка 3, лист 9")
    await page.locator("select[aria-label='Форма']").select_option("PAPER")
    await page.locator("select[aria-label^='Почему на бумаге']").select_option("UNABLE")
    await desk.picture(f"{width}-agreement")
    await page.get_by_role("button", name="Выполнить").click()
    await expect(
        page.get_by_text(
            "Соглашение записано: на бумаге, нет возможности; печатный дневник получает представитель лично."
        )
    ).to_be_visible()

    await fill_in("contact-details", value="8 916 123-45-67", document="Папка 3, лист 9")
    await page.locator("select[aria-label^='Канал']").select_option("SMS")
    await page.get_by_role("button", name="Выполнить").click()
    await expect(page.get_by_text("+79161234567")).to_be_visible()
    await desk.picture(f"{width}-contact")

    await fill_in("past-access")
    await page.get_by_role("button", name="Выполнить").click()
    told = page.locator("p", has_text="доступа не было, потому что решение о согласии")
    await expect(told).to_be_visible()
    assert await told.evaluate("node => getComputedStyle(node).whiteSpace") == "pre-wrap"
    await desk.picture(f"{width}-moment")

    for table, said in (("Соглашения_о_доставке", "Электронная почта"), ("Контактные_данные", "СМС")):
        await desk.open(table)
        await expect(page.get_by_role("cell", name=said, exact=True)).to_be_visible()
        await desk.picture(f"{width}-{table}")
    await desk.open(f"Соглашения_о_доставке/{worlds.a.ids['delivery_agreement']}")
    await expect(page.get_by_text("Каналы по порядку")).to_be_visible()
    await expect(page.get_by_role("heading", name="Соглашения о доставке", exact=True)).to_be_visible()
    await expect(page.locator("form").get_by_text("Добавить").first).to_be_hidden()
    await desk.picture(f"{width}-agreement-row")


async def test_a_clerk_checks_a_signature_file(desk: Desk, worlds: Worlds, tmp_path: Path) -> None:
    page, width = desk.page, desk.page.viewport_size["width"] if desk.page.viewport_size else 0
    await trust(worlds)
    files = await signed_file(worlds)
    file, signed = tmp_path / "Согласие.sig", tmp_path / "Согласие.txt"
    file.write_bytes(b64decode(files["signature"]))
    signed.write_bytes(b64decode(files["document"]))
    too_large = tmp_path / "Фильм.sig"
    too_large.write_bytes(b"0" * (32 * 1024 + 1))
    await desk.sign_in()

    await desk.open("forms/check-signature")
    await page.fill("input[name=pupil]", f"{worlds.a.secret}ов Михаил Петрович, 5А")
    await page.fill("input[name=guardian]", f"{worlds.a.secret}ова Анна Ивановна")
    await expect(page.locator("select[aria-label='Решение']")).to_be_visible()
    for number, (chosen, refused) in enumerate(((file, too_large), (signed, too_large))):
        place = page.locator("input[type=file]").nth(number)
        await place.set_input_files(refused)
        await expect(page.get_by_text("Файл пуст или больше 32 КБ")).to_be_visible()
        await place.set_input_files(chosen)
        await expect(page.get_by_text("Файл приложен.")).to_have_count(number + 1)
    await page.get_by_role("button", name="Выполнить").click()
    await expect(page.get_by_text("Подпись: действительна.")).to_be_visible()
    await desk.picture(f"{width}-signature")

    await desk.open("Заявления")
    await expect(page.get_by_text("Подпись подтверждена").first).to_be_visible()
    await desk.picture(f"{width}-signature-list")


async def test_a_read_only_table_offers_nothing_to_change(desk: Desk, worlds: Worlds) -> None:
    page, width = desk.page, desk.page.viewport_size["width"] if desk.page.viewport_size else 0
    await desk.sign_in()

    await desk.open("Реестр_решений")
    await expect(page.get_by_role("cell", name="Согласие", exact=True)).to_be_visible()
    await expect(page.get_by_text("Добавить запись")).to_be_hidden()
    await desk.picture(f"{width}-ledger")
    await desk.open(f"Реестр_решений/{worlds.a.ids['consent_decision']}")
    await expect(page.get_by_text("Получено").first).to_be_visible()
    await expect(page.locator("[data-uitest=save_button]")).to_be_hidden()
    await desk.picture(f"{width}-ledger-row")


async def test_every_list_every_record_and_every_form_opens(desk: Desk, worlds: Worlds) -> None:
    page, width = desk.page, desk.page.viewport_size["width"] if desk.page.viewport_size else 0
    await desk.sign_in()
    # Requests that end with the page they were for are no fault; a script that breaks is.
    page.on(
        "console", lambda said: desk.problems.append(f"{page.url}: {said.text}") if "TypeError" in said.text else None
    )

    # One half on each screen.
    half = int(width < 500)
    for listing in LISTINGS[half::2]:
        name = table_name(listing.config.table_class)
        # From a record nobody gets to another list: there is no menu.
        await page.goto("about:blank")
        await desk.open(name)
        row = page.locator("table tbody tr a").first
        await expect(row).to_be_visible()
        await desk.picture(f"{width}-list-{name}")
        await row.click()
        await expect(page.locator("form label").first).to_be_visible()
    for form in FORMS[half::2]:
        await desk.open(f"forms/{form.slug}")
        await expect(page.get_by_role("heading", name=form.name)).to_be_visible()
        await desk.picture(f"{width}-form-{form.slug}")


async def test_a_wrong_password_is_answered_in_russian(desk: Desk, worlds: Worlds) -> None:
    await desk.page.goto(f"{desk.url}/")
    await desk.page.fill("input[name=username]", "office-А")
    await desk.page.fill("input[name=password]", "wrong")
    await desk.page.click("[data-uitest=login_button]")

    await expect(desk.page.get_by_text("Неверный логин или пароль.")).to_be_visible()
