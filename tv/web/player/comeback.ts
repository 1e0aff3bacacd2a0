// When WebRTC may be tried again after it was refused, or failed. Pure: seconds in, seconds out.
// Nobody comes back before the server wants it, and never all together.

import type { PathFailed } from "./path";

const FAILED = { first: 5, longest: 120 }; // seconds: what failed may be well again soon
const REFUSED = { first: 60, longest: 600 }; // a browser without H.264 seldom learns it
const LONGEST = 3600; // seconds of Retry-After that are believed
const SETTLED = 60; // seconds of picture after which earlier failures are forgotten

export class Comeback {
  private failures = 0;
  private firm = 0; // before this nothing makes it worth while
  private at = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Note what went wrong at `now`, after a picture had been there for `shown` seconds. */
  failed(now: number, { status, retryAfter }: PathFailed, shown = 0): void {
    this.failures = shown > SETTLED ? 1 : this.failures + 1;
    const refused = status >= 400 && !retryAfter;
    const { first, longest } = refused ? REFUSED : FAILED;
    const own = Math.min(longest, first * 2 ** (this.failures - 1));
    const asked = Math.min(LONGEST, retryAfter);
    this.at = asked
      ? now + asked + this.random() * Math.max(own, asked / 2)
      : now + own * (0.5 + this.random() / 2);
    this.firm = refused ? this.at : now + asked;
  }

  /** The network is another one: what failed in the old one may work, what was refused will not. */
  hurry(now: number): void {
    if (now >= this.firm) this.at = Math.min(this.at, now + 2 * this.random());
  }

  due(now: number): boolean {
    return now >= this.at;
  }
}
