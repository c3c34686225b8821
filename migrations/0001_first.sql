-- The first schema. Times are milliseconds since 1970 in UTC; lib/store/*.h says what each column
-- means. Columns that may be long stand last, so that reading the others stays cheap.

CREATE TABLE sequence (          -- one row
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	last    INTEGER NOT NULL,    -- the greatest number ever given to an event or a label
	commits INTEGER NOT NULL     -- transactions so far; the file "committed" must not be ahead
) STRICT;
INSERT INTO sequence (one, last, commits) VALUES (1, 0, 0);

CREATE TABLE model (
	model       INTEGER PRIMARY KEY AUTOINCREMENT,
	name        TEXT NOT NULL UNIQUE,
	created     INTEGER NOT NULL,
	automatic   INTEGER NOT NULL,
	paused      INTEGER NOT NULL,
	last_place  INTEGER NOT NULL DEFAULT 0, -- the greatest place that was removed
	config      TEXT NOT NULL,
	learnt      TEXT NOT NULL,
	state_place INTEGER NOT NULL,
	state       TEXT
) STRICT;

CREATE TABLE feature_list (
	model    INTEGER NOT NULL REFERENCES model (model) ON DELETE CASCADE,
	list     INTEGER NOT NULL,
	features TEXT NOT NULL,      -- JSON array of {"name", "type", "size"}
	PRIMARY KEY (model, list)
) STRICT;

CREATE TABLE event (
	seq          INTEGER PRIMARY KEY,
	model        INTEGER NOT NULL REFERENCES model (model),
	number       INTEGER NOT NULL,
	id           TEXT,
	time         INTEGER NOT NULL,
	timed        INTEGER NOT NULL,
	arrival      INTEGER NOT NULL,
	predicted    TEXT,
	stated       INTEGER NOT NULL,
	label        TEXT,           -- the class that came in the same item
	version      ANY,            -- integer: one of upkeepd's; text: the sender's own
	score        REAL,           -- probability of the positive class
	feature_list INTEGER NOT NULL,
	slices       TEXT,           -- JSON object
	meta         TEXT,           -- JSON object
	scores       BLOB,           -- doubles, in the order of the classes
	features     BLOB
) STRICT;
CREATE UNIQUE INDEX event_number ON event (model, number);
CREATE INDEX event_example ON event (model, number) WHERE predicted IS NULL;
CREATE UNIQUE INDEX event_id ON event (model, id) WHERE id IS NOT NULL;

CREATE TABLE label (
	seq     INTEGER PRIMARY KEY,
	model   INTEGER NOT NULL,
	id      TEXT,
	event   INTEGER REFERENCES event (seq), -- NULL: it waits for its event
	class   TEXT NOT NULL,
	time    INTEGER NOT NULL,
	arrival INTEGER NOT NULL,
	carried INTEGER NOT NULL,    -- it came in an item that was an event
	source  TEXT
) STRICT;
CREATE INDEX label_event ON label (event) WHERE event IS NOT NULL;
CREATE INDEX label_waiting ON label (model, id) WHERE event IS NULL;

CREATE TABLE place (
	model   INTEGER NOT NULL,
	place   INTEGER NOT NULL,
	event   INTEGER NOT NULL REFERENCES event (seq),
	label   INTEGER,             -- the label that completed it; NULL: the event's own
	time    INTEGER NOT NULL,
	arrival INTEGER NOT NULL,
	PRIMARY KEY (model, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_time ON place (model, time);
CREATE UNIQUE INDEX place_event ON place (event);

CREATE TABLE version (
	model      INTEGER NOT NULL REFERENCES model (model) ON DELETE CASCADE,
	version    INTEGER NOT NULL,
	learner    TEXT NOT NULL,
	settings   TEXT NOT NULL,    -- JSON object
	from_place INTEGER NOT NULL, -- fitted on the places from_place .. to_place - 1
	to_place   INTEGER NOT NULL,
	rows       INTEGER NOT NULL,
	as_of      INTEGER NOT NULL,
	run        INTEGER,
	created    INTEGER NOT NULL,
	figures    TEXT,             -- JSON object
	processor  TEXT,
	size       INTEGER NOT NULL,
	off_bench  INTEGER NOT NULL,
	PRIMARY KEY (model, version)
) STRICT;

CREATE TABLE version_piece (     -- a version's bytes are its pieces in order
	model   INTEGER NOT NULL,
	version INTEGER NOT NULL,
	piece   INTEGER NOT NULL,
	bytes   BLOB NOT NULL,
	PRIMARY KEY (model, version, piece),
	FOREIGN KEY (model, version) REFERENCES version (model, version) ON DELETE CASCADE
) STRICT;

CREATE TABLE promotion (
	model     INTEGER NOT NULL REFERENCES model (model) ON DELETE CASCADE,
	promotion INTEGER NOT NULL,
	version   INTEGER NOT NULL,
	time      INTEGER NOT NULL,
	place     INTEGER NOT NULL,
	by        TEXT NOT NULL,
	reason    TEXT NOT NULL,
	run       INTEGER,
	PRIMARY KEY (model, promotion)
) STRICT;

CREATE TABLE run (
	model      INTEGER NOT NULL REFERENCES model (model) ON DELETE CASCADE,
	run        INTEGER NOT NULL,
	state      TEXT NOT NULL,
	kind       TEXT NOT NULL,
	rule       TEXT,
	reason     TEXT NOT NULL,
	alert      INTEGER,
	now        INTEGER NOT NULL, -- it sees the places below this
	change     INTEGER NOT NULL,
	as_of      INTEGER NOT NULL,
	seed       INTEGER NOT NULL,
	queued     INTEGER NOT NULL,
	started    INTEGER,
	ended      INTEGER,
	version    INTEGER,
	verdict    TEXT,
	gate       TEXT,             -- JSON object
	candidates TEXT,             -- JSON array
	trials     TEXT,             -- JSON array
	PRIMARY KEY (model, run)
) STRICT;

CREATE TABLE alert (
	model       INTEGER NOT NULL REFERENCES model (model) ON DELETE CASCADE,
	alert       INTEGER NOT NULL,
	rule        TEXT NOT NULL,
	state       TEXT NOT NULL,
	fired       INTEGER NOT NULL,
	place       INTEGER NOT NULL,
	value       REAL,
	bound       REAL,
	threshold   REAL,
	pairs       INTEGER NOT NULL,
	change      INTEGER,
	run_at      INTEGER,
	run         INTEGER,
	resolved    INTEGER,
	resolved_by TEXT,
	detail      TEXT,
	PRIMARY KEY (model, alert)
) STRICT;

CREATE TABLE history (
	model  INTEGER NOT NULL REFERENCES model (model) ON DELETE CASCADE,
	window TEXT NOT NULL,
	place  INTEGER NOT NULL,
	time   INTEGER NOT NULL,
	counts BLOB NOT NULL,
	PRIMARY KEY (model, window, place)
) STRICT;

PRAGMA application_id = 1970301796; -- "upkd"
PRAGMA user_version = 1;
