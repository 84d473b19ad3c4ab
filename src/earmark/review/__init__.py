"""The review floor: tasks, leases, judgements, labels. It works with the role `earmark_review` and the keys of masked
copies, and with nothing else: no identity, no vault.

For the console: `next_task` leases, `sound` plays, `heartbeat` keeps, `submit_and_next` answers, `release` and `flag`
let go. For leads: `next_adjudication`, `adjudicate`, `backlog`, `labels_per_day`. For the airlock: `NewTask`,
`add_task`, `masked_parts`, `remove_tasks`, `labels_of` and the sealing of masked copies. For safety: `flags`,
`flagged_sound`, `give_back`, `still_held`. For the worker: `expire_leases`.
"""

from earmark.review.adjudication import adjudicate, next_adjudication
from earmark.review.agreement import MadeBy, Outcome, decide
from earmark.review.answers import QUESTIONS, Answer, Asked, Question, check, normalise, question_named
from earmark.review.board import Backlog, LabelCount, OwnNumbers, backlog, labels_per_day, own_numbers
from earmark.review.flags import Flag, FlagKind, flag, flags, give_back, still_held
from earmark.review.hearing import SOUND_TYPE, flagged_sound, sound
from earmark.review.leases import (
    Reviewer,
    Served,
    expire_leases,
    heartbeat,
    next_task,
    release,
    submit_and_next,
)
from earmark.review.masked import PREFIX, masked_key, seal_prefill, seal_sound
from earmark.review.queue import Label, NewTask, add_task, labels_of, masked_parts, remove_tasks

__all__ = [
    "PREFIX",
    "QUESTIONS",
    "SOUND_TYPE",
    "Answer",
    "Asked",
    "Backlog",
    "Flag",
    "FlagKind",
    "Label",
    "LabelCount",
    "MadeBy",
    "NewTask",
    "Outcome",
    "OwnNumbers",
    "Question",
    "Reviewer",
    "Served",
    "add_task",
    "adjudicate",
    "backlog",
    "check",
    "decide",
    "expire_leases",
    "flag",
    "flagged_sound",
    "flags",
    "give_back",
    "heartbeat",
    "labels_of",
    "labels_per_day",
    "masked_key",
    "masked_parts",
    "next_adjudication",
    "next_task",
    "normalise",
    "own_numbers",
    "question_named",
    "release",
    "remove_tasks",
    "seal_prefill",
    "seal_sound",
    "sound",
    "still_held",
    "submit_and_next",
]
