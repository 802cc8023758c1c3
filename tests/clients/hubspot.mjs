// HubSpot's own client drives the fake HubSpot: pages, owners, batches, properties, search, tokens, refusals.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import hubspot from "@hubspot/api-client";

const { url, login, jane, idle, companies, names } = JSON.parse(readFileSync(0, "utf8"));
const { clientId, secret, refresh } = login;
const spot = new hubspot.Client({ basePath: url, numberOfApiCallRetries: 3 });
const token = await spot.oauth.tokensApi.create("refresh_token", undefined, undefined, clientId, secret, refresh);
assert.equal(token.expiresIn, 1800);
spot.setAccessToken(token.accessToken);

const refused = async (act, code, category) => {
  const error = await act().then(() => assert.fail("it was not refused"), (raised) => raised);
  assert.equal(error.code, code);
  assert.equal(error.body.category, category);
  return error.body;
};

const owners = (await spot.crm.owners.ownersApi.getPage()).results;
assert.deepEqual(owners.map((owner) => owner.id), [jane]);
assert.equal(owners[0].teams[0].name, "West");
const archived = (await spot.crm.owners.ownersApi.getPage(undefined, undefined, 100, true)).results;
assert.deepEqual(archived.map((owner) => [owner.id, owner.userId ?? null]), [[idle, null]]);

const found = await spot.crm.companies.getAll(undefined, undefined, ["name", "hubspot_owner_id"]);
assert.deepEqual(found.map((company) => company.id), companies);
assert.deepEqual(new Set(found.map((company) => company.properties.name)), new Set(names));
assert.ok(found.every((company) => company.updatedAt instanceof Date));

const properties = { hubspot_owner_id: jane };
for (let at = 0; at < companies.length; at += 100) {
  const inputs = companies.slice(at, at + 100).map((id) => ({ id, properties, objectWriteTraceId: `t${id}` }));
  const told = await spot.crm.companies.batchApi.update({ inputs });
  assert.deepEqual(new Set(told.results.map((company) => company.id)), new Set(inputs.map((input) => input.id)));
  assert.ok(told.results.every((company) => company.objectWriteTraceId === `t${company.id}`));
}
const [one, two] = companies;
const bad = [{ id: one, properties, objectWriteTraceId: "a" }, { id: two, properties: { hubspot_owner_id: idle }, objectWriteTraceId: "b" }];
const mixed = await spot.crm.companies.batchApi.update({ inputs: bad });
assert.equal(mixed.numErrors, 1);
assert.deepEqual(mixed.errors[0].context.objectWriteTraceId, ["b"]);
const blind = { inputs: bad.map(({ id, properties }) => ({ id, properties })) };
const body = await refused(() => spot.crm.companies.batchApi.update(blind), 400, "VALIDATION_ERROR");
assert.deepEqual(body.errors[0].context.propertyName, ["hubspot_owner_id"]);
const asked = { inputs: [{ id: one }, { id: "404" }], properties: ["name"], propertiesWithHistory: [] };
const read = await spot.crm.companies.batchApi.read(asked);
assert.deepEqual(read.errors[0].context.ids, ["404"]);

const option = (value, displayOrder) => ({ value, label: value, displayOrder, hidden: false });
const shape = { name: "territory", label: "Territory", groupName: "territories", type: "enumeration", fieldType: "select" };
await spot.crm.properties.groupsApi.create("companies", { name: "territories", label: "Territories" });
const made = await spot.crm.properties.coreApi.create("companies", { ...shape, options: [option("west", 0)] });
assert.equal(made.modificationMetadata.readOnlyValue, false);
await spot.crm.properties.coreApi.update("companies", "territory", { options: [option("west", 0), option("east", 1)] });
await spot.crm.companies.basicApi.update(one, { properties: { territory: "east" } });
await refused(() => spot.crm.companies.basicApi.update(one, { properties: { territory: "north" } }), 400, "VALIDATION_ERROR");

const filters = [{ propertyName: "territory", operator: "EQ", value: "east" }];
const search = { filterGroups: [{ filters }], sorts: [], properties: ["territory"], limit: 200, after: "0" };
const hits = await spot.crm.companies.searchApi.doSearch(search);
assert.deepEqual([hits.total, hits.results[0].id], [1, one]);

await refused(() => spot.crm.companies.basicApi.getById("404"), 404, "OBJECT_NOT_FOUND");
spot.setAccessToken("no such token");
await refused(() => spot.crm.companies.basicApi.getPage(), 401, "INVALID_AUTHENTICATION");
console.log(`@hubspot/api-client: ${found.length} companies read and written by batches, ${owners.length + archived.length} owners`);
