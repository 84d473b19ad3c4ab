"""The airlock: the only door between what people said and the people who review it.

`run` chooses within the published rate and makes masked copies, each with one question and nothing that links it to
another. `take_labels` brings labels and hearings home; `recall` pulls everything of a person back, `remove` single
clips; `hide_flagged` hides the sister copies of a flagged clip; `unseal` traces a flagged clip for its case. `labels`
are for learning, `choice_of` and `days` for the pages that account for it.

Masked means: cut to what the question needs, identifiers that were recognised replaced, band-limited, levelled, padded
to one of a few lengths. The voice is not disguised.
"""

from earmark.airlock.choosing import Choice, Day, choice_of, days
from earmark.airlock.homecoming import HomeLabel, labels, take_labels
from earmark.airlock.identifiers import mask_text, name_words
from earmark.airlock.recalling import ERASER, Unsealed, recall, remove, unseal
from earmark.airlock.running import Sampled, hide_flagged, run

__all__ = [
    "ERASER",
    "Choice",
    "Day",
    "HomeLabel",
    "Sampled",
    "Unsealed",
    "choice_of",
    "days",
    "hide_flagged",
    "labels",
    "mask_text",
    "name_words",
    "recall",
    "remove",
    "run",
    "take_labels",
    "unseal",
]
