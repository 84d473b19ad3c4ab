-- The floor signs people in through these functions and sees nothing else of accounts.
-- depends: 0001_planes

CREATE TYPE review.account AS (
    person_id uuid,
    roles text[],
    site text,
    languages text[],
    exclusion_secret bytea
);

-- Trades a one-time link for a session of twelve hours.
CREATE FUNCTION review.redeem_link(link bytea, session bytea, at timestamptz) RETURNS boolean
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
    RETURN true;
END $$;

-- Who holds this session: roles, site, languages, and the secret that recognises clips of their own household.
CREATE FUNCTION review.whoami(session bytea, at timestamptz) RETURNS SETOF review.account
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT p.id, p.roles, p.site, p.languages, h.exclusion_secret
      FROM accounts.sessions s
      JOIN accounts.people p ON p.id = s.person_id
      LEFT JOIN accounts.households h ON h.id = p.household_id
     WHERE s.token_hash = session AND s.plane = 'floor' AND s.expires_at > at
       AND p.roles && ARRAY['reviewer', 'lead']
$$;

CREATE FUNCTION review.sign_out(session bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    DELETE FROM accounts.sessions s WHERE s.token_hash = session AND s.plane = 'floor'
$$;

REVOKE ALL ON FUNCTION review.redeem_link, review.whoami, review.sign_out FROM PUBLIC;
