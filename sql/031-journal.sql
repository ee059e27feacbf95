-- Operators' actions are entries of a Merkle log: each gets its place there
-- once, and commits to its nonce.
ALTER TABLE operator_action ADD COLUMN nonce bytea NOT NULL DEFAULT ''::bytea, ADD COLUMN place bigint UNIQUE;
COMMENT ON COLUMN operator_action.place IS 'Index in the hub''s own trail; null: not there yet.';
COMMENT ON COLUMN operator_action.nonce IS 'So that its commitment says nothing of it.';
