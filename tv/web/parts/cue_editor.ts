// One caption while a person corrects it: its words, who speaks, and « Remplacer toujours ».

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { ref } from "lit/directives/ref.js";
import type { Problem } from "../api";
import { type Edit, type Version, correct, historyOf, replaceAlways } from "../captioning";
import { type Change, caughtUp, changeOf } from "../correcting";
import { hour, quoted } from "../french";
import type { Cue } from "../protocol";
import { announce } from "./text";

const LONGEST = 300; // characters
const LONGEST_NAME = 60;

/** From where to where the text is selected when the editor opens. */
export type Selected = [number, number];

export class CueEditor {
  private begun: Cue; // what the draft is of
  private draft: string;
  private speaker: string;
  private always = false;
  private overtaken = false; // its words have become others than those one began with
  private history: Version[] | null = null;
  private saving: Promise<boolean> | null = null;
  private rule: Change | null = null; // still to be made: the correction it came with is

  /** `heard` is given what the cue has become; `changed` draws; `done` closes the editor. */
  constructor(
    cue: Cue,
    private readonly selected: Selected,
    private readonly heard: (cue: Cue) => void,
    private readonly changed: () => void,
    private readonly done: () => void,
  ) {
    this.begun = cue;
    this.draft = textOf(cue);
    this.speaker = cue.speaker;
  }

  get id(): string {
    return this.begun.id;
  }

  /** Whether closing it would lose something. */
  get touched(): boolean {
    return Boolean(this.edit() ?? this.rule);
  }

  /** The machine may go on writing the cue: what it adds is added to the draft. */
  follow(cue: Cue): void {
    // What is being sent is one's own: the socket may be faster than the reply.
    if (this.saving || cue.revision <= this.begun.revision) return;
    const before = textOf(this.begun);
    const untouched = this.draft === before;
    const text = untouched ? textOf(cue) : caughtUp(before, this.draft, textOf(cue));
    this.overtaken ||= text == null;
    if (text != null) this.draft = text;
    if (this.speaker === this.begun.speaker) this.speaker = cue.speaker;
    this.begun = cue;
  }

  /** `names` are those of people who may be speaking; `send` has laboratories get what was said. */
  render(names: string[], send: (() => void) | null) {
    const change = changeOf(textOf(this.begun), this.draft);
    return html`<form
      class="cue-editor"
      @submit=${(event: Event) => {
        event.preventDefault();
        void this.save();
      }}
      @keydown=${(event: KeyboardEvent) => this.key(event)}
    >
      <textarea
        rows="2"
        maxlength=${LONGEST}
        aria-label="Texte du sous-titre"
        .value=${live(this.draft)}
        ${ref(this.opened)}
        @input=${(event: InputEvent) => {
          this.draft = (event.target as HTMLTextAreaElement).value;
          this.changed();
        }}
      ></textarea>
      <p class="advice" role="status">${this.overtaken ? this.warning() : nothing}</p>
      ${
        change
          ? html`<label class="choice always">
              <input
                type="checkbox"
                .checked=${this.always}
                @change=${() => {
                  this.always = !this.always;
                  this.changed();
                }}
              />
              <span>
                Remplacer toujours ${quoted(change.heard)} par ${quoted(change.written)}
              </span>
            </label>`
          : nothing
      }
      <label class="speaking">
        <span>Qui parle</span>
        <input
          type="text"
          maxlength=${LONGEST_NAME}
          autocomplete="off"
          list="speakers"
          .value=${this.speaker}
          @input=${(event: InputEvent) => {
            this.speaker = (event.target as HTMLInputElement).value;
          }}
        />
      </label>
      <datalist id="speakers">
        ${names.map((name) => html`<option value=${name}></option>`)}
      </datalist>
      <div class="acts">
        <button class="primary" aria-disabled=${this.saving ? "true" : nothing}>Corriger</button>
        <button type="button" class="quiet" @click=${this.done}>Annuler</button>
        <button type="button" class="link" @click=${() => void this.tell()}>Historique</button>
        ${
          send
            ? html`<button type="button" class="link" @click=${send}>Envoyer au labo</button>`
            : nothing
        }
      </div>
      ${this.history ? past(this.history) : nothing}
    </form>`;
  }

  private warning() {
    return html`Il a changé entre-temps\u00a0: ${quoted(textOf(this.begun))}. Entrée écrit
    votre texte à la place.`;
  }

  private readonly opened = (element?: Element): void => {
    const area = element as HTMLTextAreaElement | undefined;
    queueMicrotask(() => {
      area?.focus(); // it is in the page only once all of it is drawn
      area?.setSelectionRange(...this.selected);
    });
  };

  private key(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLTextAreaElement;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.done();
    } else if (event.key === "Enter" && typing && !event.shiftKey && !event.isComposing) {
      event.preventDefault(); // captions are laid out anew: a line of one's own says nothing
      void this.save();
    }
  }

  /** Send what was changed, if anything, and close. False when it could not be done. */
  save(): Promise<boolean> {
    this.saving ??= this.send().finally(() => {
      this.saving = null;
      this.changed();
    });
    return this.saving;
  }

  private async send(): Promise<boolean> {
    const edit = this.edit();
    this.changed();
    try {
      if (edit) {
        const change = this.always ? changeOf(textOf(this.begun), this.draft) : null;
        this.begun = await correct(this.begun, edit);
        this.overtaken = false;
        this.rule = change ?? this.rule;
        this.heard(this.begun);
      }
      const { rule } = this;
      if (rule) await replaceAlways(rule.heard, rule.written);
      if (rule) announce("Sous-titre corrigé, et la règle est prise.");
      else if (edit) announce("Sous-titre corrigé.");
      this.done();
      return true;
    } catch (error) {
      const { status, message } = error as Problem;
      // The socket brings what it has become, and the draft stays.
      announce(status === 412 ? "Le sous-titre vient de changer\u00a0: validez encore." : message, true);
      return false;
    }
  }

  /** What differs; null when nothing does. */
  private edit(): Edit | null {
    const text = this.draft.replace(/[ \t\n]+/g, " ").trim(); // and not the narrow spaces
    const speaker = this.speaker.trim();
    const edit: Edit = {};
    if (text !== textOf(this.begun)) Object.assign(edit, text ? { text } : { hidden: true });
    if (speaker !== this.begun.speaker) edit.speaker = speaker;
    return Object.keys(edit).length ? edit : null;
  }

  private async tell(): Promise<void> {
    try {
      this.history = await historyOf(this.begun);
    } catch (error) {
      announce((error as Problem).message, true);
    }
    this.changed();
  }
}

function past(versions: Version[]) {
  return html`<ol class="history">
    ${versions.map(
      ({ at, by, text, speaker, hidden }) =>
        html`<li>
          <span class="meta">${hour(at)}<span class="dot"></span>${by || "la machine"}</span>
          ${speaker ? html`<strong>${speaker}\u00a0:</strong>` : nothing}
          ${hidden ? html`<del>${text}</del>` : text}
        </li>`,
    )}
  </ol>`;
}

/** A cue's words on one line, as one corrects them. */
export function textOf({ lines }: Cue): string {
  return lines.join(" ");
}
