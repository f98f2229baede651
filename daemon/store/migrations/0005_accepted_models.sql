-- Face models whose notice the operator has read and accepted (`menshen models accept`).
CREATE TABLE accepted_models (
    model TEXT PRIMARY KEY,
    notice TEXT NOT NULL,
    by TEXT NOT NULL
) WITHOUT ROWID;
