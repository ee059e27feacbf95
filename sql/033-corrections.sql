-- When what an objection was right about came in, when it went, and how many
-- institutions were told that what they had read was corrected.

ALTER TABLE objection ADD COLUMN wrong_since timestamptz;
ALTER TABLE objection ADD COLUMN wrong_from bigint NOT NULL DEFAULT 0;
ALTER TABLE objection ADD COLUMN wrong_until bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN objection.wrong_since IS 'Since when the ledger holds what was objected to; null: it does not.';
COMMENT ON COLUMN objection.wrong_from IS 'Position in its stream at which that came.';
COMMENT ON COLUMN objection.wrong_until IS 'Position of what took its place; 0: nothing did, it was withdrawn with the decision, or is not corrected.';

CREATE TABLE objection_informed (
	id text COLLATE "C" NOT NULL,
	node text COLLATE "C" NOT NULL,
	members integer NOT NULL,
	told_at timestamptz NOT NULL,
	PRIMARY KEY (id, node)
);
COMMENT ON TABLE objection_informed IS 'Institutions that had read what an objection corrected and were told so, by node; counts, not names.';
