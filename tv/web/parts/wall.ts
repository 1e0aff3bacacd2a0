// The wall as a screen shows it: a few posts, large; one changes at a time; never empty.

import { html, nothing, render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { seconds } from "../french";
import { t, tt } from "../language";
import type { Live } from "../live";
import type { Post, Wall } from "../wall_items";
import { byline, mark } from "./byline";
import { fit } from "./fit";
import { Rotation } from "./rotation";
import { typeset } from "./text";

const TURN = 10; // seconds between two changes
const PLACES: [number, number][] = [
  [1100, 4], // pixels of width → posts
  [0, 3],
];
// A text of at most so many characters is set in this size; longer ones are set smaller.
const SIZES: [number, string][] = [
  [70, "brief"],
  [130, ""],
  [260, "long"],
];

export interface Invitation {
  address: string; // where one writes, as people type it
  code: string; // the same as a QR code, an image's address
}

export class WallDisplay {
  paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
  private readonly rotation = new Rotation();

  /** Follow the topic `wall`, and call `draw` whenever something changed. */
  constructor(
    private readonly element: HTMLElement,
    private readonly live: Live,
    private readonly invitation?: Invitation,
  ) {
    setInterval(() => {
      if (!this.paused) this.advance();
    }, TURN * 1000);
  }

  advance(): void {
    this.rotation.advance(this.posts());
    this.draw();
  }

  draw(): void {
    if (!this.live.knows("wall")) return; // nothing is known yet: not the same as nothing
    const posts = this.posts();
    const width = this.element.clientWidth;
    this.rotation.update(posts, PLACES.find(([from]) => width >= from)?.[1] ?? 1);
    const byId = new Map(posts.map((post) => [post.id, post]));
    const seated = this.rotation.places.map((id) => byId.get(id)).filter((post) => !!post);
    const open = this.live.item<Wall>("wall", "wall", "wall")?.open ?? true;
    render(
      html`<div class="wall-posts" data-count=${seated.length}>
          ${repeat(seated, ({ id }) => id, card)}
        </div>
        ${this.invitation && open ? invite(this.invitation, seated.length > 0) : nothing}
        ${seated.length || (this.invitation && open) ? nothing : html`<p class="empty">${t("Le mur attend ses premiers messages.")}</p>`}`,
      this.element,
    );
    fit(this.element, ".wall-post");
  }

  private posts() {
    return shown(this.live).map((post) => ({ ...post, pinned: post.pinned_at != null }));
  }
}

/** The posts on the wall, the newest first. */
export function shown(live: Live): Post[] {
  return live
    .items<Post>("wall", "post")
    .filter(({ state }) => state === "shown")
    .sort((a, b) => (seconds(b.shown_at) ?? 0) - (seconds(a.shown_at) ?? 0));
}

function card(post: Post & { pinned: boolean }) {
  const length = SIZES.find(([most]) => post.text.length <= most)?.[1] ?? "longer";
  return html`<article class="wall-post ${length} ${post.picture ? "with-picture" : ""}">
    ${picture(post)}
    <div class="wall-words">
      ${post.pinned ? html`<p class="eyebrow">${t("À la une")}</p>` : nothing}
      ${post.text ? html`<p class="wall-text">${typeset(post.text)}</p>` : nothing}
      <p class="wall-author">${signature(post)}</p>
    </div>
  </article>`;
}

export function picture({ picture: of }: Pick<Post, "picture">) {
  return of
    ? html`<img src=${of.url} width=${of.width} height=${of.height} alt=${of.alt} />`
    : nothing;
}

/** « Léa », « Léa, sur [Mastodon] » */
export function signature(post: Pick<Post, "author" | "network" | "badge">) {
  const { author, network } = post;
  return network
    ? tt("{author}, sur {network}", { author, network: mark(network) })
    : byline(post);
}

function invite({ address, code }: Invitation, small: boolean) {
  return html`<a class="wall-invitation ${small ? "small" : ""}" href="/mur/ecrire">
    <img src=${code} alt="" />
    <span>
      <span class="wall-call">${t("Écrire sur le mur")}</span>
      <span class="wall-address">${address}</span>
    </span>
  </a>`;
}
