-- Files that subjects give with their objections, in pieces as they come.

CREATE TABLE objection_material (
	id text COLLATE "C" NOT NULL,
	sha256 bytea NOT NULL,
	place bigint NOT NULL,
	size bigint NOT NULL,
	bytes bytea NOT NULL,
	received_at timestamptz NOT NULL,
	PRIMARY KEY (id, sha256, place)
);
ALTER TABLE objection_material ALTER COLUMN bytes SET STORAGE EXTERNAL;
COMMENT ON TABLE objection_material IS 'Materials of objections: for the department that answers and for operators; deleted material_days after the end.';
COMMENT ON COLUMN objection_material.place IS 'Offset of this piece.';
COMMENT ON COLUMN objection_material.size IS 'Of the whole file.';
