-- person_slot: where a person's secret lies
SELECT key_slot FROM accounts.people WHERE id = %(person)s;

-- fill: many interactions at once
COPY vault.interactions (
    id, person_id, device_id, grant_id, started_at, kind, key_slot, object, duration, bundle, expires_at, sealed, tokens
) FROM STDIN;

-- arrive: many events of the audit log at once
COPY audit.inbox (event) FROM STDIN;

-- fill_offers: what the airlock counted
COPY airlock.offers (interaction_id, offered_on, drawn) FROM STDIN;

-- fill_choices: what it chose
COPY airlock.choices (interaction_id, chosen_on, rule, rate, step) FROM STDIN;

-- fill_tasks: what it asked about these
COPY review.tasks (
    id, question, language, region, state, shuf, object, key_slot, sealed, exclusion, judgements, needed, created_on
) FROM STDIN;

-- fill_seals: which question is about which recording
COPY airlock.seals (task_id, interaction_id, question, label_taken) FROM STDIN;

-- fill_judgements: what reviewers answered
COPY review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day) FROM STDIN;

-- fill_floor_labels: what they agreed on
COPY review.labels (task_id, sealed, made_by, agreed_on) FROM STDIN;

-- fill_labels: what came home of it
COPY airlock.labels (id, interaction_id, question, sealed, agreed_on) FROM STDIN;

-- fill_hearings: each time somebody listened, as the floor knows it
COPY review.hearings (task_id, reviewer_id, role, site, day, fence, carried) FROM STDIN;

-- fill_heard: the same, as the owner sees it
COPY vault.hearings (interaction_id, role, site, day, purpose) FROM STDIN;

-- fill_dataset: a version of all labels that are home
WITH version AS (
    INSERT INTO learn.datasets (version, purpose, made_on) VALUES (%(version)s, 'improve', %(on)s) RETURNING version)
INSERT INTO learn.dataset_labels (version, label_id, label_hash, side)
SELECT v.version, l.id, '\x00', 'train' FROM version v, airlock.labels l;

-- pieces: all that is sealed of one person's recordings: which store's key, where the key lies, and to what it is bound
SELECT 'vault' AS store, key_slot, 'interaction:' || id AS place, sealed FROM vault.interactions
 WHERE person_id = %(person)s
 UNION ALL
SELECT 'vault', key_slot, 'keepsake:' || id, sealed FROM vault.keepsakes WHERE person_id = %(person)s
 UNION ALL
SELECT 'vault', i.key_slot, 'label:' || l.id, l.sealed
  FROM airlock.labels l JOIN vault.interactions i ON i.id = l.interaction_id WHERE i.person_id = %(person)s
 UNION ALL
SELECT 'review', t.key_slot, 'prefill:' || t.id, t.sealed
  FROM review.tasks t JOIN airlock.seals s ON s.task_id = t.id JOIN vault.interactions i ON i.id = s.interaction_id
 WHERE i.person_id = %(person)s
 UNION ALL
SELECT 'review', t.key_slot, 'judgement:' || t.id, j.sealed
  FROM review.judgements j JOIN review.tasks t ON t.id = j.task_id JOIN airlock.seals s ON s.task_id = t.id
  JOIN vault.interactions i ON i.id = s.interaction_id WHERE i.person_id = %(person)s
 UNION ALL
SELECT 'review', t.key_slot, 'label:' || t.id, l.sealed
  FROM review.labels l JOIN review.tasks t ON t.id = l.task_id JOIN airlock.seals s ON s.task_id = t.id
  JOIN vault.interactions i ON i.id = s.interaction_id WHERE i.person_id = %(person)s;

-- sounds: every object of one person's, with the slot of its key and what it is bound to
SELECT 'vault' AS store, key_slot, 'sound:' || id AS place, object FROM vault.interactions WHERE person_id = %(person)s
 UNION ALL
SELECT 'review', t.key_slot, 'masked:' || t.id, t.object
  FROM review.tasks t JOIN airlock.seals s ON s.task_id = t.id JOIN vault.interactions i ON i.id = s.interaction_id
 WHERE i.person_id = %(person)s;

-- plain_table: the same columns and indices as interactions have, for what is kept in plain
CREATE TABLE public.plain_interactions (LIKE vault.interactions INCLUDING ALL);
GRANT USAGE ON SCHEMA public TO earmark_home;
GRANT SELECT, INSERT ON public.plain_interactions TO earmark_home;

-- plain_insert: keep one exchange in plain
INSERT INTO public.plain_interactions (
    id, person_id, device_id, grant_id, started_at, kind, key_slot, object, duration, wake_start, wake_end, wake_word,
    wake_score, bundle, expires_at, sealed, tokens)
VALUES (%(id)s, %(person)s, %(device)s, %(grant)s, %(now)s, 'command', %(slot)s, %(object)s, 5, 0.5, 1.2, 'alexa',
    0.97, 'builtin', %(expires_at)s, %(content)s, %(words)s)
RETURNING id;
