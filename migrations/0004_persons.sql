-- Who promoted a version, and against which verdict.

ALTER TABLE promotion ADD COLUMN person TEXT;  -- a name; NULL: not told, or no person
ALTER TABLE promotion ADD COLUMN against TEXT; -- the verdict of the run that made it; NULL: it passed

PRAGMA user_version = 4;
