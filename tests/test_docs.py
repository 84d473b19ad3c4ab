"""The docs are whole: what the code has, they have."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from earmark.errors import EarmarkError
from earmark.guarantees import GUARANTEES
from earmark.settings import Settings

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("write_docs", ROOT / "scripts" / "write_docs.py")
assert spec is not None
assert spec.loader is not None
write_docs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(write_docs)


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


@pytest.mark.parametrize("name", sorted(write_docs.PAGES))
def test_a_generated_page_is_up_to_date(name):
    assert read(name) == write_docs.PAGES[name](), "run `make docs`"


def test_every_setting_is_there_with_its_meaning():
    text = read("settings.md")
    for name, field in Settings.model_fields.items():
        assert f"`EARMARK_{name.upper()}`" in text
        assert field.description, name


def test_every_command_and_option_is_there_with_its_meaning():
    text = read("commands.md")
    found = dict(write_docs.commands(write_docs.get_command(write_docs.app), "earmark"))
    assert {"earmark up", "earmark import", "earmark forget", "earmark audit verify"} <= found.keys()
    for path, command in found.items():
        assert f"## {path}\n" in text
        assert command.help, path
        for parameter in command.params:
            assert write_docs.names(parameter) in text, path


def test_every_error_code_is_there_and_in_the_tree():
    import earmark.errors

    text, tree = read("errors.md"), earmark.errors.__doc__ or ""
    for kind in write_docs.error_classes():
        assert f"| `{kind.code}` |" in text
        assert kind.__doc__, kind.__name__
        assert kind in (
            EarmarkError,
            earmark.errors.BadInput,
            earmark.errors.NotAllowed,
            earmark.errors.SetUpError,
        ) or (kind.code in tree), f"{kind.code} is not in the tree of errors.py"


def test_an_error_says_what_to_do_in_one_sentence():
    for kind in write_docs.error_classes():
        text = write_docs.sentence(kind)
        assert text.endswith((".", "›")), kind.__name__
        assert text.count(". ") == 0, kind.__name__


def docstrings(number: int) -> list[str] | None:
    files = sorted((ROOT / "tests" / "guarantees").glob(f"test_g{number:02d}_*.py"))
    if not files:
        return None
    found = []
    for node in (node for file in files for node in ast.parse(file.read_text()).body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            found.append(" ".join((ast.get_docstring(node) or f"{node.name} says nothing").split()))
    return found


def test_there_are_twenty_guarantees():
    assert [each.number for each in GUARANTEES] == list(range(1, 21))


@pytest.mark.parametrize("guarantee", GUARANTEES, ids=lambda each: f"G{each.number}")
def test_a_guarantee_claims_what_its_tests_try_and_nothing_else(guarantee):
    tests = docstrings(guarantee.number)
    if guarantee.state == "not held":
        assert guarantee.why, "say why it is not held"
    else:
        assert tests, "a guarantee without an attack can't be called held"
    assert list(guarantee.tried) == (tests or [])
    assert guarantee.state != "partly" or guarantee.why


@pytest.mark.parametrize(
    "name",
    [
        *("architecture.md", "export.md", "languages.md", "privacy-model.md"),
        *("client.md", "labels.md", "models.md", "webhooks.md"),
    ],
)
def test_a_page_names_only_what_exists(name):
    """Paths and commands in the hand-written pages are real."""
    text = read(name)
    for path in re.findall(r"`((?:src|tests|docs|scripts)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
    known = [path for path, _ in write_docs.commands(write_docs.get_command(write_docs.app), "earmark")]
    for command in re.findall(r"`(earmark [a-z]+(?: [a-z]+)?)", text):
        assert any(path == command or path.startswith(f"{command} ") or command.startswith(path) for path in known), (
            command
        )


def test_the_architecture_fits_on_two_screens():
    assert len(read("architecture.md").splitlines()) <= 120


def test_links_lead_somewhere():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    broken = []
    for file in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", file.read_text()):
            if "://" not in target and not target.startswith("mailto:") and not (file.parent / target).exists():
                broken.append(f"{file.relative_to(ROOT)}: {target}")
    assert broken == []


def test_no_merge_left_its_marks():
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        marked = re.findall(r"^(?:<{7} |>{7} |={7}$).*", page.read_text(), re.MULTILINE)
        assert not marked, f"{page.name}: {marked}"


def test_decision_records_are_short():
    for file in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        assert len(file.read_text().splitlines()) <= 40, file.name


def test_every_event_of_the_audit_log_is_there():
    text = read("audit-log.md")
    files = [file for file in (ROOT / "src").rglob("*") if file.suffix in (".py", ".sql") and "bench" not in file.parts]
    source = "".join(file.read_text() for file in files)
    named = set(re.findall(r'"what": ?"([a-z.-]+)"', source)) - {"unreadable"}
    assert {"erasure", "hearing", "consent", "sign-in"} <= named
    assert [name for name in sorted(named) if f"`{name}`" not in text] == []
