-- Findings that stay open until they are corrected, and what is needed to hand
-- the rows in again.

ALTER TABLE feed_batch ADD COLUMN header text;
ALTER TABLE feed_batch ADD COLUMN catalogue_version bigint;
COMMENT ON COLUMN feed_batch.header IS 'The first line of a CSV batch as it came, in UTF-8; null for NDJSON.';
COMMENT ON COLUMN feed_batch.catalogue_version IS 'The catalogue that the batch was read by.';
COMMENT ON COLUMN finding.original IS 'The row as it came (for a duplicate: its fields), null when longer than 64 KiB; for the sender''s repair only.';

CREATE TABLE finding_row (
	batch bigint NOT NULL,
	line bigint NOT NULL,
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	stream text COLLATE "C" NOT NULL,
	subject text COLLATE "C" NOT NULL,
	key text COLLATE "C",
	source text COLLATE "C",
	rejected boolean NOT NULL,
	crossed boolean NOT NULL DEFAULT false,
	closed_by bigint,
	closed_at timestamptz,
	PRIMARY KEY (batch, line)
);
CREATE INDEX finding_row_open ON finding_row (provider, item, subject) WHERE closed_by IS NULL;
CREATE INDEX finding_row_source ON finding_row (provider, item, source) WHERE closed_by IS NULL AND source IS NOT NULL;
COMMENT ON TABLE finding_row IS 'Rows that have findings: which record they were about, and which later batch corrected them.';
COMMENT ON COLUMN finding_row.line IS 'finding.line.';
COMMENT ON COLUMN finding_row.stream IS 'Where the row belongs; ---- when it does not say.';
COMMENT ON COLUMN finding_row.subject IS 'As it came, perhaps no code; empty when unusable.';
COMMENT ON COLUMN finding_row.key IS 'Natural key; null when the row does not have it whole.';
COMMENT ON COLUMN finding_row.source IS 'The sender''s source number of a rejected row.';
COMMENT ON COLUMN finding_row.rejected IS 'The row stayed out.';
COMMENT ON COLUMN finding_row.crossed IS 'All that was found is between records.';
COMMENT ON COLUMN finding_row.closed_by IS 'feed_batch.number of the batch that accepted a corrected row; null: open.';
