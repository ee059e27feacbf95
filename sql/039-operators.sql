-- Operators act: a takeover may be an application as a member document is, a
-- proof that fails is one alert a node, the hub's own keys say how their roll
-- stands.

ALTER TABLE member_application ADD COLUMN takeover json;
COMMENT ON COLUMN member_application.takeover IS '{"from","divisions"}: the member, a platform, is to take these over; null: the document is to be put.';
COMMENT ON COLUMN member_application.document IS 'The member document as it is to be on the list; of a takeover as it was when that was applied for.';

CREATE OR REPLACE FUNCTION application_json(a member_application) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('id', a.id, 'code', a.code, 'document', a.document, 'takeover', a.takeover, 'state', a.state, 'note', a.note,
	'applied_by', a.applied_by, 'applied_at', alert_time(a.applied_at), 'reviewed_by', a.reviewed_by,
	'reviewed_at', alert_time(a.reviewed_at), 'review_note', a.review_note, 'decided_by', a.decided_by,
	'decided_at', alert_time(a.decided_at), 'decision_note', a.decision_note)
$$;

-- As 027 has it, but a node whose replica is not proven is one alert that names
-- the streams.  Unequal is judged by a node's last word, also when it is silent,
-- and what was unequal stays so until it was compared and is equal: between two
-- ends of batches nothing can be compared.
CREATE OR REPLACE FUNCTION alert_fast(moment timestamptz, facts json, sources json) RETURNS TABLE (rule text, subject text, name text,
	value numeric, detail json)
LANGUAGE sql STABLE AS $$
WITH rule AS MATERIALIZED (
	SELECT r.name, r.threshold FROM alert_rule r
), platform AS MATERIALIZED (
	SELECT m.subject AS code, m.document->>'name' AS name, m.document->'divisions' AS divisions, m.known_from, s.received_at,
		s.sequence, s.streams, s.trail_size, t.next, t.checked, t.forked_at, t.short_at, t.sequence AS looked,
		extract(epoch FROM moment - COALESCE(s.received_at, m.known_from)) AS silent
	FROM (SELECT r.subject, (r.fields->>'document')::jsonb AS document, r.known_from FROM record r
		WHERE r.stream = '0000' AND r.item = 60002 AND r.state <> 4 OFFSET 0) m
	LEFT JOIN node_status s ON s.code = m.subject LEFT JOIN node_trail t ON t.code = m.subject
	WHERE m.document->>'kind' = 'platform' AND m.document->>'status' = 'active'
), heard AS MATERIALIZED (
	SELECT p.* FROM platform p JOIN rule r ON r.name = 'node_silent' WHERE p.silent <= r.threshold
), stated AS MATERIALIZED (
	SELECT h.code, h.name, x.stream, x.position, x.state FROM heard h,
		json_to_recordset(h.streams) AS x (stream text, position bigint, state text)
), compared AS MATERIALIZED (
	SELECT p.code, p.name, x.stream, x.position, x.state, h.records,
		CASE WHEN c.last = x.position THEN encode(substring(c.header FROM 101 FOR 32), 'hex') END AS signed
	FROM platform p, json_to_recordset(p.streams) AS x (stream text, position bigint, state text)
	JOIN stream_state h ON h.stream = x.stream LEFT JOIN LATERAL (SELECT c.last, c.header FROM change_log c
		WHERE c.stream = x.stream AND c.first <= x.position ORDER BY c.first DESC LIMIT 1) c ON true
), unequal AS (
	SELECT c.* FROM compared c WHERE c.signed <> c.state OR (c.signed IS NULL AND EXISTS (SELECT FROM alert a,
		json_to_recordset(a.detail->'streams') AS n (stream text) WHERE a.rule = 'proof_unequal' AND a.subject = c.code
		AND a.state IN ('raised', 'acknowledged') AND n.stream = c.stream))
), missed AS (
	SELECT s.code, s.name, s.stream, s.position, h.position AS newest, extract(epoch FROM moment - (SELECT c.committed_at
		FROM change_log c WHERE c.stream = s.stream AND c.first > s.position ORDER BY c.first LIMIT 1)) AS seconds
	FROM stated s JOIN stream_state h ON h.stream = s.stream AND h.position > s.position
), revoked AS MATERIALIZED (
	SELECT r.position, r.known_from FROM record r, rule t WHERE t.name = 'revocation_late' AND r.stream = '0000'
		AND r.item = 60003 AND r.state = 4 AND r.position > COALESCE((SELECT min(x.position) FROM platform p,
			json_to_recordset(p.streams) AS x (stream text, position bigint) WHERE x.stream = '0000'), 0)
		AND r.known_from < moment - t.threshold * interval '1 second'
)
SELECT 'node_silent', p.code, p.name, round(p.silent), json_build_object('node', p.code, 'last_heard', alert_time(p.received_at))
FROM platform p JOIN rule r ON r.name = 'node_silent' WHERE p.silent > r.threshold
UNION ALL SELECT 'node_behind', m.code, min(m.name), round(max(m.seconds)), json_build_object('node', m.code,
	'streams', json_agg(json_build_object('stream', m.stream, 'position', m.position, 'newest', m.newest) ORDER BY m.stream))
FROM missed m JOIN rule r ON r.name = 'node_behind' WHERE m.seconds > r.threshold GROUP BY m.code
UNION ALL SELECT 'node_ahead', s.code, min(s.name), sum(s.position - COALESCE(h.position, 0)), json_build_object('node', s.code,
	'streams', json_agg(json_build_object('stream', s.stream, 'position', s.position, 'newest', h.position) ORDER BY s.stream))
FROM stated s LEFT JOIN stream_state h ON h.stream = s.stream JOIN rule r ON r.name = 'node_ahead'
	AND s.position - COALESCE(h.position, 0) > r.threshold GROUP BY s.code
UNION ALL SELECT 'proof_missing', h.code, min(h.name), sum(s.records), json_build_object('node', h.code,
	'streams', json_agg(json_build_object('stream', s.stream, 'records', s.records) ORDER BY s.stream))
FROM heard h JOIN stream_state s ON s.records > 0 AND EXISTS (SELECT FROM jsonb_array_elements_text(h.divisions) d
	WHERE s.stream <> '0000' AND left(s.stream, length(d)) = d)
JOIN rule r ON r.name = 'proof_missing' AND s.records > r.threshold
WHERE NOT EXISTS (SELECT FROM stated x WHERE x.code = h.code AND x.stream = s.stream AND x.position > 0) GROUP BY h.code
UNION ALL SELECT 'proof_unequal', u.code, min(u.name), sum(u.records), json_build_object('node', u.code,
	'streams', json_agg(json_build_object('stream', u.stream, 'position', u.position, 'state', u.state, 'signed', u.signed) ORDER BY u.stream))
FROM unequal u GROUP BY u.code
UNION ALL SELECT 'trail_forked', p.code, p.name, 1, json_build_object('node', p.code, 'since', alert_time(p.forked_at))
FROM platform p WHERE p.forked_at IS NOT NULL
UNION ALL SELECT 'trail_short', p.code, p.name, greatest(p.checked - p.trail_size, 0),
	json_build_object('node', p.code, 'entries', p.trail_size, 'checked', p.checked)
FROM platform p WHERE p.short_at IS NOT NULL OR (p.sequence > p.looked AND p.trail_size < p.checked)
UNION ALL SELECT 'trail_untold', h.code, h.name, h.trail_size - COALESCE(h.next, 0),
	json_build_object('node', h.code, 'entries', h.trail_size, 'told', COALESCE(h.next, 0))
FROM heard h JOIN rule r ON r.name = 'trail_untold' WHERE h.trail_size - COALESCE(h.next, 0) > r.threshold
UNION ALL SELECT 'revocation_late', p.code, min(p.name), round(extract(epoch FROM moment - min(v.known_from))),
	json_build_object('node', p.code, 'revocations', count(*), 'last_heard', alert_time(min(p.received_at)))
FROM platform p LEFT JOIN LATERAL json_to_recordset(p.streams) AS x (stream text, position bigint) ON x.stream = '0000'
JOIN revoked v ON v.position > x.position GROUP BY p.code
UNION ALL SELECT f.rule, f.subject, f.name, f.value, '{}'::json
FROM json_to_recordset(facts) AS f (rule text, subject text, name text, value numeric) JOIN rule r ON r.name = f.rule
WHERE CASE WHEN f.rule = 'certificate_expiry' THEN f.value < r.threshold ELSE f.value > r.threshold END
UNION ALL SELECT 'source_failing', s.name, s.name, round(extract(epoch FROM moment - COALESCE(s.last_success, s.last_try))),
	json_build_object('provider', s.provider, 'item', s.item, 'error', s.error)
FROM json_to_recordset(sources->'sources') AS s (name text, provider text, item integer, error text, last_try timestamptz,
	last_success timestamptz) JOIN rule r ON r.name = 'source_failing'
WHERE s.error IS NOT NULL AND (s.last_success IS NULL OR extract(epoch FROM moment - s.last_success) > r.threshold)
UNION ALL SELECT 'message_dead', m.channel, m.channel, count(*), json_build_object('newest', alert_time(max(m.made_at)))
FROM alert_message m JOIN rule r ON r.name = 'message_dead' WHERE m.state = 'dead' GROUP BY m.channel, r.threshold
HAVING count(*) > r.threshold
$$;

-- `own`: the hub's [{"kind","key","next","expires","start"}], where `next` is
-- what network.json names and `start`, that its files are ahead of the process.
-- CURVE and batch keys do not expire: they are to roll `days` after they came.
-- `announced`: since when stream 0000 names the next one; `heard`: how many of
-- `platforms` have got that far.
CREATE OR REPLACE FUNCTION console_keys(own json, days integer) RETURNS json LANGUAGE sql STABLE AS $$
WITH told AS MATERIALIZED (
	SELECT r.subject AS kind, r.key, r.known_from, r.position, r.state FROM record r WHERE r.stream = '0000' AND r.item = 60004
), reached AS MATERIALIZED (
	SELECT m.code, (SELECT x.position FROM node_status s, json_to_recordset(s.streams) AS x (stream text, position bigint)
		WHERE s.code = m.code AND x.stream = '0000') AS position
	FROM console_member() m WHERE m.kind = 'platform' AND m.status = 'active'
)
SELECT json_build_object('roll_days', days, 'keys', COALESCE(json_agg(row_to_json(y)), '[]'::json)) FROM (
	SELECT x.code, x.name, x.kind, x.key, x.next, x.since, x.expires,
		CASE WHEN x.kind IN ('batch', 'curve') THEN x.since + days * interval '1 day' END AS roll_by, x.start, x.announced,
		CASE WHEN x.announced IS NOT NULL THEN (SELECT count(*) FROM reached WHERE reached.position >= x.told_at) END AS heard,
		CASE WHEN x.announced IS NOT NULL THEN (SELECT count(*) FROM reached) END AS platforms
	FROM (
		SELECT NULL AS code, 'hub' AS name, o.kind, o.key, o.next, o.expires,
			CASE WHEN o.kind IN ('batch', 'curve') THEN COALESCE((SELECT t.known_from FROM told t WHERE t.kind = o.kind AND t.key = o.key),
				(SELECT min(c.known_from) FROM console_catalogues() c)) END AS since,
			o.start, n.known_from AS announced, n.position AS told_at
		FROM json_to_recordset(own) AS o (kind text, key text, next text, expires timestamptz, start boolean)
		LEFT JOIN told n ON n.kind = o.kind AND n.key = o.next AND n.state <> 4
		UNION ALL SELECT m.code, m.name, 'curve', k.key, k.next, NULL, k.since, NULL, NULL, NULL
		FROM console_member() m JOIN console_curve() k ON k.code = m.code WHERE m.status = 'active'
		UNION ALL SELECT m.code, m.name, 'certificate', NULL, NULL, (s.condition->>'certificate')::timestamptz, NULL, NULL, NULL, NULL
		FROM console_member() m JOIN node_status s ON s.code = m.code WHERE m.kind = 'platform' AND m.status = 'active') x
	ORDER BY LEAST(x.expires, x.since + days * interval '1 day') NULLS LAST, x.code NULLS FIRST, x.kind) y
$$;
