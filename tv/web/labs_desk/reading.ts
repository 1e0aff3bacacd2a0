// What waits to be read in the laboratories' part of the control room: ideas and comments.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ago, count, quoted, seconds } from "../french";
import type { Cafe, Comment, Idea, Lab, Synthesis } from "../lab_items";
import { button, type Doing } from "../parts/button";
import { byline } from "../parts/byline";
import { labName, place } from "../parts/lab_sign";
import { elsewhere, FLAGS } from "../parts/moderating";
import type { Picking } from "../parts/picking";
import { REASONS } from "../parts/refusal";
import { typeset } from "../parts/text";
import { picture } from "../parts/wall";
import type { Requests } from "../requests";

export type Doubtful = Idea | Comment;

interface Reading {
  now: number;
  requests: Requests;
  labs: Lab[];
  cafes: Cafe[];
  about: Map<string, Synthesis>; // syntheses by id
  act: (item: Doubtful, verb: string, body?: object) => void;
  picking: Picking<Doubtful>;
}

export function reading(items: Doubtful[], aside: Idea[], desk: Reading) {
  if (!items.length && !aside.length) return html`<p class="empty">Tout est relu.</p>`;
  const doing: Doing<Doubtful> = {
    busy: desk.requests.busy,
    act: (item, verb, body) => void desk.act(item, verb, body),
  };
  return html`${desk.picking.head()}
    <ul class="cards">
    ${repeat(
      items,
      ({ id }) => id,
      (item) =>
        html`<li class="card" data-id=${item.id}>
          ${desk.picking.box(item)}
          <p class="eyebrow">${item.kind === "idea" ? "Idée" : "Commentaire"}</p>
          ${item.text ? html`<p class="question-body">${typeset(item.text)}</p>` : nothing}
          ${item.kind === "idea" ? picture(item) : nothing}
          ${(item.flags ?? []).map((flag) => html`<p class="note flag">${FLAGS[flag] ?? flag}</p>`)}
          ${item.kind === "idea" ? elsewhere(item) : nothing}
          <p class="note">${about(item, desk)}</p>
          <p class="meta">
            ${byline(item)}<span class="dot"></span>${ago(
              writtenAt(item),
              desk.now,
            )}
          </p>
          <div class="acts">
            ${button("Publier", "primary", item, doing, "approve")}
            ${item.kind === "idea" ? refusing(item, doing) : button("Refuser", "quiet", item, doing, "reject")}
          </div>
          ${desk.picking.sender(item)}
        </li>`,
    )}
    ${repeat(
      aside,
      ({ id }) => `dots ${id}`,
      (idea) =>
        html`<li class="card" data-id=${idea.id}>
          <p class="eyebrow">Points arrivés ensemble</p>
          ${idea.text ? html`<p class="question-body">${typeset(idea.text)}</p>` : nothing}
          ${picture(idea)}
          <p class="note">${about(idea, desk)}</p>
          <p class="meta">${count(idea.dots, "point compté", "points comptés")}</p>
          <div class="acts">${button(dotsOf(idea), "quiet", idea as Doubtful, doing, "accept_dots")}</div>
        </li>`,
    )}
  </ul>`;
}

function dotsOf({ dots_aside: aside = 0 }: Idea): string {
  return `Compter ${count(aside, "point mis de côté", "points mis de côté")}`;
}

/** In broadcast seconds. */
export function writtenAt(item: Doubtful): number {
  return seconds(item.kind === "idea" ? item.made_at : item.written_at) ?? 0;
}

function refusing(idea: Idea, doing: Doing<Doubtful>) {
  return html`<details class="refusing">
    <summary>Refuser…</summary>
    <div class="acts">
      ${REASONS.filter(([code]) => code !== "duplicate").map(([code, text]) =>
        button(text, "quiet", idea as Doubtful, doing, "reject", { reason: code }),
      )}
    </div>
  </details>`;
}

/** « Quartier, table 3, tour 1 », « Réponse à « … » », « À propos de « … » ». */
function about(item: Doubtful, { labs, cafes, about: syntheses }: Reading): string {
  if (item.kind === "comment") {
    const title = syntheses.get(item.synthesis)?.title;
    return title ? `À propos de ${quoted(title)}` : "À propos d’une synthèse";
  }
  if (item.table) return `${labName(labs, item.lab)}, ${place(item.table, item.round)}`;
  const cafe = cafes.find(({ id }) => id === item.cafe);
  return cafe ? `Réponse à ${quoted(cafe.prompts[0] ?? cafe.title)}` : "Réponse à un appel";
}
