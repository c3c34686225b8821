-- The id index: entries of event and label rows as sorted runs. store/id_run.h says how bytes lie.

CREATE TABLE id_index (          -- one row
	hash_key BLOB NOT NULL,      -- 16 random bytes: ids can't be chosen to collide
	spilled  INTEGER NOT NULL    -- the rows up to this sequence number are in runs
) STRICT;
INSERT INTO id_index VALUES (randomblob(16), 0);

CREATE TABLE id_run (
	run     INTEGER PRIMARY KEY,
	state   TEXT NOT NULL,       -- making, whole or gone
	tier    INTEGER NOT NULL,    -- how often its entries were merged
	entries INTEGER NOT NULL,
	room    INTEGER NOT NULL,    -- entries that its filter was made for
	first   INTEGER NOT NULL,    -- least and greatest value of an entry
	last    INTEGER NOT NULL
) STRICT;

CREATE TABLE id_piece (          -- entries, by run and key
	piece INTEGER PRIMARY KEY,
	bytes BLOB NOT NULL
) STRICT;

CREATE TABLE id_filter (         -- a run's filter is its pieces in order
	piece INTEGER PRIMARY KEY,
	bytes BLOB NOT NULL
) STRICT;

PRAGMA user_version = 3;
