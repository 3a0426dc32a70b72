-- Trino, with a hive catalog that sets hive.allow-register-partition-procedure=true.
-- Set the bucket and the columns you need (a log line has more), partitions last.
CREATE TABLE hive.logs.edgeone_l7 (
  RequestID varchar,
  ClientIP varchar,
  RequestTime varchar,
  RequestHost varchar,
  RequestMethod varchar,
  RequestUrl varchar,
  EdgeResponseStatusCode integer,
  EdgeResponseBytes bigint,
  dt varchar,
  domain varchar,
  area varchar,
  hour varchar
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://logs/edgeone/',
  partitioned_by = ARRAY['dt', 'domain', 'area', 'hour']
);

-- Run the statements that partitions.sh prints here.

SELECT dt, domain, area, hour, count(*) AS requests
FROM hive.logs.edgeone_l7
WHERE dt = '2026-05-04'
GROUP BY dt, domain, area, hour
ORDER BY dt, domain, area, hour;
