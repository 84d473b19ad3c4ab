-- unoffered: recordings that no draw has counted yet, of people who may allow review; a guest allowed nothing
SELECT i.id, i.person_id, i.device_id, i.kind
  FROM vault.interactions i
 WHERE i.person_id = ANY(%(people)s) AND i.object IS NOT NULL AND i.guest_session IS NULL
   AND NOT EXISTS (SELECT FROM airlock.offers o WHERE o.interaction_id = i.id)
 ORDER BY i.started_at, i.id;

-- lock_draw: one draw at a time, so that the counts are exact
SELECT pg_advisory_xact_lock(hashtextextended('airlock.draw', 0));

-- offer: count recordings as offered; those that are gone or were counted in the meantime are left out
INSERT INTO airlock.offers (interaction_id, offered_on, doubt)
SELECT i.id, %(day)s, new.doubt FROM unnest(%(ids)s::uuid[], %(doubts)s::real[]) AS new (id, doubt)
  JOIN vault.interactions i ON i.id = new.id
ON CONFLICT (interaction_id) DO NOTHING
RETURNING interaction_id;

-- count_day: what the day offered and took, and what the rate of the moment allows of it
INSERT INTO airlock.days (day, eligible, chosen, rate, allowed)
VALUES (%(day)s, %(eligible)s, %(chosen)s, %(rate)s, %(eligible)s * %(rate)s::real::numeric)
ON CONFLICT (day) DO UPDATE
   SET eligible = airlock.days.eligible + excluded.eligible, chosen = airlock.days.chosen + excluded.chosen,
       rate = excluded.rate, allowed = airlock.days.allowed + excluded.allowed;

-- allowance: how many more may be chosen: what the rate allowed so far, day by day, less what was chosen
SELECT coalesce(floor(sum(allowed)) - sum(chosen), 0)::bigint AS n FROM airlock.days;

-- pool: recordings that were offered and not drawn over, in the order of their ids
SELECT i.id, i.person_id, i.device_id, i.kind, o.doubt
  FROM airlock.offers o JOIN vault.interactions i ON i.id = o.interaction_id
 WHERE NOT o.drawn AND i.person_id = ANY(%(people)s) AND i.guest_session IS NULL
 ORDER BY i.id;

-- close_draw: what was drawn over is not drawn over again
UPDATE airlock.offers SET drawn = true WHERE NOT drawn;

-- choose: these go on to the masking
INSERT INTO airlock.choices (interaction_id, chosen_on, rule, rate)
SELECT ids.id, %(day)s, ids.rule, %(rate)s FROM unnest(%(ids)s::uuid[], %(rules)s::text[]) AS ids (id, rule)
ON CONFLICT (interaction_id) DO NOTHING
RETURNING interaction_id;

-- ask_owner: these wait for their owner's yes
UPDATE airlock.choices SET step = 'asked', ask_until = %(until)s, owner_said = NULL
 WHERE interaction_id = ANY(%(ids)s);

-- asked: what waits for one person's yes, the most urgent first
SELECT c.interaction_id, c.ask_until FROM airlock.choices c JOIN vault.interactions i ON i.id = c.interaction_id
 WHERE c.step = 'asked' AND i.person_id = %(person)s ORDER BY c.ask_until, c.interaction_id LIMIT 200;

-- count_asked: how many of them
SELECT count(*) AS n FROM airlock.choices c JOIN vault.interactions i ON i.id = c.interaction_id
 WHERE c.step = 'asked' AND i.person_id = %(person)s;

-- answer_ask: the owner said yes or no
UPDATE airlock.choices c SET step = CASE WHEN %(yes)s THEN 'chosen' ELSE 'done' END,
       owner_said = CASE WHEN %(yes)s THEN 'yes' ELSE 'no' END, ask_until = NULL
  FROM vault.interactions i
 WHERE i.id = c.interaction_id AND c.interaction_id = %(interaction)s AND i.person_id = %(person)s
   AND c.step = 'asked' AND c.ask_until > %(now)s
RETURNING c.interaction_id;

-- expire_asks: no answer is no
UPDATE airlock.choices SET step = 'done', owner_said = 'nothing', ask_until = NULL
 WHERE step = 'asked' AND ask_until <= %(now)s RETURNING interaction_id;

-- open_choices: of one person, what was chosen and may still be heard
SELECT c.interaction_id FROM airlock.choices c JOIN vault.interactions i ON i.id = c.interaction_id
 WHERE i.person_id = %(person)s
   AND (c.step <> 'done' OR EXISTS (
        SELECT FROM airlock.seals s LEFT JOIN review.tasks t ON t.id = s.task_id
         WHERE s.interaction_id = c.interaction_id AND (NOT s.label_taken OR t.state <> 'done')));

-- due: choices whose next tasks are to be made
SELECT c.interaction_id, c.step FROM airlock.choices c
 WHERE c.step IN ('chosen', 'said') AND c.interaction_id > %(after)s
 ORDER BY c.interaction_id LIMIT %(limit)s;

-- about_person: what a task must know without knowing who
SELECT p.household_id, p.languages, h.exclusion_secret
  FROM accounts.people p LEFT JOIN accounts.households h ON h.id = p.household_id
 WHERE p.id = %(person)s;

-- hold_choices: keep these choices from being erased or recalled until the tasks made of them are committed
SELECT c.interaction_id, c.step, c.owner_said FROM airlock.choices c
  JOIN vault.interactions i ON i.id = c.interaction_id
 WHERE c.interaction_id = ANY(%(ids)s) ORDER BY i.id FOR KEY SHARE OF i FOR UPDATE OF c;

-- add_seal: the only place that knows which task came from which recording
INSERT INTO airlock.seals (task_id, interaction_id, question) VALUES (%(task)s, %(interaction)s, %(question)s);

-- set_step: how far a choice has come
UPDATE airlock.choices SET step = %(step)s WHERE interaction_id = ANY(%(ids)s);

-- labels_due: finished tasks whose label has not come home and can't be taken back any more
SELECT s.task_id, s.interaction_id, i.person_id FROM airlock.seals s
  JOIN review.labels l ON l.task_id = s.task_id
  JOIN review.tasks t ON t.id = s.task_id
  JOIN vault.interactions i ON i.id = s.interaction_id
 WHERE NOT s.label_taken AND (t.rest_until IS NULL OR t.rest_until <= %(now)s) ORDER BY s.task_id LIMIT %(limit)s;

-- add_label: a label comes home
INSERT INTO airlock.labels (id, interaction_id, question, sealed, agreed_on)
VALUES (%(id)s, %(interaction)s, %(question)s, %(sealed)s, %(on)s)
ON CONFLICT (interaction_id, question) DO NOTHING;

-- label_taken: it is home
UPDATE airlock.seals SET label_taken = true WHERE task_id = %(task)s;

-- wake_said: the wake word was called: the tasks about the command are due, unless its owner says that nobody called
UPDATE airlock.choices c SET step = CASE WHEN i.called THEN 'said' ELSE 'done' END
  FROM vault.interactions i
 WHERE i.id = c.interaction_id AND c.interaction_id = %(interaction)s AND c.step = 'waiting';

-- wake_not_said: nobody called: what followed is nobody's business
UPDATE airlock.choices SET step = 'done' WHERE interaction_id = %(interaction)s AND step = 'waiting';

-- carry_hearings: hearings become lines in their owners' history; twice is once
INSERT INTO vault.hearings (interaction_id, role, site, day, purpose, source)
SELECT s.interaction_id, h.role, h.site, h.day,
       CASE WHEN h.role = 'safety' THEN 'deciding about a flagged clip'
            WHEN h.why = 'consult' THEN 'helping with a word' ELSE %(purposes)s::jsonb ->> s.question END, h.id
  FROM review.hearings h JOIN airlock.seals s ON s.task_id = h.task_id
 WHERE NOT h.carried AND (%(ids)s::uuid[] IS NULL OR h.task_id = ANY(%(ids)s))
 ORDER BY h.id
ON CONFLICT (source) DO NOTHING;

-- hearings_of: who listened to these recordings, those included that are not in their owner's history yet
SELECT interaction_id, role, site, day, purpose FROM (
    SELECT interaction_id, role, site, day, purpose, true AS home, id
      FROM vault.hearings WHERE interaction_id = ANY(%(ids)s)
     UNION ALL
    SELECT s.interaction_id, h.role, h.site, h.day,
           CASE WHEN h.role = 'safety' THEN 'deciding about a flagged clip'
                WHEN h.why = 'consult' THEN 'helping with a word' ELSE %(purposes)s::jsonb ->> s.question END,
           false, h.id
      FROM review.hearings h JOIN airlock.seals s ON s.task_id = h.task_id
     WHERE s.interaction_id = ANY(%(ids)s) AND NOT EXISTS (SELECT FROM vault.hearings v WHERE v.source = h.id)
) heard ORDER BY day, home DESC, id;

-- hearings_carried: these are in their owners' history, or their recording is gone; once each, for the log
UPDATE review.hearings h SET carried = true
 WHERE NOT h.carried AND (
    EXISTS (SELECT FROM vault.hearings v WHERE v.source = h.id)
    OR NOT EXISTS (SELECT FROM airlock.seals s WHERE s.task_id = h.task_id))
RETURNING h.role, h.site, h.day, coalesce(
    (SELECT v.purpose FROM vault.hearings v WHERE v.source = h.id), 'of a recording that is gone') AS purpose;

-- lock_person: wait for tasks that are being made of this person's recordings, and let no more be made
SELECT i.id FROM vault.interactions i JOIN airlock.choices c ON c.interaction_id = i.id
 WHERE i.person_id = %(person)s AND (%(device)s::uuid IS NULL OR i.device_id = %(device)s)
   AND (%(kind)s::text IS NULL OR i.kind = %(kind)s)
 ORDER BY i.id FOR UPDATE OF i;

-- lock_interactions: wait for tasks that are being made of these recordings
SELECT id FROM vault.interactions WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE;

-- hold_interactions: keep these recordings from being erased until what belongs to them is committed
SELECT id FROM vault.interactions WHERE id = ANY(%(ids)s) ORDER BY id FOR KEY SHARE;

-- tasks_of: tasks that were made of these recordings
SELECT task_id FROM airlock.seals
 WHERE interaction_id = ANY(%(ids)s) AND (NOT %(writing)s OR question NOT IN ('wake', 'understood'));

-- open_tasks: clips that people may hear or whose answers are not home yet, and what allows them
SELECT s.interaction_id, i.person_id, i.kind, i.device_id, i.guest_session IS NOT NULL AS guest,
       s.question NOT IN ('wake', 'understood') AS writes
  FROM airlock.seals s JOIN vault.interactions i ON i.id = s.interaction_id
  LEFT JOIN review.tasks t ON t.id = s.task_id
 WHERE NOT s.label_taken OR t.state <> 'done';  -- gold, also while it is flagged

-- drop_seals: nobody can tell any more what these tasks came from
DELETE FROM airlock.seals WHERE task_id = ANY(%(ids)s);

-- forget: everything the airlock knows of these recordings
WITH labels AS (DELETE FROM airlock.labels WHERE interaction_id = ANY(%(ids)s) RETURNING 1),
     choices AS (DELETE FROM airlock.choices WHERE interaction_id = ANY(%(ids)s) RETURNING 1),
     offers AS (DELETE FROM airlock.offers WHERE interaction_id = ANY(%(ids)s) RETURNING 1),
     seals AS (DELETE FROM airlock.seals WHERE interaction_id = ANY(%(ids)s) RETURNING 1)
SELECT (SELECT count(*) FROM labels) AS labels;

-- add_tombstones: remember destroyed slots of masked copies
INSERT INTO vault.tombstones (store, slot) SELECT 'review', unnest(%(slots)s::bigint[]) ON CONFLICT DO NOTHING;

-- unseal: which recording a flagged task came from, and whose it is; only for the case that was made of it
SELECT s.interaction_id, i.person_id
  FROM airlock.seals s JOIN vault.interactions i ON i.id = s.interaction_id
 WHERE s.task_id = %(task)s
   AND EXISTS (SELECT FROM safety.cases c WHERE c.id = %(case)s AND c.task_id = %(task)s);

-- home_labels: labels of one question that came home
SELECT l.id, l.interaction_id, l.question, l.sealed, l.agreed_on, i.person_id
  FROM airlock.labels l JOIN vault.interactions i ON i.id = l.interaction_id
 WHERE l.question = %(question)s ORDER BY l.id;

-- labels_of: labels of these recordings that came home
SELECT l.id, l.interaction_id, l.question, l.sealed, l.agreed_on, i.person_id
  FROM airlock.labels l JOIN vault.interactions i ON i.id = l.interaction_id
 WHERE l.interaction_id = ANY(%(ids)s) ORDER BY l.agreed_on, l.question;

-- asked_of: what people are asked about these recordings, and how many have answered
SELECT s.interaction_id, s.question, t.judgements AS answers, t.created_on AS day
  FROM airlock.seals s JOIN review.tasks t ON t.id = s.task_id
 WHERE s.interaction_id = ANY(%(ids)s) ORDER BY t.created_on, s.question;

-- choices_of: by which rule, at which rate and when these were chosen
SELECT interaction_id, rule, rate, chosen_on, step, ask_until, owner_said FROM airlock.choices WHERE interaction_id = ANY(%(ids)s);

-- days: what each day offered and took
SELECT day, eligible, chosen, rate, allowed::float FROM airlock.days ORDER BY day DESC LIMIT %(limit)s;

-- hide_siblings: other copies of a flagged recording are hidden until its case is decided
UPDATE review.tasks AS t SET state = 'held', held_for = 'sibling', lease_by = NULL, lease_until = NULL
  FROM airlock.seals s
 WHERE s.task_id = t.id AND (t.state IN ('ready', 'leased') OR t.held_for IN ('gold', 'adjudication'))
   AND s.interaction_id IN (
    SELECT f.interaction_id FROM airlock.seals f JOIN review.tasks flagged ON flagged.id = f.task_id
     WHERE flagged.state = 'held' AND flagged.held_for = 'safety');

-- show_siblings: they go on when no copy is hidden any more
UPDATE review.tasks AS t
   SET held_for = CASE WHEN t.judgements >= 3 AND l.task_id IS NULL THEN 'adjudication' END,
       state = CASE WHEN l.task_id IS NOT NULL THEN 'done' WHEN t.judgements >= 3 THEN 'held' ELSE 'ready' END
  FROM review.tasks own LEFT JOIN review.labels l ON l.task_id = own.id, airlock.seals s
 WHERE own.id = t.id AND s.task_id = t.id AND t.state = 'held' AND t.held_for = 'sibling' AND NOT EXISTS (
    SELECT FROM airlock.seals f JOIN review.tasks flagged ON flagged.id = f.task_id
     WHERE f.interaction_id = s.interaction_id AND flagged.held_for = 'safety');

-- flagged: which of these recordings have a copy that is hidden for safety
SELECT DISTINCT s.interaction_id FROM airlock.seals s JOIN review.tasks t ON t.id = s.task_id
 WHERE s.interaction_id = ANY(%(ids)s) AND t.held_for = 'safety';

-- count_of: copies in review and labels at home of these recordings
SELECT (SELECT count(*) FROM airlock.seals WHERE interaction_id = ANY(%(ids)s)) AS copies,
       (SELECT count(*) FROM airlock.labels WHERE interaction_id = ANY(%(ids)s)) AS labels;

-- count_training: clips to learn on in one language
SELECT count(*) AS n FROM review.tasks
 WHERE state IN ('held', 'leased') AND held_for = 'training' AND language = %(language)s;

-- training_wanted: languages of sites where people learn before they work, and that have no training set yet
SELECT DISTINCT language FROM review.sites, unnest(languages) AS spoken (language)
 WHERE pass_mark IS NOT NULL
   AND NOT EXISTS (SELECT FROM review.tasks t
                    WHERE t.state = 'held' AND t.held_for = 'training' AND t.language = spoken.language)
   AND NOT EXISTS (SELECT FROM review.tasks t
                    WHERE t.state = 'leased' AND t.held_for = 'training' AND t.language = spoken.language);
