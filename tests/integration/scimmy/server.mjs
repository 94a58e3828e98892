// SPDX-License-Identifier: ISC
// SCIMMY as a tenant: its User resource on a Map, behind a bearer token, on a free port of loopback.
//
//     TOKEN=… node server.mjs [--no-patch] [--no-filter] [--max-results N] [--drop ATTRIBUTE]...
//
// Prints its port and stops when its input ends.  What the protocol means is SCIMMY's business; here
// are only the store and a way for tests to look behind the scenes:
//
//     GET /_log?since=N     requests, oldest first: sequence, method, path, status, body
//     GET /_users           what is stored
//     POST /_users          stores as it is (a userName, an id if need be)
//     PATCH /_users/ID      changes members, as somebody at a screen would; DELETE forgets an account
//
// --no-patch     says that PATCH does not work and answers it with 501
// --no-filter    the same for filters, with 403 and tooMany
// --max-results  the most users of a page
// --drop         takes an attribute out of the schema: SCIMMY then drops it without a word
import crypto from "node:crypto";
import { parseArgs } from "node:util";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const BASE = "/scim/v2";
const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";
const { values: options } = parseArgs({
    options: {
        "no-patch": { type: "boolean", default: false },
        "no-filter": { type: "boolean", default: false },
        "max-results": { type: "string", default: "200" },
        drop: { type: "string", multiple: true, default: [] },
    },
});
const token = process.env.TOKEN;
if (!token) throw new Error("TOKEN is not set");

// ---- the store ----

const users = new Map();
const fold = (text) => String(text).toLowerCase();

function find(id) {
    const user = users.get(id);
    if (!user) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    return user;
}

function store(id, data) {
    for (const other of users.values()) {
        if (other.id !== id && fold(other.userName) === fold(data.userName))
            throw new SCIMMY.Types.Error(409, "uniqueness", "A user with this userName is there already");
    }
    const now = new Date().toISOString();
    const created = users.get(id)?.meta.created ?? now;
    const user = { ...structuredClone(data), id: id ?? crypto.randomUUID(), meta: { created, lastModified: now } };
    users.set(user.id, user);
    return user;
}

SCIMMY.Resources.declare(SCIMMY.Resources.User)
    .ingress((resource, data) => {
        if (resource.id) find(resource.id);
        return store(resource.id, JSON.parse(JSON.stringify(data)));
    })
    .egress((resource) => {
        if (resource.id) return find(resource.id);
        const all = [...users.values()];
        return resource.filter ? resource.filter.match(all) : all;
    })
    .degress((resource) => {
        find(resource.id);
        users.delete(resource.id);
    });
for (const attribute of options.drop) SCIMMY.Resources.User.schema.definition.truncate(attribute);

// ---- HTTP ----

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use(express.json({ type: ["application/scim+json", "application/json"] }));

const log = [];
app.use(BASE, (request, response, next) => {
    response.on("finish", () => log.push({
        sequence: log.length + 1, method: request.method, path: request.originalUrl.slice(BASE.length),
        status: response.statusCode, body: ["POST", "PUT", "PATCH"].includes(request.method) ? request.body : null,
    }));
    next();
});

const refuse = (response, status, scimType, detail) =>
    response.status(status).type("application/scim+json").send({ schemas: [ERROR], status: `${status}`, scimType, detail });
app.use(BASE, (request, response, next) => {
    if (options["no-patch"] && request.method === "PATCH")
        refuse(response, 501, undefined, "PATCH is not supported");
    else if (options["no-filter"] && "filter" in request.query)
        refuse(response, 403, "tooMany", "Filters are not supported");
    else
        next();
});
app.use(BASE, new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.get("Authorization") !== `Bearer ${token}`) throw new Error("The token is wrong");
        return "agent";
    },
}));
SCIMMY.Config.set({
    patch: { supported: !options["no-patch"] },
    filter: { supported: !options["no-filter"], maxResults: Number(options["max-results"]) },
    bulk: { supported: false },
});

app.get("/_log", (request, response) => response.json(log.slice(Number(request.query.since ?? 0))));
app.get("/_users", (_, response) => response.json([...users.values()]));
app.post("/_users", (request, response) => response.json(store(request.body.id, request.body)));
app.patch("/_users/:id", (request, response) =>
    response.json(store(request.params.id, { ...find(request.params.id), ...request.body })));
app.delete("/_users/:id", (request, response) => response.json(users.delete(request.params.id)));

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
server.keepAliveTimeout = 60000;
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
