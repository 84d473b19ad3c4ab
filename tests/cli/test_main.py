"""The list of commands: what it says of each, and that it is said without loading the rooms."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, cast

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from earmark.cli import app
from earmark.cli.main import COMMANDS

LOADED = """
import sys
from typer.testing import CliRunner
from earmark.cli import app
result = CliRunner().invoke(app, sys.argv[1:])
assert result.exit_code == 0, result.output
print(*sorted(name for name in sys.modules if name.startswith("earmark.")))
"""


def loaded(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_the_first_line_of_each_command_s_own_help(name: str) -> None:
    command = cast(Any, get_command(app)).commands[name]
    assert (command.help or "").split("\n")[0] == COMMANDS[name].help
    assert command.hidden is COMMANDS[name].hidden


def test_the_list_is_printed_without_loading_a_room() -> None:
    assert loaded("--help") <= {"earmark.cli", "earmark.cli.main", "earmark.settings", "earmark.words"}


def test_a_command_loads_its_own_module_and_no_other_command_s() -> None:
    of_commands = {f"earmark.cli.{place.where.partition(':')[0]}" for place in COMMANDS.values()}
    assert loaded("history", "--help") & of_commands == {"earmark.cli.owner"}


def test_whoever_mistypes_a_command_is_told_which_is_near() -> None:
    result = CliRunner().invoke(app, ["histry"])
    assert result.exit_code == 2
    assert "Did you mean 'history'?" in result.output


def test_an_error_of_a_command_s_module_is_not_a_missing_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(sys.modules["earmark.cli.main"], "import_module", broken)
    assert isinstance(CliRunner().invoke(app, ["history"]).exception, KeyError)


def test_what_processes_start_themselves_is_not_listed() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    assert "At home" in shown
    assert "Serve one plane" not in shown
