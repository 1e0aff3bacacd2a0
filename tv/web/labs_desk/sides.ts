// One laboratory beside the others in the control room: where it is, and how its tables do.

import { html, nothing } from "lit";
import { count, stopwatch } from "../french";
import type { Cafe, Progress, Table } from "../lab_items";
import { left, stepName } from "../labs/round";
import { labOf, labSign } from "../parts/lab_sign";
import { variable } from "../parts/variable";
import type { Desk } from "./driving";

/** `controls` drive this laboratory alone. */
export function side(
  cafe: Cafe,
  progress: Progress,
  tables: Table[],
  { labs, now }: Desk,
  controls: unknown,
) {
  const lab = labOf(labs, progress.id);
  const mine = tables
    .filter(({ lab: of, cafe: within }) => of === progress.id && within === cafe.id)
    .sort((a, b) => a.number - b.number);
  const rest = left(progress, now);
  const paused = progress.left != null;
  return html`<article
    class="lab-side"
    aria-label=${lab?.name ?? progress.id}
    ${variable("--lab", lab?.colour ?? "var(--line-strong)")}
  >
    <header>
      ${labSign(lab)}
      <div>
        <h3><a href="/labo/${progress.id}">${lab?.name ?? progress.id}</a></h3>
        ${lab?.step ? html`<p class="note">${lab.step}</p>` : nothing}
      </div>
    </header>
    <p class="lab-step">
      <span>${stepName(progress, cafe)}${paused ? html`<small>en pause</small>` : nothing}</span>
      <strong class="lab-time ${paused ? "paused" : ""}"
        >${rest == null ? "" : stopwatch(Math.ceil(rest))}</strong
      >
    </p>
    <dl class="lab-figures">
      ${figure(sum(mine, "seated"), "personne", "personnes")}
      ${figure(sum(mine, "ideas"), "idée", "idées")}
      ${figure(mine.filter(({ hosts }) => hosts.length).length, "hôte", "hôtes", mine.length)}
    </dl>
    ${controls} ${mine.length ? details(mine) : nothing}
  </article>`;
}

function figure(n: number, one: string, many: string, of?: number) {
  return html`<div>
    <dt>${Math.abs(n) < 2 ? one : many}</dt>
    <dd>${n.toLocaleString("fr-FR")}${of == null ? nothing : html`<small> / ${of}</small>`}</dd>
  </div>`;
}

function sum(tables: Table[], what: "seated" | "ideas" | "noted"): number {
  return tables.reduce((all, table) => all + (table[what] ?? 0), 0);
}

function details(tables: Table[]) {
  return html`<details>
    <summary>${count(tables.length, "table", "tables")}</summary>
    <table class="lab-tables">
      <thead>
        <tr>
          <th scope="col">Table</th>
          <th scope="col">Hôte</th>
          <th scope="col">Pers.</th>
          <th scope="col">Idées</th>
        </tr>
      </thead>
      <tbody>
        ${tables.map(
          ({ lab, number, hosts, seated, ideas, noted }) =>
            html`<tr>
              <th scope="row"><a href="/labo/${lab}/table/${number}">${number}</a></th>
              <td>${hosts.filter(Boolean).join(", ") || (hosts.length ? "oui" : "–")}</td>
              <td>${seated}</td>
              <td>
                ${ideas ?? 0}${noted ? html`<small> + ${count(noted, "notée", "notées")}</small>` : nothing}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}
