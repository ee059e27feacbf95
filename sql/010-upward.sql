-- What nodes tell of their trails: how much was asked, and proof that no
-- trail is rewritten.  Rows are of nodes, not of divisions: not distributed.

CREATE TABLE usage_hourly (
	node text COLLATE "C" NOT NULL,
	hour timestamptz NOT NULL,
	member text COLLATE "C" NOT NULL,
	action text COLLATE "C" NOT NULL,
	purpose smallint NOT NULL,
	item integer NOT NULL,
	questions bigint NOT NULL,
	refused bigint NOT NULL,
	PRIMARY KEY (node, hour, member, action, purpose, item)
);
CREATE INDEX usage_hourly_hour ON usage_hourly (hour);
COMMENT ON TABLE usage_hourly IS 'Questions by node, hour, member, action, purpose and item, from the entries of the nodes'' trails; each entry counts once.';
COMMENT ON COLUMN usage_hourly.member IS 'Who asked: the organisation code of its certificate.';
COMMENT ON COLUMN usage_hourly.action IS 'As in the trail: report, enterprise, consent, revocation.';
COMMENT ON COLUMN usage_hourly.item IS '0: the question as a whole; else an item that was shown, at least in part.';
COMMENT ON COLUMN usage_hourly.refused IS 'Of the questions; always 0 for items.';

CREATE TABLE node_trail (
	code text COLLATE "C" PRIMARY KEY,
	next bigint NOT NULL,
	edge bytea NOT NULL,
	checked bigint NOT NULL,
	reported_at timestamptz NOT NULL,
	forked_at timestamptz
);
COMMENT ON TABLE node_trail IS 'How far each node''s trail is counted.';
COMMENT ON COLUMN node_trail.next IS 'First index that was not counted.';
COMMENT ON COLUMN node_trail.edge IS 'Right edge of the Merkle tree over the leaves so far: its complete subtrees, largest first.';
COMMENT ON COLUMN node_trail.checked IS 'Size of the newest checkpoint whose root is that of the leaves.';
COMMENT ON COLUMN node_trail.forked_at IS 'When a signed checkpoint had another root than the leaves that came before it; null: never.';

CREATE TABLE node_checkpoint (
	code text COLLATE "C" NOT NULL,
	hour timestamptz NOT NULL,
	size bigint NOT NULL,
	root bytea NOT NULL,
	note bytea NOT NULL,
	received_at timestamptz NOT NULL,
	PRIMARY KEY (code, hour)
);
COMMENT ON TABLE node_checkpoint IS 'The largest checkpoint of each node and hour, signature checked: what it cannot take back.';
