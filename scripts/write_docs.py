"""Writes the pages of docs/ that come out of the code: `make docs`. tests/test_docs.py fails while one is stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from earmark import doctor, errors, export
from earmark.cli import app
from earmark.errors import EarmarkError
from earmark.guarantees import GUARANTEES
from earmark.settings import Settings

DOCS = Path(__file__).parents[1] / "docs"
NOTE = "<!-- Written by `make docs`; change the code instead. -->\n"


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Environment variables, read once by each process. None is needed.",
        "",
        "| variable | default | what it is |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "the platform's data folder; `/var/lib/earmark` for root" if name == "home" else f"`{field.default}`"
        if field.default is None:
            default = ""
        lines.append(f"| `EARMARK_{name.upper()}` | {default} | {field.description} |")
    return page(lines)


def commands_page() -> str:
    lines = ["# Commands", "", "`earmark COMMAND --help` says the same. Most take `--json` and then print one object."]
    for path, command in commands(get_command(app), "earmark"):
        lines += ["", f"## {path}", "", plain(command.help or ""), ""]
        lines += [f"    {path} {' '.join(shape(each) for each in command.params if not is_help(each))}".rstrip(), ""]
        rows = [f"| `{names(each)}` | {plain(explain(each))} |" for each in command.params if not is_help(each)]
        lines += ["| argument or option | |", "|---|---|", *rows] if rows else []
    return page(lines)


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its whole name; hidden ones are for the processes themselves."""
    below = getattr(command, "commands", None)
    if below is None:
        if not command.hidden:
            yield path, command
        return
    for name, each in below.items():
        yield from commands(each, f"{path} {name}")


def is_help(parameter: Any) -> bool:
    return "--help" in parameter.opts


def names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return (parameter.metavar or parameter.name or "").upper()
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def shape(parameter: Any) -> str:
    many = "…" if parameter.nargs == -1 or getattr(parameter, "multiple", False) else ""
    if parameter.param_type_name == "argument":
        return f"{names(parameter)}{many}" if parameter.required else f"[{names(parameter)}{many}]"
    value = "" if getattr(parameter, "is_flag", False) else f" {(parameter.name or '').upper()}"
    text = f"{parameter.opts[-1]}{value}{many}"
    return text if parameter.required else f"[{text}]"


def explain(parameter: Any) -> str:
    text = getattr(parameter, "help", None) or ""
    shown = parameter.default not in (None, False, "", ()) and not callable(parameter.default)
    return f"{text} Default: {parameter.default}." if shown and text else text or f"Default: {parameter.default}."


def plain(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def errors_page() -> str:
    lines = [
        "# Errors",
        "",
        "Every error has a stable code and one sentence that says what to do; the command line and the API show both.",
        "Parts in ‹…› are filled in.",
        "",
        "| code | HTTP | sentence |",
        "|---|---|---|",
    ]
    rows = {(kind.code, kind.status, sentence(kind)) for kind in error_classes()}
    lines += [f"| `{code}` | {status} | {text} |" for code, status, text in sorted(rows)]
    return page(lines)


def error_classes() -> list[type[EarmarkError]]:
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, EarmarkError)]


def sentence(kind: type[EarmarkError]) -> str:
    return plain((kind.__doc__ or "").replace("{", "‹").replace("}", "›").replace("_", " "))


def doctor_page() -> str:
    lines = [
        "# Doctor",
        "",
        "`earmark doctor` compares every row with every file and every key, both ways, and with consents, tasks,",
        "dataset versions and the audit log. It changes nothing, may run while Earmark runs, and ends with status 1",
        "when it found more than leftovers. What disagrees is looked at twice: somebody may speak or delete meanwhile.",
        "",
        "`earmark doctor --repair` mends what is safe and examines again; what is left is told with advice. It never",
        "deletes what a person could still read: a key that was destroyed is never coming back, so what it sealed is",
        "erased like anything else, with a receipt; a key or a file that is *missing* may lie in a backup, and is",
        "left. Files and keys that no row names are taken away only while no other process is connected, because a",
        "process that keeps a recording makes them a moment before its row. A repair may be killed and repeated; what",
        "it mended is counted in the audit log.",
        "",
        "| what is found | | `--repair` |",
        "|---|---|---|",
    ]
    for code, what in doctor.WHAT.items():
        kind = "leftover" if code in doctor.LEFTOVERS else "serious"
        mended, left = doctor.HOW_MENDED.get(code, ""), doctor.WHY_LEFT.get(code, "")
        done = "; ".join(part for part in (mended, left and f"left: {left}") if part)
        lines.append(f"| {what} | {kind} | {plain(done)} |")
    lines += [
        "",
        "Names of files and states of keys are put beside the rows in temporary tables of the database, so what it",
        "takes in memory hardly grows; [benchmarks.md](benchmarks.md) says how long a million recordings take.",
    ]
    return page(lines)


def guarantees_page() -> str:
    counts = {state: sum(each.state == state for each in GUARANTEES) for state in ("held", "partly", "not held")}
    lines = [
        "# Guarantees",
        "",
        "Each stands for one thing that went wrong in the voice assistants of 2019. What was tried to break it stands",
        "below, in the own words of the tests in `tests/guarantees`. What does not hold yet says so.",
        "",
        f"{counts['held']} are held, {counts['partly']} partly, {counts['not held']} not yet.",
    ]
    group = ""
    for each in GUARANTEES:
        if each.group != group:
            group = each.group
            lines += ["", f"## {group}"]
        lines += ["", f"### {each.number}. {each.title}", "", f"**{each.state.capitalize()}.** {each.why}".rstrip()]
        if each.tried:
            lines += ["", *(f"- {tried}" for tried in each.tried)]
    return page(lines)


def export_page() -> str:
    schema = export.schema()
    types: dict[str, Any] = {"Document": schema} | schema["$defs"]
    lines = [
        "# The export's data.json, field by field",
        "",
        f"The same as [schemas/export-{export.VERSION}.json](schemas/export-{export.VERSION}.json), which is a JSON",
        "Schema of 2020-12; [export.md](export.md) tells the rest. Times are in UTC.",
    ]
    for name, made in types.items():
        if "properties" in made:
            lines += ["", f"### {name}", "", plain(made.get("description", "")), ""]
            lines += ["| field | type | |", "|---|---|---|"]
            lines += [f"| `{field}` | {shape_of(each)} | {said(each)} |" for field, each in made["properties"].items()]
    return page(lines)


def said(field: dict[str, Any]) -> str:
    return plain(field.get("description", ""))


def shape_of(field: dict[str, Any]) -> str:
    """Return a JSON Schema type in words: `string (date)`, `list of Entry`, `Wake or null`."""
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(shape_of(each) for each in field["anyOf"])
    if "const" in field or "enum" in field:
        return ", ".join(f"`{each}`" for each in field.get("enum", [field.get("const")]))
    if field["type"] == "array":
        return f"list of {shape_of(field['items'])}"
    return f"{field['type']} ({field['format']})" if "format" in field else field["type"]


def page(lines: list[str]) -> str:
    return f"{lines[0]}\n\n{NOTE}" + "\n".join(lines[1:]) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "doctor.md": doctor_page,
    "errors.md": errors_page,
    "guarantees.md": guarantees_page,
    "export-fields.md": export_page,
    f"schemas/export-{export.VERSION}.json": export.schema_text,
}


if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(make())
        print(f"docs/{name}")
