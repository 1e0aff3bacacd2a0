// Who this page is: a pass in the link becomes a cookie, a device becomes a participant.

import { call, type Problem } from "./api";
import { keep, recall } from "./kept";
import { inTurn, introduced } from "./letters";
import type { Live } from "./live";
import { pause } from "./waiting";

const AGAIN = 2; // seconds until the server is asked once more who we are

/**
 * Exchange `#pass=…` for a cookie and clean the address. Returns what went wrong, in French.
 */
export async function enter(): Promise<string> {
  const pass = new URLSearchParams(location.hash.slice(1)).get("pass");
  if (!pass) return "";
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await call("POST", "/api/v1/session", { pass });
    return "";
  } catch (problem) {
    return (problem as Problem).message;
  }
}

let role: string | undefined;
let asking = false;

/**
 * As what the server takes this page; undefined while it has not said so: then `changed` is called
 * once it has.
 */
export function roleOf(live: Live, changed: () => void): string | undefined {
  if (live.welcome) return live.welcome.role;
  // What comes without a welcome comes by GET: sockets are blocked.
  if (!asking && live.knows("event")) void ask().then(changed);
  return role;
}

async function ask(): Promise<void> {
  asking = true;
  while (role === undefined) {
    const told = await call<{ role: string }>("GET", "/api/v1/session").catch(() => null);
    if (told) role = told.role;
    else await pause(AGAIN);
  }
}

let participant = recall("participant", "");
let joining: Promise<void> | null = null;
let onJoined: () => void = () => {};

/** Call `then` when this page has become someone: its socket should say so. */
export function whenJoined(then: () => void): void {
  onJoined = then;
}

/** Become a participant: only when someone acts, so that two thousand arrivals cost nothing. */
export function join(): Promise<void> {
  if (participant) return Promise.resolve();
  joining ??= inTurn(become)
    .then(onJoined)
    .finally(() => {
      joining = null;
    });
  return joining;
}

async function become(): Promise<void> {
  const id = recall("participant", "") || (await introduced()); // by another page, or by the worker
  recognise(id || (await call<{ id: string }>("POST", "/api/v1/participants", {})).id);
}

/** The server knows this page: there is no need to join again. */
export function recognise(id: string): void {
  participant = id;
  keep("participant", id);
}

/** The server does not know us (any more): the next act makes us a participant again. */
export function forgotten(): void {
  recognise("");
}
