-- append: an event arrives
INSERT INTO audit.inbox (event) VALUES (%(event)s);

-- lock_log: one process numbers events at a time
SELECT pg_advisory_xact_lock(hashtext('earmark.audit.log'));

-- waiting: events that have no number yet
SELECT id, event FROM audit.inbox ORDER BY id LIMIT 10000;

-- taken: these have their numbers
DELETE FROM audit.inbox WHERE id = ANY(%(ids)s);

-- size: how many events the log holds
SELECT count(*) AS n FROM audit.log;

-- number: an event gets its number
INSERT INTO audit.log (number, event, leaf) VALUES (%(number)s, %(event)s, %(leaf)s);

-- entries: the log, in order, from a number on
SELECT number, event, leaf FROM audit.log WHERE number >= %(first)s ORDER BY number LIMIT %(limit)s;

-- leaves: all leaf hashes in order
SELECT leaf FROM audit.log ORDER BY number;

-- add_checkpoint: a signed size and root
INSERT INTO audit.checkpoints (size, root, at, signature) VALUES (%(size)s, %(root)s, %(at)s, %(signature)s)
ON CONFLICT (size) DO NOTHING;

-- checkpoints: all checkpoints, oldest first
SELECT size, root, at, signature FROM audit.checkpoints ORDER BY size;

-- latest_checkpoint: the newest checkpoint
SELECT size, root, at, signature FROM audit.checkpoints ORDER BY size DESC LIMIT 1;

-- recent: the newest entries
SELECT number, event FROM audit.log ORDER BY number DESC LIMIT %(limit)s;
