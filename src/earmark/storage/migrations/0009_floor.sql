-- The floor of thousands: questions as data, sites, seats, gold, training, drafts, consults, campaigns, webhooks.
-- depends: 0008_audit

------------------------------------------------------------------------------------------------------------ questions

-- What leads made of the questions; version 1 of the six is in the package. Never changed, only followed by another.
CREATE TABLE review.questions (
    name text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    spec jsonb NOT NULL,
    made_by uuid NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (name, version)
);

ALTER TABLE review.tasks
    DROP CONSTRAINT tasks_question_check,
    DROP CONSTRAINT tasks_held_for_check,
    -- As it stood when the clip was first leased: everybody who judges one clip is asked the same.
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    -- Until then the last answer can be taken back, and nobody else gets the clip.
    ADD COLUMN rest_until timestamptz,
    -- The holder sees no prefill: what they write without it measures how much it leads people.
    ADD COLUMN lease_blind boolean NOT NULL DEFAULT false,
    -- gold: the label is known and it measures who answers; training: made by a machine, to learn on.
    ADD CONSTRAINT tasks_held_for_check
        CHECK (held_for IN ('safety', 'sibling', 'adjudication', 'gold', 'training'));

-- What stood there was the installation's site, which no reviewer was ever compared with.
UPDATE review.tasks SET region = 'home';

DROP INDEX review.tasks_ready;
DROP INDEX review.tasks_adjudication;
CREATE INDEX tasks_ready ON review.tasks (language, region, question, shuf) WHERE state = 'ready';
CREATE INDEX tasks_held_lane ON review.tasks (held_for, language, region, question, shuf) WHERE state = 'held';

ALTER TABLE review.judgements
    DROP CONSTRAINT judgements_task_id_reviewer_id_key,
    ADD COLUMN at timestamptz,
    -- Taken back by whoever gave it; it counts for nothing, and stays.
    ADD COLUMN undone_at timestamptz,
    -- 0, or which try at the training set this was.
    ADD COLUMN round smallint NOT NULL DEFAULT 0,
    ADD COLUMN site text,
    ADD COLUMN blind boolean NOT NULL DEFAULT false,
    -- The answer is what the machine had filled in; null where it had nothing to fill in.
    ADD COLUMN as_given boolean,
    -- Of gold and training: the answer was right.
    ADD COLUMN correct boolean,
    -- Share of the speech that was played before the answer.
    ADD COLUMN heard real;
CREATE UNIQUE INDEX judgements_once ON review.judgements (task_id, reviewer_id, round) WHERE undone_at IS NULL;
CREATE INDEX judgements_at ON review.judgements USING brin (at);
CREATE INDEX judgements_known ON review.judgements (reviewer_id, at) WHERE correct IS NOT NULL;
CREATE INDEX judgements_gold ON review.judgements (id) WHERE correct IS NOT NULL AND round = 0;

ALTER TABLE review.labels ADD COLUMN agreed_at timestamptz;

ALTER TABLE review.hearings
    DROP CONSTRAINT hearings_task_id_reviewer_id_fence_key,
    -- Each address of a sound is good once; the next one has the next number.
    ADD COLUMN serial smallint NOT NULL DEFAULT 0,
    -- Null: to answer the task's question.
    ADD COLUMN why text CHECK (why IN ('consult')),
    ADD CONSTRAINT hearings_once UNIQUE (task_id, reviewer_id, fence, serial);
CREATE INDEX hearings_day ON review.hearings USING brin (day);

------------------------------------------------------------------------------------------------------ sites and people

-- Where people work. A site without a row listens to its own region only, at any hour, without training.
CREATE TABLE review.sites (
    name text PRIMARY KEY,
    region text NOT NULL,
    -- Regions whose clips may be heard there.
    serves text[] NOT NULL,
    languages text[] NOT NULL,
    timezone text NOT NULL,
    -- Local time; the same time twice: day and night. Past midnight when closes < opens.
    opens time NOT NULL,
    closes time NOT NULL,
    -- ISO weekdays, 1 Monday.
    days smallint[] NOT NULL,
    -- Answers right out of the training set's questions before real clips, 0 to 1; null: no training.
    pass_mark real CHECK (pass_mark BETWEEN 0 AND 1),
    break_after_minutes smallint NOT NULL CHECK (break_after_minutes > 0),
    break_minutes smallint NOT NULL CHECK (break_minutes >= 0),
    hourly_cost numeric(10, 2) NOT NULL CHECK (hourly_cost >= 0),
    currency text NOT NULL
);

-- One person's place at the console: their own settings, their shift, whether they are locked out.
CREATE TABLE review.seats (
    reviewer_id uuid PRIMARY KEY,
    site text,
    preferences jsonb NOT NULL DEFAULT '{}',
    -- Since when they work without a break.
    working_since timestamptz,
    seen_at timestamptz,
    break_until timestamptz,
    locked_at timestamptz,
    locked_by uuid
);

CREATE TABLE review.qualifications (
    reviewer_id uuid NOT NULL,
    language text NOT NULL,
    round smallint NOT NULL,
    asked smallint NOT NULL DEFAULT 0,
    correct smallint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    passed_at timestamptz,
    failed_at timestamptz,
    PRIMARY KEY (reviewer_id, language, round)
);

CREATE TABLE review.invitations (
    token_hash bytea PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    site text NOT NULL,
    role text NOT NULL CHECK (role IN ('reviewer', 'lead')),
    languages text[] NOT NULL,
    made_by uuid NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Who comes by an invitation has no name here: the floor has no key that could hold one.
ALTER TABLE accounts.people ALTER COLUMN sealed DROP NOT NULL, ALTER COLUMN key_slot DROP NOT NULL;

-- Unusual access: counts, never what was heard. An open one is a case of the safety officer's and a lead's decision.
CREATE TABLE review.alerts (
    id uuid PRIMARY KEY,
    reviewer_id uuid NOT NULL,
    site text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('replays', 'refused', 'late')),
    day date NOT NULL,
    seen real NOT NULL,
    peers real NOT NULL,
    at timestamptz NOT NULL,
    settled_at timestamptz,
    settled_by uuid,
    outcome text CHECK (outcome IN ('locked', 'cleared')),
    UNIQUE (reviewer_id, kind, day)
);

-- Addresses that were refused, by person and day: used twice, expired, somebody else's, after the answer.
CREATE TABLE review.refusals (
    reviewer_id uuid NOT NULL,
    day date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('refused', 'late')),
    n integer NOT NULL,
    PRIMARY KEY (reviewer_id, day, kind)
);

-- What leads and admins changed; the worker carries it to the audit log.
CREATE TABLE review.doings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    by uuid NOT NULL,
    what text NOT NULL,
    about text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    carried boolean NOT NULL DEFAULT false
);
CREATE INDEX doings_about ON review.doings (about, id);
CREATE INDEX doings_new ON review.doings (id) WHERE NOT carried;

------------------------------------------------------------------------------------------------------- drafts, consults

CREATE TABLE review.drafts (
    task_id uuid NOT NULL REFERENCES review.tasks ON DELETE CASCADE,
    reviewer_id uuid NOT NULL,
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (task_id, reviewer_id)
);
CREATE INDEX drafts_reviewer ON review.drafts (reviewer_id);

CREATE TABLE review.consults (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES review.tasks ON DELETE CASCADE,
    asked_by uuid NOT NULL,
    -- The one group that may answer: people with this language tag.
    language text NOT NULL,
    -- Seconds in the masked copy.
    span_start real NOT NULL,
    span_end real NOT NULL CHECK (span_end > span_start),
    at timestamptz NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX consults_open ON review.consults (language, until);
CREATE INDEX consults_task ON review.consults (task_id);
CREATE INDEX consults_asked ON review.consults (asked_by, at);

CREATE TABLE review.consult_answers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consult_id uuid NOT NULL REFERENCES review.consults ON DELETE CASCADE,
    reviewer_id uuid NOT NULL,
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    UNIQUE (consult_id, reviewer_id)
);

----------------------------------------------------------------------------------------------------- campaigns, webhooks

CREATE TABLE review.campaigns (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    -- Why people are asked; the log keeps it.
    purpose text NOT NULL,
    questions text[] NOT NULL,
    languages text[] NOT NULL,
    -- Judgements it may cost; what it took is counted on the row.
    budget integer NOT NULL CHECK (budget > 0),
    spent integer NOT NULL DEFAULT 0,
    deadline date NOT NULL,
    gold_share real NOT NULL CHECK (gold_share BETWEEN 0 AND 1),
    blind_share real NOT NULL CHECK (blind_share BETWEEN 0 AND 1),
    state text NOT NULL CHECK (state IN ('open', 'paused', 'closed')),
    made_by uuid NOT NULL,
    made_at timestamptz NOT NULL
);

CREATE TABLE review.webhooks (
    id uuid PRIMARY KEY,
    url text NOT NULL,
    events text[] NOT NULL,
    -- `backlog.low`: fewer tasks of a question than this wait.
    low integer NOT NULL CHECK (low > 0),
    -- The admin said that it may lie in a private network.
    allow_private boolean NOT NULL,
    -- Labels that were agreed until then are told.
    told_until timestamptz NOT NULL,
    made_at timestamptz NOT NULL
);

-- One row a message until it is taken, or a day has gone by: ids and counts, never what was said.
CREATE TABLE review.deliveries (
    -- Stays the same through all tries: the receiver tells repeats by it.
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES review.webhooks ON DELETE CASCADE,
    event jsonb NOT NULL,
    at timestamptz NOT NULL,
    tries smallint NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL
);
CREATE INDEX deliveries_due ON review.deliveries (webhook_id, next_at);

-- What a webhook was told once and for all (`case:…`, `campaign:…`), and which backlogs were full (`backlog:…`).
CREATE TABLE review.announced (
    webhook_id uuid NOT NULL REFERENCES review.webhooks ON DELETE CASCADE,
    about text NOT NULL,
    PRIMARY KEY (webhook_id, about)
);

---------------------------------------------------------------------------------------------------------------- leases

DROP FUNCTION review.submit_and_next;
DROP FUNCTION review.lease_next;

-- Leases the next task to a reviewer, or returns no row.
-- p_kinds are tried in their order: 'ready', or why a task is held ('adjudication', 'gold', 'training'); within each,
-- the lanes (language, region, question) in theirs.
-- p_start is drawn by the caller: the queue is read from a random point round to itself. Always taking the lowest key
-- would step over every dead index entry as soon as a backup or a report holds an old snapshot. Sequential scans are
-- off because a plan made while the table was small would otherwise read all of a large one, and OFFSET 0 keeps each
-- EXISTS a look-up for one task: turned into a join, it would read everything that the reviewer ever judged.
-- Lanes are searched in one statement: each from p_start up, then from 0 up to it. The LIMIT 1 outside pulls them one by
-- one (a nested loop over a function scan keeps its order), so nothing else is read or locked; a loop over the lanes with
-- a statement each took twice the time.
-- Whoever is locked out gets nothing, even in the seconds in which a web process still remembers them.
-- Whether a lease is blind depends on task and reviewer alone: who gives a clip back does not get to see its prefill.
CREATE FUNCTION review.lease_next(
    p_reviewer uuid, p_languages text[], p_regions text[], p_questions text[], p_secrets bytea[], p_role text,
    p_site text, p_start double precision, p_now timestamptz, p_until timestamptz, p_kinds text[], p_round smallint,
    p_blind real
) RETURNS TABLE (
    id uuid, question text, version integer, language text, key_slot bigint, sealed bytea, fence bigint,
    lease_until timestamptz, blind boolean, held_for text, label bytea, answers bytea[]
) LANGUAGE plpgsql SET enable_seqscan = off SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    v_kind text;
    v_found uuid;
BEGIN
    IF EXISTS (SELECT FROM review.seats s WHERE s.reviewer_id = p_reviewer AND s.locked_at IS NOT NULL) THEN
        RETURN;
    END IF;
    FOREACH v_kind IN ARRAY p_kinds LOOP
        IF v_kind = 'ready' THEN
            SELECT n.id INTO v_found
            FROM unnest(p_languages, p_regions, p_questions) WITH ORDINALITY l (language, region, question, nr)
            CROSS JOIN LATERAL (VALUES (p_start, 1::double precision, l.nr), (0, p_start, l.nr)) r (low, high, nr)
            CROSS JOIN LATERAL (
                SELECT t.id FROM review.tasks t
                WHERE t.state = 'ready' AND t.language = l.language AND t.region = l.region
                    AND t.question = l.question AND t.shuf >= r.low AND t.shuf < r.high
                    AND (t.rest_until IS NULL OR t.rest_until <= p_now)
                    AND NOT EXISTS (
                        SELECT FROM review.judgements j
                        WHERE j.reviewer_id = p_reviewer AND j.task_id = t.id AND j.undone_at IS NULL OFFSET 0)
                    AND NOT EXISTS (  -- who helped with a word of it has heard a colleague's doubt
                        SELECT FROM review.hearings h
                        WHERE h.task_id = t.id AND h.reviewer_id = p_reviewer AND h.why = 'consult' OFFSET 0)
                    AND NOT EXISTS (
                        SELECT FROM unnest(p_secrets) s
                        WHERE substr(sha256(s || uuid_send(t.id)), 1, 8) = t.exclusion OFFSET 0)
                ORDER BY t.shuf LIMIT 1 FOR UPDATE OF t SKIP LOCKED) n
            LIMIT 1;
        ELSE
            SELECT n.id INTO v_found
            FROM unnest(p_languages, p_regions, p_questions) WITH ORDINALITY l (language, region, question, nr)
            CROSS JOIN LATERAL (VALUES (p_start, 1::double precision, l.nr), (0, p_start, l.nr)) r (low, high, nr)
            CROSS JOIN LATERAL (
                SELECT t.id FROM review.tasks t
                WHERE t.state = 'held' AND t.held_for = v_kind
                    AND t.language = l.language AND t.region = l.region
                    AND t.question = l.question AND t.shuf >= r.low AND t.shuf < r.high
                    AND (t.rest_until IS NULL OR t.rest_until <= p_now)
                    AND NOT EXISTS (
                        SELECT FROM review.judgements j
                        WHERE j.reviewer_id = p_reviewer AND j.task_id = t.id AND j.undone_at IS NULL
                            AND (v_kind <> 'training' OR j.round = p_round) OFFSET 0)
                    AND NOT EXISTS (  -- nor is a lead measured by the gold that they may have settled themselves
                        SELECT FROM review.hearings h
                        WHERE h.task_id = t.id AND h.reviewer_id = p_reviewer
                            AND (h.why = 'consult' OR v_kind = 'gold' AND h.role = 'lead') OFFSET 0)
                    AND (v_kind <> 'gold' OR t.version = coalesce(  -- an older version would tell that it is gold
                        (SELECT max(q.version) FROM review.questions q WHERE q.name = t.question), 1))
                    AND NOT EXISTS (
                        SELECT FROM unnest(p_secrets) s
                        WHERE substr(sha256(s || uuid_send(t.id)), 1, 8) = t.exclusion OFFSET 0)
                ORDER BY t.shuf LIMIT 1 FOR UPDATE OF t SKIP LOCKED) n
            LIMIT 1;
        END IF;
        IF v_found IS NOT NULL THEN
            RETURN QUERY UPDATE review.tasks AS t
                SET state = 'leased', lease_by = p_reviewer, lease_until = p_until, leased_at = p_now,
                    lease_role = p_role, lease_site = p_site, fence = t.fence + 1, rest_until = NULL,
                    lease_blind = v_kind IN ('ready', 'gold') AND t.question = 'transcript' AND get_byte(
                        sha256(uuid_send(t.id) || uuid_send(p_reviewer)), 0) < p_blind * 256,
                    version = CASE WHEN t.judgements > 0 OR t.held_for IS NOT NULL THEN t.version
                        ELSE coalesce((SELECT max(q.version) FROM review.questions q
                                        WHERE q.name = t.question), 1) END
                WHERE t.id = v_found
                RETURNING t.id, t.question, t.version, t.language, t.key_slot, t.sealed, t.fence,
                    t.lease_until, t.lease_blind, t.held_for,
                    CASE WHEN t.held_for IN ('gold', 'training')
                         THEN (SELECT l.sealed FROM review.labels l WHERE l.task_id = t.id) END,
                    CASE WHEN t.held_for IS NULL AND t.judgements = 0 THEN '{}'::bytea[]
                         ELSE array(SELECT j.sealed FROM review.judgements j
                                     WHERE j.task_id = t.id AND j.undone_at IS NULL AND j.round = 0
                                       AND j.correct IS NULL
                                     ORDER BY j.id) END;
            RETURN;
        END IF;
    END LOOP;
END;
$$;

-- Takes an answer under a live lease and leases the next task, in one commit. `status` is
--   taken    the answer is kept (p_label too, if there is one), and the next task follows if there is any
--   repeat   this client key was taken before: nothing changes; the reviewer's newest live lease, or a next task, follows
--   unheard  the sound was never fetched by this reviewer: nothing changes, nothing follows
--   stale    the lease has passed to somebody else, has expired, or the task is gone, or the client key is that of an
--            answer that was taken back: nothing changes, nothing follows
-- Gold and training go back to where they lay; an answer to them makes no label and is no reason for one.
CREATE FUNCTION review.submit_and_next(
    p_task uuid, p_fence bigint, p_client_key uuid, p_answer bytea, p_day date,
    p_seen smallint, p_state text, p_needed smallint, p_label bytea, p_made_by text,
    p_as_given boolean, p_correct boolean, p_heard real, p_needs_heard boolean, p_seconds real,
    p_rest_until timestamptz,
    p_reviewer uuid, p_languages text[], p_regions text[], p_questions text[], p_secrets bytea[], p_role text,
    p_site text, p_start double precision, p_now timestamptz, p_until timestamptz, p_kinds text[], p_round smallint,
    p_blind real
) RETURNS TABLE (
    status text,
    id uuid, question text, version integer, language text, key_slot bigint, sealed bytea, fence bigint,
    lease_until timestamptz, blind boolean, held_for text, label bytea, answers bytea[]
) LANGUAGE plpgsql SET enable_seqscan = off SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    v_task record;
    v_earlier record;
    v_status text := 'stale';
    v_known boolean;
BEGIN
    -- The row's lock makes two sendings of one answer follow each other; the second then sees the first.
    SELECT * INTO v_task FROM review.tasks t WHERE t.id = p_task FOR UPDATE;
    SELECT j.task_id, j.reviewer_id, j.undone_at INTO v_earlier FROM review.judgements j WHERE j.client_key = p_client_key;
    v_known := coalesce(v_task.held_for IN ('gold', 'training'), false);
    IF v_earlier.task_id IS NOT NULL THEN
        IF v_earlier.task_id = p_task AND v_earlier.reviewer_id = p_reviewer AND v_earlier.undone_at IS NULL THEN
            v_status := 'repeat';
        END IF;
    ELSIF v_task.state = 'leased' AND (v_task.held_for IS NULL OR v_known) AND v_task.lease_by = p_reviewer
        AND v_task.fence = p_fence AND v_task.lease_until > p_now
        AND (v_known AND p_correct IS NOT NULL OR NOT v_known AND v_task.judgements = p_seen) THEN
        IF p_needs_heard AND NOT EXISTS (
            SELECT FROM review.hearings h
            WHERE h.task_id = p_task AND h.reviewer_id = p_reviewer AND h.why IS NULL) THEN
            v_status := 'unheard';
        ELSE
            v_status := 'taken';
        END IF;
    END IF;
    IF v_status = 'taken' THEN
        INSERT INTO review.judgements (
            task_id, reviewer_id, client_key, sealed, seconds, day, at, round, site, blind, as_given, correct, heard)
        VALUES (
            p_task, p_reviewer, p_client_key, p_answer,
            least(p_seconds, extract(epoch FROM p_now - v_task.leased_at)::real), p_day, p_now,
            -- Fetched ahead, it may be answered when its round is over: round 0 would make gold of it.
            CASE WHEN v_task.held_for = 'training' THEN coalesce(
                (SELECT max(q.round) FROM review.qualifications q
                  WHERE q.reviewer_id = p_reviewer AND q.language = v_task.language), greatest(p_round, 1))
                ELSE 0 END, p_site, v_task.lease_blind, p_as_given,
            p_correct, p_heard);
        UPDATE review.tasks AS t
        SET state = CASE WHEN v_known THEN 'held' ELSE p_state END,
            held_for = CASE WHEN v_known THEN t.held_for WHEN p_state = 'held' THEN 'adjudication' END,
            needed = CASE WHEN v_known THEN t.needed ELSE p_needed END,
            judgements = t.judgements + CASE WHEN v_known THEN 0 ELSE 1 END,
            rest_until = p_rest_until, lease_by = NULL, lease_until = NULL
        WHERE t.id = p_task;
        IF p_label IS NOT NULL AND NOT v_known THEN
            INSERT INTO review.labels (task_id, sealed, made_by, agreed_on, agreed_at)
            VALUES (p_task, p_label, p_made_by, p_day, p_now);
        END IF;
        DELETE FROM review.drafts d WHERE d.task_id = p_task AND d.reviewer_id = p_reviewer;
    END IF;
    IF v_status IN ('stale', 'unheard') THEN
        RETURN QUERY SELECT v_status, NULL::uuid, NULL::text, NULL::integer, NULL::text, NULL::bigint, NULL::bytea,
            NULL::bigint, NULL::timestamptz, NULL::boolean, NULL::text, NULL::bytea, NULL::bytea[];
        RETURN;
    END IF;
    IF v_status = 'repeat' THEN
        RETURN QUERY SELECT v_status, t.id, t.question, t.version, t.language, t.key_slot, t.sealed, t.fence,
            t.lease_until, t.lease_blind, t.held_for,
            CASE WHEN t.held_for IN ('gold', 'training')
                 THEN (SELECT l.sealed FROM review.labels l WHERE l.task_id = t.id) END,
            array(SELECT j.sealed FROM review.judgements j
                   WHERE j.task_id = t.id AND j.undone_at IS NULL AND j.round = 0 AND j.correct IS NULL ORDER BY j.id)
        FROM review.tasks t
        WHERE t.state = 'leased' AND t.lease_by = p_reviewer AND t.lease_until > p_now
            AND t.held_for IS DISTINCT FROM 'adjudication'
        ORDER BY t.leased_at DESC, t.fence DESC LIMIT 1;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    RETURN QUERY SELECT v_status, n.* FROM review.lease_next(
        p_reviewer, p_languages, p_regions, p_questions, p_secrets, p_role, p_site, p_start, p_now, p_until, p_kinds,
        p_round, p_blind) n;
    IF NOT FOUND THEN
        RETURN QUERY SELECT v_status, NULL::uuid, NULL::text, NULL::integer, NULL::text, NULL::bigint, NULL::bytea,
            NULL::bigint, NULL::timestamptz, NULL::boolean, NULL::text, NULL::bytea, NULL::bytea[];
    END IF;
END;
$$;

-- Takes back one's own last answer while its task rests, and leases the task again; no row when it can't be any more.
-- The floor may neither change a judgement nor delete a label: this does both, for this one case.
CREATE FUNCTION review.undo_answer(
    p_task uuid, p_client_key uuid, p_reviewer uuid, p_role text, p_site text, p_now timestamptz, p_until timestamptz
) RETURNS TABLE (
    id uuid, question text, version integer, language text, key_slot bigint, sealed bytea, fence bigint,
    lease_until timestamptz, blind boolean, held_for text, label bytea, answers bytea[], answer bytea
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    v_task record;
    v_mine record;
    v_gold boolean;
BEGIN
    SELECT * INTO v_task FROM review.tasks t WHERE t.id = p_task FOR UPDATE;
    SELECT * INTO v_mine FROM review.judgements j
    WHERE j.client_key = p_client_key AND j.task_id = p_task AND j.reviewer_id = p_reviewer AND j.undone_at IS NULL
        AND j.round = 0;
    IF v_mine.id IS NULL OR v_task.rest_until IS NULL OR v_task.rest_until <= p_now OR v_task.state = 'leased'
        OR v_task.held_for IN ('safety', 'sibling', 'training')
        OR EXISTS (SELECT FROM review.seats s WHERE s.reviewer_id = p_reviewer AND s.locked_at IS NOT NULL) THEN
        RETURN;
    END IF;
    v_gold := v_mine.correct IS NOT NULL;
    IF v_gold AND v_task.held_for IS DISTINCT FROM 'gold' THEN  -- it ended; its label stands
        RETURN;
    END IF;
    UPDATE review.judgements AS j SET undone_at = p_now WHERE j.id = v_mine.id;
    IF NOT v_gold THEN
        DELETE FROM review.labels l WHERE l.task_id = p_task;
    END IF;
    RETURN QUERY UPDATE review.tasks AS t
        SET state = 'leased', rest_until = NULL,
            held_for = CASE WHEN v_gold THEN t.held_for END,
            judgements = t.judgements - CASE WHEN v_gold THEN 0 ELSE 1 END,
            needed = CASE WHEN v_gold THEN t.needed WHEN t.judgements - 1 < 2 THEN 2 ELSE 3 END,
            lease_by = p_reviewer, lease_until = p_until, leased_at = p_now, lease_role = p_role, lease_site = p_site,
            lease_blind = v_mine.blind, fence = t.fence + 1
        WHERE t.id = p_task
        RETURNING t.id, t.question, t.version, t.language, t.key_slot, t.sealed, t.fence, t.lease_until,
            t.lease_blind, t.held_for,
            CASE WHEN v_gold THEN (SELECT l.sealed FROM review.labels l WHERE l.task_id = t.id) END,
            array(SELECT j.sealed FROM review.judgements j
                   WHERE j.task_id = t.id AND j.undone_at IS NULL AND j.round = 0 AND j.correct IS NULL
                   ORDER BY j.id),
            v_mine.sealed;
END;
$$;
REVOKE ALL ON FUNCTION review.undo_answer FROM PUBLIC;

-- Locks somebody out at once: sessions end, leases return.
CREATE FUNCTION review.lock_out(p_reviewer uuid, p_by uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO review.seats (reviewer_id, locked_at, locked_by) VALUES (p_reviewer, p_now, p_by)
    ON CONFLICT (reviewer_id) DO UPDATE SET locked_at = p_now, locked_by = p_by;
    DELETE FROM accounts.sessions s WHERE s.person_id = p_reviewer AND s.plane = 'floor';
    DELETE FROM accounts.sign_in_links l WHERE l.person_id = p_reviewer AND l.plane = 'floor';
    UPDATE review.tasks AS t
    SET state = CASE WHEN t.held_for IS NULL THEN 'ready' ELSE 'held' END, lease_by = NULL, lease_until = NULL
    WHERE t.state = 'leased' AND t.lease_by = p_reviewer;
END $$;
REVOKE ALL ON FUNCTION review.lock_out FROM PUBLIC;

-- Trades an invitation for an account without a name and a session of twelve hours.
CREATE FUNCTION review.accept_invitation(invitation bytea, session bytea, person uuid, at timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_found record;
BEGIN
    DELETE FROM review.invitations i WHERE i.token_hash = invitation AND i.expires_at > at
    RETURNING i.site, i.role, i.languages INTO v_found;
    IF v_found.site IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO accounts.people (id, roles, site, languages, created_on)
    VALUES (person, ARRAY[v_found.role], v_found.site, v_found.languages, (at AT TIME ZONE 'UTC')::date);
    INSERT INTO accounts.sessions (token_hash, person_id, plane, created_at, expires_at)
    VALUES (session, person, 'floor', at, at + interval '12 hours');
    INSERT INTO audit.inbox (event) VALUES (format(
        '{"at":"%s+00:00","plane":"floor","salt":"%s","what":"invitation.accepted"}',
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), replace(gen_random_uuid()::text, '-', '')));
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION review.accept_invitation FROM PUBLIC;

-- People of one's own site, for its lead: how many and since when, never who.
CREATE FUNCTION review.people_of_site(p_site text)
RETURNS TABLE (person_id uuid, roles text[], languages text[], since date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT p.id, p.roles, p.languages, p.created_on FROM accounts.people p
     WHERE p.site = p_site AND p.roles && ARRAY['reviewer', 'lead']
$$;
REVOKE ALL ON FUNCTION review.people_of_site FROM PUBLIC;

-- Nobody who is locked out gets in, by a session or by a link.
CREATE OR REPLACE FUNCTION review.redeem_link(link bytea, session bytea, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    who uuid;
BEGIN
    DELETE FROM accounts.sign_in_links l
     WHERE l.token_hash = link AND l.plane = 'floor' AND l.expires_at > at
    RETURNING l.person_id INTO who;
    IF who IS NULL OR EXISTS (SELECT FROM review.seats s WHERE s.reviewer_id = who AND s.locked_at IS NOT NULL) THEN
        RETURN false;
    END IF;
    INSERT INTO accounts.sessions (token_hash, person_id, plane, created_at, expires_at)
    VALUES (session, who, 'floor', at, at + interval '12 hours');
    INSERT INTO audit.inbox (event) VALUES (format(
        '{"at":"%s+00:00","plane":"floor","salt":"%s","what":"sign-in"}',
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), replace(gen_random_uuid()::text, '-', '')));
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION review.whoami(session bytea, at timestamptz) RETURNS SETOF review.account
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT p.id, p.roles, p.site, p.languages, h.exclusion_secret
      FROM accounts.sessions s
      JOIN accounts.people p ON p.id = s.person_id
      LEFT JOIN accounts.households h ON h.id = p.household_id
      LEFT JOIN review.seats seat ON seat.reviewer_id = p.id
     WHERE s.token_hash = session AND s.plane = 'floor' AND s.expires_at > at
       AND p.roles && ARRAY['reviewer', 'lead'] AND seat.locked_at IS NULL
$$;
