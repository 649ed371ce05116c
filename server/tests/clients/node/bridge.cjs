// Makes a published client's object and calls it for a test: one line of JSON in, one line of JSON out.
// `bridge.cjs MODULE`: the module is a package, or a file beside this one; the first line has what its class is given.
"use strict";

const path = require("node:path");
const readline = require("node:readline");

const named = process.argv[2];
const Client = require(named.endsWith(".cjs") ? path.join(__dirname, named) : require.resolve(named, { paths: [process.cwd()] }));
let client;

function plain(value) {
  if (typeof value !== "object") return value === undefined ? null : value;
  if (value && value.config && "status" in value) return { status: value.status, headers: value.headers, data: value.data };
  if (value && "statusCode" in value) return { status: value.statusCode, headers: value.headers, data: value.body };
  return value;
}

async function call({ steps, arguments: given }) {
  if (client === undefined) {
    client = new Client(...given);
    return null;
  }
  let owner;
  let found = client;
  for (const step of steps) [owner, found] = [found, found[step]];
  return plain(typeof found === "function" ? await found.apply(owner, given) : found);
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = { result: await call(JSON.parse(line)) };
    } catch (error) {
      const response = error && error.response;
      answer = {
        error: (error && error.name) || "string",
        text: response ? JSON.stringify({ status: response.status, data: response.data }) : String((error && error.message) || error),
      };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}

main();
