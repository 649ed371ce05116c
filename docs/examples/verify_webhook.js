// Checks that a webhook was sent by your desk: node verify_webhook.js < body, the header in the environment.
const crypto = require("node:crypto");

function same(left, right) {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}

// `body` is a Buffer: the request's body as it came, before anything has read it as JSON.
function isGenuine(secret, body, signature) {
  const digest = crypto.createHmac("sha1", secret).update(body).digest();
  return same(signature, "sha1=" + digest.toString("hex")) || same(signature, digest.toString("base64"));
}

// The same by Standard Webhooks, which also tells a request that is sent again by somebody else later.
function isFresh(secret, body, id, timestamp, signatures) {
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const digest = crypto.createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return signatures.split(" ").some((signature) => same(signature, "v1," + digest));
}

const sent = require("node:fs").readFileSync(0);
const { SECRET, SIGNATURE, ID, TIMESTAMP, SIGNATURES } = process.env;
const genuine = isGenuine(SECRET, sent, SIGNATURE) && isFresh(SECRET, sent, ID, TIMESTAMP, SIGNATURES);
console.log(genuine ? "genuine" : "forged");
