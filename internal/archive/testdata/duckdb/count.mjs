// Prints the lines of an archive by day, hour and area, as JSON: the query that
// the guide documents, run by DuckDB.
import { DuckDBInstance } from '@duckdb/node-api';

const glob = process.argv[2];
const db = await (await DuckDBInstance.create(':memory:')).connect();
const result = await db.runAndReadAll(`
  SELECT CAST(dt AS VARCHAR) AS dt, domain, area, CAST(hour AS VARCHAR) AS hour, count(*)::INTEGER AS lines
  FROM read_json('${glob.replaceAll("'", "''")}', format = 'newline_delimited', compression = 'gzip',
                 hive_partitioning = true, hive_types = {dt: DATE, hour: VARCHAR})
  GROUP BY ALL ORDER BY ALL`);
console.log(JSON.stringify(result.getRowObjectsJson()));
