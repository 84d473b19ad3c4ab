-- sites: every site that was set up
SELECT name, region, serves, languages, timezone, opens, closes, days, pass_mark, break_after_minutes, break_minutes,
       hourly_cost, currency
  FROM review.sites ORDER BY name;

-- put_site: a site is set up or changed
INSERT INTO review.sites (name, region, serves, languages, timezone, opens, closes, days, pass_mark,
                          break_after_minutes, break_minutes, hourly_cost, currency)
VALUES (%(name)s, %(region)s, %(serves)s, %(languages)s, %(timezone)s, %(opens)s, %(closes)s, %(days)s::smallint[],
        %(pass_mark)s, %(break_after_minutes)s, %(break_minutes)s, %(hourly_cost)s, %(currency)s)
ON CONFLICT (name) DO UPDATE
   SET region = excluded.region, serves = excluded.serves, languages = excluded.languages,
       timezone = excluded.timezone, opens = excluded.opens, closes = excluded.closes, days = excluded.days,
       pass_mark = excluded.pass_mark, break_after_minutes = excluded.break_after_minutes,
       break_minutes = excluded.break_minutes, hourly_cost = excluded.hourly_cost, currency = excluded.currency;

-- add_doing: somebody changed something
INSERT INTO review.doings (at, by, what, about, detail)
VALUES (%(at)s, %(by)s, %(what)s, %(about)s, %(detail)s::jsonb);

-- doings_about: what was done about one thing, newest first
SELECT id, at, what, about, detail FROM review.doings WHERE about = %(about)s ORDER BY id DESC LIMIT %(most)s;

-- new_doings: what the audit log does not have yet
SELECT id, at, what, about, detail FROM review.doings WHERE NOT carried
 ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED;

-- mark_carried: the audit log has these
UPDATE review.doings SET carried = true WHERE id = ANY(%(ids)s);

-- seat: one person's place at the console
SELECT reviewer_id, site, preferences, working_since, seen_at, break_until, locked_at IS NOT NULL AS locked
  FROM review.seats WHERE reviewer_id = %(reviewer)s;

-- keep_seat: how far their shift is; two processes may write at once, the later sight counts
INSERT INTO review.seats (reviewer_id, site, working_since, seen_at, break_until)
VALUES (%(reviewer)s, %(site)s, %(working_since)s, %(seen_at)s, %(break_until)s)
ON CONFLICT (reviewer_id) DO UPDATE
   SET site = excluded.site, working_since = excluded.working_since,
       seen_at = greatest(review.seats.seen_at, excluded.seen_at), break_until = excluded.break_until;

-- keep_preferences: one person's own settings of the console
INSERT INTO review.seats (reviewer_id, site, preferences)
VALUES (%(reviewer)s, %(site)s, %(preferences)s::jsonb)
ON CONFLICT (reviewer_id) DO UPDATE SET preferences = review.seats.preferences || excluded.preferences
RETURNING preferences;

-- lock_out: sessions end, leases return
SELECT review.lock_out(%(reviewer)s, %(by)s, %(now)s);

-- unlock: somebody may come back; by another than the one who locked them out, who was there before it
UPDATE review.seats SET locked_at = NULL, locked_by = NULL
 WHERE reviewer_id = %(reviewer)s AND locked_at IS NOT NULL AND locked_by IS DISTINCT FROM %(by)s
   AND (%(by)s::uuid IS NULL OR EXISTS (
        SELECT FROM review.people_of_site(%(site)s) p
         WHERE p.person_id = %(by)s AND p.since < (locked_at AT TIME ZONE 'UTC')::date))
RETURNING reviewer_id;

-- is_locked: by whom
SELECT locked_by FROM review.seats WHERE reviewer_id = %(reviewer)s AND locked_at IS NOT NULL;

-- site_of_person: whether somebody works at a site
SELECT roles FROM review.people_of_site(%(site)s) WHERE person_id = %(reviewer)s;

-- link_for: a sign-in link for somebody of a site
SELECT review.link_for(%(hash)s, %(reviewer)s, %(site)s, %(expires)s) AS ok;

-- head_count: how many work at a site, by role and language
SELECT role, language, count(*) AS people
  FROM review.people_of_site(%(site)s), unnest(roles) role, unnest(languages) language
 WHERE role IN ('reviewer', 'lead')
 GROUP BY 1, 2 ORDER BY 1, 2;

-- colleagues: people of a site by the beginning of their number, never by what they did; who is locked out first
SELECT p.person_id, p.roles, p.languages, p.since, s.locked_at, s.locked_by,
       coalesce(s.seen_at > %(since)s AND (s.break_until IS NULL OR s.break_until <= %(now)s), false) AS here
  FROM review.people_of_site(%(site)s) p LEFT JOIN review.seats s ON s.reviewer_id = p.person_id
 WHERE p.person_id::text LIKE %(code)s
 ORDER BY s.locked_at IS NULL, p.person_id LIMIT %(most)s;

-- on_now: how many sit at the console, by site
SELECT coalesce(site, '') AS site, count(*) AS people
  FROM review.seats
 WHERE seen_at > %(since)s AND locked_at IS NULL AND (break_until IS NULL OR break_until <= %(now)s)
 GROUP BY 1 ORDER BY 1;

-- on_break: how many take a break, by site
SELECT coalesce(site, '') AS site, count(*) AS people
  FROM review.seats WHERE break_until > %(now)s AND locked_at IS NULL GROUP BY 1 ORDER BY 1;

-- add_invitation: a link that becomes an account
INSERT INTO review.invitations (token_hash, id, site, role, languages, made_by, made_at, expires_at)
VALUES (%(hash)s, %(id)s, %(site)s, %(role)s, %(languages)s, %(by)s, %(now)s, %(expires)s);

-- invitation: what a link is for, while it is good
SELECT id, site, role, languages, made_at, expires_at FROM review.invitations
 WHERE token_hash = %(hash)s AND expires_at > %(now)s;

-- invitations_of: links of one site that nobody has used yet, newest first
SELECT id, site, role, languages, made_at, expires_at FROM review.invitations
 WHERE site = %(site)s AND expires_at > %(now)s ORDER BY made_at DESC;

-- accept_invitation: a link becomes an account and a session
SELECT review.accept_invitation(%(hash)s, %(session)s, %(person)s, %(now)s) AS ok;

-- withdraw_invitation: a link is good no more
DELETE FROM review.invitations WHERE id = %(id)s AND site = %(site)s RETURNING id;

-- drop_invitations: links past their time
DELETE FROM review.invitations WHERE expires_at <= %(now)s;

-- campaigns: every campaign, the ones that run first
SELECT * FROM review.campaigns ORDER BY state = 'closed', deadline, made_at;

-- campaign: one of them
SELECT * FROM review.campaigns WHERE id = %(id)s;

-- add_campaign: a new one
INSERT INTO review.campaigns (id, name, purpose, questions, languages, budget, deadline, gold_share, blind_share, state,
                              made_by, made_at)
VALUES (%(id)s, %(name)s, %(purpose)s, %(questions)s, %(languages)s, %(budget)s, %(deadline)s, %(gold_share)s,
        %(blind_share)s, %(state)s, %(made_by)s, %(made_at)s);

-- change_campaign: its purpose stays what the log says it is
UPDATE review.campaigns
   SET name = %(name)s, budget = %(budget)s, deadline = %(deadline)s, gold_share = %(gold_share)s,
       blind_share = %(blind_share)s
 WHERE id = %(id)s AND state <> 'closed'
RETURNING id;

-- set_campaign_state: a closed one stays closed
UPDATE review.campaigns SET state = %(state)s WHERE id = %(id)s AND state <> 'closed' AND state <> %(state)s
RETURNING id, name, spent, budget;

-- running_campaigns: those that are not closed
SELECT id, questions, languages, made_at FROM review.campaigns WHERE state <> 'closed';

-- taken_since: answers to one campaign's questions since it was last counted: all, and those that nobody can take back
SELECT count(*)::integer AS n, count(*) FILTER (WHERE j.at < %(settled)s)::integer AS settled
  FROM review.judgements j JOIN review.tasks t ON t.id = j.task_id
 WHERE j.at >= %(since)s AND j.undone_at IS NULL AND j.round = 0
   AND t.question = ANY(%(questions)s) AND t.language = ANY(%(languages)s);

-- keep_spent: what a campaign took
UPDATE review.campaigns SET spent = %(spent)s WHERE id = %(id)s AND state <> 'closed' AND spent <> %(spent)s;

-- finished_campaigns: spent, or past their deadline
SELECT id, name, spent, budget, deadline FROM review.campaigns
 WHERE state <> 'closed' AND (spent >= budget OR deadline < %(today)s) ORDER BY deadline FOR UPDATE;

-- campaign_labels: what it made: labels, by how; seconds and sites of the answers it took
SELECT l.made_by, count(*) AS labels
  FROM review.labels l JOIN review.tasks t ON t.id = l.task_id
 WHERE l.agreed_on >= (%(since)s AT TIME ZONE 'UTC')::date AND l.agreed_at >= %(since)s AND l.agreed_at <= %(until)s
   AND t.question = ANY(%(questions)s) AND t.language = ANY(%(languages)s)
 GROUP BY 1;

-- campaign_answers: answers and seconds by site
SELECT coalesce(j.site, '') AS site, count(*) AS answers, coalesce(sum(j.seconds), 0)::float8 AS seconds
  FROM review.judgements j JOIN review.tasks t ON t.id = j.task_id
 WHERE j.at >= %(since)s AND j.at <= %(until)s AND j.undone_at IS NULL AND j.round = 0
   AND t.question = ANY(%(questions)s) AND t.language = ANY(%(languages)s)
 GROUP BY 1 ORDER BY 1;
