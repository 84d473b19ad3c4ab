"""The list of commands."""

from __future__ import annotations

import logging
from typing import Annotated

import structlog
import typer

import earmark
from earmark.cli import (
    audit,
    bench,
    datasets,
    demo,
    devices,
    doctor,
    exporting,
    floor,
    importing,
    labels,
    learning,
    models,
    owner,
    people,
    processes,
    ring,
    wake,
    webhooks,
    witness,
)
from earmark.settings import settings

app = typer.Typer(
    name="earmark",
    help="A voice assistant together with the program that improves it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command("up")(processes.up)
app.command("demo")(demo.demo)
app.command("web", hidden=True)(processes.web)
app.command("worker")(processes.worker)
app.command("listen")(devices.listen)
app.command("import")(importing.import_)
app.command("history")(owner.history)
app.command("forget")(owner.forget)
app.command("export")(exporting.export_)
app.add_typer(owner.consent_app, name="consent")
app.add_typer(people.app, name="people")
app.add_typer(people.devices_app, name="device")
app.add_typer(floor.sites_app, name="sites")
app.add_typer(floor.campaigns_app, name="campaigns")
app.command("sample")(ring.sample)
app.command("review")(ring.review)
app.command("safety")(ring.safety)
app.command("learn")(learning.learn)
app.command("evaluate")(learning.evaluate)
app.add_typer(models.models_app, name="models")
app.add_typer(wake.app, name="wake")
app.add_typer(labels.app, name="labels")
app.add_typer(datasets.app, name="datasets")
app.add_typer(webhooks.app, name="webhooks")
audit.app.command("witness")(witness.witness)
app.add_typer(audit.app, name="audit")
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)


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
