"""The append-only Merkle log, signed checkpoints, receipts. It holds no personal data."""

from earmark.audit.log import (
    Verdict,
    append,
    append_in,
    checkpoint_of,
    latest_checkpoint,
    recent,
    sequence,
    verify,
)
from earmark.audit.merkle import Tree, canonical, leaf_hash
from earmark.audit.receipts import receipt_is_genuine, sign

__all__ = [
    "Tree",
    "Verdict",
    "append",
    "append_in",
    "canonical",
    "checkpoint_of",
    "latest_checkpoint",
    "leaf_hash",
    "receipt_is_genuine",
    "recent",
    "sequence",
    "sign",
    "verify",
]
