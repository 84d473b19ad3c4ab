"""Learning: labels → dataset version → models → scores before and after → registry → promotion, and unlearning.

scores = evaluate(folder, bundle, noise=…, snr=…)          # sync, CPU: earmark evaluate
bundle = await register(stores, files, about)               # a signed candidate
await promote(stores, version, by); await rollback(stores)
bundle = await promoted(stores)                             # what assistants and devices run
"""

from earmark.learn.erasing import ERASER
from earmark.learn.evaluate import evaluate
from earmark.learn.registry import Model, bundle, models, promote, promoted, register, retire, rollback

__all__ = [
    "ERASER",
    "Model",
    "bundle",
    "evaluate",
    "models",
    "promote",
    "promoted",
    "register",
    "retire",
    "rollback",
]
