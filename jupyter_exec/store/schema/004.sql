-- What the environment of a run turned out to be: versions, lock, image.
ALTER TABLE runs ADD COLUMN environment TEXT;
