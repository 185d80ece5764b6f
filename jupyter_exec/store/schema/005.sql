-- A pinned run is deleted by a person only.
ALTER TABLE runs ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
