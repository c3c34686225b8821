-- Rows only ever append: event and label are found by their sequence alone, ids go through an index
-- of their own. `number` counts predictions; events and labels tell their place themselves.

ALTER TABLE sequence ADD COLUMN arrival INTEGER NOT NULL DEFAULT 0; -- the greatest one ever stored
ALTER TABLE sequence ADD COLUMN saved INTEGER NOT NULL DEFAULT 0;   -- every model's state has seen what is up to here

ALTER TABLE model ADD COLUMN state_seq INTEGER NOT NULL DEFAULT 0;  -- the state has seen what is up to here

CREATE TABLE event_2 (
	seq          INTEGER PRIMARY KEY,
	model        INTEGER NOT NULL,
	number       INTEGER,        -- the model's n-th prediction; NULL: an example
	place        INTEGER,        -- complete on arrival, or an example that became a pair; NULL: see label.place
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
INSERT INTO event_2 (seq, model, number, place, id, time, timed, arrival, predicted, stated, label,
	version, score, feature_list, slices, meta, scores, features)
SELECT seq, model, n.number,
	(SELECT place FROM place WHERE place.event = event.seq AND ifnull(place.label, 0) < event.seq),
	id, time, timed, arrival, predicted, stated, label, version, score, feature_list, slices, meta,
	scores, features
FROM event LEFT JOIN (
	SELECT seq AS of, row_number() OVER (PARTITION BY model ORDER BY number) AS number
	FROM event WHERE predicted IS NOT NULL) AS n ON n.of = event.seq
ORDER BY seq;

CREATE TABLE label_2 (
	seq     INTEGER PRIMARY KEY,
	model   INTEGER NOT NULL,
	id      TEXT NOT NULL,
	event   INTEGER,             -- NULL: it waits for its event
	place   INTEGER,             -- it came after its event and completed it
	class   TEXT NOT NULL,
	time    INTEGER NOT NULL,
	arrival INTEGER NOT NULL,
	carried INTEGER NOT NULL,    -- it came in an item that was an event
	source  TEXT
) STRICT;
INSERT INTO label_2 (seq, model, id, event, place, class, time, arrival, carried, source)
SELECT seq, model, ifnull(id, ''), event,
	(SELECT place FROM place WHERE place.event = label.event AND place.label = label.seq
		AND label.seq > label.event),
	class, time, arrival, carried, source
FROM label ORDER BY seq;

CREATE TABLE revision (          -- labels that changed what was complete
	event INTEGER NOT NULL,
	seq   INTEGER NOT NULL,      -- of the label
	place INTEGER NOT NULL,      -- of the event
	PRIMARY KEY (event, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO revision (event, seq, place)
SELECT label.event, label.seq, place.place FROM label JOIN place ON place.event = label.event
WHERE label.seq > label.event AND label.seq IS NOT place.label;

CREATE TABLE upgrade (           -- examples that became pairs
	event   INTEGER PRIMARY KEY,
	model   INTEGER NOT NULL,
	seq     INTEGER NOT NULL,    -- of the item that brought the prediction
	place   INTEGER NOT NULL,    -- as an example; given up, 0: not known
	time    INTEGER NOT NULL,    -- as an example
	arrival INTEGER NOT NULL     -- of the example
) STRICT;
CREATE INDEX upgrade_seq ON upgrade (seq);

CREATE TABLE gone (              -- numbers of predictions that were deleted one by one
	model  INTEGER NOT NULL,
	number INTEGER NOT NULL,
	PRIMARY KEY (model, number)
) STRICT, WITHOUT ROWID;

-- A place is complete at a sequence; that of an upgrade was not stored, and lies above all before it.
CREATE TABLE completion AS
SELECT place.model, place.place, place.event, place.time,
	event.predicted IS NOT NULL AND ifnull(place.label, 0) < event.seq
		AND place.arrival > event.arrival AS upgraded,
	max(max(place.event, ifnull(place.label, 0)))
		OVER (PARTITION BY place.model ORDER BY place.place) AS seq
FROM place JOIN event ON event.seq = place.event;
CREATE INDEX completion_place ON completion (model, place);
UPDATE completion SET seq = seq + 1 WHERE upgraded;
INSERT INTO upgrade (event, model, seq, place, time, arrival)
SELECT completion.event, completion.model, completion.seq, 0, event.arrival, event.arrival
FROM completion JOIN event ON event.seq = completion.event WHERE upgraded;

-- What the state of a model has seen: all before the first row that it has not.
UPDATE model SET state_seq = ifnull(min(
	ifnull((SELECT min(seq) FROM completion
		WHERE completion.model = model.model AND completion.place > model.state_place), 1 << 62),
	ifnull((SELECT min(seq) FROM event WHERE event.model = model.model AND predicted IS NOT NULL
		AND event.number > ifnull(json_extract(state, '$.event'), 0)), 1 << 62),
	(SELECT last + 1 FROM sequence)) - 1, 0);
UPDATE sequence SET saved = ifnull((SELECT min(state_seq) FROM model), last),
	arrival = max(ifnull((SELECT max(arrival) FROM event), 0), ifnull((SELECT max(arrival) FROM label), 0));
UPDATE model SET state = json_set(state,
	'$.event', (SELECT count(*) FROM event WHERE event.model = model.model AND predicted IS NOT NULL
		AND event.number <= json_extract(state, '$.event')),
	'$.in_use.since', (SELECT count(*) FROM event WHERE event.model = model.model
		AND predicted IS NOT NULL AND event.number <= json_extract(state, '$.in_use.since')))
WHERE state IS NOT NULL;
DROP TABLE completion;

-- Classes that rows name: a configuration can't take them away.
CREATE TABLE used AS
SELECT model, predicted AS class FROM event WHERE predicted IS NOT NULL
UNION SELECT model, label FROM event WHERE label IS NOT NULL
UNION SELECT model, class FROM label;
CREATE INDEX used_model ON used (model);
UPDATE model SET learnt = json_set(learnt, '$.used',
	json((SELECT json_group_array(class) FROM used WHERE used.model = model.model)));
DROP TABLE used;

CREATE TABLE place_2 (
	model   INTEGER NOT NULL,
	place   INTEGER NOT NULL,
	event   INTEGER NOT NULL,
	label   INTEGER,             -- the label that completed it; NULL: the event's own
	time    INTEGER NOT NULL,
	arrival INTEGER NOT NULL,    -- never falls from one place to the next
	PRIMARY KEY (model, place)
) STRICT, WITHOUT ROWID;
INSERT INTO place_2 (model, place, event, label, time, arrival)
SELECT model, place, event, label, time,
	max(arrival) OVER (PARTITION BY model ORDER BY place) FROM place;

DROP TABLE place;
DROP TABLE label;
DROP TABLE event;
ALTER TABLE event_2 RENAME TO event;
ALTER TABLE label_2 RENAME TO label;
ALTER TABLE place_2 RENAME TO place;

PRAGMA user_version = 2;
