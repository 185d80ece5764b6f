-- What a sidebar asks: the runs without a parent, and the experiments that they make up.
CREATE INDEX runs_top ON runs (parent_run_id, sequence, status, target, experiment)
    WHERE parent_run_id IS NULL;
CREATE INDEX runs_top_by_experiment ON runs (experiment, status) WHERE parent_run_id IS NULL;

-- The folder or file that a run's snapshot was taken from, and how.
ALTER TABLE runs ADD COLUMN source TEXT;

-- What a run has used in all: memory, CPU time.
ALTER TABLE runs ADD COLUMN usage TEXT;
