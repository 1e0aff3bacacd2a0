// Cafés and calls for ideas in the control room: prepared, opened, closed.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { count, hour } from "../french";
import type { Cafe } from "../lab_items";
import { button } from "../parts/button";
import { typeset } from "../parts/text";
import type { CafeForm } from "./cafe_form";
import { type Desk, sure } from "./driving";

interface Plans extends Desk {
  form: CafeForm;
}

const RANK = { open: 0, draft: 1, closed: 2 };

export function cafes(all: Cafe[], desk: Plans) {
  const { form, labs } = desk;
  const here = [...all].sort((a, b) => RANK[a.state] - RANK[b.state]);
  const past = here.filter(({ state }) => state === "closed");
  const shown = here.filter(({ state }) => state !== "closed");
  return html`${
      form.open
        ? form.render(labs)
        : desk.mayRun
          ? html`<div class="acts">
              <button
                class=${shown.length ? "quiet" : "primary soft"}
                @click=${() => form.show("world_cafe")}
              >
                Préparer un café
              </button>
              <button class="quiet" @click=${() => form.show("call")}>
                Préparer un appel à idées
              </button>
            </div>`
          : nothing
    }
    ${shown.length ? cards(shown, desk) : nothing}
    ${all.length ? nothing : html`<p class="empty">Rien n’est encore préparé.</p>`}
    ${
      past.length
        ? html`<details class="past">
            <summary>Déjà clos (${past.length})</summary>
            ${cards(past, desk)}
          </details>`
        : nothing
    }`;
}

function cards(found: Cafe[], desk: Plans) {
  return html`<ul class="entries">
    ${repeat(
      found,
      ({ id }) => id,
      (cafe) =>
        html`<li class="entry cafe ${cafe.state}">
          <p class="meta">
            <strong>${cafe.type === "call" ? "Appel à idées" : "Café"}</strong>
            <span class="dot"></span>${state(cafe)}
          </p>
          <h3>${typeset(cafe.title)}</h3>
          ${
            cafe.prompts.length > 1
              ? html`<ol class="cafe-prompts">
                  ${cafe.prompts.map((prompt) => html`<li>${typeset(prompt)}</li>`)}
                </ol>`
              : html`<p>${typeset(cafe.prompts[0] ?? "")}</p>`
          }
          ${cafe.type === "call" ? nothing : html`<p class="note">${measures(cafe)}</p>`}
          ${desk.mayRun ? html`<div class="acts">${acts(cafe, desk)}</div>` : nothing}
        </li>`,
    )}
  </ul>`;
}

function state({ state: now, opened_at, closed_at, type }: Cafe): string {
  if (now === "draft") return "en préparation";
  if (now === "closed") return `clos à ${hour(closed_at)}`;
  return `ouvert${type === "call" ? "" : " aux laboratoires"} depuis ${hour(opened_at)}`;
}

/** « 6 laboratoires, 48 tables, 3 tours de 20 min » */
function measures({ tables, rounds, round_seconds, moving_seconds }: Cafe): string {
  const counts = Object.values(tables);
  const all = counts.reduce((sum, n) => sum + n, 0);
  const minutes = Math.round(round_seconds / 6) / 10;
  return [
    count(counts.length, "laboratoire", "laboratoires"),
    count(all, "table", "tables"),
    `${count(rounds, "tour", "tours")} de ${minutes.toLocaleString("fr-FR")}\u00a0min`,
    moving_seconds ? `${moving_seconds}\u00a0s pour changer` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

function acts(cafe: Cafe, { requests, form }: Plans) {
  const path = `/api/v1/cafes/${cafe.id}`;
  const act = (_: Cafe, verb: string) => {
    if (verb === "close" && !sure(cafe)) return;
    if (verb === "delete") void requests.send(cafe.id, "DELETE", path);
    else void requests.send(cafe.id, "POST", `${path}:${verb}`);
  };
  const press = (text: string, kind: string, verb: string) =>
    button(text, kind, cafe, { busy: requests.busy, act }, verb);
  const change = html`<button class="quiet" @click=${() => form.show(cafe.type, cafe)}>
    Modifier
  </button>`;
  switch (cafe.state) {
    case "draft":
      return html`${press("Ouvrir", "primary", "open")} ${change}
      ${press("Supprimer", "link", "delete")}`;
    case "open":
      return html`${change} ${press("Clore", "link", "close")}`;
    case "closed":
      return press("Rouvrir", "link", "open");
  }
}
