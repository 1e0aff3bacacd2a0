// The captions that are known, newest revision of each, in the order in which they were said.

import type { Cue, View } from "../protocol";
import type { Arrived } from "./captions";

const KEPT = 20_000; // cues: more than ten hours of speech

export class Cues {
  private readonly known = new Map<string, Arrived>();
  private sorted: Arrived[] | null = null;

  /** Cues that came at `now`, in whatever order. */
  hear(cues: Cue[], now: number): void {
    for (const cue of cues) {
      const known = this.known.get(cue.id);
      if (known && known.cue.revision > cue.revision) continue;
      // A correction takes the place of the words, and stays no longer than they would have.
      const stays = known && (cue.corrected || known.cue.lines.join() === cue.lines.join());
      this.known.set(cue.id, { cue, at: stays ? known.at : now });
    }
    this.sorted = null;
  }

  /** Cues as the socket brings them, and takes them away. */
  follow({ items, removed, reset }: View, now: number): void {
    const cues = items.filter((item): item is Cue => item.kind === "cue");
    const there = new Set(cues.map(({ id }) => id));
    const since = reset ? Math.min(...cues.map(({ start }) => start)) : Number.POSITIVE_INFINITY;
    for (const { cue } of [...this.known.values()]) {
      const gone = cue.start >= since && !there.has(cue.id); // taken away while we did not hear
      if (gone || removed?.includes(`cue:${cue.id}`)) this.known.delete(cue.id);
    }
    this.hear(cues, now);
  }

  get all(): Arrived[] {
    return (this.sorted ??= this.sort());
  }

  private sort(): Arrived[] {
    const sorted = [...this.known.values()].sort((a, b) => a.cue.start - b.cue.start);
    for (const { cue } of sorted.splice(0, sorted.length - KEPT)) this.known.delete(cue.id);
    return sorted;
  }
}
