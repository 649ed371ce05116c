// Copies the files of the API explorer's viewer to where the server serves them from, so that no page needs another host.
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const VIEWER = join(here, "../node_modules/swagger-ui-dist");
const VENDOR = join(here, "../../server/waypost/edges/session/static/vendor");

// From the name in the package to the name under /static/vendor.
export const FILES = {
  "swagger-ui-bundle.js": "swagger-ui-bundle.js",
  "swagger-ui.css": "swagger-ui.css",
  "oauth2-redirect.js": "oauth2-redirect.js",
  "LICENSE": "swagger-ui-license.txt",
  "NOTICE": "swagger-ui-notice.txt",
  "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle-licenses.txt",
};

/** Copy the viewer to `target`; files of an earlier version that are not needed any more go. */
export async function copyViewer(source = VIEWER, target = VENDOR) {
  await mkdir(target, { recursive: true });
  const wanted = new Set([...Object.values(FILES), ".gitignore"]);
  for (const name of await readdir(target)) {
    if (!wanted.has(name)) await rm(join(target, name), { recursive: true });
  }
  for (const [from, to] of Object.entries(FILES)) await copyFile(join(source, from), join(target, to));
  return Object.keys(FILES).length;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const count = await copyViewer();
  console.log(`Copied ${count} files of the API viewer to ${VENDOR}.`);
}
