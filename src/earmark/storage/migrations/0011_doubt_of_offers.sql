-- Half of what people review may be what the assistant was least sure of.
-- depends: 0010_floor_links

ALTER TABLE airlock.offers
    -- How unsure the assistant was of it, 0 to 1, as it stands in the sealed content too; null when nobody asked.
    ADD COLUMN doubt real;
