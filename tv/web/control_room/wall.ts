// The wall in the control room: what waits to be read, and what shows.

import { html, nothing, render } from "lit";
import * as clock from "../clock";
import { seconds } from "../french";
import type { Live } from "../live";
import { shown } from "../parts/wall";
import { held, onTheWall, rules, seenElsewhere, settled, waiting } from "../parts/wall_desk";
import type { Post, PostState, Wall } from "../protocol";
import type { Requests } from "../requests";
import { keepingPlace } from "./places";

export class WallDesk {
  constructor(
    private readonly box: HTMLElement,
    private readonly live: Live,
    private readonly requests: Requests,
  ) {}

  /** How many wait to be read. */
  draw(): number {
    const { live, requests } = this;
    const posts = live.items<Post>("wall", "post");
    const of = (...states: PostState[]) =>
      posts
        .filter(({ state }) => states.includes(state))
        .sort((a, b) => (seconds(a.written_at) ?? 0) - (seconds(b.written_at) ?? 0));
    const pending = of("pending");
    const up = shown(live);
    const wall = live.item<Wall>("wall", "wall", "wall");
    const acts = {
      now: clock.now(),
      busy: requests.busy,
      act: ({ id }: Post, verb: string, body?: object) =>
        void requests.send(id, "POST", `/api/v1/wall/posts/${id}:${verb}`, body),
      set: (change: Partial<Wall>) =>
        void requests.send("wall", "PATCH", "/api/v1/wall", change),
      add: (said: Record<string, string>) =>
        requests.create("elsewhere", "/api/v1/wall/posts", said),
    };
    keepingPlace(this.box, () =>
      render(
        html`<section class="column" aria-labelledby="wall-title">
            <h2 id="wall-title" tabindex="-1">
              Mur${"\u202f"}: à relire <span class="badge">${pending.length || ""}</span>
            </h2>
            ${waiting(pending, acts)} ${seenElsewhere(acts)}
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
}
