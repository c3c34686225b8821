-- Live adjustment: its state, and the copies of it that predicted, revisions of one version.

ALTER TABLE event ADD COLUMN revision INTEGER; -- of its version, where that has some

CREATE TABLE live (
	model INTEGER PRIMARY KEY REFERENCES model (model) ON DELETE CASCADE,
	bytes BLOB NOT NULL          -- as engine/live.h writes them
) STRICT;

CREATE TABLE version_revision (
	model    INTEGER NOT NULL,
	version  INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	created  INTEGER NOT NULL,   -- when it first predicted
	place    INTEGER NOT NULL,   -- the last place by then
	bytes    BLOB NOT NULL,
	PRIMARY KEY (model, version, revision),
	FOREIGN KEY (model, version) REFERENCES version (model, version) ON DELETE CASCADE
) STRICT;

PRAGMA user_version = 7;
