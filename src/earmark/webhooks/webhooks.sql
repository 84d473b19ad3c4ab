-- add: somebody wants to be told
INSERT INTO review.webhooks (id, url, events, low, allow_private, told_until, made_at)
VALUES (%(id)s, %(url)s, %(events)s, %(low)s, %(allow_private)s, %(now)s, %(now)s);

-- known_campaigns: what was closed before somebody wanted to be told is not told
INSERT INTO review.announced (webhook_id, about)
SELECT %(id)s, 'campaign:' || c.id FROM review.campaigns c
 WHERE c.state = 'closed';

-- webhooks: each with what waits for it
SELECT w.id, w.url, w.events, w.low, w.allow_private, w.made_at,
       (SELECT count(*) FROM review.deliveries d WHERE d.webhook_id = w.id) AS waiting
  FROM review.webhooks w ORDER BY w.made_at, w.id;

-- remove: with everything that waited for it
DELETE FROM review.webhooks WHERE id = %(id)s RETURNING id;

-- wanted: whether anybody wants to be told of this
SELECT EXISTS (SELECT FROM review.webhooks WHERE %(event)s = ANY(events)) AS wanted;

-- labels_agreed: counts of what was agreed since each webhook was last told; labels taken back meanwhile don't count
WITH told AS (
    SELECT id, told_until FROM review.webhooks
     WHERE 'label.agreed' = ANY(events) AND told_until <= %(until)s - %(batch)s::interval
       FOR UPDATE
), now_told AS (
    UPDATE review.webhooks w SET told_until = %(until)s FROM told WHERE w.id = told.id
)
INSERT INTO review.deliveries (id, webhook_id, event, at, next_at)
SELECT gen_random_uuid(), told.id,
       jsonb_build_object('type', 'label.agreed', 'timestamp', %(stamp)s::text, 'data', jsonb_build_object(
           'question', t.question, 'made_by', l.made_by, 'day', l.agreed_on, 'count', count(*))),
       %(now)s, %(now)s
  FROM told
  JOIN review.labels l ON l.agreed_at > told.told_until AND l.agreed_at <= %(until)s
       AND l.agreed_on >= (told.told_until AT TIME ZONE 'UTC')::date
  JOIN review.tasks t ON t.id = l.task_id
 GROUP BY told.id, t.question, l.made_by, l.agreed_on;

-- cases_overdue: each clock of a case that ran out, once
WITH found AS (
    INSERT INTO review.announced (webhook_id, about)
    SELECT w.id, 'case:' || c.id || ':' || extract(epoch FROM c.due_at)::bigint
      FROM review.webhooks w CROSS JOIN safety.cases c
     WHERE 'case.overdue' = ANY(w.events)
       AND coalesce(c.decision, 'escalate') = 'escalate' AND c.due_at <= %(now)s
    ON CONFLICT DO NOTHING
    RETURNING webhook_id, split_part(about, ':', 2) AS about
)
INSERT INTO review.deliveries (id, webhook_id, event, at, next_at)
SELECT gen_random_uuid(), webhook_id,
       jsonb_build_object('type', 'case.overdue', 'timestamp', %(stamp)s::text, 'data',
                          jsonb_build_object('case', about)),
       %(now)s, %(now)s
  FROM found;

-- campaigns_closed: each campaign that was closed, once
WITH found AS (
    INSERT INTO review.announced (webhook_id, about)
    SELECT w.id, 'campaign:' || c.id
      FROM review.webhooks w CROSS JOIN review.campaigns c
     WHERE 'campaign.closed' = ANY(w.events) AND c.state = 'closed'
    ON CONFLICT DO NOTHING
    RETURNING webhook_id, split_part(about, ':', 2) AS about
)
INSERT INTO review.deliveries (id, webhook_id, event, at, next_at)
SELECT gen_random_uuid(), webhook_id,
       jsonb_build_object('type', 'campaign.closed', 'timestamp', %(stamp)s::text, 'data',
                          jsonb_build_object('campaign', about)),
       %(now)s, %(now)s
  FROM found;

-- backlog_low: backlogs that were full and have fallen below what their webhook calls low
WITH waiting AS (
    SELECT question, count(*) AS n FROM review.tasks WHERE state = 'ready' GROUP BY question
), fell AS (
    DELETE FROM review.announced a USING review.webhooks w
     WHERE a.webhook_id = w.id AND a.about LIKE 'backlog:%%' AND 'backlog.low' = ANY(w.events)
       AND coalesce((SELECT n FROM waiting WHERE question = substr(a.about, 9)), 0) < w.low
    RETURNING a.webhook_id, substr(a.about, 9) AS question
)
INSERT INTO review.deliveries (id, webhook_id, event, at, next_at)
SELECT gen_random_uuid(), f.webhook_id,
       jsonb_build_object('type', 'backlog.low', 'timestamp', %(stamp)s::text, 'data', jsonb_build_object(
           'question', f.question, 'waiting', coalesce(waiting.n, 0))),
       %(now)s, %(now)s
  FROM fell f LEFT JOIN waiting USING (question);

-- backlog_full: at least twice what is low; between the two nothing is told again
INSERT INTO review.announced (webhook_id, about)
SELECT w.id, 'backlog:' || waiting.question
  FROM review.webhooks w
  JOIN (SELECT question, count(*) AS n FROM review.tasks WHERE state = 'ready' GROUP BY question) waiting
       ON waiting.n >= 2 * w.low
 WHERE 'backlog.low' = ANY(w.events)
ON CONFLICT DO NOTHING;

-- take_due: a few for each webhook, so that one that does not answer keeps no other waiting; a crash returns them
UPDATE review.deliveries d SET tries = d.tries + 1, next_at = %(hold)s
  FROM review.webhooks w
 WHERE w.id = d.webhook_id AND d.id IN (
    SELECT due.id FROM review.webhooks each CROSS JOIN LATERAL (
        SELECT n.id FROM review.deliveries n WHERE n.webhook_id = each.id AND n.next_at <= %(now)s
         ORDER BY n.next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED) due)
RETURNING d.id, d.event, d.at, d.tries, w.id AS webhook_id, w.url, w.allow_private;

-- taken: the receiver has it, or it is given up
DELETE FROM review.deliveries WHERE id = %(id)s;

-- again: it is tried later
UPDATE review.deliveries SET next_at = %(next_at)s WHERE id = %(id)s;
