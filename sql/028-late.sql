-- Late feeds at the cost of a few thousand rows.

-- As before, but the last hand-in comes from quality_span: a year's daily facts
-- of a country are not read every minute.
CREATE OR REPLACE FUNCTION alert_slow(moment timestamptz) RETURNS TABLE (rule text, subject text, name text, value numeric, detail json)
LANGUAGE sql STABLE AS $$
WITH called AS MATERIALIZED (
	SELECT m.subject AS code, m.document::jsonb->>'name' AS name FROM control_at(60002, moment) m
), duty AS MATERIALIZED (
	SELECT d.*, (SELECT max(q.last_day) FROM quality_span q WHERE q.provider = d.provider AND q.item = d.item) AS last
	FROM duty_at(moment) d
), late AS (
	SELECT d.*, network_day(moment) - (COALESCE(d.last, d.since) + d.step)::date AS days FROM duty d
)
SELECT 'feed_late', l.provider || '/' || l.item, c.name || ' ' || l.item, l.days::numeric,
	json_build_object('provider', l.provider, 'item', l.item, 'cadence', l.cadence, 'last_day', l.last)
FROM late l JOIN alert_rule r ON r.name = 'feed_late' JOIN called c ON c.code = l.provider WHERE l.days > r.threshold
UNION ALL SELECT 'reject_share', q.provider || '/' || q.item, COALESCE(min(c.name), q.provider) || ' ' || q.item,
	round(100 * sum(q.rejected) / sum(q.rows), 1),
	json_build_object('provider', q.provider, 'item', q.item, 'rows', sum(q.rows), 'rejected', sum(q.rejected))
FROM quality_daily q JOIN alert_rule r ON r.name = 'reject_share' LEFT JOIN called c ON c.code = q.provider
WHERE q.day >= network_day(moment) - 1 GROUP BY q.provider, q.item, r.threshold
HAVING sum(q.rows) >= 100 AND 100 * sum(q.rejected) > r.threshold * sum(q.rows)
UNION ALL SELECT 'batch_held', f.provider || '/' || f.item || '/' || f.id, COALESCE(c.name, f.provider) || ' ' || f.item,
	round(extract(epoch FROM moment - f.received_at) / 3600, 1),
	json_build_object('provider', f.provider, 'item', f.item, 'batch', f.id, 'rows', f.rows)
FROM feed_batch f JOIN alert_rule r ON r.name = 'batch_held' LEFT JOIN called c ON c.code = f.provider
WHERE f.state = 'held' AND extract(epoch FROM moment - f.received_at) > r.threshold * 3600
$$;
