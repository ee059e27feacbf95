-- The ledger: what is known (record), what was known (record_history), what
-- changed in which order (change_log), and who handed in what (feed_batch,
-- finding).  Everything that belongs to a division carries its stream, so
-- that the same schema can be distributed by stream.  Time comes as data.

CREATE TABLE subject (
	subject text COLLATE "C" PRIMARY KEY,
	stream text COLLATE "C" NOT NULL,
	known_from timestamptz NOT NULL
);
COMMENT ON TABLE subject IS 'Which stream a subject (unified social credit code) belongs to: its first one, until moves are handled.';
COMMENT ON COLUMN subject.known_from IS 'When the hub first heard of the subject.';

CREATE TABLE record (
	stream text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	subject text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	state smallint NOT NULL,
	digest bytea NOT NULL,
	fields jsonb NOT NULL,
	provider text COLLATE "C" NOT NULL,
	as_of timestamptz NOT NULL,
	known_from timestamptz NOT NULL,
	batch bigint,
	position bigint NOT NULL,
	PRIMARY KEY (stream, item, subject, key)
) PARTITION BY HASH (stream);
COMMENT ON TABLE record IS 'The newest version of every record, withdrawn ones included.';
COMMENT ON COLUMN record.stream IS 'Prefecture-level division, or 0000 for control records.';
COMMENT ON COLUMN record.item IS 'Number in the catalogue; above 60000: control records.';
COMMENT ON COLUMN record.key IS 'Natural key values joined by U+001F; empty: the item''s one record of the subject.';
COMMENT ON COLUMN record.version IS 'Counts the changes of this record from 1.';
COMMENT ON COLUMN record.state IS '1 current, 2 disputed, 3 repaired, 4 withdrawn.';
COMMENT ON COLUMN record.digest IS 'Content digest (docs/PROTOCOL.md): equal means unchanged.';
COMMENT ON COLUMN record.fields IS 'Catalogue field name to canonical text.';
COMMENT ON COLUMN record.provider IS 'Organisation code of the member that handed it in.';
COMMENT ON COLUMN record.as_of IS 'When it was so: the row''s data date, or the hand-in.';
COMMENT ON COLUMN record.known_from IS 'Since when the ledger holds this version.';
COMMENT ON COLUMN record.batch IS 'feed_batch.number; null for control records.';
COMMENT ON COLUMN record.position IS 'Position of this version in its stream.';

DO $$
BEGIN
	FOR part IN 0..15 LOOP
		EXECUTE format('CREATE TABLE record_%s PARTITION OF record
		    FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
		    to_char(part, 'FM00'), part);
	END LOOP;
END
$$;

CREATE INDEX record_consent ON record (key) WHERE item = 60003;

CREATE TABLE record_history (
	stream text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	subject text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	state smallint NOT NULL,
	digest bytea NOT NULL,
	fields jsonb NOT NULL,
	provider text COLLATE "C" NOT NULL,
	as_of timestamptz NOT NULL,
	known_from timestamptz NOT NULL,
	known_to timestamptz NOT NULL,
	batch bigint,
	position bigint NOT NULL,
	PRIMARY KEY (stream, item, subject, key, version)
);
COMMENT ON TABLE record_history IS 'Superseded versions of records and when the ledger held them.';
COMMENT ON COLUMN record_history.known_to IS 'When a newer version took its place.';

CREATE TABLE stream_state (
	stream text COLLATE "C" PRIMARY KEY,
	position bigint NOT NULL DEFAULT 0,
	head bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
	setsum bytea NOT NULL DEFAULT decode(repeat('00', 512), 'hex'),
	records bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE stream_state IS 'Where each stream stands; a transaction locks its rows last, in stream order, so positions have no gaps and follow commit order.';
COMMENT ON COLUMN stream_state.position IS 'Newest position; 0: none yet.';
COMMENT ON COLUMN stream_state.head IS 'Hash of the newest batch header; zeros: none.';
COMMENT ON COLUMN stream_state.setsum IS 'Sum modulo 2^4096 over the elements of all records, little-endian.';
COMMENT ON COLUMN stream_state.records IS 'Records of the stream, withdrawn ones included.';

CREATE TABLE change_log (
	stream text COLLATE "C" NOT NULL,
	first bigint NOT NULL,
	last bigint NOT NULL,
	header bytea NOT NULL,
	sealed bytea NOT NULL,
	committed_at timestamptz NOT NULL,
	PRIMARY KEY (stream, first)
);
ALTER TABLE change_log ALTER COLUMN sealed SET STORAGE EXTERNAL;
COMMENT ON TABLE change_log IS 'Sealed batches as they travel, written in the transaction that changed the records.';
COMMENT ON COLUMN change_log.header IS 'The signed bytes; sha256(header) is what the next batch names as previous.';
COMMENT ON COLUMN change_log.sealed IS 'Packed Sealed: header, signature, key id, compressed body.';

CREATE TABLE feed_batch (
	number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	id text COLLATE "C" NOT NULL,
	digest bytea NOT NULL,
	size bigint NOT NULL,
	state text NOT NULL,
	rows bigint NOT NULL,
	accepted bigint NOT NULL,
	unchanged bigint NOT NULL,
	rejected bigint NOT NULL,
	warned bigint NOT NULL,
	receipt json NOT NULL,
	received_at timestamptz NOT NULL,
	committed_at timestamptz NOT NULL,
	PRIMARY KEY (provider, item, id)
);
COMMENT ON TABLE feed_batch IS 'Committed batches and their receipts; an identical retry gets the stored receipt.';
COMMENT ON COLUMN feed_batch.id IS 'The sender''s Idempotency-Key.';
COMMENT ON COLUMN feed_batch.digest IS 'SHA-256 of the bytes as handed in.';
COMMENT ON COLUMN feed_batch.receipt IS 'The receipt''s exact text.';

CREATE TABLE finding (
	batch bigint NOT NULL,
	number bigint GENERATED ALWAYS AS IDENTITY,
	line bigint NOT NULL,
	field text NOT NULL,
	rule text NOT NULL,
	severity text NOT NULL CHECK (severity IN ('warn', 'reject')),
	value_digest bytea NOT NULL,
	original text,
	PRIMARY KEY (batch, number)
);
COMMENT ON TABLE finding IS 'What was wrong with rows of a batch.';
COMMENT ON COLUMN finding.line IS 'Line of the file on which the row begins; the header is 1.';
COMMENT ON COLUMN finding.field IS 'Catalogue field name; empty: the whole row.';
COMMENT ON COLUMN finding.value_digest IS 'SHA-256 of the value as it came.';
COMMENT ON COLUMN finding.original IS 'The row as it came (for a duplicate: its fields), at most 4 KiB; for the sender''s repair only.';

CREATE TABLE node_status (
	code text COLLATE "C" PRIMARY KEY,
	sequence bigint NOT NULL,
	reported_at timestamptz NOT NULL,
	received_at timestamptz NOT NULL,
	software text NOT NULL,
	parent text NOT NULL,
	streams json NOT NULL,
	trail_size bigint NOT NULL,
	checkpoint bytea NOT NULL
);
COMMENT ON TABLE node_status IS 'The last status message of each node, signature checked.';
COMMENT ON COLUMN node_status.checkpoint IS 'The node''s newest signed trail checkpoint.';
