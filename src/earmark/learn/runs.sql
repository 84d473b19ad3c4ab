-- try_alone: only one run at a time; the lock goes with this connection, however its process ends
SELECT pg_try_advisory_lock(hashtextextended('learn.run', 0)) AS alone;

-- let_go: the next run may begin
SELECT pg_advisory_unlock(hashtextextended('learn.run', 0));

-- lock_bundles: an erasure takes this lock before anything else
SELECT pg_advisory_xact_lock(hashtextextended('learn.bundles', 0));

-- runs: every run that was not finished
SELECT id, key_slot, begun_at FROM learn.runs;

-- add_run: a run begins, unless something in it was revoked since
INSERT INTO learn.runs (id, datasets, key_slot, begun_at)
SELECT %(id)s, %(datasets)s, %(slot)s, %(now)s
 WHERE NOT EXISTS (SELECT FROM learn.datasets WHERE version = ANY(%(datasets)s) AND state = 'revoked')
RETURNING id;

-- drop_runs: these are over
DELETE FROM learn.runs WHERE id = ANY(%(ids)s);

-- bury: keys that stay destroyed even when a backup of the key store comes back
INSERT INTO vault.tombstones (store, slot) SELECT 'vault', unnest(%(slots)s::bigint[]) ON CONFLICT DO NOTHING;

-- doomed_runs: runs with anything of these recordings in them, asked while their labels are still there
SELECT r.key_slot FROM learn.runs r
 WHERE EXISTS (
    SELECT FROM learn.dataset_labels dl JOIN airlock.labels l ON l.id = dl.label_id
     WHERE dl.version = ANY(r.datasets) AND l.interaction_id = ANY(%(ids)s));

-- drop_revoked_runs: runs of which any version was revoked
DELETE FROM learn.runs r
 WHERE EXISTS (SELECT FROM learn.datasets d WHERE d.state = 'revoked' AND d.version = ANY(r.datasets))
RETURNING id, key_slot;
