// What a host sees beside the cards to group: those to read first, those that are alike, those put
// away; and the field for a group's name.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { count } from "../french";
import type { Cluster, Idea, Lab } from "../lab_items";
import { elsewhere } from "../parts/moderating";
import { typeset } from "../parts/text";
import { picture } from "../parts/wall";

const NAME = 80; // characters, as the server has it

/** Ideas that say nearly the same, as the server sees it, and the group that they might join. */
export interface Suggestion {
  ideas: string[];
  name: string;
  cluster: string; // "": a new one
}

export type Verdict = "approve" | "reject" | "hide" | "restore";

/** What lies on the table. */
export interface Laid {
  table: string;
  labs: Lab[];
  ideas: Idea[]; // that show
  clusters: Cluster[];
  pending: Idea[]; // for its host to read first
  hidden: Idea[];
  suggestions: Suggestion[] | null; // null: nobody asked
  cited: Set<string>; // ids of what the synthesis comes from
  busy: ReadonlySet<string>;
}

/** Returns of what may fail: whether it was done. */
export interface GroupingActs {
  make(name: string, ideas: string[]): Promise<boolean>;
  group(cluster: string, ideas: string[]): Promise<boolean>;
  ungroup(ideas: string[]): Promise<boolean>;
  rename(cluster: string, name: string): Promise<boolean>;
  undo(cluster: string): void;
  judge(idea: string, verb: Verdict): void;
  cite(ideas: string[], clusters: string[]): void;
  suggest(): void;
  dismiss(suggestion: Suggestion): void;
}

export function toRead({ pending, busy }: Laid, acts: GroupingActs) {
  if (!pending.length) return nothing;
  const button = (text: string, look: string, id: string, verb: Verdict) =>
    html`<button
      class=${look}
      aria-disabled=${busy.has(id) ? "true" : nothing}
      @click=${() => acts.judge(id, verb)}
    >
      ${text}
    </button>`;
  return html`<section class="to-read" aria-labelledby="to-read-title">
    <h3 id="to-read-title">À relire <span class="badge">${pending.length}</span></h3>
    <ul class="cards">
      ${repeat(
        pending,
        ({ id }) => id,
        (idea) =>
          html`<li class="card" data-id=${idea.id}>
            ${words(idea)} ${picture(idea)} ${elsewhere(idea)}
            <div class="acts">
              ${button("Montrer à la table", "primary soft", idea.id, "approve")}
              ${button("Ne pas montrer", "quiet", idea.id, "reject")}
            </div>
          </li>`,
      )}
    </ul>
  </section>`;
}

/** `accept` groups them, in the group that is given if there is one. */
export function alike(
  { suggestions, ideas, clusters }: Laid,
  acts: GroupingActs,
  accept: (suggestion: Suggestion, into: Cluster | undefined) => Promise<void>,
) {
  if (!suggestions) return nothing;
  const named = (suggestion: Suggestion) => suggestion.ideas.join();
  const shown = new Map(ideas.map((idea) => [idea.id, idea]));
  const standing = suggestions.filter((each) => each.ideas.every((id) => shown.has(id)));
  const card = (suggestion: Suggestion) => {
    const into = clusters.find(({ id }) => id === suggestion.cluster);
    return html`<li class="card" data-id=${named(suggestion)}>
      <ul class="alike">
        ${suggestion.ideas.map((id) => html`<li>${typeset(shown.get(id)?.text || "Une image")}</li>`)}
      </ul>
      <div class="acts">
        <button class="primary soft" @click=${() => void accept(suggestion, into)}>
          ${into ? `Ranger dans «\u00a0${into.name}\u00a0»` : "Grouper"}
        </button>
        <button class="quiet" @click=${() => acts.dismiss(suggestion)}>Non</button>
      </div>
    </li>`;
  };
  return html`<section class="suggestions" aria-labelledby="suggestions-title">
    <h3 id="suggestions-title" tabindex="-1">Elles se ressemblent</h3>
    ${
      standing.length
        ? html`<ul class="cards">
            ${repeat(standing, named, card)}
          </ul>`
        : html`<p class="empty">Aucune idée n’en répète une autre.</p>`
    }
  </section>`;
}

export function putAway({ hidden, busy }: Laid, acts: GroupingActs) {
  if (!hidden.length) return nothing;
  return html`<details class="past">
    <summary>${count(hidden.length, "idée masquée", "idées masquées")}</summary>
    <ul class="cards">
      ${repeat(
        hidden,
        ({ id }) => id,
        (idea) =>
          html`<li class="card settled" data-id=${idea.id}>
            ${words(idea)}
            <p class="meta">
              <button
                class="link"
                aria-disabled=${busy.has(idea.id) ? "true" : nothing}
                @click=${() => acts.judge(idea.id, "restore")}
              >
                Remettre sur la table
              </button>
            </p>
          </li>`,
      )}
    </ul>
  </details>`;
}

/** `send` returns whether it was done: then the field is empty again. */
export function groupName(
  id: string,
  name: string,
  button: string,
  send: (name: string) => Promise<boolean>,
) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const said = String(new FormData(form).get("name")).trim();
    if (said && (await send(said))) form.reset();
  };
  return html`<form class="one-line" @submit=${submit}>
    <label class="visually-hidden" for=${id}>Nom du groupe</label>
    <input
      id=${id}
      type="text"
      name="name"
      maxlength=${NAME}
      autocomplete="off"
      placeholder="Nom du groupe"
      value=${name}
      required
    />
    <button class="primary soft">${button}</button>
  </form>`;
}

function words({ text }: Idea) {
  return html`<p class="question-body">${text ? typeset(text) : html`<em>Une image</em>`}</p>`;
}
