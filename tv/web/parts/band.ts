// The captions of a channel as one reads them: what has been said, painted when it is due.

import * as clock from "../clock";
import { preferences } from "../kept";
import { type Arrived, fastest, inStep } from "../player/captions";
import { Cues } from "../player/cues";
import { Lateness } from "../player/lateness";
import type { PathName } from "../player/path";
import type { Cue, Partial as Guess, View, Word } from "../protocol";
import { CaptionLines } from "./caption_lines";
import * as rhythm from "./rhythm";

const PAINTING = 100; // ms between two looks at what captions should show

/** What somebody sees meanwhile. */
export interface Sight {
  path: PathName | null;
  shown: number | null; // the broadcast time of the picture; null: there is none
  paused: boolean;
}

const NOTHING: Sight = { path: null, shown: null, paused: false };

export class Band {
  sight: () => Sight = () => NOTHING;
  always = false; // there is nothing but words: they show even to who hides them on pictures
  private readonly cues = new Cues();
  private readonly lateness = new Lateness();
  private words: Word[] = [];
  private readonly lines: CaptionLines;
  private lastPath: PathName | null = null;

  /** `box` has the place for them, `.captions`. */
  constructor(box: HTMLElement) {
    this.lines = new CaptionLines(box);
    setInterval(() => this.paint(), PAINTING);
  }

  /** All that is known, in the order in which it was said. */
  get all(): Arrived[] {
    return this.cues.all;
  }

  /** Seconds for which words usually come after the voice; null: not known yet. */
  get late(): number | null {
    return this.lateness.usual;
  }

  /** Captions as they come, and as they are taken away. */
  follow(view: View): void {
    this.cues.follow(view, clock.now());
    if (view.reset) return; // they have been there for a while
    const waits = rhythm.waits(this.sight().path);
    for (const cue of view.items as Cue[]) {
      if (!cue.corrected) this.note(waits ? cue.start : cue.end);
    }
  }

  /** Cues, whenever they were said. */
  hear(cues: Cue[]): void {
    this.cues.hear(cues, clock.now());
  }

  guess({ words }: Guess): void {
    this.words = words;
    const last = words.at(-1);
    if (last && !rhythm.waits(this.sight().path)) this.note(last.end);
  }

  /** As preferences have it by now, on a box that may have another size. */
  draw(): void {
    const { path } = this.sight();
    if (path !== this.lastPath) this.lateness.forget();
    this.lastPath = path;
    const own = path === "native"; // that player paints its captions itself
    this.lines.dress(this.always || (preferences.captions && !own));
    this.paint();
  }

  /** What is due at this time of the picture has come now. */
  private note(due: number): void {
    const { shown, paused } = this.sight();
    if (shown != null && !paused) this.lateness.hear(due, shown);
  }

  private paint(): void {
    const { path, shown } = this.sight();
    const moment = shown ?? clock.now();
    const { width } = this.lines;
    this.lines.paint(
      !(this.always || preferences.captions)
        ? []
        : rhythm.paintsInStep(path, this.lateness.usual)
          ? inStep(this.cues.all, moment, width)
          : fastest(this.cues.all, this.words, moment, clock.now(), width),
    );
  }
}
