// Moderating the wall: what waits to be read, and beside it what is held, what shows, what was there.

import { html, nothing, render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import * as clock from "../clock";
import { ago, count, reason, seconds } from "../french";
import type { Undo } from "../control_room/undo";
import type { Live } from "../live";
import type { Block } from "../protocol";
import type { Requests } from "../requests";
import type { Post, PostState, Wall } from "../wall_items";
import { blocked } from "./blocked";
import { button, type Doing } from "./button";
import { asideOf, FLAGS } from "./moderating";
import { Picking, type What } from "./picking";
import { keepingPlace } from "./places";
import { REASONS } from "./refusal";
import { Steady } from "./steady";
import { typeset } from "./text";
import { picture, shown, signature } from "./wall";

interface Acts extends Doing<Post> {
  now: number;
  set: (change: Partial<Wall>) => void;
  add: (said: Record<string, string>) => Promise<boolean>;
}

export class WallDesk {
  private readonly picking: Picking<Post>; // of those to read

  /** Follow the topics `wall` and `blocks`. */
  constructor(
    private readonly box: HTMLElement,
    private readonly live: Live,
    private readonly requests: Requests,
    undo: Undo,
    changed: () => void,
  ) {
    const what: What<Post> = {
      route: () => ["/api/v1/wall/posts", "posts"],
      some: (n) => count(n, "message", "messages"),
      refused: (n) => count(n, "message refusé", "messages refusés"),
      at: (post) => seconds(post.written_at) ?? 0,
    };
    this.picking = new Picking(what, requests, undo, new Steady(box), changed);
  }

  /** How many wait to be read. */
  draw(): number {
    const { live } = this;
    const posts = live.items<Post>("wall", "post");
    const of = (...states: PostState[]) =>
      posts
        .filter(({ state }) => states.includes(state))
        .sort((a, b) => (seconds(a.written_at) ?? 0) - (seconds(b.written_at) ?? 0));
    const pending = of("pending");
    const up = shown(live);
    const wall = live.item<Wall>("wall", "wall", "wall");
    const acts = this.acts();
    const { picking, requests } = this;
    picking.about(pending);
    keepingPlace(this.box, () =>
      render(
        html`<section class="column" aria-labelledby="wall-title">
            <h2 id="wall-title" tabindex="-1">
              Mur${"\u00a0"}: à relire <span class="badge">${pending.length || ""}</span>
            </h2>
            ${picking.head()} ${waiting(pending, acts, picking)}
            ${blocked(live.items<Block>("blocks", "block"), requests)} ${seenElsewhere(acts)}
          </section>
          <section class="column" aria-labelledby="on-wall-title">
            <div class="regie-head">
              <h2 id="on-wall-title" tabindex="-1">
                Sur le mur <span class="badge">${up.length || ""}</span>
              </h2>
              <a href="/mur">Voir le mur</a>
            </div>
            ${wall ? rules(wall, acts) : nothing}
            ${held(of("approved"), acts)} ${onTheWall(up, acts)}
            ${settled(of("rejected", "hidden", "retired").reverse(), acts)}
          </section>`,
        this.box,
      ),
    );
    return pending.length;
  }

  private acts(): Acts {
    const { requests } = this;
    return {
      now: clock.now(),
      busy: requests.busy,
      act: ({ id }, verb, body) =>
        void requests.send(id, "POST", `/api/v1/wall/posts/${id}:${verb}`, body),
      set: (change) => void requests.send("wall", "PATCH", "/api/v1/wall", change),
      add: (said) => requests.create("elsewhere", "/api/v1/wall/posts", said),
    };
  }
}

function waiting(posts: Post[], acts: Acts, picking: Picking<Post>) {
  if (!posts.length) return html`<p class="empty">Tout est relu.</p>`;
  const buttons = (post: Post) =>
    html`${button("Publier", "primary", post, acts, "approve")}
      <details class="refusing">
        <summary>Refuser…</summary>
        <div class="acts">
          ${REASONS.filter(([code]) => code !== "duplicate").map(([code, text]) => button(text, "quiet", post, acts, "reject", { reason: code }))}
        </div>
      </details>`;
  return cards(posts, acts, buttons, picking);
}

function held(posts: Post[], acts: Acts) {
  if (!posts.length) return nothing;
  const buttons = (post: Post) => {
    const left = Math.max(0, Math.ceil((seconds(post.shows_at) ?? 0) - acts.now));
    return html`${button("Ne pas montrer", "primary", post, acts, "hide")}
      ${button("Montrer tout de suite", "link", post, acts, "show")}
      <span class="note">Sur le mur dans ${left}${"\u00a0"}s</span>`;
  };
  return html`<h3>Bientôt sur le mur</h3>
    ${cards(posts, acts, buttons)}`;
}

function onTheWall(posts: Post[], acts: Acts) {
  if (!posts.length) return html`<p class="empty">Aucun message sur le mur.</p>`;
  const buttons = (post: Post) =>
    html`${button("Masquer", "primary soft", post, acts, "hide")}
      ${
        post.pinned_at
          ? button("Ne plus épingler", "quiet", post, acts, "unpin")
          : button("Épingler", "quiet", post, acts, "pin")
      }
      ${button("Retirer", "link", post, acts, "retire")}`;
  return cards(posts, acts, buttons);
}

const SETTLED: Partial<Record<Post["state"], string>> = {
  rejected: "Refusé",
  hidden: "Masqué",
  retired: "A été sur le mur",
};

function settled(posts: Post[], acts: Acts) {
  if (!posts.length) return nothing;
  return html`<details class="past">
    <summary>${count(posts.length, "message traité", "messages traités")}</summary>
    ${cards(
      posts,
      acts,
      (post) =>
        html`<span class="note">
            ${SETTLED[post.state]}${post.reason ? html`\u00a0: ${reason(post.reason)}` : nothing}
          </span>
          ${button("Remettre", "link", post, acts, "restore")}`,
    )}
  </details>`;
}

/** Whether the wall takes posts, and when they are read. */
function rules(wall: Wall, acts: Acts) {
  const after = wall.moderation === "after";
  return html`<div class="acts">
    <button
      class="quiet"
      aria-disabled=${acts.busy.has("wall") ? "true" : nothing}
      @click=${() => acts.set({ open: !wall.open })}
    >
      ${wall.open ? "Fermer le mur" : "Rouvrir le mur"}
    </button>
    <button
      class="quiet"
      aria-disabled=${acts.busy.has("wall") ? "true" : nothing}
      @click=${() => acts.set({ moderation: after ? "before" : "after" })}
    >
      ${after ? "Relire avant de montrer" : "Montrer sans attendre, sauf images"}
    </button>
  </div>`;
}

/** A post that somebody saw on another network: its words and its author, nothing else. */
function seenElsewhere(acts: Acts) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const said = Object.fromEntries(new FormData(form)) as Record<string, string>;
    if (await acts.add(said)) form.reset();
  };
  const field = (name: string, text: string, most: number) =>
    html`<label>${text}<input type="text" name=${name} maxlength=${most} required /></label>`;
  return html`<details class="elsewhere">
    <summary>Ajouter un message vu ailleurs</summary>
    <form class="composer" @submit=${submit}>
      <label>Message<textarea name="text" rows="3" maxlength="500" required></textarea></label>
      ${field("author", "Auteur", 60)} ${field("network", "Réseau", 30)}
      <button class="primary">Publier</button>
    </form>
  </details>`;
}

function cards(
  posts: Post[],
  acts: Acts,
  buttons: (post: Post) => unknown,
  picking?: Picking<Post>,
) {
  return html`<ul class="cards">
    ${repeat(
      posts,
      ({ id }) => id,
      (post) =>
        html`<li class="card" data-id=${post.id}>
          ${picking?.box(post) ?? nothing}
          ${post.text ? html`<p class="question-body">${typeset(post.text)}</p>` : nothing}
          ${picture(post)}
          ${
            post.state === "pending"
              ? (post.flags ?? []).map((flag) => html`<p class="note flag">${FLAGS[flag] ?? flag}</p>`)
              : nothing
          }
          <p class="meta">
            ${post.pinned_at ? html`<strong>Épinglé</strong><span class="dot"></span>` : nothing}
            ${signature(post)}<span class="dot"></span>${ago(post.written_at, acts.now)}
            ${
              post.support
                ? html`<span class="dot"></span>${count(post.support, "soutien", "soutiens")}`
                : nothing
            }
          </p>
          <div class="acts">
            ${buttons(post)}
            ${
              post.support_aside && post.state === "shown"
                ? button(asideOf(post.support_aside), "quiet", post, acts, "accept_support")
                : nothing
            }
          </div>
          ${picking?.sender(post) ?? nothing}
        </li>`,
    )}
  </ul>`;
}
