// What a poll came to. A table first: the bars and the cloud only draw what the figures say.

import { html, nothing } from "lit";
import { count, decimal, percent } from "../french";
import { t } from "../language";
import type { Answer, Poll } from "../protocol";
import { variable } from "./variable";
import { typeset } from "./text";

const CLOUD = 30; // words that are drawn; the table has more

/** `answers` are those to any poll: what was written, and read by a moderator. */
export function results(item: Poll, own: string[] = [], answers: Answer[] = []) {
  if (item.type === "text") return read(item, answers);
  if (!item.counts) {
    return html`<p class="note">${t("Le vote est clos. Les résultats seront affichés bientôt.")}</p>`;
  }
  return item.type === "words" ? words(item) : figures(item, item.counts, own);
}

function figures(item: Poll, counts: Poll["counts"] & object, own: string[]) {
  const votes = new Map(counts.map(({ option, votes: n }) => [option, n]));
  const sum = [...votes.values()].reduce((all, n) => all + n, 0);
  const total = item.type === "multiple" ? item.ballots : sum;
  const most = Math.max(1, ...votes.values());
  const chosen = item.type === "ranking" ? own.slice(0, 1) : own;
  return html`<table class="results">
      <caption class="visually-hidden">
        ${t("Résultats\u00a0: {what}", { what: item.prompt })}
      </caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">${t("Réponse")}</th>
          <th scope="col">${pointed(item) ? t("Points") : t("Votes")}</th>
          <th scope="col">${t("Part")}</th>
        </tr>
      </thead>
      <tbody>
        ${item.options.map(({ id, text }) => {
          const n = votes.get(id) ?? 0;
          return html`<tr class=${n === most ? "first" : ""}>
            <th scope="row">
              ${text}${chosen.includes(id) ? html`<small>${t("votre choix")}</small>` : nothing}
              <span class="bar" ${variable("--part", String(n / most))}></span>
            </th>
            <td>${n}</td>
            <td>${percent(n, total)}</td>
          </tr>`;
        })}
      </tbody>
      ${foot(item, 3)}
    </table>
    ${item.labs?.length ? labs(item, item.labs) : nothing}`;
}

function words(item: Poll) {
  const found = item.words ?? [];
  const most = found[0]?.votes ?? 1;
  const drawn = found.slice(0, CLOUD).sort((a, b) => a.word.localeCompare(b.word, "fr"));
  return html`<p class="cloud" aria-hidden="true">
      ${drawn.map(
        ({ word, votes }) => html`<span ${variable("--part", String(votes / most))}>${word}</span> `,
      )}
    </p>
    <details>
      <summary>${t("{words} dans l’ordre", { words: count(found.length, "mot", "mots") })}</summary>
      <table class="results">
        <caption class="visually-hidden">
          ${t("Mots donnés\u00a0: {what}", { what: item.prompt })}
        </caption>
        <thead class="visually-hidden">
          <tr>
            <th scope="col">${t("Mot")}</th>
            <th scope="col">${t("Fois")}</th>
          </tr>
        </thead>
        <tbody>
          ${found.map(
            ({ word, votes }) => html`<tr>
              <th scope="row">${word}</th>
              <td>${votes}</td>
            </tr>`,
          )}
        </tbody>
        ${foot(item, 2)}
      </table>
    </details>`;
}

function read(item: Poll, answers: Answer[]) {
  const mine = answers.filter(
    ({ poll: of, round, state }) => of === item.id && round === item.round && state === "approved",
  );
  return html`${
      mine.length
        ? html`<ul class="answers">
            ${mine.map(({ text }) => html`<li>${typeset(text)}</li>`)}
          </ul>`
        : html`<p class="note">${t("Les réponses s’affichent une fois relues.")}</p>`
    }
    <p class="note">${count(item.ballots, "réponse reçue", "réponses reçues")}</p>`;
}

function labs(item: Poll, found: Poll["labs"] & object) {
  const shown = found.filter(({ counts }) => counts);
  const hidden = found.length - shown.length;
  return html`<details class="labs">
    <summary>${t("Comparer les laboratoires")}</summary>
    <table class="results">
      <thead>
        <tr>
          <th scope="col">${t("Réponse")}</th>
          ${shown.map(({ lab }) => html`<th scope="col">${lab || t("Sans laboratoire")}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${item.options.map(
          ({ text }, rank) => html`<tr>
            <th scope="row">${text}</th>
            ${shown.map(({ counts, ballots }) => {
              const n = counts?.[rank]?.votes ?? 0;
              return html`<td>${pointed(item) ? n : percent(n, ballots ?? 0)}</td>`;
            })}
          </tr>`,
        )}
      </tbody>
    </table>
    ${
      hidden
        ? html`<p class="note">
            ${t("{labs}\u00a0: trop peu de réponses, non affiché.", {
              labs: count(hidden, "laboratoire", "laboratoires"),
            })}
          </p>`
        : nothing
    }
  </details>`;
}

function foot(item: Poll, columns: number) {
  const told = { mean: decimal(item.mean ?? 0), n: item.options.length };
  const mean = item.mean == null ? "" : t(" – moyenne {mean} sur {n}", told);
  return html`<tfoot>
    <tr>
      <td colspan=${columns}>${count(item.ballots, "bulletin", "bulletins")}${mean}</td>
    </tr>
  </tfoot>`;
}

function pointed({ type }: Poll): boolean {
  return type === "ranking" || type === "dots";
}
