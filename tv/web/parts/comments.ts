// What people say about a synthesis: read by a moderator before it shows.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { ago } from "../french";
import type { Comment, Synthesis } from "../lab_items";
import { t } from "../language";
import { alertButton } from "./alert";
import { byline } from "./byline";
import { typeset } from "./text";

const LIMIT = 500; // characters, as the server has it

/** What there is to show of it. */
export interface Said {
  comments: Comment[]; // that everybody sees
  mine: Comment[];
  unsent: { key: string; text: string }[];
  draft: string;
  now: number;
}

export interface Commenting {
  write(synthesis: Synthesis, text: string): void;
  send(synthesis: Synthesis): void;
  withdraw(comment: Comment): void;
}

export function comments(
  synthesis: Synthesis,
  { comments: found, mine, unsent, draft, now }: Said,
  acts: Commenting,
) {
  const field = `comment-${synthesis.id}`;
  const others = found.filter(({ id }) => !mine.some((own) => own.id === id));
  const own = mine.filter(({ state }) => state !== "withdrawn");
  return html`<div class="synthesis-panel" id="comments-${synthesis.id}">
    <ul class="comments">
      ${repeat(
        others,
        ({ id }) => id,
        (comment) =>
          html`<li>
            <p>${typeset(comment.text)}</p>
            <p class="meta">
              ${byline(comment)}<span class="dot"></span>${ago(comment.written_at, now)}
              ${alertButton({ about: "comment", id: comment.id, text: comment.text })}
            </p>
          </li>`,
      )}
      ${repeat(
        own,
        ({ id }) => id,
        (comment) => ownComment(comment, acts),
      )}
      ${unsent.map(
        ({ text: written }) =>
          html`<li>
            <p>${typeset(written)}</p>
            <p class="meta"><span class="state unsent">
              ${t("Partira dès le retour du réseau")}
            </span></p>
          </li>`,
      )}
    </ul>
    <form
      class="composer"
      @submit=${(event: Event) => {
        event.preventDefault();
        acts.send(synthesis);
      }}
    >
      <label for=${field}>${t("Votre commentaire")}</label>
      <textarea
        id=${field}
        rows="2"
        maxlength=${LIMIT}
        aria-describedby="${field}-help"
        .value=${live(draft)}
        @input=${(event: InputEvent) =>
          acts.write(synthesis, (event.target as HTMLTextAreaElement).value)}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) acts.send(synthesis);
        }}
      ></textarea>
      <footer>
        <p class="note" id="${field}-help">${t("Il sera relu avant de s’afficher.")}</p>
        <button class="primary soft" aria-disabled=${draft.trim() ? nothing : "true"}>
          ${t("Envoyer")}
        </button>
      </footer>
    </form>
  </div>`;
}

function ownComment(comment: Comment, { withdraw }: Commenting) {
  return html`<li>
    <p>${typeset(comment.text)}</p>
    <p class="meta">
      <span class="own">${t("Vous")}</span>
      <span class="state ${comment.state}">${fate(comment)}</span>
      ${
        comment.state === "rejected"
          ? nothing
          : html`<button
              class="link"
              aria-label=${t("Retirer le commentaire\u00a0: {text}", { text: comment.text })}
              @click=${() => withdraw(comment)}
            >
              ${t("Retirer")}
            </button>`
      }
    </p>
  </li>`;
}

function fate({ state }: Comment): string {
  if (state === "approved") return t("Publié");
  return state === "rejected" ? t("Non retenu") : t("En attente de relecture");
}
