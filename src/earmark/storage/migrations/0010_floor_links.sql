-- Who came by an invitation has no sign-in name: their lead makes them a link for the next day.
-- depends: 0009_floor

-- Makes a sign-in link to the floor for a reviewer of a lead's own site; false for everybody else and who is locked out.
-- Not for leads: whoever could sign in as another lead could lock and unlock with two hands. The desk makes theirs.
CREATE FUNCTION review.link_for(link bytea, person uuid, of_site text, expires timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO accounts.sign_in_links (token_hash, person_id, plane, expires_at)
    SELECT link, p.id, 'floor', expires FROM accounts.people p
     WHERE p.id = person AND p.site = of_site AND p.roles = ARRAY['reviewer']
       AND NOT EXISTS (SELECT FROM review.seats s WHERE s.reviewer_id = p.id AND s.locked_at IS NOT NULL);
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION review.link_for FROM PUBLIC;
