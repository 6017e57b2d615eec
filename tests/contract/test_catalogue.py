"""Whoever reads English is answered in English: the catalogue and the sentences of the code go together."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TypeGuard

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from diary.access.accounts import LoginTaken
from diary.journal.rules import MARK_VALUES
from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import LANGUAGES, SOURCE_LANGUAGE, language, translate

ROOT = Path(__file__).parents[2]
#: Folders whose sentences are for developers alone.
SILENT = {"tests", "benchmarks"}
#: What stays Russian in English: the words that are marks themselves, and the demo school's classes.
UNTRANSLATED = (*MARK_VALUES, "6Б", "8А")


@cache
def catalogue() -> Catalog:
    with (ROOT / "diary/locale/en/LC_MESSAGES/diary.po").open("rb") as file:
        return read_po(file, locale="en")


def texts() -> dict[str, str]:
    return {str(message.id): str(message.string or "") for message in catalogue() if message.id}


@cache
def sentences() -> frozenset[str]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    folders = [file.parent for file in ROOT.glob("*/__init__.py") if file.parent.name not in SILENT]
    return frozenset(
        str(found[2])
        for folder in folders
        for found in extract_from_dir(folder, method_map=methods, options_map=options)
    )


def fields(text: str) -> list[str]:
    return sorted(name for _text, name, _format, _conversion in Formatter().parse(text) if name is not None)


def is_said(node: ast.AST) -> TypeGuard[ast.Assign | ast.keyword]:
    """Tell a refusal's wording and the reason handed to it."""
    if isinstance(node, ast.Assign):
        return [ast.unparse(target) for target in node.targets] == ["wording"]
    return isinstance(node, ast.keyword) and node.arg == "reason"


@pytest.fixture
def english() -> Iterator[None]:
    before = language.set("en")
    yield
    language.reset(before)


def test_every_sentence_of_the_code_is_in_the_catalogue() -> None:
    assert sorted(sentences() - texts().keys()) == [], "make catalogue, then translate what is new"


def test_no_sentence_that_is_gone_is_in_the_catalogue() -> None:
    assert sorted(texts().keys() - sentences()) == [], "make catalogue"
    assert not catalogue().obsolete


def test_every_sentence_of_a_page_is_in_the_catalogue() -> None:
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "cabinet/pages").rglob("*.html")]
    marked = {found for page in pages for found in re.findall(r'\b_\("([^"]+)"\)', page)}

    assert len(marked) > 10
    assert marked <= texts().keys()


@pytest.mark.parametrize("folder", ["api", "cabinet", "diary", "tasks"])
def test_what_a_refusal_says_is_marked_for_the_catalogue(folder: str) -> None:
    modules = [ast.parse(module.read_text(encoding="utf-8")) for module in (ROOT / folder).rglob("*.py")]
    said = [node for module in modules for node in ast.walk(module) if is_said(node)]

    assert [ast.unparse(node) for node in said if re.search("[А-яЁё]", str(getattr(node.value, "value", "")))] == []


def test_every_sentence_is_translated_and_none_only_by_guess() -> None:
    assert [text for text, english in texts().items() if not english.strip()] == []
    assert [message.id for message in catalogue() if message.fuzzy] == []


def test_a_translation_has_the_facts_of_its_sentence() -> None:
    assert [text for text, english in texts().items() if fields(text) != fields(english)] == []


def test_a_translation_begins_and_ends_like_its_sentence() -> None:
    def edges(text: str) -> tuple[bool, bool, int]:
        return text[:1].isspace(), text[-1:].isspace(), text.count("\n")

    assert [text for text, english in texts().items() if edges(text) != edges(english)] == []


def test_english_is_written_without_russian_words() -> None:
    def left(text: str) -> str:
        for word in sorted(UNTRANSLATED, key=len, reverse=True):
            text = text.replace(word, "")
        return text

    assert [english for english in texts().values() if re.search("[А-яЁё]", left(english))] == []


def test_there_is_a_catalogue_for_each_language_but_the_source() -> None:
    there = {file.parents[1].name for file in (ROOT / "diary/locale").glob("*/LC_MESSAGES/diary.po")}

    assert there == set(LANGUAGES) - {SOURCE_LANGUAGE}


@pytest.mark.usefixtures("english")
def test_a_refusal_reads_english_to_whoever_reads_english() -> None:
    assert str(NotFound()) == "The record does not exist or is not open to you."


def test_a_refusal_reads_russian_to_everybody_else() -> None:
    assert str(NotFound()) == "Запись не найдена или недоступна вам."


@pytest.mark.usefixtures("english")
def test_the_reason_inside_a_refusal_is_translated_too() -> None:
    refusal = BadInput(field="comment", reason="не длиннее 500 символов")

    assert str(refusal) == "Field “comment”: at most 500 characters"
    assert refusal.extensions["facts"] == {"field": "comment", "reason": "at most 500 characters"}


@pytest.mark.usefixtures("english")
def test_what_a_person_wrote_is_never_translated() -> None:
    refusal = LoginTaken(login="оператор")

    assert "оператор" in texts()
    assert str(refusal) == "The login “оператор” is already taken."
    assert refusal.extensions["facts"] == {"login": "оператор"}


@pytest.mark.usefixtures("english")
def test_a_sentence_without_a_translation_stays_russian() -> None:
    assert translate("Такого предложения в каталоге нет.") == "Такого предложения в каталоге нет."
