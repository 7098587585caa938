-- SigNoz: one table of spans per shard, and the one over all shards, which on one server holds the same rows.
CREATE TABLE {db}.signoz_index_v3 (
  ts_bucket_start UInt64 CODEC(DoubleDelta, LZ4),
  resource_fingerprint String CODEC(ZSTD(1)),
  timestamp DateTime64(9) CODEC(DoubleDelta, LZ4),
  trace_id FixedString(32) CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  trace_state String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  flags UInt32 CODEC(T64, ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  kind Int8 CODEC(T64, ZSTD(1)),
  kind_string String CODEC(ZSTD(1)),
  duration_nano UInt64 CODEC(T64, ZSTD(1)),
  status_code Int16 CODEC(T64, ZSTD(1)),
  status_message String CODEC(ZSTD(1)),
  status_code_string String CODEC(ZSTD(1)),
  attributes_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  attributes_number Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
  attributes_bool Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
  resources_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  events Array(String) CODEC(ZSTD(2)),
  links String CODEC(ZSTD(1)),
  response_status_code LowCardinality(String) CODEC(ZSTD(1)),
  external_http_url LowCardinality(String) CODEC(ZSTD(1)),
  http_url LowCardinality(String) CODEC(ZSTD(1)),
  http_method LowCardinality(String) CODEC(ZSTD(1)),
  http_host LowCardinality(String) CODEC(ZSTD(1)),
  db_name LowCardinality(String) CODEC(ZSTD(1)),
  db_operation LowCardinality(String) CODEC(ZSTD(1)),
  has_error Bool CODEC(T64, ZSTD(1)),
  is_remote LowCardinality(String) CODEC(ZSTD(1)),
  `resource_string_service$$name` LowCardinality(String) DEFAULT resources_string['service.name'] CODEC(ZSTD(1)),
  `resource_string_service$$name_exists` Bool DEFAULT if(mapContains(resources_string, 'service.name') != 0, true, false) CODEC(ZSTD(1))
) ENGINE = MergeTree PARTITION BY toDate(timestamp)
ORDER BY (ts_bucket_start, resource_fingerprint, has_error, name, timestamp) SETTINGS index_granularity = 8192;

CREATE VIEW {db}.distributed_signoz_index_v3 AS SELECT * FROM {db}.signoz_index_v3;
