"""Learning: labels → dataset version → models → scores before and after → registry → promotion, and unlearning.

scores = evaluate(folder, bundle, noise=…, snr=…)          # sync, CPU: earmark evaluate
bundle = await register(stores, files, about)               # a signed candidate
await promote(stores, version, by); await rollback(stores)
bundle = await promoted(stores)                             # what assistants and devices run
await put_into_use(stores, version, by)                     # in stages, or at once where devices are few
out = await rollout(stores); await watch(stores)            # the one on its way; the worker's look at its numbers
"""

from earmark.learn.card import Card, card, markdown
from earmark.learn.datasets import Dataset, Line, load_dataset, make_dataset
from earmark.learn.erasing import ERASER, Touched, revoke, touched
from earmark.learn.evaluate import evaluate
from earmark.learn.registry import (
    Model,
    Remake,
    TakenBack,
    bundle,
    model,
    models,
    promote,
    promoted,
    register,
    remakes,
    retire,
    rollback,
    sound,
    taken_back,
)
from earmark.learn.ring import PARTS, Report, learn, remake, sweep
from earmark.learn.rollout import SMALL_FLEET, LiveDay, fleet, go_on, live_days, put_into_use, watch
from earmark.learn.rollout_steps import Rollout, Step, place_key, rollout, steps
from earmark.learn.steps import Moment
from earmark.learn.uses import Use, uses_of

__all__ = [
    "ERASER",
    "PARTS",
    "SMALL_FLEET",
    "Card",
    "Dataset",
    "Line",
    "LiveDay",
    "Model",
    "Moment",
    "Remake",
    "Report",
    "Rollout",
    "Step",
    "TakenBack",
    "Touched",
    "Use",
    "bundle",
    "card",
    "evaluate",
    "fleet",
    "go_on",
    "learn",
    "live_days",
    "load_dataset",
    "make_dataset",
    "markdown",
    "model",
    "models",
    "place_key",
    "promote",
    "promoted",
    "put_into_use",
    "register",
    "remake",
    "remakes",
    "retire",
    "revoke",
    "rollback",
    "rollout",
    "sound",
    "steps",
    "sweep",
    "taken_back",
    "touched",
    "uses_of",
    "watch",
]
