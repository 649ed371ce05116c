// The parts of n8n's workbench that its Help Scout nodes ask for: parameters, credentials' requests, static data.
// What the nodes do with them is theirs.
"use strict";

const path = require("node:path");

const nodes = path.join(process.cwd(), "node_modules", "n8n-nodes-base", "dist", "nodes", "HelpScout");
const { HelpScout } = require(path.join(nodes, "HelpScout.node.js"));
const { HelpScoutTrigger } = require(path.join(nodes, "HelpScoutTrigger.node.js"));

const PUBLIC = "https://api.helpscout.net";

class Workbench {
  constructor(credentials) {
    this.credentials = credentials;
    this.memory = {};
  }

  // n8n adds the query to what the address has already, so a link's own parameters come twice.
  async request(options) {
    const address = new URL(options.uri.replace(PUBLIC, process.env.WAYPOST_DESK));
    for (const [name, value] of Object.entries(options.qs || {})) address.searchParams.append(name, String(value));
    const response = await fetch(address, {
      method: options.method,
      headers: { ...options.headers, Authorization: `Bearer ${await this.token()}` },
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
    const text = await response.text();
    if (!response.ok) throw Object.assign(new Error(`${response.status} ${text}`), { statusCode: response.status, error: text });
    const body = text ? JSON.parse(text) : "";
    return options.resolveWithFullResponse ? { headers: Object.fromEntries(response.headers), body } : body;
  }

  async token() {
    this.known ??= await this.authorize();
    return this.known.access_token;
  }

  async authorize() {
    const answer = await fetch(`${process.env.WAYPOST_DESK}/v2/oauth2/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token", ...this.credentials }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }

  context(parameters, more = {}) {
    return {
      getInputData: () => [{ json: {} }],
      getNodeParameter: (name, _item, fallback) => (name in parameters ? parameters[name] : fallback),
      getNode: () => ({ name: "Help Scout", type: "n8n-nodes-base.helpScout", typeVersion: 1, parameters: {} }),
      continueOnFail: () => false,
      getWorkflowStaticData: () => this.memory,
      helpers: {
        requestOAuth2: (_name, options) => this.request(options),
        returnJsonArray: (data) => (Array.isArray(data) ? data : [data]).map((json) => ({ json })),
        constructExecutionMetaData: (items) => items,
      },
      ...more,
    };
  }

  async execute(parameters, binary) {
    const more = binary ? { getInputData: () => [{ json: {}, binary }] } : {};
    const [items] = await new HelpScout().execute.call(this.context(parameters, more));
    return items.map((item) => item.json);
  }

  options(name) {
    return new HelpScout().methods.loadOptions[name].call(this.context({}));
  }

  trigger(method, url, events) {
    const context = this.context({ events }, { getNodeWebhookUrl: () => url });
    return new HelpScoutTrigger().webhookMethods.default[method].call(context);
  }

  async received(body, headers) {
    const context = this.context({}, {
      getRequestObject: () => ({ rawBody: Buffer.from(body) }),
      getBodyData: () => JSON.parse(body),
      getHeaderData: () => headers,
    });
    const { workflowData } = await new HelpScoutTrigger().webhook.call(context);
    return workflowData ? workflowData[0].map((item) => item.json) : null;
  }
}

module.exports = Workbench;
