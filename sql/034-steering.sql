-- The platform list in one pass: each part is computed once, whatever the
-- planner thinks of their sizes.

CREATE OR REPLACE FUNCTION console_platforms(now timestamptz) RETURNS json LANGUAGE sql STABLE AS $$
WITH m AS MATERIALIZED (
	SELECT * FROM console_member() WHERE kind = 'platform'
), k AS MATERIALIZED (
	SELECT * FROM console_curve()
), e AS MATERIALIZED (
	SELECT code, count(*) AS streams, sum(behind)::bigint AS behind, count(*) FILTER (WHERE proof = 'proven') AS proven,
		min(waiting) AS waiting, count(*) FILTER (WHERE proof = 'unequal') AS unequal, max(delay_ms) AS delay_ms
	FROM console_stream('') GROUP BY code
)
SELECT json_build_object('platforms', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT m.code, m.name, m.status, m.divisions, k.url, s.software, (s.condition->>'protocol')::integer AS protocol,
		s.parent, s.reported_at AS reported, s.received_at AS received,
		CASE WHEN s.code IS NULL THEN 'never' WHEN s.received_at > console_live(now) THEN 'live' ELSE 'silent' END AS link,
		e.streams, e.behind, e.waiting, e.proven, e.unequal, e.delay_ms,
		COALESCE(e.waiting < console_live(now), false) AS late, CASE WHEN e.unequal = 0 AND e.proven = e.streams THEN s.reported_at END AS proof,
		s.trail_size, t.next AS trail_counted, t.checked AS trail_checked, t.forked_at AS trail_forked,
		CASE WHEN t.short_at IS NOT NULL THEN t.short_at WHEN s.sequence > t.sequence AND s.trail_size < t.checked THEN s.received_at END
			AS trail_short, t.witnessed IS NOT NULL AS trail_witnessed,
		(s.condition->>'disk_free')::bigint AS disk_free, (s.condition->>'disk_total')::bigint AS disk_total,
		(s.condition->>'certificate')::timestamptz AS certificate, (s.condition->>'started')::timestamptz AS started,
		(s.condition->>'revocations')::integer AS revocations, (s.condition->>'revocation_ms')::bigint AS revocation_ms,
		k.since AS curve_since, k.next AS next_curve_key
	FROM m LEFT JOIN node_status s ON s.code = m.code LEFT JOIN node_trail t ON t.code = m.code
	LEFT JOIN k ON k.code = m.code LEFT JOIN e ON e.code = m.code
	ORDER BY m.divisions::text, m.code) x
$$;
