-- Athena computes the partitions from these properties; none has to be added.
-- Set the bucket, the first day and the columns you need (a log line has more).
CREATE EXTERNAL TABLE edgeone_l7 (
  RequestID string,
  ClientIP string,
  RequestTime string,
  RequestHost string,
  RequestMethod string,
  RequestUrl string,
  EdgeResponseStatusCode int,
  EdgeResponseBytes bigint
)
PARTITIONED BY (`dt` string, `domain` string, `area` string, `hour` int)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION 's3://logs/edgeone/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-05-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'projection.domain.type' = 'injected',
  'projection.area.type' = 'enum',
  'projection.area.values' = 'mainland,overseas,unknown',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://logs/edgeone/dt=${dt}/data/domain=${domain}/area=${area}/hour=${hour}/'
);

-- A query must name the domain, because its partition is "injected".
SELECT dt, domain, area, hour, count(*) AS requests
FROM edgeone_l7
WHERE domain = 'www.example.com' AND dt = '2026-05-04'
GROUP BY dt, domain, area, hour
ORDER BY dt, domain, area, hour;
