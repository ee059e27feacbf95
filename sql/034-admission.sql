-- Admission in steps: an application is filed, looked at, and decided; who may
-- decide depends on who looked.

CREATE TABLE member_application (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	code text COLLATE "C" NOT NULL,
	document json NOT NULL,
	state text NOT NULL CHECK (state IN ('applied', 'reviewed', 'admitted', 'refused')),
	note text NOT NULL,
	applied_by text COLLATE "C" NOT NULL,
	applied_at timestamptz NOT NULL,
	reviewed_by text COLLATE "C",
	reviewed_at timestamptz,
	review_note text,
	decided_by text COLLATE "C",
	decided_at timestamptz,
	decision_note text
);
CREATE UNIQUE INDEX member_application_open ON member_application (code) WHERE state IN ('applied', 'reviewed');
COMMENT ON TABLE member_application IS 'Member documents that wait for admission or were decided: who filed, who looked, who decided.';
COMMENT ON COLUMN member_application.document IS 'The member document as it is to be on the list.';

CREATE FUNCTION application_json(a member_application) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('id', a.id, 'code', a.code, 'document', a.document, 'state', a.state, 'note', a.note,
	'applied_by', a.applied_by, 'applied_at', alert_time(a.applied_at), 'reviewed_by', a.reviewed_by,
	'reviewed_at', alert_time(a.reviewed_at), 'review_note', a.review_note, 'decided_by', a.decided_by,
	'decided_at', alert_time(a.decided_at), 'decision_note', a.decision_note)
$$;

-- Those that wait first, the oldest of them first; then the newest decided.
CREATE FUNCTION application_list(which text, of_code text, skip bigint, most bigint, persons integer) RETURNS json LANGUAGE sql STABLE AS $$
WITH wanted AS MATERIALIZED (
	SELECT a.*, a.state IN ('applied', 'reviewed') AS open FROM member_application a
	WHERE (of_code = '' OR a.code = of_code) AND (which = 'all' OR (a.state IN ('applied', 'reviewed')) = (which = 'open'))
	ORDER BY open DESC, CASE WHEN a.state IN ('applied', 'reviewed') THEN a.id ELSE -a.id END OFFSET skip LIMIT most
)
SELECT json_build_object('persons', persons, 'applications', COALESCE((SELECT json_agg(application_json(a)
		ORDER BY w.open DESC, CASE WHEN w.open THEN w.id ELSE -w.id END) FROM wanted w JOIN member_application a ON a.id = w.id), '[]'),
	'next', CASE WHEN (SELECT count(*) FROM wanted) = most THEN skip + most END)
$$;
