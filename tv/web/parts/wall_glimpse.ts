// The wall beside the picture: its newest posts, and the way to write on it.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../language";
import type { Live } from "../live";
import { alertButton } from "./alert";
import { typeset } from "./text";
import { picture, shown, signature } from "./wall";

const SHOWN = 8; // posts

/** What the topic `wall` brings. */
export function glimpse(live: Live) {
  const posts = shown(live).slice(0, SHOWN);
  return html`${
      posts.length
        ? html`<ul class="glimpse">
            ${repeat(
              posts,
              ({ id }) => id,
              (post) => html`<li>
                ${picture(post)} ${post.text ? html`<p>${typeset(post.text)}</p>` : nothing}
                <p class="note">
                  ${signature(post)} ${alertButton({ about: "post", id: post.id, text: post.text })}
                </p>
              </li>`,
            )}
          </ul>`
        : html`<p class="empty">${t("Le mur attend ses premiers messages.")}</p>`
    }
    <a class="primary soft" href="/mur/ecrire">${t("Écrire sur le mur")}</a>`;
}
