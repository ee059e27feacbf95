-- What departments ask about themselves, at the cost of what is shown.

CREATE INDEX feed_batch_provider ON feed_batch (provider, number);
CREATE INDEX finding_row_batch ON finding_row (batch) WHERE closed_by IS NULL;

CREATE TABLE usage_item_daily (
	item integer NOT NULL,
	day date NOT NULL,
	purpose smallint NOT NULL,
	questions bigint NOT NULL,
	PRIMARY KEY (item, day, purpose)
);
COMMENT ON TABLE usage_item_daily IS 'usage_hourly of items (none of item 0) summed over nodes and members, in the same transaction.';
COMMENT ON COLUMN usage_item_daily.day IS 'Eight hours east of Greenwich.';

CREATE FUNCTION usage_item_daily_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO usage_item_daily AS u SELECT item, (hour AT TIME ZONE 'UTC' + interval '8 hours')::date, purpose, sum(questions)
	FROM fresh WHERE item > 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (item, day, purpose) DO UPDATE SET questions = u.questions + excluded.questions;
	RETURN NULL;
END
$$;
CREATE FUNCTION usage_item_daily_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO usage_item_daily AS u SELECT item, (hour AT TIME ZONE 'UTC' + interval '8 hours')::date, purpose,
		sum(n.questions - o.questions)
	FROM fresh n JOIN stale o USING (node, hour, member, action, purpose, item)
	WHERE item > 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	ON CONFLICT (item, day, purpose) DO UPDATE SET questions = u.questions + excluded.questions;
	RETURN NULL;
END
$$;
CREATE TRIGGER usage_item_daily_insert AFTER INSERT ON usage_hourly REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION usage_item_daily_add();
CREATE TRIGGER usage_item_daily_update AFTER UPDATE ON usage_hourly REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
	FOR EACH STATEMENT EXECUTE FUNCTION usage_item_daily_change();

INSERT INTO usage_item_daily SELECT item, (hour AT TIME ZONE 'UTC' + interval '8 hours')::date, purpose, sum(questions)
	FROM usage_hourly WHERE item > 0 GROUP BY 1, 2, 3;
