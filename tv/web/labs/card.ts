// An idea as a card on the table: where it comes from, what it says, and its dots.

import { html, nothing } from "lit";
import { count } from "../french";
import type { Idea, Lab } from "../lab_items";
import { t } from "../language";
import { byline } from "../parts/byline";
import { labName, place, tableNumber } from "../parts/lab_sign";
import { typeset } from "../parts/text";

export const MOST = 3; // dots of one participant on one idea
// A text of at most so many characters is set in this size; longer ones are set smaller.
const SIZES: [number, string][] = [
  [60, "brief"],
  [150, ""],
];

/** The dots that whoever looks gives to an idea. */
export interface Dots {
  mine: number; // on it
  left: number; // to give, in all
  give: (step: 1 | -1) => void; // one more, or one fewer
}

export interface Look {
  here?: string; // the table on which it lies; without one, where it was made is always said
  labs?: Lab[];
  own?: boolean; // whoever looks has written it
  note?: string; // what is to be known of it
  dots?: Dots | undefined; // without, they are shown and cannot be given
  back?: unknown; // the button of who takes it back
  acts?: unknown; // other buttons
}

/** « Venue de la table 3, tour 1 », « Table 3, tour 1 » */
export function provenance(idea: Idea, here: string, labs: Lab[] = []): string {
  if (!idea.table) return "";
  const from = place(idea.table, idea.round);
  if (!here || idea.table === here) return from.charAt(0).toUpperCase() + from.slice(1);
  const near = idea.lab === here.slice(0, here.lastIndexOf("."));
  return near
    ? t("Venue de la {place}", { place: from })
    : t("Venue de {lab}, {place}", { lab: labName(labs, idea.lab), place: from });
}

/** « portée à la table 5 », « portée aux tables 5 et 7 »; "" for one that stayed. */
export function travelled({ stops }: Idea, here: string): string {
  const tables = [...new Set(stops.map(({ table }) => table))].filter((table) => table !== here);
  const numbers = tables.map(tableNumber);
  const last = numbers.pop();
  if (!last) return "";
  return numbers.length
    ? t("portée aux tables {tables} et {last}", { tables: numbers.join(", "), last })
    : t("portée à la table {last}", { last });
}

export function ideaCard(idea: Idea, look: Look = {}) {
  const here = look.here ?? "";
  const carried = here !== "" && idea.table !== here;
  const size = SIZES.find(([most]) => idea.text.length <= most)?.[1] ?? "long";
  const moved = travelled(idea, here);
  return html`<article
    class="idea ${size} ${carried ? "carried" : ""} ${look.own ? "own-idea" : ""} ${idea.state}"
  >
    <p class="idea-from">
      <span class="idea-place">${provenance(idea, here, look.labs)}</span>
      ${moved ? html`<span>${moved}</span>` : nothing}
      ${look.own ? html`<span class="own-mark">${t("Vous")}</span>` : idea.author || idea.badge ? html`<span>${byline(idea)}</span>` : nothing}
      ${look.back ?? nothing}
    </p>
    ${picture(idea)} ${idea.text ? html`<p class="idea-text">${typeset(idea.text)}</p>` : nothing}
    ${look.note ? html`<p class="idea-note">${look.note}</p>` : nothing}
    <footer>
      ${idea.state === "shown" ? dotted(idea, look.dots) : nothing} ${look.acts ?? nothing}
    </footer>
  </article>`;
}

function picture({ picture: of }: Idea) {
  return of
    ? html`<img src=${of.url} width=${of.width} height=${of.height} alt=${of.alt} loading="lazy" />`
    : nothing;
}

function dotted(idea: Idea, dots: Dots | undefined) {
  const all = html`<span class="idea-dots">${count(idea.dots, "point", "points")}</span>`;
  if (!dots) return idea.dots ? all : nothing;
  const { mine, left, give } = dots;
  return html`<div class="dotting" role="group" aria-label=${t("Vos points pour cette idée")}>
    <button
      type="button"
      class="step"
      aria-label=${t("Un point de moins")}
      aria-disabled=${mine ? nothing : "true"}
      @click=${() => give(-1)}
    >
      −
    </button>
    <span class="dots-given">
      <span class="own-dots" aria-hidden="true">
        ${Array.from(
          { length: MOST },
          (_, rank) => html`<i class=${rank < mine ? "given" : ""}></i>`,
        )}
      </span>
      ${all}<span class="visually-hidden">${t(", dont {n} de vous", { n: mine })}</span>
    </span>
    <button
      type="button"
      class="step"
      aria-label=${t("Un point de plus")}
      aria-disabled=${left > 0 && mine < MOST ? nothing : "true"}
      @click=${() => give(1)}
    >
      +
    </button>
  </div>`;
}
