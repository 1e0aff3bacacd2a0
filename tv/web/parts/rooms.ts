// What people in the rooms have before their eyes, told to who stands with their back to it.

import { html, nothing } from "lit";
import * as clock from "../clock";
import type { Lab } from "../lab_items";
import type { Live } from "../live";
import type { Air, Entry } from "../protocol";
import { onAir } from "./on_air";

const LOOKING = 10; // seconds between two pictures

const KINDS: Record<Entry["type"], string> = {
  bandeau: "un bandeau",
  question: "la question",
  poll: "le sondage",
  post: "un message du mur",
  synthesis: "la synthèse",
  announcement: "une annonce",
  countdown: "le compte à rebours",
};

export class Rooms {
  static readonly topics = ["rundown", "overlay"];
  private picture = "";

  constructor(
    private readonly channel: string,
    private readonly live: Live,
    private readonly changed: () => void,
  ) {
    setInterval(() => this.look(), LOOKING * 1000);
    this.look();
  }

  render(labs: Lab[]) {
    const { cleared, entries } = this.shown();
    const kinds = [...new Set(entries.map(({ type }) => KINDS[type]))];
    const said = new Intl.ListFormat("fr-FR").format(["le direct", ...kinds]);
    return html`<h2>Dans les salles</h2>
      <figure class="rooms">
        <div class="rooms-screen" aria-hidden="true">
          ${this.picture ? html`<img src=${this.picture} alt="" />` : nothing}
          <div class="air-box">${onAir(entries, labs)}</div>
        </div>
        <figcaption>
          ${cleared ? "La régie a vidé les écrans\u00a0: le direct seul." : `Les écrans montrent ${said}.`}
        </figcaption>
      </figure>`;
  }

  /** By the rundown, which says what goes to screens; a pass for one talk sees the overlay alone. */
  private shown(): { cleared: boolean; entries: Entry[] } {
    const { live } = this;
    const air =
      live.item<Air>("rundown", "air", "overlay") ?? live.item<Air>("overlay", "air", "overlay");
    const cleared = air?.cleared ?? false;
    const lined = live
      .items<Entry>("rundown", "entry")
      .filter(({ state, target }) => state === "on_air" && target !== "overlay");
    const all = live.item<Air>("rundown", "air", "overlay") ? lined : (air?.entries ?? []);
    const here = all.filter(({ channel }) => !channel || channel === this.channel);
    return { cleared, entries: cleared ? [] : here };
  }

  private look(): void {
    if (document.hidden) return;
    const image = new Image();
    const turn = Math.floor(clock.now() / LOOKING);
    image.src = `/${this.channel}/thumbnail.jpg?${turn}`;
    image.onload = () => {
      this.picture = image.src; // where there is no network the last one stays
      this.changed();
    };
  }
}
