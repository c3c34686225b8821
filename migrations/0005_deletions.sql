-- Models that were deleted and whose rows go in steps had their progress in columns of the model's state.

CREATE TABLE deletion (
	model INTEGER PRIMARY KEY, -- its row in model stays, called "NUMBER deleted", until all that it had is gone
	done  INTEGER NOT NULL,    -- its events and labels up to this sequence number are gone
	last  INTEGER NOT NULL     -- it had none after this
) STRICT;
INSERT INTO deletion (model, done, last)
SELECT model, state_seq, state_place FROM model WHERE instr(name, ' ') > 0;
UPDATE model SET state_seq = 0, state_place = 0 WHERE instr(name, ' ') > 0;

PRAGMA user_version = 5;
