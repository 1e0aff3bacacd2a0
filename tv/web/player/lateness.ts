// How long after the voice words come, as this page has seen it. Pure.

const KEPT = 20; // words: half a minute or so
const ENOUGH = 5; // before one says anything
const FAR = 60; // seconds: what is asked for later, or was there before

export class Lateness {
  private readonly seen: number[] = [];
  private newest = Number.NEGATIVE_INFINITY; // what was due last

  /** What was due at the moment `due` of the picture came when it was at `shown`. */
  hear(due: number, shown: number): void {
    if (due <= this.newest) return; // a revision
    this.newest = due;
    if (Math.abs(shown - due) > FAR) return;
    this.seen.push(shown - due);
    if (this.seen.length > KEPT) this.seen.shift();
  }

  /** The picture is another one: what was seen is no longer so. */
  forget(): void {
    this.seen.length = 0;
  }

  /** Seconds, negative when words are there before they are heard; null: not known yet. */
  get usual(): number | null {
    if (this.seen.length < ENOUGH) return null;
    return [...this.seen].sort((a, b) => a - b)[Math.floor(this.seen.length / 2)] as number;
  }
}
