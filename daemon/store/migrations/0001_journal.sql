-- The journal: immutable records, chained (docs/records.md). The digest stands in when payload and salt were erased.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    payload BLOB,
    salt BLOB,
    link BLOB NOT NULL,
    digest BLOB,
    erased_by INTEGER
);

CREATE TABLE alive (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at_ms INTEGER NOT NULL,
    offset_minutes INTEGER NOT NULL,
    wall_is_trusted INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot INTEGER NOT NULL
);

CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    rules_hash TEXT NOT NULL,
    sealed BLOB NOT NULL
);
