-- The planes: one schema each, and what each process may touch.
-- Content columns named `sealed` hold AES-256-GCM under a key that is not in this database.
-- depends:

-- Plane roles hold the grants; processes log in as members of them (earmark_review is both: the floor has nothing else).
CREATE SCHEMA accounts;
CREATE SCHEMA vault;
CREATE SCHEMA airlock;
CREATE SCHEMA review;
CREATE SCHEMA safety;
CREATE SCHEMA learn;
CREATE SCHEMA audit;

------------------------------------------------------------------------------------------------------------- accounts

CREATE TABLE accounts.households (
    id uuid PRIMARY KEY,
    -- Lets a reviewer's own sign-in recognise clips of this household, and nobody else (airlock/exclusions).
    exclusion_secret bytea NOT NULL,
    created_on date NOT NULL
);

CREATE TABLE accounts.people (
    id uuid PRIMARY KEY,
    household_id uuid REFERENCES accounts.households,
    -- Keyed hash of the sign-in name; the name itself is in `sealed`.
    handle_hash bytea UNIQUE,
    -- {"name", "handle"} under the person's key.
    sealed bytea NOT NULL,
    key_slot bigint NOT NULL UNIQUE,
    roles text[] NOT NULL CHECK (roles <@ ARRAY['owner','reviewer','lead','safety','engineer','auditor','admin']),
    site text,
    languages text[] NOT NULL DEFAULT '{en}',
    password_hash text,
    created_on date NOT NULL
);
CREATE INDEX ON accounts.people (household_id);

CREATE TABLE accounts.sessions (
    token_hash bytea PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES accounts.people ON DELETE CASCADE,
    plane text NOT NULL CHECK (plane IN ('home','floor','desk')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON accounts.sessions (person_id);

CREATE TABLE accounts.sign_in_links (
    token_hash bytea PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES accounts.people ON DELETE CASCADE,
    plane text NOT NULL CHECK (plane IN ('home','floor','desk')),
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON accounts.sign_in_links (person_id);

---------------------------------------------------------------------------------------------------------------- vault

CREATE TABLE vault.devices (
    id uuid PRIMARY KEY,
    household_id uuid NOT NULL REFERENCES accounts.households,
    -- Whose history this device fills when nobody else is known to speak.
    person_id uuid NOT NULL REFERENCES accounts.people ON DELETE CASCADE,
    -- {"name"} under the person's key.
    sealed bytea NOT NULL,
    token_hash bytea UNIQUE,
    wake_word text NOT NULL,
    bundle text NOT NULL DEFAULT 'builtin',
    created_on date NOT NULL
);
CREATE INDEX ON vault.devices (person_id);
CREATE INDEX ON vault.devices (household_id);

-- Who allowed what, for which device (null: all), in which wording, how. Append-only; the latest row holds.
CREATE TABLE vault.grants (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES accounts.people ON DELETE CASCADE,
    device_id uuid REFERENCES vault.devices ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('save','review','transcription')),
    allowed boolean NOT NULL,
    wording text NOT NULL,
    how text NOT NULL CHECK (how IN ('first-run','settings','voice','command','api')),
    at timestamptz NOT NULL
);
CREATE INDEX ON vault.grants (person_id, purpose, device_id, id DESC);
CREATE INDEX ON vault.grants (device_id);

CREATE TABLE vault.interactions (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES accounts.people ON DELETE CASCADE,
    device_id uuid REFERENCES vault.devices ON DELETE SET NULL,
    -- The grant that allowed keeping it.
    grant_id bigint NOT NULL REFERENCES vault.grants,
    started_at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('command','question','message','privacy','refused')),
    key_slot bigint NOT NULL UNIQUE,
    object text,
    duration real NOT NULL,
    -- Seconds from the start of the recording; null when nothing woke the device (a typed or imported recording).
    wake_start real,
    wake_end real,
    wake_word text,
    wake_score real,
    verifier_score real,
    bundle text NOT NULL,
    expires_at timestamptz NOT NULL,
    -- Words, intent, slots, reply, scores, under the recording's key.
    sealed bytea NOT NULL,
    -- Words of the transcript, each blinded under the person's search key.
    tokens bytea[] NOT NULL DEFAULT '{}',
    -- Blinded hash of an imported file, so that importing twice keeps one.
    import_hash bytea,
    UNIQUE (person_id, import_hash)
);
CREATE INDEX ON vault.interactions (person_id, started_at DESC, id DESC);
CREATE INDEX ON vault.interactions (expires_at);
CREATE INDEX ON vault.interactions (device_id);
CREATE INDEX ON vault.interactions (grant_id);
CREATE INDEX interactions_tokens ON vault.interactions USING gin (tokens);

-- What people see of each hearing: never who, always in which role, where, when and why.
CREATE TABLE vault.hearings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    interaction_id uuid NOT NULL REFERENCES vault.interactions ON DELETE CASCADE,
    role text NOT NULL,
    site text NOT NULL,
    day date NOT NULL,
    purpose text NOT NULL,
    -- The floor's own number of this hearing, so that carrying it over twice keeps one.
    source bigint UNIQUE
);
CREATE INDEX ON vault.hearings (interaction_id);

-- Lists, messages and alarms that skills keep; content under the key of the person who said it.
CREATE TABLE vault.keepsakes (
    id uuid PRIMARY KEY,
    household_id uuid NOT NULL REFERENCES accounts.households,
    person_id uuid NOT NULL REFERENCES accounts.people ON DELETE CASCADE,
    for_person_id uuid REFERENCES accounts.people ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('shopping','message','alarm')),
    sealed bytea NOT NULL,
    due_at timestamptz,
    seen_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON vault.keepsakes (household_id, kind, created_at);
CREATE INDEX ON vault.keepsakes (person_id);
CREATE INDEX ON vault.keepsakes (for_person_id);

-- An erasure: written before the first key is destroyed, so that a killed process finishes it at its next start.
CREATE TABLE vault.erasures (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    interaction_ids uuid[] NOT NULL,
    asked_how text NOT NULL,
    asked_at timestamptz NOT NULL,
    done_at timestamptz,
    -- The signed receipt: counts and hashes, nothing spoken.
    receipt jsonb
);
CREATE INDEX ON vault.erasures (person_id, asked_at DESC);
CREATE INDEX ON vault.erasures (asked_at) WHERE done_at IS NULL;

-- Destroyed key slots; replayed into a key store that was restored from its backup before that is used.
CREATE TABLE vault.tombstones (
    store text NOT NULL,
    slot bigint NOT NULL,
    PRIMARY KEY (store, slot)
);

-------------------------------------------------------------------------------------------------------------- airlock

-- What was chosen for review, by which rule and rate; a row is also the proof that it was within the rate.
CREATE TABLE airlock.choices (
    interaction_id uuid PRIMARY KEY REFERENCES vault.interactions ON DELETE CASCADE,
    chosen_on date NOT NULL,
    rule text NOT NULL,
    rate real NOT NULL
);
CREATE INDEX ON airlock.choices (chosen_on);

-- What each day offered and took: the published rate can be counted against it.
CREATE TABLE airlock.days (
    day date PRIMARY KEY,
    eligible integer NOT NULL,
    chosen integer NOT NULL,
    rate real NOT NULL
);

-- The seal: the only place that knows which task came from which interaction.
CREATE TABLE airlock.seals (
    task_id uuid PRIMARY KEY,
    interaction_id uuid NOT NULL REFERENCES vault.interactions ON DELETE CASCADE,
    question text NOT NULL,
    label_taken boolean NOT NULL DEFAULT false
);
CREATE INDEX ON airlock.seals (interaction_id);

-- Labels come home, sealed under the recording's key.
CREATE TABLE airlock.labels (
    id uuid PRIMARY KEY,
    interaction_id uuid NOT NULL REFERENCES vault.interactions ON DELETE CASCADE,
    question text NOT NULL,
    sealed bytea NOT NULL,
    agreed_on date NOT NULL,
    UNIQUE (interaction_id, question)
);

--------------------------------------------------------------------------------------------------------------- review

CREATE TABLE review.tasks (
    id uuid PRIMARY KEY,
    question text NOT NULL CHECK (question IN ('wake','transcript','understood')),
    language text NOT NULL,
    region text NOT NULL,
    state text NOT NULL CHECK (state IN ('ready','leased','done','held')),
    -- Random order, drawn once: neighbours in the queue say nothing about each other.
    shuf double precision NOT NULL,
    object text NOT NULL,
    key_slot bigint NOT NULL UNIQUE,
    -- Prefilled words, choices: under the masked copy's key.
    sealed bytea NOT NULL,
    -- 8 bytes; equals sha256(household's exclusion secret || task id)[:8] for reviewers of the household it came from.
    exclusion bytea NOT NULL,
    judgements smallint NOT NULL DEFAULT 0,
    needed smallint NOT NULL DEFAULT 2,
    lease_by uuid,
    lease_until timestamptz,
    -- Fencing token: grows with each lease, so that an expired holder's answer is recognised.
    fence bigint NOT NULL DEFAULT 0,
    created_on date NOT NULL
);
CREATE INDEX tasks_ready ON review.tasks (language, shuf) WHERE state = 'ready';
CREATE INDEX tasks_leased ON review.tasks (lease_until) WHERE state = 'leased';
CREATE INDEX tasks_lease_by ON review.tasks (lease_by) WHERE state = 'leased';

CREATE TABLE review.judgements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES review.tasks ON DELETE CASCADE,
    reviewer_id uuid NOT NULL,
    -- Chosen by the reviewer's page: sending the same answer twice keeps one.
    client_key uuid NOT NULL UNIQUE,
    sealed bytea NOT NULL,
    seconds real NOT NULL,
    day date NOT NULL,
    UNIQUE (task_id, reviewer_id)
);

CREATE TABLE review.labels (
    task_id uuid PRIMARY KEY REFERENCES review.tasks ON DELETE CASCADE,
    sealed bytea NOT NULL,
    made_by text NOT NULL CHECK (made_by IN ('agreement','majority','adjudication')),
    agreed_on date NOT NULL
);

-- One row each time a masked copy was served to somebody's ears.
CREATE TABLE review.hearings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id uuid NOT NULL,
    reviewer_id uuid NOT NULL,
    role text NOT NULL,
    site text NOT NULL,
    day date NOT NULL,
    fence bigint NOT NULL,
    carried boolean NOT NULL DEFAULT false,
    UNIQUE (task_id, reviewer_id, fence)
);
CREATE INDEX ON review.hearings (id) WHERE NOT carried;

CREATE TABLE review.flags (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES review.tasks ON DELETE CASCADE,
    reviewer_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('distress','crime','identity','other')),
    at timestamptz NOT NULL,
    UNIQUE (task_id)
);

--------------------------------------------------------------------------------------------------------------- safety

CREATE TABLE safety.cases (
    id uuid PRIMARY KEY,
    flag_id uuid NOT NULL UNIQUE,
    task_id uuid,
    kind text NOT NULL,
    opened_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    reminded_at timestamptz,
    decided_at timestamptz,
    decided_by uuid,
    decision text CHECK (decision IN ('release','erase','escalate','support')),
    -- Under the store's key for cases; a reason is required, `nothing to do` is a decision like any other.
    sealed_reason bytea,
    CHECK ((decided_at IS NULL) = (decision IS NULL) AND (decision IS NULL) = (sealed_reason IS NULL))
);
CREATE INDEX ON safety.cases (due_at) WHERE decided_at IS NULL;

---------------------------------------------------------------------------------------------------------------- learn

CREATE TABLE learn.datasets (
    -- Hash over the ids and contents of its labels and their sides.
    version text PRIMARY KEY,
    purpose text NOT NULL,
    state text NOT NULL CHECK (state IN ('current','revoked')) DEFAULT 'current',
    made_on date NOT NULL
);

CREATE TABLE learn.dataset_labels (
    version text NOT NULL REFERENCES learn.datasets ON DELETE CASCADE,
    -- No foreign key: after an erasure the line stays as an opaque id, so that the version can be named and retired.
    label_id uuid NOT NULL,
    label_hash bytea NOT NULL,
    side text NOT NULL CHECK (side IN ('train','heldout')),
    PRIMARY KEY (version, label_id)
);
CREATE INDEX ON learn.dataset_labels (label_id);

CREATE TABLE learn.bundles (
    version text PRIMARY KEY,
    dataset text REFERENCES learn.datasets,
    parent text,
    state text NOT NULL CHECK (state IN ('candidate','promoted','retired','refused')),
    manifest jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    promoted_at timestamptz
);
CREATE UNIQUE INDEX one_promoted ON learn.bundles (state) WHERE state = 'promoted';

---------------------------------------------------------------------------------------------------------------- audit

-- Events arrive here from every plane (insert only) and are numbered into the log by the worker.
CREATE TABLE audit.inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event jsonb NOT NULL
);

CREATE TABLE audit.log (
    number bigint PRIMARY KEY,
    event jsonb NOT NULL,
    -- SHA-256(0x00 || canonical event): a leaf of RFC 6962.
    leaf bytea NOT NULL
);

CREATE TABLE audit.checkpoints (
    size bigint PRIMARY KEY,
    root bytea NOT NULL,
    at timestamptz NOT NULL,
    signature bytea NOT NULL
);
