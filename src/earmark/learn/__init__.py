"""Learning: labels → dataset version → models → scores before and after → registry → promotion, and unlearning.

scores = evaluate(folder, bundle, noise=…, snr=…)          # sync, CPU: earmark evaluate
bundle = await register(stores, files, about)               # a signed candidate
await promote(stores, version, by); await rollback(stores)
bundle = await promoted(stores)                             # what assistants and devices run
"""

from earmark.learn.datasets import Dataset, Line, load_dataset, make_dataset
from earmark.learn.erasing import ERASER, Touched, revoke, touched
from earmark.learn.evaluate import evaluate
from earmark.learn.registry import (
    Model,
    Remake,
    bundle,
    models,
    promote,
    promoted,
    register,
    remakes,
    retire,
    rollback,
)
from earmark.learn.ring import PARTS, Report, learn, remake, sweep
from earmark.learn.slices import KINDS as SLICES
from earmark.learn.uses import Use, uses_of

__all__ = [
    "ERASER",
    "PARTS",
    "SLICES",
    "Dataset",
    "Line",
    "Model",
    "Remake",
    "Report",
    "Touched",
    "Use",
    "bundle",
    "evaluate",
    "learn",
    "load_dataset",
    "make_dataset",
    "models",
    "promote",
    "promoted",
    "register",
    "remake",
    "remakes",
    "retire",
    "revoke",
    "rollback",
    "sweep",
    "touched",
    "uses_of",
]
