"""Small charts as inline SVG, drawn on the server: no script, no inline style, and a sentence for screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from earmark.web.language import gettext


def bars(
    values: Sequence[tuple[str, float]], *, label: str, width: int = 640, height: int = 160, every: int = 1
) -> Markup:
    """Return a bar chart of (name, count) pairs; the largest bar fills the height.

    Where there are many, only each `every`th name stands below, and only the largest count above.
    """
    top = max((value for _, value in values), default=0) or 1
    slot = width / max(1, len(values))
    thick = min(40.0, slot * 0.64)
    floor = height - 24
    parts = []
    for i, (name, value) in enumerate(values):
        tall = (floor - 20) * value / top
        x = i * slot + (slot - thick) / 2
        middle = i * slot + slot / 2
        if value:
            parts.append(
                f'<rect class="col" x="{x:.1f}" y="{floor - tall:.1f}" width="{thick:.1f}" height="{tall:.1f}" rx="3"/>'
            )
        if value and (every == 1 or value == top):
            parts.append(f'<text class="value" x="{middle:.1f}" y="{floor - tall - 6:.1f}">{value:g}</text>')
        if i % every == 0:
            parts.append(f'<text x="{middle:.1f}" y="{height - 6}">{escape(name)}</text>')
    said = "; ".join(f"{name}: {value:g}" for name, value in values if value) or gettext("nothing yet")
    return _svg(parts, f"{label}. {said}", width, height, base=floor)


def before_after(
    before: float | None,
    after: float | None,
    *,
    label: str,
    lower_is_better: bool,
    names: tuple[str, str] = ("before", "after"),
) -> Markup:
    """Return two bars on a common scale, the later one in the accent's colour when it is the better one."""
    known = [value for value in (before, after) if value is not None]
    top = max(known, default=0) or 1
    better = before is None or after is None or (after <= before if lower_is_better else after >= before)
    parts = []
    pairs = tuple(zip(names, (before, after), strict=True))
    for i, (name, value) in enumerate(pairs):
        y = i * 24
        wide = 200 * (value or 0) / top
        kind = ("good" if better else "worse") if i else "plain"
        parts.append(f'<rect class="col {kind}" x="56" y="{y + 3}" width="{max(wide, 2):.1f}" height="16" rx="3"/>')
        parts.append(f'<text class="name" x="0" y="{y + 16}">{escape(name)}</text>')
    said = ", ".join(f"{name} {value:g}" for name, value in pairs if value is not None)
    return _svg(parts, f"{label}: {said}", 260, 46, base=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A share and how sure it is, 0 to 1."""

    name: str
    low: float
    value: float
    high: float
    said: str
    """What stands at the right, as people say it: `18 of 20`."""


def intervals(rows: Sequence[Interval], *, label: str) -> Markup:
    """Return one line a share: a dot where it is and a bar as wide as what it could be, on a common scale.

    The scale begins at a half where everything lies above.
    """
    width, row, top = 360, 44, 4
    start = 0.5 if min((one.low for one in rows), default=0) >= 0.5 else 0.0
    floor = top + row * len(rows)

    def x(value: float) -> float:
        return 4 + (width - 8) * (max(start, value) - start) / (1 - start)

    parts = []
    for i, one in enumerate(rows):
        y = top + i * row
        parts.append(
            f'<text class="name" x="0" y="{y + 12}">{escape(one.name)}</text>'
            f'<text class="said" x="{width}" y="{y + 12}">{escape(one.said)}</text>'
            f'<line class="track" x1="4" y1="{y + 26}" x2="{width - 4}" y2="{y + 26}"/>'
            f'<line class="span" x1="{x(one.low):.1f}" y1="{y + 26}" x2="{x(one.high):.1f}" y2="{y + 26}"/>'
            f'<circle class="dot" cx="{x(one.value):.1f}" cy="{y + 26}" r="6"/>'
        )
    parts.append(f'<text class="name" x="0" y="{floor + 12}">{start:.0%}</text>')
    parts.append(f'<text class="said" x="{width}" y="{floor + 12}">100%</text>')
    listed = "; ".join(
        f"{one.name}: {one.value:.0%}, between {one.low:.0%} and {one.high:.0%}, {one.said}" for one in rows
    )
    return _svg(parts, f"{label}. {listed or gettext('nothing yet')}", width, floor + 18, base=None, kind="intervals")


def _svg(parts: list[str], said: str, width: int, height: int, *, base: float | None, kind: str = "") -> Markup:
    line = f'<line class="base" x1="0" y1="{base}" x2="{width}" y2="{base}"/>' if base is not None else ""
    inside, box, about = line + "".join(parts), f"0 0 {width} {height}", escape(said)
    chart = f"chart {kind}".strip()
    # Numbers of ours; names are escaped where they come in.
    return Markup(f'<svg class="{chart}" viewBox="{box}" role="img" aria-label="{about}">{inside}</svg>')  # noqa: S704
