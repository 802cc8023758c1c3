// soql-parser-js, which others wrote for editors of SOQL, reads every query that the provider sent.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { composeQuery, parseQuery } from "@jetstreamapp/soql-parser-js";

const queries = JSON.parse(readFileSync(0, "utf8"));
for (const query of queries) {
  assert.deepEqual(parseQuery(composeQuery(parseQuery(query))), parseQuery(query), query);
}
assert.throws(() => parseQuery("SELECT Id FROM Account WHERE Name = 'O'Brien'"));
console.log(`soql-parser-js: ${queries.length} queries read`);
