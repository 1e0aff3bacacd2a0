// What the server wrote into the page, and drawing at most once a frame.

import type { Lab } from "./lab_items";
import type { Night } from "./parts/night";
import type { Join } from "./parts/waiting_card";

export interface Page {
  channel: string;
  name: string; // of the channel
  channels: { id: string; name: string }[];
  event: string;
  zone?: string; // of the event's hours: "Europe/Paris"
  rtmpPort?: number; // where studios publish, for the crew
  talk?: string; // whose replay this is
  address?: string; // where one writes on the wall
  code?: string; // the same as a QR code
  screen?: string; // which screen this is, "" while it is none
  join?: Join; // how people in the room take part
  night?: Night | null; // when screens are dark
  labs?: Lab[]; // in the order of the journey
  lab?: string; // which of them this is about
  labChannel?: string; // its own, "" for none
  table?: string; // its table's id
  number?: number; // of that table
}

export const page: Page = JSON.parse(document.body.dataset["page"] ?? "{}");

const LATEST = 500; // ms: a page that is hidden, or behind another window, may have no frames

/** A function that draws soon, however often it is called: in the next frame when there are any. */
export function drawing(draw: () => void): () => void {
  let frame = 0;
  let timer = 0;
  const now = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = timer = 0;
    draw();
  };
  return () => {
    if (timer) return;
    frame = requestAnimationFrame(now);
    timer = window.setTimeout(now, LATEST);
  };
}
