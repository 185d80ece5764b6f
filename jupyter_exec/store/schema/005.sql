-- Named environments have versions; what a run's definition called by name and version has its definition.
CREATE TABLE environment_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server_timestamp INTEGER NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    spec TEXT NOT NULL,
    definition TEXT,
    UNIQUE (name, version)
) STRICT;
INSERT INTO environment_versions (id, server_timestamp, name, version, spec)
    SELECT id, server_timestamp, name, '', spec FROM named_environments;
DROP TABLE named_environments;
ALTER TABLE environment_versions RENAME TO named_environments;

-- Which runs use a built environment.
CREATE INDEX runs_by_environment ON runs (json_extract(environment, '$.hash'))
    WHERE environment IS NOT NULL;
