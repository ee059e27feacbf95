-- Alerts: rules are rows, what they look for is SQL, and an alert is a row
-- that goes from pending (not shown) over raised and acknowledged to closed.
-- A rule's condition must last before it is raised and be gone before it is
-- closed, so that nothing flaps.  Time comes as data.

CREATE TABLE alert_rule (
	name text COLLATE "C" PRIMARY KEY,
	severity text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
	threshold numeric NOT NULL,
	unit text NOT NULL,
	raise_seconds integer NOT NULL CHECK (raise_seconds BETWEEN 0 AND 604800),
	close_seconds integer NOT NULL CHECK (close_seconds BETWEEN 0 AND 604800),
	enabled boolean NOT NULL DEFAULT true,
	slow boolean NOT NULL,
	zh text NOT NULL,
	en text NOT NULL
);
COMMENT ON TABLE alert_rule IS 'What is watched; operators change severity, threshold, times and whether it is enabled.';
COMMENT ON COLUMN alert_rule.threshold IS 'Beyond which it is bad, in `unit`.';
COMMENT ON COLUMN alert_rule.raise_seconds IS 'How long it must be bad, without a break.';
COMMENT ON COLUMN alert_rule.close_seconds IS 'How long it must be good again, without a break.';
COMMENT ON COLUMN alert_rule.slow IS 'Looked at once a minute, the others every few seconds.';

INSERT INTO alert_rule (name, severity, threshold, unit, raise_seconds, close_seconds, slow, zh, en) VALUES
('feed_late', 'warning', 0, 'days', 0, 0, true, '报送逾期', 'A feed is late'),
('reject_share', 'warning', 10, '%', 0, 3600, true, '拒收率过高', 'Too many rows are rejected'),
('batch_held', 'warning', 24, 'hours', 0, 0, true, '批次待审过久', 'A held batch waits for a decision'),
('node_silent', 'critical', 20, 'seconds', 0, 10, false, '节点失联', 'Nothing is heard from a node'),
('node_behind', 'warning', 60, 'seconds', 10, 30, false, '节点滞后', 'A node is behind'),
('node_ahead', 'critical', 0, 'positions', 10, 10, false, '枢纽数据回退', 'A node holds more than the hub'),
('proof_missing', 'warning', 0, 'records', 120, 10, false, '缺少一致性证明', 'A node does not prove that it holds a stream'),
('proof_unequal', 'critical', 0, 'records', 0, 60, false, '一致性证明不符', 'A node holds something else than the hub signed'),
('trail_forked', 'critical', 0, 'trails', 0, 0, false, '查询日志被改写', 'A trail was rewritten'),
('trail_short', 'critical', 0, 'entries', 5, 10, false, '查询日志缺失', 'The end of a trail is lost'),
('trail_untold', 'warning', 10000, 'entries', 300, 60, false, '查询日志未上报', 'A node does not tell of its trail'),
('revocation_late', 'critical', 60, 'seconds', 0, 10, false, '撤销授权未按时生效', 'A revocation has not reached a node in time'),
('disk_full', 'critical', 90, '%', 30, 300, false, '磁盘将满', 'The hub''s disk is nearly full'),
('certificate_expiry', 'warning', 30, 'days', 0, 0, false, '证书即将过期', 'A certificate of the hub expires soon'),
('source_failing', 'warning', 300, 'seconds', 60, 60, false, '前置库读取失败', 'An exchange database cannot be read'),
('message_dead', 'warning', 0, 'messages', 0, 0, false, '告警通知发送失败', 'Alerts could not be sent');

CREATE TABLE alert (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	rule text COLLATE "C" NOT NULL,
	subject text COLLATE "C" NOT NULL,
	name text NOT NULL,
	state text NOT NULL CHECK (state IN ('pending', 'raised', 'acknowledged', 'closed')),
	severity text NOT NULL,
	value numeric NOT NULL,
	detail json NOT NULL,
	bad_since timestamptz NOT NULL,
	last_bad timestamptz NOT NULL,
	good_since timestamptz,
	raised_at timestamptz,
	acknowledged_at timestamptz,
	acknowledged_by text COLLATE "C",
	note text NOT NULL DEFAULT '',
	closed_at timestamptz
);
CREATE UNIQUE INDEX alert_open ON alert (rule, subject) WHERE state <> 'closed';
CREATE INDEX alert_closed ON alert (closed_at) WHERE state = 'closed';
COMMENT ON TABLE alert IS 'What was found by which rule about what, and who knows.';
COMMENT ON COLUMN alert.subject IS 'CODE/ITEM of a feed, the code of a node, CODE/STREAM, …; with the rule it names the alert while it is open.';
COMMENT ON COLUMN alert.name IS 'The subject for people.';
COMMENT ON COLUMN alert.good_since IS 'Since when it is good again; null: it is not.';

CREATE TABLE alert_message (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	alert bigint NOT NULL,
	event text NOT NULL CHECK (event IN ('raised', 'closed')),
	channel text NOT NULL CHECK (channel IN ('webhook', 'mail')),
	state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
	body text NOT NULL,
	attempts integer NOT NULL DEFAULT 0,
	next_at timestamptz NOT NULL,
	made_at timestamptz NOT NULL,
	sent_at timestamptz,
	error text NOT NULL DEFAULT ''
);
CREATE INDEX alert_message_waiting ON alert_message (next_at) WHERE state = 'waiting';
CREATE INDEX alert_message_dead ON alert_message (id) WHERE state = 'dead';
COMMENT ON TABLE alert_message IS 'What is to be told, was told, or could not be told after all attempts (dead).';

CREATE INDEX record_revoked ON record (position) WHERE stream = '0000' AND item = 60003 AND state = 4;

CREATE FUNCTION alert_time(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

CREATE FUNCTION alert_json(a alert) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('id', a.id, 'rule', a.rule, 'severity', a.severity, 'zh', r.zh, 'en', r.en, 'subject', a.subject,
	'name', a.name, 'value', trim_scale(a.value), 'threshold', r.threshold, 'unit', r.unit, 'detail', a.detail, 'state', a.state,
	'since', alert_time(a.bad_since), 'raised_at', alert_time(a.raised_at), 'acknowledged_at', alert_time(a.acknowledged_at),
	'acknowledged_by', a.acknowledged_by, 'note', a.note, 'closed_at', alert_time(a.closed_at))
FROM alert_rule r WHERE r.name = a.rule
$$;

-- What is bad of what does not change within seconds.
CREATE FUNCTION alert_slow(moment timestamptz) RETURNS TABLE (rule text, subject text, name text, value numeric, detail json)
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

-- What is bad of the nodes, and of what only the process itself can see:
-- `facts` is [{"rule","subject","name","value"}], `sources` as GET /v1/sources.
CREATE FUNCTION alert_fast(moment timestamptz, facts json, sources json) RETURNS TABLE (rule text, subject text, name text,
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
UNION ALL SELECT 'proof_missing', h.code || '/' || s.stream, h.name || ' ' || s.stream, s.records,
	json_build_object('node', h.code, 'stream', s.stream)
FROM heard h JOIN stream_state s ON s.records > 0 AND EXISTS (SELECT FROM jsonb_array_elements_text(h.divisions) d
	WHERE s.stream <> '0000' AND left(s.stream, length(d)) = d)
JOIN rule r ON r.name = 'proof_missing' AND s.records > r.threshold
WHERE NOT EXISTS (SELECT FROM stated x WHERE x.code = h.code AND x.stream = s.stream AND x.position > 0)
UNION ALL SELECT 'proof_unequal', s.code || '/' || s.stream, s.name || ' ' || s.stream, h.records,
	json_build_object('node', s.code, 'stream', s.stream, 'position', s.position, 'state', s.state,
		'signed', encode(substring(c.header FROM 101 FOR 32), 'hex'))
FROM stated s JOIN stream_state h ON h.stream = s.stream, LATERAL (SELECT c.last, c.header FROM change_log c
	WHERE c.stream = s.stream AND c.first <= s.position ORDER BY c.first DESC LIMIT 1) c
WHERE c.last = s.position AND encode(substring(c.header FROM 101 FOR 32), 'hex') <> s.state
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

-- One look: conditions become pending, raised, closed; what is to be told goes
-- to `channels`.  Answers how many were raised and closed; -1 when another hub
-- is looking.  `message_dead` is only shown, or it would feed itself.
CREATE FUNCTION alert_look(moment timestamptz, is_slow boolean, facts json, sources json, channels text)
RETURNS TABLE (raised bigint, closed bigint) LANGUAGE plpgsql AS $$
BEGIN
	IF NOT pg_try_advisory_xact_lock(7207002) THEN
		RETURN QUERY SELECT -1::bigint, -1::bigint;
		RETURN;
	END IF;
	INSERT INTO alert AS a (rule, subject, name, state, severity, value, detail, bad_since, last_bad)
	SELECT b.rule, b.subject, b.name, 'pending', r.severity, b.value, b.detail, moment, moment FROM (
		SELECT * FROM alert_slow(moment) WHERE is_slow
		UNION ALL SELECT * FROM alert_fast(moment, facts, sources) WHERE NOT is_slow) b
	JOIN alert_rule r ON r.name = b.rule AND r.enabled
	ON CONFLICT (rule, subject) WHERE state <> 'closed' DO UPDATE SET name = excluded.name, value = excluded.value,
		detail = excluded.detail, last_bad = excluded.last_bad, good_since = NULL;
	DELETE FROM alert a USING alert_rule r
	WHERE a.state = 'pending' AND a.last_bad < moment AND r.name = a.rule AND r.slow = is_slow;
	UPDATE alert a SET good_since = moment FROM alert_rule r
	WHERE a.state IN ('raised', 'acknowledged') AND a.last_bad < moment AND a.good_since IS NULL
		AND r.name = a.rule AND r.slow = is_slow;
	RETURN QUERY WITH up AS (
		UPDATE alert a SET state = 'raised', raised_at = moment FROM alert_rule r WHERE r.name = a.rule AND r.slow = is_slow
			AND a.state = 'pending' AND a.bad_since <= moment - r.raise_seconds * interval '1 second' RETURNING a.*
	), down AS (
		UPDATE alert a SET state = 'closed', closed_at = moment FROM alert_rule r WHERE r.name = a.rule AND r.slow = is_slow
			AND a.state IN ('raised', 'acknowledged') AND a.good_since <= moment - r.close_seconds * interval '1 second' RETURNING a.*
	), told AS (
		INSERT INTO alert_message (alert, event, channel, body, next_at, made_at)
		SELECT x.id, x.event, c, json_build_object('event', x.event, 'alert', x.body)::text, moment, moment FROM (
			SELECT u.id, u.rule, 'raised' AS event, alert_json(ROW(u.*)::alert) AS body FROM up u
			UNION ALL SELECT d.id, d.rule, 'closed', alert_json(ROW(d.*)::alert) FROM down d) x,
			string_to_table(NULLIF(channels, ''), ',') c WHERE x.rule <> 'message_dead' RETURNING 1
	)
	SELECT (SELECT count(*) FROM up), (SELECT count(*) FROM down);
END
$$;

-- What GET /v1/alerts says; `which`: open, closed, all; `one` 0: any.
CREATE FUNCTION alert_list(which text, of_rule text, one bigint, skip bigint, most bigint) RETURNS json LANGUAGE sql STABLE AS $$
WITH wanted AS MATERIALIZED (
	SELECT a.* FROM alert a WHERE a.state <> 'pending' AND (one = 0 OR a.id = one) AND (of_rule = '' OR a.rule = of_rule)
		AND (which = 'all' OR (a.state = 'closed') = (which = 'closed'))
	ORDER BY a.state = 'closed', array_position(ARRAY['critical', 'warning', 'info'], a.severity), a.id DESC OFFSET skip LIMIT most
)
SELECT json_build_object('alerts', COALESCE((SELECT json_agg(alert_json(ROW(w.*)::alert)
		ORDER BY w.state = 'closed', array_position(ARRAY['critical', 'warning', 'info'], w.severity), w.id DESC) FROM wanted w), '[]'),
	'open', (SELECT json_object_agg(s, (SELECT count(*) FROM alert a WHERE a.severity = s AND a.state IN ('raised', 'acknowledged')))
		FROM unnest(ARRAY['critical', 'warning', 'info']) s),
	'next', CASE WHEN (SELECT count(*) FROM wanted) = most THEN skip + most END)
$$;

CREATE FUNCTION alert_rules() RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('rules', json_agg(json_build_object('name', name, 'severity', severity, 'threshold', threshold, 'unit', unit,
	'raise_seconds', raise_seconds, 'close_seconds', close_seconds, 'enabled', enabled, 'zh', zh, 'en', en) ORDER BY name))
FROM alert_rule
$$;
