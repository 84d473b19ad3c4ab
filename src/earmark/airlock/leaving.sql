-- leaving: a page of labels that came home, by their own random numbers, with what decides whether each may leave
SELECT l.id, l.interaction_id, l.question, l.sealed, l.agreed_on, i.person_id, i.device_id, i.kind, i.duration,
       i.guest_session IS NOT NULL AS guest,
       p.household_id
  FROM airlock.labels l
  JOIN vault.interactions i ON i.id = l.interaction_id
  JOIN accounts.people p ON p.id = i.person_id
 WHERE l.id > %(after)s AND (%(questions)s::text[] IS NULL OR l.question = ANY(%(questions)s))
   AND (%(since)s::date IS NULL OR l.agreed_on >= %(since)s)
 ORDER BY l.id LIMIT %(limit)s;

-- labelled: how many labels there are of each question
SELECT l.question, count(*) AS labels FROM airlock.labels l
 WHERE (%(since)s::date IS NULL OR l.agreed_on >= %(since)s)
 GROUP BY l.question ORDER BY l.question;
