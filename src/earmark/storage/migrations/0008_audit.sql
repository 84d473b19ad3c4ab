-- The log keeps the very bytes that were hashed, a keyed mark an entry, subtrees for proofs, and witnesses' words.
-- depends: 0001a_floor_doors 0006_keepsake_keys

-- The encoding that was hashed when events lay here as jsonb: sorted keys, no spaces; numbers as Python writes them.
CREATE FUNCTION audit.canonical(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(value)
        WHEN 'object' THEN '{' || coalesce((
            SELECT string_agg(to_json(key)::text || ':' || audit.canonical(part), ',' ORDER BY key COLLATE "C")
              FROM jsonb_each(value) AS each (key, part)), '') || '}'
        WHEN 'array' THEN '[' || coalesce((
            SELECT string_agg(audit.canonical(part), ',' ORDER BY place)
              FROM jsonb_array_elements(value) WITH ORDINALITY AS each (part, place)), '') || ']'
        WHEN 'number' THEN CASE
            WHEN value::text NOT LIKE '%.%' THEN value::text
            WHEN value::text::float8::text ~ '[.e]' THEN value::text::float8::text
            ELSE value::text::float8::text || '.0' END
        ELSE value::text END
$$;
ALTER TABLE audit.inbox ALTER COLUMN event TYPE text USING audit.canonical(event);
ALTER TABLE audit.log ALTER COLUMN event TYPE text USING audit.canonical(event);
DROP FUNCTION audit.canonical;

ALTER TABLE audit.log
    -- BLAKE2b of number and leaf under a key that comes from the signing key: names a rewritten entry exactly. Null:
    -- numbered before there were marks; seals alone speak for those.
    ADD COLUMN mark bytea;
-- For proofs: entries are looked up by their leaf, which says nothing about them.
CREATE INDEX log_leaf ON audit.log USING hash (leaf);

ALTER TABLE audit.checkpoints
    -- Hashes of the full subtrees that the tree of this size ends in, 32 bytes each, largest first; null: made before.
    ADD COLUMN peaks bytea;

-- Hashes of full subtrees of 256, 65,536 … entries, so that a proof reads some hundreds of hashes and not all of them.
CREATE TABLE audit.subtrees (
    height smallint NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (height, number)
);

-- What a witness on another machine signed: it saw this size with this root. Kept even when it contradicts the log.
CREATE TABLE audit.cosignatures (
    witness bytea NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (witness, size, root)
);

-- What each finished day had of wakes, counted before clocks and deletions take the recordings: counts, no devices.
CREATE TABLE audit.wake_days (
    day date PRIMARY KEY,
    people integer NOT NULL,
    devices integer NOT NULL,
    wakes integer NOT NULL,
    false_wakes integer NOT NULL,
    -- Devices, and the people behind them, by how many false wakes each had: none, 1, 2 to 4, 5 and more.
    devices_by integer[] NOT NULL,
    people_by integer[] NOT NULL
);

-- Transparency reports as they were published, one a month; the log holds each one's hash.
CREATE TABLE audit.reports (
    month date PRIMARY KEY,
    report text NOT NULL,
    made_at timestamptz NOT NULL
);

-- The floor's door writes each sign-in into the log's inbox, in the encoding that is hashed.
CREATE OR REPLACE FUNCTION review.redeem_link(link bytea, session bytea, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    who uuid;
BEGIN
    DELETE FROM accounts.sign_in_links l
     WHERE l.token_hash = link AND l.plane = 'floor' AND l.expires_at > at
    RETURNING l.person_id INTO who;
    IF who IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO accounts.sessions (token_hash, person_id, plane, created_at, expires_at)
    VALUES (session, who, 'floor', at, at + interval '12 hours');
    INSERT INTO audit.inbox (event) VALUES (format(
        '{"at":"%s+00:00","plane":"floor","salt":"%s","what":"sign-in"}',
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), replace(gen_random_uuid()::text, '-', '')));
    RETURN true;
END $$;
