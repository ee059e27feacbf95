-- Assessment of sharing quality and efficiency: ten indicators computed from
-- what was counted, scored with weights that operators set, by department,
-- province, city and month.  A month is computed from what was known at its
-- end, and is frozen when it is published.  Days come as data.

CREATE TABLE assessment_indicator (
	code text COLLATE "C" PRIMARY KEY,
	place smallint NOT NULL UNIQUE,
	zh text NOT NULL,
	en text NOT NULL,
	formula_zh text NOT NULL,
	formula_en text NOT NULL
);
COMMENT ON TABLE assessment_indicator IS 'What is assessed, and by which formula: assessment_facts computes `has` and `of`.';

INSERT INTO assessment_indicator VALUES
('coverage', 1, '归集覆盖率', 'Coverage', '至月末有数据的项数 ÷ 应归集项数', 'items of which rows were taken up to the month''s end ÷ items owed'),
('timeliness', 2, '及时率', 'Timeliness', '每行：更新周期 ÷ 数据日期至报送的平均时长，最高为 1 ÷ 注明数据日期的行数', 'sum over rows of min(1, step of cadence ÷ mean time from data date to hand-in) ÷ rows with a data date'),
('frequency', 3, '更新频率', 'Frequency', '有报送的周期数 ÷ 本月到期的周期数', 'periods in which something came ÷ periods of cadence that ended in the month'),
('completeness', 4, '完整率', 'Completeness', '非空值数 ÷ 应有值数', 'values present ÷ fields of the rows taken'),
('accuracy', 5, '准确率', 'Accuracy', '接收的行数 ÷ 报送的行数', 'rows taken ÷ rows handed in'),
('consistency', 6, '一致率', 'Consistency', '与其他部门不矛盾的行数 ÷ 接收的行数', 'rows that no other department contradicts ÷ rows taken'),
('correction', 7, '问题数据整改率', 'Correction rate', '本月整改的拒收行数 ÷ 月初未整改与本月新增之和', 'rejected rows corrected in the month ÷ those open at its begin or new in it'),
('query_success', 8, '查询成功率', 'Query success', '获答复的查询数 ÷ 查询总数', 'questions answered ÷ questions asked at the nodes'),
('objections', 9, '异议处理率', 'Objection handling', '按期办结的异议数 ÷ 应办结的异议数', 'objections settled in time ÷ objections due'),
('use', 10, '应用率', 'Use', '本月被查询使用的项数 ÷ 有数据的项数', 'items shown in answers in the month ÷ items covered');

CREATE TABLE assessment_weights (
	version integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	from_month date NOT NULL CHECK (from_month = date_trunc('month', from_month::timestamp)::date),
	weights json NOT NULL,
	set_by text COLLATE "C" NOT NULL,
	set_at timestamptz NOT NULL
);
COMMENT ON TABLE assessment_weights IS 'Versions of the weights, none ever changed; the newest whose from_month is not later counts for a month.';
COMMENT ON COLUMN assessment_weights.weights IS 'Indicator to whole number; one that is not named weighs nothing.';
COMMENT ON COLUMN assessment_weights.set_by IS 'The operator''s code; empty: shipped.';

INSERT INTO assessment_weights (from_month, weights, set_by, set_at) VALUES ('2000-01-01',
	'{"coverage":15,"timeliness":15,"frequency":10,"completeness":10,"accuracy":15,"consistency":10,"correction":10,"query_success":5,"objections":5,"use":5}',
	'', '2000-01-01');

CREATE TABLE assessment_published (
	month date PRIMARY KEY,
	document text NOT NULL,
	jws text NOT NULL,
	published_by text COLLATE "C" NOT NULL,
	published_at timestamptz NOT NULL
);
COMMENT ON TABLE assessment_published IS 'Months that are frozen: what was published is what is shown from then on.';
COMMENT ON COLUMN assessment_published.document IS 'The exact text that is signed.';

CREATE INDEX finding_row_closed ON finding_row (closed_at) WHERE rejected;

CREATE FUNCTION network_day(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$
SELECT ((moment AT TIME ZONE 'UTC') + interval '8 hours')::date
$$;
COMMENT ON FUNCTION network_day(timestamptz) IS 'Days are those of UTC+8.';

CREATE FUNCTION network_midnight(day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
SELECT (day::timestamp - interval '8 hours') AT TIME ZONE 'UTC'
$$;

-- Control records as they were.
CREATE FUNCTION control_at(which integer, moment timestamptz) RETURNS TABLE (subject text, document text)
LANGUAGE sql STABLE AS $$
SELECT r.subject, r.fields->>'document' FROM record r
	WHERE r.stream = '0000' AND r.item = which AND r.state <> 4 AND r.known_from < moment
UNION ALL SELECT h.subject, h.fields->>'document' FROM record_history h
	WHERE h.stream = '0000' AND h.item = which AND h.state <> 4 AND h.known_from < moment AND h.known_to >= moment
$$;

CREATE FUNCTION catalogue_at(moment timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb
FROM (SELECT split_part(document, '.', 2) AS p FROM control_at(60001, moment) WHERE subject = 'catalogue' OFFSET 0) x
$$;

-- What each department owes, by the list and the catalogue of that moment.
CREATE FUNCTION duty_at(moment timestamptz) RETURNS TABLE (provider text, item integer, cadence text, unit text,
	step interval, step_days integer, division text, since date)
LANGUAGE sql STABLE AS $$
WITH items AS MATERIALIZED (
	SELECT (i->>'number')::integer AS item, i->>'cadence' AS cadence, COALESCE(i->>'division', '') AS division
	FROM jsonb_array_elements(catalogue_at(moment)->'items') i
), listed AS (
	SELECT subject, min(known_from) AS since FROM (
		SELECT r.subject, r.known_from FROM record r WHERE r.stream = '0000' AND r.item = 60002
		UNION ALL SELECT h.subject, h.known_from FROM record_history h WHERE h.stream = '0000' AND h.item = 60002) v
	GROUP BY subject
)
SELECT m.document->>'code', i.item, i.cadence, u.unit, u.step, u.days, i.division, network_day(l.since)
FROM (SELECT subject, document::jsonb FROM control_at(60002, moment) OFFSET 0) m
JOIN listed l ON l.subject = m.subject
CROSS JOIN jsonb_array_elements_text(m.document->'items') n
JOIN items i ON i.item = n::integer
JOIN (VALUES ('daily', 'day', interval '1 day', 1), ('weekly', 'week', interval '7 days', 7),
	('monthly', 'month', interval '1 month', 31), ('quarterly', 'quarter', interval '3 months', 92),
	('yearly', 'year', interval '1 year', 366)) u (cadence, unit, step, days) ON u.cadence = i.cadence
WHERE m.document->>'kind' = 'department' AND m.document->>'status' = 'active'
$$;
COMMENT ON FUNCTION duty_at(timestamptz) IS 'Items that each active department owes; division: of an item of one province; since: the day the department came onto the list.';

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
CREATE FUNCTION assessment_facts(first date, today date) RETURNS TABLE (kind text, unit text, code text, has numeric, total numeric)
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

CREATE FUNCTION assessment_weights_of(month date) RETURNS TABLE (version integer, code text, weight integer)
LANGUAGE sql STABLE AS $$
SELECT w.version, e.key, e.value::integer FROM (SELECT * FROM assessment_weights a WHERE a.from_month <= month
	ORDER BY a.version DESC LIMIT 1) w, json_each_text(w.weights) e
$$;

-- A score is the mean of the indicators that have data, by their weights, of
-- 100; `covered` is the share of the weights that had data, in percent.
CREATE FUNCTION assessment_rows(month date, today date) RETURNS TABLE (kind text, unit text, name text, score numeric,
	covered integer, rank bigint, indicators json)
LANGUAGE sql STABLE AS $$
WITH fact AS MATERIALIZED (
	SELECT * FROM assessment_facts(month, today)
), weight AS (
	SELECT i.code, i.place, COALESCE(w.weight, 0) AS weight FROM assessment_indicator i
	LEFT JOIN assessment_weights_of(month) w ON w.code = i.code
), cell AS (
	SELECT u.kind, u.unit, w.code, w.place, w.weight, f.has, f.total, f.has / f.total AS value
	FROM (SELECT DISTINCT f.kind, f.unit FROM fact f
		WHERE f.kind <> 'department' OR f.code = 'coverage') u CROSS JOIN weight w
	LEFT JOIN fact f ON f.kind = u.kind AND f.unit = u.unit AND f.code = w.code AND f.total > 0
), scored AS (
	SELECT c.kind, c.unit,
		round(100 * sum(c.weight * c.value) / NULLIF(sum(c.weight) FILTER (WHERE c.value IS NOT NULL), 0), 2) AS score,
		COALESCE(round(100.0 * sum(c.weight) FILTER (WHERE c.value IS NOT NULL) / NULLIF(sum(c.weight), 0)), 0)::integer AS covered,
		json_object_agg(c.code, CASE WHEN c.value IS NOT NULL THEN json_build_object('has', trim_scale(round(c.has, 3)),
			'of', trim_scale(round(c.total, 3)), 'value', round(c.value, 4)) END ORDER BY c.place) AS indicators
	FROM cell c GROUP BY c.kind, c.unit
), called AS MATERIALIZED (
	SELECT subject AS unit, document::jsonb->>'name' AS name
	FROM control_at(60002, network_midnight((month + interval '1 month')::date))
	UNION ALL SELECT e->>'code', e->>'zh' FROM jsonb_array_elements(
		catalogue_at(network_midnight((month + interval '1 month')::date))->'code_lists') l, jsonb_array_elements(l->'codes') e
	WHERE l->>'name' IN ('province', 'division')
)
SELECT s.kind, s.unit, COALESCE((SELECT min(c.name) FROM called c WHERE c.unit = s.unit), ''), s.score, s.covered,
	CASE WHEN s.score IS NOT NULL THEN rank() OVER (PARTITION BY s.kind, s.score IS NULL ORDER BY s.score DESC) END, s.indicators
FROM scored s
$$;

CREATE FUNCTION assessment_lists(month date, today date) RETURNS TABLE (kind text, rows json) LANGUAGE sql STABLE AS $$
SELECT r.kind, json_agg(json_build_object('rank', r.rank, 'unit', r.unit, 'name', r.name, 'score', r.score,
	'covered', r.covered, 'indicators', r.indicators) ORDER BY r.rank NULLS LAST, r.unit)
FROM assessment_rows(month, today) r GROUP BY r.kind
$$;

-- What every answer begins with.
CREATE FUNCTION assessment_basis(month date) RETURNS TABLE (version integer, definitions json) LANGUAGE sql STABLE AS $$
SELECT max(w.version), json_agg(json_build_object('code', i.code, 'zh', i.zh, 'en', i.en, 'formula_zh', i.formula_zh,
	'formula_en', i.formula_en, 'weight', COALESCE(w.weight, 0)) ORDER BY i.place)
FROM assessment_indicator i LEFT JOIN assessment_weights_of(month) w ON w.code = i.code
$$;

-- All of a month, to be signed.
CREATE FUNCTION assessment_document(month date, today date, by_whom text, moment timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
WITH list AS MATERIALIZED (SELECT * FROM assessment_lists(month, today)), kinds (place, kind) AS (
	VALUES (1, 'department'), (2, 'province'), (3, 'city'), (4, 'nation'))
SELECT json_build_object('month', to_char(month, 'YYYY-MM'), 'published_by', by_whom,
	'published_at', to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
	'weights_version', b.version, 'definitions', b.definitions,
	'assessment', (SELECT json_object_agg(k.kind, COALESCE(l.rows, '[]') ORDER BY k.place)
		FROM kinds k LEFT JOIN list l ON l.kind = k.kind))::text
FROM assessment_basis(month) b
$$;

-- The nation's row of a month, as it was published if it was.
CREATE FUNCTION assessment_nation(first date, today date) RETURNS json LANGUAGE sql STABLE AS $$
SELECT CASE WHEN EXISTS (SELECT FROM assessment_published p WHERE p.month = first)
THEN (SELECT p.document::json->'assessment'->'nation'->0 FROM assessment_published p WHERE p.month = first)
ELSE (SELECT l.rows->0 FROM assessment_lists(first, today) l WHERE l.kind = 'nation') END
$$;

CREATE FUNCTION assessment_trend(last date, today date) RETURNS json LANGUAGE sql STABLE AS $$
SELECT COALESCE(json_agg(json_build_object('rank', x.rank, 'unit', to_char(x.month, 'YYYY-MM'), 'name', '', 'score', x.one->'score',
	'covered', x.one->'covered', 'indicators', x.one->'indicators') ORDER BY x.month), '[]')
FROM (SELECT y.*, CASE WHEN y.one->>'score' IS NOT NULL THEN rank() OVER (PARTITION BY y.one->>'score' IS NULL
		ORDER BY (y.one->>'score')::numeric DESC) END AS rank
	FROM (SELECT m::date AS month, assessment_nation(m::date, today) AS one
		FROM generate_series(last - interval '11 months', last, interval '1 month') m OFFSET 0) y WHERE y.one IS NOT NULL) x
$$;

CREATE FUNCTION assessment_state(first date, today date) RETURNS text LANGUAGE sql STABLE AS $$
SELECT CASE WHEN EXISTS (SELECT FROM assessment_published p WHERE p.month = first) THEN 'published'
	WHEN today < first + interval '1 month' THEN 'open' ELSE 'unpublished' END
$$;

-- What GET /v1/assessment says; `which`: department, province, city, nation,
-- or month for the nation's last twelve.
CREATE FUNCTION assessment_answer(first date, today date, which text) RETURNS json LANGUAGE sql STABLE AS $$
SELECT json_build_object('month', to_char(first, 'YYYY-MM'), 'by', which, 'state', assessment_state(first, today),
	'published_at', d.document->'published_at', 'published_by', d.document->'published_by',
	'weights_version', COALESCE(d.document->'weights_version', to_json(b.version)),
	'definitions', COALESCE(d.document->'definitions', b.definitions),
	'rows', CASE WHEN which = 'month' THEN assessment_trend(first, today)
		WHEN d.document IS NOT NULL THEN d.document->'assessment'->which
		ELSE COALESCE((SELECT l.rows FROM assessment_lists(first, today) l WHERE l.kind = which), '[]') END)
FROM assessment_basis(first) b LEFT JOIN (SELECT document::json FROM assessment_published WHERE month = first) d ON true
$$;

-- The same as RFC 4180 text; names are quoted, and cannot begin a formula.
CREATE FUNCTION assessment_csv(answer json) RETURNS text LANGUAGE sql STABLE AS $$
WITH code AS MATERIALIZED (
	SELECT c.o->>'code' AS code, c.place FROM json_array_elements(answer->'definitions') WITH ORDINALITY c (o, place)
)
SELECT 'rank,unit,name,score,covered,' || (SELECT string_agg(c.code, ',' ORDER BY c.place) FROM code c) || E'\r\n'
	|| COALESCE(string_agg(concat_ws(',', COALESCE(r.o->>'rank', ''), r.o->>'unit',
		'"' || regexp_replace(replace(r.o->>'name', '"', '""'), '^([=+@-])', E'''\\1') || '"',
		COALESCE(r.o->>'score', ''), r.o->>'covered', (SELECT string_agg(COALESCE(r.o->'indicators'->c.code->>'value', ''), ','
			ORDER BY c.place) FROM code c)) || E'\r\n', '' ORDER BY r.place), '')
FROM json_array_elements(answer->'rows') WITH ORDINALITY r (o, place)
$$;
