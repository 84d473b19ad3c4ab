"""The airlock: the only door between what people said and the people who review it.

`run` chooses within the published rate and makes masked copies, each with one question and nothing that links it to
another. `take_labels` brings labels and hearings home. `recall` pulls everything of a person back, `recall_these`
single recordings, `recall_withdrawn` what a killed process left, `remove` single clips. `hide_flagged` hides the sister
copies of a flagged clip; `unseal` traces a flagged clip for its case. `asked`, `answer_ask` and `ask_first` are for
owners who want to hear a clip before anybody else does. `labels` are for learning, `labels_to_leave` for
other tools, `choice_of` and `days` for the pages that account for it.

Masked means: cut to what the question needs, identifiers that were recognised replaced, band-limited, levelled, padded
to one of a few lengths. The voice is not disguised.
"""

from earmark.airlock.choosing import (
    HEAR_FIRST,
    Asked,
    Choice,
    Day,
    answer_ask,
    asked,
    asked_of,
    choice_of,
    count_asked,
    days,
    expire_asks,
)
from earmark.airlock.copying import spread
from earmark.airlock.homecoming import HomeLabel, count_of, hearings_of, labels, labels_of, take_labels
from earmark.airlock.identifiers import mask_text, name_words
from earmark.airlock.leaving import Labels, Leaving, count_leaving, labels_to_leave
from earmark.airlock.recalling import (
    ERASER,
    Unsealed,
    ask_first,
    recall,
    recall_these,
    recall_withdrawn,
    remove,
    unseal,
)
from earmark.airlock.running import Sampled, hide_flagged, run
from earmark.airlock.teaching import lessons, make_training, training_wanted

__all__ = [
    "ERASER",
    "HEAR_FIRST",
    "Asked",
    "Choice",
    "Day",
    "HomeLabel",
    "Labels",
    "Leaving",
    "Sampled",
    "Unsealed",
    "answer_ask",
    "ask_first",
    "asked",
    "asked_of",
    "choice_of",
    "count_asked",
    "count_leaving",
    "count_of",
    "days",
    "expire_asks",
    "hearings_of",
    "hide_flagged",
    "labels",
    "labels_of",
    "labels_to_leave",
    "lessons",
    "make_training",
    "mask_text",
    "name_words",
    "recall",
    "recall_these",
    "recall_withdrawn",
    "remove",
    "run",
    "spread",
    "take_labels",
    "training_wanted",
    "unseal",
]
