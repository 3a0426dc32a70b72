-- Trino, with a hive catalog that sets hive.recursive-directories=true.
-- Set the bucket and the columns you need (a log line has more), the partition last.
CREATE TABLE hive.logs.edgeone_l7 (
  RequestID varchar,
  ClientIP varchar,
  RequestTime varchar,
  RequestHost varchar,
  RequestMethod varchar,
  RequestUrl varchar,
  EdgeResponseStatusCode integer,
  EdgeResponseBytes bigint,
  dt varchar
)
WITH (format = 'OPENX_JSON', external_location = 's3://logs/edgeone/', partitioned_by = ARRAY['dt']);

-- The ledger, line by line, and the records.
CREATE TABLE hive.logs.edgeone_ledger (line varchar)
WITH (format = 'TEXTFILE', external_location = 's3://logs/edgeone/.teo-archive/ledger/');

CREATE TABLE hive.logs.edgeone_records (bag varchar, path varchar)
WITH (format = 'OPENX_JSON', external_location = 's3://logs/edgeone/.teo-archive/records/');

-- The current versions: of each package the one that was committed last.
CREATE VIEW hive.logs.edgeone_files AS
WITH entries AS (
  SELECT max(regexp_extract(line, '^  "commit": "([0-9a-f]{32})"', 1)) AS commit,
         max(CAST(regexp_extract(line, '^  "sequence": ([0-9]+)', 1) AS bigint)) AS sequence
  FROM hive.logs.edgeone_ledger
  GROUP BY "$path"
  HAVING bool_or(line LIKE '  "records": {%')
)
SELECT 's3://logs/edgeone/' || max_by(r.bag || '/' || r.path, e.sequence) AS file
FROM hive.logs.edgeone_records r
JOIN entries e ON e.commit = regexp_extract(r."$path", '([0-9a-f]{32})\.jsonl$', 1)
GROUP BY substr(r.bag, 1, 13), r.path;

-- Once a day, before the queries:
CALL hive.system.sync_partition_metadata('logs', 'edgeone_l7', 'ADD');

SELECT dt,
       regexp_extract("$path", '/domain=([^/]*)/', 1) AS domain,
       regexp_extract("$path", '/area=([^/]*)/', 1) AS area,
       regexp_extract("$path", '/hour=([^/]*)/', 1) AS hour,
       count(*) AS requests
FROM hive.logs.edgeone_l7
WHERE dt = '2026-05-04' AND "$path" IN (SELECT file FROM hive.logs.edgeone_files)
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;
