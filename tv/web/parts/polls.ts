// Polls for the audience: a ballot while open, a table of results when they may be seen.

import { html, nothing } from "lit";
import { count, percent } from "../french";
import type { Poll } from "../protocol";
import * as icons from "./icons";
import { variable } from "./variable";
import { typeset } from "./text";

export interface Ballot {
  choices: string[]; // what the server has
  sending: boolean;
}

export interface Draft {
  chosen: string; // what is ticked and not sent; "" when nothing is
  choose(option: string): void;
  vote(): void;
}

const STATES = {
  draft: "Brouillon",
  open: "Vote ouvert",
  closed: "Vote clos",
  published: "Résultats",
};

export function poll(item: Poll, ballot: Ballot | undefined, draft: Draft) {
  return html`<article class="poll ${item.state}" aria-labelledby="prompt-${item.id}">
    <p class="poll-state">
      ${item.state === "open" ? html`<span class="tally"></span>` : nothing}${STATES[item.state]}
    </p>
    <h3 id="prompt-${item.id}">${typeset(item.prompt)}</h3>
    ${item.state === "open" ? voting(item, ballot, draft) : results(item, ballot?.choices)}
  </article>`;
}

function voting(item: Poll, ballot: Ballot | undefined, { chosen, choose, vote }: Draft) {
  const given = ballot?.choices[0] ?? "";
  const ticked = chosen || given;
  const changed = ticked !== "" && ticked !== given;
  return html`<form
    @submit=${(event: Event) => {
      event.preventDefault();
      if (changed) vote();
    }}
  >
    <fieldset class="ballot">
      <legend class="visually-hidden">${item.prompt}</legend>
      ${item.options.map(
        ({ id, text }) =>
          html`<label class="option">
            <input
              type="radio"
              name="ballot-${item.id}"
              value=${id}
              .checked=${id === ticked}
              @change=${() => choose(id)}
            />
            <span>${text}</span>
          </label>`,
      )}
    </fieldset>
    <div class="vote">
      <button class="primary" ?disabled=${!changed || ballot?.sending}>
        ${given ? "Changer mon vote" : "Voter"}
      </button>
      <p class="note">
        ${
          ballot?.sending
            ? "Envoi de votre vote…"
            : given
              ? html`${icons.done} Vote enregistré. Vous pouvez le modifier jusqu’à la clôture.`
              : "Résultats à la clôture."
        }
      </p>
    </div>
  </form>`;
}

/** A table first: the bars only draw what the figures say. */
export function results(item: Poll, own: string[] = []) {
  if (!item.counts) {
    return html`<p class="note">Le vote est clos. Les résultats seront affichés bientôt.</p>`;
  }
  const votes = new Map(item.counts.map(({ option, votes: n }) => [option, n]));
  const total = [...votes.values()].reduce((sum, n) => sum + n, 0);
  const most = Math.max(1, ...votes.values());
  return html`<table class="results">
    <caption class="visually-hidden">
      Résultats : ${item.prompt}
    </caption>
    <thead class="visually-hidden">
      <tr>
        <th scope="col">Réponse</th>
        <th scope="col">Votes</th>
        <th scope="col">Part</th>
      </tr>
    </thead>
    <tbody>
      ${item.options.map(({ id, text }) => {
        const n = votes.get(id) ?? 0;
        return html`<tr class=${n === most ? "first" : ""}>
          <th scope="row">
            ${text}${own.includes(id) ? html`<small>votre choix</small>` : nothing}
            <span class="bar" ${variable("--part", String(n / most))}></span>
          </th>
          <td>${n}</td>
          <td>${percent(n, total)}</td>
        </tr>`;
      })}
    </tbody>
    <tfoot>
      <tr>
        <td colspan="3">${count(item.ballots, "bulletin", "bulletins")}</td>
      </tr>
    </tfoot>
  </table>`;
}
