"""The catalogs are whole: every text of the owner's pages, in every language, with the same places and tags."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from earmark import web
from earmark.web.language import ENGLISH, LANGUAGES, LOCALE, catalog

ROOT = Path(web.__file__).parents[3]
spec = importlib.util.spec_from_file_location("catalogs", ROOT / "scripts" / "catalogs.py")
assert spec is not None
assert spec.loader is not None
catalogs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(catalogs)
TRANSLATED = sorted(LANGUAGES.keys() - {ENGLISH})


def read(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "earmark.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> list[Message]:
    return [message for message in read(language) if message.id]


def forms(text: object) -> list[str]:
    return [str(each) for each in text] if isinstance(text, tuple | list) else [str(text)]


def places(text: str) -> set[str]:
    """Return what is filled in: `%(n)s`, `{day}`, `%%`."""
    return set(re.findall(r"%\(\w+\)s|%%|\{\w+\}", text))


def tags(text: str) -> Counter[str]:
    return Counter(re.findall(r"<[^>]*>|`[^`]*`", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_holds_what_the_pages_say(language: str) -> None:
    file = LOCALE / language / "LC_MESSAGES" / "earmark.po"
    assert file.read_text() == catalogs.updated(language), "run `make catalogs`, then translate what is new"


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_left_untranslated_or_unsure(language: str) -> None:
    found = messages(language)
    assert len(found) > 400
    assert [message.id for message in found if message.fuzzy or not all(forms(message.string))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_and_marks_up_what_the_original_does(language: str) -> None:
    for message in messages(language):
        for text in forms(message.string):
            originals = forms(message.id)
            assert places(text) in [places(each) for each in originals], text
            assert tags(text) in [tags(each) for each in originals], text
            bare = re.sub(r"<[^>]*>", "", text)
            assert not re.search(r"[<>\"&]", bare), f"{text}: it stands in attributes too, and is not escaped"
            assert text % dict.fromkeys(re.findall(r"%\((\w+)\)s", text), ""), "a lone % breaks the page"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", {0: "0 grabaciones", 1: "1 grabación", 2: "2 grabaciones"}),
        ("ro", {0: "0 înregistrări", 1: "1 înregistrare", 19: "19 înregistrări", 20: "20 de înregistrări"}),
        ("hi", {1: "1 स्विच"}),
    ],
)
def test_plural_forms(language: str, expected: dict[int, str]) -> None:
    if language == "hi":
        found = [catalog(language).ngettext("%(n)s change", "%(n)s changes", n) for n in (1, 2)]
        assert found == ["%(n)s बदलाव", "%(n)s बदलाव"]
        return
    for n, text in expected.items():
        assert catalog(language).ngettext("%(n)s recording", "%(n)s recordings", n) % {"n": n} == text


def test_a_text_without_a_translation_would_be_noticed(tmp_path, monkeypatch) -> None:
    held = {message.id for message in messages("es")}
    monkeypatch.setattr(catalogs, "texts", lambda: iter([("new.html", "Something new")]))
    assert "Something new" not in held
    assert 'msgid "Something new"\nmsgstr ""' in catalogs.updated("es")
