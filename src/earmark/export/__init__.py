"""Taking everything along: one ZIP with what is held about a person, to browse offline and to read by program.

It stands between the rooms, like `forget`: it reaches vault, consent, airlock, learn and accounts.

async for piece in stream(stores, person_id, how="command"): file.write(piece)
await estimate(stores, person_id)          # counts, size and time, before
"""

from earmark.export.document import VERSION, Document, Entry, schema, schema_text
from earmark.export.gathering import Estimate, estimate
from earmark.export.streaming import How, stream

__all__ = ["VERSION", "Document", "Entry", "Estimate", "How", "estimate", "schema", "schema_text", "stream"]
