// Where one writes an idea: a blank card, with a picture or a drawing if one likes.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { count } from "../french";
import { packed } from "../packing";
import * as icons from "../parts/icons";
import { type Photo, shrunk } from "../parts/photo";
import { announce } from "../parts/text";
import type { Person } from "../person";
import type { Sketch } from "./sketch";

const LIMIT = 280; // characters, as the server has it
const CLOSE_TO_LIMIT = 80;
const ALT = 200;
const READ_FIRST = "Une idée avec une image est relue par l’hôte avant que la table la voie.";

export interface Written {
  text: string;
  alt: string; // what the picture shows
  picture?: string; // as a data URL
}

export class IdeaPad {
  private text: string;
  private photo: Photo | null = null;
  private alt = "";
  private sending = false;
  private turn = 0; // whose it is: a picture that was not ready in time is not the next one's

  /** `name` is that of the draft; `write` returns false when what is written is not taken. */
  constructor(
    private readonly person: Person,
    private readonly name: string,
    private readonly sketch: Sketch,
    private readonly write: (written: Written) => boolean,
    private readonly changed: () => void,
  ) {
    this.text = person.recall(name, "");
  }

  /** Whether something is lost if the page goes. */
  get drafting(): boolean {
    return this.photo !== null;
  }

  forget(): void {
    this.turn += 1;
    this.fill("");
    this.photo = null;
    this.alt = "";
    this.changed();
  }

  /** What was refused is their draft again, before what they wrote since. */
  putBack(text: string): void {
    this.fill(this.text ? `${text}\n${this.text}` : text);
    this.changed();
  }

  /** `help` is what becomes of an idea once it is written. */
  render(help: string) {
    const left = LIMIT - this.text.length;
    const sendable = (this.text.trim() || this.photo) && left >= 0 && !this.sending;
    return html`<form
      class="pad"
      @submit=${(event: Event) => {
        event.preventDefault();
        void this.submit();
      }}
    >
      <label for="idea">Votre idée</label>
      <textarea
        id="idea"
        rows="4"
        maxlength=${LIMIT}
        autocomplete="off"
        placeholder="Une idée par carte"
        aria-describedby="idea-help idea-left"
        .value=${live(this.text)}
        @input=${(event: Event) => {
          this.fill((event.target as HTMLTextAreaElement).value);
          this.changed();
        }}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.submit();
        }}
      ></textarea>
      ${this.photo ? this.chosen(this.photo) : this.choice()}
      <footer>
        <button class="primary" aria-disabled=${sendable ? nothing : "true"}>
          ${this.sending ? "Un instant…" : "Ajouter l’idée"}
        </button>
        <p class="note" id="idea-help">${this.photo ? READ_FIRST : help}</p>
        <p class="note" id="idea-left">
          ${left <= CLOSE_TO_LIMIT ? count(left, "caractère restant", "caractères restants") : nothing}
        </p>
      </footer>
    </form>`;
  }

  private choice() {
    return html`<div class="pad-more">
      <label class="quiet add-photo">
        ${icons.picture} Photo
        <input
          type="file"
          accept="image/jpeg,image/png,image/webp,image/gif"
          @change=${(event: Event) => void this.choose(event)}
        />
      </label>
      <button
        type="button"
        class="quiet"
        @click=${() => this.sketch.open(this.taking())}
      >
        ${icons.pen} Dessin
      </button>
    </div>`;
  }

  private chosen({ preview }: Photo) {
    return html`<div class="photo">
      ${preview ? html`<img src=${preview} alt="" />` : html`<p>Image choisie.</p>`}
      <label for="idea-alt">Ce que l’on voit, pour qui ne voit pas l’image</label>
      <input
        id="idea-alt"
        type="text"
        maxlength=${ALT}
        autocomplete="off"
        .value=${live(this.alt)}
        @input=${(event: Event) => {
          this.alt = (event.target as HTMLInputElement).value;
        }}
      />
      <button type="button" class="link" @click=${() => this.show(null)}>Retirer l’image</button>
    </div>`;
  }

  private async choose(event: Event): Promise<void> {
    const [file] = (event.target as HTMLInputElement).files ?? [];
    const take = this.taking();
    if (file) take(await shrunk(file));
  }

  /** What takes a picture, as long as it is still theirs. */
  private taking(): (photo: Photo) => void {
    const { turn } = this;
    return (photo) => {
      if (turn === this.turn) this.show(photo);
    };
  }

  private show(photo: Photo | null): void {
    this.photo = photo;
    this.alt = "";
    this.changed();
  }

  private async submit(): Promise<void> {
    const text = this.text.trim();
    const { photo, alt, turn } = this;
    if ((!text && !photo) || text.length > LIMIT || this.sending) return;
    this.sending = true;
    this.changed();
    try {
      const picture = photo ? { picture: await packed(photo.body) } : {};
      if (turn === this.turn && this.write({ text, alt: alt.trim(), ...picture })) this.forget();
    } catch (error) {
      announce((error as Error).message, true); // a picture that cannot be sent
    } finally {
      this.sending = false;
      this.changed();
    }
  }

  private fill(text: string): void {
    this.text = text;
    this.person.keep(this.name, text);
  }
}
