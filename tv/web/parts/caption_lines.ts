// The captions of a picture: where they stand, how they look, and their lines, painted when they
// change.

import { html, render } from "lit";
import { type Position, preferences } from "../kept";

const USUAL = 40; // characters in a line

export class CaptionLines {
  width = USUAL; // characters that fit a line
  private painted = "\0";

  /** `box` has the place for them, `.captions`. */
  constructor(private readonly box: HTMLElement) {}

  /** As preferences have it by now, or not at all where they are not `wanted`. */
  dress(wanted: boolean): void {
    this.box.dataset["captions"] = wanted ? position() : "off";
    this.box.dataset["ground"] = preferences.ground;
    this.box.style.setProperty("--caption-scale", String(preferences.size / 100));
    this.fit();
  }

  /** See how many letters of their size fit beside each other: the box may have another one. */
  fit(): void {
    const { place } = this;
    if (!place) return;
    const pen = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;
    pen.font = getComputedStyle(place).font; // a device without ours may have wider letters
    const room = place.clientWidth || 0.94 * this.box.clientWidth;
    // An « e » is as wide as the letters of a wide line are in the mean; two more stay free.
    this.width = Math.max(12, Math.floor(room / pen.measureText("e").width) - 2);
  }

  paint(lines: string[]): void {
    const text = lines.join("\n");
    const { place } = this;
    if (text === this.painted || !place) return;
    this.painted = text;
    render(
      lines.map((line) => html`<span>${line}</span>`),
      place,
    );
  }

  private get place(): HTMLElement | null {
    return this.box.querySelector<HTMLElement>(".captions");
  }
}

/** Where somebody wants them, else where there is room for them. */
export function position(): Position {
  const narrow = matchMedia("(max-width: 50rem)").matches;
  return preferences.position ?? (narrow ? "below" : "bottom");
}
