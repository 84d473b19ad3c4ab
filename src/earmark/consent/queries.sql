-- add_grant: somebody allowed or stopped something, for all devices or for one of their household
INSERT INTO vault.grants (person_id, device_id, purpose, allowed, wording, how, at, keep_days)
SELECT %(person)s, %(device)s, %(purpose)s, %(allowed)s, %(wording)s, %(how)s, %(now)s, %(keep_days)s
 WHERE %(device)s::uuid IS NULL
    OR EXISTS (SELECT FROM vault.devices d JOIN accounts.people p USING (household_id)
                WHERE d.id = %(device)s AND p.id = %(person)s)
RETURNING id;

-- latest: the latest word of one person on each purpose, for all devices and for each; one empty row without any word
SELECT DISTINCT ON (g.purpose, g.device_id)
       g.id, g.purpose, g.device_id, g.allowed, g.wording, g.how, g.at, g.keep_days, p.child
  FROM accounts.people p LEFT JOIN vault.grants g ON g.person_id = p.id
 WHERE p.id = %(person)s
 ORDER BY g.purpose, g.device_id, g.id DESC;

-- all_grants: everything one person ever said, oldest first
SELECT id, purpose, device_id, allowed, wording, how, at, keep_days
  FROM vault.grants WHERE person_id = %(person)s ORDER BY id;

-- people_who_allow: whose latest word for all their devices allows a purpose
SELECT latest.person_id FROM (
    SELECT DISTINCT ON (person_id) person_id, allowed
      FROM vault.grants
     WHERE purpose = %(purpose)s AND device_id IS NULL
     ORDER BY person_id, id DESC
) latest JOIN accounts.people p ON p.id = latest.person_id
 WHERE latest.allowed AND NOT p.child;
