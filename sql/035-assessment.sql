-- The assessment over several months at once, from counts by month that are
-- kept while facts are written, so that a year costs no more than its rows;
-- and the indicator of objections.  Replaces the functions of 026 that compute.

CREATE TABLE quality_month (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	division text COLLATE "C" NOT NULL,
	month date NOT NULL,
	rows bigint NOT NULL,
	taken bigint NOT NULL,
	conflicts bigint NOT NULL,
	lag_event_rows bigint NOT NULL,
	lag_event_seconds bigint NOT NULL,
	PRIMARY KEY (provider, item, division, month)
);
CREATE INDEX quality_month_month ON quality_month (month);
COMMENT ON TABLE quality_month IS 'quality_daily summed by month, in the same transaction.';
COMMENT ON COLUMN quality_month.taken IS 'accepted + unchanged.';

CREATE TABLE quality_since (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	division text COLLATE "C" NOT NULL,
	month date NOT NULL,
	PRIMARY KEY (provider, item, division)
);
COMMENT ON TABLE quality_since IS 'First month in which rows of a feed were taken.';

CREATE TABLE quality_field_month (
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	month date NOT NULL,
	rows bigint NOT NULL,
	present bigint NOT NULL,
	PRIMARY KEY (provider, item, month)
);
COMMENT ON TABLE quality_field_month IS 'quality_field_daily summed over fields by month, in the same transaction.';

CREATE TABLE usage_month (
	month date NOT NULL,
	node text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	questions bigint NOT NULL,
	refused bigint NOT NULL,
	PRIMARY KEY (month, node, item)
);
COMMENT ON TABLE usage_month IS 'usage_hourly summed by month, in the same transaction; item 0: whole questions.';

CREATE FUNCTION month_of(day date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
SELECT date_trunc('month', day::timestamp)::date
$$;

-- Whatever the change: what was is taken off, what is is added; feeds whose
-- first month may have moved are looked for anew.
CREATE FUNCTION quality_month_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO quality_month AS q SELECT provider, item, division, month_of(day), sum(rows), sum(accepted + unchanged),
		sum(conflicts), sum(lag_event_rows), sum(lag_event_seconds)
	FROM fresh GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (provider, item, division, month) DO UPDATE SET rows = q.rows + excluded.rows, taken = q.taken + excluded.taken,
		conflicts = q.conflicts + excluded.conflicts, lag_event_rows = q.lag_event_rows + excluded.lag_event_rows,
		lag_event_seconds = q.lag_event_seconds + excluded.lag_event_seconds;
	INSERT INTO quality_since AS s SELECT provider, item, division, min(month_of(day)) FROM fresh
	WHERE accepted + unchanged > 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (provider, item, division) DO UPDATE SET month = excluded.month WHERE excluded.month < s.month;
	RETURN NULL;
END
$$;
CREATE FUNCTION quality_month_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO quality_month AS q SELECT provider, item, division, month_of(day), sum(sign * rows), sum(sign * (accepted + unchanged)),
		sum(sign * conflicts), sum(sign * lag_event_rows), sum(sign * lag_event_seconds)
	FROM (SELECT 1 AS sign, * FROM fresh UNION ALL SELECT -1, * FROM stale) x GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (provider, item, division, month) DO UPDATE SET rows = q.rows + excluded.rows, taken = q.taken + excluded.taken,
		conflicts = q.conflicts + excluded.conflicts, lag_event_rows = q.lag_event_rows + excluded.lag_event_rows,
		lag_event_seconds = q.lag_event_seconds + excluded.lag_event_seconds;
	IF EXISTS (SELECT provider, item, division, day FROM stale EXCEPT SELECT provider, item, division, day FROM fresh) THEN
		DELETE FROM quality_month q USING stale s WHERE (q.provider, q.item, q.division, q.month)
			= (s.provider, s.item, s.division, month_of(s.day)) AND q.rows = 0;
		DELETE FROM quality_since q USING stale s WHERE (q.provider, q.item, q.division) = (s.provider, s.item, s.division);
	END IF;
	INSERT INTO quality_since AS s SELECT q.provider, q.item, q.division, min(q.month) FROM quality_month q
		JOIN (SELECT provider, item, division FROM stale UNION SELECT provider, item, division FROM fresh) x
		USING (provider, item, division) WHERE q.taken > 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (provider, item, division) DO UPDATE SET month = excluded.month WHERE excluded.month < s.month;
	RETURN NULL;
END
$$;
CREATE TRIGGER quality_month_insert AFTER INSERT ON quality_daily REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION quality_month_add();
CREATE TRIGGER quality_month_update AFTER UPDATE ON quality_daily REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
	FOR EACH STATEMENT EXECUTE FUNCTION quality_month_change();

CREATE FUNCTION quality_field_month_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO quality_field_month AS q SELECT provider, item, month_of(day), sum(rows), sum(present)
	FROM fresh GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (provider, item, month) DO UPDATE SET rows = q.rows + excluded.rows, present = q.present + excluded.present;
	RETURN NULL;
END
$$;
CREATE FUNCTION quality_field_month_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO quality_field_month AS q SELECT provider, item, month_of(day), sum(sign * rows), sum(sign * present)
	FROM (SELECT 1 AS sign, * FROM fresh UNION ALL SELECT -1, * FROM stale) x GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (provider, item, month) DO UPDATE SET rows = q.rows + excluded.rows, present = q.present + excluded.present;
	RETURN NULL;
END
$$;
CREATE TRIGGER quality_field_month_insert AFTER INSERT ON quality_field_daily REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION quality_field_month_add();
CREATE TRIGGER quality_field_month_update AFTER UPDATE ON quality_field_daily REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
	FOR EACH STATEMENT EXECUTE FUNCTION quality_field_month_change();

CREATE FUNCTION usage_month_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO usage_month AS u SELECT month_of(network_day(hour)), node, item, sum(questions), sum(refused)
	FROM fresh GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (month, node, item) DO UPDATE SET questions = u.questions + excluded.questions, refused = u.refused + excluded.refused;
	RETURN NULL;
END
$$;
CREATE FUNCTION usage_month_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO usage_month AS u SELECT month_of(network_day(hour)), node, item, sum(sign * questions), sum(sign * refused)
	FROM (SELECT 1 AS sign, * FROM fresh UNION ALL SELECT -1, * FROM stale) x GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (month, node, item) DO UPDATE SET questions = u.questions + excluded.questions, refused = u.refused + excluded.refused;
	RETURN NULL;
END
$$;
CREATE TRIGGER usage_month_insert AFTER INSERT ON usage_hourly REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION usage_month_add();
CREATE TRIGGER usage_month_update AFTER UPDATE ON usage_hourly REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
	FOR EACH STATEMENT EXECUTE FUNCTION usage_month_change();

INSERT INTO quality_month SELECT provider, item, division, month_of(day), sum(rows), sum(accepted + unchanged), sum(conflicts),
	sum(lag_event_rows), sum(lag_event_seconds) FROM quality_daily GROUP BY 1, 2, 3, 4;
INSERT INTO quality_since SELECT provider, item, division, min(month) FROM quality_month WHERE taken > 0 GROUP BY 1, 2, 3;
INSERT INTO quality_field_month SELECT provider, item, month_of(day), sum(rows), sum(present) FROM quality_field_daily GROUP BY 1, 2, 3;
INSERT INTO usage_month SELECT month_of(network_day(hour)), node, item, sum(questions), sum(refused) FROM usage_hourly GROUP BY 1, 2, 3;

UPDATE assessment_indicator SET formula_zh = '本月按期办结的异议与修复申请数 ÷ 本月办结或到期的件数',
	formula_en = 'objections and applications for repair settled in time ÷ those settled or due in the month' WHERE code = 'objections';

DROP FUNCTION assessment_trend(date, date);
DROP FUNCTION assessment_nation(date, date);
DROP FUNCTION assessment_rows(date, date);
DROP FUNCTION assessment_facts(date, date);
DROP FUNCTION quality_ever(date);

-- Control records as they were at each of several moments; a version is read
-- once, however many moments it spans.
CREATE FUNCTION controls_at(which integer, moments timestamptz[]) RETURNS TABLE (moment timestamptz, subject text, document text)
LANGUAGE sql STABLE AS $$
WITH version AS MATERIALIZED (
	SELECT r.subject, r.fields->>'document' AS document, r.known_from, 'infinity'::timestamptz AS known_to FROM record r
		WHERE r.stream = '0000' AND r.item = which AND r.state <> 4
	UNION ALL SELECT h.subject, h.fields->>'document', h.known_from, h.known_to FROM record_history h
		WHERE h.stream = '0000' AND h.item = which AND h.state <> 4
)
SELECT m, v.subject, v.document FROM unnest(moments) m JOIN version v ON v.known_from < m AND v.known_to >= m
$$;

-- What each department owed at each of several moments (duty_at): a catalogue
-- that was in force at many of them is opened once.
CREATE FUNCTION duties_at(moments timestamptz[]) RETURNS TABLE (moment timestamptz, provider text, item integer, unit text,
	step interval, step_days integer, division text, since date)
LANGUAGE sql STABLE AS $$
WITH force AS MATERIALIZED (
	SELECT c.moment, c.document FROM controls_at(60001, moments) c WHERE c.subject = 'catalogue'
), opened AS MATERIALIZED (
	SELECT document, convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb->'items' AS items
	FROM (SELECT document, split_part(document, '.', 2) AS p FROM (SELECT DISTINCT document FROM force) d OFFSET 0) x
), items AS MATERIALIZED (
	SELECT f.moment, (i->>'number')::integer AS item, i->>'cadence' AS cadence, COALESCE(i->>'division', '') AS division
	FROM force f JOIN opened o ON o.document = f.document, jsonb_array_elements(o.items) i
), owed AS MATERIALIZED (
	SELECT c.document, m->>'code' AS code, n::integer AS item
	FROM (SELECT DISTINCT document FROM controls_at(60002, moments)) c, LATERAL (SELECT c.document::jsonb AS m OFFSET 0) x,
		jsonb_array_elements_text(m->'items') n
	WHERE m->>'kind' = 'department' AND m->>'status' = 'active'
), listed AS (
	SELECT subject, min(known_from) AS since FROM (
		SELECT r.subject, r.known_from FROM record r WHERE r.stream = '0000' AND r.item = 60002
		UNION ALL SELECT h.subject, h.known_from FROM record_history h WHERE h.stream = '0000' AND h.item = 60002) v
	GROUP BY subject
)
SELECT c.moment, w.code, i.item, u.unit, u.step, u.days, i.division, network_day(l.since)
FROM controls_at(60002, moments) c JOIN owed w ON w.document = c.document JOIN listed l ON l.subject = c.subject
JOIN items i ON i.moment = c.moment AND i.item = w.item
JOIN (VALUES ('daily', 'day', interval '1 day', 1), ('weekly', 'week', interval '7 days', 7),
	('monthly', 'month', interval '1 month', 31), ('quarterly', 'quarter', interval '3 months', 92),
	('yearly', 'year', interval '1 year', 366)) u (cadence, unit, step, days) ON u.cadence = i.cadence
$$;

-- Objections and applications for repair that were settled in a month, or were
-- due in it without that.  Time that one is suspended does not count (due_at
-- moves), and who stands as another does is not counted twice.
CREATE FUNCTION assessment_objections(months date[]) RETURNS TABLE (month date, provider text, stream text, in_time boolean, corrected boolean)
LANGUAGE sql STABLE AS $$
SELECT month_of(network_day(o.moment)), o.provider, o.stream, o.ended_at IS NOT NULL AND o.ended_at <= o.due_at,
	o.state IN ('corrected', 'repaired') AND o.ended_at <= o.due_at
FROM (SELECT x.*, LEAST(x.ended_at, x.due_at) AS moment FROM objection x
	WHERE x.leader IS NULL AND (x.ended_at IS NOT NULL OR x.suspended_at IS NULL OR x.suspended_at > x.due_at)) o
WHERE month_of(network_day(o.moment)) = ANY (months)
$$;

-- `has` and `total` of each indicator: kind is department, province, city or
-- nation.  A unit without facts has no row: no data.  What is only counted by
-- department and item (frequency, completeness) is, for a division, the mean
-- over the rows that it has from them in the month.  `share`: of objections,
-- what was corrected.
CREATE FUNCTION assessment_facts(months date[], kinds text[], today date) RETURNS TABLE (month date, kind text, unit text, code text,
	has numeric, total numeric, share numeric)
LANGUAGE sql STABLE AS $$
WITH bound AS MATERIALIZED (
	SELECT m AS month, (m + interval '1 month')::date - 1 AS last, network_midnight(m) AS t0,
		network_midnight((m + interval '1 month')::date) AS t1 FROM unnest(months) m
), duty AS MATERIALIZED (
	SELECT b.month, d.* FROM duties_at((SELECT array_agg(t1) FROM bound)) d JOIN bound b ON b.t1 = d.moment
), daily AS MATERIALIZED (
	SELECT q.provider, q.item, q.division, q.month, q.rows, q.taken, q.conflicts, q.lag_event_rows AS dated, q.lag_event_seconds AS seconds
	FROM quality_month q WHERE q.month = ANY (months) AND q.rows > 0
), ever AS MATERIALIZED (
	SELECT b.month, s.item, s.division FROM quality_since s JOIN bound b ON s.month <= b.month
	WHERE kinds && ARRAY['province', 'city'] AND s.division <> '----' GROUP BY 1, 2, 3
), came AS MATERIALIZED (
	SELECT b.month, s.provider, s.item FROM (SELECT provider, item, min(month) AS month FROM quality_since GROUP BY 1, 2) s
	JOIN bound b ON s.month <= b.month
), node AS MATERIALIZED (
	SELECT b.month, m.document->>'code' AS node, v AS division FROM (SELECT c.moment, c.document::jsonb AS document
		FROM controls_at(60002, (SELECT array_agg(t1) FROM bound)) c WHERE kinds && ARRAY['province', 'city'] OFFSET 0) m
	JOIN bound b ON b.t1 = m.moment, jsonb_array_elements_text(m.document->'divisions') v
	WHERE m.document->>'kind' = 'platform'
), place AS MATERIALIZED (
	SELECT DISTINCT d.month, s.kind, s.unit FROM (SELECT month, division FROM ever UNION SELECT month, division FROM node) d,
		LATERAL (VALUES ('province', left(d.division, 2), 2), ('city', d.division, 4)) s (kind, unit, len)
	WHERE s.kind = ANY (kinds) AND length(d.division) >= s.len AND length(s.unit) = s.len
), scoped AS (
	SELECT s.kind, s.unit, d.*, x.step_days * 86400 AS allowed FROM daily d
	LEFT JOIN duty x ON x.month = d.month AND x.provider = d.provider AND x.item = d.item,
	LATERAL (VALUES ('department', d.provider), ('nation', ''), ('province', left(d.division, 2)),
		('city', d.division)) s (kind, unit)
	WHERE s.kind = ANY (kinds) AND (s.kind IN ('department', 'nation') OR d.division <> '----')
), summed AS MATERIALIZED (
	SELECT s.month, s.kind, s.unit, sum(s.rows) AS rows, sum(s.taken) AS taken, sum(s.conflicts) AS conflicts,
		sum(s.dated) FILTER (WHERE s.allowed IS NOT NULL) AS dated, sum(s.dated * CASE WHEN s.seconds <= s.allowed * s.dated THEN 1
			ELSE s.allowed * s.dated / s.seconds::numeric END) FILTER (WHERE s.allowed IS NOT NULL) AS fresh
	FROM scoped s GROUP BY s.month, s.kind, s.unit
), period AS (
	SELECT x.month, x.provider, x.item, p::date AS begins, (p + x.step)::date - 1 AS ends FROM duty x JOIN bound b ON b.month = x.month,
		generate_series(date_trunc(x.unit, x.month::timestamp), b.last::timestamp, x.step) p
	WHERE (p + x.step)::date - 1 BETWEEN greatest(x.month, x.since) AND least(b.last, today - 1)
), frequent AS MATERIALIZED (
	SELECT p.month, p.provider, p.item, count(*) AS total, count(*) FILTER (WHERE EXISTS (SELECT FROM quality_day q
		WHERE q.provider = p.provider AND q.item = p.item AND q.day BETWEEN p.begins AND p.ends)) AS has
	FROM period p GROUP BY p.month, p.provider, p.item
), mean AS (
	SELECT 'frequency' AS code, f.month, f.provider, f.item, f.has::numeric AS has, f.total::numeric AS total FROM frequent f
	UNION ALL SELECT 'completeness', f.month, f.provider, f.item, f.present, f.rows FROM quality_field_month f
	WHERE f.month = ANY (months) AND f.rows > 0
), asked AS MATERIALIZED (
	SELECT u.month, u.node, u.item, u.questions, u.refused FROM usage_month u WHERE u.month = ANY (months) AND u.questions > 0
), holder AS MATERIALIZED (
	SELECT DISTINCT p.month, p.kind, p.unit, n.node FROM place p JOIN node n ON n.month = p.month AND left(n.division, length(p.unit)) = p.unit
	UNION SELECT month, 'nation', '', node FROM asked WHERE item = 0 AND 'nation' = ANY (kinds)
), wrong AS (
	SELECT b.month, r.provider, r.stream, count(*) AS total, count(*) FILTER (WHERE r.closed_at < b.t1) AS has
	FROM finding_row r JOIN feed_batch f ON f.number = r.batch AND f.state = 'committed'
	JOIN bound b ON f.received_at < b.t1 AND (r.closed_at IS NULL OR r.closed_at >= b.t0)
	WHERE r.rejected AND (r.closed_at IS NULL OR r.closed_at >= (SELECT min(t0) FROM bound)) GROUP BY b.month, r.provider, r.stream
), fact AS (
	SELECT x.month, s.kind, s.unit, 'coverage' AS code, count(e.item)::numeric AS has, count(*)::numeric AS total, NULL::numeric AS share
		FROM duty x LEFT JOIN came e ON e.month = x.month AND e.provider = x.provider AND e.item = x.item,
		LATERAL (VALUES ('department', x.provider), ('nation', '')) s (kind, unit) GROUP BY x.month, s.kind, s.unit
	UNION ALL SELECT p.month, p.kind, p.unit, 'coverage', count(DISTINCT e.item), count(DISTINCT x.item), NULL FROM place p
		JOIN duty x ON x.month = p.month AND left(x.division, 2) IN ('', left(p.unit, 2))
		LEFT JOIN ever e ON e.month = p.month AND e.item = x.item AND left(e.division, length(p.unit)) = p.unit GROUP BY p.month, p.kind, p.unit
	UNION ALL SELECT s.month, s.kind, s.unit, c.code, c.has, c.total, NULL FROM summed s, LATERAL (VALUES ('timeliness', s.fresh, s.dated),
		('accuracy', s.taken, s.rows), ('consistency', greatest(s.taken - s.conflicts, 0), s.taken)) c (code, has, total)
	UNION ALL SELECT m.month, s.kind, s.unit, m.code, sum(m.has), sum(m.total), NULL FROM mean m,
		LATERAL (VALUES ('department', m.provider), ('nation', '')) s (kind, unit) GROUP BY m.month, s.kind, s.unit, m.code
	UNION ALL SELECT s.month, s.kind, s.unit, m.code, sum(s.rows * m.has / m.total), sum(s.rows), NULL FROM scoped s
		JOIN mean m ON m.month = s.month AND m.provider = s.provider AND m.item = s.item
		WHERE s.kind IN ('province', 'city') GROUP BY s.month, s.kind, s.unit, m.code
	UNION ALL SELECT w.month, s.kind, s.unit, 'correction', sum(w.has), sum(w.total), NULL FROM wrong w,
		LATERAL (VALUES ('department', w.provider), ('nation', ''), ('province', left(w.stream, 2)), ('city', w.stream)) s (kind, unit)
		WHERE s.kind IN ('department', 'nation') OR w.stream <> '----' GROUP BY w.month, s.kind, s.unit
	UNION ALL SELECT h.month, h.kind, h.unit, 'query_success', sum(a.questions - a.refused), sum(a.questions), NULL
		FROM holder h JOIN asked a ON a.month = h.month AND a.node = h.node AND a.item = 0 GROUP BY h.month, h.kind, h.unit
	UNION ALL SELECT o.month, s.kind, s.unit, 'objections', count(*) FILTER (WHERE o.in_time), count(*),
		count(*) FILTER (WHERE o.corrected) FROM assessment_objections(months) o,
		LATERAL (VALUES ('department', o.provider), ('nation', ''), ('province', left(o.stream, 2)), ('city', o.stream)) s (kind, unit)
		WHERE s.kind = 'nation' OR s.kind = 'department' AND s.unit <> '' OR o.stream ~ '^[1-9]' GROUP BY o.month, s.kind, s.unit
	UNION ALL SELECT x.month, 'department', x.provider, 'use', count(s.item), count(*), NULL FROM duty x
		JOIN came e ON e.month = x.month AND e.provider = x.provider AND e.item = x.item
		LEFT JOIN (SELECT DISTINCT month, item FROM asked WHERE item > 0) s ON s.month = x.month AND s.item = x.item GROUP BY x.month, x.provider
	UNION ALL SELECT c.month, 'nation', '', 'use', count(DISTINCT s.item), count(DISTINCT c.item), NULL FROM came c
		LEFT JOIN asked s ON s.month = c.month AND s.item = c.item GROUP BY c.month
	UNION ALL SELECT p.month, p.kind, p.unit, 'use', count(DISTINCT s.item), count(DISTINCT e.item), NULL FROM place p
		JOIN ever e ON e.month = p.month AND left(e.division, length(p.unit)) = p.unit
		LEFT JOIN (SELECT DISTINCT h.month, h.kind, h.unit, s.item FROM holder h JOIN asked s ON s.month = h.month AND s.node = h.node) s
			ON s.month = p.month AND s.kind = p.kind AND s.unit = p.unit AND s.item = e.item
		GROUP BY p.month, p.kind, p.unit
)
SELECT * FROM fact f WHERE f.kind = ANY (kinds) AND f.total > 0
$$;

-- The weights of each month.
CREATE FUNCTION assessment_weights_of(months date[]) RETURNS TABLE (month date, code text, weight integer)
LANGUAGE sql STABLE AS $$
SELECT m, e.key, e.value::integer FROM unnest(months) m, LATERAL (SELECT a.weights FROM assessment_weights a WHERE a.from_month <= m
	ORDER BY a.version DESC LIMIT 1) w, json_each_text(w.weights) e
$$;

-- A score is the mean of the indicators that have data, by their weights, of
-- 100; `covered` is the share of the weights that had data, in percent.
CREATE FUNCTION assessment_rows(months date[], kinds text[], today date) RETURNS TABLE (month date, kind text, unit text, score numeric,
	covered integer, rank bigint, indicators json)
LANGUAGE sql STABLE AS $$
WITH fact AS MATERIALIZED (
	SELECT * FROM assessment_facts(months, kinds, today)
), weight AS (
	SELECT m AS month, i.code, i.place, COALESCE(w.weight, 0) AS weight FROM unnest(months) m CROSS JOIN assessment_indicator i
	LEFT JOIN assessment_weights_of(months) w ON w.month = m AND w.code = i.code
), cell AS (
	SELECT u.month, u.kind, u.unit, w.code, w.place, w.weight, f.has, f.total, f.share, f.has / f.total AS value
	FROM (SELECT DISTINCT f.month, f.kind, f.unit FROM fact f
		WHERE f.kind <> 'department' OR f.code = 'coverage') u JOIN weight w ON w.month = u.month
	LEFT JOIN fact f ON f.month = u.month AND f.kind = u.kind AND f.unit = u.unit AND f.code = w.code
), scored AS (
	SELECT c.month, c.kind, c.unit,
		round(100 * sum(c.weight * c.value) / NULLIF(sum(c.weight) FILTER (WHERE c.value IS NOT NULL), 0), 2) AS score,
		COALESCE(round(100.0 * sum(c.weight) FILTER (WHERE c.value IS NOT NULL) / NULLIF(sum(c.weight), 0)), 0)::integer AS covered,
		json_object_agg(c.code, CASE WHEN c.share IS NOT NULL THEN json_build_object('has', trim_scale(c.has), 'of', trim_scale(c.total),
				'value', round(c.value, 4), 'corrected', trim_scale(c.share))
			WHEN c.value IS NOT NULL THEN json_build_object('has', trim_scale(round(c.has, 3)),
				'of', trim_scale(round(c.total, 3)), 'value', round(c.value, 4)) END ORDER BY c.place) AS indicators
	FROM cell c GROUP BY c.month, c.kind, c.unit
)
SELECT s.month, s.kind, s.unit, s.score, s.covered,
	CASE WHEN s.score IS NOT NULL THEN rank() OVER (PARTITION BY s.month, s.kind, s.score IS NULL ORDER BY s.score DESC) END, s.indicators
FROM scored s
$$;

-- What members and divisions were called at the end of a month.
CREATE FUNCTION assessment_names(month date) RETURNS TABLE (unit text, name text) LANGUAGE sql STABLE AS $$
WITH bound AS (
	SELECT network_midnight((month + interval '1 month')::date) AS t1
), called AS (
	SELECT m.subject AS unit, m.document::json->>'name' AS name FROM bound b, control_at(60002, b.t1) m
	UNION ALL SELECT e->>'code', e->>'zh' FROM (SELECT catalogue_at(b.t1)->'code_lists' AS lists FROM bound b OFFSET 0) c,
		jsonb_array_elements(c.lists) l, jsonb_array_elements(l->'codes') e WHERE l->>'name' IN ('province', 'division')
)
SELECT c.unit, min(c.name) FROM called c GROUP BY c.unit
$$;

CREATE FUNCTION assessment_lists(month date, kinds text[], today date) RETURNS TABLE (kind text, rows json) LANGUAGE sql STABLE AS $$
WITH called AS MATERIALIZED (
	SELECT * FROM assessment_names(month)
)
SELECT r.kind, json_agg(json_build_object('rank', r.rank, 'unit', r.unit, 'name', COALESCE(n.name, ''), 'score', r.score,
	'covered', r.covered, 'indicators', r.indicators) ORDER BY r.rank NULLS LAST, r.unit)
FROM assessment_rows(ARRAY[month], kinds, today) r LEFT JOIN called n ON n.unit = r.unit GROUP BY r.kind
$$;

CREATE OR REPLACE FUNCTION assessment_lists(month date, today date) RETURNS TABLE (kind text, rows json) LANGUAGE sql STABLE AS $$
SELECT l.kind, l.rows FROM assessment_lists(month, ARRAY['department', 'province', 'city', 'nation'], today) l
$$;

-- The nation's rows of a year, each as it was published if it was.
CREATE FUNCTION assessment_trend(last date, today date) RETURNS json LANGUAGE sql STABLE AS $$
WITH month AS MATERIALIZED (
	SELECT m::date AS month, p.document::json->'assessment'->'nation'->0 AS one, p.month IS NOT NULL AS published
	FROM generate_series(last - interval '11 months', last, interval '1 month') m LEFT JOIN assessment_published p ON p.month = m::date
), known AS (
	SELECT m.month, (m.one->>'score')::numeric AS score, m.one->'covered' AS covered, m.one->'indicators' AS indicators
	FROM month m WHERE m.published AND m.one IS NOT NULL
	UNION ALL SELECT r.month, r.score, to_json(r.covered), r.indicators
	FROM assessment_rows((SELECT COALESCE(array_agg(m.month), '{}') FROM month m WHERE NOT m.published), ARRAY['nation'], today) r
)
SELECT COALESCE(json_agg(json_build_object('rank', x.rank, 'unit', to_char(x.month, 'YYYY-MM'), 'name', '', 'score', x.score,
	'covered', x.covered, 'indicators', x.indicators) ORDER BY x.month), '[]')
FROM (SELECT k.*, CASE WHEN k.score IS NOT NULL THEN rank() OVER (PARTITION BY k.score IS NULL ORDER BY k.score DESC) END AS rank FROM known k) x
$$;

CREATE OR REPLACE FUNCTION assessment_answer(first date, today date, which text) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('month', to_char(first, 'YYYY-MM'), 'by', which, 'state', assessment_state(first, today),
	'published_at', d.document->'published_at', 'published_by', d.document->'published_by',
	'weights_version', COALESCE(d.document->'weights_version', to_json(b.version)),
	'definitions', COALESCE(d.document->'definitions', b.definitions),
	'rows', CASE WHEN which = 'month' THEN assessment_trend(first, today)
		WHEN d.document IS NOT NULL THEN d.document->'assessment'->which
		ELSE COALESCE((SELECT l.rows FROM assessment_lists(first, ARRAY[which], today) l), '[]') END)
FROM assessment_basis(first) b LEFT JOIN (SELECT document::json FROM assessment_published WHERE month = first) d ON true
$$;
