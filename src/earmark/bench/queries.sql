-- person_slot: where a person's secret lies
SELECT key_slot FROM accounts.people WHERE id = %(person)s;

-- fill: many interactions at once
COPY vault.interactions (
    id, person_id, grant_id, started_at, kind, key_slot, object, duration, bundle, expires_at, sealed, tokens
) FROM STDIN;

-- arrive: many events of the audit log at once
COPY audit.inbox (event) FROM STDIN;

-- analysed: does the database know by now how many there are; it looks every ten seconds
SELECT last_autoanalyze IS NOT NULL AS done FROM pg_stat_user_tables
 WHERE schemaname = 'vault' AND relname = 'interactions';
