-- begin: everything that follows sees the rows as they are now, however long the files and keys take to read
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

-- unfinished: erasures that were begun and not completed
SELECT id FROM vault.erasures WHERE done_at IS NULL;

-- make_room: where the names of files and the states of keys are put beside the rows
CREATE TEMPORARY TABLE found_objects (name text) ON COMMIT DROP;
CREATE TEMPORARY TABLE found_slots (store text, slot bigint, state text) ON COMMIT DROP;

-- put_objects: every file there is
COPY found_objects (name) FROM STDIN;

-- put_slots: every key there is, and how it is
COPY found_slots (store, slot, state) FROM STDIN;

-- look_at_them: or the planner takes them for empty
ANALYZE found_objects, found_slots;

-- revived_keys: destroyed keys that hold a secret
SELECT t.store, t.slot FROM vault.tombstones t JOIN found_slots f USING (store, slot)
 WHERE f.state IN ('free', 'live');

-- person_keys: people whose secret can't be read; who came by an invitation has none
SELECT p.id FROM accounts.people p LEFT JOIN found_slots f ON f.store = 'vault' AND f.slot = p.key_slot
 WHERE p.key_slot IS NOT NULL AND (f.state IS NULL OR f.state IN ('bad', 'gone'));

-- sound_missing: recordings whose file is not there
SELECT i.id FROM vault.interactions i LEFT JOIN found_objects f ON f.name = i.object
 WHERE i.object IS NOT NULL AND f.name IS NULL;

-- keys_destroyed: recordings of which a key, their own or their person's, was destroyed: nobody will ever read them
SELECT i.id, i.person_id
  FROM vault.interactions i
  JOIN accounts.people p ON p.id = i.person_id
  LEFT JOIN found_slots own ON own.store = 'vault' AND own.slot = i.key_slot
  LEFT JOIN found_slots theirs ON theirs.store = 'vault' AND theirs.slot = p.key_slot
 WHERE 'gone' IN (own.state, theirs.state);

-- keys_unreadable: recordings of which a key is not there or damaged; a backup of the keys may have it
SELECT i.id
  FROM vault.interactions i
  JOIN accounts.people p ON p.id = i.person_id
  LEFT JOIN found_slots own ON own.store = 'vault' AND own.slot = i.key_slot
  LEFT JOIN found_slots theirs ON theirs.store = 'vault' AND theirs.slot = p.key_slot
 WHERE i.key_slot IS NOT NULL
   AND 'gone' NOT IN (coalesce(own.state, 'bad'), coalesce(theirs.state, 'bad'))
   AND 'bad' IN (coalesce(own.state, 'bad'), coalesce(theirs.state, 'bad'));

-- lines_destroyed: what skills keep whose key was destroyed, its own or its person's
SELECT k.id, k.person_id
  FROM vault.keepsakes k
  JOIN accounts.people p ON p.id = k.person_id
  LEFT JOIN found_slots own ON own.store = 'vault' AND own.slot = k.key_slot
  LEFT JOIN found_slots theirs ON theirs.store = 'vault' AND theirs.slot = p.key_slot
 WHERE 'gone' IN (own.state, theirs.state);

-- lines_unreadable: what skills keep whose key is not there or damaged
SELECT k.id
  FROM vault.keepsakes k
  JOIN accounts.people p ON p.id = k.person_id
  LEFT JOIN found_slots own ON own.store = 'vault' AND own.slot = k.key_slot
  LEFT JOIN found_slots theirs ON theirs.store = 'vault' AND theirs.slot = p.key_slot
 WHERE k.key_slot IS NOT NULL
   AND 'gone' NOT IN (coalesce(own.state, 'bad'), coalesce(theirs.state, 'bad'))
   AND 'bad' IN (coalesce(own.state, 'bad'), coalesce(theirs.state, 'bad'));

-- lines_without_key: what skills kept before each had a key of its own
SELECT id FROM vault.keepsakes WHERE key_slot IS NULL;

-- without_grant: recordings that name no word of their person that allowed keeping them
SELECT i.id FROM vault.interactions i JOIN vault.grants g ON g.id = i.grant_id
 WHERE NOT g.allowed OR g.person_id <> i.person_id;

-- clip_sound_missing: clips in review whose file is not there
SELECT t.id FROM review.tasks t LEFT JOIN found_objects f ON f.name = t.object WHERE f.name IS NULL;

-- clip_key_destroyed: clips in review whose key was destroyed
SELECT t.id FROM review.tasks t JOIN found_slots f ON f.store = 'review' AND f.slot = t.key_slot
 WHERE f.state = 'gone';

-- clip_key_unreadable: clips in review whose key is not there or damaged
SELECT t.id FROM review.tasks t LEFT JOIN found_slots f ON f.store = 'review' AND f.slot = t.key_slot
 WHERE f.state IS NULL OR f.state = 'bad';

-- clip_without_seal: clips in review of which nobody can tell any more whose they are
SELECT t.id FROM review.tasks t LEFT JOIN airlock.seals s ON s.task_id = t.id
 WHERE s.task_id IS NULL AND t.region <> 'training';

-- clip_not_allowed: clips in review whose owner's latest word, in general or for the device, does not allow it; with
-- what must be pulled back: a purpose, of all devices or of this one
SELECT task_id AS id, person_id, purpose, CASE WHEN NOT general THEN NULL ELSE device_id END AS device_id FROM (
    SELECT s.task_id, i.person_id, i.device_id, w.purpose,
           coalesce((
                SELECT g.allowed FROM vault.grants g
                 WHERE g.person_id = i.person_id AND g.purpose = w.purpose AND g.device_id IS NULL
                 ORDER BY g.id DESC LIMIT 1), false) AS general,
           coalesce((
                SELECT g.allowed FROM vault.grants g
                 WHERE g.person_id = i.person_id AND g.purpose = w.purpose AND g.device_id = i.device_id
                 ORDER BY g.id DESC LIMIT 1), true) AS here
      FROM airlock.seals s
      JOIN review.tasks t ON t.id = s.task_id
      JOIN vault.interactions i ON i.id = s.interaction_id
      CROSS JOIN (VALUES ('review'), ('transcription')) w (purpose)
     WHERE t.state <> 'done'
       AND (w.purpose = 'review' OR i.kind = 'message' AND s.question NOT IN ('wake', 'understood'))) words
 WHERE NOT (general AND here);

-- clip_out_of_bounds: clips in review of guests or of children, that wait for their owner's yes, or of a false wake
-- beyond its wake word
SELECT t.id FROM airlock.seals s
  JOIN review.tasks t ON t.id = s.task_id
  JOIN vault.interactions i ON i.id = s.interaction_id
  JOIN accounts.people p ON p.id = i.person_id
  LEFT JOIN airlock.choices c ON c.interaction_id = i.id
 WHERE t.state <> 'done'
   AND (i.guest_session IS NOT NULL OR p.child OR c.step = 'asked' OR i.kind = 'false_wake' AND s.question <> 'wake');

-- child_sound: recordings of children with sound
SELECT i.id, i.person_id FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE p.child AND i.object IS NOT NULL;

-- false_wakes_kept: false wakes that are more than a line, of somebody who doesn't donate them
SELECT id, person_id FROM (
    SELECT i.id, i.person_id,
           coalesce((
                SELECT g.allowed FROM vault.grants g
                 WHERE g.person_id = i.person_id AND g.purpose = 'donate' AND g.device_id IS NULL
                 ORDER BY g.id DESC LIMIT 1), false)
           AND coalesce((
                SELECT g.allowed FROM vault.grants g
                 WHERE g.person_id = i.person_id AND g.purpose = 'donate' AND g.device_id = i.device_id
                 ORDER BY g.id DESC LIMIT 1), true) AS donated
      FROM vault.interactions i WHERE i.kind = 'false_wake' AND i.key_slot IS NOT NULL) kept
 WHERE NOT donated;

-- seal_without_clip: links to clips that are gone
SELECT s.task_id AS id FROM airlock.seals s LEFT JOIN review.tasks t ON t.id = s.task_id WHERE t.id IS NULL;

-- dataset_of_gone: dataset versions in use that hold a label that is gone
SELECT d.version AS id FROM learn.datasets d
 WHERE d.state = 'current' AND EXISTS (
    SELECT FROM learn.dataset_labels dl LEFT JOIN airlock.labels l ON l.id = dl.label_id
     WHERE dl.version = d.version AND l.id IS NULL);

-- loose_objects: files that no row names
SELECT f.name AS id FROM found_objects f
  LEFT JOIN vault.interactions i ON i.object = f.name
  LEFT JOIN review.tasks t ON t.object = f.name
 WHERE i.id IS NULL AND t.id IS NULL;

-- unnamed_keys: keys that were handed out and that no row names; those that came back are told apart
SELECT f.store, f.slot FROM found_slots f
  LEFT JOIN (
    SELECT 'vault' AS store, key_slot AS slot FROM accounts.people
     UNION ALL SELECT 'vault', key_slot FROM vault.interactions
     UNION ALL SELECT 'vault', key_slot FROM vault.keepsakes
     UNION ALL SELECT 'vault', key_slot FROM learn.runs
     UNION ALL SELECT 'review', key_slot FROM review.tasks
     UNION ALL SELECT store, slot FROM vault.tombstones) named USING (store, slot)
 WHERE f.state = 'live' AND named.slot IS NULL;

-- named_objects: every piece of sound that a row names
SELECT object FROM vault.interactions WHERE object IS NOT NULL UNION ALL SELECT object FROM review.tasks;

-- add_tombstones: remember destroyed slots
INSERT INTO vault.tombstones (store, slot)
SELECT %(store)s, unnest(%(slots)s::bigint[]) ON CONFLICT DO NOTHING;

-- connected: connections of every process of this installation, this one's included
SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY(%(roles)s);
