-- An assessment asks which department has ever handed in which item of which
-- division.  The key of quality_daily answers that division by division; a
-- country's daily facts of years are not read for it.

CREATE FUNCTION quality_ever(last date) RETURNS TABLE (provider text, item integer, division text) LANGUAGE sql STABLE AS $$
WITH RECURSIVE feed AS (
	(SELECT q.provider, q.item, q.division FROM quality_daily q ORDER BY q.provider, q.item, q.division LIMIT 1)
	UNION ALL SELECT n.provider, n.item, n.division FROM feed f, LATERAL (
		SELECT q.provider, q.item, q.division FROM quality_daily q
		WHERE (q.provider, q.item, q.division) > (f.provider, f.item, f.division)
		ORDER BY q.provider, q.item, q.division LIMIT 1) n
)
SELECT f.provider, f.item, f.division FROM feed f WHERE EXISTS (SELECT FROM quality_daily q WHERE q.provider = f.provider
	AND q.item = f.item AND q.division = f.division AND q.day <= last AND q.accepted + q.unchanged > 0)
$$;
COMMENT ON FUNCTION quality_ever(date) IS 'Feeds of which rows were taken up to a day.';

-- `has` and `of` of each indicator: kind is department, province, city or
-- nation.  A unit without facts has no row: no data.  What is only counted by
-- department and item (frequency, completeness) is, for a division, the mean
-- over the rows that it has from them in the month.
CREATE OR REPLACE FUNCTION assessment_facts(first date, today date) RETURNS TABLE (kind text, unit text, code text, has numeric, total numeric)
LANGUAGE sql STABLE AS $$
WITH bound AS MATERIALIZED (
	SELECT (first + interval '1 month')::date - 1 AS last, network_midnight(first) AS t0,
		network_midnight((first + interval '1 month')::date) AS t1
), duty AS MATERIALIZED (
	SELECT d.* FROM bound b, duty_at(b.t1) d
), daily AS MATERIALIZED (
	SELECT q.provider, q.item, q.division, sum(q.rows) AS rows, sum(q.accepted + q.unchanged) AS taken,
		sum(q.conflicts) AS conflicts, sum(q.lag_event_rows) AS dated, sum(q.lag_event_seconds) AS seconds
	FROM quality_daily q, bound b WHERE q.day BETWEEN first AND b.last GROUP BY q.provider, q.item, q.division
), ever AS MATERIALIZED (
	SELECT e.* FROM bound b, quality_ever(b.last) e
), node AS MATERIALIZED (
	SELECT m.document->>'code' AS node, v AS division
	FROM bound b, LATERAL (SELECT document::jsonb FROM control_at(60002, b.t1) OFFSET 0) m,
		jsonb_array_elements_text(m.document->'divisions') v
	WHERE m.document->>'kind' = 'platform'
), place AS MATERIALIZED (
	SELECT DISTINCT s.kind, s.unit FROM (SELECT division FROM ever UNION SELECT division FROM node) d,
		LATERAL (VALUES ('province', left(d.division, 2), 2), ('city', d.division, 4)) s (kind, unit, len)
	WHERE d.division <> '----' AND length(d.division) >= s.len AND length(s.unit) = s.len
), scoped AS (
	SELECT s.kind, s.unit, d.*, x.step_days * 86400 AS allowed FROM daily d
	LEFT JOIN duty x ON x.provider = d.provider AND x.item = d.item,
	LATERAL (VALUES ('department', d.provider), ('nation', ''), ('province', left(d.division, 2)),
		('city', d.division)) s (kind, unit)
	WHERE s.kind IN ('department', 'nation') OR d.division <> '----'
), period AS (
	SELECT x.provider, x.item, p::date AS begins, (p + x.step)::date - 1 AS ends FROM duty x, bound b,
		generate_series(date_trunc(x.unit, first::timestamp), b.last::timestamp, x.step) p
	WHERE (p + x.step)::date - 1 BETWEEN greatest(first, x.since) AND least(b.last, today - 1)
), frequent AS MATERIALIZED (
	SELECT p.provider, p.item, count(*) AS total, count(*) FILTER (WHERE EXISTS (SELECT FROM quality_daily q
		WHERE q.provider = p.provider AND q.item = p.item AND q.day BETWEEN p.begins AND p.ends)) AS has
	FROM period p GROUP BY p.provider, p.item
), complete AS MATERIALIZED (
	SELECT f.provider, f.item, sum(f.present) AS has, sum(f.rows) AS total FROM quality_field_daily f, bound b
	WHERE f.day BETWEEN first AND b.last GROUP BY f.provider, f.item HAVING sum(f.rows) > 0
), mean AS (
	SELECT 'frequency' AS code, provider, item, has, total FROM frequent
	UNION ALL SELECT 'completeness', provider, item, has, total FROM complete
), shown AS MATERIALIZED (
	SELECT u.node, u.item FROM usage_hourly u, bound b
	WHERE u.hour >= b.t0 AND u.hour < b.t1 AND u.item > 0 GROUP BY u.node, u.item
), asked AS MATERIALIZED (
	SELECT u.node, sum(u.questions) AS questions, sum(u.refused) AS refused FROM usage_hourly u, bound b
	WHERE u.hour >= b.t0 AND u.hour < b.t1 AND u.item = 0 GROUP BY u.node
), holder AS MATERIALIZED (
	SELECT DISTINCT p.kind, p.unit, n.node FROM place p JOIN node n ON left(n.division, length(p.unit)) = p.unit
	UNION SELECT 'nation', '', node FROM asked
), wrong AS (
	SELECT r.provider, r.stream, count(*) AS total, count(*) FILTER (WHERE r.closed_at < b.t1) AS has
	FROM bound b JOIN finding_row r ON r.rejected AND (r.closed_at IS NULL OR r.closed_at >= b.t0)
	JOIN feed_batch f ON f.number = r.batch AND f.received_at < b.t1 AND f.state = 'committed'
	GROUP BY r.provider, r.stream
)
SELECT 'department', x.provider, 'coverage', count(e.item)::numeric, count(*)::numeric FROM duty x
	LEFT JOIN (SELECT DISTINCT provider, item FROM ever) e ON e.provider = x.provider AND e.item = x.item GROUP BY x.provider
UNION ALL SELECT 'nation', '', 'coverage', count(e.item), count(*) FROM duty x
	LEFT JOIN (SELECT DISTINCT provider, item FROM ever) e ON e.provider = x.provider AND e.item = x.item HAVING count(*) > 0
UNION ALL SELECT p.kind, p.unit, 'coverage', count(DISTINCT e.item), count(DISTINCT x.item) FROM place p
	JOIN duty x ON left(x.division, 2) IN ('', left(p.unit, 2))
	LEFT JOIN ever e ON e.item = x.item AND left(e.division, length(p.unit)) = p.unit GROUP BY p.kind, p.unit
UNION ALL SELECT s.kind, s.unit, 'timeliness',
	sum(s.dated * CASE WHEN s.seconds <= s.allowed * s.dated THEN 1 ELSE s.allowed * s.dated / s.seconds END), sum(s.dated)
	FROM scoped s WHERE s.allowed IS NOT NULL GROUP BY s.kind, s.unit HAVING sum(s.dated) > 0
UNION ALL SELECT s.kind, s.unit, m.code, sum(m.has), sum(m.total) FROM mean m,
	LATERAL (VALUES ('department', m.provider), ('nation', '')) s (kind, unit) GROUP BY s.kind, s.unit, m.code HAVING sum(m.total) > 0
UNION ALL SELECT s.kind, s.unit, m.code, sum(s.rows * m.has / m.total), sum(s.rows) FROM scoped s
	JOIN mean m ON m.provider = s.provider AND m.item = s.item AND m.total > 0
	WHERE s.kind IN ('province', 'city') GROUP BY s.kind, s.unit, m.code HAVING sum(s.rows) > 0
UNION ALL SELECT s.kind, s.unit, 'accuracy', sum(s.taken), sum(s.rows) FROM scoped s GROUP BY s.kind, s.unit HAVING sum(s.rows) > 0
UNION ALL SELECT s.kind, s.unit, 'consistency', greatest(sum(s.taken) - sum(s.conflicts), 0), sum(s.taken)
	FROM scoped s GROUP BY s.kind, s.unit HAVING sum(s.taken) > 0
UNION ALL SELECT s.kind, s.unit, 'correction', sum(w.has), sum(w.total) FROM wrong w,
	LATERAL (VALUES ('department', w.provider), ('nation', ''), ('province', left(w.stream, 2)), ('city', w.stream)) s (kind, unit)
	WHERE s.kind IN ('department', 'nation') OR w.stream <> '----' GROUP BY s.kind, s.unit
UNION ALL SELECT h.kind, h.unit, 'query_success', sum(a.questions - a.refused), sum(a.questions)
	FROM holder h JOIN asked a USING (node) GROUP BY h.kind, h.unit HAVING sum(a.questions) > 0
UNION ALL SELECT 'department', x.provider, 'use', count(s.item), count(*) FROM duty x
	JOIN (SELECT DISTINCT provider, item FROM ever) e ON e.provider = x.provider AND e.item = x.item
	LEFT JOIN (SELECT DISTINCT item FROM shown) s ON s.item = x.item GROUP BY x.provider
UNION ALL SELECT p.kind, p.unit, 'use', count(DISTINCT s.item), count(DISTINCT e.item) FROM (SELECT * FROM place UNION ALL SELECT 'nation', '') p
	JOIN ever e ON left(e.division, length(p.unit)) = p.unit
	LEFT JOIN (SELECT h.kind, h.unit, s.item FROM holder h JOIN shown s USING (node)
		UNION SELECT 'nation', '', item FROM shown) s ON s.kind = p.kind AND s.unit = p.unit AND s.item = e.item
	GROUP BY p.kind, p.unit
$$;
