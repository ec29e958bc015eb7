#pragma once

#include <string_view>

namespace ara::storage {

// What the shards of a store know of one another; a step of postgres_migrations.cpp.
//
// In the catalog: shards, who holds which slots (the epoch is the row 'shards' of versions), the
// work of a reshard, and the decisions on transactions that span databases. In every database:
// owned_slots, which its own reads and writes of bars and forecasts look at, so that nobody's old
// map of the shards can do harm; shard_self, which says what part of which fleet it is, once it is
// part of one. A database that nobody has joined to others owns all slots. Row 64 of heads counts
// the slots that came and went.
//
// hold_slots, within a transaction that writes, keeps the slots where they are until it ends. Its
// SQLSTATE AR001 is known to postgres_connection.cpp.
inline constexpr std::string_view kPgShardTables = R"(
CREATE TABLE shards (
  number bigint PRIMARY KEY CHECK (number >= 0),
  name text COLLATE "C" NOT NULL UNIQUE CHECK (name <> ''),
  hosts text COLLATE "C" NOT NULL
);
INSERT INTO shards VALUES (0, 'catalog', '');
CREATE TABLE shard_slots (
  first bigint PRIMARY KEY CHECK (first >= 0),
  last bigint NOT NULL CHECK (last BETWEEN first AND 16383),
  shard bigint NOT NULL REFERENCES shards (number)
);
INSERT INTO shard_slots VALUES (0, 16383, 0);
INSERT INTO versions VALUES ('shards', 1);
CREATE TABLE resharding (
  one bigint PRIMARY KEY CHECK (one = 1),
  action text COLLATE "C" NOT NULL CHECK (action IN ('add', 'remove')),
  shard bigint NOT NULL REFERENCES shards (number),
  planned boolean NOT NULL,
  symbols bigint NOT NULL,
  holder text COLLATE "C" NOT NULL,
  held_until timestamptz NOT NULL
);
CREATE TABLE shard_moves (
  first bigint PRIMARY KEY,
  last bigint NOT NULL CHECK (last >= first),
  source bigint NOT NULL,
  target bigint NOT NULL,
  done boolean NOT NULL DEFAULT false,
  symbols bigint NOT NULL DEFAULT 0,
  bars bigint NOT NULL DEFAULT 0,
  forecasts bigint NOT NULL DEFAULT 0
);
CREATE TABLE decisions (
  token bytea PRIMARY KEY CHECK (length(token) = 16),
  committed boolean NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE shard_self (
  one bigint PRIMARY KEY CHECK (one = 1),
  fleet text COLLATE "C" NOT NULL,
  number bigint NOT NULL
);
CREATE TABLE owned_slots (
  slot bigint PRIMARY KEY CHECK (slot BETWEEN 0 AND 16383),
  state text COLLATE "C" NOT NULL CHECK (state IN ('owned', 'incoming', 'gone'))
) WITH (fillfactor = 70);
INSERT INTO owned_slots SELECT slot, 'owned' FROM generate_series(0, 16383) slot;
INSERT INTO heads VALUES (64, 1);
CREATE FUNCTION hold_slots(wanted bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held bigint;
BEGIN
  SELECT count(*) INTO held FROM (
    SELECT 1 FROM owned_slots WHERE slot = ANY (wanted) AND state = 'owned'
    ORDER BY slot FOR SHARE) AS locked;
  IF held < cardinality(wanted) THEN
    RAISE EXCEPTION 'a slot is not owned here' USING ERRCODE = 'AR001';
  END IF;
END $$;
)";

}  // namespace ara::storage
