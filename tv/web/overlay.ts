// What is mixed into the picture, over a transparent ground: a browser source of OBS.

import { render } from "lit";
import { Labs } from "./asking";
import { Live } from "./live";
import { drawing, page } from "./page";
import { fit } from "./parts/fit";
import { onAir, ticks } from "./parts/on_air";
import type { Air } from "./protocol";

const draw = drawing(redraw);
const live = new Live(draw);
const labs = new Labs(draw);

live.follow("overlay");
for (const face of document.fonts) void face.load(); // before the first words are on air
setInterval(() => ticks(entries()) && draw(), 250);

function redraw(): void {
  const box = document.querySelector("#air") as HTMLElement;
  render(onAir(entries(), labs.all), box);
  fit(box);
}

function entries() {
  const air = live.item<Air>("overlay", "air", "overlay");
  return (air?.entries ?? []).filter(({ channel }) => !channel || channel === page.channel);
}
