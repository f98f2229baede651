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
