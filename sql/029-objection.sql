-- What subjects say against records about them, and what came of it.  Rows are
-- of subjects, few and read by people: not distributed.

CREATE TABLE objection (
	id text COLLATE "C" PRIMARY KEY,
	subject text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	key text COLLATE "C" NOT NULL,
	reason text NOT NULL,
	repair boolean NOT NULL,
	claims json NOT NULL,
	digest bytea NOT NULL,
	origin text COLLATE "C" NOT NULL,
	stream text COLLATE "C" NOT NULL,
	provider text COLLATE "C" NOT NULL,
	leader text COLLATE "C",
	state text NOT NULL CHECK (state IN ('filed', 'refused', 'accepted', 'suspended',
		'corrected', 'upheld', 'undetermined', 'repaired', 'terminated')),
	note text NOT NULL DEFAULT '',
	decided_by text COLLATE "C" NOT NULL DEFAULT '',
	filed_at timestamptz NOT NULL,
	due_at timestamptz NOT NULL,
	accepted_at timestamptz,
	suspended_at timestamptz,
	ended_at timestamptz
);
CREATE INDEX objection_subject ON objection (subject, item, key);
CREATE INDEX objection_open ON objection (due_at) WHERE ended_at IS NULL;
COMMENT ON TABLE objection IS 'Objections and applications for repair: one row each, as they stand.';
COMMENT ON COLUMN objection.key IS 'Of the record; empty: all records of the item.';
COMMENT ON COLUMN objection.claims IS 'As the subject filed it.';
COMMENT ON COLUMN objection.digest IS 'SHA-256 of the claims as they came.';
COMMENT ON COLUMN objection.origin IS 'Code of the node at which it was filed.';
COMMENT ON COLUMN objection.stream IS 'Division of the record: whose platform is responsible; empty: there is no such record.';
COMMENT ON COLUMN objection.provider IS 'The department that answers; empty: several or none, an operator does.';
COMMENT ON COLUMN objection.leader IS 'Another objection about the same records: it stands as that one does.';
COMMENT ON COLUMN objection.due_at IS 'Until when it is to be decided; moves on by the time it was suspended.';

ALTER TABLE record ADD COLUMN unmarked bytea;
COMMENT ON COLUMN record.unmarked IS 'The hub has marked this record after an objection: digest of what the provider said until then. Said again it changes nothing; said otherwise it takes the mark''s place.';

INSERT INTO alert_rule (name, severity, threshold, unit, raise_seconds, close_seconds, slow, zh, en) VALUES
('objection_due', 'warning', 15, 'days', 0, 0, false, '异议即将逾期', 'An objection is to be decided soon');
