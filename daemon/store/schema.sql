-- The schema as it now stands: what a new database gets. The migrations must lead to the same; a test compares.

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

-- An alert as it now stands, a row per recipient; those waiting for the platform are the alert lane, in the order of n.
CREATE TABLE alerts (
    alert TEXT NOT NULL,
    recipient TEXT NOT NULL,
    n INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    open INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    PRIMARY KEY (alert, recipient)
) WITHOUT ROWID;

CREATE UNIQUE INDEX alerts_lane ON alerts (n) WHERE waiting = 1;

CREATE INDEX alerts_open ON alerts (n) WHERE open = 1;

-- The records lane is every record above meta.confirmed_seq, and these below it: what stayed when plain records made room.
CREATE TABLE outbox_kept (
    seq INTEGER PRIMARY KEY REFERENCES journal (seq)
);

-- Who is known. Names, tags, numbers and templates are sealed; a card is found by the HMAC of its number.
CREATE TABLE households (
    id TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    sealed BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE persons (
    id TEXT PRIMARY KEY,
    household TEXT REFERENCES households (id),
    sealed BLOB NOT NULL
) WITHOUT ROWID;

CREATE INDEX persons_household ON persons (household);

CREATE TABLE cards (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    number_index TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    valid_from_ms INTEGER,
    valid_until_ms INTEGER,
    sealed BLOB NOT NULL
) WITHOUT ROWID;

CREATE INDEX cards_person ON cards (person);

CREATE TABLE faces (
    person TEXT PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    sealed BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE face_templates (
    id INTEGER PRIMARY KEY,
    person TEXT NOT NULL REFERENCES faces (person) ON DELETE CASCADE,
    sealed BLOB NOT NULL
);

CREATE INDEX face_templates_person ON face_templates (person);

CREATE TABLE strangers (
    id TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) WITHOUT ROWID;

-- What the gate itself is tagged with, such as rain. (The ends of persons' tags are sealed with their names.)
CREATE TABLE gate_tags (
    tag TEXT PRIMARY KEY,
    until_ms INTEGER
) WITHOUT ROWID;

-- Face models whose notice the operator has read and accepted (`menshen models accept`).
CREATE TABLE accepted_models (
    model TEXT PRIMARY KEY,
    notice TEXT NOT NULL,
    by TEXT NOT NULL
) WITHOUT ROWID;
