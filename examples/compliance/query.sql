-- DuckDB: duckdb -c ".read query.sql", in the folder of the archive.

-- The files to read: those that committed records name, less the versions that a later
-- one supersedes and what is lost or erased. A pattern such as dt=*/**/*.log.gz would
-- also find superseded versions, and bags that were never committed.
SET VARIABLE files = (
  WITH entries AS (
    SELECT * FROM read_json('.teo-archive/ledger/*.json', format = 'unstructured', maximum_object_size = 67108864, columns = {
      commit: 'VARCHAR', records: 'STRUCT(sha256 VARCHAR)',
      lost: 'STRUCT(path VARCHAR)[]', recovered: 'STRUCT(path VARCHAR)[]', erased: 'STRUCT(path VARCHAR)[]'})
  ), versions AS (
    SELECT bag || '/' || path AS file, supersedes.path AS former
    FROM read_json('.teo-archive/records/*.jsonl', format = 'newline_delimited', filename = true, columns = {
      bag: 'VARCHAR', path: 'VARCHAR', supersedes: 'STRUCT(path VARCHAR)'})
    WHERE parse_filename(filename, true) IN (SELECT commit FROM entries WHERE records IS NOT NULL)
  ), gone AS (
    (SELECT unnest(lost).path FROM entries UNION SELECT unnest(erased).path FROM entries)
    EXCEPT SELECT unnest(recovered).path FROM entries
  )
  SELECT list(file ORDER BY file) FROM versions
  WHERE file NOT IN (SELECT former FROM versions WHERE former IS NOT NULL)
    AND file NOT IN (FROM gone)
    AND file IN (SELECT regexp_extract(replace(file, '\', '/'), 'dt=[^/]*/bag=.*') FROM glob('dt=*/bag=*/data/**/*.log.gz'))
);

SELECT dt, domain, area, hour, count(*) AS requests
FROM read_json(getvariable('files'), format = 'newline_delimited', compression = 'gzip',
               hive_partitioning = true, hive_types = {dt: DATE, hour: VARCHAR})
GROUP BY ALL
ORDER BY ALL;
