// Whether the picture of a screen lives, by what it decodes alone: whatever the network, the player
// or the server think of it, people in the room see this. Pure.

/** The picture; the picture, which is late; the waiting card in its place. */
export type Health = "well" | "mending" | "card";

const MENDING = 2; // seconds without a new picture
const CARD = 8; // the same, until nobody shall look at it any more
const ANEW = 45; // and until the page is worth nothing as it is
const LONGEST = 900; // seconds between two new beginnings
const SETTLED = 60; // seconds of picture after which those before are forgotten
const AWAY = 5; // seconds between two looks in which the page itself stood still

export class Vigil {
  health: Health = "card";
  private seen = 0;
  private movedAt: number;
  private lookedAt: number;
  private wellSince: number;

  /** `begun`: how often the page has begun anew without a picture that lasted. */
  constructor(
    now: number,
    public begun = 0,
  ) {
    this.movedAt = now;
    this.lookedAt = now;
    this.wellSince = now;
  }

  /** `frames` decoded so far; another picture may count from another number on. */
  look(frames: number, now: number): Health {
    const moves = frames > 0 && frames !== this.seen;
    if (moves || now - this.lookedAt > AWAY) this.movedAt = now;
    this.seen = frames;
    this.lookedAt = now;
    const still = now - this.movedAt;
    if (this.health !== "well") this.wellSince = now;
    if (moves) this.health = "well";
    else if (still > CARD) this.health = "card";
    else if (still > MENDING && this.health === "well") this.health = "mending";
    if (now - this.wellSince > SETTLED) this.begun = 0;
    return this.health;
  }

  /** Whether to load the page anew: later each time. */
  get due(): boolean {
    return this.lookedAt - this.movedAt > Math.min(LONGEST, ANEW * 2 ** this.begun);
  }
}
