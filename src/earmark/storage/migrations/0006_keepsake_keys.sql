-- What skills keep gets keys of its own, so that an erasure unmakes it wherever copies of the ciphertext lie.
-- depends: 0001_planes

ALTER TABLE vault.keepsakes
    -- Null: kept before this, under its person's key alone; `earmark doctor` counts those that are left.
    ADD COLUMN key_slot bigint UNIQUE;

ALTER TABLE vault.erasures
    -- Emptied when the erasure is complete, like interaction_ids.
    ADD COLUMN keepsake_ids uuid[] NOT NULL DEFAULT '{}';

-- A message now goes as it is read out. Those that were read before are never shown again; seen_at has no use any more.
DELETE FROM vault.keepsakes WHERE seen_at IS NOT NULL;
