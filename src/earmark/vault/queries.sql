-- key_slot_of_person: where a person's secret lies
SELECT key_slot FROM accounts.people WHERE id = %(person)s;

-- add_interaction: keep one exchange, unless its grant was taken back a moment ago; a file imported twice is kept once
WITH guests AS (
    UPDATE vault.guest_sessions SET last_at = %(now)s
     WHERE device_id = %(device)s AND last_at > %(guests_since)s AND expires_at > %(now)s RETURNING id)
INSERT INTO vault.interactions (
    id, person_id, device_id, grant_id, started_at, kind, key_slot, object, duration, wake_start, wake_end, wake_word,
    wake_score, verifier_score, bundle, expires_at, sealed, tokens, import_hash, kept_at, guest_session)
SELECT
    %(id)s, %(person)s, %(device)s, %(grant)s, %(started_at)s, %(kind)s, %(slot)s, %(object)s, %(duration)s,
    %(wake_start)s, %(wake_end)s, %(wake_word)s, %(wake_score)s, %(verifier_score)s, %(bundle)s, %(expires_at)s,
    %(sealed)s, %(tokens)s, %(import_hash)s, %(now)s, (SELECT id FROM guests LIMIT 1)
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
 WHERE i.person_id = %(person)s AND (i.started_at, i.id) < (%(before_at)s, %(before_id)s) AND i.started_at >= %(since)s
 ORDER BY i.started_at DESC, i.id DESC
 LIMIT %(limit)s;

-- history_of_kind: the same, of one kind
SELECT i.*, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.person_id = %(person)s AND i.kind = %(kind)s
   AND (i.started_at, i.id) < (%(before_at)s, %(before_id)s) AND i.started_at >= %(since)s
 ORDER BY i.started_at DESC, i.id DESC
 LIMIT %(limit)s;

-- history_of_device: the same, of one device
SELECT i.*, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.person_id = %(person)s AND i.device_id = %(device)s AND (%(kind)s::text IS NULL OR i.kind = %(kind)s)
   AND (i.started_at, i.id) < (%(before_at)s, %(before_id)s) AND i.started_at >= %(since)s
 ORDER BY i.started_at DESC, i.id DESC
 LIMIT %(limit)s;

-- search: one page of a person's interactions that hold all these words, newest first
-- Frequent words fill a page from the newest thousand; if they don't, the index of words is asked for all that match.
-- Left to the planner, two frequent words that were never said together would have every row read.
WITH near AS MATERIALIZED (
    SELECT id, started_at FROM (
        SELECT id, started_at, tokens, device_id, kind FROM vault.interactions
         WHERE person_id = %(person)s AND (started_at, id) < (%(before_at)s, %(before_id)s)
           AND started_at >= %(since)s
         ORDER BY started_at DESC, id DESC LIMIT 1000) newest
     WHERE tokens @> %(tokens)s AND (%(device)s::uuid IS NULL OR device_id = %(device)s)
       AND (%(kind)s::text IS NULL OR kind = %(kind)s)
     ORDER BY started_at DESC, id DESC LIMIT %(limit)s
), far AS MATERIALIZED (
    SELECT id, started_at FROM vault.interactions
     WHERE (SELECT count(*) FROM near) < %(limit)s
       AND person_id = %(person)s AND tokens @> %(tokens)s AND (started_at, id) < (%(before_at)s, %(before_id)s)
       AND started_at >= %(since)s AND (%(device)s::uuid IS NULL OR device_id = %(device)s)
       AND (%(kind)s::text IS NULL OR kind = %(kind)s)
), page AS (
    SELECT * FROM near WHERE (SELECT count(*) FROM near) = %(limit)s
     UNION ALL SELECT * FROM far
     ORDER BY started_at DESC, id DESC LIMIT %(limit)s
)
SELECT i.*, p.key_slot AS person_slot
  FROM page JOIN vault.interactions i USING (id) JOIN accounts.people p ON p.id = i.person_id
 ORDER BY i.started_at DESC, i.id DESC;

-- correct: what was said, in its owner's words
UPDATE vault.interactions SET sealed = %(sealed)s, tokens = %(tokens)s
 WHERE id = %(id)s AND key_slot IS NOT NULL RETURNING id;

-- reset_clocks: a clock was changed; what is kept follows, but for devices that have a clock of their own
WITH theirs AS MATERIALIZED (
    SELECT i.id FROM vault.interactions i
     WHERE i.person_id = %(person)s
       AND (%(device)s::uuid IS NULL OR i.device_id = %(device)s)
       AND (i.device_id IS NULL OR NOT i.device_id = ANY(%(but)s))
     ORDER BY i.id FOR NO KEY UPDATE  -- in the order in which an erasure locks them
)
UPDATE vault.interactions i
   SET expires_at = CASE WHEN %(days)s = 0 THEN %(never)s ELSE i.kept_at + make_interval(days => %(days)s) END
  FROM theirs WHERE i.id = theirs.id;

-- leave_bare: what stays of a false wake when its sound and words go; nothing, where all of it is being deleted
INSERT INTO vault.interactions (
    id, person_id, device_id, grant_id, started_at, kind, duration, wake_start, wake_end, wake_word, wake_score,
    verifier_score, bundle, expires_at, kept_at, guest_session, called)
SELECT %(bare)s, person_id, device_id, grant_id, started_at, 'false_wake', duration, wake_start, wake_end, wake_word,
       wake_score, verifier_score, bundle, expires_at, kept_at, guest_session, %(called)s
  FROM vault.interactions WHERE id = %(id)s AND wake_word IS NOT NULL
   AND NOT EXISTS (SELECT FROM vault.erasures e WHERE e.done_at IS NULL AND %(id)s = ANY(e.interaction_ids))
ON CONFLICT (id) DO NOTHING RETURNING id;

-- set_called: whether somebody had called; returns what was guessed before
UPDATE vault.interactions i
   SET called = %(called)s,
       kind = CASE WHEN NOT %(called)s THEN 'false_wake' WHEN i.kind = 'false_wake' THEN 'refused' ELSE i.kind END
  FROM vault.interactions old
 WHERE i.id = %(id)s AND old.id = i.id AND i.wake_word IS NOT NULL
   AND (i.called IS NULL OR %(by_owner)s AND i.called IS DISTINCT FROM %(called)s)
RETURNING old.kind = 'false_wake' AS suspected;

-- count_wake_check: how often the guess was right
INSERT INTO vault.wake_checks (day, suspected, called, n) VALUES (%(day)s, %(suspected)s, %(called)s, 1)
ON CONFLICT (day, suspected, called) DO UPDATE SET n = vault.wake_checks.n + 1;

-- wake_checks: all of these counts
SELECT suspected, called, sum(n)::bigint AS n FROM vault.wake_checks GROUP BY suspected, called;

-- kept_false_wakes: false wakes whose sound is still there
SELECT i.id, i.person_id, i.device_id FROM vault.interactions i
 WHERE i.kind = 'false_wake' AND i.key_slot IS NOT NULL AND (%(person)s::uuid IS NULL OR i.person_id = %(person)s)
 ORDER BY i.person_id;

-- interaction: one interaction
SELECT i.*, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.id = %(id)s;

-- interactions_of: several interactions; those that are gone are left out
SELECT i.*, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.id = ANY(%(ids)s);

-- slots_of_interactions: where the secrets of these recordings and of their people lie
SELECT i.id, i.key_slot, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.id = ANY(%(ids)s);

-- owned: those of these interactions that belong to this person
SELECT id FROM vault.interactions WHERE person_id = %(person)s AND id = ANY(%(ids)s);

-- selected: what of one person lies in a time, on a device, of a kind
SELECT id FROM vault.interactions
 WHERE person_id = %(person)s AND started_at >= %(since)s AND started_at < %(until)s
   AND (%(device)s::uuid IS NULL OR device_id = %(device)s)
   AND (%(kind)s::text IS NULL OR kind = %(kind)s)
   AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s));

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
SELECT key_slot, object FROM vault.interactions WHERE id = ANY(%(ids)s) AND key_slot IS NOT NULL;

-- erase_interactions: the rows go; hearings, choices, seals and labels go with them
DELETE FROM vault.interactions WHERE id = ANY(%(ids)s);

-- doomed_keepsakes: keys of what skills kept and is to go
SELECT key_slot FROM vault.keepsakes WHERE id = ANY(%(ids)s) AND key_slot IS NOT NULL;

-- erase_keepsakes: the rows go
DELETE FROM vault.keepsakes WHERE id = ANY(%(ids)s) RETURNING kind;

-- hearings: who listened to these interactions
SELECT interaction_id, role, site, day, purpose FROM vault.hearings WHERE interaction_id = ANY(%(ids)s) ORDER BY day, id;

-- listeners: how often people of which role and site listened to one person, by day, newest first
SELECT h.role, h.site, h.day, count(*) AS times
  FROM vault.hearings h JOIN vault.interactions i ON i.id = h.interaction_id
 WHERE i.person_id = %(person)s
 GROUP BY h.role, h.site, h.day ORDER BY h.day DESC, h.role, h.site;

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

-- take_in_hand: one process carries out an erasure at a time
SELECT pg_try_advisory_lock(hashtextextended(%(id)s::text, 0)) AS taken;

-- let_go: it has it in hand no more
SELECT pg_advisory_unlock(hashtextextended(%(id)s::text, 0));

-- unfinished_erasures: begun and not complete
SELECT id FROM vault.erasures WHERE done_at IS NULL ORDER BY asked_at;

-- unfinished_erasure: one of them, unless somebody completed it meanwhile
SELECT id, interaction_ids, keepsake_ids, asked_how, asked_at
  FROM vault.erasures WHERE id = %(id)s AND done_at IS NULL;

-- holds_anything: whether anything is kept of a person, or waits for them
SELECT EXISTS (SELECT FROM vault.interactions WHERE person_id = %(person)s)
    OR EXISTS (SELECT FROM vault.keepsakes WHERE person_id = %(person)s OR for_person_id = %(person)s) AS held;

-- forget_receipts: an account goes; what it has left are numbers
DELETE FROM vault.erasures WHERE person_id = %(person)s;

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

-- device_ids: every device
SELECT id FROM vault.devices ORDER BY id;

-- lived: what each device woke to, understood and refused with each bundle in a time; by its clock as we took it
SELECT device_id, bundle,
       count(*) FILTER (WHERE wake_word IS NOT NULL) AS wakes,
       count(*) FILTER (WHERE kind = 'false_wake') AS false_wakes,
       count(*) FILTER (WHERE kind NOT IN ('false_wake', 'refused')) AS understood,
       count(*) FILTER (WHERE kind = 'refused') AS refused
  FROM vault.interactions
 WHERE started_at >= %(since)s AND started_at < %(until)s AND device_id IS NOT NULL
 GROUP BY device_id, bundle;

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

-- begin_guest_session: a guest asked for a code
INSERT INTO vault.guest_sessions (id, code_hash, device_id, last_at, expires_at)
VALUES (%(id)s, %(code_hash)s, %(device)s, %(now)s, %(expires)s);

-- renew_guest_session: somebody asks once more in the same voice session; the code before works no longer
UPDATE vault.guest_sessions SET code_hash = %(code_hash)s, last_at = %(now)s, expires_at = %(expires)s
 WHERE device_id = %(device)s AND last_at > %(now)s - %(pause)s AND expires_at > %(now)s RETURNING id;

-- take_in: what the device heard just before, with no long pause in between, belongs to the guest's session too
WITH RECURSIVE chain AS (
    (SELECT id, started_at FROM vault.interactions
      WHERE device_id = %(device)s AND started_at <= %(now)s AND started_at > %(now)s - %(pause)s
      ORDER BY started_at DESC, id DESC LIMIT 1)
    UNION ALL
    SELECT next.id, next.started_at FROM chain, LATERAL (
        SELECT id, started_at FROM vault.interactions i
         WHERE i.device_id = %(device)s AND (i.started_at, i.id) < (chain.started_at, chain.id)
           AND i.started_at > greatest(chain.started_at - %(pause)s, %(since)s)
         ORDER BY i.started_at DESC, i.id DESC LIMIT 1) next
)
UPDATE vault.interactions i SET guest_session = %(id)s FROM chain
 WHERE i.id = chain.id AND i.guest_session IS NULL
RETURNING i.id;

-- guest_session: the session of a code
SELECT s.id, s.device_id, s.expires_at, d.person_id FROM vault.guest_sessions s JOIN vault.devices d ON d.id = s.device_id
 WHERE s.code_hash = %(code_hash)s AND s.expires_at > %(now)s;

-- guest_session_by_id: a session that was opened by its code before
SELECT s.id, s.device_id, s.expires_at, d.person_id FROM vault.guest_sessions s JOIN vault.devices d ON d.id = s.device_id
 WHERE s.id = %(id)s AND s.expires_at > %(now)s;

-- heard_of_guest: what a device heard in a guest's session, newest first
SELECT i.*, p.key_slot AS person_slot
  FROM vault.interactions i JOIN accounts.people p ON p.id = i.person_id
 WHERE i.guest_session = %(id)s AND i.started_at > %(since)s ORDER BY i.started_at DESC, i.id DESC LIMIT 500;

-- end_guest_sessions: codes whose time is over
DELETE FROM vault.guest_sessions WHERE expires_at <= %(now)s;
