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
PARTITIONED BY (`dt` string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
-- A day contains the tag files of its bags, too. No query below reads their lines.
WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true')
LOCATION 's3://logs/edgeone/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-05-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://logs/edgeone/dt=${dt}/'
);

-- The ledger, line by line, and the records.
CREATE EXTERNAL TABLE edgeone_ledger (line string)
LOCATION 's3://logs/edgeone/.teo-archive/ledger/';

CREATE EXTERNAL TABLE edgeone_records (bag string, path string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION 's3://logs/edgeone/.teo-archive/records/';

-- The current versions: of each package the one that was committed last.
CREATE VIEW edgeone_files AS
WITH entries AS (
  SELECT max(regexp_extract(line, '^  "commit": "([0-9a-f]{32})"', 1)) AS commit,
         max(CAST(regexp_extract(line, '^  "sequence": ([0-9]+)', 1) AS bigint)) AS sequence
  FROM edgeone_ledger
  GROUP BY "$path"
  HAVING bool_or(line LIKE '  "records": {%')
)
SELECT 's3://logs/edgeone/' || max_by(r.bag || '/' || r.path, e.sequence) AS file
FROM edgeone_records r
JOIN entries e ON e.commit = regexp_extract(r."$path", '([0-9a-f]{32})\.jsonl$', 1)
GROUP BY substr(r.bag, 1, 13), r.path;

SELECT dt,
       regexp_extract("$path", '/domain=([^/]*)/', 1) AS domain,
       regexp_extract("$path", '/area=([^/]*)/', 1) AS area,
       regexp_extract("$path", '/hour=([^/]*)/', 1) AS hour,
       count(*) AS requests
FROM edgeone_l7
WHERE dt = '2026-05-04' AND "$path" IN (SELECT file FROM edgeone_files)
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;
