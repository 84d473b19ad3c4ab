-- Roll-outs in stages, what devices live through with each bundle, and when a bundle was taken back.
-- depends: 0010_floor_links

ALTER TABLE learn.bundles
    -- When it was refused or retired: devices that run it are answered for some hours more. Null: it was not, or before
    -- this column was there; then the hours are over.
    ADD COLUMN ended_at timestamptz;

-- One candidate at a time goes out to a share of the devices that grows.
CREATE TABLE learn.rollouts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text NOT NULL REFERENCES learn.bundles,
    -- The bundle in use when it began, `builtin` included: what it is compared with.
    base text NOT NULL,
    -- Per cent of the devices.
    stage smallint NOT NULL CHECK (stage IN (5, 25, 100)),
    -- Devices whose place (a keyed hash, 0 to 1) lies below it have the candidate: the stage's share, or a little more so
    -- that at least one has. Null: the worker has not looked how many devices there are.
    reach double precision,
    by text NOT NULL,
    began_at timestamptz NOT NULL,
    stage_at timestamptz NOT NULL,
    -- What the worker last saw: what it would do, why, and the numbers.
    look jsonb,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('promoted', 'rolled-back', 'stopped')),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX one_rollout ON learn.rollouts ((true)) WHERE ended_at IS NULL;

-- Each step of a roll-out, by whom, and the numbers that decided.
CREATE TABLE learn.rollout_steps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rollout bigint NOT NULL REFERENCES learn.rollouts ON DELETE CASCADE,
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN ('began', 'advanced', 'promoted', 'rolled-back', 'stopped')),
    -- Per cent of the devices from then on.
    stage smallint NOT NULL,
    by text NOT NULL,
    why text NOT NULL,
    numbers jsonb NOT NULL
);
CREATE INDEX ON learn.rollout_steps (rollout);

-- What the installation's devices lived through on a day with a bundle: counts, no devices and no people.
CREATE TABLE learn.live_days (
    day date NOT NULL,
    bundle text NOT NULL,
    devices integer NOT NULL,
    wakes integer NOT NULL,
    false_wakes integer NOT NULL,
    understood integer NOT NULL,
    refused integer NOT NULL,
    PRIMARY KEY (day, bundle)
);

-- How many devices run which bundle, as the worker last counted: the desk can't look into the vault.
CREATE TABLE learn.fleet (
    bundle text PRIMARY KEY,
    devices integer NOT NULL
);

-- Days of everybody's interactions are counted while a roll-out goes on; rows lie about in the order of their time.
CREATE INDEX interactions_started ON vault.interactions USING brin (started_at);
