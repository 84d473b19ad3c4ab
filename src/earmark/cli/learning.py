"""`earmark learn` and `evaluate`: the engineer's commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from earmark import learn as learning
from earmark.bundle import BUILTIN, ModelBundle
from earmark.cli.run import AsJson, emit, err, fail, installation, out, run
from earmark.errors import BadRequest, EarmarkError
from earmark.learn import SLICES, Moment, Report
from earmark.settings import settings


class Bars:
    """Progress on the error stream: one bar for each thing that takes time."""

    def __init__(self) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=err,
            disable=not err.is_terminal,
        )
        self._tasks: dict[str, Any] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self.progress.add_task(what, total=total)
        self.progress.update(self._tasks[what], completed=done, total=total)


class Course:
    """Progress of one run on the error stream: a single bar, what it is at, how long it will still take."""

    def __init__(self) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[left]}", style="dim"),
            console=err,
            disable=not err.is_terminal,
            transient=True,
        )
        self._task = self.progress.add_task("learning", total=1.0, left="")

    def __call__(self, moment: Moment) -> None:
        self.progress.update(self._task, description=str(moment), completed=moment.share, left=time_left(moment.left))


def time_left(seconds: float | None) -> str:
    """Say in words how long something will still take; nothing while nobody can tell."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    return "less than a minute left" if minutes < 1 else f"about {minutes} minute{'s' if minutes > 1 else ''} left"


def learn(
    part: Annotated[str | None, typer.Argument(help="wake, asr or nlu; all of them if left out.")] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Put it into use if it is better.")] = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Labelled folder to learn from besides the household's labels, or without any."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make better models from reviewed labels, and compare them on people they never heard."""

    async def ask() -> Report:
        async with installation() as stores:
            course = Course()
            with course.progress:
                return await learning.learn(
                    stores,
                    (part,) if part else learning.PARTS,
                    promote=promote,
                    data=data,
                    progress=course,
                    complain=_complain,
                )

    report = run(ask(), as_json=as_json)
    emit(report.to_json(), as_json=as_json, text=lambda: _tell(report))


def _tell(report: Report) -> None:
    if report.resumed:
        out.print(f"Resumed: {report.resumed} of {report.steps} steps were done.")
    if report.dataset is not None:
        out.print(f"Dataset {report.dataset}: {report.labels} labels.")
    if report.corpus is not None:
        out.print(f"Folder {report.corpus}: {report.recordings} recordings.")
    if report.dataset or report.corpus:
        out.print(f"{report.people} people to learn from and {report.heldout_people} to judge by.")
    for part in report.parts:
        out.print(f"{part.part}: {'learned anew' if part.learned else 'left as it was'}. {part.why}", soft_wrap=True)
    table = Table("on people it never heard", "before", "after")
    for part, values in report.before.items():
        for name, value in values.items():
            table.add_row(f"{part}.{name}", _shown(value), _shown(report.after.get(part, {}).get(name)))
    if report.before:
        out.print(table)
    _show_slices(report.slices)
    if report.candidate is None:
        out.print(f"Nothing was registered. {report.why}", soft_wrap=True)
    elif report.promoted:
        out.print(f"{report.candidate} is in use now. {report.why}", soft_wrap=True)
    elif report.rolling:
        out.print(
            f"{report.candidate} goes to 5 % of the devices first; `earmark models rollout` shows how it does. "
            f"{report.why}",
            soft_wrap=True,
        )
    else:
        out.print(
            f"{report.candidate} is a candidate; `earmark models promote {report.candidate}` puts it into use. "
            f"{report.why}",
            soft_wrap=True,
        )


def _show_slices(slices: Sequence[Mapping[str, Any]]) -> None:
    """Show those that decided: what changed beyond chance, though so many were looked at."""
    if not slices:
        return
    sure = [one for one in slices if one["low"] > 0 or one["high"] < 0]
    out.print(f"{len(slices)} numbers of slices compared, {sum(one['low'] > 0 for one in sure)} worse beyond chance.")
    if not sure:
        return
    table = Table("slice", "number", "clips", "people", "before", "after", "change")
    for one in sure:
        change = f"{one['low']:+.1%} to {one['high']:+.1%}"
        shares = (f"{one['before']:.1%}", f"{one['after']:.1%}")
        name = f"{SLICES[one['kind']]} {one['slice']}"
        table.add_row(name, one["number"], str(one["n"]), str(one["people"]), *shares, change)
    out.print(table)


def evaluate(
    data: Annotated[Path, typer.Option("--data", help="Folder with any of commands/, wake/, other/, nlu/home.jsonl.")],
    model: Annotated[
        str | None, typer.Option("--model", help="A bundle's version; the one in use if left out.")
    ] = None,
    noise: Annotated[
        Path | None,
        typer.Option("--noise", help="Noise for every clip: a sound file, or made up: `white`, `babble`, `music`."),
    ] = None,
    snr: Annotated[float | None, typer.Option("--snr", help="Speech over noise, in dB.")] = None,
    intervals: Annotated[
        bool, typer.Option("--intervals", help="With --json: also the 95 % intervals over speakers, under `intervals`.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score a model bundle on a folder of labelled recordings."""
    if (noise is None) != (snr is None):
        fail(BadRequest(why="Give --noise and --snr together."), as_json=as_json)
    # Where nothing was ever set up there is nothing learned, and no database to start for the question.
    fresh = model is None and not (settings().home / "home.json").exists()
    chosen = BUILTIN if fresh or model == BUILTIN.version else run(_bundle(model), as_json=as_json)
    bars = Bars()
    try:
        with bars.progress:
            found = learning.measure(data, chosen, noise=noise, snr=snr, progress=bars, complain=_complain)
    except EarmarkError as error:
        fail(error, as_json=as_json)
    scores, sure = learning.summarise(found), learning.intervals(found)
    what = "" if noise is None else f"{noise.name}, made up," if learning.made_up(noise) else noise.name
    text = partial(_show, scores, sure, f"In {what} at {snr:g} dB" if what else None)
    emit({**scores, "intervals": sure} if intervals else scores, as_json=as_json, text=text)


async def _bundle(version: str | None) -> ModelBundle:
    async with installation() as stores:
        return await (learning.promoted(stores) if version is None else learning.bundle(stores, version))


def _complain(text: str) -> None:
    err.print(f"[yellow]left out[/]: {text}", soft_wrap=True)


def _show(scores: dict[str, Any], sure: Mapping[str, tuple[float, float]], heard_in: str | None) -> None:
    table = Table("", "", "95 % interval over speakers", title=heard_in)
    for part, values in scores.items():
        for name, value in values.items():
            ends = sure.get(f"{part}.{name}")
            table.add_row(f"{part}.{name}", _shown(value), f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "")
    out.print(table)


def _shown(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
