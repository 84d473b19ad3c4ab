"""The review floor: tasks, leases, judgements, labels. It works with the role `earmark_review` and the keys of masked
copies, and with nothing else: no identity, no vault.

For the console: `resume` and `next_task` lease, `sound_at` plays, `keep` keeps, `keep_draft` remembers,
`submit_and_next` answers, `undo` takes back, `release` and `flag` let go. For leads: `next_adjudication`, `adjudicate`,
`publish` (questions), `backlog`. For the airlock: `NewTask`,
`add_task`, `masked_parts`, `remove_tasks`, `labels_of` and the sealing of masked copies. For safety: `flags`,
`flagged_sound`, `give_back`, `still_held`, `alerts_named`, `clear_alert`. For the worker: `expire_leases`, `watch`.

Quality: `own_quality`, `start_training` for oneself; `lead_quality`, `agreement_by_question`, `cohorts`, `anchoring`.
Help with a word: `ask_consult`, `my_consults`, `open_consults`, `count_open_consults`, `consult_sound`,
`answer_consult`, `consult_groups`. Unusual access: `alerts`, `lock_for_alert`, `explain_alert`.
"""

from earmark.review import campaigns, doings, hours, invitations, overview, pace, seats, sites
from earmark.review.access import (
    Alert,
    AlertKind,
    alerts,
    alerts_named,
    clear_alert,
    explain_alert,
    lock_for_alert,
    watch,
)
from earmark.review.adjudication import adjudicate, next_adjudication
from earmark.review.agreement import MadeBy, Outcome, decide
from earmark.review.answers import Answer, check, normalise
from earmark.review.board import Backlog, OwnNumbers, backlog, own_numbers
from earmark.review.comparing import Agreement, Cohort
from earmark.review.consults import Asked as ConsultAsked
from earmark.review.consults import (
    Consult,
    answer_consult,
    consult_sound,
    count_open_consults,
    my_consults,
    open_consults,
)
from earmark.review.consults import ask as ask_consult
from earmark.review.consults import groups as consult_groups
from earmark.review.drafts import keep_draft
from earmark.review.flags import Flag, FlagKind, flag, flags, give_back, still_held
from earmark.review.gold import tend_gold
from earmark.review.hearing import SOUND_TYPE, address, flagged_sound, next_address, sound, sound_at
from earmark.review.lanes import NOTHING, Lane, Lanes, Why, lanes_for
from earmark.review.leases import (
    UNDO_SECONDS,
    Served,
    Taken,
    expire_leases,
    keep,
    next_task,
    release,
    resume,
    submit_and_next,
)
from earmark.review.listening import Span, share_heard
from earmark.review.masked import PREFIX, masked_key, seal_label, seal_prefill, seal_sound
from earmark.review.people import Reviewer
from earmark.review.quality import (
    Anchoring,
    LeadQuality,
    OwnQuality,
    agreement_by_question,
    anchoring,
    cohorts,
    lead_quality,
    own_quality,
    start_training,
)
from earmark.review.questions import (
    QUESTIONS,
    Mark,
    Option,
    Question,
    Spec,
    asked_now,
    current,
    publish,
    purposes,
    spec_of,
)
from earmark.review.queue import Label, NewTask, add_task, labels_of, masked_parts, remove_tasks
from earmark.review.training import Progress, Taught, begin_round, progress
from earmark.review.undoing import undo

__all__ = [
    "NOTHING",
    "PREFIX",
    "QUESTIONS",
    "SOUND_TYPE",
    "UNDO_SECONDS",
    "Agreement",
    "Alert",
    "AlertKind",
    "Anchoring",
    "Answer",
    "Backlog",
    "Cohort",
    "Consult",
    "ConsultAsked",
    "Flag",
    "FlagKind",
    "Label",
    "Lane",
    "Lanes",
    "LeadQuality",
    "MadeBy",
    "Mark",
    "NewTask",
    "Option",
    "Outcome",
    "OwnNumbers",
    "OwnQuality",
    "Progress",
    "Question",
    "Reviewer",
    "Served",
    "Span",
    "Spec",
    "Taken",
    "Taught",
    "Why",
    "add_task",
    "address",
    "adjudicate",
    "agreement_by_question",
    "alerts",
    "alerts_named",
    "anchoring",
    "answer_consult",
    "ask_consult",
    "asked_now",
    "backlog",
    "begin_round",
    "campaigns",
    "check",
    "clear_alert",
    "cohorts",
    "consult_groups",
    "consult_sound",
    "count_open_consults",
    "current",
    "decide",
    "doings",
    "expire_leases",
    "explain_alert",
    "flag",
    "flagged_sound",
    "flags",
    "give_back",
    "hours",
    "invitations",
    "keep",
    "keep_draft",
    "labels_of",
    "lanes_for",
    "lead_quality",
    "lock_for_alert",
    "masked_key",
    "masked_parts",
    "my_consults",
    "next_address",
    "next_adjudication",
    "next_task",
    "normalise",
    "open_consults",
    "overview",
    "own_numbers",
    "own_quality",
    "pace",
    "progress",
    "publish",
    "purposes",
    "release",
    "remove_tasks",
    "resume",
    "seal_label",
    "seal_prefill",
    "seal_sound",
    "seats",
    "share_heard",
    "sites",
    "sound",
    "sound_at",
    "spec_of",
    "start_training",
    "still_held",
    "submit_and_next",
    "tend_gold",
    "undo",
    "watch",
]
