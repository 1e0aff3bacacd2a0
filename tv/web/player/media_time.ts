// Which moment is on screen: RTP timestamps count the broadcast clock, modulo 2^32.

import type { Feed } from "../protocol";

const RATE = 90_000;
const WRAP = 2 ** 32 / RATE; // 13 h 15 min

/** The broadcast time of an RTP timestamp of a feed, by what the server says of it. */
export function momentOf(timestamp: number, { rtp, time, rate }: Feed): number {
  return time + ((timestamp - rtp) | 0) / rate;
}

/** The same before the server has said it: clock × 90 000, the candidate nearest to `near`. */
export function fromRtp(timestamp: number, near: number): number {
  const time = timestamp / RATE;
  return time + Math.round((near - time) / WRAP) * WRAP;
}
