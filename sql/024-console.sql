-- What the console shows: counts that are kept while facts are written, what
-- operators did, and functions that answer one panel each.  Days and times
-- come as data.

CREATE TABLE quality_province (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	province text COLLATE "C" NOT NULL,
	day date NOT NULL,
	rows bigint NOT NULL,
	accepted bigint NOT NULL,
	unchanged bigint NOT NULL,
	rejected bigint NOT NULL,
	warned bigint NOT NULL,
	conflicts bigint NOT NULL,
	lag_event_rows bigint NOT NULL,
	lag_event_seconds bigint NOT NULL,
	PRIMARY KEY (provider, item, province, day)
);
CREATE INDEX quality_province_day ON quality_province (day);
COMMENT ON TABLE quality_province IS 'quality_daily summed by province, in the same transaction.';
COMMENT ON COLUMN quality_province.province IS 'First two digits of the division; --: none could be told.';

CREATE TABLE quality_span (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	province text COLLATE "C" NOT NULL,
	first_day date NOT NULL,
	last_day date NOT NULL,
	PRIMARY KEY (provider, item, province)
);
COMMENT ON TABLE quality_span IS 'First and last day on which rows of a province came.';

-- Locked in the order of the keys, right behind the rows of quality_daily.
CREATE FUNCTION quality_province_add() RETURNS trigger LANGUAGE plpgsql AS $$
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
	RETURN NULL;
END
$$;
CREATE FUNCTION quality_province_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO quality_province AS q SELECT n.provider, n.item, left(n.division, 2), n.day, sum(n.rows - o.rows),
		sum(n.accepted - o.accepted), sum(n.unchanged - o.unchanged), sum(n.rejected - o.rejected), sum(n.warned - o.warned),
		sum(n.conflicts - o.conflicts), sum(n.lag_event_rows - o.lag_event_rows), sum(n.lag_event_seconds - o.lag_event_seconds)
	FROM fresh n JOIN stale o USING (provider, item, division, day) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (provider, item, province, day) DO UPDATE SET rows = q.rows + excluded.rows,
		accepted = q.accepted + excluded.accepted, unchanged = q.unchanged + excluded.unchanged,
		rejected = q.rejected + excluded.rejected, warned = q.warned + excluded.warned,
		conflicts = q.conflicts + excluded.conflicts, lag_event_rows = q.lag_event_rows + excluded.lag_event_rows,
		lag_event_seconds = q.lag_event_seconds + excluded.lag_event_seconds;
	RETURN NULL;
END
$$;
CREATE TRIGGER quality_province_insert AFTER INSERT ON quality_daily REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION quality_province_add();
CREATE TRIGGER quality_province_update AFTER UPDATE ON quality_daily REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
	FOR EACH STATEMENT EXECUTE FUNCTION quality_province_change();

INSERT INTO quality_province SELECT provider, item, left(division, 2), day, sum(rows), sum(accepted), sum(unchanged), sum(rejected),
	sum(warned), sum(conflicts), sum(lag_event_rows), sum(lag_event_seconds) FROM quality_daily GROUP BY 1, 2, 3, 4;
INSERT INTO quality_span SELECT provider, item, province, min(day), max(day) FROM quality_province GROUP BY 1, 2, 3;

CREATE TABLE usage_daily (
	day date NOT NULL,
	node text COLLATE "C" NOT NULL,
	questions bigint NOT NULL,
	refused bigint NOT NULL,
	PRIMARY KEY (day, node)
);
COMMENT ON TABLE usage_daily IS 'usage_hourly of item 0 (whole questions) summed by day and node, in the same transaction.';

CREATE FUNCTION usage_daily_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO usage_daily AS u SELECT (hour AT TIME ZONE 'UTC' + interval '8 hours')::date, node, sum(questions), sum(refused)
	FROM fresh WHERE item = 0 GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (day, node) DO UPDATE SET questions = u.questions + excluded.questions, refused = u.refused + excluded.refused;
	RETURN NULL;
END
$$;
CREATE FUNCTION usage_daily_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO usage_daily AS u SELECT (n.hour AT TIME ZONE 'UTC' + interval '8 hours')::date, n.node,
		sum(n.questions - o.questions), sum(n.refused - o.refused)
	FROM fresh n JOIN stale o USING (node, hour, member, action, purpose, item)
	WHERE n.item = 0 GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (day, node) DO UPDATE SET questions = u.questions + excluded.questions, refused = u.refused + excluded.refused;
	RETURN NULL;
END
$$;
CREATE TRIGGER usage_daily_insert AFTER INSERT ON usage_hourly REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION usage_daily_add();
CREATE TRIGGER usage_daily_update AFTER UPDATE ON usage_hourly REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
	FOR EACH STATEMENT EXECUTE FUNCTION usage_daily_change();

INSERT INTO usage_daily SELECT (hour AT TIME ZONE 'UTC' + interval '8 hours')::date, node, sum(questions), sum(refused)
	FROM usage_hourly WHERE item = 0 GROUP BY 1, 2;

CREATE TABLE usage_refusal (
	node text COLLATE "C" NOT NULL,
	hour timestamptz NOT NULL,
	member text COLLATE "C" NOT NULL,
	rule text COLLATE "C" NOT NULL,
	questions bigint NOT NULL,
	PRIMARY KEY (node, hour, member, rule)
);
CREATE INDEX usage_refusal_hour ON usage_refusal (hour);
COMMENT ON TABLE usage_refusal IS 'Refused questions by the rule that refused them, from the entries of the nodes'' trails.';

CREATE TABLE operator_action (
	number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL,
	who text COLLATE "C" NOT NULL,
	action text COLLATE "C" NOT NULL,
	target text COLLATE "C" NOT NULL,
	detail json NOT NULL
);
COMMENT ON TABLE operator_action IS 'What operators did, each in the transaction that did it where it is the hub''s own.';
COMMENT ON COLUMN operator_action.who IS 'Organisation code of the operator''s certificate.';
COMMENT ON COLUMN operator_action.action IS 'member, takeover, catalogue, release, refuse, retention, publish, weights.';

-- Items, categories and cadences of the catalogue in force.
CREATE FUNCTION console_item() RETURNS TABLE (item integer, category integer, step interval) LANGUAGE sql STABLE AS $$
SELECT (i->>'number')::integer, (i->>'category')::integer, COALESCE(u.step, interval '1 year')
FROM (SELECT convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb AS document
	FROM (SELECT split_part(fields->>'document', '.', 2) AS p FROM record
		WHERE stream = '0000' AND item = 60001 AND subject = 'catalogue' OFFSET 0) x) c,
	jsonb_array_elements(c.document->'items') i
LEFT JOIN (VALUES ('daily', interval '1 day'), ('weekly', interval '7 days'), ('monthly', interval '1 month'),
	('quarterly', interval '3 months'), ('yearly', interval '1 year')) u (cadence, step) ON u.cadence = i->>'cadence'
$$;

CREATE FUNCTION console_member() RETURNS TABLE (code text, name text, kind text, status text, divisions json) LANGUAGE sql STABLE AS $$
SELECT m->>'code', m->>'name', m->>'kind', m->>'status', m->'divisions'
FROM (SELECT (fields->>'document')::json AS m FROM record WHERE stream = '0000' AND item = 60002 AND state <> 4 OFFSET 0) r
$$;

CREATE FUNCTION console_live(now timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
SELECT now - interval '10 seconds'
$$;
COMMENT ON FUNCTION console_live(timestamptz) IS 'A node tells its status every two seconds; who missed five is silent.';

CREATE FUNCTION console_overview(now timestamptz, today date) RETURNS json LANGUAGE sql STABLE AS $$
SELECT row_to_json(x) FROM (SELECT today AS day, s.*, h.*, q.*, u.*, n.*, p.* FROM
	(SELECT COALESCE(sum(records), 0)::bigint AS records, count(*) AS streams FROM stream_state WHERE stream <> '0000' AND position > 0) s,
	(SELECT count(*) AS batches_held FROM feed_batch WHERE state = 'held') h,
	(SELECT COALESCE(sum(rows), 0)::bigint AS rows_today, COALESCE(sum(accepted), 0)::bigint AS changes_today,
		COALESCE(sum(rejected), 0)::bigint AS rejected_today FROM quality_province WHERE day = today) q,
	(SELECT COALESCE(sum(questions), 0)::bigint AS questions_today, COALESCE(sum(refused), 0)::bigint AS refused_today
		FROM usage_daily WHERE day = today) u,
	(SELECT count(*) AS nodes, count(*) FILTER (WHERE s.received_at > console_live(now)) AS nodes_live,
		count(*) FILTER (WHERE t.forked_at IS NOT NULL OR t.short_at IS NOT NULL
			OR (s.sequence > t.sequence AND s.trail_size < t.checked)) AS trails_wrong
		FROM console_member() m LEFT JOIN node_status s ON s.code = m.code LEFT JOIN node_trail t ON t.code = m.code
		WHERE m.kind = 'platform' AND m.status = 'active') n,
	(SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY d) AS delay_p50_ms, percentile_disc(0.99) WITHIN GROUP (ORDER BY d) AS delay_p99_ms
		FROM node_status s, json_array_elements(s.streams) e, LATERAL (SELECT (e->>'delay_ms')::bigint AS d) y
		WHERE s.received_at > console_live(now)) p) x
$$;

-- One cell a province and category.  An item is late when two of its periods
-- have passed without a row of the province, and failed when five have; it is
-- low above 5 % rejected rows within 30 days, and failed above 20 %.
CREATE FUNCTION console_grid(today date) RETURNS json LANGUAGE sql STABLE AS $$
WITH seen AS (
	SELECT province, item, max(last_day) AS last_day FROM quality_span WHERE province ~ '^[0-9]{2}$' GROUP BY 1, 2
), facts AS (
	SELECT province, item, sum(rows) AS rows, sum(rejected) AS rejected FROM quality_province
	WHERE day > today - 30 AND day <= today GROUP BY 1, 2
), judged AS (
	SELECT s.province, i.category, s.item, s.last_day, COALESCE(f.rows, 0) AS rows, COALESCE(f.rejected, 0) AS rejected,
		CASE WHEN s.last_day + 5 * i.step < today OR f.rejected * 5 > f.rows THEN 3
			WHEN s.last_day + 2 * i.step < today OR f.rejected * 20 > f.rows THEN 2 ELSE 1 END AS state
	FROM seen s JOIN console_item() i ON i.item = s.item LEFT JOIN facts f ON f.province = s.province AND f.item = s.item
)
SELECT json_build_object('cells', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT province, category, (ARRAY['good', 'late', 'failed'])[max(state)] AS state, count(*) AS items,
		COALESCE(json_agg(item ORDER BY item) FILTER (WHERE state > 1), '[]'::json) AS wrong,
		sum(rows)::bigint AS rows, sum(rejected)::bigint AS rejected, max(last_day) AS last_day
	FROM judged GROUP BY province, category ORDER BY province, category) x
$$;

-- The streams of each node beside the hub's: `proven` when the node's state at
-- its position is the one that the hub signed there, `unequal` when it is not;
-- `waiting`: when the first batch that it does not have was committed.
CREATE FUNCTION console_stream(which text) RETURNS TABLE (code text, stream text, "position" bigint, newest bigint, behind bigint,
	proof text, waiting timestamptz, applied timestamptz, delay_ms bigint) LANGUAGE sql STABLE AS $$
SELECT s.code, e.stream, e."position", h."position", GREATEST(h."position" - e."position", 0),
	CASE WHEN c.last = e."position" AND encode(substring(c.header FROM 101 FOR 32), 'hex') = e.state THEN 'proven'
		WHEN c.last = e."position" OR e."position" > COALESCE(h."position", 0) THEN 'unequal' ELSE 'unknown' END,
	n.committed_at, e.applied, e.delay_ms
FROM node_status s,
	json_to_recordset(s.streams) AS e (stream text, "position" bigint, state text, applied timestamptz, delay_ms bigint)
LEFT JOIN stream_state h ON h.stream = e.stream
LEFT JOIN LATERAL (SELECT last, header FROM change_log l WHERE l.stream = e.stream AND l.first <= e."position"
	ORDER BY l.first DESC LIMIT 1) c ON true
LEFT JOIN change_log n ON n.stream = e.stream AND n.first = e."position" + 1
WHERE (which = '' OR s.code = which) AND e."position" > 0
$$;

CREATE FUNCTION console_platforms(now timestamptz) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('platforms', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT m.code, m.name, m.status, m.divisions, s.software, s.parent, s.reported_at AS reported, s.received_at AS received,
		CASE WHEN s.code IS NULL THEN 'never' WHEN s.received_at > console_live(now) THEN 'live' ELSE 'silent' END AS link,
		e.streams, e.behind, e.waiting, e.proven, e.unequal, e.delay_ms,
		COALESCE(e.waiting < console_live(now), false) AS late, CASE WHEN e.unequal = 0 AND e.proven = e.streams THEN s.reported_at END AS proof,
		s.trail_size, t.next AS trail_counted, t.checked AS trail_checked, t.forked_at AS trail_forked,
		CASE WHEN t.short_at IS NOT NULL THEN t.short_at WHEN s.sequence > t.sequence AND s.trail_size < t.checked THEN s.received_at END
			AS trail_short, t.witnessed IS NOT NULL AS trail_witnessed
	FROM console_member() m LEFT JOIN node_status s ON s.code = m.code LEFT JOIN node_trail t ON t.code = m.code
	LEFT JOIN (SELECT code, count(*) AS streams, sum(behind)::bigint AS behind, count(*) FILTER (WHERE proof = 'proven') AS proven,
		min(waiting) AS waiting,
		count(*) FILTER (WHERE proof = 'unequal') AS unequal, max(delay_ms) AS delay_ms FROM console_stream('') GROUP BY code) e
		ON e.code = m.code
	WHERE m.kind = 'platform' ORDER BY m.divisions::text, m.code) x
$$;

CREATE FUNCTION console_platform(which text) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('code', which, 'streams', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT stream, "position", newest, behind, proof, waiting, applied, delay_ms FROM console_stream(which) ORDER BY stream) x
$$;

CREATE FUNCTION console_checkpoints(which text) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('code', which, 'checkpoints', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT hour, size, encode(root, 'hex') AS root, received_at AS received,
		size - lag(size) OVER (ORDER BY hour) AS more FROM node_checkpoint WHERE code = which ORDER BY hour DESC LIMIT 500) x
$$;

-- The last 30 days of each department and of each of its items.
CREATE FUNCTION console_departments(which text, today date) RETURNS json LANGUAGE sql STABLE AS $$
WITH facts AS (
	SELECT provider, item, sum(rows)::bigint AS rows, sum(accepted)::bigint AS accepted, sum(unchanged)::bigint AS unchanged,
		sum(rejected)::bigint AS rejected, sum(warned)::bigint AS warned, sum(conflicts)::bigint AS conflicts,
		sum(lag_event_rows)::bigint AS dated, sum(lag_event_seconds)::bigint AS lag_seconds
	FROM quality_province WHERE day > today - 30 AND day <= today AND (which = '' OR provider = which) GROUP BY 1, 2
), whole AS (
	SELECT provider, item, sum(rows)::bigint AS values_due, sum(present)::bigint AS values_present FROM quality_field_daily
	WHERE day > today - 30 AND day <= today AND (which = '' OR provider = which) GROUP BY 1, 2
), wrong AS (
	SELECT provider, item, count(*) AS open_rows FROM finding_row WHERE closed_by IS NULL AND (which = '' OR provider = which) GROUP BY 1, 2
), due AS (
	SELECT * FROM quality_due(today) WHERE which = '' OR provider = which
), both_ AS (
	SELECT provider, item FROM due UNION SELECT provider, item FROM facts
)
SELECT json_build_object('day', today, 'items', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT b.provider, COALESCE(m.name, '') AS name, b.item, d.cadence, d.first_day, d.last_day, d.due_day, d.periods_due, d.periods_received,
		COALESCE(d.late, false) AS late, COALESCE(f.rows, 0) AS rows, COALESCE(f.accepted, 0) AS accepted,
		COALESCE(f.unchanged, 0) AS unchanged, COALESCE(f.rejected, 0) AS rejected, COALESCE(f.warned, 0) AS warned,
		COALESCE(f.conflicts, 0) AS conflicts, COALESCE(f.dated, 0) AS dated, COALESCE(f.lag_seconds, 0) AS lag_seconds,
		COALESCE(w.values_due, 0) AS values_due, COALESCE(w.values_present, 0) AS values_present, COALESCE(o.open_rows, 0) AS open_rows
	FROM both_ b LEFT JOIN due d USING (provider, item) LEFT JOIN facts f USING (provider, item)
	LEFT JOIN whole w USING (provider, item) LEFT JOIN wrong o USING (provider, item)
	LEFT JOIN console_member() m ON m.code = b.provider ORDER BY b.provider, b.item) x
$$;

CREATE FUNCTION console_trend(which text, number integer, place text, first date, last date) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('days', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT day, sum(rows)::bigint AS rows, sum(accepted)::bigint AS accepted, sum(unchanged)::bigint AS unchanged,
		sum(rejected)::bigint AS rejected, sum(warned)::bigint AS warned, sum(conflicts)::bigint AS conflicts
	FROM quality_province WHERE day BETWEEN first AND last AND (which = '' OR provider = which) AND (number = 0 OR item = number)
		AND (place = '' OR province = place) GROUP BY day ORDER BY day) x
$$;

-- Who handed in what of one province.
CREATE FUNCTION console_province(place text, today date) RETURNS json LANGUAGE sql STABLE AS $$
WITH facts AS (
	SELECT provider, item, sum(rows)::bigint AS rows, sum(accepted)::bigint AS accepted, sum(rejected)::bigint AS rejected
	FROM quality_province WHERE province = place AND day > today - 30 AND day <= today GROUP BY 1, 2
)
SELECT json_build_object('province', place, 'records', (SELECT COALESCE(sum(records), 0)::bigint FROM stream_state WHERE left(stream, 2) = place),
	'items', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT s.provider, COALESCE(m.name, '') AS name, s.item, i.category, s.first_day, s.last_day, COALESCE(f.rows, 0) AS rows,
		COALESCE(f.accepted, 0) AS accepted, COALESCE(f.rejected, 0) AS rejected,
		CASE WHEN s.last_day + 5 * i.step < today OR f.rejected * 5 > f.rows THEN 'failed'
			WHEN s.last_day + 2 * i.step < today OR f.rejected * 20 > f.rows THEN 'late' ELSE 'good' END AS state
	FROM quality_span s LEFT JOIN console_item() i ON i.item = s.item LEFT JOIN facts f ON f.provider = s.provider AND f.item = s.item
	LEFT JOIN console_member() m ON m.code = s.provider WHERE s.province = place ORDER BY s.item, s.provider) x
$$;

-- Questions of these days, by one thing.
CREATE FUNCTION console_usage(split text, first timestamptz, until timestamptz) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('by', split, 'totals', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT key, sum(questions)::bigint AS questions, sum(refused)::bigint AS refused FROM (
		SELECT CASE split WHEN 'node' THEN node WHEN 'member' THEN member WHEN 'action' THEN action WHEN 'purpose' THEN
			COALESCE((ARRAY['customer_screening','pre_loan','in_loan','post_loan','guarantee_review','dispute_check','supervision','self'])[purpose], 'none')
			WHEN 'item' THEN item::text ELSE (hour AT TIME ZONE 'UTC' + interval '8 hours')::date::text END AS key, questions, refused
		FROM usage_hourly WHERE hour >= first AND hour < until AND (item = 0) <> (split = 'item') AND split <> 'rule'
		UNION ALL SELECT rule, questions, questions FROM usage_refusal WHERE hour >= first AND hour < until AND split = 'rule') y
	GROUP BY key ORDER BY 2 DESC, 1 LIMIT 1000) x
$$;

CREATE FUNCTION console_actions(after bigint, most bigint) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('actions', COALESCE(json_agg(row_to_json(x)), '[]'::json)) FROM (
	SELECT number, at, who, action, target, detail FROM operator_action WHERE after = 0 OR number < after ORDER BY number DESC LIMIT most) x
$$;

CREATE FUNCTION console_catalogues() RETURNS TABLE (version bigint, known_from timestamptz, known_to timestamptz, document jsonb)
LANGUAGE sql STABLE AS $$
SELECT (document->>'version')::bigint, known_from, known_to, document FROM (
	SELECT known_from, known_to, convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb
		AS document
	FROM (SELECT known_from, NULL::timestamptz AS known_to, split_part(fields->>'document', '.', 2) AS p FROM record
			WHERE stream = '0000' AND item = 60001 AND subject = 'catalogue'
		UNION ALL SELECT known_from, known_to, split_part(fields->>'document', '.', 2) FROM record_history
			WHERE stream = '0000' AND item = 60001 AND subject = 'catalogue' OFFSET 0) y) z
$$;
