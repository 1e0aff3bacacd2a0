// The posts of the control room: what one works on, and how one gets from one to another.
// On a desk the picture is always beside them, on a wall the rundown as well.

import { html, nothing } from "lit";
import { keep, recall } from "../kept";
import * as icons from "../parts/icons";

export type Post = "air" | "public" | "captions" | "wall" | "rooms" | "technical";
type Part = "pending" | "line" | "answers" | "polls";

export const POSTS: [Post, string, unknown][] = [
  ["air", "Antenne", icons.air],
  ["public", "Questions", icons.ask],
  ["captions", "Sous-titres", icons.captions],
  ["wall", "Mur", icons.wall],
  ["rooms", "Salles", icons.rooms],
  ["technical", "Technique", icons.settings],
];

/** Of the questions, what shows at a time where there is room for one column. */
const PARTS: [Part, string][] = [
  ["pending", "À relire"],
  ["line", "Publiées"],
  ["answers", "À l’antenne"],
  ["polls", "Sondages"],
];

/** How many wait there, or that something is wrong there. */
export type Marks = Partial<Record<Post | Part, number | "!">>;

const desk = matchMedia("(min-width: 80rem)");
const broad = matchMedia("(min-width: 110rem)");

export class Posts {
  private chosen = recall<Post>("post", "public");
  private part: Part = "pending";

  /** `box` holds what belongs to posts, by `data-of`, and to their parts, by `data-part`. */
  constructor(
    private readonly box: HTMLElement,
    private readonly changed: () => void,
  ) {
    for (const each of [desk, broad]) each.addEventListener("change", changed);
    document.addEventListener("click", (event) => this.follow(event));
  }

  /** What is in front: where the rundown has a place of its own, there is no post for it. */
  get post(): Post {
    return broad.matches && this.chosen === "air" ? "public" : this.chosen;
  }

  /** Whether the picture shows. */
  get pictured(): boolean {
    return desk.matches || this.post === "air";
  }

  choose(post: Post): void {
    if (post !== this.chosen && !desk.matches) scrollTo(0, 0);
    this.chosen = post;
    keep("post", post);
    this.changed();
  }

  /** Show the place with this id, wherever it is, and go there. */
  goTo(id: string): void {
    const place = document.getElementById(id);
    if (!place) return;
    const of = place.closest<HTMLElement>("[data-of]")?.dataset["of"] as Post | undefined;
    const part = place.closest<HTMLElement>("[data-part]")?.dataset["part"] as Part | undefined;
    this.part = part ?? this.part;
    if (of && !this.always(place, of)) this.choose(of);
    this.show();
    place.scrollIntoView({ block: "nearest" });
    const inner = place.querySelector<HTMLElement>("select, button, a");
    (place.matches("[tabindex]") ? place : (inner ?? place)).focus({ preventScroll: true });
  }

  /** Whether a place of the air shows whatever the post. */
  private always(place: HTMLElement, of: Post): boolean {
    if (of !== "air") return false;
    return place.closest(".regie-plan") ? broad.matches : desk.matches;
  }

  /** Go to a post by its rank, from 1 on. */
  goToRank(rank: number): void {
    const [post] = POSTS[rank - 1] ?? [];
    const title = this.box.querySelector(`[data-of="${post}"] h2[id]`);
    if (title) this.goTo(title.id);
  }

  /** Put in front what was chosen. */
  show(): void {
    const { post } = this;
    document.body.dataset["post"] = post;
    for (const each of this.box.querySelectorAll<HTMLElement>("[data-of]")) {
      each.classList.toggle("chosen", each.dataset["of"] === post);
    }
    for (const each of this.box.querySelectorAll<HTMLElement>("[data-part]")) {
      each.classList.toggle("chosen", each.dataset["part"] === this.part);
    }
  }

  render(marks: Marks) {
    return POSTS.map(
      ([post, name, icon], rank) =>
        html`<button
          class="post-${post}"
          aria-pressed=${String(post === this.post)}
          aria-keyshortcuts=${rank + 1}
          @click=${() => this.choose(post)}
        >
          ${icon}<span>${name}</span>${badge(marks[post])}
        </button>`,
    );
  }

  renderParts(marks: Marks) {
    return PARTS.map(
      ([part, name]) =>
        html`<button
          aria-pressed=${String(part === this.part)}
          @click=${() => {
            this.part = part;
            this.changed();
          }}
        >
          ${name} ${badge(marks[part])}
        </button>`,
    );
  }

  /** A link to a place of this page leads to its post first. */
  private follow(event: MouseEvent): void {
    const link = (event.target as HTMLElement).closest<HTMLAnchorElement>("a[href^='#']");
    const id = link?.hash.slice(1);
    if (!id || id === "main" || !document.getElementById(id)) return;
    event.preventDefault();
    this.goTo(id);
  }
}

function badge(mark: number | "!" | undefined) {
  if (!mark) return nothing;
  return mark === "!"
    ? html`<span class="badge bad" title="À voir">!</span>`
    : html`<span class="badge">${mark}</span>`;
}
