-- The form of a case: docs/formats/case.md. What is in the ledger stands in
-- block, tile, checkpoint and signer; the other tables only help to find it.

-- Leaves of one kind that were appended together.
CREATE TABLE block (
  first INTEGER PRIMARY KEY,   -- number of the first leaf
  count INTEGER NOT NULL,
  kind  TEXT NOT NULL,
  size  INTEGER NOT NULL,      -- of the data before it was compressed
  data  BLOB NOT NULL          -- zstd: each leaf's JSON and a line feed
) STRICT;

-- Hashes of the tree: at level l, number n, up to 256 hashes of height 8·l,
-- beginning with that over the leaves from n·256^(l+1).
CREATE TABLE tile (
  level  INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, number)
) STRICT;

CREATE TABLE checkpoint (
  number INTEGER PRIMARY KEY,
  note   TEXT NOT NULL
) STRICT;

CREATE TABLE signer (
  number INTEGER PRIMARY KEY,
  public TEXT NOT NULL UNIQUE
) STRICT;

-- The leaf that now holds for a name of a kind, and its place among them.
CREATE TABLE current (
  kind     TEXT NOT NULL,
  name     TEXT NOT NULL,
  position INTEGER NOT NULL,
  leaf     INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
  leaf  INTEGER PRIMARY KEY,
  id    BLOB NOT NULL,         -- 16 bytes
  time  INTEGER,               -- nanoseconds since 1970; null without
  level INTEGER NOT NULL,      -- 0 none, 1 informational … 5 critical
  rule  INTEGER NOT NULL,
  host  INTEGER NOT NULL
) STRICT;
CREATE INDEX finding_time ON finding (time);

CREATE TABLE rule (
  number INTEGER PRIMARY KEY,
  id     TEXT NOT NULL,
  title  TEXT NOT NULL,
  UNIQUE (id, title)
) STRICT;

CREATE TABLE host (
  number INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE
) STRICT;

-- Findings by hour (seconds since 1970; null without a time) and level.
CREATE TABLE hour (
  start INTEGER,
  level INTEGER NOT NULL,
  count INTEGER NOT NULL,
  UNIQUE (start, level)
) STRICT;

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
