-- What is due as of a day that the caller names: time comes as data.

DROP VIEW quality_due;

-- Periods of an item's cadence since a provider's first hand-in, and those in
-- which something came.  The catalogue in force says the cadence, the member
-- list who provides what.
CREATE FUNCTION quality_due(today date) RETURNS TABLE (provider text, item integer, cadence text, first_day date,
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
	SELECT q.provider, q.item, q.day FROM quality_daily q WHERE q.day <= today GROUP BY q.provider, q.item, q.day
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
COMMENT ON FUNCTION quality_due(date) IS 'What each department owes by its cadence on a day, and what came until then.';
