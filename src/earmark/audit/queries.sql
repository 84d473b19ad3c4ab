-- append: an event arrives
INSERT INTO audit.inbox (event) VALUES (%(event)s);

-- lock_log: one process numbers events at a time
SELECT pg_advisory_xact_lock(hashtext('earmark.audit.log'));

-- waiting: events that have no number yet
SELECT id, event FROM audit.inbox ORDER BY id LIMIT %(limit)s;

-- taken: these have their numbers
DELETE FROM audit.inbox WHERE id = ANY(%(ids)s);

-- number: events get their numbers
COPY audit.log (number, event, leaf, mark) FROM STDIN;

-- add_subtrees: subtrees that became full
INSERT INTO audit.subtrees (height, number, hash)
SELECT * FROM unnest(%(heights)s::smallint[], %(numbers)s::bigint[], %(hashes)s::bytea[])
ON CONFLICT (height, number) DO NOTHING;

-- leaves: leaf hashes in order, from a number on
SELECT leaf AS hash FROM audit.log WHERE number >= %(first)s AND number < %(end)s ORDER BY number;

-- subtrees: full subtrees of one height in order, from a number on
SELECT hash FROM audit.subtrees
 WHERE height = %(height)s AND number >= %(first)s AND number < %(end)s ORDER BY number;

-- all_subtrees: every full subtree that is stored
SELECT height, number, hash FROM audit.subtrees;

-- by_leaf: the number of the entry with this leaf
SELECT number FROM audit.log WHERE leaf = %(leaf)s ORDER BY number LIMIT 1;

-- add_checkpoint: a signed size and root
INSERT INTO audit.checkpoints (size, root, at, signature, peaks)
VALUES (%(size)s, %(root)s, %(at)s, %(signature)s, %(peaks)s);

-- checkpoints: all checkpoints, smallest first
SELECT size, root, at, signature FROM audit.checkpoints ORDER BY size;

-- checkpoint: the checkpoint of one size
SELECT size, root, at, signature FROM audit.checkpoints WHERE size = %(size)s;

-- latest_checkpoint: the newest checkpoint
SELECT size, root, at, signature, peaks FROM audit.checkpoints ORDER BY size DESC LIMIT 1;

-- one_picture: everything that this transaction reads is of one moment
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- entries: the whole log in order, as bytes
SELECT number, convert_to(event, 'UTF8'), leaf, mark FROM audit.log ORDER BY number;

-- recent: the newest entries
SELECT number, event FROM audit.log ORDER BY number DESC LIMIT %(limit)s;

-- add_cosignature: what a witness signed
INSERT INTO audit.cosignatures (witness, size, root, seen_at, signature)
VALUES (%(witness)s, %(size)s, %(root)s, %(seen_at)s, %(signature)s)
ON CONFLICT (witness, size, root) DO NOTHING;

-- cosignatures: what one witness signed, smallest first
SELECT witness, size, root, seen_at, signature FROM audit.cosignatures WHERE witness = %(witness)s ORDER BY size;

-- latest_cosignature: the newest word of one witness
SELECT witness, size, root, seen_at, signature FROM audit.cosignatures
 WHERE witness = %(witness)s ORDER BY size DESC LIMIT 1;
