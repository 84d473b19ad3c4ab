"""The list of commands. A command's module is imported when somebody calls it: the rooms behind all of them together
take seconds to load.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, cast

import structlog
import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

import earmark
from earmark.settings import settings


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is, and what `earmark --help` says of it."""

    where: str
    """`module:name` in this package, of a function or of a `typer.Typer`."""
    panel: str
    help: str
    """First line of its own help."""
    hidden: bool = False


_OWNER, _REVIEW, _LEARN, _RUN = "At home", "Review", "Learning", "Running Earmark"
COMMANDS = {
    "up": Place("processes:up", _RUN, "Start Earmark on this machine and keep it running until Ctrl-C."),
    "demo": Place("demo:demo", _RUN, "Start with a sample household and turn the ring once; the app then stays up."),
    "people": Place("people:app", _RUN, "People: add somebody, list them, make a sign-in link."),
    "device": Place("people:devices_app", _RUN, "Devices: add one and keep its token."),
    "doctor": Place(
        "doctor:doctor",
        _RUN,
        "Compare rows, sound, keys, consents and tasks; exit status 1 when they disagree.",
    ),
    "audit": Place("audit:app", _RUN, "The append-only log, its witness, and the receipts."),
    "webhooks": Place("webhooks:app", _RUN, "Webhooks: tell other programs what happens on the floor."),
    "bench": Place("bench:bench", _RUN, "Measure on this machine; docs/benchmarks.md says what came out where."),
    "worker": Place(
        "processes:worker",
        _RUN,
        "Run the jobs: sampling, labels, clocks, the audit log (`earmark up` starts one).",
    ),
    "web": Place("processes:web", _RUN, "Serve one plane (`earmark up` starts all three).", hidden=True),
    "listen": Place(
        "devices:listen",
        _OWNER,
        "Be a device: wait for the wake word, send what follows, carry out and say the reply.",
    ),
    "history": Place("owner:history", _OWNER, "Show what is kept about a person, newest first."),
    "forget": Place("owner:forget", _OWNER, "Delete recordings everywhere, for good, and print the signed receipt."),
    "consent": Place("owner:consent_app", _OWNER, "The switches: what may be kept and used."),
    "export": Place(
        "exporting:export_",
        _OWNER,
        "Write everything that is held about a person into one ZIP: to browse offline, to listen to, to read by "
        "program.",
    ),
    "import": Place(
        "importing:import_",
        _OWNER,
        "Import recordings into a person's history, each once; names every bad file and loses none.",
    ),
    "sample": Place(
        "ring:sample",
        _REVIEW,
        "Choose today's share of opted-in recordings for review and take home the labels that are ready.",
    ),
    "review": Place("ring:review", _REVIEW, "Say where the reviewers' console is."),
    "safety": Place("ring:safety", _REVIEW, "Say where the desk is."),
    "sites": Place("floor:sites_app", _REVIEW, "Sites: where people review, and by which rules."),
    "campaigns": Place("floor:campaigns_app", _REVIEW, "Campaigns: questions with a purpose, a budget and a deadline."),
    "labels": Place("labels:app", _REVIEW, "Labels that reviewers agreed on, for other tools."),
    "learn": Place(
        "learning:learn",
        _LEARN,
        "Make better models from reviewed labels, and compare them on people they never heard.",
    ),
    "evaluate": Place("learning:evaluate", _LEARN, "Score a model bundle on a folder of labelled recordings."),
    "models": Place("models:models_app", _LEARN, "The models: which there are, which is in use, and how to go back."),
    "wake": Place("wake:app", _LEARN, "The wake words: which there are, and how to add one."),
    "datasets": Place("datasets:app", _LEARN, "Dataset versions: what models are learned from and judged by."),
}


class _Loaded(Mapping[str, Any]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        place = COMMANDS[name]
        module, _, attribute = place.where.partition(":")
        found = getattr(import_module(f"earmark.cli.{module}"), attribute)
        above = typer.Typer(add_completion=False, rich_markup_mode="rich")
        if isinstance(found, typer.Typer):
            above.add_typer(found, name=name)
        else:
            above.command(name, hidden=place.hidden)(found)
        above.callback()(lambda: None)  # without one, an app of one command is that command
        return cast(TyperGroup, get_command(above)).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Commands(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(Any, _Loaded())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        # Not `get`: a KeyError while a command's module is imported must not read as "no such command".
        return self.commands[cmd_name] if cmd_name in COMMANDS else None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print a line of each command without importing any; a group is made anew for each call."""
        self.commands = {
            name: TyperCommand(
                name, help=place.help, hidden=place.hidden, rich_help_panel=place.panel, rich_markup_mode="rich"
            )
            for name, place in COMMANDS.items()
        }
        super().format_help(ctx, formatter)


app = typer.Typer(
    name="earmark",
    cls=_Commands,
    help="A voice assistant together with the program that improves it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"earmark {earmark.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(settings().log_level.upper(), logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(file=_stderr()),
    )


def _stderr():  # the stream of now: tests replace it
    import sys

    return sys.stderr


def main() -> None:
    """Run the command line."""
    app()
