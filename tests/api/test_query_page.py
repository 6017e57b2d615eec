"""The page for trying queries, in a real browser under the policy of every page."""

from __future__ import annotations

import shutil

import pytest
from playwright.async_api import async_playwright, expect

from tests.api.documents import RECORD
from tests.support.service import Service
from tests.support.town import PASSWORD, Town

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_a_visitor_signs_in_asks_and_follows_a_diary(service: Service, town: Town) -> None:
    misha = str(town.first.pupils["misha"])
    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda problem: faults.append(str(problem)))
        await page.goto(f"{service.url}/graphql")

        await page.get_by_label("Логин").fill("anna")
        await page.get_by_label("Пароль").fill(PASSWORD)
        await page.get_by_role("button", name="Войти").click()
        await expect(page.locator("#who")).to_have_text("Орлова Анна, GUARDIAN")

        await page.get_by_role("button", name="Выполнить").click()
        await expect(page.locator("#answer")).to_contain_text('"fullName": "Орлов Михаил"')

        await page.get_by_label("Запрос, изменение или подписка").fill(
            f'subscription {{ diaryEvents(pupilId: "{misha}") {{ kind mark {{ value }} }} }}'
        )
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#answer")).to_contain_text("подписка открыта")
        given = {"lessonId": str(town.first.lessons["algebra_tuesday"]), "pupilId": misha, "value": "зачёт"}
        await service.post(RECORD, {"input": given}, token=await service.sign_in("vera"))
        await expect(page.locator("#answer")).to_contain_text('"value": "зачёт"')

        await page.get_by_role("button", name="Закончить подписку").click()
        await expect(page.locator("#answer")).to_contain_text("соединение закрыто: 1000")
        await browser.close()

    assert faults == []
