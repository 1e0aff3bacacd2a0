// Writing a synthesis: its title, its text, what it comes from, and how it is saved.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { count, hour } from "../french";
import type { Cluster, Idea } from "../lab_items";
import { typeset } from "../parts/text";
import type { Sheets, Version } from "./sheets";

const TITLE = 120; // characters, as the server has them
const BODY = 2000;
const CLOSE_TO_LIMIT = 200;

/** What may be cited: what lies on the table. */
export interface Citable {
  ideas: Map<string, Idea>;
  clusters: Map<string, Cluster>;
}

export function sheet(sheets: Sheets, citable: Citable) {
  const { text, current, chosen } = sheets;
  if (!chosen) {
    return html`<div class="no-sheet">
      <p class="empty">
        Une synthèse dit ce que la table retient de ses idées, en quelques phrases. Elle s’enregistre
        toute seule, et personne ne la voit avant que vous la partagiez.
      </p>
      <button class="primary" @click=${() => sheets.begin()}>Rédiger la synthèse</button>
    </div>`;
  }
  if (current?.state === "hidden") {
    return html`<article class="hidden-sheet">
      <h3>${typeset(current.title)}</h3>
      <p class="note">Retirée\u00a0: personne ne la voit.</p>
      <p class="sheet-words">${current.body}</p>
    </article>`;
  }
  const left = BODY - text.body.length;
  return html`<form class="sheet" @submit=${(event: Event) => event.preventDefault()}>
    ${clash(sheets)}
    <label for="sheet-title">Titre</label>
    <input
      id="sheet-title"
      type="text"
      maxlength=${TITLE}
      autocomplete="off"
      .value=${live(text.title)}
      @input=${(event: InputEvent) => sheets.write({ title: valueOf(event) })}
    />
    <label for="sheet-body">Ce que la table retient</label>
    <textarea
      id="sheet-body"
      rows="12"
      maxlength=${BODY}
      aria-describedby="sheet-state"
      .value=${live(text.body)}
      @input=${(event: InputEvent) => sheets.write({ body: valueOf(event) })}
    ></textarea>
    <p class="sheet-foot note" id="sheet-state">
      <span>${state(sheets)}</span>
      <span>
        ${left <= CLOSE_TO_LIMIT ? count(left, "caractère restant", "caractères restants") : nothing}
      </span>
    </p>
    ${sources(sheets, citable)}
  </form>`;
}

/** Which of the table's syntheses is written, where there are several. */
export function choice(sheets: Sheets) {
  const names = sheets.unmade;
  if (!sheets.chosen && !sheets.all.length) return nothing;
  if (sheets.chosen && !sheets.current && !names.includes(sheets.chosen)) names.push(sheets.chosen);
  const one = (name: string, title: string, note: string) =>
    html`<li>
      <button
        class="sheet-name"
        aria-pressed=${String(name === sheets.chosen)}
        @click=${() => sheets.choose(name)}
      >
        <span>${title || "Sans titre"}</span> <small>${note}</small>
      </button>
    </li>`;
  return html`<ul class="sheet-names" aria-label="Synthèses de la table">
    ${repeat(
      sheets.all,
      ({ id }) => id,
      ({ id, title, state: where }) =>
        one(
          id,
          id === sheets.chosen && where !== "hidden" ? sheets.text.title : title,
          { draft: "brouillon", shared: "partagée", hidden: "retirée" }[where],
        ),
    )}
    ${names.map((name) => one(name, name === sheets.chosen ? sheets.text.title : "", "brouillon"))}
    <li>
      <button class="sheet-name new" @click=${() => sheets.begin()}>
        <span>Nouvelle synthèse</span>
      </button>
    </li>
  </ul>`;
}

/** What it said before, and how to have it again. */
export function versions(sheets: Sheets) {
  const { current } = sheets;
  const kept = current?.history ?? [];
  if (!kept.length || current?.state === "hidden") return nothing;
  return html`<details class="versions">
    <summary>${count(kept.length, "version précédente", "versions précédentes")}</summary>
    <ol class="cards">
      ${kept.map((version) => before(version, sheets))}
    </ol>
  </details>`;
}

function before(version: Version, sheets: Sheets) {
  const { title, body } = version;
  return html`<li class="card">
    <p class="meta">
      <strong>${hour(version.at)}</strong>
      ${version.author ? html`<span class="dot"></span>${version.author}` : nothing}
    </p>
    <h4>${typeset(title || "Sans titre")}</h4>
    <p class="sheet-words">${body}</p>
    <div class="acts">
      <button class="quiet" @click=${() => sheets.write({ title, body })}>
        Reprendre ce texte
      </button>
    </div>
  </li>`;
}

/** How far the server has it. */
function state(sheets: Sheets) {
  const { current, trouble, waiting, saving, unsaved } = sheets;
  if (trouble) return html`<strong class="trouble">${trouble}</strong>`;
  if (!unsaved) return current ? "Enregistré" : "Rien n’est encore écrit";
  if (sheets.clashes.has(sheets.chosen)) return "Enregistré dès que vous aurez choisi";
  if (waiting) return "Hors ligne\u00a0: gardé sur cet appareil, enregistré au retour du réseau";
  if (saving) return "Enregistrement…";
  if (current?.state !== "shared") return "Enregistrement dans un instant…";
  return html`Les autres ne voient pas encore vos changements.
    <button type="button" class="primary soft" @click=${() => void sheets.save(true)}>
      Publier les changements
    </button>`;
}

function clash(sheets: Sheets) {
  const theirs = sheets.clashes.get(sheets.chosen);
  if (!theirs) return nothing;
  return html`<section class="clash" role="alert" aria-labelledby="clash-title">
    <h3 id="clash-title">${theirs.author || "Quelqu’un"} a écrit en même temps que vous</h3>
    <p class="note">Voici l’autre texte. Rien n’est perdu\u00a0: choisissez ce qui reste.</p>
    <h4>${typeset(theirs.title || "Sans titre")}</h4>
    <p class="sheet-words">${theirs.body}</p>
    <div class="acts">
      <button type="button" class="primary" @click=${() => sheets.resolve("both")}>
        Garder les deux
      </button>
      <button type="button" class="quiet" @click=${() => sheets.resolve("mine")}>
        Garder le mien
      </button>
      <button type="button" class="quiet" @click=${() => sheets.resolve("theirs")}>
        Prendre l’autre
      </button>
    </div>
  </section>`;
}

function sources(sheets: Sheets, { ideas, clusters }: Citable) {
  const { text } = sheets;
  const without = (ids: string[], id: string) => ids.filter((other) => other !== id);
  const cited = [
    ...text.clusters.map((id) => ({
      id,
      words: clusters.get(id)?.name ?? "Un groupe défait depuis",
      kind: "Groupe",
      leave: () => sheets.write({ clusters: without(sheets.text.clusters, id) }),
    })),
    ...text.ideas.map((id) => ({
      id,
      words: ideas.get(id)?.text || "Une idée",
      kind: "Idée",
      leave: () => sheets.write({ ideas: without(sheets.text.ideas, id) }),
    })),
  ];
  return html`<section class="synthesis-sources" aria-labelledby="sources-title">
    <h3 id="sources-title">D’où elle vient</h3>
    ${
      cited.length
        ? html`<ul>
            ${repeat(
              cited,
              ({ id }) => id,
              ({ words, kind, leave }) =>
                html`<li>
                  <span class="source-kind">${kind}</span>
                  <span class="source-words">${typeset(words)}</span>
                  <button
                    type="button"
                    class="link"
                    aria-label="Ne plus citer\u00a0: ${words}"
                    @click=${leave}
                  >
                    Ne plus citer
                  </button>
                </li>`,
            )}
          </ul>`
        : html`<p class="empty">
            Citez les groupes et les idées dont elle vient\u00a0: chacun pourra remonter jusqu’à eux.
          </p>`
    }
  </section>`;
}

function valueOf(event: InputEvent): string {
  return (event.target as HTMLInputElement | HTMLTextAreaElement).value;
}
