// Which moment is on screen: RTP timestamps are the broadcast clock × 90 000, modulo 2^32.

const RATE = 90_000;
const WRAP = 2 ** 32 / RATE; // 13 h 15 min

/** The broadcast time of an RTP timestamp: the candidate nearest to `near`. */
export function fromRtp(timestamp: number, near: number): number {
  const time = timestamp / RATE;
  return time + Math.round((near - time) / WRAP) * WRAP;
}
