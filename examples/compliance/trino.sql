-- Trino, catalog hive with hive.allow-register-partition-procedure=true. Give the
-- bucket, and what columns you need (a log line has more), partitions last.
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

-- Here come the partitions, from partitions.sh.

SELECT dt, domain, area, hour, count(*) AS requests
FROM hive.logs.edgeone_l7
WHERE dt = '2026-05-04'
GROUP BY dt, domain, area, hour
ORDER BY dt, domain, area, hour;
