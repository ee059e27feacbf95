-- Quality facts, counted in the transaction of the batch that they are about:
-- plain rows, exact after a crash.  A day is that of the hand-in, eight hours
-- east of Greenwich.

CREATE TABLE quality_daily (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	division text COLLATE "C" NOT NULL,
	day date NOT NULL,
	batches bigint NOT NULL,
	rows bigint NOT NULL,
	accepted bigint NOT NULL,
	unchanged bigint NOT NULL,
	rejected bigint NOT NULL,
	warned bigint NOT NULL,
	duplicates bigint NOT NULL,
	conflicts bigint NOT NULL,
	lag_event_rows bigint NOT NULL,
	lag_event_seconds bigint NOT NULL,
	lag_commit_ms bigint NOT NULL,
	PRIMARY KEY (provider, item, division, day)
);
CREATE INDEX quality_daily_day ON quality_daily (day);
COMMENT ON TABLE quality_daily IS 'Rows handed in, by provider, item, division and day; batches that are held count when they are let in.';
COMMENT ON COLUMN quality_daily.division IS 'The stream; ---- for rejected rows whose code is none.';
COMMENT ON COLUMN quality_daily.batches IS 'Batches with rows of this division.';
COMMENT ON COLUMN quality_daily.rows IS 'accepted + unchanged + rejected.';
COMMENT ON COLUMN quality_daily.warned IS 'Rows that were taken with a warning.';
COMMENT ON COLUMN quality_daily.duplicates IS 'Of the rejected: a later row of the batch has the same key.';
COMMENT ON COLUMN quality_daily.conflicts IS 'Rows that another provider contradicts.';
COMMENT ON COLUMN quality_daily.lag_event_rows IS 'Records whose rows state a data date.';
COMMENT ON COLUMN quality_daily.lag_event_seconds IS 'Sum over these: from the data date to the hand-in.';
COMMENT ON COLUMN quality_daily.lag_commit_ms IS 'Sum over batches: from hand-in to commit.';

CREATE TABLE quality_rule_daily (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	day date NOT NULL,
	rule text COLLATE "C" NOT NULL,
	severity text COLLATE "C" NOT NULL,
	count bigint NOT NULL,
	PRIMARY KEY (provider, item, day, rule, severity)
);
COMMENT ON TABLE quality_rule_daily IS 'Findings by rule.';

CREATE TABLE quality_field_daily (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	day date NOT NULL,
	field text COLLATE "C" NOT NULL,
	rows bigint NOT NULL,
	present bigint NOT NULL,
	PRIMARY KEY (provider, item, day, field)
);
COMMENT ON TABLE quality_field_daily IS 'Completeness: rows that were not rejected by themselves and withdraw nothing, and how many had a value.';

-- Periods of an item's cadence since a provider's first hand-in, and those in
-- which something came.  The catalogue in force says the cadence, the member
-- list who provides what.
CREATE VIEW quality_due AS
WITH catalogue AS (
	SELECT convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb AS document
	FROM (SELECT split_part(fields->>'document', '.', 2) AS p FROM record
		WHERE stream = '0000' AND item = 60001 AND subject = 'catalogue' OFFSET 0) x
), items AS (
	SELECT (i->>'number')::integer AS item, i->>'cadence' AS cadence
	FROM catalogue, jsonb_array_elements(document->'items') i
), duty AS (
	SELECT m->>'code' AS provider, n::integer AS item
	FROM (SELECT (fields->>'document')::jsonb AS m FROM record
		WHERE stream = '0000' AND item = 60002 AND state <> 4 OFFSET 0) x,
		jsonb_array_elements_text(m->'items') n
	WHERE m->>'kind' = 'department' AND m->>'status' = 'active'
), unit AS (
	SELECT * FROM (VALUES ('daily', 'day', interval '1 day'), ('weekly', 'week', interval '7 days'),
		('monthly', 'month', interval '1 month'), ('quarterly', 'quarter', interval '3 months'),
		('yearly', 'year', interval '1 year')) u (cadence, trunc, step)
), came AS (
	SELECT provider, item, day FROM quality_daily GROUP BY provider, item, day
), today AS (
	SELECT (current_timestamp AT TIME ZONE 'UTC' + interval '8 hours')::date AS day
)
SELECT d.provider, d.item, i.cadence, min(c.day) AS first_day, max(c.day) AS last_day,
	(max(c.day) + u.step)::date AS due_day,
	CASE WHEN min(c.day) IS NULL THEN 0 ELSE (SELECT count(*) FROM generate_series(
		date_trunc(u.trunc, min(c.day)::timestamp), date_trunc(u.trunc, t.day::timestamp), u.step)) END AS periods_due,
	count(DISTINCT date_trunc(u.trunc, c.day::timestamp)) AS periods_received,
	COALESCE((max(c.day) + u.step)::date < t.day, true) AS late
FROM duty d JOIN items i ON i.item = d.item JOIN unit u ON u.cadence = i.cadence CROSS JOIN today t
LEFT JOIN came c ON c.provider = d.provider AND c.item = d.item
GROUP BY d.provider, d.item, i.cadence, u.trunc, u.step, t.day;
COMMENT ON VIEW quality_due IS 'What each department owes by its cadence, and what came.';
COMMENT ON COLUMN quality_due.due_day IS 'When the next hand-in is expected; null: nothing ever came.';
COMMENT ON COLUMN quality_due.late IS 'The expected day is past, or nothing ever came.';
