"""Brings the catalogs of the owner's pages up to date: `make catalogs`. A test fails while one is not.

New texts are added without a translation, texts that are gone are dropped, and the rest stays as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

import earmark
from earmark import consent, errors
from earmark.errors import EarmarkError
from earmark.web import wording
from earmark.web.language import ENGLISH, LANGUAGES, LOCALE

PACKAGE = Path(earmark.__file__).parent
TEMPLATES = PACKAGE / "web" / "templates"
PAGES = ("base.html", "error.html", "_problem.html", "offline.html", "sign_in.html", "sign_in_link.html", "home/*.html")
CODE = ("web/*.py", "web/home/*.py")
REFUSING = ("web/home/*.py", "vault/*.py", "consent/*.py", "forget.py", "guests.py", "report.py")
"""Rooms whose refusals owners read."""
OWNERS_ERRORS = frozenset({"audit", "auth", "consent", "earmark", "guest", "request", "thing", "vault"})
"""First words of the codes that owners meet; the others are for commands, devices and the desk."""
KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2)}
JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
HEADER = """\
# {name}: docs/languages.md says how to translate, `make catalogs` brings this up to date.
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: {plural}\\n"

"""

Text = tuple[str, str | tuple[str, ...]]
"""The file that a text is from, and the text, or its singular and plural."""


def texts() -> Iterator[Text]:
    """Yield everything that an owner can read."""
    for file in files(TEMPLATES, PAGES):
        with file.open("rb") as opened:
            for _, _, found, _ in babel_extract(opened, tuple(KEYWORDS), (), JINJA):
                forms = [form for form in found if form] if isinstance(found, tuple) else [found]
                yield place(file), tuple(forms) if len(forms) > 1 else forms[0]
    for file in files(PACKAGE, CODE):
        with file.open("rb") as opened:
            for _, found, _, _ in extract("python", opened, KEYWORDS):
                yield place(file), found
    for file in files(PACKAGE, REFUSING):
        for said in refusals(file):
            yield place(file), said
    for table in (*wording.TABLES, consent.CLOCKS):
        yield from (("web/wording.py", said) for said in table.values())
    yield from (("web/wording.py", link.title) for link in wording.NAVIGATION["home"])
    yield from (("errors.py", said) for said in sentences())


def files(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(folder.glob(pattern))


def place(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def refusals(file: Path) -> Iterator[str]:
    """Yield the sentences of `BadRequest(why="…")`."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "BadRequest":
            values = [word.value for word in node.keywords if word.arg == "why"]
            yield from (str(value.value) for value in values if isinstance(value, ast.Constant))


def sentences() -> Iterator[str]:
    """Yield the sentences of the errors that owners meet."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, EarmarkError):
            said = " ".join((kind.__doc__ or "").split())
            if said != "{why}" and (kind.code.partition(".")[0] in OWNERS_ERRORS or kind is errors.DiskFull):
                yield said


def template() -> Catalog:
    """Return every text once, in the order in which people meet them."""
    found = Catalog()
    for where, text in texts():
        if text:
            found.add(text, locations=[(where, None)])
    return found


def updated(language: str) -> str:
    """Return what a language's catalog should look like now."""
    file = LOCALE / language / "LC_MESSAGES" / "earmark.po"
    catalog = Catalog(locale=language)
    if file.exists():
        with file.open("rb") as opened:
            catalog = read_po(opened, locale=language)
    catalog.update(template(), no_fuzzy_matching=True)
    written = BytesIO()
    write_po(written, catalog, width=120, omit_header=True, ignore_obsolete=True, include_lineno=False)
    return HEADER.format(name=LANGUAGES[language], language=language, plural=catalog.plural_forms) + (
        written.getvalue().decode()
    )


def main() -> None:
    for language in LANGUAGES:
        if language != ENGLISH:
            file = LOCALE / language / "LC_MESSAGES" / "earmark.po"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(updated(language))
            print(f"wrote {file.relative_to(PACKAGE)}")


if __name__ == "__main__":
    main()
