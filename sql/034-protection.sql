-- What members used of their budgets of anonymised answers, by the nodes' own
-- word; what objections wait for.

CREATE FUNCTION console_budgets(now timestamptz) RETURNS json LANGUAGE sql STABLE AS $$
WITH mask AS MATERIALIZED (
	SELECT c.document->'anonymisation' AS m FROM console_catalogues() c WHERE c.known_to IS NULL LIMIT 1
), used AS (
	SELECT s.code AS node, b.member, b.kind, b.period, b.spent, s.reported_at,
		(m->'noise'->>'period_days')::integer AS days,
		CASE b.kind WHEN 'statistics' THEN (m->'noise'->>'budget_milli')::bigint ELSE (m->>'screenings')::bigint END AS budget
	FROM mask, node_status s, json_to_recordset(s.condition->'budgets') AS b (member text, kind text, period bigint, spent bigint)
)
SELECT json_build_object('budgets', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT u.node, u.member, u.kind, u.spent, u.budget, GREATEST(u.budget - u.spent, 0) AS left,
		date '1970-01-01' + (u.period * u.days)::integer AS from, date '1970-01-01' + ((u.period + 1) * u.days)::integer AS until,
		u.reported_at AS reported
	FROM used u WHERE u.days > 0 AND (u.period + 1) * u.days > extract(epoch FROM now) / 86400
	ORDER BY u.spent::numeric / NULLIF(u.budget, 0) DESC NULLS LAST, u.node, u.member, u.kind) x
$$;

-- No subject, no text: counts and clocks, for every operator.
CREATE FUNCTION console_objections(now timestamptz) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object(
	'states', COALESCE((SELECT json_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM objection GROUP BY state) s), '{}'::json),
	'providers', COALESCE((SELECT json_agg(row_to_json(x)) FROM (
		SELECT o.provider, COALESCE(m.name, '') AS name, count(*) FILTER (WHERE o.ended_at IS NULL) AS open,
			count(*) FILTER (WHERE o.ended_at IS NULL AND o.suspended_at IS NOT NULL) AS suspended,
			count(*) FILTER (WHERE o.ended_at IS NULL AND o.suspended_at IS NULL AND o.due_at < now) AS overdue,
			min(o.due_at) FILTER (WHERE o.ended_at IS NULL AND o.suspended_at IS NULL) AS next_due,
			count(*) FILTER (WHERE o.ended_at > now - interval '30 days') AS ended_30,
			round((avg(extract(epoch FROM o.ended_at - o.filed_at)) FILTER (WHERE o.ended_at > now - interval '30 days')) / 86400, 1) AS days_30
		FROM objection o LEFT JOIN console_member() m ON m.code = o.provider WHERE o.leader IS NULL
		GROUP BY 1, 2 ORDER BY 5 DESC, 3 DESC, 1) x), '[]'::json))
$$;

-- Hours between two checkpoints of a node in which none came, the newest first.
CREATE FUNCTION console_gaps(now timestamptz, days integer) RETURNS json LANGUAGE sql STABLE AS $$
WITH told AS (
	SELECT c.code, c.hour, c.size, lag(c.hour) OVER w AS before, c.size - lag(c.size) OVER w AS more
	FROM node_checkpoint c WHERE c.hour > now - (days + 1) * interval '1 day' WINDOW w AS (PARTITION BY c.code ORDER BY c.hour)
)
SELECT json_build_object('days', days, 'gaps', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT t.code, COALESCE(m.name, '') AS name, t.before AS from, t.hour AS until,
		(extract(epoch FROM t.hour - t.before) / 3600)::bigint - 1 AS hours, t.more AS entries
	FROM told t LEFT JOIN console_member() m ON m.code = t.code
	WHERE t.hour > t.before + interval '1 hour' AND t.hour > now - days * interval '1 day'
	ORDER BY t.hour DESC, t.code LIMIT 1000) x
$$;
