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
    kind: str | None = None,
) -> Markup:
    """Return two bars on a common scale, the later one in the accent's colour when it is the better one.

    `kind`: `good`, `unsure` or `worse`, where more is known than which is longer.
    """
    known = [value for value in (before, after) if value is not None]
    top = max(known, default=0) or 1
    better = before is None or after is None or (after <= before if lower_is_better else after >= before)
    parts = []
    pairs = tuple(zip(names, (before, after), strict=True))
    for i, (name, value) in enumerate(pairs):
        y = i * 24
        wide = 200 * (value or 0) / top
        shade = (kind or ("good" if better else "worse")) if i else "plain"
        parts.append(f'<rect class="col {shade}" x="56" y="{y + 3}" width="{max(wide, 2):.1f}" height="16" rx="3"/>')
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A share by day, 0 to 1."""

    name: str
    kind: str
    """`plain` or `good`: grey, or in the accent's colour."""
    points: Sequence[tuple[int, float, str]]
    """Which day from the left, the share, and what it rests on: `12 of 60`."""


def lines(rows: Sequence[Line], days: Sequence[str], *, label: str, width: int = 440, height: int = 200) -> Markup:
    """Return lines over days on a scale from nothing to a round share above the highest point.

    `days`: what stands below, the empty ones without a mark. A day without a point breaks no line; a lone one is a dot.
    """
    highest = max((share for row in rows for _, share, _ in row.points), default=0.0)
    top = next((step for step in (0.05, 0.1, 0.2, 0.3, 0.5, 0.75) if step >= highest), 1.0)
    left, right, roof, floor = 48, width - 24, 12, height - 28
    slot = (right - left) / max(1, len(days) - 1)
    parts = []
    for part in (0.0, 0.5, 1.0):
        y = floor - (floor - roof) * part
        parts.append(f'<line class="base" x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(f'<text class="said" x="{left - 8}" y="{y + 4:.1f}">{top * part * 100:.3g}%</text>')
    for i, day in enumerate(days):
        if day:
            parts.append(f'<text x="{left + i * slot:.1f}" y="{height - 6}">{escape(day)}</text>')
    for row in rows:
        places = [(left + i * slot, floor - (floor - roof) * share / top) for i, share, _ in row.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="line {row.kind}" points="{path}"/>')
        parts += [f'<circle class="dot {row.kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
    said = "; ".join(
        f"{row.name}: {', '.join(f'{share:.0%} ({rests})' for _, share, rests in row.points)}"
        for row in rows
        if row.points
    )
    return _svg(parts, f"{label}. {said or gettext('nothing yet')}", width, height, base=None, kind="lines")


def shares(rows: Sequence[tuple[str, int, str]], *, label: str, width: int = 360) -> Markup:
    """Return one bar a row of (name, count, kind), all of them parts of one whole."""
    row, total = 44, sum(count for _, count, _ in rows) or 1
    parts = []
    for i, (name, count, kind) in enumerate(rows):
        y, wide = i * row, max(width * count / total, 4 if count else 0)
        parts.append(f'<text class="name" x="0" y="{y + 14}">{escape(name)}</text>')
        parts.append(f'<text class="said" x="{width}" y="{y + 14}">{count:,} · {count / total:.0%}</text>')
        parts.append(f'<rect class="track" x="0" y="{y + 22}" width="{width}" height="10" rx="5"/>')
        parts.append(f'<rect class="col {kind}" x="0" y="{y + 22}" width="{wide:.1f}" height="10" rx="5"/>')
    said = "; ".join(f"{name}: {count}" for name, count, _ in rows) or gettext("nothing yet")
    return _svg(parts, f"{label}. {said}", width, max(row * len(rows), 1), base=None, kind="shares")


def change(low: float, value: float, high: float, *, most: float, label: str) -> Markup:
    """Return a change and its interval around nothing in the middle; left is better. `most`: the end of the scale."""
    width, half = 200, 92

    def x(share: float) -> float:
        return width / 2 + half * max(-1.0, min(1.0, share / (most or 1)))

    kind = "good" if high < 0 else "worse" if low > 0 else "plain"
    wide = max(x(high) - x(low), 3)
    parts = [
        f'<line class="base" x1="{width / 2}" y1="2" x2="{width / 2}" y2="26"/>',
        f'<rect class="span {kind}" x="{x(low):.1f}" y="10" width="{wide:.1f}" height="8" rx="4"/>',
        f'<circle class="dot {kind}" cx="{x(value):.1f}" cy="14" r="5"/>',
    ]
    said = f"{label}: {value:+.1%}, between {low:+.1%} and {high:+.1%}; less is better"
    return _svg(parts, said, width, 28, base=None, kind="change")


def _svg(parts: list[str], said: str, width: int, height: int, *, base: float | None, kind: str = "") -> Markup:
    line = f'<line class="base" x1="0" y1="{base}" x2="{width}" y2="{base}"/>' if base is not None else ""
    inside, box, about = line + "".join(parts), f"0 0 {width} {height}", escape(said)
    chart = f"chart {kind}".strip()
    # Numbers of ours; names are escaped where they come in.
    return Markup(f'<svg class="{chart}" viewBox="{box}" role="img" aria-label="{about}">{inside}</svg>')  # noqa: S704
