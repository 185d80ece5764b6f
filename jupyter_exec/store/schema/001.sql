-- Runs, what happened to them, and what they are found by.
CREATE TABLE runs (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE,
    experiment TEXT NOT NULL,
    display_name TEXT NOT NULL,
    status TEXT NOT NULL,
    target TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    exit_code INTEGER,
    error_code TEXT,
    error_message TEXT,
    snapshot_id TEXT,
    parent_run_id TEXT,
    folder TEXT NOT NULL,
    definition TEXT NOT NULL,
    tags TEXT NOT NULL,
    progress TEXT,
    git TEXT,
    links TEXT NOT NULL,
    scope TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    handle TEXT,
    token_hash TEXT,
    reported_bytes INTEGER NOT NULL
) STRICT;
-- An index ends in the row's sequence by itself, so each of these also gives its runs in order.
CREATE INDEX runs_by_experiment ON runs (experiment);
CREATE INDEX runs_by_experiment_status ON runs (experiment, status);
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX runs_by_target ON runs (target);
CREATE INDEX runs_by_snapshot ON runs (snapshot_id);
CREATE INDEX runs_by_parent ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;

CREATE TABLE run_tags (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    sequence INTEGER NOT NULL REFERENCES runs (sequence) ON DELETE CASCADE,
    PRIMARY KEY (name, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tags_by_value ON run_tags (name, value, sequence);
CREATE INDEX run_tags_by_run ON run_tags (sequence);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    time REAL NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_run ON events (run_id, id);

CREATE VIRTUAL TABLE run_words USING fts5 (
    words, content = '', tokenize = 'trigram'
);
-- The trigrams themselves, to look for less than three characters.
CREATE VIRTUAL TABLE run_terms USING fts5vocab ('run_words', 'row');
