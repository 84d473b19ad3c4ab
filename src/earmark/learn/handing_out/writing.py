"""Writing labels into files, one at a time; the files appear whole or not at all."""

from __future__ import annotations

import errno
import gzip
import json
import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

from earmark import airlock, audit
from earmark.airlock import Leaving
from earmark.errors import BadRequest, DiskFull
from earmark.learn.datasets import QUESTIONS, SIDES, Side, load_dataset
from earmark.learn.handing_out.forms import FORMS, Form
from earmark.storage import Stores

_LINES = "dataset.json"
STDOUT = Path("-")
"""Stands for the standard output instead of a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What left."""

    labels: int
    files: tuple[Path, ...]
    """None when it went to the standard output."""


async def hand_out(
    stores: Stores,
    *,
    form: str,
    to: Path,
    stdout: IO[bytes] | None = None,
    questions: Sequence[str] | None = None,
    since: date | None = None,
    force: bool = False,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """Write labels in one form into a folder, or onto `stdout` when `to` is `-`.

    The log has the number and the form before the first label leaves, so that nothing can leave unlogged. The same
    labels give the same bytes.

    Args:
        questions: only these; None: all.
        since: only labels agreed on this day or later.
        force: write over files that are there.
        tell: called with how many of how many are written.

    Raises BadRequest for an unknown form or question, or a folder that can't be used; DiskFull.
    """
    made = _form(form, to, stdout)
    counts = await airlock.count_leaving(stores, since=since)
    wanted = sorted(counts) if questions is None else sorted(set(questions))
    if unknown := [question for question in wanted if question not in counts]:
        known = ", ".join(sorted(counts)) or "none yet"
        raise BadRequest(why=f"There is no label of {len(unknown)} of these questions; questions with labels: {known}.")
    total = sum(counts[question] for question in wanted)
    if to != STDOUT:
        _check(to, made, force)
    event = {"what": "labels.exported", "form": form, "labels": total, "questions": wanted}
    await audit.append(stores, event)
    source = airlock.labels_to_leave(stores, questions=wanted, since=since)
    if to == STDOUT:
        assert stdout is not None
        try:
            labels, _ = await _pour(made, [stdout], source, lambda done: tell(done, total))
            stdout.flush()
        except BrokenPipeError as error:
            raise BadRequest(why="Whoever read the labels closed the pipe before the last one.") from error
        return Written(labels=labels, files=())
    try:
        return await _into(made, to, source, lambda done: tell(done, total))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise BadRequest(why="These files can't be written; choose a folder that is yours.") from error


async def hand_out_dataset(
    stores: Stores,
    version: str,
    *,
    form: str,
    to: Path,
    force: bool = False,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """Write one dataset version into a folder: `train/` and `heldout/` in the form, and `dataset.json` with its lines.

    By the rules of `hand_out`: no sound, written parts masked, and labels of people who do not allow reviews any more
    stay here; their lines are named all the same, with `left` false.

    Raises what `hand_out` raises, NotFound for an unknown version, Revoked when something in it was deleted.
    """
    made = _form(form, to, None)
    dataset = await load_dataset(stores, version)
    sides = {line.label_id: line.side for line in dataset.lines}
    _check(to, Form(files=(_LINES,), pieces=lambda _: ()), force)
    for side in SIDES:
        _check(to / side, made, force)
    event = {"what": "labels.exported", "form": form, "labels": len(sides), "questions": list(QUESTIONS)}
    await audit.append(stores, event | {"dataset": version})
    left: set[uuid.UUID] = set()
    files: list[Path] = []
    try:
        for side in SIDES:

            async def chosen(side: Side = side) -> airlock.Labels:
                async for label in airlock.labels_to_leave(stores, questions=QUESTIONS):
                    if sides.get(label.id) == side:
                        left.add(label.id)
                        tell(len(left), len(sides))
                        yield label

            files += (await _into(made, to / side, chosen(), lambda done: None)).files
        lines = [
            {"label_id": str(each.label_id), "label_hash": each.label_hash.hex(), "side": each.side}
            | {"left": each.label_id in left}
            for each in sorted(dataset.lines, key=lambda line: line.label_id)
        ]
        draft = to / f".{_LINES}.part"
        with _private(draft) as file:
            file.write(json.dumps({"version": version, "form": form, "lines": lines}, indent=1).encode())
        draft.replace(to / _LINES)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise BadRequest(why="These files can't be written; choose a folder that is yours.") from error
    return Written(labels=len(left), files=(to / _LINES, *files))


def _form(form: str, to: Path, stdout: IO[bytes] | None) -> Form:
    made = FORMS.get(form)
    if made is None:
        raise BadRequest(why=f"The format is one of: {', '.join(FORMS)}.")
    if to == STDOUT and (len(made.files) > 1 or stdout is None):
        raise BadRequest(why="This format has several files; give a folder instead of `-`.")
    return made


def _check(to: Path, made: Form, force: bool) -> None:
    if to.exists() and not to.is_dir():
        raise BadRequest(why="Give a folder; the format's files get their names by themselves.")
    if not to.absolute().parent.is_dir():
        raise BadRequest(why="The folder's own folder is not there; make it first.")
    if not force and any((to / name).exists() for name in (*made.files, *made.beside({}))):
        raise BadRequest(why="There is an export in this folder already; choose another one or say --force.")
    try:
        to.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BadRequest(why="This folder can't be made; choose one that is yours.") from error


async def _into(made: Form, to: Path, source: airlock.Labels, tell: Callable[[int], None]) -> Written:
    drafts = {name: to / f".{name}.part" for name in made.files}
    try:
        with ExitStack() as stack:
            outs = [stack.enter_context(_opened(drafts[name])) for name in made.files]
            labels, values = await _pour(made, outs, source, tell)
        for name, text in made.beside(values).items():
            drafts[name] = to / f".{name}.part"
            with _private(drafts[name]) as file:
                file.write(text.encode())
        for name, draft in drafts.items():
            draft.replace(to / name)
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)
    return Written(labels=labels, files=tuple(to / name for name in drafts))


async def _pour(
    made: Form, outs: Sequence[IO[bytes]], source: airlock.Labels, tell: Callable[[int], None]
) -> tuple[int, dict[str, set[str]]]:
    done, values = 0, dict[str, set[str]]()
    for out in outs:
        out.write(made.head.encode())
    async for label in source:
        for out, piece in zip(outs, made.pieces(label), strict=True):
            out.write(((made.between if done else "") + piece).encode())
        _note(values, label)
        done += 1
        tell(done)
    for out in outs:
        out.write(made.tail.encode())
    return done, values


def _note(values: dict[str, set[str]], label: Leaving) -> None:
    """Remember which values were chosen and which parts were written: a handful for each question."""
    met = values.setdefault(label.question, set())
    for part, value in label.answer.items():
        met.add(value if part == "value" else f":{part}")


def _private(path: Path) -> IO[bytes]:
    path.unlink(missing_ok=True)  # of an export that was killed
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


class _Packed(gzip.GzipFile):
    """A gzip file without a name and a time in it, which closes the file below it too."""

    def __init__(self, below: IO[bytes]) -> None:
        super().__init__(filename="", fileobj=below, mode="wb", mtime=0)
        self._below = below

    def close(self) -> None:
        super().close()
        self._below.close()


def _opened(path: Path) -> IO[bytes]:
    below = _private(path)
    return _Packed(below) if path.name.endswith(".gz.part") else below  # pyright: ignore[reportReturnType]
