-- Leases on the floor: one function call, one commit; the reviewer's whole rhythm is "answer, next".
-- depends: 0001_planes

ALTER TABLE review.tasks
    -- Why a task is held: flagged itself, of the same recording as a flagged one, or three people gave three answers.
    ADD COLUMN held_for text CHECK (held_for IN ('safety', 'sibling', 'adjudication')),
    ADD COLUMN lease_role text,
    ADD COLUMN lease_site text,
    ADD COLUMN leased_at timestamptz;

-- Each lease rewrites its row and an entry in every index; few are leased at a time, and tasks_leased finds those.
DROP INDEX review.tasks_lease_by;
CREATE INDEX tasks_adjudication ON review.tasks (language, shuf) WHERE state = 'held' AND held_for = 'adjudication';
CREATE INDEX tasks_held ON review.tasks (id) WHERE state = 'held';
CREATE INDEX judgements_reviewer ON review.judgements (reviewer_id, task_id);
CREATE INDEX labels_agreed_on ON review.labels (agreed_on);

-- Leases the next task to a reviewer, or returns no row.
-- p_start is drawn by the caller: the queue is read from a random point round to itself. Always taking the lowest key
-- would step over every dead index entry as soon as a backup or a report holds an old snapshot. Sequential scans are
-- off because a plan made while the table was small would otherwise read all of a large one, and OFFSET 0 keeps each
-- EXISTS a look-up for one task: turned into a join, it would read everything that the reviewer ever judged.
CREATE FUNCTION review.lease_next(
    p_reviewer uuid, p_languages text[], p_secrets bytea[], p_role text, p_site text,
    p_start double precision, p_now timestamptz, p_until timestamptz, p_adjudication boolean
) RETURNS TABLE (
    id uuid, question text, language text, key_slot bigint, sealed bytea, fence bigint, lease_until timestamptz
) LANGUAGE plpgsql SET enable_seqscan = off SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    v_language text;
    v_round integer;
    v_low double precision;
    v_high double precision;
    v_found uuid;
BEGIN
    FOREACH v_language IN ARRAY p_languages LOOP
        FOR v_round IN 1..2 LOOP
            IF v_round = 1 THEN
                v_low := p_start;
                v_high := 1;
            ELSE
                v_low := 0;
                v_high := p_start;
            END IF;
            IF p_adjudication THEN
                SELECT t.id INTO v_found FROM review.tasks t
                WHERE t.state = 'held' AND t.held_for = 'adjudication'
                    AND t.language = v_language AND t.shuf >= v_low AND t.shuf < v_high
                    AND NOT EXISTS (
                        SELECT FROM review.judgements j WHERE j.reviewer_id = p_reviewer AND j.task_id = t.id OFFSET 0)
                    AND NOT EXISTS (
                        SELECT FROM unnest(p_secrets) s
                        WHERE substr(sha256(s || uuid_send(t.id)), 1, 8) = t.exclusion OFFSET 0)
                ORDER BY t.shuf LIMIT 1 FOR UPDATE OF t SKIP LOCKED;
            ELSE
                SELECT t.id INTO v_found FROM review.tasks t
                WHERE t.state = 'ready' AND t.language = v_language AND t.shuf >= v_low AND t.shuf < v_high
                    AND NOT EXISTS (
                        SELECT FROM review.judgements j WHERE j.reviewer_id = p_reviewer AND j.task_id = t.id OFFSET 0)
                    AND NOT EXISTS (
                        SELECT FROM unnest(p_secrets) s
                        WHERE substr(sha256(s || uuid_send(t.id)), 1, 8) = t.exclusion OFFSET 0)
                ORDER BY t.shuf LIMIT 1 FOR UPDATE OF t SKIP LOCKED;
            END IF;
            IF v_found IS NOT NULL THEN
                RETURN QUERY UPDATE review.tasks AS t
                    SET state = 'leased', lease_by = p_reviewer, lease_until = p_until, leased_at = p_now,
                        lease_role = p_role, lease_site = p_site, fence = t.fence + 1
                    WHERE t.id = v_found
                    RETURNING t.id, t.question, t.language, t.key_slot, t.sealed, t.fence, t.lease_until;
                RETURN;
            END IF;
        END LOOP;
    END LOOP;
END;
$$;

-- Takes an answer under a live lease and leases the next task, in one commit. `status` is
--   taken    the answer is kept (p_label too, if there is one), and the next task follows if there is any
--   repeat   this client key was taken before: nothing changes; the reviewer's newest live lease, or a next task, follows
--   stale    the lease has passed to somebody else, has expired, or the task is gone: nothing changes, nothing follows
CREATE FUNCTION review.submit_and_next(
    p_task uuid, p_fence bigint, p_client_key uuid, p_answer bytea, p_day date,
    p_seen smallint, p_state text, p_needed smallint, p_label bytea, p_made_by text,
    p_reviewer uuid, p_languages text[], p_secrets bytea[], p_role text, p_site text,
    p_start double precision, p_now timestamptz, p_until timestamptz
) RETURNS TABLE (
    status text,
    id uuid, question text, language text, key_slot bigint, sealed bytea, fence bigint, lease_until timestamptz
) LANGUAGE plpgsql SET enable_seqscan = off SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    v_task record;
    v_earlier record;
    v_next record;
    v_status text := 'stale';
BEGIN
    -- The row's lock makes two sendings of one answer follow each other; the second then sees the first.
    SELECT * INTO v_task FROM review.tasks t WHERE t.id = p_task FOR UPDATE;
    SELECT j.task_id, j.reviewer_id INTO v_earlier FROM review.judgements j WHERE j.client_key = p_client_key;
    IF v_earlier.task_id IS NOT NULL THEN
        IF v_earlier.task_id = p_task AND v_earlier.reviewer_id = p_reviewer THEN
            v_status := 'repeat';
        END IF;
    ELSIF v_task.state = 'leased' AND v_task.held_for IS NULL AND v_task.lease_by = p_reviewer
        AND v_task.fence = p_fence AND v_task.lease_until > p_now AND v_task.judgements = p_seen THEN
        INSERT INTO review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day)
        VALUES (p_task, p_reviewer, p_client_key, p_answer, extract(epoch FROM p_now - v_task.leased_at), p_day);
        UPDATE review.tasks AS t
        SET state = p_state, needed = p_needed, judgements = t.judgements + 1,
            held_for = CASE WHEN p_state = 'held' THEN 'adjudication' END, lease_by = NULL, lease_until = NULL
        WHERE t.id = p_task;
        IF p_label IS NOT NULL THEN
            INSERT INTO review.labels (task_id, sealed, made_by, agreed_on) VALUES (p_task, p_label, p_made_by, p_day);
        END IF;
        v_status := 'taken';
    END IF;
    IF v_status = 'repeat' THEN
        SELECT t.id, t.question, t.language, t.key_slot, t.sealed, t.fence, t.lease_until INTO v_next
        FROM review.tasks t
        WHERE t.state = 'leased' AND t.lease_by = p_reviewer AND t.lease_until > p_now
        ORDER BY t.leased_at DESC LIMIT 1;
    END IF;
    IF v_status <> 'stale' AND v_next IS NULL THEN
        SELECT n.* INTO v_next FROM review.lease_next(
            p_reviewer, p_languages, p_secrets, p_role, p_site, p_start, p_now, p_until, false) n;
    END IF;
    IF v_next IS NULL THEN
        RETURN QUERY SELECT v_status, NULL::uuid, NULL::text, NULL::text, NULL::bigint, NULL::bytea, NULL::bigint,
            NULL::timestamptz;
    ELSE
        RETURN QUERY SELECT v_status, v_next.id, v_next.question, v_next.language, v_next.key_slot, v_next.sealed,
            v_next.fence, v_next.lease_until;
    END IF;
END;
$$;
