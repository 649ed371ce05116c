import assert from "node:assert/strict";
import { test } from "node:test";

import { findingsOf } from "./validate-html.js";

const page = (body) => `<!DOCTYPE html>
<html lang="en">
<head><title>Title</title></head>
<body>${body}</body>
</html>
`;

test("finds nothing wrong with a page that is right", async () => {
  assert.deepEqual(await findingsOf([{ name: "good", html: page("<h1>Title</h1><p>Text</p>") }]), []);
});

test("says which page is wrong, by which rule and where", async () => {
  const findings = await findingsOf([
    { name: "good", html: page("<h1>Title</h1>") },
    { name: "bad", html: page('<h1>Title</h1><p id="a">A</p><p id="a">B</p>') },
  ]);

  assert.deepEqual(
    findings.map(({ name, rule, line }) => ({ name, rule, line })),
    [{ name: "bad", rule: "no-dup-id", line: 4 }],
  );
});
