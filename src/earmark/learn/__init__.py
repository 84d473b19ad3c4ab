"""Learning: labels → dataset version → models → scores before and after → registry → promotion, and unlearning.

scores = evaluate(folder, bundle, noise=…, snr=…)          # sync, CPU: earmark evaluate
bundle = await register(stores, files, about)               # a signed candidate
await promote(stores, version, by); await rollback(stores)
bundle = await promoted(stores)                             # what assistants and devices run
"""

from earmark.learn.balancing import Balance, balance, balance_of_folder
from earmark.learn.datasets import Dataset, Line, Version, dataset_lines, dataset_versions, load_dataset, make_dataset
from earmark.learn.erasing import ERASER, Touched, revoke, touched
from earmark.learn.evaluate import evaluate, intervals, measure
from earmark.learn.proving import Proof, prove
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
from earmark.learn.ring import PARTS, Report, learn, remake, remake_at_once, remake_nightly, sweep
from earmark.learn.scoring import summarise
from earmark.learn.slices import KINDS as SLICES
from earmark.learn.steps import Moment
from earmark.learn.uses import Use, uses_of

__all__ = [
    "ERASER",
    "PARTS",
    "SLICES",
    "Balance",
    "Dataset",
    "Line",
    "Model",
    "Moment",
    "Proof",
    "Remake",
    "Report",
    "Touched",
    "Use",
    "Version",
    "balance",
    "balance_of_folder",
    "bundle",
    "dataset_lines",
    "dataset_versions",
    "evaluate",
    "intervals",
    "learn",
    "load_dataset",
    "make_dataset",
    "measure",
    "models",
    "promote",
    "promoted",
    "prove",
    "register",
    "remake",
    "remake_at_once",
    "remake_nightly",
    "remakes",
    "retire",
    "revoke",
    "rollback",
    "summarise",
    "sweep",
    "touched",
    "uses_of",
]
