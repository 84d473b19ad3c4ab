-- Which side of every dataset a person's recordings are on: to learn from, or held out to judge. Drawn once, for ever.
-- depends: 0001_planes

CREATE TABLE learn.sides (
    -- HMAC of the person's id under a secret of the installation: no id, no name, and no way back without that secret.
    person_key bytea PRIMARY KEY,
    side text NOT NULL CHECK (side IN ('train','heldout'))
);
