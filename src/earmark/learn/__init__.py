"""Learning: labels → dataset version → models → scores before and after → registry → promotion, and unlearning.

scores = evaluate(folder, bundle, noise=…, snr=…)          # sync, CPU: earmark evaluate
bundle = await register(stores, files, about)               # a signed candidate
await promote(stores, version, by); await rollback(stores)
bundle = await promoted(stores)                             # what assistants and devices run
await put_into_use(stores, version, by)                     # in stages, or at once where devices are few
out = await rollout(stores); await watch(stores)            # the one on its way; the worker's look at its numbers
"""

from earmark.learn.balancing import Balance, balance, balance_of_folder
from earmark.learn.card import Card, card, markdown
from earmark.learn.datasets import Dataset, Line, Version, dataset_lines, dataset_versions, load_dataset, make_dataset
from earmark.learn.erasing import ERASER, Touched, revoke, touched
from earmark.learn.evaluate import evaluate, intervals, measure
from earmark.learn.noises import made_up
from earmark.learn.proving import Proof, prove
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
from earmark.learn.ring import PARTS, Report, learn, remake, remake_at_once, remake_nightly, sweep
from earmark.learn.rollout import SMALL_FLEET, LiveDay, fleet, go_on, live_days, put_into_use, watch
from earmark.learn.rollout_steps import Rollout, Step, place_key, rollout, steps
from earmark.learn.scoring import summarise
from earmark.learn.slices import KINDS as SLICES
from earmark.learn.steps import Moment
from earmark.learn.uses import Use, uses_of

__all__ = [
    "ERASER",
    "PARTS",
    "SLICES",
    "SMALL_FLEET",
    "Balance",
    "Card",
    "Dataset",
    "Line",
    "LiveDay",
    "Model",
    "Moment",
    "Proof",
    "Remake",
    "Report",
    "Rollout",
    "Step",
    "TakenBack",
    "Touched",
    "Use",
    "Version",
    "balance",
    "balance_of_folder",
    "bundle",
    "card",
    "dataset_lines",
    "dataset_versions",
    "evaluate",
    "fleet",
    "go_on",
    "intervals",
    "learn",
    "live_days",
    "load_dataset",
    "made_up",
    "make_dataset",
    "markdown",
    "measure",
    "model",
    "models",
    "place_key",
    "promote",
    "promoted",
    "prove",
    "put_into_use",
    "register",
    "remake",
    "remake_at_once",
    "remake_nightly",
    "remakes",
    "retire",
    "revoke",
    "rollback",
    "rollout",
    "sound",
    "steps",
    "summarise",
    "sweep",
    "taken_back",
    "touched",
    "uses_of",
    "watch",
]
