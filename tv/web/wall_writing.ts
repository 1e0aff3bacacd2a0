// Writing on the wall: words, a picture, what became of one's own posts, and liking others'.

import { html, nothing, render } from "lit";
import { live as asShown } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { call, identifier, Problem } from "./api";
import { count, reason } from "./french";
import { keep, recall } from "./kept";
import { t } from "./language";
import { Live } from "./live";
import { drawing } from "./page";
import { alertButton } from "./parts/alert";
import * as icons from "./parts/icons";
import { type Photo, shrunk } from "./parts/photo";
import { announce, typeset } from "./parts/text";
import { Steady } from "./parts/steady";
import { picture, shown, signature } from "./parts/wall";
import { Requests } from "./requests";
import { enter, forgotten, join, whenJoined } from "./session";
import "./shell";
import type { OwnPosts, Post, PostState, Wall } from "./wall_items";

const LIMIT = 280; // characters, as the server has it
const CLOSE_TO_LIMIT = 80;

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const draw = drawing(redraw);
const live = new Live(draw);
const requests = new Requests(draw);
const { busy } = requests;
const steady = new Steady($("#others")); // messages come while one is about to like one
let text = recall("wall.draft", "");
let photo: Photo | null = null;
let alt = "";
let key = identifier(); // of this draft: sent twice, it is written once

setInterval(draw, 1000); // what was held under a finger goes where it belongs
whenJoined(() => live.reopen());
void enter().then(() => live.follow("wall", "me:wall"));

function redraw(): void {
  if (!live.knows("wall")) return;
  const own = live.item<OwnPosts>("me:wall", "me", "wall");
  const open = live.item<Wall>("wall", "wall", "wall")?.open ?? true;
  render(open ? form() : html`<p class="empty">${t("Le mur ne prend plus de messages.")}</p>`, $("#write"));
  render(ownPosts(own?.posts ?? []), $("#own"));
  const posts = steady.order(shown(live));
  const places = posts.map(({ id }) => id).join();
  steady.draw(places, () => render(onTheWall(posts, new Set(own?.supports)), $("#others")));
}

function sendable(): boolean {
  return Boolean(text.trim() || photo) && text.length <= LIMIT && !busy.has("form");
}

function form() {
  const left = LIMIT - text.length;
  return html`<form class="composer" @submit=${submit}>
    <label for="text">${t("Votre message")}</label>
    <textarea
      id="text"
      rows="4"
      maxlength=${LIMIT}
      aria-describedby="text-help text-left"
      .value=${asShown(text)}
      @input=${(event: Event) => {
        text = (event.target as HTMLTextAreaElement).value;
        changed();
      }}
    ></textarea>
    ${
      photo
        ? html`<div class="photo">
            ${photo.preview ? html`<img src=${photo.preview} alt="" />` : html`<p>${t("Image choisie.")}</p>`}
            <label for="alt">${t("Ce que l’on voit, pour qui ne voit pas l’image")}</label>
            <input
              id="alt"
              type="text"
              maxlength="200"
              .value=${asShown(alt)}
              @input=${(event: Event) => {
                alt = (event.target as HTMLInputElement).value;
                key = identifier();
              }}
            />
            <button
              type="button"
              class="link"
              @click=${() => {
                photo = null;
                changed();
              }}
            >
              ${t("Retirer l’image")}
            </button>
          </div>`
        : html`<label class="quiet add-photo">
            ${t("Ajouter une image")}
            <input type="file" accept="image/jpeg,image/png,image/webp,image/gif" @change=${choose} />
          </label>`
    }
    <footer>
      <p class="note" id="text-help">${t("Il sera relu avant de s’afficher.")}</p>
      <p class="note" id="text-left">
        ${left <= CLOSE_TO_LIMIT ? count(left, "caractère restant", "caractères restants") : nothing}
      </p>
      <button class="primary" aria-disabled=${sendable() ? nothing : "true"}>
        ${busy.has("form") ? t("Envoi…") : t("Envoyer")}
      </button>
    </footer>
  </form>`;
}

function ownPosts(posts: Post[]) {
  if (!posts.length) return nothing;
  return html`<section class="mine" aria-labelledby="own-title">
    <h3 id="own-title">${t("Vos messages")}</h3>
    <ul>
      ${[...posts].reverse().map(
        (post) =>
          html`<li>
            <p>${post.text ? typeset(post.text) : html`<em>${t("Une image")}</em>`}</p>
            <p class="meta">
              <span class="state ${look(post.state)}">${fate(post)}</span>
              ${
                ["pending", "approved", "shown"].includes(post.state)
                  ? html`<button
                      class="link"
                      aria-disabled=${busy.has(post.id) ? "true" : nothing}
                      @click=${() => act("POST", post, ":withdraw")}
                    >
                      ${t("Retirer")}
                    </button>`
                  : nothing
              }
            </p>
          </li>`,
      )}
    </ul>
  </section>`;
}

function onTheWall(posts: Post[], supported: Set<string>) {
  if (!posts.length) return html`<p class="empty">${t("Pas encore de message\u00a0: écrivez le premier.")}</p>`;
  return html`<ul class="wall-list">
    ${repeat(
      posts,
      ({ id }) => id,
      (post) =>
        html`<li class="question" data-id=${post.id}>
          <button
            class="support"
            aria-pressed=${String(supported.has(post.id))}
            aria-label=${t("J’aime\u00a0: {supports}", {
              supports: count(post.support, "soutien", "soutiens"),
            })}
            aria-disabled=${busy.has(post.id) ? "true" : nothing}
            @click=${() => act(supported.has(post.id) ? "DELETE" : "PUT", post, "/support")}
          >
            ${supported.has(post.id) ? icons.supported : icons.support} ${post.support}
          </button>
          <div>
            ${post.text ? html`<p class="question-body">${typeset(post.text)}</p>` : nothing}
            ${picture(post)}
            <p class="meta">
              ${signature(post)} ${alertButton({ about: "post", id: post.id, text: post.text })}
            </p>
          </div>
        </li>`,
    )}
  </ul>`;
}

/** What the author of a post reads about it. */
function fate({ state, reason: code }: Post): string {
  switch (state) {
    case "pending":
      return t("En attente de relecture");
    case "approved":
      return t("Publié dans quelques secondes");
    case "shown":
      return t("Sur le mur");
    case "retired":
      return t("A été sur le mur");
    case "rejected":
      return code ? t("Non retenu\u00a0: {reason}", { reason: reason(code) }) : t("Non retenu");
    case "hidden":
      return t("Retiré par la modération");
    case "withdrawn":
      return t("Retiré");
  }
}

function look(state: PostState): string {
  if (state === "shown" || state === "approved") return "approved";
  return state === "rejected" || state === "hidden" ? "rejected" : "";
}

async function choose(event: Event): Promise<void> {
  const [file] = (event.target as HTMLInputElement).files ?? [];
  if (!file) return;
  photo = await shrunk(file);
  alt = "";
  changed();
}

async function submit(event: Event): Promise<void> {
  event.preventDefault();
  if (!sendable()) return;
  const draft = key;
  await doing("form", async () => {
    const sent = photo && (await call<{ id: string }>("POST", "/api/v1/wall/pictures", photo.body));
    const body = { text: text.trim(), picture: sent?.id ?? "", alt };
    await call("POST", "/api/v1/wall/posts", body, { "idempotency-key": draft });
    if (key === draft) {
      text = alt = ""; // not what was typed meanwhile
      photo = null;
      changed();
    }
    announce(t("Message envoyé. Il sera relu avant de s’afficher."));
  });
}

async function act(method: string, { id }: Post, what: string): Promise<void> {
  await doing(id, () => call(method, `/api/v1/wall/posts/${id}${what}`));
}

/** As a participant: one whom the server has forgotten joins anew at the next act. */
async function doing(what: string, work: () => Promise<void>): Promise<void> {
  await requests.doing(what, async () => {
    try {
      await join();
      await work();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) forgotten();
      throw error;
    }
  });
}

/** The draft is another one now. */
function changed(): void {
  key = identifier();
  keep("wall.draft", text);
  draw();
}
