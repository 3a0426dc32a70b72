-- DuckDB: duckdb -c ".read query.sql", in the folder of the archive.

-- The files to read: of each package the version that was committed last, unless it is
-- lost or erased. A pattern such as dt=*/**/*.log.gz would also find superseded versions,
-- and bags that were never committed.
SET VARIABLE files = (
  WITH entries AS (
    SELECT * FROM read_json('.teo-archive/ledger/*.json', format = 'unstructured', maximum_object_size = 67108864, columns = {
      sequence: 'BIGINT', commit: 'VARCHAR', records: 'STRUCT(sha256 VARCHAR)',
      lost: 'STRUCT(path VARCHAR)[]', recovered: 'STRUCT(path VARCHAR)[]', erased: 'STRUCT(path VARCHAR)[]'})
  ), gone AS (
    (SELECT unnest(lost).path FROM entries UNION SELECT unnest(erased).path FROM entries)
    EXCEPT SELECT unnest(recovered).path FROM entries
  ), current AS (
    SELECT arg_max(bag || '/' || path, sequence) AS file
    FROM read_json('.teo-archive/records/*.jsonl', format = 'newline_delimited', filename = true, columns = {
      bag: 'VARCHAR', path: 'VARCHAR'})
    JOIN entries ON parse_filename(filename, true) = commit AND records IS NOT NULL
    WHERE bag || '/' NOT IN (FROM gone)
    GROUP BY left(bag, 13), path
  )
  SELECT list(file ORDER BY file) FROM current
  WHERE file NOT IN (FROM gone)
    AND file IN (SELECT regexp_extract(replace(file, '\', '/'), 'dt=[^/]*/bag=.*') FROM glob('dt=*/bag=*/data/**/*.log.gz'))
);

SELECT dt, domain, area, hour, count(*) AS requests
FROM read_json(getvariable('files'), format = 'newline_delimited', compression = 'gzip',
               hive_partitioning = true, hive_types = {dt: DATE, hour: VARCHAR})
GROUP BY ALL
ORDER BY ALL;
