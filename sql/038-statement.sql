-- What subjects want to be read beside records that they have objected to.

ALTER TABLE objection ADD COLUMN statement text;
ALTER TABLE objection ADD COLUMN stated_at timestamptz;
ALTER TABLE objection ADD COLUMN statements integer NOT NULL DEFAULT 0;
ALTER TABLE objection ADD COLUMN statement_document bytea;
COMMENT ON COLUMN objection.statement IS 'Said after the filing; the newest. Null: nothing was.';
COMMENT ON COLUMN objection.stated_at IS 'The subject''s own time of it.';
COMMENT ON COLUMN objection.statements IS 'How many were taken.';
COMMENT ON COLUMN objection.statement_document IS 'As it came: a compact JWS, or claims that a node vouches for.';
