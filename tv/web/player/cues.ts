// The captions that are known, newest revision of each, in the order in which they were said.

import type { Cue } from "../protocol";
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
      const same = known?.cue.lines.join() === cue.lines.join();
      this.known.set(cue.id, { cue, at: known && same ? known.at : now });
    }
    this.sorted = null;
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
