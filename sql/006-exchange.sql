-- Where the hub stands in the exchange databases that it pulls from.  A place
-- moves in the transaction that takes in the rows before it.

CREATE TABLE exchange_place (
	source text COLLATE "C" PRIMARY KEY,
	provider text COLLATE "C" NOT NULL,
	item integer NOT NULL,
	described text COLLATE "C" NOT NULL,
	place text COLLATE "C" NOT NULL,
	rows bigint NOT NULL,
	batch text COLLATE "C" NOT NULL,
	moved_at timestamptz NOT NULL
);
COMMENT ON TABLE exchange_place IS 'How far each exchange database has been read: every row up to the place is in a committed or held batch, none behind it is.';
COMMENT ON COLUMN exchange_place.source IS 'Its name in the file of sources.';
COMMENT ON COLUMN exchange_place.described IS 'Table, cursor and key columns that the place is about, as JSON; another description is another source.';
COMMENT ON COLUMN exchange_place.place IS 'Cursor and key of the last row, as a JSON array of texts.';
COMMENT ON COLUMN exchange_place.rows IS 'Rows pulled up to there.';
COMMENT ON COLUMN exchange_place.batch IS 'feed_batch.id of the batch that ends there.';
