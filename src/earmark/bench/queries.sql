-- person_slot: where a person's secret lies
SELECT key_slot FROM accounts.people WHERE id = %(person)s;

-- fill: many interactions at once
COPY vault.interactions (
    id, person_id, grant_id, started_at, kind, key_slot, object, duration, bundle, expires_at, sealed, tokens
) FROM STDIN;

-- analyse: tell the planner how many there are
ANALYZE vault.interactions;
