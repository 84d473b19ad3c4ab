-- What the airlock has counted and drawn, and how far each choice has come.
-- depends: 0001_planes

-- Every interaction of somebody who allows review is offered once; the published rate is counted over these.
CREATE TABLE airlock.offers (
    interaction_id uuid PRIMARY KEY REFERENCES vault.interactions ON DELETE CASCADE,
    offered_on date NOT NULL,
    -- True once a draw was made over it, whether it was chosen or not: nothing is drawn over twice.
    drawn boolean NOT NULL DEFAULT false
);
CREATE INDEX ON airlock.offers (offered_on) WHERE NOT drawn;

ALTER TABLE airlock.choices
    -- chosen: its first tasks are not made yet; waiting: for the label of its wake word; said: that label came back
    -- "said" and the tasks about the command are due; done: nothing more will be made from it.
    ADD COLUMN step text NOT NULL DEFAULT 'chosen' CHECK (step IN ('chosen', 'waiting', 'said', 'done'));
CREATE INDEX choices_due ON airlock.choices (step) WHERE step IN ('chosen', 'said');
CREATE INDEX seals_label_due ON airlock.seals (task_id) WHERE NOT label_taken;
