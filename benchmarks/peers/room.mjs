// The room as one would build it on Node with `http` and `ws`: what ours is measured against.
//
//     PEER_SECRET=HEX [PEER_STORE=SOCKET [PEER_FOLLOWS=1]] node room.mjs DESCRIPTOR
//
// It does what a vote asks of any room: a signed token, checked once; a body of the right shape; the
// count; the answer; and what changed to every open page, built once, at most five times a second.
// With PEER_STORE a vote is an entry of a stream in the store, on disk before the answer. With
// PEER_FOLLOWS it counts what it reads from there, in that order, and answers then: so that several
// processes may serve one room, as ours do. It leaves out what ours does besides: limits, keys for
// retries, versions, what each person did, other topics.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { createClient } from "redis";
import { WebSocketServer } from "ws";

const INTERVAL = 200; // ms between two messages
const BODY = 4096; // bytes
const HEARTBEAT = 30; // seconds between two pings, as ours: who left without a word is let go

const secret = Buffer.from(process.env.PEER_SECRET, "hex");
const JOURNAL = "peer:journal";

async function connected() {
  const client = createClient({ socket: { path: process.env.PEER_STORE } });
  client.on("error", () => {}); // it comes back by itself
  return client.connect();
}

const store = process.env.PEER_STORE ? await connected() : null;
const waiting = process.env.PEER_FOLLOWS ? new Map() : null; // id of an entry -> who waits for it

const poll = { id: "p", round: 1, state: "open", options: ["o1", "o2", "o3"] };
const ballots = new Map();
const counts = new Map(poll.options.map((option) => [option, 0]));
const known = new Map(); // token -> participant
let position = "0-0";
let stirred = null;

function participant(request) {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  if (scheme !== "Bearer" || !token) return null;
  const seen = known.get(token);
  if (seen) return seen;
  const [payload, signature] = token.split(".");
  const right = createHmac("sha256", secret).update(payload).digest();
  const given = Buffer.from(signature ?? "", "base64url");
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
  const { id } = JSON.parse(Buffer.from(payload, "base64url"));
  known.set(token, id);
  return id;
}

function count(by, choices) {
  for (const choice of ballots.get(by) ?? []) counts.set(choice, counts.get(choice) - 1);
  for (const choice of choices) counts.set(choice, counts.get(choice) + 1);
  ballots.set(by, choices);
}

function view() {
  return {
    type: "view",
    topic: "talk:direct",
    version: position,
    reset: false,
    items: [{ kind: "poll", ...poll, ballots: ballots.size }],
    removed: [],
  };
}

function tell(text) {
  const message = Buffer.from(text);
  for (const page of sockets.clients) {
    if (page.readyState === page.OPEN) page.send(message, { binary: false });
  }
}

function stir() {
  stirred ??= setTimeout(() => {
    stirred = null;
    tell(JSON.stringify(view()));
  }, INTERVAL);
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}

async function vote(request, response, text) {
  const by = participant(request);
  if (!by) return answer(response, 401, { detail: "participant-required" });
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    return answer(response, 400, { detail: "invalid-json" });
  }
  const { round, choices } = said;
  if (round !== poll.round || !Array.isArray(choices) || choices.length !== 1) {
    return answer(response, 422, { detail: "invalid-body" });
  }
  if (!poll.options.includes(choices[0])) return answer(response, 422, { detail: "unknown-option" });
  const event = { type: "BallotCast", by, at: Date.now() / 1000, poll: poll.id, round, choices };
  if (store) {
    try {
      position = await store.xAdd(JOURNAL, "*", { e: JSON.stringify(event) });
    } catch {
      return answer(response, 503, { detail: "store-unavailable" });
    }
  }
  const version = position;
  const done = () => answer(response, 200, { id: poll.id, round, choices, version });
  if (waiting && !read(version)) return waiting.set(version, done);
  if (!waiting) fold(event);
  return done();
}

function fold({ by, choices }) {
  count(by, choices);
  stir();
}

let newest = [0, 0]; // read so far

function read(id) {
  const [ms, number] = id.split("-").map(Number);
  return ms < newest[0] || (ms === newest[0] && number <= newest[1]);
}

async function follow() {
  const reader = await connected();
  for (let after = "0-0"; ; ) {
    const entries = await reader
      .xRead({ key: JOURNAL, id: after }, { BLOCK: 1000, COUNT: 1000 })
      .catch(() => null);
    for (const { id, message } of entries?.[0].messages ?? []) {
      fold(JSON.parse(message.e));
      after = id;
      newest = id.split("-").map(Number);
      waiting.get(id)?.();
      waiting.delete(id);
    }
  }
}

if (waiting) void follow();

const server = createServer((request, response) => {
  if (request.url === "/api/v1/talks") return answer(response, 200, { items: [] });
  if (request.url === "/results") {
    return answer(response, 200, { ballots: ballots.size, counts: Object.fromEntries(counts) });
  }
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (chunk) => {
    text += chunk;
    if (text.length > BODY) request.destroy();
  });
  request.on("end", () => {
    if (request.method === "PUT") return void vote(request, response, text);
    tell(text); // a change, as it goes to every page
    return answer(response, 200, {});
  });
});

const sockets = new WebSocketServer({ server, path: "/ws", perMessageDeflate: false });
const silent = new WeakSet(); // pages that have not answered the last ping
sockets.on("connection", (page) => {
  page.on("pong", () => silent.delete(page));
  page.on("message", () => {
    page.send(JSON.stringify({ type: "welcome", version: 1, now: Date.now() / 1000 }));
    page.send(JSON.stringify(view()));
  });
  page.on("error", () => page.terminate());
});

setInterval(() => {
  for (const page of sockets.clients) {
    if (silent.has(page)) page.terminate();
    silent.add(page);
    page.ping();
  }
}, 1000 * HEARTBEAT);

server.listen({ fd: Number(process.argv[2]) });
