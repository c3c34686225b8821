-- The version that a version's fit went on from. Of those that are there it stands in what their runs say of
-- the candidate that was picked.

ALTER TABLE version ADD COLUMN base INTEGER; -- NULL: fitted from scratch

UPDATE version SET base = (
	SELECT json_extract(candidate.value, '$.goes_on_from')
	FROM run, json_each(run.candidates) AS candidate
	WHERE run.model = version.model AND run.run = version.run AND json_extract(candidate.value, '$.picked'));

PRAGMA user_version = 9;
