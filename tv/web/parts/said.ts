// The transcript of a talk that is over: every word leads to its picture, and the word that is
// heard is lit. The words are made once; as the film goes on only marks on them change.

import { hour } from "../french";
import type { Paragraph } from "../recorded";

const STRAYED = 700; // ms in which a scroll is ours
const NEARLY = 0.02; // seconds: a player goes to its microsecond, not quite to ours
const calm = matchMedia("(prefers-reduced-motion: reduce)");

interface Heard {
  start: number;
  end: number;
  element: HTMLElement;
}

/** Words that were said, and when: broadcast times. */
export interface Quote {
  text: string;
  start: number;
  end: number;
}

export class Said {
  following = true;
  texts: string[] = []; // of all words, in order
  private words: Heard[] = [];
  private sentences: Heard[] = [];
  private lit: Heard | undefined;
  private current: Heard | undefined;
  private found: HTMLElement[] = [];
  private scrolledAt = 0;

  /** `go` goes to a broadcast time; `changed` draws what is around the list. */
  constructor(
    private readonly list: HTMLElement,
    private readonly go: (time: number) => void,
    private readonly changed: () => void,
  ) {
    list.addEventListener("click", (event) => this.click(event));
    list.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("scroll", () => {
      if (performance.now() - this.scrolledAt > STRAYED) this.stray();
    });
  }

  show(paragraphs: Paragraph[]): void {
    this.words = [];
    this.sentences = [];
    this.lit = this.current = undefined;
    this.list.replaceChildren(...paragraphs.map((paragraph) => this.paragraph(paragraph)));
    this.texts = this.words.map(({ element }) => element.textContent ?? "");
    const first = this.sentences[0]?.element;
    if (first) first.tabIndex = 0;
  }

  /** The time at which a word is said. */
  startOf(word: number): number | undefined {
    return this.words[word]?.start;
  }

  /** Light what is heard at a broadcast time. */
  hear(time: number): void {
    const begun = ({ start }: Heard) => start <= time + NEARLY;
    const lit = this.words.findLast(begun);
    const current = this.sentences.findLast(begun);
    if (lit !== this.lit) {
      this.lit?.element.classList.remove("heard");
      lit?.element.classList.add("heard");
      this.lit = lit;
    }
    if (current === this.current) return;
    this.current?.element.removeAttribute("aria-current");
    current?.element.setAttribute("aria-current", "true");
    this.current = current;
    if (this.following) this.settle();
  }

  /** Mark places that were found, and show one of them. */
  mark(places: [number, number][], chosen: number): void {
    for (const element of this.found) element.classList.remove("found", "chosen");
    this.found = [];
    for (const [rank, [first, last]] of places.entries()) {
      for (const { element } of this.words.slice(first, last + 1)) {
        element.classList.add("found");
        element.classList.toggle("chosen", rank === chosen);
        this.found.push(element);
      }
    }
    const shown = this.words[places[chosen]?.[0] ?? -1]?.element;
    if (shown) this.scrollTo(shown);
  }

  /** The words that are chosen, else the sentence that is heard; null where nothing is said. */
  quote(): Quote | null {
    const chosen = this.chosen();
    const quoted = chosen.length
      ? chosen
      : this.words.filter(({ element }) => this.current?.element.contains(element));
    const first = quoted[0];
    const last = quoted.at(-1);
    if (!first || !last) return null;
    const text = quoted.map(({ element }) => element.textContent).join(" ");
    return { text, start: first.start, end: last.end };
  }

  private chosen(): Heard[] {
    const selection = getSelection();
    if (!selection || selection.isCollapsed || !this.list.contains(selection.anchorNode)) return [];
    return this.words.filter(({ element }) => selection.containsNode(element, true));
  }

  resume(): void {
    this.following = true;
    this.settle();
    this.changed();
  }

  private settle(): void {
    if (this.current) this.scrollTo(this.current.element);
  }

  private scrollTo(element: HTMLElement): void {
    this.scrolledAt = performance.now();
    const { top } = element.getBoundingClientRect();
    const above = top - this.list.getBoundingClientRect().top - this.list.clientHeight / 3;
    const smooth = !calm.matches && Math.abs(above) < this.list.clientHeight;
    this.list.scrollBy({ top: above, behavior: smooth ? "smooth" : "instant" });
  }

  private stray(): void {
    if (!this.following) return;
    this.following = false;
    this.changed();
  }

  private paragraph({ start, speaker, sentences }: Paragraph): HTMLElement {
    const heading = make("p", "said-by");
    const time = make("time", "", hour(start));
    heading.append(time, ...(speaker ? [make("span", "speaker", speaker)] : []));
    const text = make("p", "said-text");
    text.lang = "fr"; // whatever the page is in
    for (const sentence of sentences) {
      const element = make("span", "said-sentence");
      element.setAttribute("role", "button");
      element.tabIndex = -1;
      this.sentences.push({ start: sentence.start, end: sentence.end, element });
      for (const word of sentence.words) {
        const each = make("span", "word", word.text.trim());
        each.dataset["word"] = String(this.words.length);
        this.words.push({ start: word.start, end: word.end, element: each });
        element.append(each, " ");
      }
      text.append(element);
    }
    const block = make("div", "said-block");
    block.append(heading, text);
    return block;
  }

  private click({ target }: Event): void {
    if (getSelection()?.toString()) return; // words were chosen, to be copied
    const word = (target as HTMLElement).closest<HTMLElement>("[data-word]");
    const start = word && this.words[Number(word.dataset["word"])]?.start;
    if (start == null) return;
    this.following = true;
    this.go(start);
    this.changed();
  }

  /** Up and down from sentence to sentence, Enter goes to its picture: the list is one tab stop. */
  private key(event: KeyboardEvent): void {
    const at = this.sentences.findIndex(({ element }) => element === event.target);
    const sentence = this.sentences[at];
    if (!sentence || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      this.go(sentence.start);
    } else if (step) {
      event.preventDefault();
      event.stopPropagation();
      const next = this.sentences[at + step]?.element;
      if (!next) return;
      this.stray();
      sentence.element.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  }
}

function make(tag: string, name: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}
