-- On which days something came, so that what is due is not looked for in every
-- division of every day.

CREATE TABLE quality_day (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	day date NOT NULL,
	PRIMARY KEY (provider, item, day)
);
COMMENT ON TABLE quality_day IS 'Days that quality_daily has, in the same transaction.';
INSERT INTO quality_day SELECT DISTINCT provider, item, day FROM quality_daily;

CREATE OR REPLACE FUNCTION quality_province_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO quality_province AS q SELECT provider, item, left(division, 2), day, sum(rows), sum(accepted), sum(unchanged),
		sum(rejected), sum(warned), sum(conflicts), sum(lag_event_rows), sum(lag_event_seconds)
	FROM fresh GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (provider, item, province, day) DO UPDATE SET rows = q.rows + excluded.rows,
		accepted = q.accepted + excluded.accepted, unchanged = q.unchanged + excluded.unchanged,
		rejected = q.rejected + excluded.rejected, warned = q.warned + excluded.warned,
		conflicts = q.conflicts + excluded.conflicts, lag_event_rows = q.lag_event_rows + excluded.lag_event_rows,
		lag_event_seconds = q.lag_event_seconds + excluded.lag_event_seconds;
	INSERT INTO quality_span AS q SELECT provider, item, left(division, 2), min(day), max(day)
	FROM fresh GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (provider, item, province) DO UPDATE SET first_day = LEAST(q.first_day, excluded.first_day),
		last_day = GREATEST(q.last_day, excluded.last_day)
	WHERE excluded.first_day < q.first_day OR excluded.last_day > q.last_day;
	INSERT INTO quality_day SELECT DISTINCT provider, item, day FROM fresh ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;

-- Whatever the change: what was is taken off, what is is added; days that have
-- moved are looked for anew.
CREATE OR REPLACE FUNCTION quality_province_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO quality_province AS q SELECT provider, item, left(division, 2), day, sum(sign * rows), sum(sign * accepted),
		sum(sign * unchanged), sum(sign * rejected), sum(sign * warned), sum(sign * conflicts), sum(sign * lag_event_rows),
		sum(sign * lag_event_seconds)
	FROM (SELECT 1 AS sign, * FROM fresh UNION ALL SELECT -1, * FROM stale) x GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (provider, item, province, day) DO UPDATE SET rows = q.rows + excluded.rows,
		accepted = q.accepted + excluded.accepted, unchanged = q.unchanged + excluded.unchanged,
		rejected = q.rejected + excluded.rejected, warned = q.warned + excluded.warned,
		conflicts = q.conflicts + excluded.conflicts, lag_event_rows = q.lag_event_rows + excluded.lag_event_rows,
		lag_event_seconds = q.lag_event_seconds + excluded.lag_event_seconds;
	IF EXISTS (SELECT provider, item, division, day FROM stale EXCEPT SELECT provider, item, division, day FROM fresh) THEN
		DELETE FROM quality_province p USING stale s WHERE (p.provider, p.item, p.province, p.day)
			= (s.provider, s.item, left(s.division, 2), s.day) AND NOT EXISTS (SELECT FROM quality_daily q
			WHERE q.provider = p.provider AND q.item = p.item AND q.day = p.day AND left(q.division, 2) = p.province);
		DELETE FROM quality_day d USING stale s WHERE (d.provider, d.item, d.day) = (s.provider, s.item, s.day);
		DELETE FROM quality_span p USING stale s WHERE (p.provider, p.item, p.province) = (s.provider, s.item, left(s.division, 2));
		INSERT INTO quality_day SELECT DISTINCT q.provider, q.item, q.day FROM quality_daily q JOIN (SELECT provider, item, day FROM stale
			UNION SELECT provider, item, day FROM fresh) x USING (provider, item, day) ON CONFLICT DO NOTHING;
		INSERT INTO quality_span SELECT q.provider, q.item, q.province, min(q.day), max(q.day) FROM quality_province q
			JOIN (SELECT provider, item, left(division, 2) AS province FROM stale UNION SELECT provider, item, left(division, 2) FROM fresh) x
			USING (provider, item, province) GROUP BY 1, 2, 3 ON CONFLICT (provider, item, province) DO NOTHING;
	END IF;
	RETURN NULL;
END
$$;

-- Periods of an item's cadence since a provider's first hand-in, and those in
-- which something came.  The catalogue in force says the cadence, the member
-- list who provides what.
CREATE OR REPLACE FUNCTION quality_due(today date) RETURNS TABLE (provider text, item integer, cadence text, first_day date,
	last_day date, due_day date, periods_due bigint, periods_received bigint, late boolean)
LANGUAGE sql STABLE AS $$
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
	SELECT q.provider, q.item, q.day FROM quality_day q WHERE q.day <= today
)
SELECT d.provider, d.item, i.cadence, min(c.day) AS first_day, max(c.day) AS last_day,
	(max(c.day) + u.step)::date AS due_day,
	CASE WHEN min(c.day) IS NULL THEN 0 ELSE (SELECT count(*) FROM generate_series(
		date_trunc(u.trunc, min(c.day)::timestamp), date_trunc(u.trunc, today::timestamp), u.step)) END AS periods_due,
	count(DISTINCT date_trunc(u.trunc, c.day::timestamp)) AS periods_received,
	COALESCE((max(c.day) + u.step)::date < today, true) AS late
FROM duty d JOIN items i ON i.item = d.item JOIN unit u ON u.cadence = i.cadence
LEFT JOIN came c ON c.provider = d.provider AND c.item = d.item
GROUP BY d.provider, d.item, i.cadence, u.trunc, u.step
$$;
