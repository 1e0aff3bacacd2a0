// The ideas on a table: everybody's, one's own that others do not see yet, and what has not left.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { reason } from "../french";
import type { Cafe, Cluster, Idea, Lab, OwnIdeas, Progress, Table } from "../lab_items";
import type { Letter } from "../outbox";
import { alertButton } from "../parts/alert";
import * as icons from "../parts/icons";
import { ideaCard } from "./card";
import { type Giving, giving } from "./giving";
import { sections } from "./sections";

/** Notice for an author who has not shown the code of the laboratory. */
export const READ_FIRST =
  "Votre idée sera lue avant d’être affichée. Scannez le code de la table pour l’afficher tout de suite.";

/** What goes on in a laboratory; its tables by number. */
export interface Session {
  cafe: Cafe;
  progress: Progress;
  tables: Table[];
}

export interface Lying extends Session {
  here: string; // the table's id
  labs: Lab[];
  ideas: Idea[]; // that show there
  clusters: Cluster[];
  own: OwnIdeas | undefined;
  letters: readonly Letter[]; // that have not left
  deciding: readonly Letter[]; // and those that the server has just taken
  waiting: boolean; // for the network
}

export interface Acts {
  give(idea: Idea, step: 1 | -1): void;
  carry(idea: Idea): void;
  withdraw(idea: Idea): void;
}

/** What an idea's letter has besides what is sent. */
export interface Note {
  table: string;
  text: string;
  picture: boolean;
}

export function board(lying: Lying, acts: Acts) {
  const { here, cafe, progress, own } = lying;
  const written = new Set([...(own?.ideas ?? []), ...arriving(lying)].map(({ id }) => id));
  const budget = giving(cafe, own, lying.deciding);
  const ideas = [...lying.ideas, ...unseen(lying), ...unsent(lying)];
  return repeat(
    sections(ideas, lying.clusters, here, progress, cafe),
    ({ key }) => key,
    ({ key, title, group, ideas: some }) =>
      html`<section class=${group ? "grouped" : ""} aria-labelledby="section-${key}">
        <h2 id="section-${key}">${title} <span class="badge">${some.length || nothing}</span></h2>
        ${
          some.length
            ? html`<ul class="idea-cards">
                ${repeat(
                  some,
                  ({ id }) => id,
                  (idea) => html`<li>${card(idea, lying, budget, written.has(idea.id), acts)}</li>`,
                )}
              </ul>`
            : html`<p class="empty">Pas encore d’idée\u00a0: posez la première.</p>`
        }
      </section>`,
  );
}

/** Their own that others do not see: noted, waiting for somebody to read it, or taken away. */
function unseen({ here, cafe, own, ideas }: Lying): Idea[] {
  const shown = new Set(ideas.map(({ id }) => id)); // their own view may be late
  return (own?.ideas ?? []).filter(
    ({ id, cafe: of, table, state }) =>
      of === cafe.id &&
      table === here &&
      !shown.has(id) &&
      (state === "noted" || state === "pending" || state === "hidden"),
  );
}

/** The letters that bring an idea to this table. */
function underWay({ here, letters }: Lying): Letter[] {
  return letters.filter(
    ({ what, note }) => what === "idea" && (note as Note | undefined)?.table === here,
  );
}

/** Whether a letter is that idea's: the socket may bring it before the letter is answered. */
function brings({ note, body }: Letter, idea: Idea): boolean {
  const { text } = note as Note;
  return text !== "" && idea.text === text && idea.round === (body as { round: number }).round;
}

/** Theirs that everybody sees already, while its letter is under way. */
function arriving(lying: Lying): Idea[] {
  const letters = underWay(lying);
  return lying.ideas.filter(
    (idea) => idea.table === lying.here && letters.some((letter) => brings(letter, idea)),
  );
}

/** What they wrote for this table and has not left, as ideas that the server does not know. */
function unsent(lying: Lying): Idea[] {
  const { here, cafe, progress, own } = lying;
  const shown = [...(own?.ideas ?? []), ...lying.ideas].filter(
    (idea) => idea.cafe === cafe.id && idea.table === here,
  );
  return underWay(lying)
    .filter((letter) => !shown.some((idea) => brings(letter, idea)))
    .map(({ key, note, body }) => ({
      kind: "idea",
      id: `letter:${key}`,
      version: "",
      cafe: cafe.id,
      lab: progress.id,
      table: here,
      round: (body as { round: number }).round,
      text: (note as Note).text || "Une image",
      author: "",
      picture: null,
      state: "pending",
      dots: 0,
      clusters: [],
      stops: [],
      made_at: Number.MAX_VALUE, // after all others
      shown_at: null,
    }));
}

function card(idea: Idea, lying: Lying, budget: Giving, own: boolean, acts: Acts) {
  const { cafe, here, labs, tables } = lying;
  const leaving = idea.id.startsWith("letter:");
  const open = cafe.state === "open";
  const settled = open && idea.state === "shown";
  const mine = budget.dots[idea.id] ?? 0;
  const counted = lying.own?.dots?.[idea.id] ?? 0; // of them, what the server has
  return ideaCard(
    { ...idea, dots: idea.dots + mine - counted },
    {
      here,
      labs,
      own: own || leaving,
      note: leaving ? (lying.waiting ? "Partira au retour du réseau" : "Envoi…") : fate(idea),
      dots:
        settled && cafe.dots
          ? { mine, left: budget.left, give: (step) => acts.give(idea, step) }
          : undefined,
      back:
        own && open && idea.state !== "hidden"
          ? html`<button type="button" class="link" @click=${() => acts.withdraw(idea)}>
              Retirer
            </button>`
          : nothing,
      acts: html`${
        settled && tables.length > 1
          ? html`<button
              type="button"
              class="tool"
              aria-label="Porter à une autre table"
              title="Porter à une autre table"
              @click=${() => acts.carry(idea)}
            >
              ${icons.carry}
            </button>`
          : nothing
      }${
        own || leaving || idea.state !== "shown"
          ? nothing
          : alertButton({ about: "idea", id: idea.id, text: idea.text })
      }`,
    },
  );
}

/** What its author reads about an idea that others do not see. */
function fate({ state, reason: code, proved }: Idea): string {
  switch (state) {
    case "noted":
      return "Notée pour vous seulement";
    case "pending":
      return proved === false ? READ_FIRST : "En attente de relecture";
    case "hidden":
      return code ? `Retirée de la table\u00a0: ${reason(code)}` : "Retirée de la table";
    default:
      return "";
  }
}
