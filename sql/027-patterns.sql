-- Patterns of abuse that nodes saw in what members ask.  Rows are of nodes,
-- not of divisions: not distributed.

CREATE TABLE abuse_alert (
	node text COLLATE "C" NOT NULL,
	member text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	day date NOT NULL,
	first_seen timestamptz NOT NULL,
	last_seen timestamptz NOT NULL,
	count bigint NOT NULL,
	received_at timestamptz NOT NULL,
	PRIMARY KEY (node, member, kind, day)
);
CREATE INDEX abuse_alert_day ON abuse_alert (day);
COMMENT ON TABLE abuse_alert IS 'Patterns of abuse, one row for each node, member, kind and day. Who asked how often, never about whom.';
COMMENT ON COLUMN abuse_alert.member IS 'Who asked: the organisation code of its certificate.';
COMMENT ON COLUMN abuse_alert.kind IS 'subjects_not_held, refusals, sequential_codes, limits_met, near_statistics, consent_places.';
COMMENT ON COLUMN abuse_alert.day IS 'Of first_seen, eight hours east of Greenwich.';
COMMENT ON COLUMN abuse_alert.count IS 'Questions of that kind on that day, as far as is known; of consent_places the places of one consent.';
COMMENT ON COLUMN abuse_alert.received_at IS 'When the hub first heard of it.';

-- An alert as any other (027-alerts): of a row, as long as it was seen within
-- a day.  Looked for by the hub's process, as a fact.
INSERT INTO alert_rule (name, severity, threshold, unit, raise_seconds, close_seconds, slow, zh, en) VALUES
('abuse_pattern', 'warning', 0, 'questions', 0, 0, false, '疑似滥用查询', 'A member''s questions have a pattern of abuse');
