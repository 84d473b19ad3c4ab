-- add_task: a masked copy with its one question joins the queue
INSERT INTO review.tasks (id, question, language, region, state, shuf, object, key_slot, sealed, exclusion, created_on)
VALUES (%(id)s, %(question)s, %(language)s, %(region)s, 'ready', %(shuf)s, %(object)s, %(slot)s, %(sealed)s,
        %(exclusion)s, %(on)s);

-- masked_parts: keys and objects of tasks that are to go
SELECT id, key_slot, object FROM review.tasks WHERE id = ANY(%(ids)s);

-- remove_tasks: tasks go, with their judgements, labels and flags
DELETE FROM review.tasks WHERE id = ANY(%(ids)s);

-- lease_next: the next task for a reviewer
SELECT * FROM review.lease_next(
    %(reviewer)s, %(languages)s, %(secrets)s, %(role)s, %(site)s, %(start)s, %(now)s, %(until)s, %(adjudication)s);

-- task_with_answers: what an answer is checked against; judgements oldest first, without the reviewer's own
SELECT t.question, t.key_slot, t.judgements,
       array(SELECT j.sealed FROM review.judgements j
              WHERE j.task_id = t.id AND j.reviewer_id <> %(reviewer)s ORDER BY j.id) AS answers
  FROM review.tasks t WHERE t.id = %(task)s;

-- submit_and_next: an answer under a live lease, and the next task, in one commit
SELECT * FROM review.submit_and_next(
    %(task)s, %(fence)s, %(client_key)s, %(answer)s, %(day)s, %(seen)s::smallint, %(state)s, %(needed)s::smallint,
    %(label)s, %(made_by)s, %(reviewer)s, %(languages)s, %(secrets)s, %(role)s, %(site)s, %(start)s, %(now)s, %(until)s);

-- heartbeat: the reviewer is still there
UPDATE review.tasks SET lease_until = %(until)s
 WHERE id = %(task)s AND state = 'leased' AND lease_by = %(reviewer)s AND fence = %(fence)s AND lease_until > %(now)s
RETURNING lease_until;

-- release: the reviewer gives the task back unanswered
UPDATE review.tasks
   SET state = CASE WHEN held_for IS NULL THEN 'ready' ELSE 'held' END, lease_by = NULL, lease_until = NULL
 WHERE id = %(task)s AND state = 'leased' AND lease_by = %(reviewer)s AND fence = %(fence)s
RETURNING id;

-- expire_leases: whose holders left
UPDATE review.tasks
   SET state = CASE WHEN held_for IS NULL THEN 'ready' ELSE 'held' END, lease_by = NULL, lease_until = NULL
 WHERE state = 'leased' AND lease_until <= %(now)s;

-- hear_under_lease: write the hearing down; no row when the lease is not live
WITH live AS (
    SELECT t.id, t.object, t.key_slot, t.lease_role, t.lease_site, t.fence FROM review.tasks t
     WHERE t.id = %(task)s AND t.state = 'leased' AND t.lease_by = %(reviewer)s AND t.fence = %(fence)s
       AND t.lease_until > %(now)s
       FOR SHARE
), heard AS (
    INSERT INTO review.hearings (task_id, reviewer_id, role, site, day, fence)
    SELECT id, %(reviewer)s, lease_role, lease_site, %(day)s, fence FROM live
    ON CONFLICT (task_id, reviewer_id, fence) DO NOTHING
)
SELECT object, key_slot FROM live;

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

-- give_back: a flagged clip goes on as if it had not been flagged
UPDATE review.tasks AS t
   SET state = CASE WHEN EXISTS (SELECT FROM review.labels l WHERE l.task_id = t.id) THEN 'done'
                    WHEN t.judgements >= 3 THEN 'held' ELSE 'ready' END,
       held_for = CASE WHEN t.judgements >= 3 AND NOT EXISTS (SELECT FROM review.labels l WHERE l.task_id = t.id)
                       THEN 'adjudication' END
 WHERE t.id = %(task)s AND t.state = 'held' AND t.held_for = 'safety'
RETURNING t.id;

-- live_tasks: which of these still exist
SELECT id, state, held_for, question FROM review.tasks WHERE id = ANY(%(ids)s);

-- answers_of: what was answered to one task, oldest first, without who
SELECT sealed FROM review.judgements WHERE task_id = %(task)s ORDER BY id;

-- adjudicate: a lead's answer becomes the label
WITH decided AS (
    UPDATE review.tasks SET state = 'done', held_for = NULL, lease_by = NULL, lease_until = NULL
     WHERE id = %(task)s AND state = 'leased' AND held_for = 'adjudication' AND lease_by = %(reviewer)s
       AND fence = %(fence)s AND lease_until > %(now)s
    RETURNING id
)
INSERT INTO review.labels (task_id, sealed, made_by, agreed_on)
SELECT id, %(label)s, 'adjudication', %(day)s FROM decided
RETURNING task_id;

-- key_slot: where a task's secret lies, and what it asks
SELECT key_slot, question FROM review.tasks WHERE id = %(task)s;

-- labels_of: labels that were made of these tasks
SELECT l.task_id, l.sealed, l.made_by, l.agreed_on, t.key_slot, t.question
  FROM review.labels l JOIN review.tasks t ON t.id = l.task_id
 WHERE l.task_id = ANY(%(ids)s);

-- backlog: how many tasks of each question wait in each state, and since when
SELECT question, coalesce(held_for, state) AS state, count(*) AS tasks, min(created_on) AS oldest_on
  FROM review.tasks
 GROUP BY 1, 2 ORDER BY 1, 2;

-- labels_per_day: labels by day, question and how they were made
SELECT l.agreed_on AS day, t.question, l.made_by, count(*) AS labels
  FROM review.labels l JOIN review.tasks t ON t.id = l.task_id
 WHERE l.agreed_on >= %(since)s
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- own_numbers: what one reviewer has done
SELECT count(*) AS judgements, count(*) FILTER (WHERE day = %(day)s) AS today,
       coalesce(avg(seconds), 0)::real AS seconds
  FROM review.judgements WHERE reviewer_id = %(reviewer)s;
