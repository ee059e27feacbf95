-- What each provider says of a record, once more than one has spoken about
-- it; `record` holds what counts.

CREATE TABLE statement (
	stream text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	subject text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	provider text COLLATE "C" NOT NULL,
	state smallint NOT NULL,
	digest bytea NOT NULL,
	fields jsonb NOT NULL,
	as_of timestamptz NOT NULL,
	confirmed timestamptz,
	known_from timestamptz NOT NULL,
	batch bigint,
	since timestamptz,
	PRIMARY KEY (stream, item, subject, key, provider)
);
CREATE INDEX statement_subject ON statement (subject);
CREATE INDEX statement_since ON statement (since) WHERE since IS NOT NULL;
COMMENT ON TABLE statement IS 'The newest statement of each provider about a record, where more than one has spoken.';
COMMENT ON COLUMN statement.digest IS 'As in record, which has one of these.';
COMMENT ON COLUMN statement.confirmed IS 'Newest data date that a row stated for it; null: none did.';
COMMENT ON COLUMN statement.known_from IS 'Since when the ledger holds it.';
COMMENT ON COLUMN statement.since IS 'Since when those that are not withdrawn disagree; null: they do not.';
