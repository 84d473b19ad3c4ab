"""`earmark bench doubt --data DIR`: does the assistant know what it got wrong?

Orders of `commands/`, every speaker in turn, are heard in kitchen noise with the packaged models. The doubt of each, by
which the airlock chooses half of what people review, is compared with whether its grammar's reading was right.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark import audio
from earmark.assistant.confidence import DEFAULT
from earmark.assistant.doubt import agreement, doubt
from earmark.bench.learn import read_right
from earmark.errors import BadRequest
from earmark.learn.clips import read_folder, usable
from earmark.learn.hearing import Job, listen_to
from earmark.learn.noises import Mixing
from earmark.supervisor import Progress

_ORDERS = 100
HEARD_AT = (12.0, 6.0)
"""dB of the order over the noise."""
_FIFTH = 0.2


def run(note: Progress, data: Path) -> list[dict[str, float | None]]:
    """Return a row for each noise; shares are 0 to 1, and None where there is nothing to share.

    `wrong`: of the grammar's readings; `wrong_least_sure`: of the fifth with the most doubt; `found`: share of the
    wrong ones that lie in that fifth; `right_agreeing`, `right_differing`: of the half where both readings have more
    words in common, and of the other. `auc`: the chance that of a wrong and a right reading the wrong one has more
    doubt. Raises BadRequest when the folder has no labelled orders or no kitchen noise.
    """
    noise = data / "noise" / "kitchen.flac"
    orders = [clip for clip in usable(read_folder(data)[0])[0] if clip.part == "commands" and clip.intent]
    if not orders or not noise.is_file():
        raise BadRequest(why="`earmark bench doubt` needs labelled orders in commands/ and noise/kitchen.flac.")
    orders = sorted(orders, key=lambda clip: hashlib.sha256(clip.id.encode()).digest())[:_ORDERS]
    kitchen = audio.read(noise, longest=24 * 3600)
    rows: list[dict[str, float | None]] = []
    for snr in HEARD_AT:
        note(f"hearing {len(orders)} orders at {snr:.0f} dB")
        jobs = [Job(clip=clip, wake=False, hear=True) for clip in orders]
        heard = listen_to(jobs, mixing=Mixing(noise=kitchen, snr=snr))
        read = [
            (result.reading.heard.hypothesis, read_right(clip, result))
            for clip, result in zip(orders, heard, strict=True)
            if result.reading is not None and result.reading.heard.hypothesis.source == "grammar"
        ]
        doubts = [doubt(hypothesis, threshold=DEFAULT.threshold) or 0.0 for hypothesis, _ in read]
        same = [agreement(hypothesis) for hypothesis, _ in read]
        rows.append({"snr": snr, "orders": len(orders)} | scores(doubts, same, [right for _, right in read]))
    return rows


def scores(doubts: Sequence[float], same: Sequence[float], right: Sequence[bool]) -> dict[str, float | None]:
    """Return the numbers of `run` for readings with these doubts and agreements."""
    doubt_of, agree, wrong = np.array(doubts), np.array(same), ~np.array(right, dtype=bool)
    order = np.argsort(-doubt_of, kind="stable")[: int(np.ceil(_FIFTH * len(doubts)))]
    half = agree >= np.median(agree) if len(agree) else np.zeros(0, dtype=bool)
    found = {
        "wrong": _mean(wrong),
        "wrong_least_sure": _mean(wrong[order]),
        "found": float(wrong[order].sum() / wrong.sum()) if wrong.any() else float("nan"),
        "right_agreeing": _mean(~wrong[half]),
        "right_differing": _mean(~wrong[~half]),
        "auc": _auc(doubt_of[wrong], doubt_of[~wrong]),
        "auc_agreement": _auc(-agree[wrong], -agree[~wrong]),
    }
    return {name: None if math.isnan(value) else round(value, 3) for name, value in found.items()}


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _auc(higher: NDArray[np.float64], lower: NDArray[np.float64]) -> float:
    """Return the chance that one of the first is above one of the second; a tie counts half."""
    if not len(higher) or not len(lower):
        return float("nan")
    apart = higher[:, None] - lower[None, :]
    return float(np.mean((apart > 0) + 0.5 * (apart == 0)))
