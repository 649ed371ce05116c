// Checks whole pages against the HTML standard and rules of accessibility: reads [{name, html}] as JSON from the
// standard input, writes [{name, rule, message, line, column}] of what is wrong. The server's tests call it.
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

import { HtmlValidate } from "html-validate";

const CONFIG = {
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // Articles are people's own HTML, with the styles that their editors have written.
    "no-inline-style": "off",
    // Ids are made from headings in every script of the world; what HTML itself asks of them is checked.
    "valid-id": ["error", { relaxed: true }],
    // Named twice: `<search>` is new, and screen readers of a few years ago know the role alone.
    "prefer-native-element": ["error", { exclude: ["search"] }],
    "long-title": "off",
  },
};

/** What is wrong with each of the pages. */
export async function findingsOf(pages) {
  const validator = new HtmlValidate({ root: true, ...CONFIG });
  const findings = [];
  for (const { name, html } of pages) {
    const report = await validator.validateString(html, name);
    for (const { messages } of report.results) {
      for (const { ruleId, message, line, column } of messages) {
        findings.push({ name, rule: ruleId, message, line, column });
      }
    }
  }
  return findings;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(JSON.stringify(await findingsOf(JSON.parse(await text(process.stdin)))));
}
