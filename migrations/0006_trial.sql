-- The trials of a run, each written as it ends.

CREATE TABLE trial (
	model      INTEGER NOT NULL,
	run        INTEGER NOT NULL,
	trial      INTEGER NOT NULL, -- from 1 per run
	kind       TEXT NOT NULL,    -- adjust or optimise
	learner    TEXT NOT NULL,
	settings   TEXT NOT NULL,    -- JSON object
	parent     INTEGER,          -- a shorter trial that it went on from
	from_place INTEGER NOT NULL, -- fitted on the places from_place .. to_place - 1
	to_place   INTEGER NOT NULL,
	rows       INTEGER NOT NULL,
	seed       INTEGER NOT NULL,
	state      TEXT NOT NULL,    -- done or failed
	error      TEXT,
	score      REAL,             -- of the objective; NULL when it failed
	seconds    REAL NOT NULL,
	curve      TEXT NOT NULL,    -- JSON object: every so many iterations, the loss
	PRIMARY KEY (model, run, trial),
	FOREIGN KEY (model, run) REFERENCES run (model, run) ON DELETE CASCADE
) STRICT;

ALTER TABLE run DROP COLUMN trials;

PRAGMA user_version = 6;
