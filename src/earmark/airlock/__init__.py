"""The airlock: the only door between what people said and the people who review it.

`run` chooses within the published rate and makes masked copies, each with one question and nothing that links it to
another. `take_labels` brings labels and hearings home; `recall` pulls everything of a person back; `hide_flagged` hides
the sister copies of a flagged clip; `unseal` traces a flagged clip for its case. `labels` are for learning, `choice_of`
and `days` for the pages that account for it.

Masked means: cut to what the question needs, identifiers that were recognised replaced, band-limited, levelled, padded
to one of a few lengths. The voice is not disguised.
"""

from earmark.airlock.choosing import Asked, Choice, Day, asked_of, choice_of, days
from earmark.airlock.homecoming import HomeLabel, hearings_of, labels, labels_of, take_labels
from earmark.airlock.identifiers import mask_text, name_words
from earmark.airlock.recalling import ERASER, Unsealed, recall, unseal
from earmark.airlock.running import Sampled, hide_flagged, run

__all__ = [
    "ERASER",
    "Asked",
    "Choice",
    "Day",
    "HomeLabel",
    "Sampled",
    "Unsealed",
    "asked_of",
    "choice_of",
    "days",
    "hearings_of",
    "hide_flagged",
    "labels",
    "labels_of",
    "mask_text",
    "name_words",
    "recall",
    "run",
    "take_labels",
    "unseal",
]
