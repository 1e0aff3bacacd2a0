// Why the picture does not come by WebRTC, as far as it can be told from what went wrong. Pure.

import { PathFailed } from "./path";

export type Why =
  | ""
  | "unsupported" // this browser has no WebRTC
  | "codec" // it has no H.264 there
  | "picture" // WebRTC cannot carry what is on air
  | "full" // all places are taken
  | "network" // no picture came through
  | "unsteady" // the picture stood still
  | "away"; // the server does not offer it now

const CODES: Record<string, Why> = {
  "no-common-codec": "codec",
  "b-frames": "picture",
  "too-many-viewers": "full",
};

export function reason({ status, code }: PathFailed): Why {
  return CODES[code] ?? (status ? "away" : "network");
}

/** Whether the same may work in a moment: media restarts in two seconds. */
export function passing({ status, code, retryAfter }: PathFailed): boolean {
  if (code) return code === "media-unavailable" || code === "busy";
  return status === 503 && retryAfter > 0 && retryAfter <= 2; // by a proxy
}

export function asFailed(error: unknown): PathFailed {
  return error instanceof PathFailed ? error : new PathFailed(String(error));
}
