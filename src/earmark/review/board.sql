-- waiting: how many clips wait, by lane; read from the indexes of the queue alone
SELECT language, region, question, 'ready' AS state, count(*) AS tasks
  FROM review.tasks WHERE state = 'ready' GROUP BY 1, 2, 3
 UNION ALL
SELECT language, region, question, held_for, count(*)
  FROM review.tasks WHERE state = 'held' AND held_for IN ('adjudication', 'safety', 'sibling') GROUP BY 1, 2, 3, 4
 UNION ALL
SELECT language, region, question, 'leased', count(*)
  FROM review.tasks WHERE state = 'leased' GROUP BY 1, 2, 3;

-- oldest: since when the oldest clip of each lane waits; reads the table, so it is asked seldom
SELECT language, question, min(created_on) AS oldest_on
  FROM review.tasks WHERE state = 'ready' GROUP BY 1, 2;

-- judged: answers and seconds by ten minutes, site, question and language; training counts as time only
SELECT date_bin('10 minutes', j.at, 'epoch') AS slice, coalesce(j.site, '') AS site, t.question, t.language,
       count(*) FILTER (WHERE j.round = 0)::integer AS answers, coalesce(sum(j.seconds), 0)::float8 AS seconds
  FROM review.judgements j JOIN review.tasks t ON t.id = j.task_id
 WHERE j.at >= %(since)s AND j.at < %(until)s AND j.undone_at IS NULL
 GROUP BY 1, 2, 3, 4;

-- made: labels by ten minutes, question, language and how they were made
SELECT date_bin('10 minutes', l.agreed_at, 'epoch') AS slice, t.question, t.language, l.made_by,
       count(*)::integer AS labels
  FROM review.labels l JOIN review.tasks t ON t.id = l.task_id
 WHERE l.agreed_on >= (%(since)s AT TIME ZONE 'UTC')::date AND l.agreed_at >= %(since)s AND l.agreed_at < %(until)s
 GROUP BY 1, 2, 3, 4;
