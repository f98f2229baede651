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
