// The words as they were said, beside the picture: each sentence can be quoted in a question.

import { html, nothing, render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { hour } from "../french";
import { t } from "../language";
import { type Sentence, sentences } from "../player/sentences";
import type { Channel, Cue } from "../protocol";
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
    list.addEventListener("keydown", (event) => this.move(event));
    new ResizeObserver(() => this.settle()).observe(list);
  }

  settle(): void {
    if (this.following) this.list.scrollTop = this.list.scrollHeight;
  }

  /** Arrows go from sentence to sentence: to the Tab key all of them are one. */
  private move(event: KeyboardEvent): void {
    const all = [...this.list.querySelectorAll<HTMLElement>(".sentence > button")];
    const at = all.indexOf(event.target as HTMLElement);
    const rank = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || rank === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    all[rank]?.focus();
  }

  resume(): void {
    this.following = true;
    this.settle();
    this.changed();
  }
}

const TROUBLE: Record<Channel["captions"], string> = {
  on: "",
  off: "",
  late: t("Sous-titres en retard"),
  interrupted: t("Sous-titres interrompus"),
};

export class Transcript {
  private readonly follower: Follower;

  constructor(
    private readonly list: HTMLElement,
    private readonly foot: HTMLElement,
    changed: () => void,
  ) {
    this.follower = new Follower(list, changed);
  }

  /** `cues` in the order of time; `captions` says how they are; `quote` is what a press does. */
  draw(cues: Cue[], captions: Channel["captions"], quote: (sentence: Sentence) => void): void {
    render(written(sentences(cues), quote), this.list);
    const trouble = TROUBLE[captions];
    render(
      html`${trouble ? html`<p class="chip trouble">${trouble}</p>` : nothing} ${resume(this.follower)}`,
      this.foot,
    );
    this.follower.settle();
  }
}

function written(found: Sentence[], quote: (sentence: Sentence) => void) {
  if (!found.length) {
    return html`<p class="empty">${t("Les paroles s’écriront ici, phrase après phrase.")}</p>`;
  }
  let minute = "";
  return repeat(
    found,
    ({ id }) => id,
    (sentence, rank) => {
      const time = hour(sentence.start);
      const first = time !== minute;
      minute = time;
      return html`<div class="sentence">
        ${first ? html`<time>${time}</time>` : nothing}
        ${sentence.speaker ? html`<p class="said-speaker">${sentence.speaker}</p>` : nothing}
        <button tabindex=${rank === found.length - 1 ? 0 : -1} @click=${() => quote(sentence)}>
          <span class="said" lang="fr">${typeset(sentence.text)}</span>
          <span class="cite">${t("Citer cette phrase")}</span>
        </button>
      </div>`;
    },
  );
}

export function resume(follower: Follower) {
  return follower.following
    ? nothing
    : html`<button class="pill" @click=${() => follower.resume()}>
        ${icons.down} ${t("Revenir au direct")}
      </button>`;
}
