-- DuckDB: duckdb -c ".read query.sql", in the folder of the archive.
SELECT dt, domain, area, hour, count(*) AS requests
FROM read_json('dt=*/data/**/*.log.gz', format = 'newline_delimited', compression = 'gzip',
               hive_partitioning = true, hive_types = {dt: DATE, hour: VARCHAR})
GROUP BY ALL
ORDER BY ALL;
