-- kept: every recording with its key and its sound
SELECT i.id, i.key_slot, p.key_slot AS person_slot, i.object, g.allowed
  FROM vault.interactions i
  JOIN accounts.people p ON p.id = i.person_id
  JOIN vault.grants g ON g.id = i.grant_id;

-- keepsakes: everything that skills keep, with its key
SELECT k.id, k.key_slot, p.key_slot AS person_slot
  FROM vault.keepsakes k JOIN accounts.people p ON p.id = k.person_id;

-- tombstones: every key that was destroyed
SELECT store, slot FROM vault.tombstones;

-- masked: every masked copy with its key, its sound and its seal
SELECT t.id, t.key_slot, t.object, s.interaction_id
  FROM review.tasks t LEFT JOIN airlock.seals s ON s.task_id = t.id;

-- seals_without_task: links to tasks that are gone
SELECT s.task_id FROM airlock.seals s LEFT JOIN review.tasks t ON t.id = s.task_id WHERE t.id IS NULL;

-- not_allowed: clips in review whose owner's latest word, in general or for the device, does not allow it
SELECT s.task_id
  FROM airlock.seals s
  JOIN review.tasks t ON t.id = s.task_id
  JOIN vault.interactions i ON i.id = s.interaction_id
 WHERE t.state <> 'done' AND (
    NOT coalesce((
        SELECT g.allowed FROM vault.grants g
         WHERE g.person_id = i.person_id AND g.purpose = 'review' AND g.device_id IS NULL
         ORDER BY g.id DESC LIMIT 1), false)
    OR NOT coalesce((
        SELECT g.allowed FROM vault.grants g
         WHERE g.person_id = i.person_id AND g.purpose = 'review' AND g.device_id = i.device_id
         ORDER BY g.id DESC LIMIT 1), true));

-- named_objects: every piece of sound that a row names
SELECT object FROM vault.interactions WHERE object IS NOT NULL UNION ALL SELECT object FROM review.tasks;

-- unfinished: erasures that were begun and not completed
SELECT count(*) AS n FROM vault.erasures WHERE done_at IS NULL;
