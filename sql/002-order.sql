-- What a batch does beyond its rows: full sets, held batches, order of
-- delivery, subjects that move, old numbers.

ALTER TABLE record ADD COLUMN confirmed timestamptz;
COMMENT ON COLUMN record.confirmed IS 'Newest data date that a row stated for this version; null: none did.';

ALTER TABLE feed_batch ADD COLUMN mode text NOT NULL DEFAULT 'delta' CHECK (mode IN ('delta', 'full'));
ALTER TABLE feed_batch ADD COLUMN withdrawn bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN feed_batch.state IS 'committed; held (nothing merged, an operator decides); refused (by an operator).';
COMMENT ON COLUMN feed_batch.withdrawn IS 'Records of a full batch''s set that it left out.';
CREATE INDEX feed_batch_held ON feed_batch (number) WHERE state = 'held';

CREATE TABLE held_batch (
	number bigint PRIMARY KEY,
	format text NOT NULL CHECK (format IN ('csv', 'ndjson')),
	charset text NOT NULL,
	coding integer NOT NULL,
	divisions text NOT NULL,
	reason text NOT NULL CHECK (reason IN ('withdraw_share', 'reject_share')),
	share integer NOT NULL,
	decided_at timestamptz,
	decided_by text COLLATE "C"
);
COMMENT ON TABLE held_batch IS 'Batches that waited for an operator, and what was decided; the bytes are in FOLDER/held/NUMBER while they wait.';
COMMENT ON COLUMN held_batch.coding IS 'Of the bytes as they came: 0 none, 1 gzip, 2 zstd.';
COMMENT ON COLUMN held_batch.number IS 'feed_batch.number.';
COMMENT ON COLUMN held_batch.divisions IS 'What a full batch declared, joined by commas; empty: the streams of its rows.';
COMMENT ON COLUMN held_batch.share IS 'Percent that it would have withdrawn or rejected.';

CREATE TABLE feed_sequence (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	last bigint NOT NULL,
	PRIMARY KEY (provider, item)
);
COMMENT ON TABLE feed_sequence IS 'The newest Batch-Sequence of each provider and item that uses them.';

CREATE TABLE subject_move (
	number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
	subject text COLLATE "C" NOT NULL,
	source text COLLATE "C" NOT NULL,
	target text COLLATE "C" NOT NULL,
	moved_at timestamptz NOT NULL,
	batch bigint NOT NULL
);
CREATE INDEX subject_move_xid ON subject_move (xid);
CREATE INDEX subject_move_subject ON subject_move (subject);
COMMENT ON TABLE subject_move IS 'When subjects left one stream for another.';
COMMENT ON COLUMN subject_move.xid IS 'Tells a merge whether a subject moved after it looked.';

CREATE TABLE subject_alias (
	number text COLLATE "C" PRIMARY KEY,
	subject text COLLATE "C" NOT NULL,
	known_from timestamptz NOT NULL
);
CREATE INDEX subject_alias_subject ON subject_alias (subject);
COMMENT ON TABLE subject_alias IS 'Registration numbers of 15 digits, and the code that item 1 gives for them.';

COMMENT ON TABLE subject IS 'Which stream a subject (unified social credit code) belongs to: where its newest registration places it.';
