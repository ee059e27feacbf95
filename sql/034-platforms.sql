-- What a platform says of how it is doing, when each stream was last proven
-- equal, and every key of the network with its age and its end.

ALTER TABLE node_status ADD COLUMN condition json;
COMMENT ON COLUMN node_status.condition IS 'How the node is doing by its own word: protocol, disk, certificate, revocations, budgets; null: it does not say.';

CREATE TABLE node_proof (
	code text COLLATE "C" NOT NULL,
	stream text COLLATE "C" NOT NULL,
	"position" bigint NOT NULL,
	proven_at timestamptz NOT NULL,
	PRIMARY KEY (code, stream)
);
COMMENT ON TABLE node_proof IS 'The last position of each stream at which a node''s state was the one that the hub had signed there, and when it said so first.';

-- After each status: streams that stand elsewhere than when last proven.
CREATE FUNCTION node_prove(which text) RETURNS void LANGUAGE sql AS $$
INSERT INTO node_proof AS p (code, stream, "position", proven_at)
SELECT s.code, e.stream, e."position", s.reported_at
FROM node_status s CROSS JOIN json_to_recordset(s.streams) AS e (stream text, "position" bigint, state text)
LEFT JOIN node_proof o ON o.code = s.code AND o.stream = e.stream,
LATERAL (SELECT last, header FROM change_log l WHERE l.stream = e.stream AND l.first <= e."position" ORDER BY l.first DESC LIMIT 1) c
WHERE s.code = which AND e."position" > 0 AND o."position" IS DISTINCT FROM e."position"
	AND c.last = e."position" AND encode(substring(c.header FROM 101 FOR 32), 'hex') = e.state
ORDER BY e.stream
ON CONFLICT (code, stream) DO UPDATE SET "position" = excluded."position", proven_at = excluded.proven_at
$$;

-- Since when the member list names the CURVE key that a platform has now.
CREATE FUNCTION console_curve() RETURNS TABLE (code text, key text, next text, url text, since timestamptz) LANGUAGE sql STABLE AS $$
WITH called AS MATERIALIZED (
	SELECT subject, (fields->>'document')::jsonb AS document, known_from, true AS current FROM record
	WHERE stream = '0000' AND item = 60002 AND state <> 4
	UNION ALL SELECT subject, (fields->>'document')::jsonb, known_from, false FROM record_history WHERE stream = '0000' AND item = 60002
)
SELECT c.subject, c.document->>'curve_key', NULLIF(c.document->>'next_curve_key', ''), NULLIF(c.document->>'url', ''), min(a.known_from)
FROM called c JOIN called a ON a.subject = c.subject AND a.document->>'curve_key' = c.document->>'curve_key'
WHERE c.current AND c.document->>'kind' = 'platform' GROUP BY 1, 2, 3, 4
$$;

CREATE OR REPLACE FUNCTION console_platforms(now timestamptz) RETURNS json LANGUAGE sql STABLE AS $$
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
	FROM console_member() m LEFT JOIN node_status s ON s.code = m.code LEFT JOIN node_trail t ON t.code = m.code
	LEFT JOIN console_curve() k ON k.code = m.code
	LEFT JOIN (SELECT code, count(*) AS streams, sum(behind)::bigint AS behind, count(*) FILTER (WHERE proof = 'proven') AS proven,
		min(waiting) AS waiting,
		count(*) FILTER (WHERE proof = 'unequal') AS unequal, max(delay_ms) AS delay_ms FROM console_stream('') GROUP BY code) e
		ON e.code = m.code
	WHERE m.kind = 'platform' ORDER BY m.divisions::text, m.code) x
$$;

-- With the last proof: now while it holds, else when it last did.
CREATE OR REPLACE FUNCTION console_platform(which text) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('code', which, 'streams', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT c.stream, c."position", c.newest, c.behind, c.proof, c.waiting, c.applied, c.delay_ms,
		CASE WHEN c.proof = 'proven' THEN c."position" ELSE p."position" END AS proven_position,
		CASE WHEN c.proof = 'proven' THEN s.reported_at ELSE p.proven_at END AS proven_at
	FROM console_stream(which) c JOIN node_status s ON s.code = c.code
	LEFT JOIN node_proof p ON p.code = c.code AND p.stream = c.stream ORDER BY c.stream) x
$$;

-- `own`: the hub's [{"kind","key","next","expires"}].  CURVE and batch keys do
-- not expire: they are to roll `days` after they came.
CREATE FUNCTION console_keys(own json, days integer) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('roll_days', days, 'keys', COALESCE(json_agg(row_to_json(y)), '[]'::json)) FROM (
	SELECT x.code, x.name, x.kind, x.key, x.next, x.since, x.expires,
		CASE WHEN x.kind IN ('batch', 'curve') THEN x.since + days * interval '1 day' END AS roll_by
	FROM (
		SELECT NULL AS code, 'hub' AS name, o.kind, o.key, o.next, o.expires,
			CASE WHEN o.kind IN ('batch', 'curve') THEN COALESCE((SELECT r.known_from FROM record r WHERE r.stream = '0000'
				AND r.item = 60004 AND r.subject = o.kind AND r.key = o.key), (SELECT min(c.known_from) FROM console_catalogues() c)) END AS since
		FROM json_to_recordset(own) AS o (kind text, key text, next text, expires timestamptz)
		UNION ALL SELECT m.code, m.name, 'curve', k.key, k.next, NULL, k.since
		FROM console_member() m JOIN console_curve() k ON k.code = m.code WHERE m.status = 'active'
		UNION ALL SELECT m.code, m.name, 'certificate', NULL, NULL, (s.condition->>'certificate')::timestamptz, NULL
		FROM console_member() m JOIN node_status s ON s.code = m.code WHERE m.kind = 'platform' AND m.status = 'active') x
	ORDER BY LEAST(x.expires, x.since + days * interval '1 day') NULLS LAST, x.code NULLS FIRST, x.kind) y
$$;
