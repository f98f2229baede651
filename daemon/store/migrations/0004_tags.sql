-- What the gate itself is tagged with, such as rain. (The ends of persons' tags are sealed with their names.)
CREATE TABLE gate_tags (
    tag TEXT PRIMARY KEY,
    until_ms INTEGER
) WITHOUT ROWID;
