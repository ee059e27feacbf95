-- How long closed alerts are kept, and what nodes say of their own disk and
-- certificate.

ALTER TABLE alert_rule ADD COLUMN keep_days integer NOT NULL DEFAULT 400 CHECK (keep_days BETWEEN 1 AND 36500);
COMMENT ON COLUMN alert_rule.keep_days IS 'Days that a closed alert is kept, and what was told of it.';
CREATE INDEX alert_message_alert ON alert_message (alert);

UPDATE alert_rule SET zh = '枢纽磁盘将满' WHERE name = 'disk_full' AND zh = '磁盘将满';
UPDATE alert_rule SET zh = '枢纽证书即将过期' WHERE name = 'certificate_expiry' AND zh = '证书即将过期';
INSERT INTO alert_rule (name, severity, threshold, unit, raise_seconds, close_seconds, slow, zh, en) VALUES
('node_disk', 'warning', 90, '%', 30, 300, false, '节点磁盘将满', 'A node''s disk is nearly full'),
('node_certificate', 'warning', 30, 'days', 0, 0, false, '节点证书即将过期', 'A node''s certificate expires soon');

-- What is bad by the nodes' own word.  Of a node that is silent the last word
-- stands: its certificate runs out all the same.
CREATE FUNCTION alert_node(moment timestamptz) RETURNS TABLE (rule text, subject text, name text, value numeric, detail json)
LANGUAGE sql STABLE AS $$
WITH told AS (
	SELECT s.code, m.name, (s.condition->>'disk_free')::numeric AS free, NULLIF((s.condition->>'disk_total')::numeric, 0) AS total,
		(s.condition->>'certificate')::timestamptz AS certificate
	FROM node_status s JOIN console_member() m ON m.code = s.code AND m.kind = 'platform' AND m.status = 'active'
)
SELECT r.name, t.code, t.name, round(100 - 100 * t.free / t.total), json_build_object('node', t.code, 'free', t.free, 'total', t.total)
FROM told t JOIN alert_rule r ON r.name = 'node_disk' AND 100 - 100 * t.free / t.total > r.threshold
UNION ALL SELECT r.name, t.code, t.name, floor(extract(epoch FROM t.certificate - moment) / 86400),
	json_build_object('node', t.code, 'expires', alert_time(t.certificate))
FROM told t JOIN alert_rule r ON r.name = 'node_certificate' AND extract(epoch FROM t.certificate - moment) / 86400 < r.threshold
$$;

-- Closed alerts whose time is over, with their messages; so many at once.
CREATE FUNCTION alert_forget(moment timestamptz, most bigint) RETURNS bigint LANGUAGE sql AS $$
WITH old AS (
	SELECT a.id FROM alert a JOIN alert_rule r ON r.name = a.rule
	WHERE a.state = 'closed' AND a.closed_at < moment - r.keep_days * interval '1 day' ORDER BY a.closed_at LIMIT most
), messages AS (
	DELETE FROM alert_message m USING old o WHERE m.alert = o.id
), alerts AS (
	DELETE FROM alert a USING old o WHERE a.id = o.id RETURNING 1
)
SELECT count(*) FROM alerts
$$;

-- As 027 has it, but for what nodes say, and with the end of what is old.
CREATE OR REPLACE FUNCTION alert_look(moment timestamptz, is_slow boolean, facts json, sources json, channels text)
RETURNS TABLE (raised bigint, closed bigint) LANGUAGE plpgsql AS $$
BEGIN
	IF NOT pg_try_advisory_xact_lock(7207002) THEN
		RETURN QUERY SELECT -1::bigint, -1::bigint;
		RETURN;
	END IF;
	IF is_slow THEN
		PERFORM alert_forget(moment, 1000);
	END IF;
	INSERT INTO alert AS a (rule, subject, name, state, severity, value, detail, bad_since, last_bad)
	SELECT b.rule, b.subject, b.name, 'pending', r.severity, b.value, b.detail, moment, moment FROM (
		SELECT * FROM alert_slow(moment) WHERE is_slow
		UNION ALL SELECT * FROM alert_node(moment) WHERE NOT is_slow
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

CREATE OR REPLACE FUNCTION alert_rules() RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('rules', json_agg(json_build_object('name', name, 'severity', severity, 'threshold', threshold, 'unit', unit,
	'raise_seconds', raise_seconds, 'close_seconds', close_seconds, 'keep_days', keep_days, 'enabled', enabled, 'zh', zh, 'en', en)
	ORDER BY name))
FROM alert_rule
$$;
