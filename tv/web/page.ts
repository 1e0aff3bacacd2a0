// What the server wrote into the page, and drawing at most once a frame.

import type { Lab } from "./lab_items";
import type { Night } from "./parts/night";
import type { Join } from "./parts/waiting_card";

export interface Page {
  channel: string;
  name: string; // of the channel
  channels: { id: string; name: string }[];
  event: string;
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

/** A function that draws soon, however often it is called. */
export function drawing(draw: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    const now = () => {
      due = false;
      draw();
    };
    // A hidden page has no frames, but still has to keep up.
    if (document.hidden) setTimeout(now, 500);
    else requestAnimationFrame(now);
  };
}
