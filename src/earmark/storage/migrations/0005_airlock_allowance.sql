-- A rate that changes during a day counts for what is offered from then on.
-- depends: 0003_airlock_offers

ALTER TABLE airlock.days
    -- Sum over the day's offers of the rate that was published when each was made.
    ADD COLUMN allowed numeric NOT NULL DEFAULT 0;
UPDATE airlock.days SET allowed = eligible * rate::numeric;
