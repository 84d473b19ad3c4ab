-- newest: the answers to the clips that two or more people answered last, so many clips a question
WITH newest AS (
    SELECT j.task_id, j.id FROM review.judgements j
     WHERE j.at >= %(since)s AND j.undone_at IS NULL AND j.round = 0 AND j.correct IS NULL
     ORDER BY j.id DESC LIMIT %(scan)s
), seen AS (
    SELECT task_id, max(id) AS last FROM newest GROUP BY task_id
), ranked AS (
    SELECT t.id, t.question, t.language, t.key_slot,
           row_number() OVER (PARTITION BY t.question ORDER BY s.last DESC) AS place
      FROM seen s JOIN review.tasks t ON t.id = s.task_id WHERE t.judgements >= 2
)
SELECT r.id AS task, r.question, r.language, r.key_slot, j.reviewer_id AS person, coalesce(j.site, '') AS site, j.sealed
  FROM ranked r JOIN review.judgements j ON j.task_id = r.id
 WHERE r.place <= %(clips)s AND j.undone_at IS NULL AND j.round = 0 AND j.correct IS NULL
 ORDER BY r.id, j.id;

-- gold: answers to clips whose label was known, counted
WITH newest AS (
    SELECT j.reviewer_id, j.task_id, j.site, j.correct FROM review.judgements j
     WHERE j.at >= %(since)s AND j.undone_at IS NULL AND j.round = 0 AND j.correct IS NOT NULL
     ORDER BY j.id DESC LIMIT %(scan)s
)
SELECT n.reviewer_id AS person, t.language, coalesce(n.site, '') AS site,
       count(*) FILTER (WHERE n.correct) AS right, count(*) AS asked
  FROM newest n JOIN review.tasks t ON t.id = n.task_id
 GROUP BY 1, 2, 3;

-- seconds: how long the newest answers took
WITH newest AS (
    SELECT j.reviewer_id, j.task_id, j.site, j.seconds FROM review.judgements j
     WHERE j.at >= %(since)s AND j.undone_at IS NULL AND j.round = 0
     ORDER BY j.id DESC LIMIT %(scan)s
)
SELECT n.reviewer_id AS person, t.language, coalesce(n.site, '') AS site, n.seconds
  FROM newest n JOIN review.tasks t ON t.id = n.task_id;

-- long_here: which of these people gave their first answer before a day
SELECT person FROM unnest(%(people)s::uuid[]) person
 WHERE EXISTS (SELECT FROM review.judgements j WHERE j.reviewer_id = person AND j.day <= %(before)s);

-- anchoring: how many answers were the machine's own, by question and by whether it had been shown
WITH newest AS (
    SELECT j.task_id, j.blind, j.as_given FROM review.judgements j
     WHERE j.at >= %(since)s AND j.undone_at IS NULL AND j.round = 0 AND j.as_given IS NOT NULL
     ORDER BY j.id DESC LIMIT %(scan)s
)
SELECT t.question, n.blind, count(*) FILTER (WHERE n.as_given) AS kept, count(*) AS asked
  FROM newest n JOIN review.tasks t ON t.id = n.task_id
 GROUP BY 1, 2;

-- gold_of: one person's answers before today to clips whose label was known
SELECT t.question, t.language, j.at, j.correct
  FROM review.judgements j JOIN review.tasks t ON t.id = j.task_id
 WHERE j.reviewer_id = %(reviewer)s AND j.at >= %(since)s AND j.at < %(today)s AND j.undone_at IS NULL AND j.round = 0
   AND j.correct IS NOT NULL
 ORDER BY j.id DESC LIMIT %(most)s;

-- labels_of: one person's newest answers before today beside what they became
SELECT j.task_id AS task, t.key_slot, j.sealed, l.sealed AS label
  FROM review.judgements j JOIN review.labels l ON l.task_id = j.task_id JOIN review.tasks t ON t.id = j.task_id
 WHERE j.reviewer_id = %(reviewer)s AND j.at >= %(since)s AND j.at < %(today)s AND j.undone_at IS NULL AND j.round = 0
   AND j.correct IS NULL
 ORDER BY j.id DESC LIMIT %(clips)s;

-- seconds_of: one person's median by question
SELECT t.question, count(*) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY j.seconds) AS seconds
  FROM review.judgements j JOIN review.tasks t ON t.id = j.task_id
 WHERE j.reviewer_id = %(reviewer)s AND j.at >= %(since)s AND j.undone_at IS NULL AND j.round = 0
 GROUP BY 1;

-- seconds_of_others: the median of the others at a site, by question, where there are at least three
WITH newest AS (
    SELECT j.reviewer_id, j.task_id, j.seconds FROM review.judgements j
     WHERE j.at >= %(since)s AND j.undone_at IS NULL AND j.round = 0 AND j.site = %(site)s
       AND j.reviewer_id <> %(reviewer)s
     ORDER BY j.id DESC LIMIT %(scan)s
)
SELECT t.question, percentile_cont(0.5) WITHIN GROUP (ORDER BY n.seconds) AS seconds
  FROM newest n JOIN review.tasks t ON t.id = n.task_id
 GROUP BY 1 HAVING count(DISTINCT n.reviewer_id) >= %(fewest)s;

-- pass_mark: what a site wants of its people
SELECT pass_mark FROM review.sites WHERE name = %(site)s;

-- rounds: when a person last began or passed training in each language, and whether they are in it
SELECT language, max(coalesce(passed_at, failed_at, started_at)) AS since,
       bool_or(passed_at IS NULL AND failed_at IS NULL) AS open
  FROM review.qualifications WHERE reviewer_id = %(reviewer)s GROUP BY language;
