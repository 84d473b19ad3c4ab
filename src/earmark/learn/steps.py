"""A run as named steps: how far it is, what is left of it, and results that outlive a killed process.

A step's result is found again by everything before it: the run's own inputs, the names of the steps so far, and this
one's. So a step must depend on nothing but the run's inputs and earlier steps, and give the same result each time.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from earmark.learn.runs import Files, Run

Value = TypeVar("Value")
_UNPLANNED = 10.0
"""Seconds that a step counts as when nobody planned it."""
_WHY = "why.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A step that a run will probably take."""

    name: str
    """In plain words, as it is shown."""
    seconds: float
    """Measured once on two cores; only the ratio to other steps counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How far a run is."""

    step: str
    """What it is at, in plain words."""
    done: int = 0
    """Of this step, of `total`; both 0 where it can't be told."""
    total: int = 0
    number: int = 0
    """Of this step, from 1."""
    of: int = 0
    """How many steps there will be, as far as is known."""
    share: float = 0.0
    """Of the whole run, 0 to 1; never falls."""
    left: float | None = None
    """Seconds until it is done; None while nobody can tell."""

    def __str__(self) -> str:
        return f"{self.step}, {self.done} of {self.total}" if self.total else self.step


Told = Callable[[Moment], None]


def untold(moment: Moment) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[Value]):
    """How a step's result is written: JSON, or numbers as npz without pickles, so that reading never runs code."""

    write: Callable[[Value], Files]
    read: Callable[[Files], Value]


FILES: Form[Files] = Form(write=lambda files: files, read=lambda files: files)
"""A part of a bundle is written as it is."""


def as_json(kind: Any) -> Form[Any]:
    """Return the form of dataclasses, lists and the like of plain values; numbers come back exactly as they were."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return Form(
        write=lambda value: {"value.json": json.dumps(adapter.dump_python(value)).encode()},
        read=lambda files: adapter.validate_python(json.loads(files["value.json"])),
    )


FILES_OR_WHY: Form[Files | str] = Form(
    write=lambda value: {_WHY: json.dumps(value).encode()} if isinstance(value, str) else value,
    read=lambda files: json.loads(files[_WHY]) if _WHY in files else files,
)
"""Files, or a sentence saying why there are none."""


class Steps:
    """The steps of one run; without a `run` nothing is written down."""

    def __init__(
        self, run: Run | None = None, told: Told = untold, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._run, self._told, self._now = run, told, now
        self._plan: list[Planned] = []
        self._current: Planned | None = None
        self._chain = hashlib.sha256(run.id.encode() if run else b"")
        self._past = self._worked = self._spent = 0.0
        self._began = 0.0
        self._share = 0.0
        self.taken = 0
        """Steps that were taken, resumed ones included."""
        self.resumed = 0
        """Steps whose result was there already."""

    @property
    def expected(self) -> int:
        """How many steps there will be in all, as far as is known."""
        return self.taken + len(self._plan)

    def plan(self, steps: Sequence[Planned]) -> None:
        """Say which steps will probably follow, in order."""
        self._plan += steps

    def leave_out(self, *names: str) -> None:
        """Take planned steps out: the run has found that it needs none of them."""
        self._plan = [each for each in self._plan if each.name not in names]

    def take(self, name: str, work: Callable[[], Value], form: Form[Value] | None = None) -> Value:
        """Return the result of a step: the one that was written down, or what `work` gives.

        Without a `form` nothing is written down, and the step is worked out again. Raises what the work raises, and
        Revoked once anything that the run is made of was deleted.
        """
        planned = next((each for each in self._plan if each.name == name), Planned(name=name, seconds=_UNPLANNED))
        if planned in self._plan:
            self._plan.remove(planned)
        self._chain.update(f"\n{name}".encode())
        place = f"{self.taken:03}-{self._chain.hexdigest()[:16]}"
        self.taken += 1
        self._current, self._began = planned, self._now()
        self.within("", 0, 0)
        found = self._run.find(place) if self._run and form else None
        if found is not None and form is not None:
            self.resumed += 1
            value = form.read(found)
        else:
            value = work()
            self._worked += planned.seconds
            self._spent += self._now() - self._began
            if self._run and form:
                self._run.keep(place, form.write(value))
        self._past += planned.seconds
        self._current = None
        return value

    def within(self, what: str, done: int, total: int) -> None:
        """Tell how far the step at hand is; `what` is its own word for what it does."""
        step = self._current or Planned(name=what, seconds=0.0)
        inside = step.seconds * done / total if total else 0.0
        ahead = sum(each.seconds for each in self._plan)
        whole = self._past + step.seconds + ahead
        self._share = max(self._share, (self._past + inside) / whole if whole else 0.0)
        self._told(
            Moment(
                step=step.name if not what or what == step.name else f"{step.name}: {what}",
                done=done,
                total=total,
                number=self.taken,
                of=max(self.expected, self.taken),
                share=self._share,
                left=self._left(inside, step.seconds - inside + ahead),
            )
        )

    def _left(self, inside: float, ahead: float) -> float | None:
        """Return seconds until the end: what is planned, at the pace of what was worked out in this process."""
        worked = self._worked + inside
        spent = self._spent + (self._now() - self._began if inside else 0.0)
        return ahead * spent / worked if worked else None
