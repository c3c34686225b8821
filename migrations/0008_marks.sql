-- What only appends rows leaves the row of `sequence` alone: from here on the greatest number ever given and
-- the greatest arrival are those of the row or of the last event or label, whichever is greater. `commits`
-- counts the other transactions, and the file "committed" holds the sum of it and the greatest number.

PRAGMA user_version = 8;
