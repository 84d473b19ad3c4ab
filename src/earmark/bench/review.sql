-- fill: many tasks at once
COPY review.tasks (id, question, language, region, state, shuf, object, key_slot, sealed, exclusion, created_on) FROM STDIN;

-- clear: an empty floor, for the owner of the database
TRUNCATE review.tasks CASCADE;

-- tasks: every task
SELECT id::text AS id FROM review.tasks;

-- answers: what the floor keeps, to be compared with what it acknowledged
SELECT client_key::text AS key, task_id::text AS task FROM review.judgements;

-- leases: who holds what now
SELECT id::text AS task, lease_by AS who, fence FROM review.tasks WHERE state = 'leased' AND lease_until > %(now)s;

-- amiss: rows that no order of answers can make while everybody answers alike
SELECT (SELECT count(*) FROM (SELECT FROM review.judgements WHERE undone_at IS NULL GROUP BY task_id, reviewer_id HAVING count(*) > 1) t)
           AS judged_twice,
       (SELECT count(*) FROM (SELECT FROM review.judgements WHERE undone_at IS NULL GROUP BY task_id HAVING count(*) > 2) t)
           AS judged_too_often,
       (SELECT count(*) FROM review.tasks t
         WHERE t.judgements <> (SELECT count(*) FROM review.judgements j WHERE j.task_id = t.id)
           AND t.judgements > 0) AS miscounted,
       (SELECT count(*) FROM review.tasks t
         WHERE t.judgements = 2 AND (t.state <> 'done' OR NOT EXISTS (
            SELECT FROM review.labels l WHERE l.task_id = t.id))) AS without_label,
       (SELECT count(*) FROM review.labels l JOIN review.tasks t ON t.id = l.task_id WHERE t.judgements < 2)
           AS label_too_soon,
       (SELECT count(*) FROM review.labels) AS labels;

-- snapshot: what a backup does first; until it ends no dead row can be cleared away
SELECT pg_current_snapshot();

-- busy: a connection of the floor
SELECT pid FROM pg_stat_activity WHERE usename = 'earmark_review' LIMIT 1;

-- version: which PostgreSQL answers
SELECT current_setting('server_version') AS version;
