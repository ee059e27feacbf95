-- The hub witnesses the nodes' checkpoints: what it signed, and what it holds
-- against a trail.

ALTER TABLE node_trail
	ADD COLUMN sequence bigint NOT NULL DEFAULT 0,
	ADD COLUMN short_at timestamptz,
	ADD COLUMN witnessed bytea;
COMMENT ON COLUMN node_trail.sequence IS 'Of the newest message whose checkpoint was looked at.';
COMMENT ON COLUMN node_trail.short_at IS 'Since when the node signs checkpoints of fewer entries than were checked before: its end is lost; null: it does not.';
COMMENT ON COLUMN node_trail.witnessed IS 'The newest checkpoint with the witness''s signature line, as of the size checked; null: none yet.';
