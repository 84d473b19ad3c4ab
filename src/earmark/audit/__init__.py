"""The append-only Merkle log, signed checkpoints, proofs, witnesses, receipts. It holds no personal data."""

from earmark.audit.cosigning import Seen, ask_witness, keep_words, latest_cosignature, witness_key, word_of
from earmark.audit.log import append, append_in, checkpoint_of, entry_of, latest_checkpoint, recent, sequence
from earmark.audit.merkle import Tree, canonical, extends, includes, leaf_hash
from earmark.audit.proofs import Inclusion, consistency_proof, inclusion_proof
from earmark.audit.receipts import receipt_is_genuine, sign, summary
from earmark.audit.verifying import Verdict, verify

__all__ = [
    "Inclusion",
    "Seen",
    "Tree",
    "Verdict",
    "append",
    "append_in",
    "ask_witness",
    "canonical",
    "checkpoint_of",
    "consistency_proof",
    "entry_of",
    "extends",
    "includes",
    "inclusion_proof",
    "keep_words",
    "latest_checkpoint",
    "latest_cosignature",
    "leaf_hash",
    "receipt_is_genuine",
    "recent",
    "sequence",
    "sign",
    "summary",
    "verify",
    "witness_key",
    "word_of",
]
