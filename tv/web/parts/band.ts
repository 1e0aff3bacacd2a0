// The captions of a channel as one reads them: what has been said, painted when it is due.

import { html, render } from "lit";
import * as clock from "../clock";
import { type Position, preferences } from "../kept";
import { type Arrived, fastest, inStep } from "../player/captions";
import { Cues } from "../player/cues";
import { Lateness } from "../player/lateness";
import type { PathName } from "../player/path";
import type { Cue, Partial as Guess, View, Word } from "../protocol";
import { fitting } from "./fitting";
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
  private painted = "\0";
  private lastPath: PathName | null = null;
  private width = 40; // characters that fit a line

  /** `box` has the place for them, `.captions`. */
  constructor(private readonly box: HTMLElement) {
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

  get position(): Position {
    return preferences.position ?? (matchMedia("(max-width: 50rem)").matches ? "below" : "bottom");
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
    const { captions, ground, size } = preferences;
    const own = path === "native"; // that player paints its captions itself
    const wanted = this.always || (captions && !own);
    this.box.dataset["captions"] = wanted ? this.position : "off";
    this.box.dataset["ground"] = ground;
    this.box.style.setProperty("--caption-scale", String(size / 100));
    this.width = fitting(this.box);
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
    const lines = !(this.always || preferences.captions)
      ? []
      : rhythm.paintsInStep(path, this.lateness.usual)
        ? inStep(this.cues.all, moment, this.width)
        : fastest(this.cues.all, this.words, moment, clock.now(), this.width);
    const text = lines.join("\n");
    if (text === this.painted) return;
    this.painted = text;
    const spans = lines.map((line) => html`<span>${line}</span>`);
    render(spans, this.box.querySelector(".captions") as HTMLElement);
  }
}
