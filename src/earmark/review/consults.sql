-- lock_asker: one asker's questions one after the other, so that the limits hold
SELECT pg_advisory_xact_lock(hashtextextended('consult:' || %(reviewer)s::text, 0));

-- asked: how many this person has open, and how many they asked within a day
SELECT count(*) FILTER (WHERE c.until > %(now)s AND t.state = 'leased' AND t.lease_by = %(reviewer)s
                          AND t.lease_until > %(now)s) AS open,
       count(*) AS day
  FROM review.consults c JOIN review.tasks t ON t.id = c.task_id
 WHERE c.asked_by = %(reviewer)s AND c.at > %(day_ago)s;

-- leased: the copy that this lease is on; no row when it is not live
SELECT id, object, key_slot FROM review.tasks
 WHERE id = %(task)s AND state = 'leased' AND lease_by = %(reviewer)s AND fence = %(fence)s AND lease_until > %(now)s
   FOR SHARE;

-- groups: the languages that people of the floor have, at any of its sites
SELECT DISTINCT unnest(p.languages) AS language
  FROM (SELECT name FROM review.sites UNION SELECT unnest(%(sites)s::text[])) s(name)
 CROSS JOIN LATERAL review.people_of_site(s.name) p
 ORDER BY 1;

-- asked_about: the spans of one clip that this person asked about
SELECT span_start::float8 AS start, span_end::float8 AS end FROM review.consults
 WHERE task_id = %(task)s AND asked_by = %(reviewer)s;

-- ask: one span for one group
INSERT INTO review.consults (id, task_id, asked_by, language, span_start, span_end, at, until)
VALUES (%(consult)s, %(task)s, %(reviewer)s, %(language)s, %(start)s, %(end)s, %(now)s, %(until)s);

-- mine: what I asked about clips that I still hold, with the answers
SELECT c.id, c.task_id, c.until, t.key_slot,
       array(SELECT a.sealed FROM review.consult_answers a WHERE a.consult_id = c.id ORDER BY a.id) AS answers
  FROM review.consults c JOIN review.tasks t ON t.id = c.task_id
 WHERE c.task_id = ANY(%(tasks)s) AND c.asked_by = %(reviewer)s
   AND t.state = 'leased' AND t.lease_by = %(reviewer)s AND t.lease_until > %(now)s
 ORDER BY c.at, c.id;

-- for_me: what this person may help with now; of one consult, or of all
-- A hearing of a consult has a fence below zero, made of the consult's id, where no lease's fence ever is.
WITH open AS (
    SELECT c.id, c.task_id, c.language, c.until, c.at, c.span_start, c.span_end, t.object, t.key_slot,
           -1 - ('x' || left(replace(c.id::text, '-', ''), 15))::bit(60)::bigint AS fence
      FROM review.consults c JOIN review.tasks t ON t.id = c.task_id
     WHERE (%(consult)s::uuid IS NULL OR c.id = %(consult)s)
       AND c.until > %(now)s AND c.language = ANY(%(languages)s) AND c.asked_by <> %(reviewer)s
       AND t.state = 'leased' AND t.lease_by = c.asked_by AND t.lease_until > %(now)s
       AND t.region = ANY(coalesce((SELECT s.serves FROM review.sites s WHERE s.name = %(site)s), %(regions)s))
       AND NOT EXISTS (SELECT FROM review.seats l WHERE l.reviewer_id = %(reviewer)s AND l.locked_at IS NOT NULL)
       AND (%(role)s = 'lead'  -- nobody hears a person before they have passed the training that their site asks for
            OR NOT EXISTS (SELECT FROM review.sites s WHERE s.name = %(site)s AND s.pass_mark IS NOT NULL)
            OR EXISTS (SELECT FROM review.qualifications q
                        WHERE q.reviewer_id = %(reviewer)s AND q.passed_at IS NOT NULL
                          AND q.language IN (c.language, split_part(c.language, '-', 1))))
       AND NOT EXISTS (SELECT FROM review.judgements j WHERE j.task_id = t.id AND j.reviewer_id = %(reviewer)s)
       AND NOT EXISTS (SELECT FROM unnest(%(secrets)s::bytea[]) s
                        WHERE substr(sha256(s || uuid_send(t.id)), 1, 8) = t.exclusion)
), counted AS (
    SELECT o.*,
           EXISTS (SELECT FROM review.consult_answers a
                    WHERE a.consult_id = o.id AND a.reviewer_id = %(reviewer)s) AS answered,
           (SELECT count(DISTINCT h.reviewer_id) FROM review.hearings h
             WHERE h.task_id = o.task_id AND h.fence = o.fence AND h.reviewer_id <> %(reviewer)s) AS others,
           (SELECT count(*) FROM review.hearings h
             WHERE h.task_id = o.task_id AND h.fence = o.fence AND h.reviewer_id = %(reviewer)s) AS heard
      FROM open o
)
SELECT * FROM counted WHERE others < %(most)s ORDER BY at, id;

-- lock_task: wait for a recall or a flag that is being written, and let none be written until this is done
-- The task before the consult, as a deletion takes them.
SELECT t.id FROM review.tasks t JOIN review.consults c ON c.task_id = t.id WHERE c.id = %(consult)s FOR SHARE OF t;

-- lock_consult: one listener after the other, so that no more than the limit hear it
SELECT id FROM review.consults WHERE id = %(consult)s FOR UPDATE;

-- hear: the hearing is written down; no row when this address was used before
INSERT INTO review.hearings (task_id, reviewer_id, role, site, day, fence, serial, why)
VALUES (%(task)s, %(reviewer)s, %(role)s, %(site)s, %(day)s, %(fence)s, %(serial)s, 'consult')
ON CONFLICT (task_id, reviewer_id, fence, serial) DO NOTHING
RETURNING id;

-- answer: one answer a person
INSERT INTO review.consult_answers (consult_id, reviewer_id, sealed, at)
VALUES (%(consult)s, %(reviewer)s, %(sealed)s, %(now)s)
ON CONFLICT (consult_id, reviewer_id) DO NOTHING
RETURNING id;

-- any_open: whether anybody asks anything now
SELECT true AS open FROM review.consults WHERE until > %(now)s LIMIT 1;
