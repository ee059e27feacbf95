-- Which subject another one absorbed.

CREATE TABLE subject_link (
	subject text COLLATE "C" PRIMARY KEY,
	successor text COLLATE "C" NOT NULL,
	known_from timestamptz NOT NULL
);
CREATE INDEX subject_link_successor ON subject_link (successor);
COMMENT ON TABLE subject_link IS 'Subjects that were merged into others, as their newest registration says.';
COMMENT ON COLUMN subject_link.successor IS 'Field successor_uscc of item 1.';
