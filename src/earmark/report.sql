-- days_to_tally: finished days since the last tally, or since the first recording that is kept, oldest first
SELECT day::date AS day FROM generate_series(
    coalesce((SELECT max(day) + 1 FROM audit.wake_days),
             (SELECT min((started_at AT TIME ZONE 'UTC')::date) FROM vault.interactions)),
    %(today)s::date - 1, interval '1 day') AS day;

-- tally: count one day's wakes by device, and keep only how many devices and people there were in each group
WITH woke AS (
    SELECT device_id, person_id, kind = 'false_wake' AS missed FROM vault.interactions
     WHERE started_at >= %(start)s AND started_at < %(end)s AND wake_word IS NOT NULL AND device_id IS NOT NULL
), devices AS (
    SELECT device_id, width_bucket(count(*) FILTER (WHERE missed), ARRAY[1, 2, 5]::bigint[]) AS kind
      FROM woke GROUP BY device_id
), kinds AS (
    SELECT g.kind, count(DISTINCT d.device_id) AS devices, count(DISTINCT w.person_id) AS people
      FROM generate_series(0, 3) AS g (kind)
      LEFT JOIN devices d ON d.kind = g.kind LEFT JOIN woke w ON w.device_id = d.device_id
     GROUP BY g.kind
)
INSERT INTO audit.wake_days (day, people, devices, wakes, false_wakes, devices_by, people_by)
SELECT %(day)s, (SELECT count(DISTINCT person_id) FROM woke), (SELECT count(*) FROM devices),
       (SELECT count(*) FROM woke), (SELECT count(*) FROM woke WHERE missed),
       (SELECT array_agg(devices ORDER BY kind) FROM kinds), (SELECT array_agg(people ORDER BY kind) FROM kinds)
ON CONFLICT (day) DO NOTHING;

-- wake_days: what was counted of each day
SELECT day, people, devices, wakes, false_wakes, devices_by, people_by FROM audit.wake_days
 WHERE day >= %(first)s AND day < %(after)s ORDER BY day;

-- sampled: what was eligible and what was chosen; those whose it was, as far as it is still kept
SELECT coalesce(sum(d.eligible), 0)::int AS eligible, coalesce(sum(d.chosen), 0)::int AS chosen,
       max(d.rate) AS rate,
       (SELECT coalesce(sum(chosen) <= sum(allowed), true) FROM airlock.days WHERE day < %(after)s) AS within,
       (SELECT count(DISTINCT i.person_id) FROM airlock.offers o JOIN vault.interactions i ON i.id = o.interaction_id
         WHERE o.offered_on >= %(first)s AND o.offered_on < %(after)s) AS people
  FROM airlock.days d WHERE d.day >= %(first)s AND d.day < %(after)s;

-- logged: entries of the log that a report counts, of a month and the days around it
SELECT event FROM audit.log
 WHERE number >= coalesce((SELECT max(size) FROM audit.checkpoints WHERE at < %(start)s), 0)
   AND (event LIKE '%%"what":"hearing"}' OR event LIKE '%%"what":"unsealed"}')
 ORDER BY number;

-- people_heard: whose recordings were heard, by site and purpose, as far as they are still kept
SELECT h.site, h.purpose, count(DISTINCT i.person_id) AS people
  FROM vault.hearings h JOIN vault.interactions i ON i.id = h.interaction_id
 WHERE h.day >= %(first)s AND h.day < %(after)s GROUP BY 1, 2;

-- erasures: deletions by how they were asked for
SELECT CASE asked_how WHEN 'clock' THEN 'clock' WHEN 'case' THEN 'case' ELSE 'people' END AS how,
       count(*) AS times, coalesce(sum((receipt -> 'erased' ->> 'recordings')::int), 0)::int AS recordings,
       count(DISTINCT person_id) AS people
  FROM vault.erasures WHERE done_at >= %(start)s AND done_at < %(end)s GROUP BY 1;

-- withdrawals: a no after a yes, by what was taken back
SELECT purpose, count(*) AS times, count(DISTINCT person_id) AS people FROM (
    SELECT person_id, purpose, at, allowed, lag(allowed) OVER (PARTITION BY person_id, purpose, device_id ORDER BY id) AS was
      FROM vault.grants) g
 WHERE NOT allowed AND was AND at >= %(start)s AND at < %(end)s GROUP BY 1 ORDER BY 1;

-- decided: cases by what was decided
SELECT decision, count(*) AS times FROM safety.cases
 WHERE decided_at >= %(start)s AND decided_at < %(end)s GROUP BY 1 ORDER BY 1;

-- last_published: the newest month with a report, or when the log began
SELECT (SELECT max(month) FROM audit.reports) AS month, (SELECT min(at) FROM audit.checkpoints) AS began;

-- publish: a month's report, once
INSERT INTO audit.reports (month, report, made_at) VALUES (%(month)s, %(report)s, %(now)s)
ON CONFLICT (month) DO NOTHING RETURNING month;

-- published: one month's report as it was published
SELECT report FROM audit.reports WHERE month = %(month)s;

-- months: months with a report, newest first
SELECT month FROM audit.reports ORDER BY month DESC LIMIT 120;

-- own_wakes: one person's wakes by day and device
SELECT (started_at AT TIME ZONE 'UTC')::date AS day, device_id, count(*) AS wakes,
       count(*) FILTER (WHERE kind = 'false_wake') AS false_wakes
  FROM vault.interactions
 WHERE person_id = %(person)s AND started_at >= %(start)s AND started_at < %(end)s AND wake_word IS NOT NULL
 GROUP BY 1, 2 ORDER BY 1, 2;

-- own_counts: what was chosen, heard and deleted of one person's
SELECT (SELECT count(*) FROM airlock.offers o JOIN vault.interactions i ON i.id = o.interaction_id
         WHERE i.person_id = %(person)s AND o.offered_on >= %(first)s AND o.offered_on < %(after)s) AS eligible,
       (SELECT count(*) FROM airlock.choices c JOIN vault.interactions i ON i.id = c.interaction_id
         WHERE i.person_id = %(person)s AND c.chosen_on >= %(first)s AND c.chosen_on < %(after)s) AS chosen,
       (SELECT count(*) FROM vault.erasures WHERE person_id = %(person)s AND done_at >= %(start)s AND done_at < %(end)s
           AND asked_how <> 'clock') AS deletions,
       (SELECT coalesce(sum((receipt -> 'erased' ->> 'recordings')::int), 0)::int FROM vault.erasures
         WHERE person_id = %(person)s AND done_at >= %(start)s AND done_at < %(end)s) AS recordings_deleted,
       (SELECT count(*) FROM vault.grants WHERE person_id = %(person)s AND at >= %(start)s AND at < %(end)s) AS switches;

-- own_hearings: who listened to one person's recordings, by role, site and purpose
SELECT h.role, h.site, h.purpose, count(*) AS times
  FROM vault.hearings h JOIN vault.interactions i ON i.id = h.interaction_id
 WHERE i.person_id = %(person)s AND h.day >= %(first)s AND h.day < %(after)s
 GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3;
