-- add_task: a masked copy with its one question joins the queue
INSERT INTO review.tasks (id, question, language, region, state, shuf, object, key_slot, sealed, exclusion, created_on,
                          fence)
VALUES (%(id)s, %(question)s, %(language)s, %(region)s, 'ready', %(shuf)s, %(object)s, %(slot)s, %(sealed)s,
        %(exclusion)s, %(on)s, %(fence)s);

-- make_training: its answer is known, and it is there to learn on
WITH held AS (
    UPDATE review.tasks SET state = 'held', held_for = 'training' WHERE id = %(id)s RETURNING id
)
INSERT INTO review.labels (task_id, sealed, made_by, agreed_on) SELECT id, %(label)s, 'agreement', %(on)s FROM held;

-- masked_parts: keys and objects of tasks that are to go
SELECT id, key_slot, object FROM review.tasks WHERE id = ANY(%(ids)s);

-- remove_tasks: tasks go, with their judgements, labels and flags
DELETE FROM review.tasks WHERE id = ANY(%(ids)s);

-- count_held: how many live leases somebody has
SELECT count(*) AS n FROM review.tasks
 WHERE state = 'leased' AND lease_by = %(reviewer)s AND lease_until > %(now)s;

-- lease_next: the next task for a reviewer
SELECT * FROM review.lease_next(
    %(reviewer)s, %(languages)s::text[], %(regions)s::text[], %(questions)s::text[], %(secrets)s, %(role)s, %(site)s,
    %(start)s, %(now)s, %(until)s, %(kinds)s::text[], %(round)s::smallint, %(blind)s::real);

-- resume: what somebody holds, under new fences, with what they had written; and clips that they had begun to write
-- about before their lease ran out, as long as nobody else has them
UPDATE review.tasks AS t
   SET fence = t.fence + 1, lease_until = %(until)s, state = 'leased', lease_by = %(reviewer)s, lease_role = %(role)s,
       lease_site = %(site)s, leased_at = CASE WHEN t.state = 'leased' THEN t.leased_at ELSE %(now)s END
  FROM (SELECT l.id, d.sealed AS draft FROM review.tasks l
          LEFT JOIN review.drafts d ON d.task_id = l.id AND d.reviewer_id = %(reviewer)s
         WHERE l.id IN (SELECT m.id FROM review.tasks m WHERE m.state = 'leased' AND m.lease_by = %(reviewer)s
                         UNION SELECT b.task_id FROM review.drafts b WHERE b.reviewer_id = %(reviewer)s)
           AND (l.state = 'leased' AND l.lease_by = %(reviewer)s AND l.held_for IS DISTINCT FROM 'adjudication'
                AND (l.lease_until > %(now)s OR d.task_id IS NOT NULL)
            OR l.state = 'ready' AND (l.rest_until IS NULL OR l.rest_until <= %(now)s) AND %(may)s
               AND NOT EXISTS (SELECT FROM review.judgements j
                                WHERE j.task_id = l.id AND j.reviewer_id = %(reviewer)s AND j.undone_at IS NULL)
               AND NOT EXISTS (SELECT FROM review.seats s WHERE s.reviewer_id = %(reviewer)s AND s.locked_at IS NOT NULL))
         ORDER BY l.leased_at LIMIT 6 FOR UPDATE OF l SKIP LOCKED) held
 WHERE t.id = held.id
RETURNING t.id, t.question, t.version, t.language, t.key_slot, t.sealed, t.fence, t.lease_until,
          t.lease_blind AS blind, t.held_for, held.draft,
          (SELECT l.sealed FROM review.labels l WHERE l.task_id = t.id) AS label,
          array(SELECT j.sealed FROM review.judgements j
                 WHERE j.task_id = t.id AND j.undone_at IS NULL AND j.round = 0 AND j.correct IS NULL
                 ORDER BY j.id) AS answers;

-- leased_row: a leased task as its lease returned it; judgements oldest first
SELECT t.id, t.question, t.version, t.language, t.key_slot, t.sealed, t.fence, t.lease_until,
       t.lease_blind AS blind, t.held_for, (SELECT l.sealed FROM review.labels l WHERE l.task_id = t.id) AS label,
       array(SELECT j.sealed FROM review.judgements j
              WHERE j.task_id = t.id AND j.undone_at IS NULL AND j.round = 0 AND j.correct IS NULL
              ORDER BY j.id) AS answers
  FROM review.tasks t WHERE t.id = %(task)s;

-- submit_and_next: an answer under a live lease, and the next task, in one commit
SELECT * FROM review.submit_and_next(
    %(task)s, %(fence)s, %(client_key)s, %(answer)s, %(day)s, %(seen)s::smallint, %(state)s, %(needed)s::smallint,
    %(label)s, %(made_by)s, %(as_given)s, %(correct)s, %(heard)s::real, %(needs_heard)s,
    %(seconds)s::real, %(rest_until)s, %(reviewer)s,
    %(languages)s::text[], %(regions)s::text[], %(questions)s::text[], %(secrets)s, %(role)s, %(site)s, %(start)s,
    %(now)s, %(until)s, %(kinds)s::text[], %(round)s::smallint, %(blind)s::real);

-- undo_answer: take one's last answer back and lease its clip again
SELECT * FROM review.undo_answer(
    %(task)s, %(client_key)s, %(reviewer)s, %(role)s, %(site)s, %(now)s, %(until)s);

-- shed: beyond the limit clips go back, those that came last; not the one that was just taken back
UPDATE review.tasks
   SET state = CASE WHEN held_for IS NULL THEN 'ready' ELSE 'held' END, lease_by = NULL, lease_until = NULL
 WHERE state = 'leased' AND lease_by = %(reviewer)s AND id IN (
    SELECT id FROM review.tasks
     WHERE state = 'leased' AND lease_by = %(reviewer)s AND lease_until > %(now)s AND id <> %(task)s
       AND held_for IS DISTINCT FROM 'adjudication'
     ORDER BY leased_at OFFSET %(others)s)
RETURNING id;

-- held_slot: where the secret of a task lies that somebody holds
SELECT key_slot FROM review.tasks
 WHERE id = %(task)s AND state = 'leased' AND lease_by = %(reviewer)s AND fence = %(fence)s AND lease_until > %(now)s;

-- keep_draft: what somebody has written so far, while the clip is theirs
INSERT INTO review.drafts (task_id, reviewer_id, sealed, at)
SELECT t.id, %(reviewer)s, %(sealed)s, %(now)s FROM review.tasks t
 WHERE t.id = %(task)s AND t.state = 'leased' AND t.lease_by = %(reviewer)s AND t.fence = %(fence)s
   AND t.lease_until > %(now)s
ON CONFLICT (task_id, reviewer_id) DO UPDATE SET sealed = excluded.sealed, at = excluded.at
RETURNING task_id;

-- keep: the reviewer is still there, with these; written down only when half of a lease is used
WITH mine AS (
    SELECT t.id, t.lease_until FROM review.tasks t
      JOIN unnest(%(tasks)s::uuid[], %(fences)s::bigint[]) AS held (id, fence) ON t.id = held.id AND t.fence = held.fence
     WHERE t.state = 'leased' AND t.lease_by = %(reviewer)s AND t.lease_until > %(now)s
), longer AS (
    UPDATE review.tasks t SET lease_until = %(until)s FROM mine
     WHERE t.id = mine.id AND mine.lease_until <= %(written)s
       AND t.state = 'leased' AND t.lease_by = %(reviewer)s AND t.fence = ANY(%(fences)s)
    RETURNING t.id, t.lease_until
)
SELECT mine.id, coalesce(longer.lease_until, mine.lease_until) AS lease_until
  FROM mine LEFT JOIN longer ON longer.id = mine.id;

-- release: the reviewer gives the task back unanswered
UPDATE review.tasks
   SET state = CASE WHEN held_for IS NULL THEN 'ready' ELSE 'held' END, lease_by = NULL, lease_until = NULL
 WHERE id = %(task)s AND state = 'leased' AND lease_by = %(reviewer)s AND fence = %(fence)s
RETURNING id;

-- expire_leases: whose holders left
UPDATE review.tasks
   SET state = CASE WHEN held_for IS NULL THEN 'ready' ELSE 'held' END, lease_by = NULL, lease_until = NULL
 WHERE state = 'leased' AND lease_until <= %(now)s;

-- next_serial: the number of the next hearing under a live lease
SELECT (SELECT least(count(*), 32767) FROM review.hearings h
         WHERE h.task_id = t.id AND h.reviewer_id = %(reviewer)s AND h.fence = t.fence)::int AS serial
  FROM review.tasks t
 WHERE t.id = %(task)s AND t.state = 'leased' AND t.lease_by = %(reviewer)s AND t.fence = %(fence)s
   AND t.lease_until > %(now)s;

-- hear_under_lease: write the hearing down; no row when the lease is not live, or this address was used
WITH live AS (
    SELECT t.id, t.object, t.key_slot, t.lease_role, t.lease_site, t.fence FROM review.tasks t
     WHERE t.id = %(task)s AND t.state = 'leased' AND t.lease_by = %(reviewer)s AND t.fence = %(fence)s
       AND t.lease_until > %(now)s
       FOR SHARE
), heard AS (
    INSERT INTO review.hearings (task_id, reviewer_id, role, site, day, fence, serial)
    SELECT id, %(reviewer)s, lease_role, lease_site, %(day)s, fence,
           coalesce(%(serial)s::smallint,
                    (SELECT least(count(*), 32767) FROM review.hearings h
                      WHERE h.task_id = live.id AND h.reviewer_id = %(reviewer)s AND h.fence = live.fence)::smallint)
      FROM live
    ON CONFLICT (task_id, reviewer_id, fence, serial) DO NOTHING
    RETURNING task_id
)
SELECT live.object, live.key_slot FROM live JOIN heard ON heard.task_id = live.id;

-- count_refusal: an address that was refused; late when its clip was answered by the same person
INSERT INTO review.refusals (reviewer_id, day, kind, n)
SELECT %(reviewer)s, %(day)s, CASE WHEN EXISTS (
           SELECT FROM review.judgements j
            WHERE j.task_id = %(task)s::uuid AND j.reviewer_id = %(reviewer)s AND j.undone_at IS NULL)
       THEN 'late' ELSE 'refused' END, 1
ON CONFLICT (reviewer_id, day, kind) DO UPDATE SET n = review.refusals.n + 1
RETURNING n;

-- hear_flagged: somebody who decides a case listens; each time is a hearing of its own
WITH held AS (
    UPDATE review.tasks SET fence = fence + 1
     WHERE id = %(task)s AND state = 'held' AND held_for = 'safety'
    RETURNING id, object, key_slot, fence
), heard AS (
    INSERT INTO review.hearings (task_id, reviewer_id, role, site, day, fence)
    SELECT id, %(reviewer)s, %(role)s, %(site)s, %(day)s, fence FROM held
)
SELECT object, key_slot FROM held;

-- flag: hide the clip at once and tell the desk; a second flag after a release is a new one
WITH hidden AS (
    UPDATE review.tasks SET state = 'held', held_for = 'safety', lease_by = NULL, lease_until = NULL
     WHERE id = %(task)s AND state = 'leased' AND lease_by = %(reviewer)s AND fence = %(fence)s
       AND lease_until > %(now)s
    RETURNING id
)
INSERT INTO review.flags (id, task_id, reviewer_id, kind, at)
SELECT %(flag)s, id, %(reviewer)s, %(kind)s, %(now)s FROM hidden
ON CONFLICT (task_id) DO UPDATE
   SET id = excluded.id, reviewer_id = excluded.reviewer_id, kind = excluded.kind, at = excluded.at
RETURNING id;

-- flags: every flag, oldest first
SELECT id, task_id, kind, at FROM review.flags ORDER BY at;

-- give_back: a flagged clip goes on as if it had not been flagged; gold that was flagged is gold no more
UPDATE review.tasks AS t
   SET state = CASE WHEN t.region = 'training' THEN 'held' WHEN EXISTS (SELECT FROM review.labels l WHERE l.task_id = t.id) THEN 'done'
                    WHEN t.judgements >= 3 THEN 'held' ELSE 'ready' END,
       held_for = CASE WHEN t.region = 'training' THEN 'training'
                       WHEN t.judgements >= 3 AND NOT EXISTS (SELECT FROM review.labels l WHERE l.task_id = t.id)
                       THEN 'adjudication' END
 WHERE t.id = %(task)s AND t.state = 'held' AND t.held_for = 'safety'
RETURNING t.id;

-- live_tasks: which of these still exist
SELECT id, state, held_for, question FROM review.tasks WHERE id = ANY(%(ids)s);

-- adjudicate: a lead's answer becomes the label, and the clip gold
WITH asked AS (
    SELECT id, %(needs_heard)s AND NOT EXISTS (
               SELECT FROM review.hearings h
                WHERE h.task_id = t.id AND h.reviewer_id = %(reviewer)s AND h.why IS NULL) AS unheard
      FROM review.tasks t WHERE t.id = %(task)s
), decided AS (
    UPDATE review.tasks SET state = 'held', held_for = 'gold', lease_by = NULL, lease_until = NULL
     WHERE id = (SELECT id FROM asked WHERE NOT unheard) AND state = 'leased' AND held_for = 'adjudication'
       AND lease_by = %(reviewer)s AND fence = %(fence)s AND lease_until > %(now)s
    RETURNING id
), labelled AS (
    INSERT INTO review.labels (task_id, sealed, made_by, agreed_on, agreed_at)
    SELECT id, %(label)s, 'adjudication', %(day)s, %(now)s FROM decided
)
SELECT coalesce((SELECT unheard FROM asked), false) AS unheard, EXISTS (SELECT FROM decided) AS decided;

-- tend_gold: old gold, and what is more than is needed, is done; not while its last answer can be taken back
UPDATE review.tasks SET state = 'done', held_for = NULL
 WHERE id IN (
    SELECT g.id FROM (
        SELECT t.id, l.agreed_on,
               row_number() OVER (PARTITION BY t.language, t.question ORDER BY l.agreed_on DESC, t.id) AS rank
          FROM review.tasks t JOIN review.labels l ON l.task_id = t.id
         WHERE t.state = 'held' AND t.held_for = 'gold') g
     WHERE g.rank > %(most)s OR g.agreed_on < (%(now)s::timestamptz AT TIME ZONE 'UTC')::date - %(days)s::int)
   AND state = 'held' AND held_for = 'gold' AND (rest_until IS NULL OR rest_until <= %(now)s)
RETURNING id;

-- labels_of: labels that were made of these tasks
SELECT l.task_id, l.sealed, l.made_by, l.agreed_on, t.key_slot, t.question
  FROM review.labels l JOIN review.tasks t ON t.id = l.task_id
 WHERE l.task_id = ANY(%(ids)s);

-- backlog: how many tasks of each question wait in each state, and since when
SELECT question, coalesce(held_for, state) AS state, count(*) AS tasks, min(created_on) AS oldest_on
  FROM review.tasks WHERE region <> 'training'
 GROUP BY 1, 2 ORDER BY 1, 2;

-- own_numbers: what one reviewer has done
SELECT count(*) AS judgements, count(*) FILTER (WHERE day = %(day)s) AS today,
       coalesce(avg(seconds), 0)::real AS seconds
  FROM review.judgements WHERE reviewer_id = %(reviewer)s;

-- newest_questions: the newest version of each question that leads have published
SELECT DISTINCT ON (name) name, version, spec FROM review.questions ORDER BY name, version DESC;

-- question_version: one version of a question
SELECT name, version, spec FROM review.questions WHERE name = %(name)s AND version = %(version)s;

-- versions_of: the published versions of a question
SELECT version, spec, made_at FROM review.questions WHERE name = %(name)s ORDER BY version DESC;

-- add_question: a version is added, none is ever changed
INSERT INTO review.questions (name, version, spec, made_by, made_at)
VALUES (%(name)s, %(version)s, %(spec)s, %(by)s, %(now)s);

-- training_rounds: the newest round of training in each language
SELECT DISTINCT ON (language) language, round, asked, correct AS right, passed_at, failed_at
  FROM review.qualifications WHERE reviewer_id = %(reviewer)s ORDER BY language, round DESC;

-- taught_languages: in which languages there is something to learn on
SELECT DISTINCT language FROM review.tasks WHERE state = 'held' AND held_for = 'training';

-- begin_round: the next round of training, unless one is under way
INSERT INTO review.qualifications (reviewer_id, language, round, started_at)
SELECT %(reviewer)s, %(language)s, coalesce(max(round), 0) + 1, %(now)s
  FROM review.qualifications WHERE reviewer_id = %(reviewer)s AND language = %(language)s
HAVING coalesce(bool_and(passed_at IS NOT NULL OR failed_at IS NOT NULL), true)
ON CONFLICT DO NOTHING
RETURNING round;

-- count_training: one more training answer; the round ends after its length. Counted from the answers themselves. What
-- was fetched ahead and is answered afterwards changes nothing.
UPDATE review.qualifications q
   SET asked = done.asked, correct = done.correct,
       passed_at = CASE WHEN done.asked >= %(length)s AND done.correct >= round(%(pass_mark)s::numeric * done.asked, 3)
                        THEN coalesce(q.passed_at, %(now)s) END,
       failed_at = CASE WHEN done.asked >= %(length)s AND done.correct < round(%(pass_mark)s::numeric * done.asked, 3)
                        THEN coalesce(q.failed_at, %(now)s) END
  FROM (SELECT count(*) AS asked, count(*) FILTER (WHERE j.correct) AS correct
          FROM review.judgements j JOIN review.tasks t ON t.id = j.task_id
         WHERE j.reviewer_id = %(reviewer)s AND j.round = %(round)s AND t.region = 'training'
           AND t.language = %(language)s) done
 WHERE q.reviewer_id = %(reviewer)s AND q.language = %(language)s AND q.round = %(round)s
   AND q.passed_at IS NULL AND q.failed_at IS NULL
RETURNING q.asked, q.correct AS right, q.passed_at, q.failed_at;

-- campaigned: what open campaigns ask for
SELECT questions FROM review.campaigns WHERE state = 'open' AND deadline >= %(today)s AND spent < budget;
