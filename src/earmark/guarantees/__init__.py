"""The twenty guarantees and how each stands in this version; the page `/guarantees` and docs/guarantees.md show them.

`tried` repeats, word for word, what the tests in tests/guarantees say of themselves: a test keeps the two equal, so
that no attack is claimed that is not run.
"""

from earmark.guarantees.guarantee import Guarantee, State
from earmark.guarantees.history import HISTORY
from earmark.guarantees.review import REVIEW
from earmark.guarantees.sharing import SHARING

GUARANTEES = (*HISTORY, *REVIEW, *SHARING)
"""In the order of their numbers."""

__all__ = ["GUARANTEES", "Guarantee", "State"]
