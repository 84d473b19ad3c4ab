-- sounds: how many sounds each person fetched to answer, by question; of clips that are gone the question is not known
SELECT h.reviewer_id AS person, coalesce(t.question, '') AS question, max(h.site) AS site, count(*) AS n
  FROM review.hearings h LEFT JOIN review.tasks t ON t.id = h.task_id
 WHERE h.day = %(day)s AND h.why IS NULL AND h.role IN ('reviewer', 'lead')
 GROUP BY 1, 2;

-- answers: how many answers each person gave, by question
SELECT j.reviewer_id AS person, t.question, max(j.site) AS site, count(*) AS n
  FROM review.judgements j JOIN review.tasks t ON t.id = j.task_id
 WHERE j.at >= %(from)s AND j.at < %(to)s
 GROUP BY 1, 2;

-- refusals: whose addresses were refused
SELECT r.reviewer_id AS person, r.kind, s.site, r.n
  FROM review.refusals r LEFT JOIN review.seats s ON s.reviewer_id = r.reviewer_id
 WHERE r.day = %(day)s;

-- raise_alert: once a person, kind and day
INSERT INTO review.alerts (id, reviewer_id, site, kind, day, seen, peers, at)
VALUES (%(id)s, %(person)s, %(site)s, %(kind)s, %(day)s, %(seen)s, %(peers)s, %(at)s)
ON CONFLICT (reviewer_id, kind, day) DO NOTHING;

-- alerts: what waits for the word of a site's lead, the oldest first; nobody decides about themselves
SELECT id, site, kind, day, seen, peers, at, settled_at, outcome FROM review.alerts
 WHERE site = %(site)s AND settled_at IS NULL AND reviewer_id <> %(lead)s
 ORDER BY at, id;

-- alerts_named: these, for the desk
SELECT id, site, kind, day, seen, peers, at, settled_at, outcome FROM review.alerts WHERE id = ANY(%(ids)s);

-- settle: a lead of the site decides, once, and not about themselves
UPDATE review.alerts SET settled_at = %(now)s, settled_by = %(lead)s, outcome = %(outcome)s
 WHERE id = %(alert)s AND site = %(site)s AND reviewer_id <> %(lead)s AND settled_at IS NULL
RETURNING reviewer_id, kind;

-- clear: the desk found nothing wrong; what a lead decided before stands
UPDATE review.alerts SET settled_at = %(now)s, settled_by = %(by)s, outcome = 'cleared'
 WHERE id = %(alert)s AND settled_at IS NULL;

-- lock_out: sessions end and leases return
SELECT review.lock_out(%(person)s, %(lead)s, %(now)s);
