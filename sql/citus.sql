-- The ledger over several machines: run once by the operator on a Citus
-- coordinator (13.0 or newer over PostgreSQL 15), after a first start of the
-- hub has made the schema there.  The hub then runs against the coordinator
-- as against any PostgreSQL (setting `database`).
--
-- What belongs to a division is distributed by its stream and co-located, so
-- that one division's merge stays on one machine.  What every division asks
-- for is a reference table.  Batches, findings and quality facts stay on the
-- coordinator: they are about senders, not divisions.

CREATE EXTENSION IF NOT EXISTS citus;

SELECT create_distributed_table('stream_state', 'stream', shard_count => 64);
SELECT create_distributed_table('record', 'stream', colocate_with => 'stream_state');
SELECT create_distributed_table('record_history', 'stream', colocate_with => 'stream_state');
SELECT create_distributed_table('statement', 'stream', colocate_with => 'stream_state');
SELECT create_distributed_table('change_log', 'stream', colocate_with => 'stream_state');

SELECT create_reference_table('subject');
SELECT create_reference_table('subject_move');
SELECT create_reference_table('subject_alias');
SELECT create_reference_table('subject_link');

-- Catalogue and members are records of stream 0000: one shard of `record`.
-- Workers may be added and shards moved at any time:
--   SELECT citus_add_node('worker-3', 5432); SELECT citus_rebalance_start();
