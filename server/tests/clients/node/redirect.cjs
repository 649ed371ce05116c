// Sends what a published client asks of the public service to the desk at WAYPOST_DESK, without touching its code.
// Node loads this before the client, with --require.
"use strict";

const http = require("node:http");
const https = require("node:https");

const PUBLIC = "api.helpscout.net";
const desk = new URL(process.env.WAYPOST_DESK);
const encrypted = https.request;

https.request = function request(first, ...rest) {
  const options = typeof first === "string" || first instanceof URL ? { ...urlOptions(new URL(first)), ...rest.shift() } : first;
  if ((options.hostname || options.host) !== PUBLIC) return encrypted.call(https, options, ...rest);
  const { agent, agents, ...kept } = options;
  return http.request({ ...kept, protocol: desk.protocol, host: desk.hostname, hostname: desk.hostname, port: desk.port }, ...rest);
};

function urlOptions(url) {
  return { protocol: url.protocol, hostname: url.hostname, port: url.port, path: url.pathname + url.search };
}
