import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { FILES, copyViewer } from "./copy-viewer.js";

let folder;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "viewer-"));
  await mkdir(join(folder, "source"));
  for (const name of Object.keys(FILES)) await writeFile(join(folder, "source", name), `the text of ${name}`);
});

afterEach(() => rm(folder, { recursive: true }));

test("copies the viewer and its licences under the names that pages use", async () => {
  await copyViewer(join(folder, "source"), join(folder, "target"));
  assert.deepEqual((await readdir(join(folder, "target"))).sort(), Object.values(FILES).sort());
  assert.equal(await readFile(join(folder, "target", "swagger-ui-license.txt"), "utf8"), "the text of LICENSE");
});

test("removes what an earlier version left, and keeps the folder's .gitignore", async () => {
  await mkdir(join(folder, "target"));
  await writeFile(join(folder, "target", ".gitignore"), "*");
  await writeFile(join(folder, "target", "swagger-ui-old.js"), "old");
  await copyViewer(join(folder, "source"), join(folder, "target"));
  const names = await readdir(join(folder, "target"));
  assert.ok(names.includes(".gitignore"));
  assert.ok(!names.includes("swagger-ui-old.js"));
});

test("fails when the viewer is not installed, instead of leaving half of it", async () => {
  await rm(join(folder, "source", "swagger-ui.css"));
  await assert.rejects(copyViewer(join(folder, "source"), join(folder, "target")), { code: "ENOENT" });
});

test("the installed viewer has every file", async () => {
  assert.equal(await copyViewer(undefined, join(folder, "target")), Object.keys(FILES).length);
});
