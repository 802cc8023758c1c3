// jsforce drives the fake Salesforce: pages of a query, collections, bulk jobs, refusals.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import jsforce from "jsforce";

const { url, token, owner, accounts } = JSON.parse(readFileSync(0, "utf8"));
const sales = new jsforce.Connection({ instanceUrl: url, accessToken: token, version: "65.0" });
sales.bulk2.pollInterval = 20;

const query = "SELECT Id, Name, Owner.Name FROM Account";
const found = (await sales.query(query, { autoFetch: true, maxFetch: 10000 })).records;
assert.equal(new Set(found.map((row) => row.Id)).size, accounts.length);
assert.equal(found[0].Owner.Name, "House");

const described = await sales.sobject("Account").describe();
assert.equal(described.fields.find((field) => field.name === "OwnerId").updateable, true);

const few = accounts.slice(0, 450).map((Id) => ({ Id, OwnerId: owner }));
const told = await sales.sobject("Account").update(few, { allowRecursive: true });
assert.equal(told.length, 450);
assert.ok(told.every((row) => row.success));
const refused = await sales.sobject("Account").update([{ Id: accounts[0], OwnerId: "0055g00000ZZZZZAAC" }]);
assert.equal(refused[0].errors[0].errorCode ?? refused[0].errors[0].statusCode, "INVALID_CROSS_REFERENCE_KEY");

const many = accounts.map((Id) => ({ Id, OwnerId: owner }));
const job = await sales.bulk2.loadAndWaitForResults({ object: "Account", operation: "update", input: many, pollTimeout: 60000, pollInterval: 20 });
assert.equal(job.successfulResults.length, accounts.length);
assert.equal(job.failedResults.length, 0);
const rows = await (await sales.bulk2.query("SELECT Id, OwnerId FROM Account", { pollTimeout: 60000, pollInterval: 20 })).toArray();
assert.equal(rows.length, accounts.length);
assert.ok(rows.every((row) => row.OwnerId === owner));

await assert.rejects(() => sales.query("SELECT Nothing FROM Account"), { errorCode: "INVALID_FIELD" });
await assert.rejects(() => sales.query("SELECT Id FROM Nothing"), { errorCode: "INVALID_TYPE" });
const limits = await sales.limits();
assert.equal(limits.DailyApiRequests.Max, sales.limitInfo.apiUsage.limit);
console.log(`jsforce: ${found.length} accounts read, ${few.length} written by collections, ${many.length} by a job`);
