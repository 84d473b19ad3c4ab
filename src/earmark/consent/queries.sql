-- add_grant: somebody allowed or stopped something
INSERT INTO vault.grants (person_id, device_id, purpose, allowed, wording, how, at)
VALUES (%(person)s, %(device)s, %(purpose)s, %(allowed)s, %(wording)s, %(how)s, %(now)s)
RETURNING id;

-- latest: the latest word of one person on each purpose, for all devices and for each
SELECT DISTINCT ON (purpose, device_id) id, purpose, device_id, allowed, wording, how, at
  FROM vault.grants
 WHERE person_id = %(person)s
 ORDER BY purpose, device_id, id DESC;

-- all_grants: everything one person ever said, oldest first
SELECT id, purpose, device_id, allowed, wording, how, at FROM vault.grants WHERE person_id = %(person)s ORDER BY id;

-- people_who_allow: whose latest word for all their devices allows a purpose
SELECT person_id FROM (
    SELECT DISTINCT ON (person_id) person_id, allowed
      FROM vault.grants
     WHERE purpose = %(purpose)s AND device_id IS NULL
     ORDER BY person_id, id DESC
) latest WHERE allowed;
