// The broadcast clock as this page knows it, whatever the device believes the time is.

let offset = 0; // broadcast seconds minus this page's monotonic seconds
let known = false;

const monotonic = () => performance.now() / 1000;

/** The server's `now`, just received: only network delay can make it late, so the largest wins. */
export function learn(now: number): void {
  const heard = now - monotonic();
  offset = known && Math.abs(heard - offset) < 1 ? Math.max(heard, offset) : heard;
  known = true;
}

/** Broadcast time, in UTC seconds. */
export function now(): number {
  return known ? monotonic() + offset : Date.now() / 1000;
}
