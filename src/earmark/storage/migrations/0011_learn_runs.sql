-- Runs of `earmark learn` that were not finished: what they worked out lies encrypted in `runs/` of the home.
-- depends: 0004_learn_sides

CREATE TABLE learn.runs (
    -- Keyed hash over dataset, bundle in use, parts and code; the folder in `runs/` has this name.
    id text PRIMARY KEY,
    -- Every dataset version of which something is in it, those of the bundle in use included.
    datasets text[] NOT NULL,
    -- Of the key under which its results lie; destroyed when the run ends, or when anything in it is deleted.
    key_slot bigint NOT NULL UNIQUE,
    begun_at timestamptz NOT NULL
);
