-- key_slot_of_person: where a person's secret lies
SELECT key_slot FROM accounts.people WHERE id = %(person)s;

-- add_interaction: keep one exchange, unless its grant was taken back a moment ago; a file imported twice is kept once
INSERT INTO vault.interactions (
    id, person_id, device_id, grant_id, started_at, kind, key_slot, object, duration, wake_start, wake_end, wake_word,
    wake_score, verifier_score, bundle, expires_at, sealed, tokens, import_hash)
SELECT
    %(id)s, %(person)s, %(device)s, %(grant)s, %(started_at)s, %(kind)s, %(slot)s, %(object)s, %(duration)s,
    %(wake_start)s, %(wake_end)s, %(wake_word)s, %(wake_score)s, %(verifier_score)s, %(bundle)s, %(expires_at)s,
    %(sealed)s, %(tokens)s, %(import_hash)s
 WHERE NOT EXISTS (
    SELECT FROM vault.grants g
     WHERE g.person_id = %(person)s AND g.purpose = 'save' AND g.id > %(grant)s AND NOT g.allowed
       AND (g.device_id IS NULL OR g.device_id = %(device)s))
ON CONFLICT (person_id, import_hash) DO NOTHING
RETURNING id;

-- imported: was this file imported before
SELECT id FROM vault.interactions WHERE person_id = %(person)s AND import_hash = %(import_hash)s;

-- history: one page of a person's interactions, newest first
SELECT i.*, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.person_id = %(person)s AND (i.started_at, i.id) < (%(before_at)s, %(before_id)s)
 ORDER BY i.started_at DESC, i.id DESC
 LIMIT %(limit)s;

-- search: one page of a person's interactions that hold all these words, newest first
-- Frequent words fill a page from the newest thousand; if they don't, the index of words is asked for all that match.
-- Left to the planner, two frequent words that were never said together would have every row read.
WITH near AS MATERIALIZED (
    SELECT id, started_at FROM (
        SELECT id, started_at, tokens FROM vault.interactions
         WHERE person_id = %(person)s AND (started_at, id) < (%(before_at)s, %(before_id)s)
         ORDER BY started_at DESC, id DESC LIMIT 1000) newest
     WHERE tokens @> %(tokens)s
     ORDER BY started_at DESC, id DESC LIMIT %(limit)s
), far AS MATERIALIZED (
    SELECT id, started_at FROM vault.interactions
     WHERE (SELECT count(*) FROM near) < %(limit)s
       AND person_id = %(person)s AND tokens @> %(tokens)s AND (started_at, id) < (%(before_at)s, %(before_id)s)
), page AS (
    SELECT * FROM near WHERE (SELECT count(*) FROM near) = %(limit)s
     UNION ALL SELECT * FROM far
     ORDER BY started_at DESC, id DESC LIMIT %(limit)s
)
SELECT i.*, p.key_slot AS person_slot
  FROM page JOIN vault.interactions i USING (id) JOIN accounts.people p ON p.id = i.person_id
 ORDER BY i.started_at DESC, i.id DESC;

-- interaction: one interaction
SELECT i.*, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.id = %(id)s;

-- slots_of_interactions: where the secrets of these recordings and of their people lie
SELECT i.id, i.key_slot, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.id = ANY(%(ids)s);

-- owned: those of these interactions that belong to this person
SELECT id FROM vault.interactions WHERE person_id = %(person)s AND id = ANY(%(ids)s);

-- all_of_person: everything of one person
SELECT id FROM vault.interactions WHERE person_id = %(person)s;

-- since: everything of one person since a time
SELECT id FROM vault.interactions WHERE person_id = %(person)s AND started_at >= %(since)s;

-- last_of_person: the newest interaction of one person, but one
SELECT id FROM vault.interactions
 WHERE person_id = %(person)s AND (%(device)s::uuid IS NULL OR device_id = %(device)s)
 ORDER BY started_at DESC, id DESC LIMIT 1;

-- count_of_person: how many interactions one person has
SELECT count(*) AS n FROM vault.interactions WHERE person_id = %(person)s;

-- held_of_person: how many recordings one person has, and how long they are together
SELECT count(*) AS recordings, coalesce(sum(duration), 0)::float AS seconds FROM vault.interactions
 WHERE person_id = %(person)s;

-- expired: whose clock has run out
SELECT id, person_id FROM vault.interactions WHERE expires_at <= %(now)s ORDER BY expires_at LIMIT %(limit)s;

-- doomed_interactions: keys and objects of interactions that are to go
SELECT key_slot, object FROM vault.interactions WHERE id = ANY(%(ids)s);

-- erase_interactions: the rows go; hearings, choices, seals and labels go with them
DELETE FROM vault.interactions WHERE id = ANY(%(ids)s);

-- doomed_keepsakes: keys of what skills kept and is to go
SELECT key_slot FROM vault.keepsakes WHERE id = ANY(%(ids)s) AND key_slot IS NOT NULL;

-- erase_keepsakes: the rows go
DELETE FROM vault.keepsakes WHERE id = ANY(%(ids)s) RETURNING kind;

-- hearings: who listened to these interactions
SELECT interaction_id, role, site, day, purpose FROM vault.hearings WHERE interaction_id = ANY(%(ids)s) ORDER BY day, id;

-- add_erasure: an erasure begins
INSERT INTO vault.erasures (id, person_id, interaction_ids, keepsake_ids, asked_how, asked_at)
VALUES (%(id)s, %(person)s, %(interactions)s, %(keepsakes)s, %(how)s, %(now)s);

-- add_tombstones: remember destroyed slots
INSERT INTO vault.tombstones (store, slot)
SELECT %(store)s, unnest(%(slots)s::bigint[]) ON CONFLICT DO NOTHING;

-- tombstones: destroyed slots of one key store
SELECT slot FROM vault.tombstones WHERE store = %(store)s;

-- end_erasure: an erasure is complete; what it was of is forgotten too
UPDATE vault.erasures SET done_at = %(now)s, receipt = %(receipt)s, interaction_ids = '{}', keepsake_ids = '{}'
 WHERE id = %(id)s;

-- unfinished_erasures: begun and not complete
SELECT id, person_id, interaction_ids, keepsake_ids, asked_how, asked_at
  FROM vault.erasures WHERE done_at IS NULL ORDER BY asked_at;

-- receipts: a person's receipts, newest first
SELECT receipt FROM vault.erasures WHERE person_id = %(person)s AND done_at IS NOT NULL ORDER BY asked_at DESC LIMIT 200;

-- all_receipts: every receipt of a person, newest first
SELECT receipt FROM vault.erasures WHERE person_id = %(person)s AND done_at IS NOT NULL ORDER BY asked_at DESC, id;

-- receipt: one receipt of a person
SELECT receipt FROM vault.erasures WHERE id = %(id)s AND person_id = %(person)s AND done_at IS NOT NULL;

-- add_device: a device joins
INSERT INTO vault.devices (id, household_id, person_id, sealed, token_hash, wake_word, created_on)
VALUES (%(id)s, %(household)s, %(person)s, %(sealed)s, %(token_hash)s, %(wake_word)s, %(on)s);

-- devices: a person's devices
SELECT d.*, p.key_slot AS person_slot FROM vault.devices d JOIN accounts.people p ON p.id = d.person_id
 WHERE d.person_id = %(person)s ORDER BY d.created_on, d.id;

-- device_by_token: which device this is
SELECT d.*, p.key_slot AS person_slot FROM vault.devices d JOIN accounts.people p ON p.id = d.person_id
 WHERE d.token_hash = %(token_hash)s;

-- bundles_of_devices: how many devices have loaded which bundle
SELECT bundle, count(*) AS devices FROM vault.devices GROUP BY bundle ORDER BY bundle;

-- device_runs: what a device has loaded
UPDATE vault.devices SET bundle = %(bundle)s WHERE id = %(id)s;

-- add_keepsake: something a skill keeps
INSERT INTO vault.keepsakes (id, household_id, person_id, for_person_id, kind, key_slot, sealed, due_at, created_at)
VALUES (%(id)s, %(household)s, %(person)s, %(for_person)s, %(kind)s, %(slot)s, %(sealed)s, %(due_at)s, %(now)s);

-- keepsakes: what a household keeps of one kind, oldest first
SELECT k.*, p.key_slot AS person_slot FROM vault.keepsakes k JOIN accounts.people p ON p.id = k.person_id
 WHERE k.household_id = %(household)s AND k.kind = %(kind)s ORDER BY k.created_at, k.id;

-- keepsakes_of_person: what one person had kept, and the messages that wait for them
SELECT id, kind FROM vault.keepsakes WHERE person_id = %(person)s OR for_person_id = %(person)s;

-- keepsakes_held: what one person had kept, and the messages that wait for them, with their content, oldest first
SELECT k.*, p.key_slot AS person_slot FROM vault.keepsakes k JOIN accounts.people p ON p.id = k.person_id
 WHERE k.person_id = %(person)s OR k.for_person_id = %(person)s ORDER BY k.created_at, k.id;

-- owned_keepsakes: those of these that one person had kept, or that wait for them
SELECT id FROM vault.keepsakes
 WHERE id = ANY(%(ids)s) AND (person_id = %(person)s OR for_person_id = %(person)s);

-- drop_keepsakes: throw away what a skill kept; its key is marked as destroyed in the same breath
WITH gone AS (
    DELETE FROM vault.keepsakes WHERE household_id = %(household)s AND id = ANY(%(ids)s) RETURNING key_slot),
buried AS (
    INSERT INTO vault.tombstones (store, slot) SELECT 'vault', key_slot FROM gone WHERE key_slot IS NOT NULL
    ON CONFLICT DO NOTHING)
SELECT key_slot FROM gone;

-- drop_rung: throw away timers and alarms that have rung; their keys are marked as destroyed in the same breath
WITH gone AS (
    DELETE FROM vault.keepsakes WHERE kind = 'alarm' AND due_at <= %(now)s RETURNING key_slot),
buried AS (
    INSERT INTO vault.tombstones (store, slot) SELECT 'vault', key_slot FROM gone WHERE key_slot IS NOT NULL
    ON CONFLICT DO NOTHING)
SELECT key_slot FROM gone;
