// Runs the SQL of a file in the working folder, and prints the rows as JSON:
//
//	node query.mjs query.sql
import { readFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';

const sql = await readFile(process.argv[2], 'utf8');
const db = await (await DuckDBInstance.create(':memory:')).connect();
const result = await db.runAndReadAll(sql);
console.log(JSON.stringify(result.getRowObjectsJson()));
