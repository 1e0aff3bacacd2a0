// The same café in all laboratories, side by side: a table in the control room, columns on a wall.

import { html, nothing } from "lit";
import { count, seconds } from "../french";
import type { Cafe, Lab } from "../lab_items";
import { labSign, place } from "../parts/lab_sign";
import { typeset } from "../parts/text";
import { variable } from "../parts/variable";

const LONG = 60; // characters of an idea; beyond, it is set smaller
const KEPT = "non affiché"; // few people, or one could tell how many these are elsewhere

export interface TopIdea {
  id: string;
  text: string;
  table: string;
  round: number;
  dots: number;
}

/** A laboratory's part of it; null: it is not told, so that nobody can tell of few people. */
export interface Compared extends Omit<Lab, "id" | "cafe" | "progress"> {
  lab: string;
  tables: number;
  people: number | null;
  ideas: number;
  dots: number | null;
  syntheses: number;
  shared: number;
  top: TopIdea[] | null;
}

export interface Comparison {
  cafe: string;
  title: string;
  items: Compared[];
  totals: Pick<Compared, "people" | "ideas" | "dots" | "syntheses" | "shared">;
}

/** The café that is on, or was last; drafts and calls are none. */
export function latest(cafes: Cafe[]): Cafe | undefined {
  const rank = ({ state }: Cafe) => (state === "open" ? 0 : 1);
  return cafes
    .filter(({ type, state }) => type === "world_cafe" && state !== "draft")
    .sort((a, b) => rank(a) - rank(b) || (seconds(b.opened_at) ?? 0) - (seconds(a.opened_at) ?? 0))[0];
}

/** For the control room; `cafes` are those that one can `choose`, `chosen` the id of one. */
export function compared(
  comparison: Comparison | null,
  cafes: Cafe[],
  chosen: string,
  choose: (cafe: string) => void,
) {
  if (!cafes.length) {
    return html`<p class="empty">Les laboratoires se comparent dès qu’un café est ouvert.</p>`;
  }
  return html`${
      cafes.length > 1
        ? html`<label class="desk-choice">
            <span>Café</span>
            <select
              @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}
            >
              ${cafes.map(
                ({ id, title }) =>
                  html`<option value=${id} ?selected=${id === chosen}>${title}</option>`,
              )}
            </select>
          </label>`
        : nothing
    }
    ${comparison ? table(comparison) : nothing}`;
}

function table({ title, items, totals }: Comparison) {
  const most = Math.max(1, ...items.map(({ ideas }) => ideas));
  return html`<div class="compared-box" tabindex="0" role="region" aria-label="Comparaison\u00a0: ${title}">
    <table class="compared">
      <caption class="visually-hidden">
        ${title}\u00a0: ce que chaque laboratoire a fait
      </caption>
      <thead>
        <tr>
          <th scope="col">Laboratoire</th>
          <th scope="col">Personnes</th>
          <th scope="col">Idées</th>
          <th scope="col">Points</th>
          <th scope="col">Synthèses</th>
          <th scope="col">Les plus soutenues</th>
        </tr>
      </thead>
      <tbody>
        ${items.map(
          (each) =>
            html`<tr>
              <th scope="row">
                <span class="from-lab">
                  ${labSign({ ...each, id: each.lab })}
                  <span>${each.name}<small>${each.step}</small></span>
                </span>
              </th>
              <td>${told(each.people)}</td>
              <td>
                ${each.ideas}
                <span
                  class="compared-bar"
                  ${variable("--part", String(each.ideas / most))}
                  ${variable("--lab", each.colour)}
                ></span>
              </td>
              <td>${told(each.dots)}</td>
              <td>${each.syntheses}${each.shared ? html`<small>${count(each.shared, "partagée", "partagées")}</small>` : nothing}</td>
              <td>${tops(each)}</td>
            </tr>`,
        )}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Ensemble</th>
          <td>${told(totals.people)}</td>
          <td>${totals.ideas}</td>
          <td>${told(totals.dots)}</td>
          <td>${totals.syntheses}</td>
          <td></td>
        </tr>
      </tfoot>
    </table>
    ${
      items.some(({ people, dots }) => people == null || dots == null)
        ? html`<p class="note">
            Moins de cinq personnes dans un laboratoire${"\u00a0"}: ses chiffres ne s’affichent pas, ni
            ceux d’un autre qui les révéleraient.
          </p>`
        : nothing
    }
  </div>`;
}

function tops({ top }: Compared) {
  if (!top) return html`<span class="note">${KEPT}</span>`;
  if (!top.length) return html`<span class="note">–</span>`;
  return html`<ol class="compared-tops">
    ${top
      .slice(0, 3)
      .map(
        ({ text, table: at, round, dots }) =>
          html`<li>
            ${typeset(text)}
            <small>${count(dots, "point", "points")}, ${place(at, round)}</small>
          </li>`,
      )}
  </ol>`;
}

function told(n: number | null) {
  return n == null ? html`<small>${KEPT}</small>` : n.toLocaleString("fr-FR");
}

/** For a wall: a column for each, its best idea in words. */
export function columns({ title, items, totals }: Comparison) {
  return html`<header class="wall-head">
      <h2>${typeset(title)}</h2>
      <p>
        ${totals.people == null ? nothing : html`${count(totals.people, "personne", "personnes")},`}
        ${count(totals.ideas, "idée", "idées")},
        ${count(totals.shared, "synthèse partagée", "synthèses partagées")}
      </p>
    </header>
    <ul class="compared-columns" ${variable("--columns", String(items.length))}>
      ${items.map((each) => {
        const best = each.top?.[0];
        return html`<li ${variable("--lab", each.colour)}>
          <div class="from-lab">
            ${labSign({ ...each, id: each.lab })}
            <h3>${each.name}<small>${each.step}</small></h3>
          </div>
          <p class="compared-figure">
            <strong>${each.ideas}</strong> ${each.ideas < 2 ? "idée" : "idées"}
          </p>
          <p class="compared-people">
            ${each.people == null ? nothing : count(each.people, "personne", "personnes")}
          </p>
          ${
            best?.dots
              ? html`<blockquote class=${best.text.length > LONG ? "long" : ""}>
                  <p>${typeset(best.text)}</p>
                  <footer>${count(best.dots, "point", "points")}</footer>
                </blockquote>`
              : nothing
          }
        </li>`;
      })}
    </ul>`;
}
