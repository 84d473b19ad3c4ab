-- sides: which side people are on
SELECT person_key, side FROM learn.sides;

-- lock_sides: one process decides sides at a time
SELECT pg_advisory_xact_lock(hashtextextended('learn.sides', 0));

-- add_side: a person's side, for ever
INSERT INTO learn.sides (person_key, side) VALUES (%(person)s, %(side)s) ON CONFLICT DO NOTHING;

-- count_labels: how many of these are still there
SELECT count(*) AS n FROM airlock.labels WHERE id = ANY(%(ids)s);

-- add_dataset: a version of the labels; making the same one twice keeps one
INSERT INTO learn.datasets (version, purpose, made_on) VALUES (%(version)s, %(purpose)s, %(on)s)
ON CONFLICT (version) DO NOTHING;

-- add_dataset_labels: its lines
INSERT INTO learn.dataset_labels (version, label_id, label_hash, side)
SELECT %(version)s, * FROM unnest(%(ids)s::uuid[], %(hashes)s::bytea[], %(sides)s::text[])
ON CONFLICT DO NOTHING;

-- dataset: one version and whether it may still be used
SELECT version, purpose, state, made_on FROM learn.datasets WHERE version = %(version)s;

-- dataset_labels: the lines of one version
SELECT label_id, label_hash, side FROM learn.dataset_labels WHERE version = %(version)s ORDER BY label_id;

-- uses: which versions hold these labels, on which side, and which models any part of was learned from each
SELECT dl.label_id, d.version AS dataset, d.purpose, d.made_on AS day, dl.side, d.state = 'revoked' AS revoked,
       ARRAY(SELECT b.version FROM learn.bundles b
              WHERE b.dataset = d.version
                 OR EXISTS (SELECT FROM jsonb_each_text(b.manifest -> 'datasets') part WHERE part.value = d.version)
              ORDER BY b.version) AS models
  FROM learn.dataset_labels dl JOIN learn.datasets d ON d.version = dl.version
 WHERE dl.label_id = ANY(%(ids)s) ORDER BY d.made_on, d.version;

-- add_bundle: a bundle that was written and signed
INSERT INTO learn.bundles (version, dataset, parent, state, manifest, made_at)
VALUES (%(version)s, %(dataset)s, %(parent)s, 'candidate', %(manifest)s, %(now)s)
ON CONFLICT (version) DO NOTHING;

-- bundles: every bundle, newest first
SELECT version, dataset, parent, state, manifest, made_at, promoted_at, ended_at FROM learn.bundles
 ORDER BY made_at DESC, version;

-- bundle: one bundle
SELECT version, dataset, parent, state, manifest, made_at, promoted_at, ended_at FROM learn.bundles WHERE version = %(version)s;

-- good_bundles: the promoted bundle, then those that were promoted before it, newest first
SELECT version, state FROM learn.bundles
 WHERE state = 'promoted' OR (state = 'candidate' AND promoted_at IS NOT NULL)
 ORDER BY (state = 'promoted') DESC, promoted_at DESC;

-- lock_bundles: one promotion at a time
SELECT pg_advisory_xact_lock(hashtextextended('learn.bundles', 0));

-- stand_down: the promoted bundle steps back, or is refused
UPDATE learn.bundles SET state = %(state)s, ended_at = CASE WHEN %(state)s = 'refused' THEN %(now)s::timestamptz END
 WHERE state = 'promoted' RETURNING version;

-- refuse: devices did worse with this candidate
UPDATE learn.bundles SET state = 'refused', ended_at = %(now)s WHERE version = %(version)s AND state = 'candidate';

-- stand_up: a bundle that was refused before is tried once more
UPDATE learn.bundles SET state = 'candidate', ended_at = NULL WHERE version = %(version)s AND state = 'refused';

-- set_promoted: this bundle is in use from now on
UPDATE learn.bundles SET state = 'promoted', promoted_at = coalesce(%(now)s, promoted_at), ended_at = NULL
 WHERE version = %(version)s;

-- revoked_datasets_of: which of these versions may no longer be used
SELECT version FROM learn.datasets WHERE version = ANY(%(versions)s) AND state = 'revoked';

-- set_retired: these are not to be used again
UPDATE learn.bundles SET state = 'retired', ended_at = %(now)s WHERE version = ANY(%(versions)s) AND state <> 'retired'
RETURNING version;

-- announce: running assistants and devices look which bundle is promoted
SELECT pg_notify('earmark_bundle', %(version)s);

-- revoke_datasets: versions that contain a label of these recordings
UPDATE learn.datasets d SET state = 'revoked'
 WHERE d.state = 'current' AND EXISTS (
    SELECT FROM learn.dataset_labels dl JOIN airlock.labels l ON l.id = dl.label_id
     WHERE dl.version = d.version AND l.interaction_id = ANY(%(ids)s))
RETURNING version;

-- touched_datasets: the same, asked before anything is deleted
SELECT d.version FROM learn.datasets d
 WHERE d.state = 'current' AND EXISTS (
    SELECT FROM learn.dataset_labels dl JOIN airlock.labels l ON l.id = dl.label_id
     WHERE dl.version = d.version AND l.interaction_id = ANY(%(ids)s))
 ORDER BY d.made_on DESC, d.version;

-- touched_bundles: bundles of which any part was learned from one of these versions
SELECT b.version FROM learn.bundles b
 WHERE b.state <> 'retired' AND (
    b.dataset = ANY(%(datasets)s)
    OR EXISTS (SELECT FROM jsonb_each_text(b.manifest -> 'datasets') part WHERE part.value = ANY(%(datasets)s)))
 ORDER BY b.made_at DESC, b.version;

-- add_remakes: these are to be made again without what was deleted
INSERT INTO learn.remakes (retired, asked_at) SELECT unnest(%(versions)s::text[]), %(now)s ON CONFLICT DO NOTHING;

-- remakes: what is to be made again, and what was
SELECT retired, asked_at, done_at, made FROM learn.remakes ORDER BY done_at IS NOT NULL, id DESC LIMIT 100;

-- end_remakes: learning has run since
UPDATE learn.remakes SET done_at = %(now)s, made = %(made)s WHERE done_at IS NULL AND asked_at <= %(began)s;
-- revoke_versions: these may not be used any more
UPDATE learn.datasets SET state = 'revoked' WHERE version = ANY(%(versions)s) AND state = 'current';

-- bundles_of_revoked: bundles of which any part was learned from a version that is revoked
SELECT b.version, b.state, b.promoted_at FROM learn.bundles b
 WHERE b.state <> 'retired' AND EXISTS (
    SELECT FROM learn.datasets d
     WHERE d.state = 'revoked'
       AND (d.version = b.dataset
            OR EXISTS (SELECT FROM jsonb_each_text(b.manifest -> 'datasets') part WHERE part.value = d.version)));

-- lines_and_labels: the lines of these versions, and whether the label of each is still there
SELECT dl.version, dl.label_id, dl.label_hash, dl.side, d.state, l.id IS NOT NULL AS alive
  FROM learn.dataset_labels dl JOIN learn.datasets d ON d.version = dl.version
  LEFT JOIN airlock.labels l ON l.id = dl.label_id
 WHERE dl.version = ANY(%(versions)s) ORDER BY dl.version, dl.label_id;

-- datasets: every version, newest first, with its size and what was learned from it
SELECT d.version, d.made_on, d.state = 'revoked' AS revoked,
       (SELECT count(*) FROM learn.dataset_labels dl WHERE dl.version = d.version AND dl.side = 'train') AS train,
       (SELECT count(*) FROM learn.dataset_labels dl WHERE dl.version = d.version AND dl.side = 'heldout') AS heldout,
       ARRAY(SELECT b.version FROM learn.bundles b
              WHERE b.dataset = d.version
                 OR EXISTS (SELECT FROM jsonb_each_text(b.manifest -> 'datasets') part WHERE part.value = d.version)
              ORDER BY b.version) AS models
  FROM learn.datasets d ORDER BY d.made_on DESC, d.version;
-- taken_back: bundles that no device shall run any more, and since when
SELECT version, state, ended_at FROM learn.bundles WHERE state IN ('refused', 'retired') ORDER BY version;

-- add_rollout: a candidate goes out to the first devices
INSERT INTO learn.rollouts (version, base, stage, by, began_at, stage_at)
VALUES (%(version)s, coalesce((SELECT version FROM learn.bundles WHERE state = 'promoted'), %(builtin)s), %(stage)s, %(by)s,
        %(now)s, %(now)s)
RETURNING *;

-- open_rollout: the one that is going on
SELECT * FROM learn.rollouts WHERE ended_at IS NULL;

-- last_rollout: the one that is going on, or the last one
SELECT * FROM learn.rollouts ORDER BY id DESC LIMIT 1;

-- set_reach: how far it reaches, now that somebody knows which devices there are
UPDATE learn.rollouts SET reach = %(reach)s WHERE id = %(id)s AND stage = %(stage)s AND ended_at IS NULL RETURNING id;

-- set_look: what the worker saw in this stage
UPDATE learn.rollouts SET look = %(look)s WHERE id = %(id)s AND stage = %(stage)s AND ended_at IS NULL RETURNING id;

-- next_stage: more devices get it; nothing where somebody else was quicker
UPDATE learn.rollouts SET stage = %(stage)s, reach = NULL, stage_at = %(now)s, look = NULL
 WHERE id = %(id)s AND stage < %(stage)s AND ended_at IS NULL RETURNING id;

-- end_rollout: it is over; nothing where it was over before
UPDATE learn.rollouts SET ended_at = %(now)s, outcome = %(outcome)s,
       stage = CASE WHEN %(outcome)s = 'promoted' THEN 100 ELSE stage END
 WHERE id = %(id)s AND ended_at IS NULL RETURNING id, stage;

-- add_step: what was done, and what decided
INSERT INTO learn.rollout_steps (rollout, at, what, stage, by, why, numbers)
VALUES (%(id)s, %(now)s, %(what)s, %(stage)s, %(by)s, %(why)s, %(numbers)s);

-- steps: of one roll-out, oldest first
SELECT at, what, stage, by, why, numbers FROM learn.rollout_steps WHERE rollout = %(id)s ORDER BY id;

-- set_live_day: what a day was like with a bundle, counted again as long as the day goes on
INSERT INTO learn.live_days (day, bundle, devices, wakes, false_wakes, understood, refused)
VALUES (%(day)s, %(bundle)s, %(devices)s, %(wakes)s, %(false_wakes)s, %(understood)s, %(refused)s)
ON CONFLICT (day, bundle) DO UPDATE SET devices = EXCLUDED.devices, wakes = EXCLUDED.wakes,
    false_wakes = EXCLUDED.false_wakes, understood = EXCLUDED.understood, refused = EXCLUDED.refused;

-- live_days: since a day, oldest first
SELECT day, bundle, devices, wakes, false_wakes, understood, refused FROM learn.live_days
 WHERE day >= %(since)s ORDER BY day, bundle;

-- forget_fleet: it is counted anew
DELETE FROM learn.fleet;

-- set_fleet: how many devices run each bundle
INSERT INTO learn.fleet (bundle, devices) SELECT * FROM unnest(%(bundles)s::text[], %(devices)s::integer[]);

-- fleet: how many devices run each bundle
SELECT bundle, devices FROM learn.fleet ORDER BY devices DESC, bundle;
