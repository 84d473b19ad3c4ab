-- open_cases: every flag becomes a case; its clock runs from the flag
INSERT INTO safety.cases (id, flag_id, task_id, kind, opened_at, due_at)
SELECT gen_random_uuid(), f.id, f.task_id, f.kind, %(now)s, f.at + %(within)s
  FROM review.flags f
 WHERE NOT EXISTS (SELECT FROM safety.cases c WHERE c.flag_id = f.id)
ON CONFLICT (flag_id) DO NOTHING;

-- open_access_cases: so does every alert about unusual access; it has no clip
INSERT INTO safety.cases (id, flag_id, kind, opened_at, due_at)
SELECT gen_random_uuid(), a.id, 'access', %(now)s, a.at + %(within)s
  FROM review.alerts a
 WHERE NOT EXISTS (SELECT FROM safety.cases c WHERE c.flag_id = a.id)
ON CONFLICT (flag_id) DO NOTHING;

-- cases: open ones by their clock, then the decided ones, newest first
SELECT id, flag_id, task_id, kind, opened_at, due_at, reminded_at, decided_at, decided_by, decision, sealed_reason
  FROM safety.cases
 ORDER BY coalesce(decision, 'escalate') <> 'escalate',
          CASE WHEN coalesce(decision, 'escalate') = 'escalate' THEN due_at END, decided_at DESC
 LIMIT %(limit)s;

-- case: one case
SELECT id, flag_id, task_id, kind, opened_at, due_at, reminded_at, decided_at, decided_by, decision, sealed_reason
  FROM safety.cases WHERE id = %(id)s;

-- decide: a decision is made once; an escalated case gets a new clock and stays open
UPDATE safety.cases SET decision = %(decision)s, decided_at = %(now)s, decided_by = %(by)s, sealed_reason = %(reason)s,
       due_at = CASE WHEN %(decision)s = 'escalate' THEN %(now)s + %(within)s ELSE due_at END
 WHERE id = %(id)s AND (decided_at IS NULL OR decision = 'escalate')
RETURNING flag_id, task_id, kind;

-- overdue: past their clock, and not reminded within the last hour
UPDATE safety.cases SET reminded_at = %(now)s
 WHERE coalesce(decision, 'escalate') = 'escalate' AND due_at <= %(now)s
   AND (reminded_at IS NULL OR reminded_at <= %(now)s - interval '1 hour')
RETURNING id, flag_id, task_id, kind, opened_at, due_at, reminded_at, decided_at, decided_by, decision, sealed_reason;

-- to_erase: decided to be erased, and the clip still stands
SELECT c.id, c.flag_id, c.task_id, c.kind, c.opened_at, c.due_at, c.reminded_at, c.decided_at, c.decided_by, c.decision,
       c.sealed_reason
  FROM safety.cases c JOIN review.tasks t ON t.id = c.task_id
 WHERE c.decision = 'erase' ORDER BY c.decided_at;
