-- The owner's side: clocks of their own, donated false wakes, children, guests, clips that wait for their owner's yes.
-- depends: 0006_keepsake_keys

-- Of a child no sound is kept, and nobody may listen, whatever anybody allows.
ALTER TABLE accounts.people ADD COLUMN child boolean NOT NULL DEFAULT false;

ALTER TABLE vault.grants
    DROP CONSTRAINT grants_purpose_check,
    ADD CONSTRAINT grants_purpose_check
        CHECK (purpose IN ('save', 'review', 'transcription', 'donate', 'hear_first')),
    -- With `save`: how many days a recording lives; 0: until its owner deletes it; null: what the installation says.
    ADD COLUMN keep_days integer CHECK (keep_days >= 0);

ALTER TABLE vault.interactions
    DROP CONSTRAINT interactions_kind_check,
    ADD CONSTRAINT interactions_kind_check
        CHECK (kind IN ('command', 'question', 'message', 'privacy', 'refused', 'false_wake')),
    -- A bare line: that a device woke, and nothing of what it heard. Without a key there is nothing sealed.
    ALTER COLUMN key_slot DROP NOT NULL,
    ALTER COLUMN sealed DROP NOT NULL,
    ADD CONSTRAINT bare CHECK ((key_slot IS NULL) = (sealed IS NULL) AND (object IS NULL OR key_slot IS NOT NULL)),
    -- From when on its clock runs.
    ADD COLUMN kept_at timestamptz NOT NULL DEFAULT now(),
    -- Whether somebody had called, in its owner's or the reviewers' word; null: nobody was asked.
    ADD COLUMN called boolean,
    -- Said while a guest was there, in this voice session: nobody reviews it.
    ADD COLUMN guest_session uuid;
UPDATE vault.interactions SET kept_at = greatest(started_at, expires_at - interval '30 days');
CREATE INDEX ON vault.interactions (person_id, kind, started_at DESC, id DESC);
DROP INDEX vault.interactions_device_id_idx;
CREATE INDEX ON vault.interactions (device_id, started_at DESC, id DESC);
CREATE INDEX kept_false_wakes ON vault.interactions (person_id) WHERE kind = 'false_wake' AND key_slot IS NOT NULL;
CREATE INDEX ON vault.interactions (guest_session, started_at DESC) WHERE guest_session IS NOT NULL;

-- How often the guess "nobody called" was right: counts of what owners and reviewers said about wakes, and of nobody's.
CREATE TABLE vault.wake_checks (
    day date NOT NULL,
    suspected boolean NOT NULL,
    called boolean NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (day, suspected, called)
);

-- Voice sessions of people without an account: the code by which they see and delete what a device heard of them.
CREATE TABLE vault.guest_sessions (
    id uuid PRIMARY KEY,
    -- HMAC under a secret of the installation: eight digits could be tried out otherwise.
    code_hash bytea NOT NULL UNIQUE,
    device_id uuid NOT NULL REFERENCES vault.devices ON DELETE CASCADE,
    -- The session goes on while nobody is silent for long.
    last_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON vault.guest_sessions (device_id, last_at);

ALTER TABLE airlock.choices
    DROP CONSTRAINT choices_step_check,
    -- asked: its owner wants to hear it first and has not said yes.
    ADD CONSTRAINT choices_step_check CHECK (step IN ('asked', 'chosen', 'waiting', 'said', 'done')),
    ADD COLUMN ask_until timestamptz,
    ADD COLUMN owner_said text CHECK (owner_said IN ('yes', 'no', 'nothing'));
CREATE INDEX choices_asked ON airlock.choices (ask_until) WHERE step = 'asked';

-- What is to be learned again without something that was deleted: the models that were retired for it.
CREATE TABLE learn.remakes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    retired text NOT NULL UNIQUE REFERENCES learn.bundles,
    asked_at timestamptz NOT NULL,
    done_at timestamptz,
    made text
);
