// The words as they were said, beside the picture: each sentence can be quoted in a question.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { hour } from "../french";
import type { Sentence } from "../player/captions";
import * as icons from "./icons";
import { typeset } from "./text";

const NEAR_END = 48; // pixels

/** Follows the newest sentence until the reader scrolls up. */
export class Follower {
  following = true;

  constructor(
    private readonly list: HTMLElement,
    private readonly changed: () => void,
  ) {
    list.addEventListener("scroll", () => {
      const below = list.scrollHeight - list.scrollTop - list.clientHeight;
      const following = below < NEAR_END;
      if (following !== this.following) {
        this.following = following;
        this.changed();
      }
    });
    new ResizeObserver(() => this.settle()).observe(list);
  }

  settle(): void {
    if (this.following) this.list.scrollTop = this.list.scrollHeight;
  }

  resume(): void {
    this.following = true;
    this.settle();
    this.changed();
  }
}

export function transcript(found: Sentence[], quote: (sentence: Sentence) => void) {
  if (!found.length) {
    return html`<p class="empty">Les paroles s’écriront ici, phrase après phrase.</p>`;
  }
  let minute = "";
  return repeat(
    found,
    ({ id }) => id,
    (sentence) => {
      const time = hour(sentence.start);
      const first = time !== minute;
      minute = time;
      return html`<div class="sentence">
        ${first ? html`<time>${time}</time>` : nothing}
        ${sentence.speaker ? html`<p class="said-speaker">${sentence.speaker}</p>` : nothing}
        <button @click=${() => quote(sentence)}>
          <span class="said">${typeset(sentence.text)}</span>
          <span class="cite">Citer cette phrase</span>
        </button>
      </div>`;
    },
  );
}

export function resume(follower: Follower) {
  return follower.following
    ? nothing
    : html`<button class="pill" @click=${() => follower.resume()}>
        ${icons.down} Suivre les paroles
      </button>`;
}
