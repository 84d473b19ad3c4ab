-- add_household: a household and its secret
INSERT INTO accounts.households (id, exclusion_secret, created_on) VALUES (%(id)s, %(secret)s, %(on)s);

-- count_households: how many there are
SELECT count(*) AS households FROM accounts.households;

-- add_person: a person of any role
INSERT INTO accounts.people (
    id, household_id, handle_hash, sealed, key_slot, roles, site, languages, created_on, child)
VALUES (
    %(id)s, %(household)s, %(handle_hash)s, %(sealed)s, %(slot)s, %(roles)s, %(site)s, %(languages)s, %(on)s,
    %(child)s);

-- person: one person by id
SELECT * FROM accounts.people WHERE id = %(id)s;

-- people: everybody, oldest first
SELECT * FROM accounts.people ORDER BY created_on, id;

-- staff: everybody with a role besides owner, without names
SELECT id, roles, site, languages, created_on FROM accounts.people
 WHERE roles <> '{owner}' ORDER BY created_on, id;

-- people_of_household: everybody of one household
SELECT * FROM accounts.people WHERE household_id = %(household)s ORDER BY created_on, id;

-- person_by_handle: who signs in with this name
SELECT * FROM accounts.people WHERE handle_hash = %(handle_hash)s;

-- lock_person: wait for what is being kept of this person, and let nothing more be kept
SELECT roles FROM accounts.people WHERE id = %(id)s FOR UPDATE;

-- remove_person: an account goes, with its sign-ins, devices and words; its household stays, a number without a name
DELETE FROM accounts.people WHERE id = %(id)s RETURNING key_slot;

-- set_password: the argon2id hash of a new password
UPDATE accounts.people SET password_hash = %(hash)s WHERE id = %(id)s;

-- add_link: a one-time sign-in link
INSERT INTO accounts.sign_in_links (token_hash, person_id, plane, expires_at)
VALUES (%(hash)s, %(person)s, %(plane)s, %(expires)s);

-- take_link: use a link up
DELETE FROM accounts.sign_in_links WHERE token_hash = %(hash)s AND plane = %(plane)s AND expires_at > %(now)s
RETURNING person_id;

-- add_session: somebody signed in
INSERT INTO accounts.sessions (token_hash, person_id, plane, created_at, expires_at)
VALUES (%(hash)s, %(person)s, %(plane)s, %(now)s, %(expires)s);

-- session: who holds this session
SELECT p.id, p.household_id, p.roles, p.site, p.languages, p.sealed, p.key_slot, h.exclusion_secret
  FROM accounts.sessions s
  JOIN accounts.people p ON p.id = s.person_id
  LEFT JOIN accounts.households h ON h.id = p.household_id
 WHERE s.token_hash = %(hash)s AND s.plane = %(plane)s AND s.expires_at > %(now)s;

-- end_session: somebody signed out
DELETE FROM accounts.sessions WHERE token_hash = %(hash)s;

-- floor_redeem: the floor's door: trade a link for a session
SELECT review.redeem_link(%(link)s, %(session)s, %(now)s) AS ok;

-- floor_whoami: the floor's door: who holds this session
SELECT * FROM review.whoami(%(hash)s, %(now)s);

-- floor_sign_out: the floor's door: end a session
SELECT review.sign_out(%(hash)s);

-- own_data: what an account holds besides its name
SELECT p.created_on AS since, p.password_hash IS NOT NULL AS has_password, h.created_on AS household_since
  FROM accounts.people p LEFT JOIN accounts.households h ON h.id = p.household_id
 WHERE p.id = %(person)s;

-- sign_ins: where somebody is signed in, and links that were made for them and not used
SELECT plane, created_at AS since, expires_at AS until FROM accounts.sessions WHERE person_id = %(person)s
 UNION ALL
SELECT plane, NULL, expires_at FROM accounts.sign_in_links WHERE person_id = %(person)s
 ORDER BY until, since;

-- forget_expired: sessions and links past their time
WITH old AS (DELETE FROM accounts.sessions WHERE expires_at < %(now)s)
DELETE FROM accounts.sign_in_links WHERE expires_at < %(now)s;
