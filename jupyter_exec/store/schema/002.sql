-- Templates and what is made from them: experiments, sweeps.
ALTER TABLE runs ADD COLUMN template TEXT;
CREATE INDEX runs_by_template ON runs (json_extract(template, '$.name'))
    WHERE template IS NOT NULL;

CREATE TABLE template_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- counts up over all templates, deleted ones too
    server_timestamp INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    action TEXT NOT NULL,
    created_at REAL NOT NULL,
    spec TEXT NOT NULL,
    snapshot_id TEXT, -- that its runs are made of
    UNIQUE (name, version)
) STRICT;

-- The templates there are, each at its newest version.
CREATE TABLE templates (
    name TEXT PRIMARY KEY,
    version_id INTEGER NOT NULL REFERENCES template_versions (id),
    words TEXT NOT NULL -- what 'q' looks in
) STRICT;

-- Runs that are shown as Submarine's experiments; their numbers are never used again.
CREATE TABLE experiments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE REFERENCES runs (run_id) ON DELETE CASCADE,
    deleted INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE named_environments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server_timestamp INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    spec TEXT NOT NULL
) STRICT;

-- What each run's metrics came to; the points themselves are in its report file.
CREATE TABLE metric_summaries (
    sequence INTEGER NOT NULL REFERENCES runs (sequence) ON DELETE CASCADE,
    name TEXT NOT NULL,
    last REAL NOT NULL,
    minimum REAL NOT NULL,
    maximum REAL NOT NULL,
    points INTEGER NOT NULL,
    PRIMARY KEY (sequence, name)
) STRICT, WITHOUT ROWID;
