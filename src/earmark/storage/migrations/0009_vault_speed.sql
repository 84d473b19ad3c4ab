-- A history that is filtered reads a page, however much its owner has: without these, a kind that is seldom said had
-- every row of the vault read.
-- depends: 0006_keepsake_keys

CREATE INDEX interactions_kind ON vault.interactions (person_id, kind, started_at DESC, id DESC);
-- In the place of the one on device_id alone, for a device that leaves too.
CREATE INDEX interactions_device ON vault.interactions (device_id, started_at DESC, id DESC);
DROP INDEX vault.interactions_device_id_idx;
